"""Read the table of a corpus folder (metadata.csv or metadata.jsonl) and tell what its columns are."""

import csv
import json
import math
from collections.abc import Sequence
from pathlib import Path

TASKS = ("fallacy", "detection", "question", "topic")
PLANTED = ("f0_shift_st", "f0_range", "rate", "gain_db", "contour_st", "tilt_db", "pause_ms")
_FIELDS = {"file_name", "text", "split", "speaker", "sentence", "phones", "ambiguous"}


def read_metadata(folder: Path) -> tuple[Path, list[tuple[int, dict[str, str]]]]:
    """Read the metadata file as (line number, row of strings) pairs; an absent value is ""."""
    path = next((folder / n for n in ("metadata.csv", "metadata.jsonl") if (folder / n).is_file()), None)
    if path is None:
        raise FileNotFoundError(f"{folder}: holds neither metadata.csv nor metadata.jsonl")
    with open(path, newline="", encoding="utf-8-sig") as file:
        if path.suffix == ".csv":
            reader = csv.DictReader(file)
            rows = [(reader.line_num, row) for row in reader]
        else:
            rows = [(n, _parse_json(path, n, text)) for n, text in enumerate(file, 1) if text.strip()]
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


def _parse_json(path: Path, line: int, text: str) -> dict[str, str]:
    try:
        row = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}, line {line}: no valid JSON ({error})") from None
    if not isinstance(row, dict):
        raise ValueError(f"{path}, line {line}: expected an object, got {text.strip()[:40]!r}")
    return {key: "" if value is None else str(value) for key, value in row.items()}


def is_number(text: str) -> bool:
    """Tell whether a cell is a finite number."""
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def sort_columns(path: Path, rows: list, tasks: Sequence[str] | None) -> tuple[list[str], list[str]]:
    """Sort the columns into label columns and planted parameters."""
    columns = list(dict.fromkeys(key for _, row in rows for key in row))
    if unknown := [task for task in tasks or () if task not in columns]:
        raise ValueError(f"{path}: no task column {unknown}; there are {columns}")
    others = [c for c in columns if c not in _FIELDS and c not in (TASKS if tasks is None else tasks)]
    numeric = [c for c in others if all(is_number(row[c]) for _, row in rows if row.get(c))]
    planted = [c for c in others if c in PLANTED or c in numeric]
    if tasks is not None:
        return list(tasks), planted
    known = [task for task in TASKS if task in columns]
    return known + [c for c in others if c not in planted], planted
