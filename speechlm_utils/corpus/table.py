"""Rows of a metadata file and records of clips, each made from the other."""

import csv
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePath

from ..audio import list_parts
from ..clips import Clip, label_names, make_clip_id, task_names
from ..files import write_atomically
from .columns import (
    FIELDS,
    LABEL_COLUMNS,
    NAMES,
    PLANTED,
    SEPARATOR,
    Rows,
    find_metadata,
    is_number,
    locate_files,
    name_files,
    read_metadata,
    sort_columns,
)
from .splits import make_splits, parse_split

log = logging.getLogger(__name__)

_TRUE, _FALSE = {"1", "true", "1.0"}, {"", "0", "false", "0.0"}


def read_table(folder: Path, tasks: Sequence[str] | None = None) -> list[Clip]:
    """Make the records of a folder's metadata file, whether or not their sound files can be used.

    Parameters
    ----------
    folder : folder with metadata.csv or metadata.jsonl; the columns are described at `load_corpus`
    tasks : label columns, or None

    Returns
    -------
    clips : list of Clip, in the order of the file, with splits

    Raises
    ------
    FileNotFoundError, ValueError
        The message names the file, and the line and column where there is one.
    """
    path, rows = read_metadata(folder)
    label_columns, planted_columns = sort_columns(path, rows, tasks)
    has_splits = _look_for_splits(path, rows)
    clips, lines = [], {}
    for line, row in rows:
        clip = _make_clip(path, line, row, label_columns, planted_columns)
        if clip.id in lines:
            what = f"file_name {row['file_name']!r} (id {clip.id!r}) is listed twice, first in line"
            raise ValueError(f"{path}, line {line}: {what} {lines[clip.id]}; give each row an id of its own")
        lines[clip.id] = line
        clips.append(clip)
    return clips if has_splits else make_splits(clips)


def _look_for_splits(path: Path, rows: Rows) -> bool:
    """Tell whether the rows have splits; only some of them having one raises ValueError."""
    without = [line for line, row in rows if not row.get("split", "").strip()]
    if without and len(without) < len(rows):
        raise ValueError(
            f"{path}, line {without[0]}: split is empty, as in {len(without)} of {len(rows)} rows; "
            "fill in all, or none to have splits made"
        )
    return not without


def _make_clip(path: Path, line: int, row: dict, label_columns: list, planted_columns: list) -> Clip:
    """Make one record of one row of the metadata file."""
    planted = {name: row[name] for name in planted_columns if row.get(name)}
    for name, value in planted.items():
        if not is_number(value):
            raise ValueError(f"{path}, line {line}: {name}={value!r} is not a number")
    ambiguous = row.get("ambiguous", "").strip().lower()
    if ambiguous not in _TRUE | _FALSE:
        raise ValueError(f"{path}, line {line}: ambiguous={ambiguous!r} is neither 0 nor 1")
    names = row["file_name"].split(SEPARATOR)
    if not all(PurePath(name).name for name in names):
        raise ValueError(f"{path}, line {line}: file_name={row['file_name']!r} lacks the name of a file")
    try:
        split = parse_split(row["split"]) if row.get("split", "").strip() else "train"
    except ValueError as error:
        raise ValueError(f"{path}, line {line}: {error}") from None
    return Clip(
        id=row.get("id") or make_clip_id(names),
        text=row["text"],
        audio=locate_files(row["file_name"], path.parent),
        labels={task: row[task] for task in label_columns if row.get(task)},
        split=split,
        speaker=row.get("speaker", ""),
        group=row.get("group") or row.get("sentence") or row["text"] or row["file_name"],
        planted={name: float(value) for name, value in planted.items()},
        phones=row.get("phones", ""),
        ambiguous=ambiguous in _TRUE,
    )


def write_corpus(clips: Sequence[Clip], folder: str | Path, overwrite: bool = False) -> Path:
    """Write a metadata.csv from which `load_corpus` makes equal clips; sound files stay where they are.

    File names are written relative to the folder. An empty group is read back as the text. A task whose
    labels are all numbers is told by a log message: unless its name is `label`, `load_corpus` needs to be
    given it by `tasks`.

    Parameters
    ----------
    clips : records with unique ids; codes are not written
    folder : made if missing
    overwrite : bool, replace a metadata file that is there

    Returns
    -------
    path : of the metadata.csv

    Raises
    ------
    FileExistsError, ValueError
        If there is a metadata file, or a clip would be read back as another one; the message names it.
    """
    folder = Path(folder)
    if not overwrite and (old := find_metadata(folder)):
        raise FileExistsError(f"{old}: is there already; give overwrite=True to replace it")
    tasks, planted = _choose_columns(clips)
    rows = [_make_row(clip, folder, tasks, planted) for clip in clips]
    used = {column for row in rows for column, value in row.items() if value}
    columns = [column for column in rows[0] if column in used | {"file_name", "text", "split"}]
    with write_atomically(folder / NAMES[0]) as part, open(part, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return folder / NAMES[0]


def _choose_columns(clips: Sequence[Clip]) -> tuple[list[str], list[str]]:
    """Return the names of tasks and planted parameters; refuse those that would be read as something else."""
    if not clips:
        raise ValueError("no clips to write")
    if repeated := [name for name, n in Counter(clip.id for clip in clips).items() if n > 1]:
        raise ValueError(f"clip id {repeated[0]!r} occurs more than once")
    tasks, planted = task_names(clips), sorted({name for clip in clips for name in clip.planted})
    refused = (set(tasks) & {*FIELDS, *PLANTED, *planted, ""}) | (
        set(planted) & {*FIELDS, *LABEL_COLUMNS, ""}
    )
    if refused:
        raise ValueError(f"task or planted parameter {sorted(refused)}: the name means another column")
    for task in set(tasks) - set(LABEL_COLUMNS):
        if all(is_number(name) for name in label_names(clips, task)):
            log.warning("the labels of task %r are numbers: read them with load_corpus(tasks=[...])", task)
    return tasks, planted


def _make_row(clip: Clip, folder: Path, tasks: Sequence[str], planted: Sequence[str]) -> dict[str, str]:
    """Write one record as the cells of a row; ValueError names a clip that would be read back otherwise."""
    file_name = name_files(clip.audio, folder)
    row = {
        "file_name": file_name,
        "id": "" if clip.id == make_clip_id(file_name.split(SEPARATOR)) else clip.id,
        "text": clip.text,
        "split": parse_split(clip.split),
        "speaker": clip.speaker,
        "group": clip.group,
        **{task: clip.labels.get(task, "") for task in tasks},
        **{name: repr(float(clip.planted[name])) if name in clip.planted else "" for name in planted},
        "phones": clip.phones,
        "ambiguous": "1" if clip.ambiguous else "",
    }
    read = _make_clip(folder / NAMES[0], 0, row, list(tasks), list(planted))
    n_files = len(list_parts(read.audio)), len(list_parts(clip.audio))
    if n_files[0] != n_files[1] or replace(read, audio=clip.audio, group=clip.group) != clip:
        raise ValueError(f"clip {clip.id!r}: {row} would be read as another record, {read}")
    return row
