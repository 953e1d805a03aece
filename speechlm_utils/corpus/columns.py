"""Read a table of clips (CSV or JSON lines) strictly, and tell what its columns are."""

import csv
import json
import logging
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from ..clips import TASKS, Clip, find_repeated, label_names, task_names

log = logging.getLogger(__name__)

PLANTED = ("f0_shift_st", "f0_range", "rate", "gain_db", "contour_st", "tilt_db", "pause_ms")
FIELDS = ("file_name", "id", "text", "split", "speaker", "group", "sentence", "phones", "ambiguous")
FIELDS += ("text_confidence", "text_recognised")  # of a text that a recogniser wrote
LABEL_COLUMNS = (*TASKS, "label")  # always tasks, even where their labels are numbers
NAMES = ("metadata.csv", "metadata.jsonl")
Rows = list[tuple[int, dict[str, str]]]


@contextmanager
def name_errors(place: str) -> Iterator[None]:
    """Put the place (file and line) before the message of a ValueError."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None


def find_metadata(folder: str | Path) -> Path | None:
    """Return the metadata file of a folder, the CSV if there are both; None if there is none."""
    return next((path for name in NAMES if (path := Path(folder) / name).is_file()), None)


def read_rows(path: Path, required: Sequence[str]) -> Rows:
    """Read a table, JSON lines by its ending or else CSV, as (line number, row of strings) pairs.

    An absent value is "". FileNotFoundError or ValueError names the file, and the line where there is one.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    read = _read_jsonl if path.suffix == ".jsonl" else _read_csv
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = list(read(path, file))
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    if not rows:
        raise ValueError(f"{path}: lists no clips")
    for line, row in rows:
        if None in row or None in row.values():
            raise ValueError(f"{path}, line {line}: the number of cells differs from the header's")
        if missing := sorted(set(required) - set(row)):
            raise ValueError(f"{path}, line {line}: no column {missing}; there are {sorted(row)}")
    return rows


def _read_csv(path: Path, file: TextIO) -> Iterator[tuple[int, dict]]:
    reader = csv.DictReader(file, strict=True)  # else a quote left open swallows the rows after it
    try:
        columns = list(reader.fieldnames or ())
        if "" in columns or len(set(columns)) < len(columns):
            raise ValueError(f"{path}, line 1: a column has no name, or two have the same: {columns}")
        for row in reader:
            yield reader.line_num, row
    except csv.Error as error:
        raise ValueError(f"{path}, line {reader.line_num}: no valid CSV ({error})") from None


def _read_jsonl(path: Path, file: TextIO) -> Iterator[tuple[int, dict]]:
    for line, text in enumerate(file, 1):
        if not text.strip():
            continue
        try:
            row = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"{path}, line {line}: no valid JSON ({error})") from None
        if not isinstance(row, dict):
            raise ValueError(f"{path}, line {line}: expected an object, got {text.strip()[:40]!r}")
        yield line, {key: "" if value is None else str(value) for key, value in row.items()}


def is_recognised(row: dict[str, str]) -> bool:
    """Tell whether a recogniser wrote the text of a row, and nobody has changed it since."""
    return bool(row.get("text_confidence")) and row["text"] == row.get("text_recognised", row["text"])


def is_number(text: str) -> bool:
    """Tell whether a cell is a finite number."""
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def sort_columns(path: Path, rows: Rows, tasks: Sequence[str] | None) -> tuple[list[str], list[str]]:
    """Return the label columns and the planted parameters (numeric columns that are no task).

    `tasks` None takes as label columns those that are always tasks and every other column of text. Raises
    ValueError, naming the file, if a task is no column, or both `group` and `sentence` are.
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


def choose_columns(clips: Sequence[Clip]) -> tuple[list[str], list[str]]:
    """Return the names of tasks and planted parameters; refuse those that would be read as something else."""
    if not clips:
        raise ValueError("no clips to write")
    if repeated := find_repeated(clip.id for clip in clips):
        raise ValueError(f"clip id {repeated[0]!r} occurs more than once")
    tasks, planted = task_names(clips), sorted({name for clip in clips for name in clip.planted})
    refused = set(tasks) & {*FIELDS, *PLANTED, *planted, ""} | set(planted) & {*FIELDS, *LABEL_COLUMNS, ""}
    if refused:
        raise ValueError(f"task or planted parameter {sorted(refused)}: the name means another column")
    for task in set(tasks) - set(LABEL_COLUMNS):
        if all(is_number(name) for name in label_names(clips, task)):
            log.warning("the labels of task %r are numbers: read them with load_corpus(tasks=[...])", task)
    return tasks, planted
