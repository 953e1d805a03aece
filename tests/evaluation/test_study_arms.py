"""Every linear arm lists what it reads; thirds and bigrams by hand."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from speechlm_utils.evaluation.arms import Part, Recipe
from speechlm_utils.evaluation.study_arms import LINEAR_ARMS, Beside, count_bigrams, count_thirds

LAYERS = (3, 5, 8)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def part(planted_clips):
    y = np.arange(180) // 2 % 3
    few = [replace(clip, codes=clip.codes % 10) for clip in planted_clips]  # so that pairs of them repeat
    clips = [replace(clip, split="train" if i < 120 else "test") for i, clip in enumerate(few)]
    return Part(clips[:120], y[:120], clips[120:], Recipe(6, LAYERS, n_draws=2))


@pytest.fixture
def beside(part):
    clips = [*part.train, *part.test]
    rows = {clip.id: np.random.default_rng(i).normal(size=3) for i, clip in enumerate(clips)}
    features = {name: rows for name in ("measured", "MFCC", "encoder")}
    return Beside(features, {clip.id: "pitch: high" for clip in clips}, {clip.id: clip for clip in clips})


@pytest.mark.parametrize("name", LINEAR_ARMS)
def test_arm_lists_its_draws(name, part, beside):
    arm = LINEAR_ARMS[name]
    draws = arm.list_draws(arm.change(part, beside), beside)
    assert len(draws) == (2 if name in ("random", "matched", "fdr") else 1) and arm.isolates
    assert arm.use_text or draws[0].block is not None
    assert set(arm.needs) <= {"measured", "MFCC", "encoder", "prosody", "loud"}


def test_what_an_arm_changes(part, beside):
    told = LINEAR_ARMS["prosody-in-words"].change(part, beside)
    assert all(clip.text.endswith("pitch: high") for clip in [*told.train, *told.test])
    shuffled = LINEAR_ARMS["shuffled"].change(part, beside)
    assert any(a.codes is not b.codes for a, b in zip(shuffled.test, part.test, strict=True))
    assert LINEAR_ARMS["lasso"].change(part, beside) is part


def test_thirds_tell_where_a_token_stands(part):
    codes = np.zeros((8, 9), dtype=np.int16)
    codes[2, 7:] = 5
    clip = replace(part.train[0], codes=codes)
    (row,) = count_thirds([clip], [(3, 5), (5, 1)]).values()
    assert (row > 0).tolist() == [False, False, False, False, True, False]


def test_bigrams_are_chosen_on_train_and_counted_everywhere(part):
    found = count_bigrams(part)
    sizes = {len(row) for row in found.values()}
    assert len(found) == 180 and len(sizes) == 1 and 1 <= sizes.pop() <= 20


@pytest.mark.parametrize("task", ["fallacy", "question", "detection", "emotion"])
def test_stored_record_holds_every_arm(task):
    study = json.loads(
        (ROOT / "data" / "reference" / f"linear_study_{task}.json").read_text(encoding="utf-8")
    )
    assert {run["arm"] for run in study["runs"]} == set(LINEAR_ARMS)
    assert sum(run["arm"] == "matched" for run in study["runs"]) >= 10
