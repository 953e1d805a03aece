"""Acoustic features of every frame, aligned with the codec's frames.

At 50 frames/s, frame k covers the samples 320 k … 320 k + 319 (16 kHz). Loudness and zero crossings are
measured on exactly these samples; spectrum and pitch need a longer window, which is centred on them. The
statistics that join features with tokens are in `association`.
"""

import math
from pathlib import Path

import joblib
import librosa
import numpy as np
from tqdm import tqdm

from ..audio import AudioFiles, hash_audio, load_audio
from ..files import write_atomically

FEATURES = ("f0_st", "voiced", "rms_db", "centroid_hz", "zcr", "tilt_db_oct")
"""Names of the features: semitones, 0 or 1, dB, Hz, crossings per sample, dB per octave."""
F0_RANGE_HZ = (65.0, 500.0)
TILT_RANGE_HZ = (100.0, 5000.0)
PITCH_WINDOW = 1024  # samples, or the whole frame where it is longer; four periods of the lowest pitch
SPECTRUM_WINDOW = 512  # samples, or the whole frame where it is longer
SILENCE_DB = -90.0  # below it a frame is digital silence: its spectrum has no shape to measure
MAX_SEMITONES = 12.0  # from the clip's median; farther away, pYIN has nearly always taken noise for a voice
CACHE_VERSION = 2  # raise it when a feature is computed otherwise: older cached files are then passed by
MOVEMENTS = ("f0_slope_st_s", "rms_slope_db_s", "position")
"""Names: semitones per second, dB per second, 0 (begin of the clip) to 1 (end)."""
CARD_FEATURES = ("f0_st", "voiced", "rms_db", "centroid_hz", "tilt_db_oct", *MOVEMENTS)
"""What a token card tells about sound."""
HALF_WIDTH = 2  # frames on each side of the one in the middle: a line through five frames, 100 ms


def frame_features(
    wav: np.ndarray, sample_rate: int = 16000, frame_rate: float = 50, median_hz: float | None = None
) -> dict[str, np.ndarray]:
    """Measure pitch, voicing, loudness and spectrum in every frame of a clip.

    Parameters
    ----------
    wav : float array, shape (n_samples,), mono, full scale at 1
    sample_rate : int, samples per second
    frame_rate : float, frames per second; where it does not divide the sample rate, the sound is resampled to
        the nearest rate that it divides (75 frames/s: from 16,000 to 15,975 Hz)
    median_hz : float, pitch that counts as 0 semitones; default: the median of this clip's voiced frames

    Returns
    -------
    features : dict of float arrays, each of shape (n_frames,), n_frames = ceil(seconds * frame_rate)
        `f0_hz` and `f0_st` (NaN where unvoiced, or more than an octave from the clip's median, where pYIN is
        nearly always wrong), `voiced` (0 or 1, likewise), `rms_db` (dB re full scale),
        `centroid_hz`, `tilt_db_oct` (both NaN in digital silence) and `zcr` (zero crossings per sample).

    Raises
    ------
    ValueError
        If the clip is empty or not mono, or if the frame rate is not above 0, or above the sample rate.
    """
    if wav.ndim != 1 or wav.size == 0:
        raise ValueError(
            f"expected mono audio of shape (n_samples,) with n_samples > 0, got shape {wav.shape}"
        )
    if not 0 < frame_rate <= sample_rate:
        raise ValueError(f"frame_rate {frame_rate}: must be above 0, at most sample_rate {sample_rate}")
    wav, sample_rate, hop = _divide_evenly(wav, sample_rate, frame_rate)
    f0_hz, voiced = _track_pitch(wav, sample_rate, hop)
    exact = _pad_to_frames(wav, hop, hop)
    rms = librosa.feature.rms(y=exact, frame_length=hop, hop_length=hop, center=False)[0]
    rms_db = 20 * np.log10(np.maximum(rms, 1e-6))
    zcr = librosa.feature.zero_crossing_rate(exact, frame_length=hop, hop_length=hop, center=False)[0]
    centroid_hz, tilt = _measure_spectrum(wav, sample_rate, hop)
    silent = rms_db < SILENCE_DB
    centroid_hz[silent], tilt[silent] = np.nan, np.nan
    return {
        "f0_hz": f0_hz,
        "f0_st": semitones(f0_hz, median_hz),
        "voiced": voiced,
        "rms_db": rms_db.astype(float),
        "centroid_hz": centroid_hz,
        "zcr": zcr.astype(float),
        "tilt_db_oct": tilt,
    }


def semitones(f0_hz: np.ndarray, median_hz: float | None = None) -> np.ndarray:
    """Express a pitch track in semitones about a median (its own by default); unvoiced frames stay NaN."""
    f0_hz = np.asarray(f0_hz, dtype=float)
    if median_hz is None:
        voiced = f0_hz[np.isfinite(f0_hz)]
        median_hz = float(np.median(voiced)) if voiced.size else 1.0
    return 12 * np.log2(f0_hz / median_hz)


def clip_features(
    clips: list,
    cache_dir: Path | str | None = None,
    n_jobs: int = 2,
    progress: bool = True,
    frame_rate: float = 50,
) -> list[dict[str, np.ndarray]]:
    """Measure the frame features of many clips, with pitch in semitones about each speaker's median.

    Parameters
    ----------
    clips : list of Clip; where one has codes, a last frame that only rounding made or lost is mended
    cache_dir : folder that keeps the result of every clip, by the hash of its audio and the frame rate; None
        keeps nothing
    n_jobs : int, clips measured at a time (pitch tracking costs about 0.06 s per second of speech)
    progress : bool, show a bar
    frame_rate : float, frames per second: that of the codec whose codes are looked at

    Returns
    -------
    features : list of dicts as `frame_features` returns them, in the order of the clips
    """
    jobs = (joblib.delayed(_read_or_measure)(clip.audio, cache_dir, frame_rate) for clip in clips)
    results = joblib.Parallel(n_jobs=n_jobs, return_as="generator")(jobs)
    features = list(
        tqdm(results, total=len(clips), desc="acoustic features", unit="clip", disable=not progress)
    )
    features = [_fit_to_codes(one, clip.codes) for clip, one in zip(clips, features, strict=True)]
    medians = speaker_medians(clips, features)
    for clip, one in zip(clips, features, strict=True):
        one["f0_st"] = semitones(one["f0_hz"], medians[clip.speaker])
    return features


def speaker_medians(clips: list, features: list[dict[str, np.ndarray]]) -> dict[str, float]:
    """Find the median pitch (Hz) of each speaker over all voiced frames; NaN for a speaker who has none."""
    tracks: dict[str, list[np.ndarray]] = {}
    for clip, one in zip(clips, features, strict=True):
        tracks.setdefault(clip.speaker, []).append(one["f0_hz"][one["voiced"] > 0])
    joined = {speaker: np.concatenate(parts) for speaker, parts in tracks.items()}
    return {speaker: float(np.median(f0)) if f0.size else math.nan for speaker, f0 in joined.items()}


def _read_or_measure(
    audio: AudioFiles, cache_dir: Path | str | None, frame_rate: float
) -> dict[str, np.ndarray]:
    wav = load_audio(audio)
    if cache_dir is None:
        return frame_features(wav, frame_rate=frame_rate)
    rate = "" if frame_rate == 50 else f"-{float(frame_rate)!r}"  # files of 50 frames/s name no rate
    path = Path(cache_dir) / "acoustics" / f"{hash_audio(wav)}-v{CACHE_VERSION}{rate}.npz"
    if path.exists():
        with np.load(path) as stored:
            return dict(stored)
    features = frame_features(wav, frame_rate=frame_rate)
    with write_atomically(path) as part:
        np.savez_compressed(part, **features)
    return features


def _fit_to_codes(features: dict[str, np.ndarray], codes: np.ndarray | None) -> dict[str, np.ndarray]:
    """Cut or repeat the last frame where the codec, which has its own sample rate, has one less or more."""
    excess = 0 if codes is None else len(features["rms_db"]) - codes.shape[1]
    if excess == 1:
        return {name: values[:-1] for name, values in features.items()}
    if excess == -1:
        return {name: np.append(values, values[-1]) for name, values in features.items()}
    return features


def _divide_evenly(wav: np.ndarray, sample_rate: float, frame_rate: float) -> tuple[np.ndarray, float, int]:
    """Return the sound at a rate that the frame rate divides, this rate, and the samples of a frame."""
    hop = round(sample_rate / frame_rate)
    if hop * frame_rate == sample_rate:
        return wav, sample_rate, hop
    n_samples = hop * math.ceil(round(wav.size * frame_rate / sample_rate, 6))
    even = librosa.resample(wav, orig_sr=sample_rate, target_sr=hop * frame_rate, res_type="soxr_hq")
    return even[:n_samples], hop * frame_rate, hop


def _pad_to_frames(wav: np.ndarray, hop: int, window: int) -> np.ndarray:
    """Pad with zeros so that window k, cut without centring, lies symmetrically about frame k."""
    n_frames = math.ceil(wav.size / hop)
    left = (window - hop) // 2
    right = (n_frames - 1) * hop + window - left - wav.size
    return np.pad(wav, (left, max(right, 0)))[: (n_frames - 1) * hop + window]


def _track_pitch(wav: np.ndarray, sample_rate: int, hop: int) -> tuple[np.ndarray, np.ndarray]:
    window = max(PITCH_WINDOW, hop)
    padded = _pad_to_frames(wav, hop, window)
    low, high = F0_RANGE_HZ
    f0_hz, voiced, _ = librosa.pyin(
        padded, fmin=low, fmax=high, sr=sample_rate, frame_length=window, hop_length=hop, center=False
    )
    wild = np.abs(semitones(f0_hz)) > MAX_SEMITONES
    return np.where(wild, np.nan, f0_hz), (voiced & ~wild).astype(float)


def _measure_spectrum(wav: np.ndarray, sample_rate: int, hop: int) -> tuple[np.ndarray, np.ndarray]:
    window = max(SPECTRUM_WINDOW, hop)
    padded = _pad_to_frames(wav, hop, window)
    magnitude = np.abs(librosa.stft(padded, n_fft=window, hop_length=hop, center=False))
    frequencies = librosa.fft_frequencies(sr=sample_rate, n_fft=window)
    centroid_hz = librosa.feature.spectral_centroid(S=magnitude, freq=frequencies)[0]
    band = (frequencies >= TILT_RANGE_HZ[0]) & (frequencies <= TILT_RANGE_HZ[1])
    octaves = np.log2(frequencies[band])
    octaves -= octaves.mean()
    level_db = 20 * np.log10(np.maximum(magnitude[band], 1e-7))
    tilt = octaves @ level_db / (octaves @ octaves)  # slope of a least-squares line
    return centroid_hz.astype(float), tilt.astype(float)


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
