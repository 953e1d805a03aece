"""Slopes and place in the clip: a line has its slope, edges and unvoiced neighbours have none."""

import numpy as np
import pytest

from speechlm_utils.acoustics.features import add_dynamics, measure_slope


def test_line_has_its_slope_per_second():
    slope = measure_slope(3.0 * np.arange(10) / 50)
    assert slope[2:-2] == pytest.approx(np.full(6, 3.0))
    assert np.isnan(slope[[0, 1, -2, -1]]).all()


def test_unvoiced_frame_hides_the_slope_around_it():
    values = np.arange(12.0)
    values[6] = np.nan
    assert (
        np.isnan(measure_slope(values)).tolist()
        == [True] * 2 + [False] * 2 + [True] * 5 + [False] + [True] * 2
    )


@pytest.mark.parametrize("n", [0, 1, 4])
def test_clip_shorter_than_the_window_has_no_slope(n):
    assert np.isnan(measure_slope(np.zeros(n))).all()


def test_features_are_added_to_copies_and_silence_has_a_floor():
    one = {"f0_st": np.zeros(10), "rms_db": np.r_[np.full(5, -120.0), np.full(5, -90.0)]}
    (added,) = add_dynamics([one])
    assert set(one) == {"f0_st", "rms_db"}
    assert np.nanmax(np.abs(added["rms_slope_db_s"])) == 0
    assert added["position"][[0, -1]].tolist() == [0.05, 0.95]
