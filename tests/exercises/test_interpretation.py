"""Checks of notebook 11: None is not attempted, each known mistake gets its hint, the solution passes."""

import numpy as np
from solutions import make_tests

from speechlm_utils import exercises

SOLVED = [(exercises.check_replace, "my_replace"), (exercises.check_interval, "my_interval")]


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


MISTAKES = [
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

test_solution, test_nothing_written, test_mistakes = make_tests("11", SOLVED, MISTAKES)
