"""Hold a sound file's header against its bytes: where it promises less than there is, it can be mended."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

SLACK = 0.02  # of a file's sound, which a header may be wrong by
UNKNOWN = 0xFFFFFFFF  # a size that the writer did not know, since it wrote into a pipe
_TAGS = (b"TAG", b"ID3", b"APETAGEX")  # of titles and such, behind the sound


@dataclass(frozen=True)
class Repair:
    """What is wrong with a header: a `fault` says why the file cannot be used, else `mend` gives its bytes.

    Attributes
    ----------
    note : what is wrong, in words
    fault : "", or "cut_off"
    patches : (place, bytes) to be put in place of what is there
    skip, head : so many bytes at the beginning, and what is put in their place
    """

    note: str
    fault: str = ""
    patches: Sequence[tuple[int, bytes]] = ()
    skip: int = 0
    head: bytes = b""

    def mend(self, content: bytes) -> bytes:
        """Return the bytes of a file whose header is true."""
        mended = bytearray(content)
        for place, new in self.patches:
            mended[place : place + len(new)] = new
        return self.head + bytes(mended[self.skip :])


def examine_header(path: Path) -> Repair | None:
    """Compare what a WAV, AU, FLAC, Ogg or MP3 file says of its length with its bytes; None: they agree.

    A file of another kind, or one that is damaged otherwise, gives None: reading it says what is wrong.
    """
    from .flac import examine_flac
    from .mp3 import examine_mp3

    size = path.stat().st_size
    with open(path, "rb") as file:
        kind = file.read(12)
        try:
            if kind[:4] == b"RIFF" and kind[8:] == b"WAVE":
                return _examine_riff(file, size)
            if kind[:4] == b".snd":
                return _examine_au(kind, size)
            if kind[:4] == b"OggS":
                return _examine_ogg(file, size)
            if kind[:4] == b"fLaC":
                return examine_flac(file, size)
            if kind[:3] == b"ID3" or (len(kind) > 1 and kind[0] == 0xFF and kind[1] & 0xE0 == 0xE0):
                return examine_mp3(path.read_bytes())
        except (struct.error, IndexError):  # a header that ends too soon
            return None
    return None


def _examine_riff(file: BinaryIO, size: int) -> Repair | None:
    """Find the chunk of a WAV's samples, and what follows it."""
    place = 12
    while place + 8 <= size:
        file.seek(place)
        name, length = struct.unpack("<4sI", file.read(8))
        if name == b"data":
            rest = size - place - 8
            if length >= rest - rest % 2 or _is_chunk(file, place + 8 + length + length % 2, size):
                return None
            told = f"the header promises {length} bytes of sound, there are {rest}"
            return (
                Repair(told, patches=[(place + 4, struct.pack("<I", rest))])
                if rest > (1 + SLACK) * length
                else None
            )
        place += 8 + length + length % 2
    return None


def _is_chunk(file: BinaryIO, place: int, size: int) -> bool:
    """Tell whether what follows the sound is no sound: chunks up to the end, titles, or zeros."""
    file.seek(place)
    start = file.read(4096)
    if start.startswith(_TAGS) or (not start.strip(b"\0") and size - place <= 4096):
        return True
    while place + 8 <= size:
        file.seek(place)
        name, length = struct.unpack("<4sI", file.read(8))
        if not name.strip().isalnum() or place + 8 + length > size:
            return False
        place += 8 + length + length % 2
    return place >= size - 1


def _examine_au(head: bytes, size: int) -> Repair | None:
    start, length = struct.unpack(">II", head[4:12])
    if length == UNKNOWN or length * (1 + SLACK) >= size - start:
        return None
    told = f"the header promises {length} bytes of sound, there are {size - start}"
    return Repair(told, patches=[(8, struct.pack(">I", UNKNOWN))])


def _examine_ogg(file: BinaryIO, size: int) -> Repair | None:
    """Walk over the pages: a second stream would not be read, and a missing end spoils the length."""
    place, open_streams, n_ended, last = 0, set(), 0, 0
    while place + 27 <= size:
        file.seek(place)
        head = file.read(27)
        if head[:4] != b"OggS":
            break
        kind, stream = head[5], head[14:18]
        if kind & 2:
            if n_ended:
                told = "holds several recordings one behind the other, of which the first alone would be read"
                return Repair(f"{told}; cut them apart", "cut_off")
            open_streams.add(stream)
        if kind & 4:
            n_ended += 1
        last = place + 27 + head[26] + sum(file.read(head[26]))
        if last > size:
            break
        place = last
    if not n_ended and last > size:
        return Repair(f"its last page ends {last - size} bytes behind the end of the file", "cut_off")
    return None
