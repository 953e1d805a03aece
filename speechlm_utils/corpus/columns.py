"""Read the table of a corpus folder (metadata.csv or metadata.jsonl) and tell what its columns are."""

import csv
import json
import math
import os
from collections.abc import Sequence
from pathlib import Path

from ..audio import AudioFiles, list_parts
from ..clips import TASKS

PLANTED = ("f0_shift_st", "f0_range", "rate", "gain_db", "contour_st", "tilt_db", "pause_ms")
FIELDS = ("file_name", "id", "text", "split", "speaker", "group", "sentence", "phones", "ambiguous")
LABEL_COLUMNS = (*TASKS, "label")  # always tasks, even where their labels are numbers
NAMES = ("metadata.csv", "metadata.jsonl")
SEPARATOR = "|"  # between the sound files of one clip
Rows = list[tuple[int, dict[str, str]]]


def find_metadata(folder: str | Path) -> Path | None:
    """Return the metadata file of a folder, the CSV if there are both; None if there is none."""
    return next((path for name in NAMES if (path := Path(folder) / name).is_file()), None)


def read_metadata(folder: Path) -> tuple[Path, Rows]:
    """Read the metadata file as (line number, row of strings) pairs; an absent value is ""."""
    path = find_metadata(folder)
    if path is None:
        raise FileNotFoundError(f"{folder}: holds neither {' nor '.join(NAMES)}")
    try:
        rows = _read_csv(path) if path.suffix == ".csv" else _read_jsonl(path)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    if not rows:
        raise ValueError(f"{path}: lists no clips")
    for line, row in rows:
        if None in row or None in row.values():
            raise ValueError(f"{path}, line {line}: the number of cells differs from the header's")
        if missing := {"file_name", "text"} - set(row):
            raise ValueError(f"{path}, line {line}: no column {sorted(missing)}; there are {sorted(row)}")
        if not row["file_name"]:
            raise ValueError(f"{path}, line {line}: file_name is empty")
    return path, rows


def _read_csv(path: Path) -> Rows:
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file, strict=True)  # else a quote left open swallows the rows after it
        try:
            columns = list(reader.fieldnames or ())
            if "" in columns or len(set(columns)) < len(columns):
                raise ValueError(f"{path}, line 1: a column has no name, or two have the same: {columns}")
            return [(reader.line_num, row) for row in reader]
        except csv.Error as error:
            raise ValueError(f"{path}, line {reader.line_num}: no valid CSV ({error})") from None


def _read_jsonl(path: Path) -> Rows:
    with open(path, encoding="utf-8-sig") as file:
        return [(n, _parse_json(path, n, text)) for n, text in enumerate(file, 1) if text.strip()]


def _parse_json(path: Path, line: int, text: str) -> dict[str, str]:
    try:
        row = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}, line {line}: no valid JSON ({error})") from None
    if not isinstance(row, dict):
        raise ValueError(f"{path}, line {line}: expected an object, got {text.strip()[:40]!r}")
    return {key: "" if value is None else str(value) for key, value in row.items()}


def locate_files(file_name: str, folder: Path) -> Path | tuple[Path, ...]:
    """Return the sound file that a cell `file_name` names, or the several of a joined clip, in order."""
    paths = tuple(_locate(folder, name) for name in file_name.split(SEPARATOR))
    return paths if len(paths) > 1 else paths[0]


def _locate(folder: Path, name: str) -> Path:
    path = folder / name
    return Path(os.path.normpath(path)) if ".." in path.parts else path


def name_files(audio: AudioFiles, folder: str | Path) -> str:
    """Write a clip's sound files as a cell `file_name`: relative to the folder, several joined by "|"."""
    return SEPARATOR.join(Path(os.path.relpath(part, folder)).as_posix() for part in list_parts(audio))


def is_number(text: str) -> bool:
    """Tell whether a cell is a finite number."""
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def sort_columns(path: Path, rows: Rows, tasks: Sequence[str] | None) -> tuple[list[str], list[str]]:
    """Sort the columns into label columns and planted parameters.

    Parameters
    ----------
    path : the metadata file, for the message
    rows : as `read_metadata` returns them
    tasks : the label columns; None takes those that are always tasks and every other column of text

    Returns
    -------
    tasks, planted : lists of column names; a numeric column that is no task is a planted parameter

    Raises
    ------
    ValueError
        If a task is no column, or both `group` and `sentence` are columns.
    """
    columns = list(dict.fromkeys(key for _, row in rows for key in row))
    if unknown := [task for task in tasks or () if task not in columns]:
        raise ValueError(f"{path}: no task column {unknown}; there are {columns}")
    if {"group", "sentence"} <= set(columns):
        raise ValueError(f"{path}: has both columns group and sentence, which mean the same; keep one")
    known = LABEL_COLUMNS if tasks is None else tasks
    others = [c for c in columns if c not in FIELDS and c not in known]
    numeric = [c for c in others if all(is_number(row[c]) for _, row in rows if row.get(c))]
    planted = [c for c in others if c in PLANTED or c in numeric]
    if tasks is not None:
        return list(tasks), planted
    return [c for c in known if c in columns] + [c for c in others if c not in planted], planted
