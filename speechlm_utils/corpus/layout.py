"""Find the tables of a corpus, or the classes in its folders' names; explain why nothing was found."""

import difflib
import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..audio import FORMATS
from ..files import name_nearest
from .splits import ALIASES, SPLITS, parse_split

NAMES = ("metadata.csv", "metadata.jsonl")


@dataclass(frozen=True)
class Part:
    """A table, or a folder of sounds, of a corpus: its path, its folder within the corpus, its split."""

    path: Path
    inner: str = ""
    split: str = ""


def find_metadata(folder: str | Path) -> Path | None:
    """Return the metadata file of a folder, the CSV if there are both; None if there is none."""
    return next((path for name in NAMES if (path := Path(folder) / name).is_file()), None)


def require_metadata(folder: str | Path) -> Path:
    """Return the metadata file of a folder; FileNotFoundError says what is there instead."""
    folder = require_folder(folder)
    if path := find_metadata(folder):
        return path
    raise FileNotFoundError(_explain_nothing(folder))


def require_folder(folder: str | Path) -> Path:
    """Return an existing folder, "~" written out; a FileNotFoundError names what is near."""
    path = Path(folder).expanduser()
    if path.is_file():
        told = "its folder is the corpus" if path.name in NAMES else "give the folder of a corpus"
        raise NotADirectoryError(f"{path}: is a file; {told}: {path.parent}")
    if path.is_dir():
        return path
    if path.is_symlink():
        raise FileNotFoundError(f"{path}: is a link that leads nowhere, or back to itself")
    if "\\" in str(folder) and (other := Path(str(folder).replace("\\", "/"))).is_dir():
        return other
    raise FileNotFoundError(f"{path}: no such folder{name_nearest(path)}")


def find_parts(folder: Path) -> list[Part]:
    """Find a corpus's parts by a layout of AudioFolder: its table, or a table in the folder of each split.

    Without tables, sounds that lie in folders of classes, in those of splits if there are any, are as good:
    then the parts are folders. FileNotFoundError says what is there instead.
    """
    if path := find_metadata(folder):
        return [Part(path)]
    inner = {one.name: _read_split(one.name) for one in sorted(folder.iterdir()) if one.is_dir()}
    splits = {name: split for name, split in inner.items() if split}
    tables = {name: path for name in splits if (path := find_metadata(folder / name))}
    if tables:
        if without := sorted(set(splits) - set(tables)):
            raise FileNotFoundError(f"{folder / without[0]}: has no table, but {sorted(tables)} have")
        return [Part(path, name, splits[name]) for name, path in tables.items()]
    parts = [Part(folder / name, name, split) for name, split in splits.items()] or [Part(folder)]
    if not any(find_metadata(folder / name) for name in inner) and any(map(list_classed, parts)):
        return parts
    raise FileNotFoundError(_explain_nothing(folder))


def list_classed(part: Part) -> list[tuple[str, str]]:
    """List (file name relative to the part, class) of the sounds that lie in a folder of their class."""
    folders = [one for one in sorted(part.path.iterdir()) if one.is_dir() and not one.name.startswith(".")]
    found = [path for one in folders for path in sorted(one.iterdir()) if path.suffix.lower() in FORMATS]
    return [(f"{path.parent.name}/{path.name}", path.parent.name) for path in found]


def split_of_folders(names: Sequence[str]) -> list[str]:
    """Return each file name's split, told by its first folder; [] unless all tell, and they tell of two."""
    splits = [_read_split(name.split("/")[0]) if "/" in name else "" for name in names]
    return splits if all(splits) and len(set(splits)) > 1 else []


def repair_name(name: str, folder: Path) -> str:
    """Return a cell's file name as the disk has it: "/" for Windows's "\\", "~" written out, NFC or NFD."""
    if name.startswith("~"):
        return str(Path(name).expanduser())
    if (name.isascii() and "\\" not in name) or os.path.lexists(folder / name):
        return name
    slashed = name.replace("\\", "/")
    others = [slashed, *(unicodedata.normalize(form, slashed) for form in ("NFC", "NFD"))]
    return next((one for one in others if os.path.lexists(folder / one)), slashed)


def _read_split(name: str) -> str:
    return parse_split(name) if name.lower() in (*SPLITS, *ALIASES) else ""


def _explain_nothing(folder: Path) -> str:
    """Say that there is no table, and what is near to one."""
    told = f"{folder}: holds neither {' nor '.join(NAMES)}"
    names = [one.name for one in folder.iterdir() if not one.name.startswith(".")]
    tables = [
        name for name in names if name.lower().endswith((".csv", ".jsonl", ".tsv", ".txt", ".xlsx", ".json"))
    ]
    inner = [name for name in names if (folder / name).is_dir() and find_metadata(folder / name)]
    if inner:
        return f"{told}; the folder {inner[0]!r} in it does: give that one"
    if near := difflib.get_close_matches("metadata.csv", tables, 1, 0.3) or tables:
        return f"{told}; if {near[0]!r} is the table, name it {NAMES[0]} (cells parted by commas)"
    if n := sum(Path(name).suffix.lower() in FORMATS for name in names):
        return f"{told}, but {n} sound files: write a table with the columns file_name and text"
    return f"{told}, nor folders of classes with sounds in them" + ("" if names else "; it is empty")
