"""Codes that a corpus brings along, by the hash of their sounds: they go into the cache, nothing is encoded.

A sound that has changed has another hash, and a codec that has changed, too; both are then encoded as ever.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..audio import hash_file
from ..clips import Clip
from ..files import write_atomically
from .base import SpeechCodec
from .code_files import code_folder, save_codes

log = logging.getLogger(__name__)

FILE = "codes.npz"


def pack_codes(clips: Sequence[Clip], codec: SpeechCodec, corpus_dir: str | Path) -> Path:
    """Write the codes of clips, int16 (n_layers, n_frames) each, to one file beside the corpus's table."""
    by_sound = {hash_file(clip.audio): clip.codes for clip in clips}
    path = Path(corpus_dir) / FILE
    content = {
        "codec_hash": np.array(codec.hash),
        "sounds": np.array(list(by_sound), dtype="S32"),
        "n_frames": np.array([codes.shape[1] for codes in by_sound.values()], dtype=np.int32),
        "codes": np.concatenate(list(by_sound.values()), axis=1).astype(np.int16),
    }
    with write_atomically(path) as part:
        np.savez_compressed(part, **content)
    return path


def unpack_codes(corpus_dir: str | Path, codec: SpeechCodec, cache_dir: str | Path) -> int:
    """Write the codes that lie beside a corpus's table into the cache, where it lacks them; return how many.

    A file of another codec is passed over, a damaged one, too, with a warning: the sounds are then encoded.
    """
    path, folder = Path(corpus_dir) / FILE, code_folder(cache_dir, codec.hash)
    if not path.exists():
        return 0
    try:
        missing = _read_missing(path, codec.hash, folder)
    except Exception as error:  # zip, NumPy and Python each say it in their way
        log.warning("%s: cannot be read (%s), encoding", path, " ".join(str(error).split()))
        return 0
    for place, codes in missing.items():
        save_codes(place, codes)
    return len(missing)


def _read_missing(path: Path, codec_hash: str, folder: Path) -> dict[Path, np.ndarray]:
    """Read the codes that the folder lacks: place -> codes. They are unpacked only where some are missing."""
    with open(path, "rb") as file, np.load(file, allow_pickle=False) as stored:
        places = [folder / f"{sound.decode()}.npy" for sound in stored["sounds"]]
        if str(stored["codec_hash"]) != codec_hash or all(place.exists() for place in places):
            return {}
        parts = np.split(stored["codes"], np.cumsum(stored["n_frames"])[:-1], axis=1)
    return {place: codes for place, codes in zip(places, parts, strict=True) if not place.exists()}
