"""A clip's sound in a row of numbers: pitch, level, spectrum and pauses, measured without any tokenizer.

The baseline that speech tokens have to be held against. Pitch is that of the highest peak of the frame's
autocorrelation: ten times as fast as pYIN, and as good a baseline.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..clips import Clip
from ..codec_spec import CodecSpec
from .features import (
    F0_RANGE_HZ,
    MAX_SEMITONES,
    PITCH_SECONDS,
    measure_clips,
    measure_frames,
    pad_to_frames,
    semitones,
)

MEASURED = ("f0_st", "f0_hz", "rms_db", "centroid_hz", "tilt_db_oct", "f0_slope_st_s", "rms_slope_db_s")
PAUSE_DB = 30  # below the loudest frame
SUMMARY_VERSION = 1  # raise it when a frame is measured otherwise
_OCTAVE_COST = 0.01  # of correlation, for every octave that a period is longer: against octave errors
_LEAST_PEAK = 0.5  # of a voiced frame


def summarise_clips(clips: Sequence[Clip], cache_dir: Path | str, n_jobs: int = 2) -> dict[str, np.ndarray]:
    """Summarise each clip: means, deviations, quantiles of `MEASURED`; voicing, pauses, number of frames.

    Clips need codes (their frames are measured); pitch is counted from the median of each speaker's clips.
    Returns clip id -> float array (n_columns,). cache_dir keeps the frames of every clip.
    """
    frames = measure_clips(clips, cache_dir, measure_quickly, f"s{SUMMARY_VERSION}", n_jobs, progress=False)
    return {clip.id: summarise_frames(one) for clip, one in zip(clips, frames, strict=True)}


def track_pitch(wav: np.ndarray, spec: CodecSpec) -> np.ndarray:
    """Return the pitch of every frame in Hz, float array (n_frames,), NaN where there is none."""
    window = max(round(PITCH_SECONDS * spec.sample_rate), spec.hop)
    padded, shape = pad_to_frames(wav, spec.hop, window), np.hanning(window)
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[:: spec.hop] * shape
    low, high = (int(spec.sample_rate / hz) for hz in F0_RANGE_HZ[::-1])
    lags = np.arange(low, min(high + 1, window // 2))
    own, all_lags = _correlate(shape[None], lags), _correlate(frames, lags)
    correlation = all_lags / own
    best = (correlation - _OCTAVE_COST * np.log2(lags)).argmax(axis=1)
    peak = correlation[np.arange(len(best)), best]
    f0_hz = np.where(peak > _LEAST_PEAK, spec.sample_rate / lags[best], np.nan)
    return np.where(np.abs(semitones(f0_hz)) > MAX_SEMITONES, np.nan, f0_hz)


def _correlate(frames: np.ndarray, lags: np.ndarray) -> np.ndarray:
    """Return the autocorrelation of frames (n_frames, window) at some lags, 1 at lag 0."""
    size = 2 * frames.shape[1]
    found = np.fft.irfft(np.abs(np.fft.rfft(frames, size)) ** 2)
    return found[:, lags] / np.maximum(found[:, :1], 1e-12)


def measure_quickly(wav: np.ndarray, spec: CodecSpec) -> dict[str, np.ndarray]:
    """Measure frames as `frame_features` does, but with pitch and voicing by `track_pitch`."""
    frames = measure_frames(wav, spec)
    f0_hz = np.where(frames["rms_db"] > frames["rms_db"].max() - PAUSE_DB - 5, track_pitch(wav, spec), np.nan)
    return frames | {"f0_hz": f0_hz, "voiced": np.isfinite(f0_hz).astype(float)}


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
