"""A clip's sound in a row of numbers: pitch, level, spectrum and pauses, measured without any tokenizer.

The baseline that speech tokens have to be held against.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..clips import Clip
from .features import clip_features

MEASURED = ("f0_st", "f0_hz", "rms_db", "centroid_hz", "tilt_db_oct", "f0_slope_st_s", "rms_slope_db_s")
PAUSE_DB = 30  # below the loudest frame


def summarise_clips(clips: Sequence[Clip], cache_dir: Path | str, n_jobs: int = 2) -> dict[str, np.ndarray]:
    """Summarise each clip: means, deviations, quantiles of `MEASURED`; voicing, pauses, number of frames.

    Clips need codes (their frames are measured); pitch is counted from the median of each speaker's clips.
    Returns clip id -> float array (n_columns,). cache_dir keeps the frames of every clip.
    """
    frames = clip_features(clips, cache_dir, n_jobs, progress=False)
    return {clip.id: summarise_frames(one) for clip, one in zip(clips, frames, strict=True)}


def summarise_frames(one: dict[str, np.ndarray]) -> np.ndarray:
    """Summarise the frames of a clip, with movements, in a row: float array (n_columns,)."""
    row = [one["voiced"].mean(), measure_pauses(one["rms_db"]), len(one["rms_db"])]
    for name in MEASURED:
        known = one[name][np.isfinite(one[name])]
        row += [*np.quantile(known, (0.1, 0.5, 0.9)), known.mean(), known.std()] if known.size else [0.0] * 5
    return np.array(row)


def measure_pauses(rms_db: np.ndarray) -> float:
    """Return the share of frames that are `PAUSE_DB` below the loudest."""
    return float(np.mean(rms_db < rms_db.max() - PAUSE_DB))
