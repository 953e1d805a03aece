"""Read sound files as mono float32 at one sampling rate; a file that cannot be used is named in the error.

Wherever a sound file is asked for, a sequence of files may be given: one clip, its parts joined in order.
"""

import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np
import soundfile

from .containers.header import AudioHeader, describe_cut, find_cut, open_sound, read_header

AudioFiles = str | Path | Sequence[str | Path]
LONGEST, SHORTEST = 60.0, 0.1  # seconds, of an upload
FORMATS = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif", ".au", ".caf")


def list_parts(audio: AudioFiles) -> tuple[Path, ...]:
    """Return the sound files of a clip, one or several, as a tuple; none at all raises ValueError."""
    parts = (Path(audio),) if isinstance(audio, str | os.PathLike) else tuple(map(Path, audio))
    if not parts:
        raise ValueError("a clip needs at least one sound file, got none")
    return parts


def measure_seconds(audio: AudioFiles) -> float:
    """Return a clip's length in seconds as its headers promise, without decoding anything.

    FileNotFoundError, OSError or ValueError names a file that is missing, cut off, empty or no audio.
    """
    return sum(_require_header(path).seconds for path in list_parts(audio))


def _require_header(path: Path) -> AudioHeader:
    header = read_header(path)
    if header.fault:
        kinds = {"missing": FileNotFoundError, "no_samples": ValueError}
        raise kinds.get(header.fault, OSError)(header.reason)
    return header


def load_audio(audio: AudioFiles, sample_rate: int) -> np.ndarray:
    """Load a sound file as mono at the given sampling rate (Hz), or several, joined in order without a gap.

    Any format that libsndfile reads will do; another rate is resampled (soxr), each part by itself, and
    channels are averaged: float32 array, shape (n_samples,), full scale = 1.

    Raises
    ------
    FileNotFoundError, OSError, ValueError
        As `measure_seconds` does, and if there are NaN or infinite samples.
    """
    return np.concatenate([_load_part(path, sample_rate) for path in list_parts(audio)])


def _load_part(path: Path, sample_rate: int) -> np.ndarray:
    header = _require_header(path)
    try:
        with open_sound(header) as file:
            channels, file_rate = file.read(dtype="float32", always_2d=True), file.samplerate
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise OSError(describe_cut(path, error)) from error
    if cut := find_cut(header, len(channels)):
        raise OSError(cut)
    with np.errstate(over="ignore", invalid="ignore"):  # inf - inf: found by check_wav, which names the file
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


def normalise_rms(wav: np.ndarray, dbfs: float) -> np.ndarray:
    """Scale a waveform to an RMS level (dB re full scale), so that loudness tells nothing."""
    rms = float(np.sqrt(np.mean(np.square(check_wav(wav), dtype=np.float64))))
    return (wav * (10 ** (dbfs / 20) / rms if rms > 0 else 1.0)).astype(np.float32)


def hash_file(audio: AudioFiles) -> str:
    """Hash the bytes of a sound file, or the hashes of several in order: 32 hex digits."""
    parts = list_parts(audio)
    if missing := [path for path in parts if not path.is_file()]:
        raise FileNotFoundError(f"{missing[0]}: no such sound file")
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in parts]
    return (digests[0] if len(parts) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest())[:32]


def read_upload(name: str, content: bytes, sample_rate: int) -> np.ndarray:
    """Read the bytes of a sound file as mono at a sampling rate (Hz): float32 array, shape (n_samples,).

    Raises
    ------
    ValueError
        If it cannot be read as sound, holds none, is silent, too short or too long; the message names the
        file, as its owner calls it, and says what to do.
    """
    name = PurePosixPath(PureWindowsPath(name).name).name or "upload"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"upload{PurePosixPath(name).suffix.lower()[:8]}"  # whatever the name has in it
        path.write_bytes(content)
        try:
            seconds = measure_seconds(path)  # of the header: a long one is not decoded
            if seconds > LONGEST:
                raise ValueError(f"{path}: is {seconds:.0f} s long; cut it to {LONGEST:g} s at the most")
            if seconds < SHORTEST:
                raise ValueError(f"{path}: is {seconds:.2f} s long; {SHORTEST:g} s are the least")
            wav = load_audio(path, sample_rate)
            if not np.any(wav):
                raise ValueError(f"{path}: is silent from beginning to end; record it again")
        except (OSError, ValueError) as error:
            raise ValueError(str(error).replace(str(path), name)) from None
    return wav
