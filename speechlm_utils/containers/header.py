"""The header of a sound file, and what makes the file unusable; open it so that all of its sound is read."""

import io
import os
import re
from dataclasses import dataclass
from pathlib import Path

import soundfile

from ..files import name_nearest
from .repair import Repair, examine_header

CUT_OFF_SHARE = 0.01  # of a file's samples; below it a wrong length in the header is the writer's slip
_UNKNOWN_LENGTH = 0x7FFF0000  # bytes; programs that write into a pipe promise at least that much


@dataclass(frozen=True)
class AudioHeader:
    """What the header of a sound file says, or why the file cannot be used.

    `fault` is "", or "missing", "not_a_file", "empty_file", "unreadable", "cut_off" or "no_samples"; then
    `reason` is a sentence that names the file and says what to do. `repair` is what was wrong with the header
    of a file that can be used all the same.
    """

    path: Path
    n_samples: int = 0  # per channel, at the file's own rate
    sample_rate: int = 0  # Hz
    fault: str = ""
    reason: str = ""
    repair: Repair | None = None

    @property
    def seconds(self) -> float:
        """Length, 0 for a file that cannot be used."""
        return self.n_samples / self.sample_rate if self.sample_rate else 0.0


def read_header(path: str | Path) -> AudioHeader:
    """Read the header of one sound file without decoding it; a file that cannot be used raises nothing.

    The length is that of the bytes that are there, where the header promises less (`examine_header`). WAV,
    AIFF, AU, FLAC and MP3 headers tell that a file was cut off, and Ogg's last page does.
    """
    path = Path(path)
    if "\0" in str(path):
        return _fault(path, "missing", "no such sound file, and no name of one")
    if not os.path.exists(path):  # unlike Path.exists, raises nothing for a name that is too long
        if os.path.islink(path):
            return _fault(
                path, "missing", "is a link that leads nowhere, or back to itself; put the sound there"
            )
        advice = "put it there, or correct or delete its row"
        return _fault(path, "missing", f"no such sound file{name_nearest(path)}; {advice}")
    if not os.path.isfile(path):
        return _fault(path, "not_a_file", "is a folder, not a sound file; name the file in it")
    if not path.stat().st_size:
        return _fault(path, "empty_file", "cannot be read as audio, it has 0 bytes; copy the file again")
    try:
        repair = examine_header(path)
        if repair and repair.fault:
            return AudioHeader(path, fault=repair.fault, reason=describe_cut(path, repair.note))
        info = soundfile.info(_open_bytes(path, repair), verbose=True)
    except PermissionError:
        return _fault(path, "unreadable", "may not be read; change its permissions")
    except (soundfile.SoundFileError, RuntimeError, TypeError) as error:  # TypeError: headerless .raw
        advice = "copy the file again, or convert it to WAV or FLAC"
        return _fault(path, "unreadable", f"cannot be read as audio ({error}); {advice}")
    if info.format == "RAW":
        return _fault(
            path, "unreadable", "has no header, so its rate is not known; convert it to WAV or FLAC"
        )
    if promise := _find_broken_promise(info.extra_info):
        return AudioHeader(path, fault="cut_off", reason=describe_cut(path, promise))
    if info.frames < 1:
        return _fault(path, "no_samples", "holds no samples; record or cut the clip again")
    return AudioHeader(path, info.frames, info.samplerate, repair=repair)


def open_sound(header: AudioHeader) -> soundfile.SoundFile:
    """Open the file of a header without a fault, mended where that is needed, for reading."""
    return soundfile.SoundFile(_open_bytes(header.path, header.repair))


def _open_bytes(path: Path, repair: Repair | None) -> str | io.BytesIO:
    return io.BytesIO(repair.mend(path.read_bytes())) if repair else str(path)


def _fault(path: Path, fault: str, reason: str) -> AudioHeader:
    return AudioHeader(path, fault=fault, reason=f"{path}: {reason}")


def describe_cut(path: Path, what: object) -> str:
    """Say that a file was cut off, by what is seen."""
    return f"{path}: cut off or damaged ({what}); copy the file again"


def _find_broken_promise(log: str) -> str:
    """Say what libsndfile's log finds missing ("data : 64000 (should be 31978)"), or ""."""
    found = re.search(r"^\s*(?:data|SSND|Data Size)\s*:\s*(\d+) \(should be (\d+)\)", log, re.MULTILINE)
    promised, held = map(int, found.groups()) if found else (0, 0)
    if promised >= _UNKNOWN_LENGTH or held >= (1 - CUT_OFF_SHARE) * promised:
        return ""
    return f"the header promises {promised} bytes of sound, there are {held}"


def find_cut(header: AudioHeader, n_decoded: int, error: str = "") -> str:
    """Say what is missing if fewer samples were decoded than promised, else ""."""
    if n_decoded >= (1 - CUT_OFF_SHARE) * header.n_samples and not error:
        return ""
    promise = f"the header promises {header.n_samples} samples, {n_decoded} can be decoded"
    return describe_cut(header.path, f"{promise}, {error}" if error else promise)
