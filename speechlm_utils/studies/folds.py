"""Folds over voices as splits, and one record of what all folds of a run predict."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from numbers import Real

import numpy as np

from ..clips import Clip
from ..evaluation.voices import rotate_voices

SPLITS = ("train", "validation", "test")
OF_FOLD = ("scores", "history", "tokens", "settings", "n_clips", "seconds", "cpu_seconds")
"""What a record keeps of every fold, as far as it is there."""


def divide(clips: Sequence[Clip]) -> dict[str, list[Clip]]:
    """Divide labelled clips by split."""
    return {split: [clip for clip in clips if clip.split == split] for split in SPLITS}


def split_by_fold(clips: Sequence[Clip], n_folds: int, fold: int) -> list[Clip]:
    """Give clips the splits of a fold: its voices are test, the next fold's validation, all others train.

    Sentences are not kept apart: this is for corpora in which every voice says the same ones.
    """
    folds = rotate_voices(clips, n_folds, 0, False)
    split_of = np.full(len(clips), "train", dtype=object)
    for split, number in (("validation", (fold + 1) % n_folds), ("test", fold)):
        split_of[folds[number][1]] = split
    return [replace(clip, split=split) for clip, split in zip(clips, split_of, strict=True)]


def pool_folds(parts: Sequence[Mapping]) -> dict:
    """Join the records of a run's folds, in their order, to one whose test clips are all clips.

    What every fold has of its own stands under "folds"; numbers are means over folds.
    """
    pooled = {key: value for key, value in parts[0].items() if key not in (*OF_FOLD, "predictions", "seed")}
    pooled |= {
        key: float(np.mean([part[key] for part in parts]))
        for key, value in parts[0].items()
        if isinstance(value, Real) and key != "seed" and any(part[key] != value for part in parts)
    }
    pooled["predictions"] = {"test": [label for part in parts for label in part["predictions"]["test"]]}
    pooled["folds"] = [{key: part[key] for key in OF_FOLD if key in part} for part in parts]
    return pooled


def pool_clips(described: Sequence[Mapping]) -> dict:
    """Join what is said of the test clips of all folds (`describe_clips`): one split, "test"."""
    tests = [one["test"] for one in described]
    return {"test": {key: [value for one in tests for value in one[key]] for key in tests[0]}}
