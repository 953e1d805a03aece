"""What layers carry: counts by hand, the bounds of information, and planted targets that probes find."""

import numpy as np
import pytest
from conftest import SPEC
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score

from speechlm_utils.clips import Clip
from speechlm_utils.codec.probing import (
    code_usage,
    frame_phones,
    phone_information,
    predict_from_codes,
)
from speechlm_utils.codec_spec import CodecSpec


def test_usage_of_even_uneven_and_constant_codes():
    even, uneven = np.arange(8) % 4, np.array([0, 0, 0, 0, 0, 0, 1, 2])
    n_used, perplexity = code_usage([np.stack([even, uneven, np.full(8, 3)])], codebook_size=6)
    assert n_used.tolist() == [4, 3, 1]
    share = np.array([6, 1, 1]) / 8
    assert perplexity == pytest.approx([4, np.exp(-(share * np.log(share)).sum()), 1])


def test_usage_joins_clips_and_refuses_codes_beyond_the_book():
    n_used, perplexity = code_usage([np.array([[0, 1]]), np.array([[2]])], codebook_size=4)
    assert n_used.tolist() == [3] and perplexity == pytest.approx([3])
    with pytest.raises(ValueError, match=r"layer 2, frame 1: code 4 outside \[0, 4\)"):
        code_usage([np.array([[0, 1], [2, 4]])], codebook_size=4)


def make_clip(phones, n_frames=10, spec=SPEC):
    return Clip("x", "", None, phones=phones, codes=np.zeros((8, n_frames), np.int16), spec=spec)


def test_a_frame_has_the_phone_at_its_centre():
    """Centres lie at 10, 30, 50 … ms: one at exactly 50 ms belongs to the phone that begins there."""
    found = frame_phones(make_clip("AH:0.011-0.050 STRUT:0.050-0.100 R:0.165-0.300"))
    assert found.tolist() == ["SIL", "AH", "STRUT", "STRUT", "STRUT", "SIL", "SIL", "SIL", "R", "R"]


@pytest.mark.parametrize(("frame_rate", "n_frames"), [(12.5, 5), (75, 30)])
def test_phones_follow_the_frame_rate(frame_rate, n_frames):
    spec = CodecSpec(24000, round(24000 / frame_rate), 64, 8)
    found = frame_phones(make_clip("AH:0.000-0.200 R:0.200-0.400", n_frames, spec))
    centres = (np.arange(n_frames) + 0.5) / frame_rate
    assert found.tolist() == ["AH" if centre < 0.2 else "R" for centre in centres]


def test_clips_without_phones_or_codes_are_named():
    for clip in (make_clip(""), Clip("x", "", None, phones="AH:0.0-0.1")):
        with pytest.raises(ValueError, match="clip x: needs codes and phones"):
            frame_phones(clip)


def test_information_is_all_of_it_none_of_it_or_half():
    rng = np.random.default_rng(0)
    phones = rng.integers(0, 4, 20000)
    codes = np.stack([10 + phones, rng.integers(0, 4, 20000), phones // 2])  # one bit of two
    np.testing.assert_allclose(phone_information(codes, phones.astype(str)), [1, 0, 0.5], atol=0.01)
    with pytest.raises(ValueError, match="inconsistent numbers of samples: .4, 5."):
        phone_information(codes[:, :5], phones[:4])


def test_a_layer_or_code_out_of_range_is_named():
    codes = np.array([[0, 2], [1, 1], [2, 0]])
    train = codes, np.zeros(2)
    with pytest.raises(ValueError, match=r"layers \[0, 4\]: the codes have layers 1 to 3"):
        predict_from_codes(train, codes, [0, 1, 4], 3)
    with pytest.raises(ValueError, match="layer 1, frame 1: code 2"):
        predict_from_codes(train, codes, [1, 3], 2)  # would be a column of the next layer


def make_frames(rng, n_frames=3000):
    """A target that layers 2 and 3 tell together and layer 1 does not; a tenth of it is unknown."""
    codes = rng.integers(0, 8, (3, n_frames))
    values = np.linspace(-2, 2, 8)
    target = values[codes[1]] + values[codes[2]] + rng.normal(0, 0.3, n_frames)
    target[rng.random(n_frames) < 0.1] = np.nan
    return codes, target


def test_probe_finds_the_layers_that_carry_the_target():
    train, test = (make_frames(np.random.default_rng(seed)) for seed in (0, 1))
    known, r2 = np.isfinite(test[1]), {}
    for layers in ((1,), (2,), (3,), (2, 3)):
        predicted = predict_from_codes(train, test[0][:, known], layers, 8)
        r2[layers] = r2_score(test[1][known], predicted)
    variance = np.var(np.linspace(-2, 2, 8))
    one, both = variance / (2 * variance + 0.09), 2 * variance / (2 * variance + 0.09)
    assert r2[(1,)] < 0.01 and r2[(2,)] == pytest.approx(one, abs=0.05)
    assert r2[(3,)] == pytest.approx(one, abs=0.05) and r2[(2, 3)] == pytest.approx(both, abs=0.02)


def test_prediction_equals_ridge_by_hand_and_unknown_frames_are_left_out():
    codes, target = make_frames(np.random.default_rng(0), 400)
    known = np.isfinite(target)
    columns = np.hstack([np.eye(8)[codes[layer]] for layer in (1, 2)])
    model = Ridge(alpha=10.0).fit(columns[known], target[known])
    found = predict_from_codes((codes, target), codes, [2, 3], codebook_size=8)
    np.testing.assert_allclose(found, model.predict(columns), atol=1e-2)
