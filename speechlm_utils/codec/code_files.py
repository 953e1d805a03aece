"""A file of codes: a NumPy array, and behind it a checksum by which a flipped bit is found."""

import io
import logging
import zlib
from pathlib import Path

import numpy as np

from ..codec_spec import CodecSpec
from ..files import write_atomically
from ..tokens import check_codes

log = logging.getLogger(__name__)


def code_folder(cache_dir: str | Path, codec_hash: str) -> Path:
    """Name the folder of a cache in which the codes of a codec lie, a file for each hash of a sound."""
    return Path(cache_dir) / "codes" / codec_hash


def save_codes(path: Path, codes: np.ndarray) -> None:
    """Write codes, int16 (n_layers, n_frames); `np.load` reads them, too, and leaves out the checksum."""
    content = io.BytesIO()
    np.save(content, codes)
    with write_atomically(path) as part:
        part.write_bytes(content.getvalue() + _checksum(content.getvalue()))


def read_codes(path: Path, spec: CodecSpec) -> np.ndarray | None:
    """Read codes; None if there are none, or a damaged file, of which a log message says what is wrong.

    Files of before have no checksum, and are believed if they are whole and fit the codec.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        return _parse(content, spec)
    except Exception as error:  # NumPy reads a header as Python, and says many things of a damaged one
        log.warning("%s: cannot be used (%s), encoding again", path, " ".join(str(error).split()))
        return None


def _parse(content: bytes, spec: CodecSpec) -> np.ndarray:
    stream = io.BytesIO(content)
    codes = check_codes(np.load(stream, allow_pickle=False), spec.codebook_size)
    rest = content[stream.tell() :]
    if rest and rest != _checksum(content[: stream.tell()]):
        raise ValueError("its checksum does not fit")
    if codes.dtype != np.int16 or len(codes) != spec.n_layers:
        raise ValueError(f"has {len(codes)} layers of {codes.dtype}, the codec has {spec.n_layers} of int16")
    return codes


def _checksum(content: bytes) -> bytes:
    return b"crc32 %08x" % zlib.crc32(content)
