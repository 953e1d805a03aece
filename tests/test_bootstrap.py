"""Intervals of macro-F1: equal to resampling by hand, wider where clips repeat each other, paired."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from speechlm_utils.bootstrap import Bootstrap, Interval, bootstrap_macro_f1, paired_bootstrap, resample_mean


def test_verdicts_against_the_reference():
    spans = {"above": (0.01, 0.2), "below": (-0.2, -0.01), "not decided": (0.0, 0.2)}
    for verdict, (low, high) in spans.items():
        assert Interval(0.1, low, high, 20, "clips").verdict == verdict
    assert Interval(0.6, 0.4, 0.8, 20, "clips", reference=0.5).verdict == "not decided"
    assert Interval(0.6, 0.4, 0.8, 20, "clips", reference=None).verdict == ""


def test_text_says_what_was_resampled_and_is_escaped_in_html():
    found = Interval(0.1, 0.05, 0.2, 40, "<voices>")
    assert str(found) == "+0.100 [+0.050, +0.200] (95% over 40 <voices>): above"
    assert "&lt;voices&gt;" in found._repr_html_() and found.values == [0.1, 0.05, 0.2]
    assert str(Interval(0.6, 0.4, 0.8, 9, "clips", None)) == "0.600 [0.400, 0.800] (95% over 9 clips)"


def make_case(n_sentences=40, copies=1, seed=0):
    """Labels, two predictions (right in 60 % and 70 %) and sentences; the copies of a sentence are alike."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n_sentences)
    a, b = (np.where(rng.random(n_sentences) < share, y, (y + 1) % 3) for share in (0.6, 0.7))
    return *(np.repeat(values, copies) for values in (y, a, b)), np.repeat(np.arange(n_sentences), copies)


def resample_by_hand(y, predictions, groups, n_resamples, seed):
    """Macro-F1 by scikit-learn in every resample, clips written out as often as their group is drawn."""
    names = np.unique(groups)
    share = np.full(len(names), 1 / len(names))
    draws = np.random.default_rng(seed).multinomial(len(names), share, n_resamples)
    scores = []
    for draw in draws:
        at = np.repeat(np.arange(len(y)), draw[np.searchsorted(names, groups)])
        scores.append(
            [
                f1_score(y[at], p[at], labels=np.unique(y), average="macro", zero_division=0)
                for p in predictions
            ]
        )
    return np.array(scores)


def test_interval_equals_resampling_by_hand():
    y, a, b, _ = make_case(60)
    sentences = np.random.default_rng(1).permutation(np.arange(60) // 3)  # in no order
    found = paired_bootstrap(y, a, b, sentences, Bootstrap(80, 4, 0.9))
    scores = resample_by_hand(y, (a, b), sentences, 80, 4)
    low, high = np.quantile(scores[:, 1] - scores[:, 0], [0.05, 0.95])
    difference = f1_score(y, b, average="macro") - found.score_a
    assert found.difference.values == pytest.approx([difference, low, high])
    assert found.score_a == pytest.approx(f1_score(y, a, average="macro"))
    assert (found.difference.n, found.difference.level) == (20, 0.9)
    assert found.numbers["low"] == found.difference.low and found.numbers["score_b"] == found.score_b
    single = bootstrap_macro_f1(y, b, sentences, Bootstrap(80, 4, 0.9))
    assert single.values == pytest.approx([found.score_b, *np.quantile(scores[:, 1], [0.05, 0.95])])
    assert single.reference is None


def test_ten_copies_of_a_sentence_are_worth_one():
    """Drawn by sentence, copies change nothing; drawn by clip, the interval shrinks by about √10."""
    once = paired_bootstrap(*make_case(seed=3)).difference
    y, a, b, sentences = make_case(copies=10, seed=3)
    by_sentence = paired_bootstrap(y, a, b, sentences).difference
    by_clip = paired_bootstrap(y, a, b, np.arange(len(y)), unit="clips").difference
    assert (by_clip.n, by_clip.unit) == (400, "clips")
    assert (by_sentence.low, by_sentence.high) == pytest.approx((once.low, once.high))
    ratio = (by_sentence.high - by_sentence.low) / (by_clip.high - by_clip.low)
    assert 2.5 < ratio < 4
    assert by_sentence.low < 0 < by_clip.low  # only who ignores the sentences calls B better


def test_errors_that_both_make_cancel():
    """B is A with five errors put right: the pairs know that, two separate intervals do not."""
    y, a, _, sentences = make_case(60)
    b = a.copy()
    b[np.flatnonzero(a != y)[:5]] = y[np.flatnonzero(a != y)[:5]]
    paired = paired_bootstrap(y, a, b, sentences).difference
    spans = [bootstrap_macro_f1(y, p, sentences) for p in (a, b)]
    assert paired.verdict == "above" and spans[1].low < spans[0].high
    assert paired.high - paired.low < 0.7 * min(one.high - one.low for one in spans)


def test_equal_predictions_have_no_difference():
    y, a, _, sentences = make_case()
    found = paired_bootstrap(y, a, a, sentences, Bootstrap(50)).difference
    assert found.values == [0, 0, 0] and found.verdict == "not decided"


def test_interval_covers_the_true_difference_about_as_often_as_it_says():
    """Accuracies of 60 % and 70 % in three balanced classes; the truth from one very large sample."""
    truth = paired_bootstrap(*make_case(300_000, seed=99), Bootstrap(1)).difference.estimate
    found = [paired_bootstrap(*make_case(60, seed=seed), Bootstrap(300)).difference for seed in range(100)]
    covered = np.mean([one.low <= truth <= one.high for one in found])
    assert 0.86 <= covered <= 0.99


def test_seeds_are_averaged_within_each_resample():
    y, a, b, sentences = make_case()
    c = np.roll(b, 1)
    both = paired_bootstrap(y, np.stack([a, a]), np.stack([b, c]), sentences, Bootstrap(60, 2))
    alone = [paired_bootstrap(y, a, one, sentences, Bootstrap(60, 2)) for one in (b, c)]
    assert both.score_b == pytest.approx(np.mean([one.score_b for one in alone]))
    scores = resample_by_hand(y, (a, b, c), sentences, 60, 2)
    low, high = np.quantile(scores[:, 1:].mean(axis=1) - scores[:, 0], [0.025, 0.975])
    assert both.difference.values[1:] == pytest.approx([low, high])


def test_a_higher_level_is_wider_and_the_text_says_all():
    case = make_case()
    levels = (Bootstrap(400, level=level) for level in (0.5, 0.95))
    half, most = (paired_bootstrap(*case, one).difference for one in levels)
    assert most.low < half.low < half.estimate < half.high < most.high
    expected = f"{most.estimate:+.3f} [{most.low:+.3f}, {most.high:+.3f}]"
    assert str(most) == f"{expected} (95% over 40 sentences): {most.verdict}"


def test_lengths_that_differ_and_no_clips_are_named():
    y, a, b, sentences = make_case()
    with pytest.raises(ValueError, match=r"y_true 40, predictions \(1, 39\), \(1, 40\), groups 40"):
        paired_bootstrap(y, a[1:], b, sentences)
    with pytest.raises(ValueError, match=r"groups 39"):
        paired_bootstrap(y, a, b, sentences[1:])
    with pytest.raises(ValueError, match="no clip"):
        paired_bootstrap([], [], [], [])


def test_interval_of_a_mean_draws_whole_groups():
    values, names = np.array([0.0, 2.0, 4.0, 4.0]), np.array(["a", "a", "b", "b"])
    found = resample_mean(values, names, Bootstrap(400), "voices")
    assert found.values == [2.5, 1.0, 4.0]  # a alone has 1, b alone 4: clips drawn singly reach 0
    assert (found.n, found.unit) == (2, "voices")
    assert resample_mean(values, ["a"] * 4, Bootstrap(50)).values == [2.5, 2.5, 2.5]
