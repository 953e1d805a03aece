"""Checks of notebooks 02 and 03: None is not attempted, wrong answers fail with a hint, right ones pass."""

import re

import numpy as np
import pytest

from speechlm_utils import exercises
from speechlm_utils.association import correct_p_values


def threshold(a, strength):
    return np.sign(a) * max(abs(a) - strength, 0)


def p_value(real, permuted):
    return (1 + sum(value >= real for value in permuted)) / (1 + len(permuted))


def effect(a, b):
    squares = sum(((x - x.mean()) ** 2).sum() for x in (a, b))
    return (a.mean() - b.mean()) / np.sqrt(squares / (len(a) + len(b) - 2))


def q_values(p):
    order = np.argsort(p)
    q = np.empty(len(p))
    raw = p[order] * len(p) / np.arange(1, len(p) + 1)
    q[order] = np.minimum.accumulate(raw[::-1])[::-1].clip(max=1)
    return q


def overlap(answer):
    return exercises.check_overlap(answer, 75, 7168)


def larger_p(real, permuted):
    return np.mean(np.array(permuted) > real)


def samples(frame):
    return 320 * frame, 320 * frame + 319


def raw_q(p):
    return np.minimum(p * len(p) / (p.argsort().argsort() + 1), 1)


CASES = [
    (exercises.check_soft_threshold, threshold, lambda a, s: a / (1 + s), "ℓ2 answer"),
    (exercises.check_soft_threshold, threshold, lambda a, s: max(a - s, 0), "a = -3"),
    (
        exercises.check_permutation_p,
        p_value,
        lambda r, p: sum(v >= r for v in p) / len(p),
        "Count the real one in",
    ),
    (exercises.check_permutation_p, p_value, larger_p, "tie|real one"),
    (exercises.check_effect, effect, lambda a, b: -effect(a, b), "sign"),
    (exercises.check_effect, effect, lambda a, b: a.mean() - b.mean(), "divide"),
    (
        exercises.check_effect,
        effect,
        lambda a, b: (a.mean() - b.mean()) / np.concatenate([a, b]).std(),
        "pool",
    ),
    (exercises.check_effect, effect, lambda a, b: 7.0, "not"),
    (exercises.check_q_values, q_values, lambda p: np.minimum(p * len(p), 1), "Bonferroni"),
    (exercises.check_q_values, q_values, raw_q, "larger p"),
    (exercises.check_q_values, correct_p_values, lambda p: p, "you return"),
    (exercises.check_frame_samples, samples, lambda k: (320 * k, 320 * k + 320), "319"),
]


@pytest.mark.parametrize(("check", "right", "wrong", "hint"), CASES)
def test_function_exercises(check, right, wrong, hint, capsys):
    assert check(lambda *args: None) is None
    assert "not attempted" in capsys.readouterr().out
    assert check(wrong) is False
    assert re.search(hint, capsys.readouterr().out)
    assert check(right) is True
    assert "correct" in capsys.readouterr().out


def test_overlap_by_chance(capsys):
    assert overlap(None) is None and "not attempted" in capsys.readouterr().out
    assert overlap(75 / 7168) is False and "one token" in capsys.readouterr().out
    assert overlap(12) is False
    assert overlap(75 * 75 / 7168) is True
