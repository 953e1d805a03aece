"""Rows of a metadata file and clips, each made from the other."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePath

import pandas as pd

from ..audio import AudioFiles, list_parts
from ..clips import Clip, make_clip_id
from ..files import write_atomically
from .columns import (
    NAMES,
    choose_columns,
    find_metadata,
    is_number,
    is_recognised,
    name_errors,
    read_rows,
    sort_columns,
)
from .splits import make_splits, parse_split

SEPARATOR = "|"  # between the sound files of one clip
_TRUE, _FALSE = {"1", "true", "1.0"}, {"", "0", "false", "0.0"}


def read_table(folder: Path, tasks: Sequence[str] | None = None) -> list[Clip]:
    """Read the clips of a folder's metadata file, see `load_corpus`; sound files are not looked at."""
    path = find_metadata(folder)
    if path is None:
        raise FileNotFoundError(f"{folder}: holds neither {' nor '.join(NAMES)}")
    rows = read_rows(path, ("file_name", "text"))
    columns = sort_columns(path, rows, tasks)
    without = [line for line, row in rows if not row.get("split", "").strip()]
    if 0 < len(without) < len(rows):
        what = f"split is empty, as in {len(without)} of {len(rows)} rows"
        raise ValueError(f"{path}, line {without[0]}: {what}; fill in all, or none to have splits made")
    clips, lines = [], {}
    for line, row in rows:
        with name_errors(f"{path}, line {line}"):
            clip = _read_row(row, path.parent, columns)
            if (first := lines.setdefault(clip.id, line)) != line:
                name = f"file_name {row['file_name']!r} (id {clip.id!r})"
                raise ValueError(f"{name} is listed twice, first in line {first}; give each row its own id")
        clips.append(clip)
    return make_splits(clips) if without else clips


def _read_row(row: dict[str, str], folder: Path, columns: tuple[list, list]) -> Clip:
    name = row["file_name"]
    if not all(PurePath(part).name for part in name.split(SEPARATOR)):
        raise ValueError(f"file_name={name!r} lacks the name of a file" if name else "file_name is empty")
    return make_clip(row, locate_files(name, folder), columns)


def make_clip(row: dict[str, str], files: Sequence[Path], columns: tuple[list, list]) -> Clip:
    """Make the clip of one row and its sound files; ValueError names the cell that cannot be read.

    Without `id`, or without group and text, `file_name` stands for them. `columns` are the label columns and
    the planted parameters, see `sort_columns`.
    """
    numbers = {name: row[name] for name in columns[1] if row.get(name)}
    if wrong := [name for name, value in numbers.items() if not is_number(value)]:
        raise ValueError(f"{wrong[0]}={numbers[wrong[0]]!r} is not a number")
    ambiguous = row.get("ambiguous", "").strip().lower()
    if ambiguous not in _TRUE | _FALSE:
        raise ValueError(f"ambiguous={ambiguous!r} is neither 0 nor 1")
    return Clip(
        id=row.get("id") or make_clip_id(row["file_name"].split(SEPARATOR)),
        text=row["text"],
        audio=tuple(files) if len(files) > 1 else files[0],
        labels={task: row[task] for task in columns[0] if row.get(task)},
        split=parse_split(row.get("split", "").strip() or "train"),
        speaker=row.get("speaker", ""),
        group=row.get("group") or row.get("sentence") or row["text"] or row["file_name"],
        planted={name: float(value) for name, value in numbers.items()},
        phones=row.get("phones", ""),
        ambiguous=ambiguous in _TRUE,
        text_confidence=_read_confidence(row),
    )


def _read_confidence(row: dict[str, str]) -> float | None:
    cell = row.get("text_confidence", "")
    if cell and not (is_number(cell) and 0 <= float(cell) <= 1):
        raise ValueError(f"text_confidence={cell!r} is not a number from 0 to 1; empty for a person's text")
    return float(cell) if is_recognised(row) else None


def locate_files(file_name: str, folder: Path) -> list[Path]:
    """Return the sound files that a cell `file_name` names, one or the several of a joined clip."""
    paths = (folder / name for name in file_name.split(SEPARATOR))
    return [Path(os.path.normpath(path)) if ".." in path.parts else path for path in paths]


def name_files(audio: AudioFiles, folder: str | Path | None) -> str:
    """Write a clip's sound files as a cell `file_name`: relative to the folder, several joined by "|"."""
    parts = list_parts(audio)
    return SEPARATOR.join(Path(os.path.relpath(p, folder)).as_posix() if folder else str(p) for p in parts)


def write_corpus(clips: Sequence[Clip], folder: str | Path, overwrite: bool = False) -> Path:
    """Write a metadata.csv from which `load_corpus` makes equal clips, and return its path.

    Sound files stay where they are and are named relative to the folder; codes are not written. An empty
    group is read back as the text. A task whose labels are all numbers is told by a log message: unless its
    name is `label`, `load_corpus` needs to be given it by `tasks`.

    Raises
    ------
    FileExistsError, ValueError
        If there is a metadata file and `overwrite` is False, or a clip would be read back as another one.
    """
    path = Path(folder) / NAMES[0]
    if not overwrite and (old := find_metadata(folder)):
        raise FileExistsError(f"{old}: is there already; give overwrite=True to replace it")
    columns = choose_columns(clips)
    table = pd.DataFrame([_make_row(clip, path.parent, columns) for clip in clips])
    table = table.loc[:, (table != "").any() | table.columns.isin(["file_name", "text", "split"])]
    with write_atomically(path) as part:
        table.to_csv(part, index=False, lineterminator="\r\n")  # so that a text with either is quoted
    return path


def _make_row(clip: Clip, folder: Path, columns: tuple[list[str], list[str]]) -> dict[str, str]:
    """Write one clip as the cells of a row; ValueError names a clip that would be read back otherwise."""
    file_name, (tasks, planted) = name_files(clip.audio, folder), columns
    row = {
        "file_name": file_name,
        "id": "" if clip.id == make_clip_id(file_name.split(SEPARATOR)) else clip.id,
        "text": clip.text,
        "split": clip.split,
        "speaker": clip.speaker,
        "group": clip.group,
        **{task: clip.labels.get(task, "") for task in tasks},
        **{name: repr(float(clip.planted[name])) if name in clip.planted else "" for name in planted},
        "phones": clip.phones,
        "ambiguous": "1" if clip.ambiguous else "",
        "text_confidence": "" if clip.text_confidence is None else repr(clip.text_confidence),
        "text_recognised": "" if clip.text_confidence is None else clip.text,
    }
    with name_errors(f"clip {clip.id!r}"):
        read = _read_row(row, folder, columns)
        is_same = len(list_parts(read.audio)) == len(list_parts(clip.audio))
        if not is_same or replace(read, audio=clip.audio, group=clip.group) != clip:
            raise ValueError(f"{row} would be read as another clip, {read}")
    return row
