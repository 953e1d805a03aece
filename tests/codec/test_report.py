"""The codec's report on planted codes: one layer is the phones, one is noise, one is the pitch."""

import numpy as np
import pytest
from sklearn.metrics import r2_score

from speechlm_utils.bootstrap import Bootstrap, Resamples
from speechlm_utils.clips import Clip
from speechlm_utils.codec.probing import phone_information, predict_from_codes
from speechlm_utils.codec.report import (
    measure_speed,
    report_phones,
    report_probes,
    resample_r2,
)
from speechlm_utils.codec_spec import CodecSpec

PHONES = ("AA", "B", "IY", "S")
N_CODES = 32
SPEC = CodecSpec(16000, 320, N_CODES, 3)


def make_clip(number, rng):
    """100 frames: layer 1 follows the phone, layer 2 is noise, layer 3 follows the pitch."""
    phones = rng.integers(0, 4, 20)  # each 0.1 s long, five frames
    pitch = rng.integers(0, 8, 100)
    codes = np.stack([np.repeat(phones, 5), rng.integers(0, N_CODES, 100), pitch]).astype(np.int16)
    spans = " ".join(f"{PHONES[p]}:{k * 0.1:.2f}-{(k + 1) * 0.1:.2f}" for k, p in enumerate(phones))
    clip = Clip(str(number), "", None, speaker=f"v{number % 3}", phones=spans, codes=codes, spec=SPEC)
    f0 = np.where(rng.random(100) < 0.7, pitch - 4.0 + rng.normal(0, 0.2, 100), np.nan)
    return clip, {"f0_st": f0, "rms_db": rng.normal(size=100)}


@pytest.fixture(scope="module")
def planted():
    rng = np.random.default_rng(0)
    clips, features = zip(*(make_clip(k, rng) for k in range(30)), strict=True)
    return list(clips), list(features)


def test_phones_lie_in_the_layer_that_follows_them(planted):
    report = report_phones(planted[0])
    assert report.pnmi[1] == pytest.approx(1) and np.all(report.pnmi[2:] < 0.05)
    assert np.all(report.floor < 0.05) and np.all(report.error < 0.02) and list(report.index) == [1, 2, 3]


def test_floor_is_what_too_few_frames_give_and_one_voice_has_no_spread(planted):
    few = report_phones([clip for clip in planted[0] if clip.speaker == "v0"][:2])
    assert few.floor[2] > 0.1 and few.pnmi[2] == pytest.approx(few.floor[2], abs=0.1)
    assert np.all(np.isnan(few.error))


def test_jackknife_of_a_mean_is_its_standard_error(planted):
    """Each voice alone in turn left out: by hand for three voices."""
    clips = planted[0]
    codes = np.concatenate([c.codes for c in clips], axis=1)
    phones = np.concatenate([np.repeat(c.codes[0][::5], 5) for c in clips])
    voice = np.repeat([c.speaker for c in clips], 100)
    left = np.array(
        [phone_information(codes[:, voice != v], phones[voice != v])[1] for v in ("v0", "v1", "v2")]
    )
    assert report_phones(clips).error[2] == pytest.approx(np.sqrt(2 / 3 * ((left - left.mean()) ** 2).sum()))


def test_probes_find_pitch_where_it_was_planted(planted):
    train, test = ([part[:20] for part in planted], [part[20:] for part in planted])
    sets = {"1": [1], "2": [2], "2-3": [2, 3]}
    table = report_probes(train, test, sets, Bootstrap(200))
    intervals = table.set_index(["target", "layers"])["r2"]
    r2 = intervals.map(lambda one: one.estimate)
    assert r2["f0_st", "2-3"] > 0.95 and r2["f0_st", "1"] < 0.05 and r2["rms_db", "2-3"] < 0.05
    assert all(one.low <= one.estimate <= one.high and one.n == (10, 3) for one in intervals)
    gain = table.set_index(["target", "layers"])["gain"]
    assert gain["f0_st", "1"].values == [0, 0, 0] and gain["f0_st", "2-3"].verdict == "above"
    assert gain["f0_st", "2-3"].estimate == pytest.approx(r2["f0_st", "2-3"] - r2["f0_st", "1"])
    voiced = sum(np.isfinite(f["f0_st"]).sum() for f in planted[1][20:])
    assert list(table["n_test"][:3]) == [voiced] * 3 and list(table["n_test"][3:]) == [1000] * 3


def test_prediction_is_what_the_score_is_made_from(planted):
    codes = np.concatenate([clip.codes for clip in planted[0]], axis=1)
    target = np.concatenate([one["f0_st"] for one in planted[1]])
    parts = (codes[:, :2000], target[:2000]), (codes[:, 2000:], target[2000:])
    known = np.isfinite(parts[1][1])
    predicted = predict_from_codes(parts[0], parts[1][0][:, known], [3], codebook_size=N_CODES)
    expected = r2_score(parts[1][1][known], predicted)
    drawn = Resamples({"clips": np.arange(known.sum()) // 20}, Bootstrap(200))
    r2 = drawn.interval(resample_r2(parts[1][1][known], predicted, drawn), None)
    assert r2.estimate == pytest.approx(expected) and r2.low < r2.estimate < r2.high


def test_speed_counts_seconds_of_computing_per_second_of_audio(tiny_codec):
    encode, decode = measure_speed(tiny_codec, [np.zeros(8000, np.float32)] * 3)
    assert encode.shape == decode.shape == (3,) and np.all(encode > 0) and np.all(encode < 5)
