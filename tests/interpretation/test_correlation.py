"""Correlations within a voice and its words: planted links are found, what the words explain is not."""

import numpy as np
import pytest

from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.clips import Clip
from speechlm_utils.interpretation.correlation import (
    centre_by,
    compare_strength,
    correlate,
    list_cells,
    permutation_p_values,
    permute_within,
    resample_strength,
    scale,
)

VOICES = np.repeat(np.arange(8), 20)
CELLS = np.repeat(np.arange(80), 2)


def draw(seed, *shape):
    """Noise, centred within cells."""
    return centre_by(np.random.default_rng(seed).normal(size=(160, *shape)), CELLS).copy()


def test_cells_are_a_voice_and_its_words():
    clips = [Clip(str(i), text, None, speaker=v) for i, (v, text) in enumerate(("ax", "ay", "bx", "ax"))]
    assert list_cells(clips).tolist() == [0, 1, 2, 0]


def test_what_the_words_explain_is_taken_off():
    words = np.random.default_rng(0).normal(size=(80, 1))[CELLS]
    x, y = (centre_by(words + 0.1 * np.random.default_rng(k).normal(size=(160, 1)), CELLS) for k in (1, 2))
    assert correlate(words - words.mean(), words - words.mean())[0, 0] == pytest.approx(1)
    assert abs(correlate(x, y)[0, 0]) < 0.25
    np.testing.assert_allclose(centre_by([[1.0], [3.0], [5.0]], ["a", "a", "b"]), [[-1], [1], [0]])


def test_r_is_numpys_and_zero_where_nothing_varies():
    x, y = draw(1, 3), draw(2, 2)
    x[:, 1] = 0
    found = correlate(x, y)
    assert found[0, 1] == pytest.approx(np.corrcoef(x[:, 0], y[:, 1])[0, 1])
    assert np.all(found[1] == 0) and np.all(scale(x)[:, 1] == 0)


def test_orders_stay_within_cells():
    orders = permute_within(CELLS, 50, np.random.default_rng(0))
    assert np.all(CELLS[orders] == CELLS) and len({tuple(one) for one in orders}) == 50
    assert 0.4 < (orders == np.arange(160)).mean() < 0.6


def test_a_planted_link_is_sure_and_noise_is_as_it_should_be():
    x, y = draw(1, 40), draw(2, 3)
    y[:, 0] += 0.6 * x[:, 0]
    p, floor = permutation_p_values(x, y, CELLS, 999)
    assert p[0, 0] == pytest.approx(1 / 1000)
    others = np.delete(p.ravel(), 0)
    assert 0.02 < (others < 0.1).mean() < 0.2 and abs(np.median(others) - 0.5) < 0.12
    assert floor == pytest.approx(np.abs(correlate(draw(3, 200), y)).mean(), rel=0.1)


def test_strength_of_resamples_is_that_of_the_voices_drawn():
    x, y = draw(1, 4), draw(2, 3)
    found = resample_strength(x, y, VOICES, Bootstrap(20, 5))
    assert found[0] == pytest.approx(np.abs(correlate(x, y)).mean()) and len(found) == 21
    counts = np.random.default_rng(5).multinomial(8, np.full(8, 1 / 8), 20)[3]
    rows = np.concatenate([np.flatnonzero(VOICES == k) for k in np.repeat(np.arange(8), counts)])
    assert found[4] == pytest.approx(np.abs(correlate(x[rows], y[rows])).mean())


def test_a_stronger_set_is_above_and_an_equal_one_is_not_decided():
    y = draw(0, 3)
    strong = draw(1, 10)
    strong[:, :5] += y[:, [0]]
    controls = [draw(k, 10) for k in range(2, 12)]
    found = compare_strength(strong, controls, y, VOICES, Bootstrap(300))
    assert found.verdict == "above" and found.n == (8, 10) and found.unit == "voices and draws"
    assert compare_strength(draw(20, 10), controls, y, VOICES, Bootstrap(300)).verdict == "not decided"
