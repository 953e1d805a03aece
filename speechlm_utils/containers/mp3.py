"""Count the frames of an MP3 file, and write the frame at its head that tells a decoder their number."""

import struct
from dataclasses import dataclass

from .repair import SLACK, Repair

_KBITS = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}  # of MPEG 1, and of MPEG 2 and 2.5
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}  # Hz, by version
N_FRAMES_SEARCHED = 2**16  # bytes between two frames, in which the next is looked for


@dataclass(frozen=True)
class Frame:
    """One frame: where it begins, how long it is (bytes), its version (3: MPEG 1), its rate in Hz."""

    place: int
    length: int
    version: int
    rate: int
    is_mono: bool

    @property
    def n_samples(self) -> int:
        """Samples per channel."""
        return 1152 if self.version == 3 else 576

    @property
    def side(self) -> int:
        """Bytes between the header and the data of a frame."""
        return (17 if self.is_mono else 32) if self.version == 3 else (9 if self.is_mono else 17)


def read_frame(content: bytes, place: int) -> Frame | None:
    """Read the header of a layer III frame, or None if there is none; free bit rates are not read."""
    if place + 4 > len(content) or content[place] != 0xFF:
        return None
    second, third, fourth = content[place + 1 : place + 4]
    version, layer = second >> 3 & 3, second >> 1 & 3
    if second & 0xE0 != 0xE0 or layer != 1 or version == 1 or third >> 4 in (0, 15) or third >> 2 & 3 == 3:
        return None
    rate = _RATES[version][third >> 2 & 3]
    kbits = _KBITS[version == 3][third >> 4]
    length = (144 if version == 3 else 72) * 1000 * kbits // rate + (third >> 1 & 1)
    return Frame(place, length, version, rate, fourth >> 6 == 3)


def list_frames(content: bytes) -> list[Frame]:
    """List the complete frames of a file in order; titles and damaged stretches are skipped."""
    frames, place = [], 0
    while place < len(content):
        if content[place : place + 3] == b"ID3" and place + 10 <= len(content):
            sizes = content[place + 6 : place + 10]
            place += 10 + sum(
                (byte & 0x7F) << shift for byte, shift in zip(sizes, (21, 14, 7, 0), strict=True)
            )
            continue
        frame = read_frame(content, place)
        if frame and frames and (frame.rate, frame.version) != (frames[-1].rate, frames[-1].version):
            frame = None
        end = place + frame.length if frame else 0
        if frame and (end >= len(content) or frames or read_frame(content, end)):
            if end > len(content):
                break
            frames.append(frame)
            place = end
        else:
            place = content.find(b"\xff", place + 1, place + N_FRAMES_SEARCHED)
            if place < 0:
                break
    return frames


def read_promise(content: bytes, frame: Frame) -> int | None:
    """Return the number of frames that a first frame tells (Xing, Info, VBRI; 0: it tells none) or None."""
    body = content[frame.place : frame.place + frame.length]
    at = 4 + frame.side
    if body[at : at + 4] in (b"Xing", b"Info"):
        flags, n_frames = struct.unpack(">II", body[at + 4 : at + 12])
        return n_frames if flags & 1 else 0
    if body[36:40] == b"VBRI":
        return struct.unpack(">I", body[50:54])[0]
    return None


def examine_mp3(content: bytes) -> Repair | None:
    """Compare the number of frames with what the head tells; without a telling one, mend the file.

    A decoder otherwise guesses the length by the first frame's bit rate, and stops there.
    """
    frames = list_frames(content)
    if not frames:
        return None
    promise = read_promise(content, frames[0])
    sound = frames if promise is None else frames[1:]
    if not sound:
        return None
    if promise and len(sound) < (1 - SLACK) * promise - 1:
        return Repair(f"the header promises {promise} frames, there are {len(sound)}", "cut_off")
    if promise and len(sound) <= (1 + SLACK) * promise + 1:
        return None
    if promise is None and len({frame.length - frame.length % 2 for frame in sound}) < 3 and _is_even(sound):
        return None  # one bit rate throughout: the guess is right
    told = f"the header promises {promise or 'no number of'} frames, there are {len(sound)}"
    return Repair(told, skip=sound[0].place, head=write_head(content, sound))


def _is_even(frames: list[Frame]) -> bool:
    lengths = [frame.length for frame in frames]
    return max(lengths) - min(lengths) <= 1


def write_head(content: bytes, frames: list[Frame]) -> bytes:
    """Write a frame of silence that tells how many frames follow (Xing)."""
    first = frames[0]
    head = bytearray(content[first.place : first.place + 4])
    head[1] |= 1  # no checksum
    for index in range(1, 15):  # the lowest bit rate whose frame is long enough
        head[2] = index << 4 | head[2] & 0x0C
        frame = read_frame(bytes(head), 0)
        if frame.length >= 4 + first.side + 12:
            break
    told = b"Xing" + struct.pack(">II", 1, len(frames))
    return bytes(head + bytes(first.side) + told).ljust(frame.length, b"\0")
