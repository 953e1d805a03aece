"""Checks of notebooks 00 and 01: None is not attempted, wrong fails with a reason, right passes."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
from solutions import run_solution

from speechlm_utils import exercises
from speechlm_utils.audio import load_audio
from speechlm_utils.clips import Clip
from speechlm_utils.codec.residual_vq import quantise
from speechlm_utils.codec_spec import CodecSpec

CEILINGS = pd.DataFrame(
    [("fallacy", "text", 0.0), ("fallacy", "both", 0.5), ("topic", "text", 0.0), ("topic", "both", -0.1)],
    columns=["task", "inputs", "gain"],
)
CLIPS = [Clip(str(k), "", None, {"fallacy": label}) for k, label in enumerate("abcd")]


def try_answers(check, cases, capsys):
    """Each case: answer, outcome, words that the printed line holds."""
    for answer, outcome, words in cases:
        assert check(answer) is outcome
        assert words in capsys.readouterr().out


def test_codes_in_clip(capsys):
    cases = [(None, None, "not attempted"), (150, False, "frames"), (1200, True, "6 words")]
    cases.append((run_solution("00", "n_codes"), True, "1200 codes"))
    try_answers(exercises.check_codes_in_clip, cases, capsys)


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
    try_answers(lambda answer: exercises.check_heard(answer, CLIPS), cases, capsys)


def test_bit_rate(tiny_codec, capsys):
    """64 codes: 6 bits, 8 layers, 50 frames per second."""
    cases = [
        (None, None, "not attempted"),
        (2400, False, "kilobits"),
        (5, False, "bits per code"),
        (2.4, True, "256"),
    ]
    try_answers(lambda answer: exercises.check_bit_rate(answer, tiny_codec), cases, capsys)
    released = SimpleNamespace(spec=CodecSpec(16000, 320, 1024, 8))
    assert (
        exercises.check_bit_rate(run_solution("01", "kilobits_per_second", codec=released), released) is True
    )


def test_quantiser(capsys):
    def forgets_the_residual(points, codebooks):
        return np.stack([quantise(points, [centres])[0] for centres in codebooks])

    cases = (
        (lambda p, c: None, None, "not attempted"),
        (lambda p, c: quantise(p, c)[0], False, "shape"),
        (forgets_the_residual, False, "Layer 2"),
        (lambda p, c: quantise(-p, c), False, "Layer 1"),
        (run_solution("01", "my_quantise"), True, "agree"),
    )
    try_answers(exercises.check_quantise, cases, capsys)


def test_padding(tiny_codec, tiny_corpus, capsys):
    wav = load_audio(tiny_corpus / "clips/0000.wav", 16000)
    alone = tiny_codec.encode(wav)
    padded = tiny_codec.encode(np.concatenate([wav, np.zeros(3200, np.float32)]))[:, : alone.shape[1]]
    right = (alone != padded).mean(axis=1)
    given = {"codec": tiny_codec, "wav": wav, "n_silence": 3200, "clip_codes": alone}
    cases = [
        (None, None, "not attempted"),
        (right.mean(), False, "one share per layer"),
        (right + 0.1, False, "Compare"),
        (right, True, "exactly one length"),
        (run_solution("01", "share_changed", **given), True, "exactly one length"),
    ]
    try_answers(lambda answer: exercises.check_padding(answer, tiny_codec, wav, 3200), cases, capsys)
