"""Checks of the exercises of notebooks 08 and 09."""

import numpy as np

from ..selection.stability import measure_agreement
from ..words import word_error_rate
from .feedback import compare, exercise


@exercise("The smallest that is good enough")
def check_smallest_size(function) -> str:
    """Check a function (sizes, scores, errors) -> smallest size within one standard error of the best."""
    cases = [
        ([5, 20, 75, 300], [0.50, 0.61, 0.64, 0.65], [0.16, 0.02, 0.02, 0.03]),
        ([300, 75, 20, 5], [0.63, 0.66, 0.64, 0.40], [0.05, 0.04, 0.05, 0.05]),
        ([5, 20, 75], [0.3, 0.4, 0.7], [0.1, 0.1, 0.1]),
    ]
    for sizes, scores, errors in cases:
        size, score, error = (np.array(one) for one in (sizes, scores, errors))
        best = score.argmax()
        right = size[score >= score[best] - error[best]].min()
        hints = {
            "That is the best size; a smaller one is as good within the error.": size[best],
            "Take the standard error of the *best* score, not that of each size.": size[
                score >= score[best] - error
            ].min(),
            "The sizes are not sorted: the first that is good enough need not be the smallest.": size[
                np.argmax(score >= score[best] - error[best])
            ],
        }
        hints = {text: wrong for text, wrong in hints.items() if wrong != right}
        compare(function(sizes, scores, errors), right, hints, f"sizes {sizes}, scores {scores}", rtol=0)
    return "It pays a little accuracy for a smaller vocabulary, and it does not chase luck."


@exercise("Agreement of selections")
def check_agreement(function) -> str:
    """Check a function (bool array (n_selections, n_tokens)) -> Nogueira's index."""
    rng = np.random.default_rng(0)
    some = [rng.random((4, 30)) < 0.3, np.tile(rng.random(30) < 0.3, (3, 1)), rng.random((8, 200)) < 0.1]
    for selected in some:
        share, right = selected.mean(), measure_agreement(selected)
        chance, biased, variance = share * (1 - share), selected.var(axis=0), selected.var(axis=0, ddof=1)
        hints = {
            "The variance needs M / (M - 1): `ddof=1`.": 1 - biased.mean() / chance,
            "That is the share of variance; the index is 1 less that.": 1 - right,
            "Divide by the variance that chance has, share · (1 - share).": 1 - variance.mean(),
        }
        hints = {text: wrong for text, wrong in hints.items() if not np.isclose(wrong, right)}
        compare(float(function(selected.copy())), right, hints, f"{selected.shape[0]} selections", rtol=1e-5)
    return "Selections at random come out near 0, equal ones at 1."


@exercise("Word error rate")
def check_word_errors(function) -> str:
    """Check a function (reference, hypothesis) -> word error rate, of two lists of words."""
    pairs = [
        ("we want more time", "we want more time"),
        ("we want more time", "we want time"),
        ("we want more time", "well we want more time"),
        ("we want more time", "we wont more dime"),
        ("a b c", ""),
        ("a b", "c d e f"),
    ]
    for reference, hypothesis in pairs:
        words, heard = reference.split(), hypothesis.split()
        right = word_error_rate([reference], [hypothesis])
        misses = sum(a != b for a, b in zip(words, heard, strict=False)) + abs(len(words) - len(heard))
        by_place, by_heard = misses / len(words), right * len(words) / max(len(heard), 1)
        hints = {
            "A word that is missing shifts all others: align first, by dynamic programming.": by_place,
            "Divide by the words of the reference, not of what was heard.": by_heard,
        }
        hints = {text: wrong for text, wrong in hints.items() if not np.isclose(wrong, right)}
        compare(function(words, heard), right, hints, f"“{reference}” heard as “{hypothesis}”", rtol=1e-6)
    return "It can be above 1: a recogniser can add words without end."


@exercise("Noise at a level")
def check_noise_factor(function) -> str:
    """Check a function (signal_rms, noise_rms, snr_db) -> factor that the noise is multiplied by."""
    for signal, noise, snr_db in ((0.1, 0.8, 15), (0.1, 0.5, 0), (0.2, 1.0, -6), (0.05, 0.02, 10)):
        ratio, down = signal / noise, 10 ** (-snr_db / 20)
        right = ratio * down
        hints = {
            "Decibels of power have a 10, those of amplitude a 20.": ratio * down**2,
            "The sign: a high signal-to-noise ratio means little noise.": ratio / down,
            "Bring the noise to the level of the signal first: divide by its own RMS.": signal * down,
            "Signal and noise are swapped.": down / ratio,
        }
        hints = {text: wrong for text, wrong in hints.items() if not np.isclose(wrong, right)}
        case = f"signal {signal}, noise {noise}, {snr_db} dB"
        compare(function(signal, noise, snr_db), right, hints, case, rtol=1e-4)
    return "At 0 dB noise and speech have the same level."
