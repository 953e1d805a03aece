"""The scripts behind notebooks 08 and 09 run on planted clips and write what the notebooks read."""

import importlib.util
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import SPEC

from speechlm_utils.evaluation.records import read_outcomes

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture
def load_script(monkeypatch, voiced_clips):
    """Load a script that finds the planted clips, voices 7 to 9 being test, in place of corpus and codec."""
    tests = {f"voice{i}" for i in (7, 8, 9)}
    clips = [replace(one, split="test" if one.speaker in tests else "train") for one in voiced_clips]

    def load(name):
        spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        monkeypatch.setattr(script, "load_corpus", lambda folder: clips)
        monkeypatch.setattr(script, "load_codec", lambda name: SimpleNamespace(hash="planted", spec=SPEC))
        monkeypatch.setattr(script, "encode_clips", lambda clips, *given, **options: list(clips))
        return script

    return load


def run(script, tmp_path, *options):
    script.main([*map(str, options), "--out", str(tmp_path), "--seed", "0"])
    (path,) = tmp_path.glob("*.json")
    return json.loads(path.read_text())


def test_sizes_and_penalty(load_script, tmp_path, monkeypatch):
    script = load_script("study_tokens")
    monkeypatch.setattr(script, "CS", np.array([0.001, 0.05, 0.5]))
    options = ["--sizes", 3, 10, "--matched", 3, 10, "--draws", 2, "--folds", 2, "--halves", 4]
    record = run(script, tmp_path, *options, "--work", tmp_path / "work")
    for part, n_clips in (("test", 54), ("folds", 126)):
        found = read_outcomes(record[part]["clips"], record[part]["arms"])
        assert len(found.y) == n_clips and {"words", "all that occur"} <= set(found.outcomes)
    matched = [name for name in record["test"]["arms"] if name.startswith("matched")]
    assert matched and set(record["test"]["share_of_matched"]) == set(matched)
    penalty = record["penalty"]
    assert penalty["n_tokens"][0] == 0 < penalty["n_tokens"][1] < penalty["n_tokens"][2]
    assert penalty["agreement"]["true"][0] is None
    assert penalty["agreement"]["true"][1] > (penalty["agreement"]["permuted"][1] or 0) + 0.1


def test_a_second_run_finds_what_is_finished(load_script, tmp_path, monkeypatch):
    script, work = load_script("study_tokens"), tmp_path / "work"
    options = ["--sizes", 3, "--matched", 3, "--parts", "test", "--work", work]
    first = run(script, tmp_path, *options)
    monkeypatch.setattr(script, "study_test", None)
    assert run(script, tmp_path, *options)["test"] == first["test"]


def test_words_and_sound(load_script, tmp_path, monkeypatch):
    script = load_script("study_noise")
    monkeypatch.setattr(script, "RATES", (0.0, 0.6))
    monkeypatch.setattr(script, "LEVELS", (None, 0))
    monkeypatch.setattr(script, "hear", lambda clips, *given: clips)
    record = run(script, tmp_path, "--tasks", "fallacy", "--n-tokens", 6, "--recognised", 24, "--draws", 2)
    task = record["tasks"]["fallacy"]
    assert task["words"]["wer"][0] == 0 < 0.5 < task["words"]["wer"][1] < 0.7
    spoiled = read_outcomes(task["clips"], task["words"]["results"]["0.6"])
    assert set(spoiled.outcomes) == {"words", "words + layers 2–8", "words + layers 1–8"}
    assert len(spoiled.outcomes["words"].predictions) == 2
    sound = task["sound"]
    for how in ("clean", "noisy"):
        found = read_outcomes(sound["recognised"], sound["results"][how]["recognised, 0"])
        assert len(found.y) <= 24 and "layers 1–8" in found.outcomes
        assert len(read_outcomes(task["clips"], sound["results"][how]["true, None"]).y) == 54
    assert sound["codes_kept"] == [[1.0] * 8] * 2


def test_transfer_within_and_between_corpora(load_script, tmp_path, monkeypatch, voiced_clips):
    script, demo = load_script("study_transfer"), load_script("study_transfer").load_corpus("")
    people = [replace(clip, labels={"emotion": clip.labels["fallacy"]}) for clip in voiced_clips]
    monkeypatch.setattr(script, "load_corpus", lambda folder: people if str(folder) == "people" else demo)
    options = ["--tasks", "fallacy", "--emodb", "people", "--n-tokens", 6, "--draws", 2, "--folds", 2]
    record = run(script, tmp_path, *options)
    assert record["shared"]["fallacy, emotion"]["shared"] >= 3  # the planted ones
    for task, n_clips in (("fallacy", 54), ("emotion", 180)):
        found = read_outcomes(record["tasks"][task]["clips"], record["tasks"][task]["arms"])
        assert len(found.y) == n_clips and (found.outcomes["from emotion"].predictions >= 0).all()
        assert len(found.outcomes["matched to fallacy"].predictions) == 2
    assert list(record["tasks"]["emotion"]["clips"]["units"]) == ["voices"]
