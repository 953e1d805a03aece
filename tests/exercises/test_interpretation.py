"""Checks of notebooks 03, 11 and 12: None is not attempted, mistakes get their hints, solutions pass."""

import numpy as np
from scipy.stats import false_discovery_control
from solutions import expect_correct, expect_hint, make_tests, run_solution

from speechlm_utils import exercises
from speechlm_utils.codec_spec import CodecSpec

SOLVED_11 = [(exercises.check_replace, "my_replace"), (exercises.check_interval, "my_interval")]


def check_samples(answer):
    return exercises.check_frame_samples(answer, CodecSpec(16000, 320, 1024, 8))


SOLVED = [
    (check_samples, "my_samples"),
    (exercises.check_effect, "my_effect"),
    (exercises.check_q_values, "my_q_values"),
]


def difference(a, b):
    return a.mean() - b.mean()


def by_all_frames(a, b):
    """The deviation of all frames together holds the difference itself."""
    return difference(a, b) / np.concatenate([a, b]).std()


def by_mean_of_variances(a, b):
    """The groups differ in size and spread, so their variances must be weighted."""
    return difference(a, b) / np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2)


def bonferroni(p):
    return np.minimum(p * len(p), 1)


def without_steps(p):
    """Rank by rank, but a larger p may get the smaller q."""
    return np.minimum(p * len(p) / (p.argsort().argsort() + 1), 1)


def in_sorted_order(p):
    return np.sort(false_discovery_control(p))


MISTAKES = [
    (check_samples, lambda k: (320 * k, 320 * k + 320), "319"),
    (check_samples, lambda k: (320 * k + 1, 320 * k + 320), r"\[0, 319\]"),
    (check_samples, lambda k: (160 * k, 160 * k + 319), "frame 1:"),
    (check_samples, lambda k: 320 * k, "pair"),
    (exercises.check_effect, lambda a, b: difference(b, a) / a.std(), "not"),
    (exercises.check_effect, lambda a, b: -run_solution("03", "my_effect")(a, b), "sign"),
    (exercises.check_effect, difference, "divide"),
    (exercises.check_effect, by_all_frames, "pool"),
    (exercises.check_effect, by_mean_of_variances, "not"),
    (exercises.check_effect, lambda a, b: a - b.mean(), "one number"),
    (exercises.check_q_values, bonferroni, "Bonferroni"),
    (exercises.check_q_values, without_steps, "larger p"),
    (exercises.check_q_values, in_sorted_order, "you return"),
    (exercises.check_q_values, lambda p: p, "you return"),
    (exercises.check_q_values, lambda p: false_discovery_control(p)[:-1], "shape"),
]

test_solution, test_nothing_written, test_mistakes = make_tests("03", SOLVED, MISTAKES)


def test_samples_of_another_codec(capsys):
    """Frames of Mimi: 1,920 samples, 12.5 a second."""

    def check(answer):
        return exercises.check_frame_samples(answer, CodecSpec(24000, 1920, 2048, 8))

    expect_correct(check, lambda k: (1920 * k, 1920 * k + 1919), capsys)
    expect_hint(check, lambda k: (320 * k, 320 * k + 319), "1919", capsys)


def in_place(codes, token, code):
    row = codes[token[0] - 1]
    row[row == token[1]] = code
    return codes


def in_all_layers(codes, token, code):
    return np.where(codes == token[1], code, codes)


def one_row_below(codes, token, code):
    edited = codes.copy()
    edited[token[0]][edited[token[0]] == token[1]] = code
    return edited


def first_only(codes, token, code):
    edited = codes.copy()
    edited[token[0] - 1, np.argmax(codes[token[0] - 1] == token[1])] = code
    return edited


def share(hits, frames, draws):
    return hits[draws].sum(axis=1) / frames[draws].sum(axis=1)


def of_frames(hits, frames, draws):
    p, n = hits.sum() / frames.sum(), frames.sum()
    half = 1.96 * np.sqrt(p * (1 - p) / n)
    return p - half, p + half


MISTAKES_11 = [
    (exercises.check_replace, in_place, "copy"),
    (exercises.check_replace, in_all_layers, "all layers"),
    (exercises.check_replace, one_row_below, "second row"),
    (exercises.check_replace, first_only, "not"),
    (exercises.check_replace, lambda codes, token, code: codes[token[0] - 1], "shape"),
    (exercises.check_replace, lambda codes, token, code: codes, "you return"),
    (
        exercises.check_interval,
        lambda h, f, d: np.quantile(share(h, f, d), [0.975, 0.025]),
        "low comes first",
    ),
    (
        exercises.check_interval,
        lambda h, f, d: np.quantile((h / f)[d].mean(axis=1), [0.025, 0.975]),
        "divide the sums",
    ),
    (exercises.check_interval, lambda h, f, d: np.quantile(share(h, f, d), [0.05, 0.95]), "90 %"),
    (exercises.check_interval, of_frames, "independent"),
    (exercises.check_interval, lambda h, f, d: share(h, f, d), "pair"),
    (exercises.check_interval, lambda h, f, d: (0.0, 1.0), "you return"),
]

test_solution_11, test_nothing_written_11, test_mistakes_11 = make_tests("11", SOLVED_11, MISTAKES_11)


SOLVED_12 = [(exercises.check_completeness, "my_error"), (exercises.check_control, "my_places")]


def top(scores, k):
    return np.argsort(-scores)[:k]


MISTAKES_12 = [
    (exercises.check_completeness, lambda s, a, b: (s.sum() - (a - b)) / abs(a - b) - 0.5, "no sign"),
    (exercises.check_completeness, lambda s, a, b: abs(s.sum() - (a - b)), "divide"),
    (exercises.check_completeness, lambda s, a, b: abs(s.sum() - a) / abs(a), "score alone"),
    (
        exercises.check_completeness,
        lambda s, a, b: abs(np.abs(s).sum() - (a - b)) / abs(a - b),
        "as they are",
    ),
    (exercises.check_completeness, lambda s, a, b: s, "one number"),
    (exercises.check_completeness, lambda s, a, b: 0.7, "not 0.25"),
    (exercises.check_control, lambda s, k, rng: (np.argsort(s)[:k], top(s, k)), "smallest"),
    (exercises.check_control, lambda s, k, rng: (np.argsort(-abs(s))[:k], top(s, k)), "by size"),
    (exercises.check_control, lambda s, k, rng: (np.arange(k), top(s, k)), "largest three"),
    (exercises.check_control, lambda s, k, rng: (top(s, k), rng.choice(len(s), k)), "replacement"),
    (
        exercises.check_control,
        lambda s, k, rng: (top(s, k), rng.choice(np.argsort(-s)[k:], k, replace=False)),
        "leaves the top",
    ),
    (exercises.check_control, lambda s, k, rng: (top(s, k), top(s, k)), "given rng"),
    (exercises.check_control, lambda s, k, rng: top(s, k), "two lists"),
]

test_solution_12, test_nothing_written_12, test_mistakes_12 = make_tests("12", SOLVED_12, MISTAKES_12)
