"""What the cells of one row may hold, checked by pydantic, and labels that are written in two ways."""

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import PurePath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError

from ..clips import Clip, task_names
from .splits import parse_split

SEPARATOR = "|"  # between the sound files of one clip
_TRUE, _FALSE = {"1", "true", "1.0", "yes"}, {"", "0", "false", "0.0", "no"}


def is_number(text: str) -> bool:
    """Tell whether a cell is a finite number."""
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _read_number(cell: str) -> float:
    if not is_number(cell):
        raise ValueError("is not a number")
    return float(cell)


def _read_bool(cell: str) -> bool:
    if cell.lower() not in _TRUE | _FALSE:
        raise ValueError("is neither 0 nor 1")
    return cell.lower() in _TRUE


def _check_file_name(cell: str) -> str:
    if not all(PurePath(part).name for part in cell.split(SEPARATOR)):
        raise ValueError("lacks the name of a file")
    return cell


def _read_share(cell: str) -> float | None:
    if cell and not (is_number(cell) and 0 <= float(cell) <= 1):
        raise ValueError("is not a number from 0 to 1; empty for a person's text")
    return float(cell) if cell else None


class Row(BaseModel):
    """One row of a table; cells that are not named here are labels, and stay as they are."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    file_name: Annotated[str, AfterValidator(_check_file_name)]
    text: str
    id: str = ""
    split: Annotated[str, AfterValidator(lambda cell: parse_split(cell or "train"))] = "train"
    speaker: str = ""
    group: str = ""
    sentence: str = ""
    phones: str = ""
    ambiguous: Annotated[bool, BeforeValidator(_read_bool)] = False
    text_confidence: Annotated[float | None, BeforeValidator(_read_share)] = None
    planted: dict[str, Annotated[float, BeforeValidator(_read_number)]] = {}


def check_row(cells: dict[str, str], planted: dict[str, str]) -> Row:
    """Check the cells of a row; `planted` is parameter -> column. ValueError names the cell and its value."""
    numbers = {name: cells[column] for name, column in planted.items() if cells.get(column)}
    try:
        return Row.model_validate(cells | {"planted": numbers})
    except ValidationError as error:
        raise ValueError("; ".join(map(_describe, error.errors()))) from None


def _describe(error: dict) -> str:
    name, value = error["loc"][-1], error["input"]
    if name == "file_name" and not value:
        return "file_name is empty"
    told = re.sub("^Value error, ", "", error["msg"])
    return told if told.startswith(f"{name}=") else f"{name}={value!r} {told}"


def is_recognised(row: dict[str, str]) -> bool:
    """Tell whether a recogniser wrote the text of a row, and nobody has changed it since."""
    return bool(row.get("text_confidence")) and row["text"] == row.get("text_recognised", row["text"])


def refuse_twins(clips: Iterable[Clip]) -> None:
    """Raise ValueError at labels of a task that differ in case, spaces, dashes or a decimal point alone."""
    clips = list(clips)
    for task in task_names(clips):
        counts = Counter(clip.labels[task] for clip in clips if task in clip.labels)
        alike = defaultdict(list)
        for label in counts:
            alike[_fold(label)].append(label)
        if twins := next((names for names in alike.values() if len(names) > 1), None):
            told = " and ".join(f"{name!r} ({counts[name]} clips)" for name in sorted(twins))
            raise ValueError(
                f"labels of {task!r}: {told} differ in how they are written alone; write one way"
            )


def _fold(label: str) -> str:
    if is_number(label):
        return repr(float(label))
    folded = unicodedata.normalize("NFKC", label).casefold()
    return re.sub(r"[\s_\-‐-―]+", " ", folded).strip()
