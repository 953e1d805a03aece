"""How sound moves: slopes of pitch and loudness, and the place in the clip, beside the frame features."""

import numpy as np

from .acoustics import SILENCE_DB

MOVEMENTS = ("f0_slope_st_s", "rms_slope_db_s", "position")
"""Names: semitones per second, dB per second, 0 (begin of the clip) to 1 (end)."""

CARD_FEATURES = ("f0_st", "voiced", "rms_db", "centroid_hz", "tilt_db_oct", *MOVEMENTS)
"""What a token card tells about sound."""

HALF_WIDTH = 2  # frames on each side of the one in the middle: a line through five frames, 100 ms


def add_dynamics(
    features: list[dict[str, np.ndarray]], frame_rate: float = 50.0
) -> list[dict[str, np.ndarray]]:
    """Add slopes and position to the features of clips.

    Parameters
    ----------
    features : list of dicts of float arrays, shape (n_frames,), as `clip_features` returns them
    frame_rate : float, frames per second

    Returns
    -------
    features : new dicts with `MOVEMENTS` beside what was there; slopes are NaN where a frame of the five is
        unvoiced (pitch) or lies outside the clip
    """
    return [
        one
        | {
            "f0_slope_st_s": measure_slope(one["f0_st"], frame_rate),
            "rms_slope_db_s": measure_slope(np.maximum(one["rms_db"], SILENCE_DB), frame_rate),
            "position": (np.arange(len(one["rms_db"])) + 0.5) / max(len(one["rms_db"]), 1),
        }
        for one in features
    ]


def measure_slope(values: np.ndarray, frame_rate: float = 50.0) -> np.ndarray:
    """Fit a line through each five neighbouring values; its slope, per second, float array (n_frames,)."""
    slope = np.full(len(values), np.nan)
    steps = np.arange(-HALF_WIDTH, HALF_WIDTH + 1)
    if len(values) >= len(steps):
        windows = np.lib.stride_tricks.sliding_window_view(np.asarray(values, dtype=float), len(steps))
        slope[HALF_WIDTH:-HALF_WIDTH] = windows @ (steps * frame_rate / (steps @ steps))
    return slope
