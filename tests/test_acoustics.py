"""Planted sounds and associations: a tone of known pitch, a click in its frame, a token tied to loudness."""

from dataclasses import dataclass, field

import numpy as np
import pytest
import soundfile

from speechlm_utils import acoustics
from speechlm_utils.acoustics import clip_features, frame_features, semitones
from speechlm_utils.association import (
    correct_p_values,
    mark_tokens,
    standardise_by_speaker,
    strong_shares,
    token_associations,
)
from speechlm_utils.recovery import planted_recovery, summarise_features, token_shares

RATE, HOP = 16000, 320
LOUD, PLAIN = (2, 7), (5, 3)


@dataclass
class FakeClip:
    """What the functions read of a Clip."""

    id: str
    speaker: str = "a"
    codes: np.ndarray | None = None
    audio: object = None
    group: str = "s"
    planted: dict = field(default_factory=dict)


def make_tone(hertz, seconds, gain=0.3):
    """A tone with a few harmonics, as a voice has."""
    t = np.arange(round(seconds * RATE)) / RATE
    return gain * sum(np.sin(2 * np.pi * hertz * k * t) / k for k in (1, 2, 3, 4)) / 2


# --- features -----------------------------------------------------------------------------------------------


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


# --- tokens against features --------------------------------------------------------------------------------


def make_clips(n_clips, rng, n_frames=60, n_codes=20):
    """Clips of random codes; neighbouring frames and frames of one clip share features, as in speech."""
    clips, features = [], []
    for i in range(n_clips):
        codes = rng.integers(0, n_codes, size=(8, n_frames))
        level = rng.standard_normal() + np.convolve(
            rng.standard_normal(n_frames + 4), np.ones(5) / 2, "valid"
        )
        clips.append(FakeClip(f"c{i}", speaker=f"v{i % 4}", codes=codes))
        features.append(
            {"rms_db": -30 + 5 * level, "f0_st": np.where(rng.random(n_frames) < 0.5, np.nan, level)}
        )
    return clips, features


def test_planted_association_is_found_with_its_size():
    clips, features = make_clips(60, np.random.default_rng(0))
    for clip, one in zip(clips, features, strict=True):
        one["rms_db"] = one["rms_db"] + 12 * (clip.codes[LOUD[0] - 1] == LOUD[1])
    table = token_associations(clips, features, [LOUD, PLAIN], n_resamples=300, names=("rms_db",))
    loud, plain = table.iloc[0], table.iloc[1]
    assert (loud.layer, loud.code) == LOUD
    assert loud.low < loud.effect < loud.high
    assert loud.effect > 0.8
    assert loud.q < 1e-6
    assert abs(plain.effect) < 0.2


def test_effect_is_cohens_d_with_unvoiced_frames_left_out():
    clips, features = make_clips(12, np.random.default_rng(1))
    table = token_associations(clips, features, [LOUD], n_resamples=20, names=("f0_st",))
    scaled = np.concatenate(standardise_by_speaker(clips, features, ("f0_st",)))[:, 0]
    hits = np.concatenate([clip.codes[1] == 7 for clip in clips])
    a, b = (scaled[side & np.isfinite(scaled)] for side in (hits, ~hits))
    pooled = np.sqrt((a.var() * a.size + b.var() * b.size) / (a.size + b.size - 2))
    assert table.effect[0] == pytest.approx((a.mean() - b.mean()) / pooled)
    assert table.n_frames[0] == a.size


def test_without_association_p_values_are_about_uniform():
    rng = np.random.default_rng(2)
    clips, features = make_clips(80, rng)
    tokens = [(layer, code) for layer in range(1, 9) for code in range(20)]
    table = token_associations(clips, features, tokens, n_resamples=300, names=("rms_db", "f0_st"))
    assert 0.02 < (table.p < 0.05).mean() < 0.09
    assert 0.4 < table.p.median() < 0.6
    assert (table.q < 0.05).sum() <= 1


def test_rare_token_gets_no_interval():
    clips, features = make_clips(10, np.random.default_rng(3))
    clips[0].codes[3, :5] = 999
    row = token_associations(clips, features, [(4, 999), (4, 1)], n_resamples=50, names=("rms_db",)).iloc[0]
    assert np.isfinite(row.effect)
    assert np.isnan([row.low, row.high, row.p, row.q]).all()
    assert row.n_clips == 1


def test_absent_token_gets_nan():
    clips, features = make_clips(8, np.random.default_rng(3))
    row = token_associations(clips, features, [(4, 999)], n_resamples=50, names=("rms_db",)).iloc[0]
    assert np.isnan(row.effect)
    assert row.n_frames == 0


def test_strong_shares_count_tokens_that_are_large_and_sure():
    clips, features = make_clips(60, np.random.default_rng(0))
    for clip, one in zip(clips, features, strict=True):
        one["rms_db"] = one["rms_db"] + 12 * (clip.codes[LOUD[0] - 1] == LOUD[1])
    tokens = [LOUD, PLAIN, (4, 999), (6, 1)]
    shares = strong_shares(token_associations(clips, features, tokens, 200, names=("rms_db", "f0_st")))
    assert shares.to_dict() == {"rms_db": 0.25, "f0_st": 0.0, "any": 0.25}


def test_same_seed_same_table():
    clips, features = make_clips(10, np.random.default_rng(4))
    tables = [token_associations(clips, features, [LOUD], 50, seed=7, names=("rms_db",)) for _ in range(2)]
    assert tables[0].equals(tables[1])


def test_q_values_ignore_missing_tests():
    q = correct_p_values(np.array([0.01, np.nan, 0.04]))
    np.testing.assert_allclose(q, [0.02, np.nan, 0.04])


def test_frames_of_codes_and_features_must_agree():
    clips, features = make_clips(6, np.random.default_rng(5))
    clips[2].codes = clips[2].codes[:, :-1]
    with pytest.raises(ValueError, match="clip c2 has 59 frames of codes but 60"):
        token_associations(clips, features, [LOUD], 10, names=("rms_db",))
    with pytest.raises(ValueError, match="6 clips but features of 5"):
        token_associations(clips, features[:5], [LOUD], 10, names=("rms_db",))


def test_clip_without_codes_and_token_of_no_layer_are_named():
    with pytest.raises(ValueError, match="clip x has no codes"):
        token_shares([FakeClip("x")], [LOUD])
    with pytest.raises(ValueError, match="layers 2 to 9"):
        mark_tokens(np.zeros((8, 3), dtype=int), [LOUD, (9, 0)])


# --- planted parameters -------------------------------------------------------------------------------------


def make_planted_clips(n_clips=80):
    """Token L2-0007 becomes more frequent with the gain; the other parameter leaves no trace in the codes."""
    rng = np.random.default_rng(6)
    clips = []
    for i in range(n_clips):
        gain, lost = rng.normal(0, 3, size=2)
        codes = rng.integers(0, 20, size=(8, 150))
        codes[1, rng.random(150) < 0.3 + 0.05 * np.clip(gain, -5, 5)] = 7
        clips.append(
            FakeClip(f"c{i}", f"v{i % 8}", codes, planted={"gain_db": gain, "lost": lost, "fixed": 1.0})
        )
    return clips


def test_planted_parameter_is_recovered_and_controls_are_not():
    table = planted_recovery(
        make_planted_clips(),
        {"selected": [LOUD, (2, 3)], "control": [PLAIN, (6, 2)]},
        n_folds=4,
        seeds=(0, 1),
    )
    mean = table.groupby(["parameter", "tokens"]).r2.mean()
    assert mean["gain_db", "selected"] > 0.7
    assert mean["gain_db", "control"] < 0.1
    assert mean["lost", "selected"] < 0.1
    assert len(table) == 2 * 2 * 2 * 4  # parameters x sets x seeds x folds; "fixed" does not vary


def test_recovery_needs_planted_parameters():
    with pytest.raises(ValueError, match="none of the 3 clips"):
        planted_recovery([FakeClip(str(i), codes=np.zeros((8, 4), int)) for i in range(3)], {"s": [LOUD]})


def test_measured_features_stand_beside_tokens():
    clips = make_planted_clips()
    gain = np.array([[clip.planted["gain_db"]] for clip in clips])
    table = planted_recovery(clips, {"t": [PLAIN]}, ["gain_db"], 4, (0,), measured={"measured": gain})
    mean = table.groupby("tokens").r2.mean()
    assert mean["measured"] > 0.95 > 0.1 > mean["t"]


def test_summary_tells_level_pitch_and_length():
    loud, soft = (frame_features(make_tone(200, 0.5, gain=gain)) for gain in (0.3, 0.03))
    low = frame_features(make_tone(100, 0.8), median_hz=200.0)
    for one in (loud, soft):
        one["f0_st"] = semitones(one["f0_hz"], 200.0)
    rows = summarise_features([loud, soft, low, frame_features(np.zeros(6400))])
    assert rows.shape == (4, 12) and np.isfinite(rows).all()
    assert rows[0, 3] - rows[1, 3] == pytest.approx(20, abs=0.5)
    assert rows[0, 0] - rows[2, 0] == pytest.approx(12, abs=0.3)
    assert rows[:, -1].tolist() == [25, 25, 40, 20] and not rows[3, :8].any()
