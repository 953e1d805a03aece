"""Checks of notebooks 00 and 13: None is not attempted, wrong fails with a reason, the solution passes."""

import re

import numpy as np
import pandas as pd
from solutions import make_tests, run_solution, try_answers

from speechlm_utils import exercises
from speechlm_utils.bootstrap import Interval
from speechlm_utils.clips import Clip
from speechlm_utils.codec_spec import CodecSpec

SPEC = CodecSpec(16000, 320, 1024, 8, (1,))
GAINS = {
    "fallacy": Interval(0.5, 0.4, 0.6, 9, "sentences"),
    "topic": Interval(-0.1, -0.2, 0.1, 9, "sentences"),
}
CEILINGS = pd.DataFrame(
    [(task, inputs, gain) for task, gain in GAINS.items() for inputs in ("text", "both")],
    columns=["task", "inputs", "gain"],
)
CLIPS = [Clip(str(k), "", None, {"fallacy": label}) for k, label in enumerate("abcd")]


def test_codes_in_clip(capsys):
    cases = [(None, None, "not attempted"), (150, False, "frames"), (1200, True, "6 words")]
    cases.append((run_solution("00", "n_codes"), True, "1200 codes"))
    try_answers(lambda answer: exercises.check_codes_in_clip(answer, SPEC), cases, capsys)


def test_no_gain(capsys):
    cases = [
        (None, None, "not attempted"),
        ("fallacy", False, "+0.50"),
        ("wine", False, "none of"),
        (run_solution("00", "task_without_gain"), True, "-0.10"),
    ]
    try_answers(lambda answer: exercises.check_no_gain(answer, CEILINGS), cases, capsys)


def test_heard(capsys):
    cases = [
        (None, None, "not attempted"),
        (list("ab"), False, "4 labels"),
        (list("abcx"), False, "'x'"),
        (list("badc"), False, "0 of 4"),
        (list("abdc"), True, "2 of 4"),
        (run_solution("00", "heard", examples=CLIPS, task="fallacy"), True, "4 of 4"),
    ]
    try_answers(lambda answer: exercises.check_heard(answer, CLIPS, "fallacy"), cases, capsys)


def letters_a_to_z(text):
    return " ".join(re.findall(r"[a-z']+", text.lower()))


def by_clip(groups, share, rng):
    return rng.random(len(groups)) < share


def always_the_first(groups, share, rng):
    names = np.unique(groups)
    return np.isin(groups, names[: round(share * len(names))])


def half_of_the_groups(groups, share, rng):
    names = np.unique(groups)
    return np.isin(groups, rng.permutation(names)[: len(names) // 2])


SOLVED = [(exercises.check_normalise, "my_normalise"), (exercises.check_group_split, "my_split")]
MISTAKES = [
    (exercises.check_normalise, str.lower, "becomes"),
    (exercises.check_normalise, lambda text: " ".join(text.split()), 'but "don\'t  stop" becomes'),
    (exercises.check_normalise, letters_a_to_z, "Letters are not only a to z"),
    (exercises.check_normalise, lambda text: "x", "'今日は' and '明日は' both become 'x'"),
    (exercises.check_group_split, by_clip, "lies on both sides"),
    (exercises.check_group_split, half_of_the_groups, "10 of 20 groups are test, the share is 0.2"),
    (exercises.check_group_split, always_the_first, "Another rng gives the same split"),
    (exercises.check_group_split, lambda groups, share, rng: np.arange(3), "one True or False for each"),
]

test_solution, test_nothing_written, test_mistakes = make_tests("13", SOLVED, MISTAKES)
