"""What the columns of a table are, told by their names alone, never by what stands in them."""

import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence

from ..clips import Clip, find_repeated, task_names

PLANTED = ("f0_shift_st", "f0_range", "rate", "gain_db", "contour_st", "tilt_db", "pause_ms")
"""Planted parameters of the demo corpus, whose table is known by the first of them."""
PREFIX = "planted_"  # of a planted parameter's column in any other table
FIELDS = ("file_name", "id", "text", "split", "speaker", "group", "sentence", "phones", "ambiguous")
FIELDS += ("text_confidence", "text_recognised")  # of a text that a recogniser wrote
NEAR = 0.84  # similarity of two names from which one is taken for the other, misspelt


def check_columns(columns: Sequence[str], known: Sequence[str] = ()) -> None:
    """Raise ValueError at a column whose name is nearly a reserved one (`FIELDS`, `label`).

    "Split", "file name" and "lable" are near; what `known` names is meant as it stands.
    """
    reserved = (*FIELDS, "label", *known)
    for column in columns:
        if column in reserved:
            continue
        if near := next((name for name in reserved if _is_near(column, name)), ""):
            both = f"; there is a column {near!r}, too" if near in columns else ""
            advice = f"write {near!r} if it is meant, else give it a name that is less alike"
            raise ValueError(f"column {column!r} is nearly {near!r}{both}; {advice}")


def _is_near(column: str, name: str) -> bool:
    one, other = (re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", s).casefold()) for s in (column, name))
    if one == other:
        return True
    if re.sub(r"\d", "", one) == re.sub(r"\d", "", other) or min(len(one), len(other)) < 5:
        return False  # label2, or short words, of which many are alike
    if column.startswith(f"{name}_"):
        return False  # label_b
    same_letters = sorted(one) == sorted(other)
    return same_letters or difflib.SequenceMatcher(None, one, other).ratio() >= NEAR


def rename_columns(row: Mapping[str, str], columns: Mapping[str, str]) -> dict[str, str]:
    """Give the cells of a row the names that they have here; {"text": "transcript"} is ours -> theirs."""
    names = {theirs: ours for ours, theirs in columns.items()}
    return {names.get(key, key): value for key, value in row.items() if key not in columns or key in names}


def check_renaming(columns: Mapping[str, str], found: Sequence[str]) -> None:
    """Raise ValueError at a renaming (ours -> theirs) of what is no field, or whose column is not there."""
    if unknown := [name for name in columns if name not in FIELDS]:
        raise ValueError(f"columns name {unknown[0]!r}, which is none of {list(FIELDS)}")
    if absent := [theirs for theirs in columns.values() if theirs not in found]:
        raise ValueError(f"no column {absent[0]!r}{suggest(absent[0], found)}; there are {list(found)}")


def suggest(name: str, known: Sequence[str]) -> str:
    """Write " (nearest: ...)" where a known name is like this one, else nothing."""
    lower = {one.lower(): one for one in known}
    near = difflib.get_close_matches(name.lower(), lower, 1)
    return f" (nearest: {lower[near[0]]!r})" if near else ""


def sort_columns(columns: Sequence[str], tasks: Sequence[str] | None) -> tuple[list[str], dict[str, str]]:
    """Return the label columns, and the columns of planted parameters: parameter -> column.

    `tasks` None takes as label columns all that have no other meaning. Raises ValueError if a task is no
    column, or both `group` and `sentence` are.
    """
    if unknown := [task for task in tasks or () if task not in columns]:
        raise ValueError(f"no task column {unknown}{suggest(unknown[0], columns)}; there are {list(columns)}")
    if {"group", "sentence"} <= set(columns):
        raise ValueError("has both columns group and sentence, which mean the same; keep one")
    is_demo = PLANTED[0] in columns
    planted = {
        c.removeprefix(PREFIX): c for c in columns if c.startswith(PREFIX) or (is_demo and c in PLANTED)
    }
    if tasks is not None:
        return list(tasks), {name: c for name, c in planted.items() if c not in tasks}
    return [c for c in columns if c not in FIELDS and c not in planted.values()], planted


def choose_columns(clips: Sequence[Clip]) -> tuple[list[str], dict[str, str]]:
    """Return the label columns, and parameter -> column; refuse names that mean something else."""
    if not clips:
        raise ValueError("no clips to write")
    if repeated := find_repeated(clip.id for clip in clips):
        raise ValueError(f"clip id {repeated[0]!r} occurs more than once")
    tasks, names = task_names(clips), sorted({name for clip in clips for name in clip.planted})
    is_demo = PLANTED[0] in names
    planted = {name: name if is_demo and name in PLANTED else PREFIX + name for name in names}
    if refused := set(tasks) & {*FIELDS, PLANTED[0], *names, *planted.values(), ""}:
        raise ValueError(f"task or planted parameter {sorted(refused)}: the name means another column")
    check_columns(tasks)
    if read := set(tasks) & set(sort_columns([*tasks, *planted.values()], None)[1].values()):
        raise ValueError(f"task or planted parameter {sorted(read)}: the name means another column")
    return tasks, planted
