"""Read a sound that somebody uploaded: any format, rate and number of channels, within a few limits."""

import tempfile
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np

from .audio import load_audio, measure_seconds

LONGEST = 60.0  # seconds
SHORTEST = 0.1
FORMATS = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif", ".au", ".caf")


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
