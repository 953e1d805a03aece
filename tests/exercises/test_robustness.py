"""Checks of notebooks 08 and 09: None is not attempted, mistakes get their hints, solutions pass."""

import numpy as np
from solutions import make_tests

from speechlm_utils import exercises
from speechlm_utils.words import word_error_rate


def take_best(sizes, scores, errors):
    return sizes[int(np.argmax(scores))]


def take_own_errors(sizes, scores, errors):
    return min(
        size for size, score, error in zip(sizes, scores, errors, strict=True) if score >= max(scores) - error
    )


def take_first(sizes, scores, errors):
    best = int(np.argmax(scores))
    return next(s for s, score in zip(sizes, scores, strict=True) if score >= scores[best] - errors[best])


def biased(selected):
    share = selected.mean()
    return 1 - selected.var(axis=0).mean() / (share * (1 - share))


def disagreement(selected):
    share = selected.mean()
    return selected.var(axis=0, ddof=1).mean() / (share * (1 - share))


def uncorrected(selected):
    return 1 - selected.var(axis=0, ddof=1).mean()


test_solution, test_nothing_written, test_mistakes = make_tests(
    "08",
    [(exercises.check_smallest_size, "my_size"), (exercises.check_agreement, "my_agreement")],
    [
        (exercises.check_smallest_size, take_best, "best size"),
        (exercises.check_smallest_size, take_own_errors, "of the \\*best\\* score"),
        (exercises.check_smallest_size, take_first, "not sorted"),
        (exercises.check_agreement, biased, "ddof=1"),
        (exercises.check_agreement, disagreement, "1 less that"),
        (exercises.check_agreement, uncorrected, "by the variance that chance has"),
    ],
)


def by_place(reference, hypothesis):
    wrong = sum(a != b for a, b in zip(reference, hypothesis, strict=False))
    return (wrong + abs(len(reference) - len(hypothesis))) / len(reference)


def per_heard(reference, hypothesis):
    edits = word_error_rate([" ".join(reference)], [" ".join(hypothesis)]) * len(reference)
    return edits / max(len(hypothesis), 1)


test_solution_09, test_nothing_written_09, test_mistakes_09 = make_tests(
    "09",
    [(exercises.check_word_errors, "my_wer"), (exercises.check_noise_factor, "my_factor")],
    [
        (exercises.check_word_errors, by_place, "align first"),
        (exercises.check_word_errors, per_heard, "words of the reference"),
        (exercises.check_noise_factor, lambda s, n, snr: s / n * 10 ** (-snr / 10), "decibels|Decibels"),
        (exercises.check_noise_factor, lambda s, n, snr: s / n * 10 ** (snr / 20), "The sign"),
        (exercises.check_noise_factor, lambda s, n, snr: s * 10 ** (-snr / 20), "its own RMS"),
        (exercises.check_noise_factor, lambda s, n, snr: n / s * 10 ** (-snr / 20), "swapped"),
    ],
)
