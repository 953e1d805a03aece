"""The closed forms are minima, and the diamond's best point is a corner where theory says so."""

import numpy as np
import pytest

from speechlm_utils.selection.penalties import (
    boundary,
    minimise_within,
    quadratic_loss,
    shrink,
    soft_threshold,
)


@pytest.mark.parametrize("a", [-2.5, -0.3, 0.0, 0.9, 3.0])
def test_closed_forms_are_the_minima_of_a_fine_grid(a):
    w = np.linspace(-4, 4, 80001)
    assert soft_threshold(a, 0.8) == pytest.approx(w[((w - a) ** 2 / 2 + 0.8 * abs(w)).argmin()], abs=1e-4)
    assert shrink(a, 0.8) == pytest.approx(w[((w - a) ** 2 / 2 + 0.8 * w**2 / 2).argmin()], abs=1e-4)


def test_only_l1_is_exactly_zero():
    a = np.array([-0.5, 0.5])
    assert (soft_threshold(a, 0.5) == 0).all() and (shrink(a, 100.0) != 0).all()


def test_round_loss_is_projected_on_the_circle_and_on_a_corner():
    best = minimise_within([2.0, 0.5], np.eye(2), 1.0, "l2")
    np.testing.assert_allclose(best, np.array([2.0, 0.5]) / np.hypot(2.0, 0.5), atol=1e-3)
    np.testing.assert_array_equal(minimise_within([2.0, 0.5], np.eye(2), 1.0, "l1"), [1.0, 0.0])
    np.testing.assert_allclose(minimise_within([1.0, 1.0], np.eye(2), 1.0, "l1"), [0.5, 0.5])


@pytest.mark.parametrize("norm", ["l1", "l2"])
def test_minimum_inside_stays_and_boundary_has_the_norm(norm):
    assert minimise_within([0.1, -0.2], np.eye(2), 1.0, norm).tolist() == [0.1, -0.2]
    norms = np.linalg.norm(boundary(norm, 0.7), ord=1 if norm == "l1" else 2, axis=1)
    np.testing.assert_allclose(norms, 0.7)


def test_loss_is_the_quadratic_form():
    matrix = np.array([[1.0, 0.5], [0.5, 2.0]])
    assert quadratic_loss([2.0, 1.0], np.array([1.0, 0.0]), matrix) == pytest.approx(1 + 2 * 0.5 + 2)


def test_bad_values_are_named():
    with pytest.raises(ValueError, match="strength=-1"):
        soft_threshold(1.0, -1)
    with pytest.raises(ValueError, match="strength=-2"):
        shrink(1.0, -2)
    with pytest.raises(ValueError, match="norm='l3'"):
        boundary("l3", 1.0)
