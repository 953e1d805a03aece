"""Pitch trackers: a tone and a glide are followed, noise has no pitch, any rate and length will do."""

from dataclasses import replace

import numpy as np
import pytest

from speechlm_utils.acoustics.pitch import TRACKERS, semitones, track_pitch
from speechlm_utils.codec_spec import CodecSpec

RATE = 16000
SPEC = CodecSpec(RATE, 320, 64, 2)


def make_voice(f0_hz, rate=RATE, gain=0.3):
    """Harmonics of a pitch that moves, as a voice has them; f0_hz (n_samples,)."""
    phase = 2 * np.pi * np.cumsum(f0_hz) / rate
    return gain * sum(np.sin(k * phase) / k for k in (1, 2, 3, 4)) / 2


@pytest.mark.parametrize("tracker", TRACKERS)
@pytest.mark.parametrize("hertz", [90.0, 220.0, 400.0])
def test_pitch_of_a_tone_is_found(tracker, hertz):
    found = track_pitch(make_voice(np.full(9600, hertz)), SPEC, tracker)
    assert found.shape == (30,)
    np.testing.assert_allclose(found[3:-3], hertz, rtol=0.015)


@pytest.mark.parametrize("tracker", TRACKERS)
def test_a_glide_is_followed_in_time(tracker):
    planted = np.geomspace(120, 240, RATE)
    found = track_pitch(make_voice(planted), SPEC, tracker)[3:-3]
    middle = planted[160::320][3:-3]
    assert np.abs(12 * np.log2(found / middle)).max() < 0.5  # a frame late would be 0.24 off throughout
    assert abs(np.mean(12 * np.log2(found / middle))) < 0.1


@pytest.mark.parametrize("tracker", TRACKERS)
@pytest.mark.parametrize("wav", [np.zeros(4000), 0.1 * np.random.default_rng(0).standard_normal(RATE)])
def test_silence_and_noise_have_no_pitch(tracker, wav):
    assert np.isnan(track_pitch(wav, SPEC, tracker)).mean() > 0.9


@pytest.mark.parametrize("n_samples", [1, 100, 1919, 24001])
def test_one_value_a_frame_at_another_rate(n_samples):
    spec = replace(SPEC, sample_rate=24000, hop=480)
    found = track_pitch(make_voice(np.full(n_samples, 200.0), 24000), spec)
    assert found.shape == (-(-n_samples // 480),)
    if n_samples > 20000:
        np.testing.assert_allclose(found[3:-3], 200, rtol=0.015)


def test_an_octave_from_the_median_is_no_voice():
    """A second of a voice at 100 Hz, then a tenth of a second two octaves above."""
    wav = make_voice(np.r_[np.full(RATE, 100.0), np.full(RATE // 10, 400.0)])
    assert np.nanmax(track_pitch(wav, SPEC)) < 110


def test_an_unknown_tracker_is_named():
    with pytest.raises(ValueError, match="'yin': choose one of swiftf0, pyin"):
        track_pitch(np.zeros(100), SPEC, "yin")


def test_semitones_about_own_and_given_median():
    f0 = np.array([100.0, np.nan, 200.0, 400.0])
    np.testing.assert_allclose(semitones(f0), [-12, np.nan, 0, 12])
    np.testing.assert_allclose(semitones(f0, 100.0), [0, np.nan, 12, 24])
