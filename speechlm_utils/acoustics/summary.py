"""A clip's sound in a row of numbers: pitch, level, spectrum and pauses, measured without any tokenizer.

The baseline that speech tokens have to be held against. Pitch is that of the highest peak of the frame's
autocorrelation: ten times as fast as pYIN, and as good a baseline.
"""

from collections.abc import Sequence
from pathlib import Path

import joblib
import numpy as np

from ..audio import AudioFiles, hash_file, load_audio
from ..clips import Clip
from ..codec_spec import CodecSpec, shared_spec
from ..files import write_atomically
from .features import (
    F0_RANGE_HZ,
    MAX_SEMITONES,
    PITCH_SECONDS,
    add_movements,
    measure_frames,
    pad_to_frames,
    semitones,
    speaker_medians,
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
    spec = shared_spec(clips)
    jobs = (joblib.delayed(_read_or_measure)(clip.audio, cache_dir, spec) for clip in clips)
    frames, found = joblib.Parallel(n_jobs=n_jobs)(jobs), {}
    medians = speaker_medians(clips, frames)
    for clip, one in zip(clips, frames, strict=True):
        one["f0_st"] = semitones(one["f0_hz"], medians[clip.speaker])
        found[clip.id] = _summarise(add_movements(one, spec.frame_rate))
    return found


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


def _read_or_measure(audio: AudioFiles, cache_dir: Path | str, spec: CodecSpec) -> dict[str, np.ndarray]:
    name = f"{hash_file(audio)}-{spec.sample_rate}-{spec.hop}-s{SUMMARY_VERSION}.npz"
    path = Path(cache_dir) / "acoustics" / name
    if path.exists():
        with np.load(path) as stored:
            return dict(stored)
    wav = load_audio(audio, spec.sample_rate)
    frames = measure_frames(wav, spec)
    f0_hz = np.where(frames["rms_db"] > frames["rms_db"].max() - PAUSE_DB - 5, track_pitch(wav, spec), np.nan)
    frames |= {"f0_hz": f0_hz, "voiced": np.isfinite(f0_hz).astype(float)}
    with write_atomically(path) as part:
        np.savez(part, **frames)
    return frames


def _summarise(one: dict[str, np.ndarray]) -> np.ndarray:
    paused = one["rms_db"] < one["rms_db"].max() - PAUSE_DB
    row = [one["voiced"].mean(), paused.mean(), len(paused)]
    for name in MEASURED:
        known = one[name][np.isfinite(one[name])]
        row += [*np.quantile(known, (0.1, 0.5, 0.9)), known.mean(), known.std()] if known.size else [0.0] * 5
    return np.array(row)
