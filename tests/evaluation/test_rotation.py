"""Every arm predicts every tested clip once, out of fold; planted tokens win, controls do not."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import FALLACIES
from sklearn.metrics import f1_score

from speechlm_utils.clips import label_ids
from speechlm_utils.evaluation import linear
from speechlm_utils.evaluation.arms import Draw, Part, Recipe, list_frequent, read_tokens
from speechlm_utils.evaluation.rotation import UNTESTED, Material, predict_arms, run_arms
from speechlm_utils.evaluation.voices import rotate_voices
from speechlm_utils.tokens import list_occurrences

RECIPE = Recipe(n_tokens=8, layers=(3, 5, 8), n_draws=2, sizes=(20,))


@pytest.fixture(scope="module", autouse=True)
def small_grid():
    """Few settings to choose from, for the sake of time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(linear, "C_GRID", (0.316, 3.162))
        patch.setattr(linear, "WEIGHTS", (1.0,))
        yield


@pytest.fixture(scope="module")
def material(voiced_clips):
    y = label_ids(voiced_clips, "fallacy", FALLACIES)
    tells = {clip.id: np.eye(3)[label] for clip, label in zip(voiced_clips, y, strict=True)}
    rng = np.random.default_rng(0)
    noise = [replace(c, codes=rng.integers(0, 64, c.codes.shape).astype(np.int16)) for c in voiced_clips]
    return Material(voiced_clips, y, {"answer": tells}, {"untrained": noise})


@pytest.fixture(scope="module")
def outcomes(material):
    return run_arms(material, rotate_voices(material.clips, 2), RECIPE)


@pytest.fixture(scope="module")
def one_fold(material):
    """A fold, clips and labels without the rest, and what the arms make of them."""
    fold, bare = (np.arange(120), np.arange(120, 150)), replace(material, features={}, codes={})
    return fold, bare, run_arms(bare, [fold], RECIPE)


def score(material, outcome):
    return np.mean([f1_score(material.y, one, average="macro") for one in outcome.predictions])


def test_planted_tokens_win_and_controls_do_not(material, outcomes):
    scores = {name: score(material, one) for name, one in outcomes.items()}
    assert scores["selected"] > 0.55 and scores["words + selected"] > 0.55
    for name in ("matched", "random", "selected, shuffled audio"):
        assert max(scores[name], scores[f"words + {name}"]) < 0.47
    assert scores["words"] < 0.47 and scores["answer"] == scores["words + answer"] == 1


def test_every_arm_predicts_every_clip(outcomes):
    for name, one in outcomes.items():
        n_draws = 2 if name.endswith(("matched", "random")) else 1
        assert one.predictions.shape == (n_draws, 180) and set(np.unique(one.predictions)) <= {0, 1, 2}
        assert len(one.n_tokens) == 2 * n_draws
    both = {"selected, untrained", "curve, 20", "counts only", "most frequent", "all tokens, layers 1–8"}
    assert both | {f"words + {name}" for name in both} <= set(outcomes)
    assert {"words", "all tokens, layer 3"} <= set(outcomes) and "words + all tokens, layer 3" not in outcomes


def test_cost_is_what_a_prompt_of_a_tested_clip_holds(one_fold):
    (train, test), bare, found = one_fold
    part = Part([bare.clips[i] for i in train], bare.y[train], [bare.clips[i] for i in test], RECIPE)
    tokens = list_frequent(part, found["selected"].n_tokens[0])
    for name, once in (("per_clip", False), ("per_clip_once", True)):
        expected = np.mean([len(list_occurrences(clip.codes, tokens, once)) for clip in part.test])
        assert getattr(found["most frequent"], name) == pytest.approx(expected)
    assert found["words"].per_clip == found["all tokens, layer 3"].per_clip == 0
    assert np.flatnonzero(found["selected"].predictions[0] != UNTESTED).tolist() == test.tolist()


def test_labels_of_tested_clips_take_part_in_nothing(one_fold):
    fold, bare, found = one_fold
    wrong = bare.y.copy()
    wrong[fold[1]] = 0
    again = run_arms(replace(bare, y=wrong), [fold], RECIPE)
    assert all(np.array_equal(one.predictions, again[name].predictions) for name, one in found.items())


def test_arms_of_ones_own_are_those_of_the_run(one_fold):
    (train, test), bare, found = one_fold
    part = Part([bare.clips[i] for i in train], bare.y[train], [bare.clips[i] for i in test], RECIPE)
    tokens = list_frequent(part, found["selected"].n_tokens[0])
    mine = predict_arms(part, {"words": [Draw(None)], "twice": [read_tokens(tokens)] * 2})
    for name, other in (("words", "words"), ("twice", "words + most frequent")):
        assert np.array_equal(mine[name].predictions[0], found[other].predictions[0, test])
        assert mine[name].settings[0] == found[other].settings[0]
        assert mine[name].per_clip_once == found[other].per_clip_once
    assert mine["twice"].predictions.shape == (2, 30) and mine["twice"].n_tokens == [len(tokens)] * 2
    few = mine["twice"].take(np.arange(30) > 24)
    assert (
        np.array_equal(few.predictions, mine["twice"].predictions[:, 25:])
        and few.n_tokens == mine["twice"].n_tokens
    )
