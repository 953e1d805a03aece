"""Residual VQ by hand against points that are exact sums of two codebooks, and against brute force."""

import numpy as np
import pytest

from speechlm_utils.codec.residual_vq import fit_codebooks, quantise, reconstruct

COARSE = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
FINE = np.array([[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0]])


def test_sums_of_two_codebooks_come_back_exactly():
    points = (COARSE[:, None] + FINE[None]).reshape(-1, 2)
    codebooks = [COARSE, FINE]
    codes = quantise(points, codebooks)
    assert np.array_equal(codes, [np.repeat(np.arange(3), 4), np.tile(np.arange(4), 3)])
    assert np.allclose(reconstruct(codes, codebooks), points)
    assert np.allclose(reconstruct(codes, codebooks, 1), np.repeat(COARSE, 4, axis=0))


def test_fitted_codebooks_find_the_planted_structure():
    rng = np.random.default_rng(0)
    coarse, fine = rng.integers(0, 3, 600), rng.integers(0, 4, 600)
    points = COARSE[coarse] + FINE[fine] + rng.normal(0, 0.02, (600, 2))
    first = fit_codebooks(points, 1, 3)
    assert first.shape == (1, 3, 2)
    assert np.allclose(np.sort(first[0].sum(axis=1)), [0, 10, 10], atol=0.5)


def test_error_falls_with_every_layer_and_codes_are_the_nearest():
    points = np.random.default_rng(1).normal(size=(500, 2))
    codebooks = fit_codebooks(points, 4, 6)
    codes = quantise(points, codebooks)
    assert codes.shape == (4, 500)
    errors = [np.square(points - reconstruct(codes, codebooks, n)).mean() for n in (1, 2, 3, 4)]
    assert np.all(np.diff(errors) < 0)
    brute = [min(range(6), key=lambda k: np.linalg.norm(p - codebooks[0][k])) for p in points[:50]]
    assert np.array_equal(quantise(points[:50], codebooks[:1])[0], brute)


def test_number_of_layers_out_of_range_is_named():
    with pytest.raises(ValueError, match="n_layers=3: must be from 1 to 2"):
        reconstruct(np.zeros((2, 4), int), np.zeros((2, 3, 2)), 3)
