"""Read sound files as mono float32 at one sampling rate; a file that cannot be used is named in the error."""

import hashlib
from pathlib import Path

import numpy as np
import soundfile

SAMPLE_RATE = 16000


def check_audio(path: str | Path) -> int:
    """Return the number of samples a sound file's header promises, without decoding the file.

    Raises
    ------
    FileNotFoundError, OSError, ValueError
        If the file is missing, cannot be read as audio, or holds no samples; the message names it.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such sound file")
    try:
        n_samples = soundfile.info(str(path)).frames
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise OSError(f"{path}: cannot be read as audio ({error})") from error
    if n_samples < 1:
        raise ValueError(f"{path}: holds no samples")
    return n_samples


def load_audio(path: str | Path, sample_rate: int = SAMPLE_RATE) -> np.ndarray:
    """Load a sound file as mono at the given sampling rate.

    Parameters
    ----------
    path : any format libsndfile reads (WAV, FLAC, Ogg Vorbis or Opus, MP3, ...)
    sample_rate : int, Hz; another rate in the file is resampled (soxr)

    Returns
    -------
    wav : float32 array, shape (n_samples,), full scale = 1; channels are averaged

    Raises
    ------
    FileNotFoundError, OSError, ValueError
        If the file is missing, unreadable, empty, or holds NaN or infinite samples; the message names it.
    """
    check_audio(path)
    try:
        channels, file_rate = soundfile.read(str(path), dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise OSError(f"{path}: cannot be read as audio ({error})") from error
    wav = check_wav(channels.mean(axis=1), name=path)
    if file_rate != sample_rate:
        import librosa

        wav = librosa.resample(wav, orig_sr=file_rate, target_sr=sample_rate, res_type="soxr_hq")
    return np.ascontiguousarray(wav, dtype=np.float32)


def check_wav(wav: np.ndarray, name: str | Path = "wav") -> np.ndarray:
    """Return the waveform if it is one-dimensional, not empty and finite, else raise ValueError naming it."""
    wav = np.asarray(wav)
    if wav.ndim != 1:
        raise ValueError(f"{name}: expected shape (n_samples,), got {wav.shape}")
    if not wav.size:
        raise ValueError(f"{name}: holds no samples")
    bad = np.flatnonzero(~np.isfinite(wav))
    if bad.size:
        raise ValueError(f"{name}: {bad.size} samples are NaN or infinite, the first is sample {bad[0]}")
    return wav


def normalise_rms(wav: np.ndarray, dbfs: float = -26.0) -> np.ndarray:
    """Scale a waveform to a given RMS level, so that loudness tells nothing.

    Parameters
    ----------
    wav : float array, shape (n_samples,); silence is returned unchanged
    dbfs : float, RMS level in dB relative to full scale (1.0)

    Returns
    -------
    wav : float32 array, shape (n_samples,); peaks may exceed 1 and are not clipped
    """
    rms = float(np.sqrt(np.mean(np.square(check_wav(wav), dtype=np.float64))))
    gain = 10 ** (dbfs / 20) / rms if rms > 0 else 1.0
    return (wav * gain).astype(np.float32)


def hash_audio(wav: np.ndarray) -> str:
    """Hash the samples of a waveform (as float32): 32 hex digits."""
    return hashlib.sha256(np.ascontiguousarray(wav, dtype=np.float32).tobytes()).hexdigest()[:32]


def hash_file(path: str | Path) -> str:
    """Hash the bytes of a sound file, not decoded: 32 hex digits; a missing one raises with its path."""
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such sound file")
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:32]
