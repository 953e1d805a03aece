"""Checks of notebook 00: None is not attempted, wrong fails with a reason, right passes."""

import pandas as pd
from solutions import run_solution, try_answers

from speechlm_utils import exercises
from speechlm_utils.clips import Clip
from speechlm_utils.codec_spec import CodecSpec

SPEC = CodecSpec(16000, 320, 1024, 8, (1,))
CEILINGS = pd.DataFrame(
    [("fallacy", "text", 0.0), ("fallacy", "both", 0.5), ("topic", "text", 0.0), ("topic", "both", -0.1)],
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
        (run_solution("00", "heard", chosen=CLIPS, task="fallacy"), True, "4 of 4"),
    ]
    try_answers(lambda answer: exercises.check_heard(answer, CLIPS, "fallacy"), cases, capsys)
