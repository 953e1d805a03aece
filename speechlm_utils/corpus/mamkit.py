"""Read MM-USED-fallacy and MM-USED from the folders that MAMKit leaves, their `dataset.pkl` as Parquet.

A pickle is a program that builds data, so none is loaded here. If you trust the file, convert it once::

    python -c "import pandas; pandas.read_pickle('dataset.pkl').to_parquet('dataset.parquet')"
"""

import logging
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from ..clips import Clip
from .mmused import LABEL_COLUMNS, LABELS, choose_splits, make_snippet
from .rows import name_errors

log = logging.getLogger(__name__)


def load_mamkit(folder: str | Path, task: str, split: str = "authors", seed: int = 0) -> list[Clip]:
    """Load MM-USED-fallacy from MAMKit's folder; clips and errors are like those of `load_mmused_csv`.

    AFC: one clip a labelled snippet, its sounds in the order of `snippet_indexes`. AFD: one clip a sentence
    of each debate, fallacious if it belongs to any labelled snippet. (MAMKit pairs the sentences of a debate
    with the label of the row and loses some, and so does the authors' AFD file that was made with it. Here
    are all sentences that the table lists.)

    Parameters
    ----------
    folder : `MMUSED-fallacy`, with `dataset.parquet` and `audio_clips/<debate>/<sentence>.wav`
    task : "afc" or "afd"
    split, seed : see `choose_splits`. The table names no splits: with "authors", the two debates of the
        shared task are test and the rest is train, as in MAMKit's `mm-argfallacy-2025`
    """
    if task not in LABELS:
        raise ValueError(f"task={task!r}: must be one of {list(LABELS)}")
    folder = Path(folder)
    clips = _number_repeated(folder, (_list_snippets if task == "afc" else _list_sentences)(folder))
    return choose_splits(clips, split, LABEL_COLUMNS[task], seed)


def load_mamkit_speech(folder: str | Path) -> list[Clip]:
    """Load the train part of MM-USED, without its labels, for the pre-training of step 2.

    `folder` is `MMUSED`, with `dataset.parquet` and `audio_clips/<debate>/<sentence>.wav`. The clips have the
    split "unlabelled"; speech that several rows list is there once. Sound files are not looked at.
    """
    folder, clips = Path(folder), []
    columns = ("dialogue_id", "speech_indexes", "speech", "split")
    for place, debate, indexes, text, part in _read_table(folder, *columns):
        if part == "TRAIN":
            with name_errors(place):
                files = _name_files(folder, debate, indexes)
                clips.append(make_snippet(text, files, {"split": "unlabelled"}))
    # MM-USED-fallacy numbers sentences of the same debates: the folder's name keeps the ids apart
    return [replace(clip, id=f"{folder.name}/{clip.id}") for clip in _number_repeated(folder, clips)]


def _read_table(folder: Path, *names: str) -> Iterator[tuple]:
    """Read some columns of the table; every row begins with its place, for messages."""
    path, pickle = folder / "dataset.parquet", folder / "dataset.pkl"
    if not path.is_file():
        line = f"import pandas; pandas.read_pickle('{pickle}').to_parquet('{path}')"
        only = f", only a pickle. Loading that can run any command; if you trust it, convert it once:\n{line}"
        raise FileNotFoundError(f"{path}: no such file{only if pickle.is_file() else ''}")
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: no Parquet file ({error})") from error
    if missing := sorted(set(names) - set(table)):
        raise ValueError(f"{path}: no column {missing}; there are {list(table)}")
    for i, cells in enumerate(table[list(names)].itertuples(index=False, name=None)):
        for name, cell in zip(names, cells, strict=True):
            is_list = name.endswith(("indexes", "sentences"))
            if not isinstance(cell, np.ndarray if is_list else str) or (is_list and None in cell):
                what = "a list" if is_list else "a text"
                raise ValueError(f"{path}, row {i}: {name}: expected {what}, got {cell!r}")
        yield f"{path}, row {i}", *cells


def _list_snippets(folder: Path) -> list[Clip]:
    """AFC: one clip a row."""
    labels = {name.replace("_", ""): name for name in LABELS["afc"]}  # MAMKit writes AppealtoEmotion
    clips = []
    columns = ("dialogue_id", "snippet_indexes", "snippet", "fallacy")
    for place, debate, indexes, text, fallacy in _read_table(folder, *columns):
        with name_errors(place):
            if fallacy.lower() not in labels:
                raise ValueError(f"fallacy={fallacy!r} is not one of {list(labels)}")
            files, label = _name_files(folder, debate, indexes), labels[fallacy.lower()]
            clips.append(make_snippet(text, files, {LABEL_COLUMNS["afc"]: label}))
    return clips


def _list_sentences(folder: Path) -> list[Clip]:
    """AFD: one clip a sentence of any row's dialogue or snippet; fallacious if a snippet has it."""
    parts = ("dialogue", "snippet")
    columns = [f"{part}_{what}" for part in parts for what in ("indexes", "sentences")]
    found: dict[Path, str] = {}
    fallacious, seen = set(), set()
    for place, debate, *cells in _read_table(folder, "dialogue_id", *columns):
        for part, indexes, texts in zip(parts, cells[::2], cells[1::2], strict=True):
            if (key := (part, debate, tuple(indexes), tuple(texts))) in seen:  # a debate's rows share lists
                continue
            seen.add(key)
            with name_errors(place):
                if len(indexes) != len(texts):
                    raise ValueError(f"{len(indexes)} {part}_indexes but {len(texts)} {part}_sentences")
                files = _name_files(folder, debate, indexes)
                for file, text in zip(files, map(str.strip, texts), strict=True):
                    if found.setdefault(file, text) != text:
                        raise ValueError(f"{file} says {text!r}, above it says {found[file]!r}")
            if part == "snippet":
                fallacious.update(files)
    labels = {file: {LABEL_COLUMNS["afd"]: LABELS["afd"][file in fallacious]} for file in found}
    return [make_snippet(text, [file], labels[file]) for file, text in found.items()]


def _name_files(folder: Path, debate: str, indexes: np.ndarray) -> list[Path]:
    """Name the sound files of a row; a debate's name must not lead out of the folder."""
    if not re.fullmatch(r"\w[\w-]*", debate):
        raise ValueError(f"dialogue_id={debate!r} is no name of a folder")
    try:
        numbers = [int(str(value)) for value in indexes]
    except ValueError:
        raise ValueError(f"expected a list of sentence numbers, got {indexes.tolist()!r}") from None
    if not numbers:
        raise ValueError(f"the list of sentences of {debate} is empty")
    return [folder / "audio_clips" / debate / f"{number}.wav" for number in numbers]


def _number_repeated(folder: Path, clips: Sequence[Clip]) -> list[Clip]:
    """Leave out clips that repeat another; give those that differ in label or text alone ids of their own."""
    by_id: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        if clip not in by_id[clip.id]:
            by_id[clip.id].append(clip)
    different = [
        replace(clip, id=f"{clip.id}~{n}") if n > 1 else clip
        for same in by_id.values()
        for n, clip in enumerate(same, 1)
    ]
    if n_repeated := len(clips) - len(different):
        log.warning("%s: %d rows repeat another row; they are left out", folder, n_repeated)
    if n_others := len(different) - len(by_id):
        log.warning("%s: %d rows differ from another only in label or text", folder, n_others)
    return different
