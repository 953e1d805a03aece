"""Write files that are either complete or absent."""

import contextlib
import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def write_atomically(path: str | Path) -> Iterator[Path]:
    """Give a temporary name in the folder of `path`, made if missing, and rename it when the block ends well.

    A reader never sees half a file, an interrupted run leaves none under the final name, and of two processes
    that write the same file the last one wins.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}-{uuid.uuid4().hex[:8]}.part{path.suffix}")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Write a text in UTF-8, completely or not at all."""
    with write_atomically(path) as part:
        part.write_text(text, encoding="utf-8")


def write_json(path: str | Path, content: object, indent: int | None = 1) -> None:
    """Write JSON, completely or not at all; NumPy's arrays and numbers and sets become lists and numbers."""
    write_text(path, json.dumps(content, indent=indent, default=to_plain) + "\n")


def to_plain(value: object):
    """Turn what JSON does not know into lists and numbers; other types raise TypeError."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"{value!r} cannot be written as JSON")
