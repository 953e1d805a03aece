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


def test_each_unit_is_counted():
    assert Interval(0.1, 0.0, 0.2, (30, 6, "1 and 3"), "sentences, voices and seeds").over == (
        "30 sentences, 6 voices, 1 and 3 seeds"
    )
    assert Interval(0.1, 0.0, 0.2, [5, 4], "voices and draws").over == "5 voices, 4 draws"


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
    assert found.difference.numbers["low"] == found.difference.low
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
    assert most.short == expected
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


def make_crossed(spread=0.0, seed=0, n_sentences=30, n_voices=6):
    """Every sentence by every voice: labels, two predictions, groups by name; voices differ by `spread`.

    A is right in 60 % of the clips, B in 70 %, in each voice more or less by its own draw.
    """
    rng = np.random.default_rng(seed)
    y = np.repeat(rng.integers(0, 2, n_sentences), n_voices)
    sentences, voices = np.repeat(np.arange(n_sentences), n_voices), np.tile(np.arange(n_voices), n_sentences)
    gain = spread * rng.normal(size=n_voices)[voices]
    a, b = (np.where(rng.random(len(y)) < share, y, 1 - y) for share in (0.6, np.clip(0.7 + gain, 0, 1)))
    return y, a, b, {"sentences": sentences, "voices": voices}


def width(interval):
    return interval.high - interval.low


def test_one_name_gives_the_same_numbers_as_its_groups():
    y, a, b, groups = make_crossed()
    for unit in groups:
        named = paired_bootstrap(y, a, b, {unit: groups[unit]}, Bootstrap(90, 5)).difference
        assert named == paired_bootstrap(y, a, b, groups[unit], Bootstrap(90, 5), unit).difference
        assert named.unit == unit and named.n == len(set(groups[unit]))


def test_crossed_units_equal_clips_written_out_as_often_as_both_are_drawn():
    y, a, b, groups = make_crossed(seed=2)
    found = paired_bootstrap(y, a, b, groups, Bootstrap(60, 7)).difference
    rng, differences = np.random.default_rng(7), []
    drawn = [rng.multinomial(n, np.full(n, 1 / n), 60) for n in (30, 6)]
    for sentence, voice in zip(*drawn, strict=True):
        at = np.repeat(np.arange(len(y)), sentence[groups["sentences"]] * voice[groups["voices"]])
        score_a, score_b = (f1_score(y[at], one[at], average="macro") for one in (a, b))
        differences.append(score_b - score_a)
    assert found.values[1:] == pytest.approx(np.quantile(differences, [0.025, 0.975]).tolist())
    assert (found.n, found.unit) == ((30, 6), "sentences and voices")
    assert f"(95% over 30 sentences, 6 voices): {found.verdict}" in str(found)


def test_voices_that_differ_widen_the_interval():
    """Where they are alike, noise of single clips alone does, by √3 at most (Owen 2007)."""
    for spread, widens in ((0.0, False), (0.15, True)):
        y, a, b, groups = make_crossed(spread, seed=1, n_sentences=200)
        alone = paired_bootstrap(y, a, b, groups["sentences"]).difference
        crossed = paired_bootstrap(y, a, b, groups).difference
        assert crossed.estimate == alone.estimate
        assert (width(crossed) > 2.2 * width(alone)) == widens and width(crossed) > width(alone)


def test_crossed_interval_covers_where_that_of_sentences_does_not():
    """The true difference is 0.10 of accuracy; of macro-F1 in two balanced classes about as much."""
    covered = []
    for seed in range(60):
        y, a, b, groups = make_crossed(0.1, seed, n_voices=12)
        both, alone = (
            paired_bootstrap(y, a, b, one, Bootstrap(200)).difference for one in (groups, groups["sentences"])
        )
        covered.append([one.low <= 0.1 <= one.high for one in (both, alone)])
    crossed, sentences = np.mean(covered, axis=0)
    assert crossed >= 0.88 and sentences < 0.8


def make_draws(n_draws, spread, rng, y):
    """Predictions (n_draws, n_clips): each right in a share of its own, about 60 %."""
    shares = 0.6 + spread * rng.normal(size=n_draws)
    return np.stack([np.where(rng.random(len(y)) < share, y, 1 - y) for share in shares])


def test_rows_are_drawn_if_they_are_named():
    """Ten draws that differ by a planted 0.1: their mean varies by 0.1 / √10, which only `rows` counts."""
    rng, y = np.random.default_rng(0), np.arange(3000) % 2
    draws, one = make_draws(10, 0.1, rng, y), make_draws(1, 0, rng, y)
    found = {
        rows: paired_bootstrap(y, draws, one, np.arange(3000), Bootstrap(500, rows=rows)).difference
        for rows in (None, "draws")
    }
    scores = [f1_score(y, p, average="macro") for p in draws]
    assert width(found[None]) < 0.06 < width(found["draws"])
    assert width(found["draws"]) == pytest.approx(2 * 1.96 * np.std(scores) / np.sqrt(10), rel=0.25)
    assert found[None].estimate == found["draws"].estimate
    assert (found["draws"].unit, found["draws"].n) == ("sentences and draws", (3000, 10))
    assert (found[None].unit, found[None].n) == ("sentences", 3000)


def test_one_row_is_given_the_spread_that_is_named():
    """Many clips, so that only the rows vary: 0.1 of the one row, and 0.1 / √10 of ten that differ so."""
    rng, y = np.random.default_rng(0), np.arange(3000) % 2
    draws, one = make_draws(10, 0.1, rng, y), make_draws(1, 0, rng, y)
    wide, usual = (
        paired_bootstrap(y, draws, one, np.arange(3000), Bootstrap(2000, rows="seeds", spread=spread))
        for spread in ((0.1, 0.1), ())
    )
    deviation = np.hypot(0.1, width(usual.difference) / (2 * 1.96))
    assert width(wide.difference) == pytest.approx(2 * 1.96 * deviation, rel=0.1)
    assert wide.difference.estimate == usual.difference.estimate
    other = Bootstrap(2000, rows="seeds", spread=(0.1,))  # of the method that has ten
    assert paired_bootstrap(y, draws, one, np.arange(3000), other).difference == usual.difference
    alone = bootstrap_macro_f1(y, one, np.arange(3000), Bootstrap(100, rows="seeds", spread=(0.1,)))
    assert (alone.unit, alone.n) == ("sentences and seeds", (3000, 1))


def test_all_that_was_resampled_is_said():
    y, a, b, groups = make_crossed()
    rows = np.stack([b, a, b])
    found = paired_bootstrap(y, a, rows, groups, Bootstrap(50, rows="seeds")).difference
    assert (found.unit, found.n) == ("sentences, voices and seeds", (30, 6, "1 and 3"))
    assert "(95% over 30 sentences, 6 voices, 1 and 3 seeds)" in str(found)
    assert (
        paired_bootstrap(y, rows[:2], rows, groups, Bootstrap(50, rows="seeds")).difference.n[2] == "2 and 3"
    )
    drawn = paired_bootstrap(y, a, rows, groups, Bootstrap(50, rows="draws")).difference
    assert (drawn.unit, drawn.n) == ("sentences, voices and draws", (30, 6, 3))  # a had nothing to draw
    single = paired_bootstrap(y, a, b, groups, Bootstrap(50, rows="seeds")).difference
    assert single == paired_bootstrap(y, a, b, groups, Bootstrap(50)).difference  # one row is not drawn


def test_other_intervals_take_crossed_units_too():
    y, a, b, groups = make_crossed()
    hits = (b == y).astype(float)
    mean = resample_mean(hits, groups, Bootstrap(100, 3))
    assert mean.estimate == hits.mean() and mean.n == (30, 6)
    assert bootstrap_macro_f1(y, np.stack([a, b]), groups, Bootstrap(20, rows="seeds")).n == (30, 6, 2)
    with pytest.raises(ValueError, match="groups 180, 179"):
        paired_bootstrap(y, a, b, groups | {"voices": groups["voices"][1:]})
