"""Find where the last frame of a FLAC file ends, which its header may not know."""

import struct
from typing import BinaryIO

from .repair import SLACK, Repair

TAIL = 2**17  # bytes at the end in which the last frame begins
_BLOCKS = {1: 192, **{n: 576 << n - 2 for n in range(2, 6)}, **{n: 256 << n - 8 for n in range(8, 16)}}


def examine_flac(file: BinaryIO, size: int) -> Repair | None:
    """Compare the number of samples in the header with the end of the last frame."""
    file.seek(4)
    if file.read(1)[0] & 0x7F:  # the first block is always that of the stream
        return None
    file.seek(8)
    info = file.read(18)
    smallest, block = struct.unpack(">HH", info[:4])
    total = struct.unpack(">Q", info[10:18])[0] & 0xFFFFFFFFF
    file.seek(max(0, size - TAIL))
    end = find_end(file.read(), block if smallest == block else 0)
    if (not end and size > TAIL) or abs(end - total) <= SLACK * total:
        return None
    told = f"the header promises {total or 'no number of'} samples, there are {end}"
    if total > end:
        return Repair(told, "cut_off")
    last = struct.pack(">Q", struct.unpack(">Q", info[10:18])[0] & ~0xFFFFFFFFF | end)
    return Repair(told, patches=[(18, last)])


def find_end(tail: bytes, block: int) -> int:
    """Return the number of samples up to the end of the last frame in these bytes; 0 if none is found.

    `block` is the size of every frame but the last, in samples; 0 where they differ.
    """
    place = len(tail)
    while (place := tail.rfind(b"\xff", 0, place)) >= 0:
        if end := _read_frame(tail[place : place + 16], block):
            return end
    return 0


def _read_frame(head: bytes, block: int) -> int:
    """Return the sample at which the frame of this header ends; 0 if these bytes are no header."""
    if len(head) < 6 or head[1] not in (0xF8, 0xF9) or head[3] & 1:
        return 0
    is_fixed, size_code, rate_code = head[1] == 0xF8, head[2] >> 4, head[2] & 15
    n_more = 0
    while head[4] << n_more & 0x80:
        n_more += 1
    if n_more == 1 or n_more > 7 or size_code == 0 or rate_code == 15:
        return 0
    number = head[4] & 0x7F >> n_more
    at = 5
    for byte in head[at : at + max(0, n_more - 1)]:
        if byte & 0xC0 != 0x80:
            return 0
        number, at = number << 6 | byte & 0x3F, at + 1
    n_extra = {6: 1, 7: 2}.get(size_code, 0)
    size = _BLOCKS.get(size_code) or int.from_bytes(head[at : at + n_extra]) + 1
    at += n_extra + {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
    if at >= len(head) or _crc8(head[:at]) != head[at]:
        return 0
    return number * (block or size) + size if is_fixed else number + size


def _crc8(content: bytes) -> int:
    value = 0
    for byte in content:
        value ^= byte
        for _ in range(8):
            value = value << 1 ^ 0x07 if value & 0x80 else value << 1
        value &= 0xFF
    return value
