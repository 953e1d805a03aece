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

SAMPLE_RATE = 16000
CUT_OFF_SHARE = 0.01  # of a file's samples; below it a wrong length in the header is the writer's slip
_UNKNOWN_LENGTH = 0x7FFF0000  # bytes; programs that write into a pipe promise at least that much
AudioFiles = str | Path | Sequence[str | Path]
LONGEST = 60.0  # seconds
SHORTEST = 0.1
FORMATS = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif", ".au", ".caf")


@dataclass(frozen=True)
class AudioHeader:
    """What the header of a sound file says, or why the file cannot be used.

    Attributes
    ----------
    path : Path
    n_samples : int, per channel, at the file's own rate
    sample_rate : int, Hz
    fault : str, "" or "missing", "not_a_file", "empty_file", "unreadable", "cut_off", "no_samples"
    reason : str, a sentence that names the file and says what to do
    """

    path: Path
    n_samples: int = 0
    sample_rate: int = 0
    fault: str = ""
    reason: str = ""


def list_parts(audio: AudioFiles) -> tuple[Path, ...]:
    """Return the sound files of a clip, one or several, as a tuple; none at all raises ValueError."""
    parts = (Path(audio),) if isinstance(audio, str | os.PathLike) else tuple(Path(part) for part in audio)
    if not parts:
        raise ValueError("a clip needs at least one sound file, got none")
    return parts


def read_header(path: str | Path) -> AudioHeader:
    """Read the header of one sound file without decoding it; a file that cannot be used raises nothing.

    A WAV, AIFF or AU file that was cut off is found by the length that its header promises. FLAC and MP3 tell
    only when they are decoded (`load_audio`), Ogg not even then: it ends with its last whole page.
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
    if (promised := _find_promise(info.extra_info)) is not None:
        what = "the header promises {} bytes of sound, there are {}".format(*promised)
        return AudioHeader(path, fault="cut_off", reason=_say_cut(path, what))
    if info.frames < 1:
        return _fault(path, "no_samples", "holds no samples; record or cut the clip again")
    return AudioHeader(path, info.frames, info.samplerate)


def _fault(path: Path, fault: str, reason: str) -> AudioHeader:
    return AudioHeader(path, fault=fault, reason=f"{path}: {reason}")


def _say_cut(path: Path, what: object) -> str:
    return f"{path}: cut off or damaged ({what}); copy the file again"


def _find_promise(log: str) -> tuple[int, int] | None:
    """Find the bytes promised and held in libsndfile's log ("data : 64000 (should be 31978)")."""
    found = re.search(r"^\s*(?:data|SSND|Data Size)\s*:\s*(\d+) \(should be (\d+)\)", log, re.MULTILINE)
    if found is None:
        return None
    promised, held = int(found[1]), int(found[2])
    is_cut = promised < _UNKNOWN_LENGTH and held < (1 - CUT_OFF_SHARE) * promised
    return (promised, held) if is_cut else None


def check_audio(audio: AudioFiles) -> int:
    """Return the number of samples that the headers promise (parts added up), without decoding anything.

    Raises
    ------
    FileNotFoundError, OSError, ValueError
        If a file is missing, cannot be read as audio, is cut off, or holds no samples; the message names it.
    """
    return sum(_require_header(path).n_samples for path in list_parts(audio))


def measure_seconds(audio: AudioFiles) -> float:
    """Return a clip's length in seconds as its headers promise; raises as `check_audio` does."""
    headers = [_require_header(path) for path in list_parts(audio)]
    return sum(header.n_samples / header.sample_rate for header in headers)


def _require_header(path: Path) -> AudioHeader:
    header = read_header(path)
    if header.fault:
        kinds = {"missing": FileNotFoundError, "no_samples": ValueError}
        raise kinds.get(header.fault, OSError)(header.reason)
    return header


def load_audio(audio: AudioFiles, sample_rate: int) -> np.ndarray:
    """Load a sound file as mono at the given sampling rate, or several, joined in order without a gap.

    Parameters
    ----------
    audio : one file or several, in any format libsndfile reads (WAV, FLAC, Ogg Vorbis or Opus, MP3, ...)
    sample_rate : int, Hz; a file at another rate is resampled (soxr), each part by itself

    Returns
    -------
    wav : float32 array, shape (n_samples,), full scale = 1; channels are averaged

    Raises
    ------
    FileNotFoundError, OSError, ValueError
        If a file is missing, unreadable, cut off or empty, or has NaN or infinite samples; the message
        names it.
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
    """Compare the samples decoded with those promised: "", or a sentence that says what is missing."""
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


def hash_file(audio: AudioFiles) -> str:
    """Hash the bytes of a sound file, not decoded: 32 hex digits; a missing one raises with its path.

    Of several files, the hash of their hashes in order, so that the same bytes cut elsewhere differ.
    """
    digests = [_hash_bytes(path) for path in list_parts(audio)]
    if len(digests) > 1:
        digests = [hashlib.sha256("".join(digests).encode()).hexdigest()]
    return digests[0][:32]


def _hash_bytes(path: Path) -> str:
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such sound file")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_upload(name: str, content: bytes, sample_rate: int, longest: float = LONGEST) -> np.ndarray:
    """Read the bytes of a sound file as mono at a sampling rate.

    Parameters
    ----------
    name : of the file, as its owner calls it
    content : bytes of the file
    sample_rate : int, Hz, wanted
    longest : float, seconds

    Returns
    -------
    wav : float32 array, shape (n_samples,), full scale = 1; channels are averaged

    Raises
    ------
    ValueError
        If it cannot be read as sound, holds none, is silent, too short or too long; the message names the
        file, and says what to do.
    """
    name = PurePosixPath(PureWindowsPath(name).name).name or "upload"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"upload{PurePosixPath(name).suffix.lower()[:8]}"  # whatever the name has in it
        path.write_bytes(content)
        try:
            seconds = measure_seconds(path)  # of the header: a long one is not decoded
            if seconds > longest:
                raise ValueError(f"{path}: is {seconds:.0f} s long; cut it to {longest:g} s at the most")
            wav = load_audio(path, sample_rate)
        except (OSError, ValueError) as error:
            raise ValueError(str(error).replace(str(path), name)) from None
    if len(wav) < SHORTEST * sample_rate:
        raise ValueError(f"{name}: is {len(wav) / sample_rate:.2f} s long; {SHORTEST:g} s are the least")
    if not np.any(wav):
        raise ValueError(f"{name}: is silent from beginning to end; record it again")
    return wav
