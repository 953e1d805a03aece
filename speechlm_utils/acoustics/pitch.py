"""The pitch of every frame: by SwiftF0, a small neural network, or by pYIN of librosa."""

import math
from functools import cache

import librosa
import numpy as np

from ..codec_spec import CodecSpec
from .spectra import pad_to_frames

TRACKERS = ("swiftf0", "pyin")
"""The first is the default: about seven times as fast as pYIN, and nearer to what was planted in the demo."""
F0_RANGE_HZ = (65.0, 500.0)
PITCH_SECONDS = 0.064  # pYIN's window (or a whole frame, if longer): four periods of the lowest pitch
LEAST_SECONDS = 0.1  # of sound that SwiftF0 is given; a shorter clip is padded
MAX_SEMITONES = 12.0  # from the clip's median; farther away, noise was nearly always taken for a voice


def track_pitch(wav: np.ndarray, spec: CodecSpec, tracker: str = TRACKERS[0]) -> np.ndarray:
    """Track the pitch in the middle of every frame.

    Parameters
    ----------
    wav : float array, shape (n_samples,), mono, full scale at 1, at the sample rate of the spec
    spec : CodecSpec, whose frames are measured
    tracker : "swiftf0" (arXiv 2508.18440) or "pyin" (`librosa.pyin`)

    Returns
    -------
    f0_hz : float array, shape (n_frames,), n_frames = ceil(n_samples / hop)
        NaN where there is no voice, and more than an octave from the clip's median.

    Raises
    ------
    ValueError
        If there is no such tracker.
    """
    if tracker not in TRACKERS:
        raise ValueError(f"unknown pitch tracker {tracker!r}: choose one of {', '.join(TRACKERS)}")
    f0_hz = (_track_swiftf0 if tracker == "swiftf0" else _track_pyin)(wav, spec)
    return np.where(np.abs(semitones(f0_hz)) > MAX_SEMITONES, np.nan, f0_hz)


def semitones(f0_hz: np.ndarray, median_hz: float | None = None) -> np.ndarray:
    """Express a pitch track in semitones about a median (its own by default); unvoiced frames stay NaN."""
    f0_hz = np.asarray(f0_hz, dtype=float)
    if median_hz is None:
        voiced = f0_hz[np.isfinite(f0_hz)]
        median_hz = float(np.median(voiced)) if voiced.size else 1.0
    return 12 * np.log2(f0_hz / median_hz)


@cache
def _load_swiftf0():
    from swift_f0 import SwiftF0

    return SwiftF0(threads=1, spin=False)


def _track_swiftf0(wav: np.ndarray, spec: CodecSpec) -> np.ndarray:
    """Track with SwiftF0, whose frames last 16 ms, and read the track in the middle of the codec's frames."""
    middle = (np.arange(math.ceil(wav.size / spec.hop)) + 0.5) * spec.hop / spec.sample_rate
    padded = np.pad(wav, (0, max(0, round(LEAST_SECONDS * spec.sample_rate) - wav.size)))
    found = _load_swiftf0().detect(padded, spec.sample_rate, *F0_RANGE_HZ)
    nearest = np.abs(found.timestamps[:, None] - middle).argmin(axis=0)
    return np.where(found.confidence >= 0.5, found.pitch_hz, np.nan)[nearest]


def _track_pyin(wav: np.ndarray, spec: CodecSpec) -> np.ndarray:
    window = max(round(PITCH_SECONDS * spec.sample_rate), spec.hop)
    padded, (low, high) = pad_to_frames(wav, spec.hop, window), F0_RANGE_HZ
    f0_hz, _, _ = librosa.pyin(
        padded,
        fmin=low,
        fmax=high,
        sr=spec.sample_rate,
        frame_length=window,
        hop_length=spec.hop,
        center=False,
    )
    return f0_hz
