"""Folds: each voice is tested once, and one record holds what all folds predict."""

from dataclasses import replace

import pytest
from tiny_llm import make_clips

from speechlm_utils.studies.folds import pool_clips, pool_folds, split_by_fold
from speechlm_utils.studies.report import compare_arms, describe_clips

N = 3


@pytest.fixture(scope="module")
def clips():
    made = make_clips(12)
    return [replace(clip, id=f"c{i}", speaker=f"v{i % 6}") for i, clip in enumerate(made)]


def test_each_clip_is_tested_once_and_validates_once(clips):
    folds = [split_by_fold(clips, N, fold) for fold in range(N)]
    for split in ("test", "validation", "train"):
        found = sorted(clip.id for some in folds for clip in some if clip.split == split)
        assert found == sorted(clip.id for clip in clips)


def test_voices_of_a_fold_are_kept_apart(clips):
    for fold in range(N):
        voices = {}
        for clip in split_by_fold(clips, N, fold):
            voices.setdefault(clip.split, set()).add(clip.speaker)
        assert not voices["train"] & voices["test"] and not voices["validation"] & voices["test"]
        assert not voices["train"] & voices["validation"]


def test_pooled_record_has_all_predictions_means_and_what_each_fold_had():
    parts = [
        {"arm": "text", "seed": i, "n_trainable": 3, "audio_tokens_per_clip": float(i), "cpu_seconds": i}
        | {"predictions": {"test": [i, i], "validation": [9]}, "scores": {"test": i}}
        for i in range(N)
    ]
    found = pool_folds(parts)
    assert found["predictions"] == {"test": [0, 0, 1, 1, 2, 2]}
    assert (found["audio_tokens_per_clip"], found["cpu_seconds"], found["n_trainable"]) == (1.0, 1.0, 3)
    assert found["folds"] == [{"scores": {"test": i}, "cpu_seconds": i} for i in range(N)]
    assert "seed" not in found and found["arm"] == "text"


def test_a_study_of_folds_can_be_compared(clips):
    folds = [split_by_fold(clips, N, fold) for fold in range(N)]
    parts = [{"test": [clip for clip in some if clip.split == "test"]} for some in folds]
    names = sorted({clip.labels["task"] for clip in clips})
    about = pool_clips([describe_clips(part, "task", names) for part in parts])
    truth = about["test"]["y_true"]
    wrong = [(label + 1) % len(names) for label in truth]
    runs = [{"arm": arm, "predictions": {"test": found}} for arm, found in (("text", wrong), ("own", truth))]
    study = {"label_names": names, "clips": about, "runs": runs}
    assert len(truth) == len(clips) and compare_arms(study, "text", "own").estimate == pytest.approx(1)
