"""Read a dataset of the library `datasets` that was saved to disk, as the records of `load_corpus`."""

import hashlib
import logging
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..audio import AudioFiles
from ..clips import Clip, make_clip_id
from ..files import write_atomically
from .columns import SEPARATOR, is_number, locate_files, sort_columns
from .splits import make_splits, parse_split

log = logging.getLogger(__name__)

AUDIO_COLUMNS = (
    "audio",
    "file_name",
    "path",
    "file",
)  # looked for in this order if no column is of type Audio
ENDINGS = {b"RIFF": ".wav", b"fLaC": ".flac", b"OggS": ".ogg", b"ID3": ".mp3"}
_TRUE = ("1", "true", "1.0")


def load_hf_dataset(
    folder: str | Path, tasks: Sequence[str] | None = None, cache_dir: str | Path | None = None
) -> list[Clip]:
    """Load a Dataset or DatasetDict that `save_to_disk` wrote.

    Columns: one of type Audio, or of paths (`audio`, `file_name`, `path` or `file`; several joined by "|");
    `text`; and, as in a metadata.csv, optional `id`, `split`, `speaker`, `group` or `sentence`, `phones`,
    `ambiguous`, labels and planted parameters. The names of a ClassLabel are used. The parts of a DatasetDict
    are the splits; of a Dataset without a column `split` they are made (`make_splits`).

    Sound is never decoded here: `datasets` from version 4 on needs torchcodec for that, which this package
    does without. Paths are taken as they are; sounds that lie in the dataset itself are written once, as they
    are, to files named by their hash, so that a record has a file.

    Parameters
    ----------
    folder : what `save_to_disk` wrote
    tasks : label columns; None takes ClassLabels, `label` and other columns of text, see `load_corpus`
    cache_dir : for sounds that lie in the dataset; None takes the folder `<folder>_audio` beside it

    Returns
    -------
    clips : list of Clip, part by part in the order of their rows. Sound files are not looked at; a row
        without sound gets the name of a file that does not exist, so that an inspection lists it

    Raises
    ------
    FileNotFoundError, ValueError
        The message names the folder, the part, the row and the column.
    """
    folder = Path(folder)
    cache = Path(cache_dir) if cache_dir else folder.with_name(f"{folder.name}_audio")
    parts = _open_parts(folder)
    rows = [row for name, part in parts for row in _read_part(folder, name, part, cache)]
    if not rows:
        raise ValueError(f"{folder}: lists no clips")
    label_columns, planted = sort_columns(folder, list(enumerate(cells for _, cells, _ in rows)), tasks)
    clips = [
        _make_clip(f"{folder}, {where}", cells, clip_id, audio, label_columns, planted)
        for (where, cells, audio), clip_id in zip(rows, _choose_ids(folder, rows), strict=True)
    ]
    has_splits = all(name or "split" in part.column_names for name, part in parts)
    return clips if has_splits else make_splits(clips)


def _open_parts(folder: Path) -> list[tuple[str, Any]]:
    """Open the dataset: (name, Dataset) pairs; a Dataset that is no DatasetDict has the name ""."""
    import datasets

    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder")
    try:
        found = datasets.load_from_disk(str(folder))
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"{folder}: no dataset that save_to_disk wrote ({error})") from error
    return list(found.items()) if isinstance(found, dict) else [("", found)]


Row = tuple[str, dict[str, str], AudioFiles]  # its part and number, its cells, its sound files


def _read_part(folder: Path, name: str, part: Any, cache: Path) -> Iterator[Row]:
    """Go through a part's rows."""
    from datasets import Audio

    place = f"{folder}{f', part {name}' if name else ''}"
    if "text" not in part.column_names:
        raise ValueError(f"{place}: no column 'text'; there are {part.column_names}; use rename_column")
    column = _find_audio(place, part)
    if isinstance(part.features[column], Audio):
        part = part.cast_column(column, Audio(decode=False))
    others = _choose_columns(place, part, column)
    for i, row in enumerate(part):
        cells = {key: _to_text(part.features[key], row[key]) for key in others}
        if name:
            cells.setdefault("split", name)
        sound, where = row[column], f"{name or 'row'}/{i:06d}"
        if not isinstance(sound, dict):
            sound = {"path": sound}
        cells["file_name"] = sound["path"] or ""
        yield where, cells, _find_files(folder, sound, cache, where)


def _find_audio(place: str, part: Any) -> str:
    """Name the column that holds the sound."""
    from datasets import Audio, Value

    typed = [key for key, feature in part.features.items() if isinstance(feature, Audio)]
    paths = [key for key in AUDIO_COLUMNS if isinstance(part.features.get(key), Value)]
    if len(typed) > 1:
        raise ValueError(f"{place}: several columns of sound, {typed}; keep one (remove_columns)")
    if not typed and not paths:
        raise ValueError(
            f"{place}: no column of type Audio and none of paths ({', '.join(AUDIO_COLUMNS)}); there are "
            f"{dict(part.features)}"
        )
    return (typed or paths)[0]


def _choose_columns(place: str, part: Any, audio: str) -> list[str]:
    """Return the columns of texts, numbers and class labels; others are told by a log message."""
    from datasets import ClassLabel, Value

    kept = [key for key, one in part.features.items() if isinstance(one, ClassLabel | Value) and key != audio]
    if left := [key for key in part.column_names if key not in kept and key != audio]:
        log.warning("%s: columns that are neither text, number nor label are not read: %s", place, left)
    return kept


def _to_text(feature: Any, value: Any) -> str:
    """Write a cell as in a metadata.csv: a class by its name, nothing as an empty text."""
    is_class = hasattr(feature, "int2str")
    if value is None or value != value or (is_class and value == -1):  # -1 is a class that is not told
        return ""
    return feature.int2str(value) if is_class else str(value)


def _find_files(folder: Path, sound: dict, cache: Path, where: str) -> AudioFiles:
    """Return the files of one clip; bytes that lie in the dataset are written to the cache first."""
    content, path = sound.get("bytes"), sound["path"]
    if content is None:
        return locate_files(path, folder) if path else cache / f"{where.replace('/', '-')} has no sound"
    ending = next((end for mark, end in ENDINGS.items() if content.startswith(mark)), Path(path or "").suffix)
    file = cache / f"{hashlib.sha256(content).hexdigest()[:32]}{ending}"
    if not file.is_file() or file.stat().st_size != len(content):
        with write_atomically(file) as written:
            written.write_bytes(content)
    return file


def _choose_ids(folder: Path, rows: Sequence[Row]) -> list[str]:
    """Take the column `id`, else the names of the files; where these repeat, part and number of the row."""
    given = [cells.get("id", "") for _, cells, _ in rows]
    if all(given):
        if repeated := [name for name, n in Counter(given).items() if n > 1]:
            raise ValueError(f"{folder}: id {repeated[0]!r} occurs more than once")
        return given
    names = [cells["file_name"].split(SEPARATOR) for _, cells, _ in rows]
    named = [make_clip_id(some) if all(map(os.path.basename, some)) else "" for some in names]
    is_clear = all(named) and len(set(named)) == len(named)
    return named if is_clear else [where for where, _, _ in rows]


def _make_clip(
    where: str, row: dict, clip_id: str, audio: AudioFiles, tasks: Sequence[str], planted: Sequence[str]
) -> Clip:
    numbers = {name: row[name] for name in planted if row.get(name)}
    if bad := [name for name, value in numbers.items() if not is_number(value)]:
        raise ValueError(f"{where}: {bad[0]}={numbers[bad[0]]!r} is not a number")
    try:
        split = parse_split(row.get("split") or "train")
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    return Clip(
        id=clip_id,
        text=row["text"],
        audio=audio,
        labels={task: row[task] for task in tasks if row.get(task)},
        split=split,
        speaker=row.get("speaker", ""),
        group=row.get("group") or row.get("sentence") or row["text"] or clip_id,
        planted={name: float(value) for name, value in numbers.items()},
        phones=row.get("phones", ""),
        ambiguous=row.get("ambiguous", "").lower() in _TRUE,
    )
