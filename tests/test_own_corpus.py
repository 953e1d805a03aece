"""Notebook 13 runs every step on a corpus that is not the demo corpus and lacks what a corpus can lack."""

import csv
import zipfile
from pathlib import Path

import nbformat
import soundfile
from conftest import RATE, make_wav
from tiny_llm import save_tiny_llm
from voice_tools import open_recorder, record_take, save_takes

from speechlm_utils.cli.notebooks import run_notebook
from speechlm_utils.notebook.catalogue import find_notebooks
from speechlm_utils.notebook.record import read_metrics

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
QUICK = {
    "inspect": "full",
    "n_tokens": 4,
    "Cs": [0.5, 2.0],
    "n_permutations": 1,
    "n_acoustic_clips": 4,
    "n_resamples": 20,
    "pretraining": {"max_steps": 1, "batch_size": 2},
    "finetuning": {"max_steps": 1, "batch_size": 2, "lora_rank": 2},
}


def write_corpus(folder, split=None):
    """Two labels by pitch, no speakers, no unlabelled clips, nothing planted; one split, or those made."""
    folder.mkdir()
    rows = []
    for i in range(24):
        label = ("low", "high")[i % 2]
        wav = make_wav(120 if label == "low" else 240, 0.1, 6400, seed=i)
        soundfile.write(folder / f"{i}.wav", wav, RATE)
        rows.append({"file_name": f"{i}.wav", "text": f"they say number {i}", "mood": label})
        rows[-1] |= {"split": split} if split else {}
    with open(folder / "metadata.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder


def run(corpus, codec_dir, tmp_path, task="mood"):
    """Run the notebook; returns its headline numbers and all that it printed."""
    (notebook,) = [one for one in find_notebooks(FOLDER) if one.number == "13"]
    places = {"corpus_dir": corpus, "codec_name": codec_dir, "llm_name": save_tiny_llm(tmp_path / "llm")}
    places |= {"run_dir": tmp_path / "run", "cache_dir": tmp_path / "cache"}
    parameters = QUICK | {name: str(path) for name, path in places.items()} | {"task": task}
    result = run_notebook(notebook, parameters, tmp_path / "run")
    assert result.status == "ok", result.describe_failure()
    cells = nbformat.read(result.executed, as_version=4).cells
    printed = "".join(output.get("text", "") for cell in cells for output in cell.get("outputs", []))
    return read_metrics(tmp_path / "run")["13_your_own_corpus"], printed


def test_corpus_without_speakers_and_unlabelled_clips(tiny_codec_dir, tmp_path):
    numbers, printed = run(write_corpus(tmp_path / "corpus"), tiny_codec_dir, tmp_path)
    assert numbers["clips"] == 24 and numbers["tokens selected"] > 0 and 0 <= numbers["macro-F1, words"] <= 1
    assert len(numbers["lacks"]) == 2 and all(text in printed for text in numbers["lacks"])
    assert (tmp_path / "run/13_own_corpus/classifier_mood").is_dir()


def test_corpus_with_a_single_split(tiny_codec_dir, tmp_path):
    numbers, printed = run(write_corpus(tmp_path / "corpus", "train"), tiny_codec_dir, tmp_path)
    assert len(numbers["lacks"]) == 3 and numbers["train clips"] == 24
    assert "the scores below are of clips that the models have seen" in printed


def test_takes_that_were_recorded_in_the_page_are_a_corpus(tiny_codec_dir, tmp_path):
    with open_recorder(tmp_path, ["we go on", "they wait", "nobody asked"], ["calm", "excited"]) as page:
        for _ in range(6):
            record_take(page)
        saved = save_takes(page, tmp_path)
    with zipfile.ZipFile(saved) as archive:
        archive.extractall(tmp_path)
    numbers, printed = run(tmp_path / "own", tiny_codec_dir, tmp_path, "label")
    assert (numbers["clips"], numbers["errors"], numbers["train clips"]) == (6, 0, 2)
    assert len(numbers["lacks"]) == 1 and "6 of them for label: calm, excited" in printed
