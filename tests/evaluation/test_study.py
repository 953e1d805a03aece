"""A linear arm's record: in the form of the language model's, with scores that scikit-learn confirms."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import f1_score

from speechlm_utils.evaluation.arms import Part, Recipe
from speechlm_utils.evaluation.study import run_linear_arm
from speechlm_utils.evaluation.study_arms import Beside

NAMES = ["ad_hominem", "authority", "emotion"]


@pytest.fixture
def part(planted_clips):
    y = np.arange(180) // 2 % 3
    splits = np.repeat(["train", "validation", "test"], 60)
    clips = [replace(clip, split=str(split)) for clip, split in zip(planted_clips, splits, strict=True)]
    return Part(clips[:60], y[:60], [*clips[120:], *clips[60:120]], Recipe(3, (3, 5, 8), n_draws=2))


def test_record_has_predictions_and_costs_of_both_splits(part):
    (record,) = run_linear_arm("lasso", part, Beside(), "fallacy", NAMES)
    for split in ("validation", "test"):
        clips = [clip for clip in part.test if clip.split == split]
        y = [NAMES.index(clip.labels["fallacy"]) for clip in clips]
        wanted = f1_score(y, record["predictions"][split], average="macro", zero_division=0)
        assert np.isclose(record["scores"][split]["macro_f1_all"], wanted)
    assert record["scores"]["test"]["macro_f1_all"] > 0.6  # of words alone, which are noise, about a third
    assert record["n_trainable"] > 3 and record["cpu_seconds"] > 0 and record["audio_tokens_per_clip"] > 1
    assert record["arm"] == "lasso" and record["seed"] == 0 and record["tokens"]


def test_each_draw_is_a_run(part):
    records = run_linear_arm("matched", part, Beside(), "fallacy", NAMES)
    assert [one["seed"] for one in records] == [0, 1]
    assert records[0]["tokens"] != records[1]["tokens"]
    (words,) = run_linear_arm("text", part, Beside(), "fallacy", NAMES)
    assert words["audio_tokens_per_clip"] == 0 and words["tokens"] == []


def test_same_arm_gives_the_same_predictions(part):
    one, two = (run_linear_arm("audio", part, Beside(), "fallacy", NAMES)[0] for _ in range(2))
    assert one["predictions"] == two["predictions"]


def test_nothing_selected_is_the_most_frequent_class(part):
    from speechlm_utils.evaluation.arms import Draw
    from speechlm_utils.evaluation.study import _fit_draw

    most = replace(part, y=np.array([0] * 20 + [2] * 40))
    record = _fit_draw(most, Draw(None), False)
    assert set(record["predicted"].tolist()) == {2} and record["n_trainable"] == 0
