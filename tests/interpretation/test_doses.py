"""A token that makes the sound moves it with its dose, one that does not leaves it; doses are nested."""

from itertools import pairwise

import numpy as np
import pytest
from conftest import FALLACIES, RATE, SPEC, make_wav

from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.clips import Clip
from speechlm_utils.interpretation.doses import (
    DOSES,
    DoseResponse,
    measure_doses,
    measure_sound,
    name_unit,
    pair_controls,
    remove_token,
    write_token,
)

TOKEN, CONTROL = (3, 5), (3, 9)
NAMES = ("pitch", "level", "voiced", *FALLACIES[:2])


class FakeCodec:
    """Decodes to a voice that is an octave higher where the token is everywhere; counts what it decodes."""

    def __init__(self):
        self.n_decoded = 0

    def decode(self, codes):
        self.n_decoded += 1
        share = (codes[TOKEN[0] - 1] == TOKEN[1]).mean()
        return make_wav(140 * 2**share, 0.1, codes.shape[1] * SPEC.hop, int(codes[0, 0]))


def classify(clips):
    """The token speaks for the first class."""
    share = np.array([(clip.codes[TOKEN[0] - 1] == TOKEN[1]).mean() for clip in clips])
    return np.stack([0.2 + share / 2, 0.8 - share / 2], axis=1)


@pytest.fixture(scope="module")
def clips():
    codes = np.zeros((6, 8, 40), np.int16) + np.arange(10, 16)[:, None, None].astype(np.int16)
    return [Clip(f"c{i}", "", None, codes=one, spec=SPEC) for i, one in enumerate(codes)]


@pytest.fixture(scope="module")
def measured(clips):
    codec = FakeCodec()
    values, wavs = measure_doses(clips, [TOKEN, CONTROL], codec.decode, classify)
    return codec, values, wavs


@pytest.fixture(scope="module")
def response(measured):
    return DoseResponse([TOKEN, CONTROL], DOSES, NAMES, measured[1], {TOKEN: CONTROL}, Bootstrap(200))


def test_doses_are_nested_and_stay_in_the_layer():
    codes = np.arange(8 * 60).reshape(8, 60) % 50 + 100
    written = [write_token(codes, TOKEN, dose, seed=3) for dose in DOSES]
    marks = [one[2] == 5 for one in written]
    assert [mark.sum() for mark in marks] == [0, 15, 30, 60]
    assert all((small <= large).all() for small, large in pairwise(marks))
    assert all(np.array_equal(np.delete(one, 2, 0), np.delete(codes, 2, 0)) for one in written)
    assert not np.array_equal(marks[2], write_token(codes, TOKEN, 0.5, seed=4)[2] == 5)
    assert codes.min() == 100  # those given are left as they are


@pytest.mark.parametrize("dose", [-0.1, 25])
def test_dose_is_a_share(dose):
    with pytest.raises(ValueError, match=f"dose={dose}: must be from 0 to 1"):
        write_token(np.zeros((8, 4), int), TOKEN, dose)


def test_what_is_removed_leaves_a_code_that_is_not_selected():
    codes = np.tile([0, 1, 2, 0], (8, 1))
    edited = remove_token(codes, (3, 0), [(3, 0), (3, 1), (4, 2)])
    assert edited[2].tolist() == [2, 1, 2, 2] and np.array_equal(
        np.delete(edited, 2, 0), np.delete(codes, 2, 0)
    )


def test_sound_is_measured_in_semitones_dB_and_percent():
    low, high = (measure_sound(make_wav(hertz, 0.1, RATE, 0), SPEC) for hertz in (120, 240))
    assert high[0] - low[0] == pytest.approx(12, abs=0.3) and low[2] == pytest.approx(100, abs=5)
    assert measure_sound(make_wav(120, 0.2, RATE, 0), SPEC)[1] - low[1] == pytest.approx(6.02, abs=0.01)
    pitch, level, voiced = measure_sound(np.zeros(RATE, np.float32), SPEC)
    assert np.isnan(pitch) and level == -120 and voiced == 0


def test_every_state_is_decoded_once_and_the_first_clip_is_kept(measured):
    codec, values, wavs = measured
    assert values.shape == (2, 4, 6, 5)
    assert codec.n_decoded == 6 + 2 * 3 * 6  # dose 0 of both tokens is one and the same
    assert [len(wavs[token]) for token in (TOKEN, CONTROL)] == [4, 4]
    np.testing.assert_array_equal(wavs[TOKEN][0], wavs[CONTROL][0])
    assert values[0, :, 0, 3] == pytest.approx(20 + 50 * np.array(DOSES))


def test_token_moves_what_it_makes_and_its_control_does_not(response):
    slope = response.slope(TOKEN, "pitch")
    assert slope.estimate == pytest.approx(12, abs=0.5) and slope.verdict == "above" and slope.n == 6
    assert response.slope(CONTROL, "pitch").estimate == pytest.approx(0, abs=0.1)
    assert response.slope(TOKEN, "pitch", CONTROL).verdict == "above"
    assert response.slope(TOKEN, FALLACIES[1]).verdict == "below"
    curve = response.curve(TOKEN, FALLACIES[0])
    assert curve[:, 0].tolist() == [0, 25, 50, 100]
    assert curve[:, 1] == pytest.approx([0, 12.5, 25, 50])


def test_table_has_a_row_for_each_token_and_measure(response):
    table = response.tabulate()
    assert table.measured.tolist() == list(NAMES) and set(table.token) == {"L3-0005"}
    row = table.set_index("measured").loc["pitch"]
    assert row.verdict == row["verdict, less control"] == "above"
    assert row["less its control"] == pytest.approx(row.slope - row["control's slope"])


def test_clips_that_lose_their_pitch_are_left_out(response):
    values = response.values.copy()
    values[0, 3, 1, 0] = np.nan
    some = DoseResponse(response.tokens, DOSES, NAMES, values, response.controls)
    assert some.slope(TOKEN, "pitch").n == 5 and some.slope(TOKEN, "level").n == 6
    values[0, 3, :2, 0] = np.nan  # four are left: a mean, but no interval
    few = some.slope(TOKEN, "pitch")
    assert few.n == 4 and few.estimate == pytest.approx(12, abs=0.5) and np.isnan(few.low)
    assert few.verdict == "not decided"
    values[0, 3, :, 0] = np.nan
    assert np.isnan(some.curve(TOKEN, "pitch")[3, 1:]).all()
    assert some.slope(TOKEN, "pitch").verdict == "not decided"


def test_units_are_those_of_sounds_and_of_probabilities():
    assert [name_unit(name) for name in ("pitch", "level", "emotion")] == [
        "semitones",
        "dB",
        "% points",
    ]


def test_control_is_of_the_layer_and_near_in_count(clips):
    codes = clips[0].codes.copy()
    codes[2, :9], codes[2, 9:17], codes[2, 17:19] = 5, 6, 7
    few = [Clip("a", "", None, codes=codes, spec=SPEC)]
    assert pair_controls([(3, 5)], [(2, 1), (3, 7), (3, 6)], few) == {(3, 5): (3, 6)}
    assert pair_controls([(3, 5), (3, 7)], [(3, 6), (3, 8)], few) == {(3, 5): (3, 6), (3, 7): (3, 8)}
    with pytest.raises(ValueError, match="no matched token of layer 4 is left"):
        pair_controls([(4, 5)], [(3, 6)], few)
