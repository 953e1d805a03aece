"""Read MM-USED-fallacy and MM-USED from the folders that MAMKit leaves: `dataset.pkl` and `audio_clips/`."""

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..clips import Clip
from .frame_pickle import read_frame_pickle
from .mmused import (
    LABEL_COLUMNS,
    LABELS,
    TEST_DEBATES,
    choose_groups,
    choose_splits,
    load_mmused_csv,
    make_record,
    require_audio,
)

log = logging.getLogger(__name__)

FALLACIES = ("AppealtoEmotion", "AppealtoAuthority", "AdHominem", "FalseCause", "Slipperyslope", "Slogans")
"""MAMKit's names, in the order of `LABELS["afc"]`."""


def load_mamkit(
    folder: str | Path,
    task: str,
    allow_pickle: bool = False,
    check_audio: bool = True,
    split: str = "authors",
    group: str = "debate",
    seed: int = 0,
    authors_csv: str | Path | None = None,
) -> list[Clip]:
    """Load MM-USED-fallacy from MAMKit's folder; the records equal those of `load_mmused_csv`.

    AFC: one record a labelled snippet, its clips in the order of `snippet_indexes`. AFD: one record a
    sentence of each debate, fallacious if it belongs to any labelled snippet. (MAMKit pairs the sentences of
    a debate with the label of the row and loses some, and so does the authors' AFD file that was made with
    it. Here are all sentences that `dataset.pkl` lists.)

    Parameters
    ----------
    folder : `MMUSED-fallacy`, with `dataset.pkl` and `audio_clips/<debate>/<sentence>.wav`
    task : "afc" or "afd"
    allow_pickle : must be True; the error says why
    check_audio, split, group, seed : as in `load_mmused_csv`. The table names no splits: with "authors", the
        two debates of the shared task are test and the rest is train, as in MAMKit's `mm-argfallacy-2025`
    authors_csv : the authors' CSV file of this task, which says which of the rest are validation. A record
        that it does not list stays in train, and their number is logged

    Returns
    -------
    clips : list of Clip, see `load_mmused_csv`

    Raises
    ------
    PermissionError
        Without allow_pickle.
    FileNotFoundError, ValueError
        The message names the file, the row and the value.
    """
    if task not in LABELS:
        raise ValueError(f"task={task!r}: must be one of {list(LABELS)}")
    path = Path(folder) / "dataset.pkl"
    columns = read_frame_pickle(path, allow_pickle)
    clips = (_list_snippets if task == "afc" else _list_sentences)(path, columns)
    clips = _number_repeated(path, clips)
    if authors_csv is not None:
        clips = _copy_splits(clips, load_mmused_csv(authors_csv, None, task, check_audio=False))
    if check_audio:
        require_audio(clips, path.parent)
    return choose_groups(choose_splits(clips, split, LABEL_COLUMNS[task], seed), group)


def load_mamkit_speech(
    folder: str | Path,
    allow_pickle: bool = False,
    check_audio: bool = True,
    parts: Sequence[str] = ("TRAIN",),
) -> list[Clip]:
    """Load the speech of MM-USED, without its labels, for the pre-training of step 2.

    Parameters
    ----------
    folder : `MMUSED`, with `dataset.pkl` and `audio_clips/<debate>/<sentence>.wav`
    allow_pickle, check_audio : as in `load_mamkit`
    parts : parts of MM-USED's own split to take, of "TRAIN", "VALIDATION", "TEST"

    Returns
    -------
    clips : list of Clip of the split "unlabelled"; speech that several rows list is there once
    """
    path = Path(folder) / "dataset.pkl"
    columns = read_frame_pickle(path, allow_pickle)
    rows = list(_take(path, columns, "split", "dialogue_id", "speech_indexes", "speech"))
    found = {str(part) for part, *_ in rows}
    if unknown := set(parts) - found:
        raise ValueError(f"{path}: its split has no {sorted(unknown)}; it has {sorted(found)}")
    clips = [
        make_record("afd", None, _as_text(path, i, text), _name_files(path, i, debate, indexes), "unlabelled")
        for i, (part, debate, indexes, text) in enumerate(rows)
        if part in parts
    ]
    # MM-USED-fallacy numbers sentences of the same debates: the folder's name keeps the ids apart
    clips = [replace(clip, id=f"{path.parent.name}/{clip.id}") for clip in _number_repeated(path, clips)]
    if check_audio:
        require_audio(clips, path.parent)
    return clips


def _list_snippets(path: Path, columns: dict[str, list]) -> list[Clip]:
    """AFC: one record a row."""
    clips = []
    names = [name.lower() for name in FALLACIES]
    for i, (debate, fallacy, text, indexes) in enumerate(
        _take(path, columns, "dialogue_id", "fallacy", "snippet", "snippet_indexes")
    ):
        if str(fallacy).lower() not in names:
            raise ValueError(f"{path}, row {i}: fallacy={fallacy!r} is not one of {list(FALLACIES)}")
        files = _name_files(path, i, debate, indexes)
        label = names.index(str(fallacy).lower())
        clips.append(make_record("afc", label, _as_text(path, i, text), files, _tell_split(debate)))
    return clips


def _list_sentences(path: Path, columns: dict[str, list]) -> list[Clip]:
    """AFD: one record a sentence of any row's dialogue or snippet; 1 if a snippet has it."""
    names = [f"{part}_{what}" for part in ("dialogue", "snippet") for what in ("indexes", "sentences")]
    found: dict[Path, str] = {}
    fallacious: set[Path] = set()
    seen = set()
    for i, (debate, *cells) in enumerate(_take(path, columns, "dialogue_id", *names)):
        for part, indexes, sentences in (("dialogue", *cells[:2]), ("snippet", *cells[2:])):
            if (debate, id(indexes), id(sentences)) in seen:  # the rows of a debate share its lists
                continue
            seen.add((debate, id(indexes), id(sentences)))
            for file, text in _pair(path, i, part, debate, indexes, sentences):
                if found.setdefault(file, text) != text:
                    raise ValueError(f"{path}, row {i}: {file} says {text!r}, above it says {found[file]!r}")
                if part == "snippet":
                    fallacious.add(file)
    return [
        make_record("afd", int(file in fallacious), text, [file], _tell_split(file.parent.name))
        for file, text in found.items()
    ]


def _pair(
    path: Path, row: int, part: str, debate: Any, indexes: Any, sentences: Any
) -> list[tuple[Path, str]]:
    """Pair the sound files of a row's sentences with their texts."""
    files, sentences = _name_files(path, row, debate, indexes), _as_list(path, row, sentences)
    if len(files) != len(sentences):
        raise ValueError(
            f"{path}, row {row}: {len(files)} {part}_indexes but {len(sentences)} {part}_sentences"
        )
    return [(file, _as_text(path, row, text).strip()) for file, text in zip(files, sentences, strict=True)]


def _tell_split(debate: Any) -> str:
    return "test" if str(debate) in TEST_DEBATES else "train"


def _name_files(path: Path, row: int, debate: Any, indexes: Any) -> list[Path]:
    """Name the sound files of a row; a debate's name must not lead out of the folder."""
    if not isinstance(debate, str) or not re.fullmatch(r"\w[\w-]*", debate):
        raise ValueError(f"{path}, row {row}: dialogue_id={debate!r} is no name of a folder")
    numbers = _as_numbers(path, row, indexes)
    if not numbers:
        raise ValueError(f"{path}, row {row}: the list of sentences of {debate} is empty")
    return [path.parent / "audio_clips" / debate / f"{number}.wav" for number in numbers]


def _as_numbers(path: Path, row: int, cell: Any) -> list[int]:
    try:
        return [int(str(value)) for value in _as_list(path, row, cell)]
    except ValueError:
        raise ValueError(f"{path}, row {row}: expected a list of sentence numbers, got {cell!r}") from None


def _as_list(path: Path, row: int, cell: Any) -> list:
    if not isinstance(cell, list | tuple | np.ndarray):
        raise ValueError(f"{path}, row {row}: expected a list, got {cell!r}")
    return list(cell)


def _as_text(path: Path, row: int, cell: Any) -> str:
    if not isinstance(cell, str):
        raise ValueError(f"{path}, row {row}: expected a text, got {cell!r}")
    return cell


def _take(path: Path, columns: dict[str, list], *names: str) -> Iterator[tuple]:
    """Go through the rows of some columns."""
    if missing := [name for name in names if name not in columns]:
        raise ValueError(f"{path}: no column {missing}; there are {list(columns)}")
    return zip(*(columns[name] for name in names), strict=True)


def _number_repeated(path: Path, clips: list[Clip]) -> list[Clip]:
    """Keep equal records once; give records of the same clips but other labels or texts ids of their own."""
    by_id: dict[str, list[Clip]] = {}
    for clip in clips:
        same = by_id.setdefault(clip.id, [])
        if clip not in same:
            same.append(clip)
    kept = [
        replace(clip, id=f"{clip.id}~{n}") if n > 1 else clip
        for same in by_id.values()
        for n, clip in enumerate(same, 1)
    ]
    if len(kept) < len(clips):
        log.warning("%s: %d rows repeat another row; kept once", path, len(clips) - len(kept))
    if len(kept) > len(by_id):
        log.warning("%s: %d rows differ from another only in label or text", path, len(kept) - len(by_id))
    return kept


def _copy_splits(clips: Sequence[Clip], reference: Sequence[Clip]) -> list[Clip]:
    """Give every clip the split that the reference's clip of the same id has."""
    splits = {clip.id: clip.split for clip in reference}
    if unknown := sum(clip.id not in splits for clip in clips):
        log.warning("%d of %d records are not in the authors' file, their split stays", unknown, len(clips))
    return [replace(clip, split=splits.get(clip.id, clip.split)) for clip in clips]
