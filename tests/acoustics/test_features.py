"""Planted sounds: a tone of known pitch, a click in its frame."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
import soundfile

from speechlm_utils.acoustics import features as acoustics
from speechlm_utils.acoustics.features import clip_features, frame_features, semitones

RATE, HOP = 16000, 320


@dataclass
class FakeClip:
    """What the functions read of a Clip."""

    id: str
    speaker: str = "a"
    audio: object = None
    codes: object = None


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


@pytest.mark.parametrize("frame_rate", [0, -50, 16001])
def test_impossible_frame_rate_is_named(frame_rate):
    with pytest.raises(ValueError, match=f"frame_rate {frame_rate}: must be above 0, at most sample_rate"):
        frame_features(np.zeros(RATE), frame_rate=frame_rate)


@pytest.mark.parametrize("frame_rate", [12.5, 25, 50, 75, 44100 / 512])
@pytest.mark.parametrize("n_samples", [1, 8000, 16000, 16001, 15999])
def test_as_many_frames_as_a_codec_of_any_rate_writes(frame_rate, n_samples):
    wav = 0.01 * np.random.default_rng(0).standard_normal(n_samples)
    n_frames = math.ceil(n_samples * frame_rate / RATE)
    assert {len(values) for values in frame_features(wav, frame_rate=frame_rate).values()} == {n_frames}


@pytest.mark.parametrize("frame_rate", [12.5, 50, 75])
def test_sound_falls_on_the_frame_of_its_time(frame_rate):
    """A voice between two silences, one that rises an octave: its frames and no others, at any frame rate."""
    low, high = make_tone(150, 0.8), make_tone(300, 0.8)
    wav = np.concatenate([np.zeros(RATE * 8 // 10), low, high, np.zeros(RATE * 8 // 10)])
    features = frame_features(wav, frame_rate=frame_rate, median_hz=150.0)
    begin, step, end = (round(seconds * frame_rate) for seconds in (0.8, 1.6, 2.4))
    loud = np.flatnonzero(features["rms_db"] > -30)
    assert (loud[0], loud[-1]) == (begin, end - 1)
    edge = math.ceil(0.05 * frame_rate)  # the window of pitch
    np.testing.assert_allclose(features["f0_st"][begin + edge : step - edge], 0, atol=0.3)
    np.testing.assert_allclose(features["f0_st"][step + edge : end - edge], 12, atol=0.3)
    assert not features["voiced"][: begin - edge].any() and not features["voiced"][end + edge :].any()


def test_fifty_frames_a_second_read_the_samples_as_they_are():
    wav = 0.1 * np.random.default_rng(2).standard_normal(10 * HOP)
    rms = 10 * np.log10(np.square(wav.reshape(10, HOP)).mean(axis=1))
    np.testing.assert_allclose(frame_features(wav)["rms_db"], rms, atol=1e-9)
    np.testing.assert_equal(frame_features(wav, frame_rate=50.0), frame_features(wav))


def test_frame_rates_never_share_a_cached_file(tmp_path):
    soundfile.write(tmp_path / "a.wav", make_tone(200, 0.4), RATE)
    clips = [FakeClip("a", audio=tmp_path / "a.wav")]

    def measure(**rate):
        (one,) = clip_features(clips, tmp_path / "cache", n_jobs=1, progress=False, **rate)
        return one

    at_50 = measure()
    assert [path.stem[-3:] for path in (tmp_path / "cache" / "acoustics").iterdir()] == ["-v2"]  # as ever
    for _ in range(2):  # measured, then read
        lengths = [len(measure(frame_rate=rate)["rms_db"]) for rate in (75, 50.0, 12.5, 75.0)]
        assert lengths == [30, 20, 5, 30]
    np.testing.assert_equal(measure(frame_rate=50.0), at_50)
    assert len(list((tmp_path / "cache" / "acoustics").iterdir())) == 3


@pytest.mark.parametrize("n_frames", [19, 20, 21])
def test_last_frame_follows_the_codes(tmp_path, n_frames):
    """The codec reads at a sample rate of its own; rounding may give it a frame more or less."""
    soundfile.write(tmp_path / "a.wav", make_tone(200, 0.4), RATE)
    clip = FakeClip("a", audio=tmp_path / "a.wav", codes=np.zeros((2, n_frames), np.int16))
    (one,) = clip_features([clip], n_jobs=1, progress=False)
    assert {len(values) for values in one.values()} == {n_frames}


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

    monkeypatch.setattr(acoustics, "frame_features", lambda *_, **__: pytest.fail("measured again"))
    again = clip_features(clips, tmp_path / "cache", n_jobs=1, progress=False)
    for a, b in zip(first, again, strict=True):
        np.testing.assert_equal(a, b)
