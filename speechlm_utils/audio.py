"""Read sound files as mono float32 at one sampling rate; a file that cannot be used is named in the error.

Wherever a sound file is asked for, a sequence of files may be given: one clip, its parts joined in order.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np
import soundfile

CUT_OFF_SHARE = 0.01  # of a file's samples; below it a wrong length in the header is the writer's slip
_UNKNOWN_LENGTH = 0x7FFF0000  # bytes; programs that write into a pipe promise at least that much
AudioFiles = str | Path | Sequence[str | Path]
LONGEST, SHORTEST = 60.0, 0.1  # seconds, of an upload
FORMATS = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif", ".au", ".caf")


@dataclass(frozen=True)
class AudioHeader:
    """What the header of a sound file says, or why the file cannot be used.

    `fault` is "", or "missing", "not_a_file", "empty_file", "unreadable", "cut_off" or "no_samples"; then
    `reason` is a sentence that names the file and says what to do.
    """

    path: Path
    n_samples: int = 0  # per channel, at the file's own rate
    sample_rate: int = 0  # Hz
    fault: str = ""
    reason: str = ""

    @property
    def seconds(self) -> float:
        """Length, 0 for a file that cannot be used."""
        return self.n_samples / self.sample_rate if self.sample_rate else 0.0


def list_parts(audio: AudioFiles) -> tuple[Path, ...]:
    """Return the sound files of a clip, one or several, as a tuple; none at all raises ValueError."""
    parts = (Path(audio),) if isinstance(audio, str | os.PathLike) else tuple(map(Path, audio))
    if not parts:
        raise ValueError("a clip needs at least one sound file, got none")
    return parts


def read_header(path: str | Path) -> AudioHeader:
    """Read the header of one sound file without decoding it; a file that cannot be used raises nothing.

    WAV, AIFF and AU headers tell that a file was cut off; FLAC and MP3 tell when decoded, Ogg never.
    """
    path = Path(path)
    if not os.path.exists(path):  # unlike Path.exists, raises nothing for a name that is too long
        return _fault(path, "missing", "no such sound file; put it there, or correct or delete its row")
    if not os.path.isfile(path):
        return _fault(path, "not_a_file", "is a folder, not a sound file; name the file in it")
    if not path.stat().st_size:
        return _fault(path, "empty_file", "cannot be read as audio, it has 0 bytes; copy the file again")
    try:
        info = soundfile.info(str(path), verbose=True)
    except (soundfile.SoundFileError, RuntimeError, TypeError) as error:  # TypeError: headerless .raw
        advice = "copy the file again, or convert it to WAV or FLAC"
        return _fault(path, "unreadable", f"cannot be read as audio ({error}); {advice}")
    if promise := _find_broken_promise(info.extra_info):
        return AudioHeader(path, fault="cut_off", reason=_say_cut(path, promise))
    if info.frames < 1:
        return _fault(path, "no_samples", "holds no samples; record or cut the clip again")
    return AudioHeader(path, info.frames, info.samplerate)


def _fault(path: Path, fault: str, reason: str) -> AudioHeader:
    return AudioHeader(path, fault=fault, reason=f"{path}: {reason}")


def _say_cut(path: Path, what: object) -> str:
    return f"{path}: cut off or damaged ({what}); copy the file again"


def _find_broken_promise(log: str) -> str:
    """Say what libsndfile's log finds missing ("data : 64000 (should be 31978)"), or ""."""
    found = re.search(r"^\s*(?:data|SSND|Data Size)\s*:\s*(\d+) \(should be (\d+)\)", log, re.MULTILINE)
    promised, held = map(int, found.groups()) if found else (0, 0)
    if promised >= _UNKNOWN_LENGTH or held >= (1 - CUT_OFF_SHARE) * promised:
        return ""
    return f"the header promises {promised} bytes of sound, there are {held}"


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
        channels, file_rate = soundfile.read(str(path), dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise OSError(_say_cut(path, error)) from error
    if cut := find_cut(header, len(channels)):
        raise OSError(cut)
    with np.errstate(over="ignore", invalid="ignore"):  # inf - inf: found by check_wav, which names the file
        wav = check_wav(channels.mean(axis=1), name=path)
    if file_rate != sample_rate:
        import librosa

        wav = librosa.resample(wav, orig_sr=file_rate, target_sr=sample_rate, res_type="soxr_hq")
    return np.ascontiguousarray(wav, dtype=np.float32)


def find_cut(header: AudioHeader, n_decoded: int, error: str = "") -> str:
    """Say what is missing if fewer samples were decoded than promised, else ""."""
    if n_decoded >= (1 - CUT_OFF_SHARE) * header.n_samples and not error:
        return ""
    promise = f"the header promises {header.n_samples} samples, {n_decoded} can be decoded"
    return _say_cut(header.path, f"{promise}, {error}" if error else promise)


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
