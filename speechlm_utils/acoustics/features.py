"""Acoustic features of every frame, aligned with the codec's frames.

Loudness and zero crossings are measured on exactly the samples of a frame; spectrum and pitch need a longer
window, which is centred on them.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

import joblib
import librosa
import numpy as np
import pandas as pd
from scipy.signal import savgol_filter
from tqdm import tqdm

from ..audio import AudioFiles, check_wav, hash_file, load_audio
from ..clips import Clip
from ..codec_spec import CodecSpec, shared_spec
from ..files import write_atomically
from .pitch import TRACKERS, semitones, track_pitch
from .spectra import pad_to_frames

log = logging.getLogger(__name__)

FEATURES = ("f0_st", "voiced", "rms_db", "centroid_hz", "zcr", "tilt_db_oct")
"""Names of the features: semitones, 0 or 1, dB, Hz, crossings per sample, dB per octave."""
MOVEMENTS = ("f0_slope_st_s", "rms_slope_db_s", "position")
"""Names: semitones per second, dB per second, 0 (begin of the clip) to 1 (end)."""
CARD_FEATURES = ("f0_st", "voiced", "rms_db", "centroid_hz", "tilt_db_oct", *MOVEMENTS)
"""What a token card tells about sound."""
TILT_RANGE_HZ = (100.0, 5000.0)
SPECTRUM_SECONDS = 0.032  # of the window, or a whole frame, if longer
SLOPE_FRAMES = 5  # through which a line is laid
SILENCE_DB = -90.0  # below it a frame is digital silence: its spectrum has no shape to measure
CACHE_VERSION = 5  # raise it when a feature is computed otherwise: older cached files are then passed by


def frame_features(wav: np.ndarray, spec: CodecSpec, tracker: str = TRACKERS[0]) -> dict[str, np.ndarray]:
    """Measure pitch, voicing, loudness and spectrum in every frame of a clip.

    Parameters
    ----------
    wav : float array, shape (n_samples,), mono, full scale at 1, at the sample rate of the spec
    spec : CodecSpec, whose frames are measured
    tracker : of pitch, "swiftf0" or "pyin"; see `track_pitch`

    Returns
    -------
    features : dict of float arrays, each of shape (n_frames,), n_frames = ceil(n_samples / hop)
        `f0_hz` and `f0_st` (about the clip's median; NaN where unvoiced, or more than an octave from it),
        `voiced` (0 or 1, likewise), `rms_db` (dB re full scale), `centroid_hz`, `tilt_db_oct` (both NaN
        in digital silence) and `zcr` (zero crossings per sample).

    Raises
    ------
    ValueError
        If the clip is empty, not mono or not finite.
    """
    wav = check_wav(wav)
    f0_hz = track_pitch(wav, spec, tracker)
    voiced = np.isfinite(f0_hz).astype(float)
    return {"f0_hz": f0_hz, "f0_st": semitones(f0_hz), "voiced": voiced} | _measure_sound(wav, spec)


def _measure_sound(wav: np.ndarray, spec: CodecSpec) -> dict[str, np.ndarray]:
    sample_rate, hop = spec.sample_rate, spec.hop
    exact = pad_to_frames(wav, hop, hop)
    rms = librosa.feature.rms(y=exact, frame_length=hop, hop_length=hop, center=False)[0]
    rms_db = 20 * np.log10(np.maximum(rms, 1e-6))
    zcr = librosa.feature.zero_crossing_rate(exact, frame_length=hop, hop_length=hop, center=False)[0]
    centroid_hz, tilt = _measure_spectrum(wav, sample_rate, hop)
    silent = rms_db < SILENCE_DB
    centroid_hz[silent], tilt[silent] = np.nan, np.nan
    return {
        "rms_db": rms_db.astype(float),
        "centroid_hz": centroid_hz,
        "zcr": zcr.astype(float),
        "tilt_db_oct": tilt,
    }


def clip_features(
    clips: Sequence[Clip],
    cache_dir: Path | str,
    n_jobs: int = 2,
    progress: bool = True,
    tracker: str = TRACKERS[0],
) -> list[dict[str, np.ndarray]]:
    """Measure every frame of encoded clips, with pitch in semitones about each speaker's median.

    Parameters
    ----------
    clips : with codes of one codec, whose frames are measured
    cache_dir : folder that keeps the result of every clip, by the hash of its file
    n_jobs : int, clips measured at a time (about 0.02 s of one core per second of speech; by pYIN 0.1 s)
    progress : bool, show a bar
    tracker : of pitch, "swiftf0" or "pyin"; see `track_pitch`

    Returns
    -------
    features : list of dicts as `frame_features` returns them, with `MOVEMENTS`, in the order of the clips
    """
    spec = shared_spec(clips)
    jobs = (joblib.delayed(_read_or_measure)(clip.audio, cache_dir, spec, tracker) for clip in clips)
    results = joblib.Parallel(n_jobs=n_jobs, return_as="generator")(jobs)
    about = {"total": len(clips), "desc": "acoustic features", "unit": "clip", "disable": not progress}
    features = list(tqdm(results, **about))
    medians = speaker_medians(clips, features)
    for clip, one in zip(clips, features, strict=True):
        one["f0_st"] = semitones(one["f0_hz"], medians[clip.speaker])
    return [add_movements(one, spec.frame_rate) for one in features]


def speaker_medians(clips: Sequence[Clip], features: list[dict[str, np.ndarray]]) -> dict[str, float]:
    """Find the median pitch (Hz) of each speaker over all voiced frames; NaN for a speaker who has none."""
    f0_hz = np.concatenate([np.where(one["voiced"] > 0, one["f0_hz"], np.nan) for one in features])
    speaker = np.repeat([clip.speaker for clip in clips], [len(one["f0_hz"]) for one in features])
    return pd.Series(f0_hz).groupby(speaker).median().to_dict()


def read_cached(path: Path) -> dict[str, np.ndarray] | None:
    """Read the features that a file keeps; None if there is none, or a damaged one, which is made anew."""
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as stored:
            return dict(stored)
    except FileNotFoundError:
        return None
    except Exception as error:  # zip, NumPy and Python each say it in their way
        log.warning("%s: cannot be read (%s), measuring again", path, " ".join(str(error).split()))
        return None


def _read_or_measure(audio: AudioFiles, cache_dir, spec: CodecSpec, tracker: str) -> dict[str, np.ndarray]:
    name = f"{hash_file(audio)}-{spec.sample_rate}-{spec.hop}-v{CACHE_VERSION}-{tracker}.npz"
    path = Path(cache_dir, "acoustics", name)
    if (stored := read_cached(path)) is not None:
        return stored
    features = frame_features(load_audio(audio, spec.sample_rate), spec, tracker)
    with write_atomically(path) as part:
        np.savez_compressed(part, **features)
    return features


def _measure_spectrum(wav: np.ndarray, sample_rate: int, hop: int) -> tuple[np.ndarray, np.ndarray]:
    window = max(round(SPECTRUM_SECONDS * sample_rate), hop)
    padded = pad_to_frames(wav, hop, window)
    magnitude = np.abs(librosa.stft(padded, n_fft=window, hop_length=hop, center=False))
    frequencies = librosa.fft_frequencies(sr=sample_rate, n_fft=window)
    centroid_hz = librosa.feature.spectral_centroid(S=magnitude, freq=frequencies)[0]
    band = (frequencies >= TILT_RANGE_HZ[0]) & (frequencies <= TILT_RANGE_HZ[1])
    octaves = np.log2(frequencies[band])
    octaves -= octaves.mean()
    level_db = 20 * np.log10(np.maximum(magnitude[band], 1e-7))
    tilt = octaves @ level_db / (octaves @ octaves)  # slope of a least-squares line
    return centroid_hz.astype(float), tilt.astype(float)


def add_movements(features: dict[str, np.ndarray], frame_rate: float) -> dict[str, np.ndarray]:
    """Add `MOVEMENTS` to the features of a clip; a slope that touches an unvoiced frame or an edge is NaN."""
    n_frames = len(features["rms_db"])
    return features | {
        "f0_slope_st_s": measure_slope(features["f0_st"], frame_rate),
        "rms_slope_db_s": measure_slope(np.maximum(features["rms_db"], SILENCE_DB), frame_rate),
        "position": (np.arange(n_frames) + 0.5) / max(n_frames, 1),
    }


def measure_slope(values: np.ndarray, frame_rate: float) -> np.ndarray:
    """Fit a line through each five neighbouring values; its slope, per second, float array (n_frames,)."""
    edges = {"mode": "constant", "cval": np.nan}
    return savgol_filter(np.asarray(values, float), SLOPE_FRAMES, 1, deriv=1, delta=1 / frame_rate, **edges)
