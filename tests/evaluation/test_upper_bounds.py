"""Ceilings on planted answers: words that tell, a prosody that tells, and either alone."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from speechlm_utils.bootstrap import Bootstrap, bootstrap_macro_f1
from speechlm_utils.clips import Clip, groups, label_ids
from speechlm_utils.evaluation.arms import Part, Recipe
from speechlm_utils.evaluation.upper_bounds import compute_upper_bounds, predict_inputs, varying_parameters

LABELS = ("a", "b", "c")


def make_clips(words_tell, prosody_tells, n=60):
    """Train and test, n sentences of two clips each; pitch is 0, 6 or 3 in class a, b or c if it tells."""
    rng = np.random.default_rng(3)
    clips = []
    for split in ("train", "test"):
        for i in range(n):
            label = i % 3
            word = LABELS[label] if words_tell else "x"
            text = " ".join([word * 3, *(f"w{k}" for k in rng.integers(0, 8, 4))])
            for k in range(2):
                pitch = (0.0, 6.0, 3.0)[label] if prosody_tells else 0.0
                planted = {"pitch": pitch + rng.normal(), "gain": rng.normal(), "fixed": 1.0}
                labels = {"task": LABELS[label]}
                clips.append(
                    Clip(f"{split}{i}_{k}", text, None, labels, split, group=f"{split}{i}", planted=planted)
                )
    return clips


@pytest.mark.parametrize(
    ("words", "prosody", "reached"),
    [(True, False, (1, 0, 1)), (False, True, (0, 1, 1)), (False, False, (0, 0, 0))],
)
def test_upper_bounds_tell_where_the_class_is(words, prosody, reached):
    table = compute_upper_bounds(make_clips(words, prosody), bootstrap=Bootstrap(200))
    assert list(table["inputs"]) == ["text", "planted", "both"] and set(table["task"]) == {"task"}
    for high, (_, row) in zip(reached, table.iterrows(), strict=True):
        estimate, low, interval_high = row["score"].values
        assert (estimate > 0.8) == bool(high), row
        assert low <= estimate <= interval_high
        assert (row["n_train"], row["n_test"], row["score"].n, row["n_classes"]) == (120, 120, 60, 3)
    assert np.all(np.abs(table["chance"] - 1 / 3) < 0.03)
    gain = table.set_index("inputs").loc["both", "gain"]
    assert (gain.low > 0.3) == (prosody and not words)


def test_a_class_between_two_others_is_found_by_the_squares():
    clips = make_clips(False, True)
    train, test = ([clip for clip in clips if clip.split == split] for split in ("train", "test"))
    y, y_test = (label_ids(some, "task", LABELS) == 2 for some in (train, test))  # at 3, between 0 and 6
    predicted = predict_inputs(Part(train, y.astype(int), test, Recipe()))["planted"]
    assert f1_score(y_test, predicted, average="macro") > 0.85


def test_constant_parameters_are_left_out():
    clips = make_clips(False, True)
    assert varying_parameters(clips) == ["pitch", "gain"]
    with pytest.raises(ValueError, match="none of the 1 clips has planted"):
        varying_parameters(clips[:1])


def test_interval_of_one_score_is_that_of_resampled_sentences():
    rng = np.random.default_rng(0)
    clips = make_clips(False, False, n=40)[:80]
    y = rng.integers(0, 2, len(clips))
    prediction = np.where(rng.random(len(clips)) < 0.8, y, 1 - y)
    found = bootstrap_macro_f1(y, prediction, groups(clips), Bootstrap(500))
    assert found.estimate == pytest.approx(f1_score(y, prediction, average="macro"))
    assert all(0.03 < bound < 0.2 for bound in (found.estimate - found.low, found.high - found.estimate))
