"""Rows of a metadata file and clips, each made from the other."""

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from ..audio import AudioFiles, list_parts
from ..clips import Clip, make_clip_id
from ..files import write_atomically
from ..words import normalise_text
from .columns import check_renaming, choose_columns, rename_columns, sort_columns
from .layout import NAMES, Part, find_metadata, find_parts, list_classed, repair_name, split_of_folders
from .rows import Rows, name_errors, read_cell, read_rows
from .schema import SEPARATOR, check_row, is_recognised, refuse_twins
from .splits import make_splits

log = logging.getLogger(__name__)


def read_table(
    folder: Path, tasks: Sequence[str] | None = None, columns: Mapping[str, str] | None = None
) -> list[Clip]:
    """Read the clips of a folder's table or tables, see `load_corpus`; sound files are not looked at."""
    parts, columns = find_parts(folder), dict(columns or {})
    rows = [(part, *row) for part in parts for row in _read_part(part, folder, columns, tasks)]
    path = parts[0].path
    without = [(part.path, line) for part, line, row in rows if not row.get("split")]
    if 0 < len(without) < len(rows):
        what = f"split is empty, as in {len(without)} of {len(rows)} rows"
        raise ValueError(
            "{}, line {}: {}; fill in all, or none to have splits made".format(*without[0], what)
        )
    with name_errors(str(path)):
        sorted_columns = sort_columns(list(dict.fromkeys(key for *_, row in rows for key in row)), tasks)
    clips, places = [], {}
    for part, line, row in rows:
        with name_errors(f"{part.path}, line {line}"):
            clip = _read_row(row, folder, sorted_columns)
            if (first := places.setdefault(clip.id, (part.path, line))) != (part.path, line):
                name = f"file_name {row['file_name']!r} (id {clip.id!r})"
                where = f"line {first[1]}" if first[0] == part.path else "{}, line {}".format(*first)
                raise ValueError(f"{name} is listed twice, first in {where}; give each row its own id")
        clips.append(clip)
    with name_errors(str(path)):
        refuse_twins(clips)
    if not without:
        return clips
    if told := split_of_folders([row["file_name"] for *_, row in rows]):
        log.warning("%s: the splits are those of the folders' names: %s", path, sorted(set(told)))
        return [replace(clip, split=split) for clip, split in zip(clips, told, strict=True)]
    return make_splits(clips)


def _read_part(part: Part, folder: Path, columns: dict[str, str], tasks: Sequence[str] | None) -> Rows:
    """Read the rows of one part of a corpus; file names are made relative to the corpus's folder."""
    if part.path.is_dir():
        found = [{"file_name": name, "text": "", "label": label} for name, label in list_classed(part)]
        rows = list(enumerate(found, 1))
    else:
        required = [columns.get(name, name) for name in ("file_name", "text")]
        rows = read_rows(part.path, required, [*columns.values(), *(tasks or ())])
        with name_errors(str(part.path)):
            check_renaming(columns, list(dict.fromkeys(key for _, row in rows for key in row)))
        rows = [(line, rename_columns(row, columns)) for line, row in rows]
    for _, row in rows:
        if part.split:
            row["split"] = row.get("split") or part.split
        inner = part.path.parent if part.path.is_file() else part.path
        names = [repair_name(name.strip(), inner) for name in row["file_name"].split(SEPARATOR)]
        row["file_name"] = SEPARATOR.join(
            f"{part.inner}/{name}" if part.inner and name else name for name in names
        )
    return rows


def _read_row(row: dict[str, str], folder: Path, columns: tuple[list, dict]) -> Clip:
    return make_clip(row, locate_files(row["file_name"], folder), columns)


def make_clip(row: dict[str, str], files: Sequence[Path], columns: tuple[list, dict]) -> Clip:
    """Make the clip of one row and its sound files; ValueError names the cell that cannot be read.

    Without `id`, or without group and words, `file_name` stands for them. `columns` are the label columns and
    the planted parameters, see `sort_columns`.
    """
    cells = {name: read_cell(name, value) for name, value in row.items()}
    found = check_row({"file_name": "?"} | cells, columns[1])
    return Clip(
        id=found.id or make_clip_id(found.file_name.split(SEPARATOR)),
        text=found.text,
        audio=tuple(files) if len(files) > 1 else files[0],
        labels={task: cells[task] for task in columns[0] if cells.get(task)},
        split=found.split,
        speaker=found.speaker,
        group=found.group or found.sentence or normalise_text(found.text) or found.file_name,
        planted=found.planted,
        phones=found.phones,
        ambiguous=found.ambiguous,
        text_confidence=found.text_confidence if is_recognised(cells) else None,
    )


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
    group is read back as the text, and a text without the blanks around it.

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


def _make_row(clip: Clip, folder: Path, columns: tuple[list[str], dict[str, str]]) -> dict[str, str]:
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
        **{column: _write_number(clip.planted.get(name)) for name, column in planted.items()},
        "phones": clip.phones,
        "ambiguous": "1" if clip.ambiguous else "",
        "text_confidence": "" if clip.text_confidence is None else repr(clip.text_confidence),
        "text_recognised": "" if clip.text_confidence is None else clip.text,
    }
    with name_errors(f"clip {clip.id!r}"):
        read = _read_row(row, folder, columns)
        is_same = len(list_parts(read.audio)) == len(list_parts(clip.audio))
        same = {"audio": clip.audio, "group": clip.group}
        same |= {"text": clip.text} if read.text == read_cell("text", clip.text) else {}
        if not is_same or replace(read, **same) != clip:
            raise ValueError(f"{row} would be read as another clip, {read}")
    return row


def _write_number(value: float | None) -> str:
    return "" if value is None else repr(float(value))
