"""Write files and folders that are either complete or absent, one run at a time."""

import contextlib
import difflib
import errno
import hashlib
import json
import os
import shutil
import tempfile
import unicodedata
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

FULL = errno.ENOSPC, errno.EDQUOT, errno.EFBIG
FULL_DISK = "no room on the disk; free some and give the same command again: what was finished is kept"
LOCK = ".lock"


@contextlib.contextmanager
def write_atomically(path: str | Path) -> Iterator[Path]:
    """Give a temporary name in the folder of `path`, made if missing, and rename it when the block ends well.

    A reader never sees half a file, an interrupted run leaves none under the final name, and of two processes
    that write the same file the last one wins. Before the new name counts the content is on the disk, so that
    a power cut leaves the old file or the new one. A full disk raises OSError, and the old file stays.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}-{uuid.uuid4().hex[:8]}.part{path.suffix}")
    try:
        with explain_full_disk(path):
            yield part
            sync(part)
            os.replace(part, path)
        with contextlib.suppress(OSError):  # not every system opens folders
            sync(path.parent)
    finally:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def explain_full_disk(path: str | Path) -> Iterator[None]:
    """Say of a full disk, in one line and whatever library met it, which file it cost and what to do."""
    try:
        yield
    except Exception as error:
        if getattr(error, "errno", None) in FULL or any(os.strerror(number) in str(error) for number in FULL):
            raise OSError(errno.ENOSPC, FULL_DISK, str(path)) from error
        raise


def sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk."""
    place = os.open(path, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)


@contextlib.contextmanager
def lock_folder(folder: str | Path, name: str = LOCK, seconds: float = 0) -> Iterator[None]:
    """Let no second run write to a folder, made if missing, during the block; it gets a BlockingIOError.

    It may wait for the first one's end some `seconds` (-1: as long as it takes). The lock ends with its
    process, however that ends; its file `name` stays, and means nothing by itself.
    """
    from filelock import FileLock, Timeout

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        lock = FileLock(folder / name).acquire(timeout=seconds)
    except Timeout:
        advice = "wait until it has ended, or name another folder"
        raise BlockingIOError(f"{folder}: another run is writing there; {advice}") from None
    with lock:
        yield


@contextlib.contextmanager
def replace_files(folder: str | Path, last: str, gone: Sequence[str] = ()) -> Iterator[Path]:
    """Give a temporary folder; when the block ends well its files go to `folder`, over those of their names.

    Until then the old ones stay. The file `last` is removed first and comes last, so that a folder without it
    is one where this was interrupted; old files that are `gone` are removed.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=".part-", dir=folder))
    try:
        with explain_full_disk(folder):
            yield part
            files = sorted((p for p in part.rglob("*") if p.is_file()), key=lambda p: p.name == last)
            for file in files:
                sync(file)
        for name in (last, *gone):
            (folder / name).unlink(missing_ok=True)
        for file in files:
            (place := folder / file.relative_to(part)).parent.mkdir(exist_ok=True)
            os.replace(file, place)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def write_text(path: str | Path, text: str) -> None:
    """Write a text in UTF-8, completely or not at all."""
    with write_atomically(path) as part:
        part.write_text(text, encoding="utf-8")


def write_json(path: str | Path, content: object, indent: int | None = 1) -> None:
    """Write JSON, completely or not at all; NumPy's arrays and numbers and sets become lists and numbers."""
    write_text(path, json.dumps(content, indent=indent, default=to_plain) + "\n")


def name_nearest(path: Path) -> str:
    """Write "; the nearest is ..." for a path that is not there, or which folder above it is."""
    if not path.parent.is_dir():
        above = next((one for one in path.parents if one.is_dir()), None)
        return f"; {above} is the last folder on the way that is there" if above else ""
    with os.scandir(path.parent) as entries:
        names = {unicodedata.normalize("NFC", one.name).lower(): one.name for one in entries}
    wanted = unicodedata.normalize("NFC", path.name).lower()
    digits = [c for c in wanted if c.isdigit()]  # files are often numbered, and 12 is not nearly 13
    alike = [name for name in names if [c for c in name if c.isdigit()] == digits]
    near = difflib.get_close_matches(wanted, alike, 1, 0.75)
    return f"; the nearest is {names[near[0]]!r}" if near else ""


def cache_folder() -> Path:
    """Name the folder for what may be thrown away: $SPEECHLM_CACHE, else ~/.cache/speechlm_utils."""
    return Path(os.environ.get("SPEECHLM_CACHE") or Path.home() / ".cache" / "speechlm_utils")


def keep_converted(source: Path, name: str, convert: Callable[[Path, Path], None]) -> Path:
    """Return the folder of a file's conversion, made by `convert(source, folder)` on the first call.

    It lies in the `cache_folder`, is named by `name` and the source's SHA-256,
    and is there only when it is complete.
    """
    cache = cache_folder()
    with open(source, "rb") as file:
        folder = cache / f"{name}-{hashlib.file_digest(file, 'sha256').hexdigest()[:12]}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=cache))
    try:
        convert(source, unfinished)
        with contextlib.suppress(OSError):  # another process was first: its folder is as good
            unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    if not folder.is_dir():
        raise OSError(f"{folder}: could not be written")
    return folder


def to_plain(value: object):
    """Turn what JSON does not know into lists and numbers; other types raise TypeError."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"{value!r} cannot be written as JSON")
