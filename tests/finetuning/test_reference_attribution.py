"""The script behind the stored attributions runs on a saved classifier and writes what notebook 12 reads."""

import importlib.util
import json
from pathlib import Path

from speechlm_utils.audio import hash_file
from speechlm_utils.finetuning.classifier import SpeechTokenClassifier

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "reference_attribution.py"


def test_script_writes_errors_deletions_and_random_models(saved, tiny_corpus, tiny_codec_dir, tmp_path):
    spec = importlib.util.spec_from_file_location("reference_attribution", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    tokenizer = SpeechTokenClassifier.from_pretrained(saved, codec=tiny_codec_dir).tokenizer
    options = ["--corpus", tiny_corpus, "--codec", tiny_codec_dir, "--cache", tmp_path / "cache"]
    options += ["--classifier", saved, "--filler", tokenizer.decode([10]), "--out", tmp_path / "out.json"]
    options += ["--jobs", 1, "--steps", 2, "--k", 1, "--random-clips", 2, "--random-models", 2]
    script.main([str(part) for part in options])
    found = json.loads((tmp_path / "out.json").read_text())
    assert found["n_clips"] == len(found["gaps"]) == len(found["errors"]) > 0
    assert found["classifier"] == hash_file(saved / "adapter" / "adapter_model.safetensors")
    assert found["deletion"][0]["k"] == 1 and len(found["random_models"]["head"]["models"]) == 2
