"""Checks of notebooks 01 and 14: None is not attempted, wrong fails with a reason, right passes."""

import math

import numpy as np
import pytest
from solutions import make_tests, run_cell, run_solution, try_answers

from speechlm_utils import exercises
from speechlm_utils.audio import load_audio
from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.clips import Clip
from speechlm_utils.codec.report import report_probes
from speechlm_utils.codec.residual_vq import quantise
from speechlm_utils.codec_spec import CodecSpec


class FakeCodec:
    """A codec of which only the numbers of codes are asked."""

    def __init__(self, *n_codes):
        self.n_codes, self.spec = n_codes, CodecSpec(16000, 320, max(n_codes), len(n_codes))

    def count_codes(self, layer):
        return self.n_codes[layer - 1]


def test_bit_rate(capsys):
    """Layer 1 of 64 codes, 6 bits; two of 16, 4 bits each; 50 frames per second."""
    codec = FakeCodec(64, 16, 16)
    cases = [
        (None, None, "not attempted"),
        (700, False, "kilobits"),
        (0.9, False, "not all as many"),
        (0.014, False, "Add up"),
        (0.7, True, "366 times"),
    ]
    try_answers(lambda answer: exercises.check_bit_rate(answer, codec), cases, capsys)
    solution = run_solution("01", "kilobits_per_second")
    assert exercises.check_bit_rate(solution, FakeCodec(1024, *[256] * 7)) is True


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


# --- which layers -------------------------------------------------------------------------------------------

SPEC = CodecSpec(16000, 320, 16, 8, (1,))


def make_part(seed, teller=(2, 2), noise=0.1):
    """Ten clips whose codes of `teller` tell pitch and energy, in this order; the last frame has no pitch."""
    rng = np.random.default_rng(seed)
    clips, features = [], []
    for i in range(10):
        codes = rng.integers(0, 16, (8, 80))
        pitch, energy = (codes[layer - 1] + noise * rng.normal(size=80) for layer in teller)
        pitch[-1] = np.nan
        clips.append(Clip(f"{i}", "", None, {}, codes=codes, spec=SPEC))
        features.append({"f0_st": pitch, "rms_db": energy})
    return clips, features


PARTS = make_part(0), make_part(1)
TWO_LAYERS = make_part(0, (2, 5)), make_part(1, (2, 5))


def make_reader(parts):
    """The notebook's own function, which reads from some layers."""
    return run_cell("01", "read", parts=parts, spec=SPEC, report_probes=report_probes, Bootstrap=Bootstrap)[
        "read"
    ]


def test_layer_that_was_planted_is_found():
    read = make_reader(PARTS)
    assert read((2,)).min() > 0.95 and read((1, 3, 4)).max() < 0.1


def test_nothing_chosen_reads_nothing(capsys):
    assert exercises.check_layers(None, None, SPEC) is None
    assert "not attempted" in capsys.readouterr().out


def test_solution_of_the_layers_passes(capsys):
    for parts, codes in ((PARTS, 50), (TWO_LAYERS, 200)):
        read = make_reader(parts)
        answer = run_solution("01", "my_layers", read=read, spec=SPEC)
        assert exercises.check_layers(answer, read, SPEC) is True
        told = capsys.readouterr().out
        assert f"correct. {codes} codes a second instead of 400, without the layer of content" in told


@pytest.mark.parametrize(
    ("answer", "parts", "hint"),
    [
        (1, TWO_LAYERS, "less than 90 % of what can be read of energy"),
        (3, TWO_LAYERS, "less than 90 % of what can be read of energy"),
        (2, PARTS, "fewer would do"),
        (7, TWO_LAYERS, "fewer would do"),
        (0, PARTS, "1 to 7"),
        ((2, 3), PARTS, "1 to 7"),
        (1, (make_part(0, noise=1e3), make_part(1, noise=1e3)), "Not even all layers"),
    ],
)
def test_wrong_layers_fail_with_a_hint(answer, parts, hint, capsys):
    assert exercises.check_layers(answer, make_reader(parts), SPEC) is False
    assert hint in capsys.readouterr().out


def layers_needed(frame_rate, codebook_size, bits):
    return math.ceil(bits / (frame_rate * math.log2(codebook_size)))


SOLVED = [(exercises.check_equal_bits, "my_layers"), (exercises.check_lead, "my_lead")]
MISTAKES = [
    (exercises.check_equal_bits, lambda *given: layers_needed(*given) - 1, "12.5 frames/s|not 8"),
    (exercises.check_equal_bits, lambda r, k, b: b / (r * math.log2(k)), "round up"),
    (
        exercises.check_equal_bits,
        lambda r, k, b: b // (r * math.log2(k)),
        "1000 bits/s.*not 8.*round up",
    ),
    (exercises.check_lead, lambda kept, occurring: kept / kept.sum() * 3, "equally many"),
    (exercises.check_lead, lambda kept, occurring: kept / occurring, "divide it"),
    (exercises.check_lead, lambda k, o: k / k.sum() - o / o.sum(), "ratio"),
    (exercises.check_lead, lambda kept, occurring: np.ones(3), r"10, 30, 20.*\[1.0, 1.0, 1.0\]"),
]

test_solution, test_nothing_written, test_mistakes = make_tests("14", SOLVED, MISTAKES)
