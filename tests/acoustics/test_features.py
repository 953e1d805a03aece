"""Planted sounds: a tone of known pitch, a click in its frame; a line has its slope."""

import math
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from speechlm_utils.acoustics import features as acoustics
from speechlm_utils.acoustics.features import (
    MOVEMENTS,
    add_movements,
    clip_features,
    frame_features,
    measure_slope,
    read_cached,
)
from speechlm_utils.acoustics.pitch import TRACKERS, semitones
from speechlm_utils.clips import Clip
from speechlm_utils.codec_spec import CodecSpec

RATE, HOP = 16000, 320
SPEC = CodecSpec(RATE, HOP, 64, 2)
OF_RATE = {
    frame_rate: CodecSpec(24000, round(24000 / frame_rate), 64, 2) for frame_rate in (12.5, 25, 50, 75)
}


def make_clip(path, speaker="a", spec=SPEC):
    return Clip(path.stem, "", path, speaker=speaker, codes=np.zeros((2, 20), np.int16), spec=spec)


def make_tone(hertz, seconds, gain=0.3, rate=RATE):
    """A tone with a few harmonics, as a voice has."""
    t = np.arange(round(seconds * rate)) / rate
    return gain * sum(np.sin(2 * np.pi * hertz * k * t) / k for k in (1, 2, 3, 4)) / 2


@pytest.mark.parametrize("n_samples", [1, 319, 320, 321, 9999])
def test_one_value_for_every_codec_frame(n_samples):
    wav = 0.01 * np.random.default_rng(0).standard_normal(n_samples)
    lengths = {len(values) for values in frame_features(wav, SPEC).values()}
    assert lengths == {-(-n_samples // HOP)}


@pytest.mark.parametrize("sample", [320 * 10, 320 * 10 + 160, 320 * 11 - 1])
def test_click_is_heard_in_its_own_frame_only(sample):
    wav = np.zeros(RATE // 2)
    wav[sample] = 0.5
    rms = frame_features(wav, SPEC)["rms_db"]
    assert np.flatnonzero(rms > -60).tolist() == [10]
    assert rms[10] == pytest.approx(20 * np.log10(0.5 / np.sqrt(HOP)), abs=0.01)


def test_pitch_step_falls_on_its_frame():
    step = 20
    wav = np.concatenate([make_tone(150, step * HOP / RATE), make_tone(300, step * HOP / RATE)])
    f0_st = semitones(frame_features(wav, SPEC)["f0_hz"], 150.0)
    above = np.flatnonzero(f0_st > 6)  # halfway between 0 and 12 semitones
    assert abs(int(above[0]) - step) <= 1
    np.testing.assert_allclose(f0_st[3 : step - 2], 0, atol=0.3)
    np.testing.assert_allclose(f0_st[step + 2 : -3], 12, atol=0.3)


def test_loudness_step_falls_on_its_frame():
    wav = np.concatenate([make_tone(200, 0.2, gain=0.02), make_tone(200, 0.2, gain=0.2)])
    rms = frame_features(wav, SPEC)["rms_db"]
    assert np.argmax(np.diff(rms)) == 9  # frame 9 is the last quiet one, frame 10 the first loud one
    assert rms[10:].mean() - rms[:10].mean() == pytest.approx(20, abs=0.1)


def test_spectral_tilt_of_shaped_noise():
    """Noise whose amplitude falls as 1 / f loses 6.02 dB an octave; white noise loses none."""
    white = np.random.default_rng(1).standard_normal(3 * RATE)
    spectrum = np.fft.rfft(white)
    spectrum[1:] /= np.arange(1, spectrum.size)
    brown = np.fft.irfft(spectrum)
    assert frame_features(0.1 * white, SPEC)["tilt_db_oct"].mean() == pytest.approx(0, abs=0.3)
    tilt = frame_features(brown / np.abs(brown).max(), SPEC)["tilt_db_oct"]
    assert tilt.mean() == pytest.approx(-6.02, abs=0.6)


def test_centroid_and_zero_crossings_of_a_pure_tone():
    wav = 0.3 * np.sin(2 * np.pi * 1000 * np.arange(RATE // 2) / RATE)
    features = frame_features(wav, SPEC)
    np.testing.assert_allclose(features["centroid_hz"][2:-2], 1000, rtol=0.02)
    np.testing.assert_allclose(features["zcr"][2:-2], 2 * 1000 / RATE, atol=1 / HOP)


def test_silence_has_no_pitch_and_no_spectrum():
    features = frame_features(np.zeros(RATE // 4), SPEC)
    assert not features["voiced"].any()
    for name in ("f0_hz", "f0_st", "centroid_hz", "tilt_db_oct"):
        assert np.isnan(features[name]).all(), name
    assert np.isfinite(features["rms_db"]).all()


@pytest.mark.parametrize(("wav", "message"), [(np.zeros(0), "no samples"), (np.zeros((2, 10)), r"\(2, 10\)")])
def test_bad_audio_is_named(wav, message):
    with pytest.raises(ValueError, match=message):
        frame_features(wav, SPEC)


@pytest.mark.parametrize("hop", [1920, 960, 480, 320, 512])
@pytest.mark.parametrize("n_samples", [1, 8000, 24000, 24001, 23999])
def test_as_many_frames_as_a_codec_of_any_rate_writes(hop, n_samples):
    wav = 0.01 * np.random.default_rng(0).standard_normal(n_samples)
    features = frame_features(wav, replace(SPEC, sample_rate=24000, hop=hop))
    assert {len(values) for values in features.values()} == {math.ceil(n_samples / hop)}


@pytest.mark.parametrize("frame_rate", [12.5, 50, 75])
def test_sound_falls_on_the_frame_of_its_time(frame_rate):
    """A voice between two silences rises by ten semitones: in its own frames, at any frame rate."""
    low, high = make_tone(150, 0.8, rate=24000), make_tone(267, 0.8, rate=24000)
    wav = np.concatenate([np.zeros(19200), low, high, np.zeros(19200)])
    features = frame_features(wav, OF_RATE[frame_rate])
    begin, step, end = (round(seconds * frame_rate) for seconds in (0.8, 1.6, 2.4))
    loud = np.flatnonzero(features["rms_db"] > -30)
    assert (loud[0], loud[-1]) == (begin, end - 1)
    f0_st = semitones(features["f0_hz"], 150.0)
    edge = math.ceil(0.05 * frame_rate)  # the window of pitch
    np.testing.assert_allclose(f0_st[begin + edge : step - edge], 0, atol=0.3)
    np.testing.assert_allclose(f0_st[step + edge : end - edge], 10, atol=0.3)
    assert not features["voiced"][: begin - edge].any() and not features["voiced"][end + edge :].any()


def test_frames_read_the_samples_as_they_are():
    wav = 0.1 * np.random.default_rng(2).standard_normal(10 * HOP)
    rms = 10 * np.log10(np.square(wav.reshape(10, HOP)).mean(axis=1))
    np.testing.assert_allclose(frame_features(wav, SPEC)["rms_db"], rms, atol=1e-9)


def test_frame_rates_never_share_a_cached_file(tmp_path):
    soundfile.write(tmp_path / "a.wav", make_tone(200, 0.4), RATE)

    def measure(spec):
        (one,) = clip_features([make_clip(tmp_path / "a.wav", spec=spec)], tmp_path, n_jobs=1, progress=False)
        return one

    at_50 = measure(SPEC)
    for _ in range(2):  # measured, then read
        assert [len(measure(OF_RATE[rate])["rms_db"]) for rate in (75, 50, 12.5, 75)] == [30, 20, 5, 30]
    np.testing.assert_equal(measure(SPEC), at_50)
    assert len(list((tmp_path / "acoustics").iterdir())) == 4


def test_clip_features_are_cached_and_refer_to_the_speaker(tmp_path, monkeypatch):
    clips = []
    for i, hertz in enumerate((100, 200, 200)):
        soundfile.write(tmp_path / f"{i}.wav", make_tone(hertz, 0.4), RATE)
        clips.append(make_clip(tmp_path / f"{i}.wav", "a" if i < 2 else "b"))
    first = clip_features(clips, tmp_path / "cache", n_jobs=1, progress=False)
    assert set(MOVEMENTS) <= set(first[0])
    medians = [np.nanmedian(one["f0_st"]) for one in first]
    assert medians[1] - medians[0] == pytest.approx(12, abs=0.3)
    assert medians[2] == pytest.approx(0, abs=0.3)
    stored = sorted((tmp_path / "cache" / "acoustics").iterdir())
    assert [path.suffix for path in stored] == [".npz"] * 2  # clips 1 and 2 are the same audio

    monkeypatch.setattr(acoustics, "frame_features", lambda *_, **__: pytest.fail("measured again"))
    again = clip_features(clips, tmp_path / "cache", n_jobs=1, progress=False)
    for a, b in zip(first, again, strict=True):
        np.testing.assert_equal(a, b)


def test_trackers_never_share_a_cached_file(tmp_path):
    soundfile.write(tmp_path / "a.wav", make_tone(200, 0.4), RATE)
    for _ in range(2):
        for tracker in TRACKERS:
            clip_features([make_clip(tmp_path / "a.wav")], tmp_path, 1, False, tracker)
    assert len(list((tmp_path / "acoustics").iterdir())) == len(TRACKERS)


def test_line_has_its_slope_per_second():
    slope = measure_slope(3.0 * np.arange(10) / 50, 50)
    assert slope[2:-2] == pytest.approx(np.full(6, 3.0))
    assert np.isnan(slope[[0, 1, -2, -1]]).all()


def test_unvoiced_frame_hides_the_slope_around_it():
    values = np.arange(12.0)
    values[6] = np.nan
    assert (
        np.isnan(measure_slope(values, 50)).tolist()
        == [True] * 2 + [False] * 2 + [True] * 5 + [False] + [True] * 2
    )


@pytest.mark.parametrize("n", [0, 1, 4])
def test_clip_shorter_than_the_window_has_no_slope(n):
    assert np.isnan(measure_slope(np.zeros(n), 50)).all()


def test_features_are_added_to_copies_and_silence_has_a_floor():
    one = {"f0_st": np.zeros(10), "rms_db": np.r_[np.full(5, -120.0), np.full(5, -90.0)]}
    added = add_movements(one, 50)
    assert set(one) == {"f0_st", "rms_db"}
    assert np.nanmax(np.abs(added["rms_slope_db_s"])) < 1e-9
    assert added["position"][[0, -1]].tolist() == [0.05, 0.95]


def test_a_damaged_file_of_the_cache_is_told_and_measured_again(tmp_path, caplog):
    path = tmp_path / "x.npz"
    assert read_cached(path) is None and not caplog.records
    np.savez_compressed(path, f0_hz=np.arange(3.0))
    assert list(read_cached(path)["f0_hz"]) == [0, 1, 2]
    whole = path.read_bytes()
    for damaged in (b"", b"PK", whole[:-30], whole[:60] + bytes(40) + whole[100:]):
        path.write_bytes(damaged)
        assert read_cached(path) is None
    assert "x.npz: cannot be read" in caplog.text
