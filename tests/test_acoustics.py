"""Planted sounds: a tone of known pitch, a click in its frame."""

from dataclasses import dataclass

import numpy as np
import pytest
import soundfile

from speechlm_utils import acoustics
from speechlm_utils.acoustics import clip_features, frame_features, semitones

RATE, HOP = 16000, 320


@dataclass
class FakeClip:
    """What the functions read of a Clip."""

    id: str
    speaker: str = "a"
    audio: object = None


def make_tone(hertz, seconds, gain=0.3):
    """A tone with a few harmonics, as a voice has."""
    t = np.arange(round(seconds * RATE)) / RATE
    return gain * sum(np.sin(2 * np.pi * hertz * k * t) / k for k in (1, 2, 3, 4)) / 2


@pytest.mark.parametrize("hertz", [90.0, 220.0, 400.0])
def test_pitch_of_a_tone_is_found(hertz):
    features = frame_features(make_tone(hertz, 0.6))
    inner = slice(3, -3)
    assert features["voiced"][inner].all()
    np.testing.assert_allclose(features["f0_hz"][inner], hertz, rtol=0.01)


@pytest.mark.parametrize("n_samples", [1, 319, 320, 321, 9999])
def test_one_value_for_every_codec_frame(n_samples):
    wav = 0.01 * np.random.default_rng(0).standard_normal(n_samples)
    lengths = {len(values) for values in frame_features(wav).values()}
    assert lengths == {-(-n_samples // HOP)}


@pytest.mark.parametrize("sample", [320 * 10, 320 * 10 + 160, 320 * 11 - 1])
def test_click_is_heard_in_its_own_frame_only(sample):
    wav = np.zeros(RATE // 2)
    wav[sample] = 0.5
    rms = frame_features(wav)["rms_db"]
    assert np.flatnonzero(rms > -60).tolist() == [10]
    assert rms[10] == pytest.approx(20 * np.log10(0.5 / np.sqrt(HOP)), abs=0.01)


def test_pitch_step_falls_on_its_frame():
    step = 20
    wav = np.concatenate([make_tone(150, step * HOP / RATE), make_tone(300, step * HOP / RATE)])
    f0_st = frame_features(wav, median_hz=150.0)["f0_st"]
    above = np.flatnonzero(f0_st > 6)  # halfway between 0 and 12 semitones
    assert abs(int(above[0]) - step) <= 1
    np.testing.assert_allclose(f0_st[3 : step - 2], 0, atol=0.3)
    np.testing.assert_allclose(f0_st[step + 2 : -3], 12, atol=0.3)


def test_loudness_step_falls_on_its_frame():
    wav = np.concatenate([make_tone(200, 0.2, gain=0.02), make_tone(200, 0.2, gain=0.2)])
    rms = frame_features(wav)["rms_db"]
    assert np.argmax(np.diff(rms)) == 9  # frame 9 is the last quiet one, frame 10 the first loud one
    assert rms[10:].mean() - rms[:10].mean() == pytest.approx(20, abs=0.1)


def test_spectral_tilt_of_shaped_noise():
    """Noise whose amplitude falls as 1 / f loses 6.02 dB an octave; white noise loses none."""
    white = np.random.default_rng(1).standard_normal(3 * RATE)
    spectrum = np.fft.rfft(white)
    spectrum[1:] /= np.arange(1, spectrum.size)
    brown = np.fft.irfft(spectrum)
    assert frame_features(0.1 * white)["tilt_db_oct"].mean() == pytest.approx(0, abs=0.3)
    assert frame_features(brown / np.abs(brown).max())["tilt_db_oct"].mean() == pytest.approx(-6.02, abs=0.6)


def test_centroid_and_zero_crossings_of_a_pure_tone():
    wav = 0.3 * np.sin(2 * np.pi * 1000 * np.arange(RATE // 2) / RATE)
    features = frame_features(wav)
    np.testing.assert_allclose(features["centroid_hz"][2:-2], 1000, rtol=0.02)
    np.testing.assert_allclose(features["zcr"][2:-2], 2 * 1000 / RATE, atol=1 / HOP)


def test_silence_has_no_pitch_and_no_spectrum():
    features = frame_features(np.zeros(RATE // 4))
    assert not features["voiced"].any()
    for name in ("f0_hz", "f0_st", "centroid_hz", "tilt_db_oct"):
        assert np.isnan(features[name]).all(), name
    assert np.isfinite(features["rms_db"]).all()


def test_semitones_about_own_and_given_median():
    f0 = np.array([100.0, np.nan, 200.0, 400.0])
    np.testing.assert_allclose(semitones(f0), [-12, np.nan, 0, 12])
    np.testing.assert_allclose(semitones(f0, 100.0), [0, np.nan, 12, 24])


@pytest.mark.parametrize(("wav", "message"), [(np.zeros(0), r"\(0,\)"), (np.zeros((2, 10)), r"\(2, 10\)")])
def test_bad_audio_is_named(wav, message):
    with pytest.raises(ValueError, match=message):
        frame_features(wav)


def test_frame_rate_must_divide_sample_rate():
    with pytest.raises(ValueError, match="frame_rate 48 does not divide sample_rate 16000"):
        frame_features(np.zeros(RATE), frame_rate=48)


def test_clip_features_are_cached_and_refer_to_the_speaker(tmp_path, monkeypatch):
    clips = []
    for i, hertz in enumerate((100, 200, 200)):
        soundfile.write(tmp_path / f"{i}.wav", make_tone(hertz, 0.4), RATE)
        clips.append(FakeClip(str(i), speaker="a" if i < 2 else "b", audio=tmp_path / f"{i}.wav"))
    first = clip_features(clips, tmp_path / "cache", n_jobs=1, progress=False)
    medians = [np.nanmedian(one["f0_st"]) for one in first]
    assert medians[1] - medians[0] == pytest.approx(12, abs=0.3)
    assert medians[2] == pytest.approx(0, abs=0.3)
    stored = sorted((tmp_path / "cache" / "acoustics").iterdir())
    assert [path.suffix for path in stored] == [".npz"] * 2  # clips 1 and 2 are the same audio

    monkeypatch.setattr(acoustics, "frame_features", lambda wav: pytest.fail("measured again"))
    again = clip_features(clips, tmp_path / "cache", n_jobs=1, progress=False)
    for a, b in zip(first, again, strict=True):
        np.testing.assert_equal(a, b)
