"""Read a dataset of the library `datasets` that was saved to disk, as the clips of `load_corpus`."""

import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..clips import Clip, find_repeated, make_clip_id
from ..files import cache_folder, write_atomically
from .columns import check_columns, check_renaming, sort_columns
from .rows import name_errors, read_cell
from .schema import SEPARATOR, refuse_twins
from .splits import make_splits
from .table import locate_files, make_clip

log = logging.getLogger(__name__)

AUDIO_COLUMNS = ("audio", "file_name", "path", "file")  # looked for in this order if none is of type Audio
Row = tuple[str, dict[str, str], list[Path]]  # its part and number, its cells, its sound files


def load_hf_dataset(
    folder: str | Path, tasks: Sequence[str] | None = None, columns: Mapping[str, str] | None = None
) -> list[Clip]:
    """Load a Dataset or DatasetDict that `save_to_disk` wrote.

    Columns: one of type Audio, or of paths (`audio`, `file_name`, `path` or `file`; several joined by "|");
    `text`; and, as in a metadata.csv, optional `id`, `split`, `speaker`, `group` or `sentence`, `phones`,
    `ambiguous`, labels and planted parameters. The names of a ClassLabel are used. The parts of a DatasetDict
    are the splits; of a Dataset without a column `split` they are made (`make_splits`).

    Sound is never decoded here: `datasets` from version 4 on needs torchcodec for that, which this package
    does without. Paths are taken as they are, and the files are not looked at. Sounds that lie in the dataset
    itself are written once to files named by their hash in the folder `<folder>_audio`, or in the cache
    (`cache_folder`) where that cannot be written; a row without sound gets the name of a file that does not
    exist, so that an inspection lists it.

    `tasks` and `columns` are those of `load_corpus`. FileNotFoundError or ValueError names the folder, the
    part, the row and the column.
    """
    folder, columns = Path(folder), dict(columns or {})
    parts = _open_parts(folder)
    for name, part in parts.items():
        with name_errors(f"{folder}{f', part {name}' if name else ''}"):
            check_columns(part.column_names, [*AUDIO_COLUMNS, *columns.values(), *(tasks or ())])
            check_renaming(columns, part.column_names)
            parts[name] = part.rename_columns(
                {theirs: ours for ours, theirs in columns.items() if ours != theirs}
            )
    rows = [row for name, part in parts.items() for row in _read_part(folder, name, part)]
    if not rows:
        raise ValueError(f"{folder}: lists no clips")
    with name_errors(str(folder)):
        sorted_columns = sort_columns(
            list(dict.fromkeys(key for _, cells, _ in rows for key in cells)), tasks
        )
    clips = []
    for (where, cells, files), name in zip(rows, _choose_ids(folder, rows), strict=True):
        with name_errors(f"{folder}, {where}"):
            clips.append(make_clip(cells | {"id": name, "file_name": name}, files, sorted_columns))
    with name_errors(str(folder)):
        refuse_twins(clips)
    has_splits = all(name or "split" in part.column_names for name, part in parts.items())
    return clips if has_splits else make_splits(clips)


def _open_parts(folder: Path) -> dict[str, Any]:
    """Open the dataset: name -> Dataset; one that is no DatasetDict has the name ""."""
    import datasets

    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder")
    try:
        found = datasets.load_from_disk(str(folder))
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"{folder}: no dataset that save_to_disk wrote ({error})") from error
    return found if isinstance(found, dict) else {"": found}


def _read_part(folder: Path, name: str, part: Any) -> Iterator[Row]:
    """Go through a part's rows."""
    from datasets import Audio, ClassLabel, Value

    place = f"{folder}{f', part {name}' if name else ''}"
    if "text" not in part.column_names:
        raise ValueError(f"{place}: no column 'text'; there are {part.column_names}; use rename_column")
    audio = _find_audio(place, part)
    if isinstance(part.features[audio], Audio):
        part = part.cast_column(audio, Audio(decode=False))
    others = {key: one for key, one in part.features.items() if key != audio}
    features = {key: one for key, one in others.items() if isinstance(one, ClassLabel | Value)}
    if left := [key for key in others if key not in features]:
        log.warning("%s: columns that are neither text, number nor label are not read: %s", place, left)
    for i, row in enumerate(part):
        where = f"{name or 'row'}/{i:06d}"
        with name_errors(f"{folder}, {where}"):
            cells = {key: _to_text(key, feature, row[key]) for key, feature in features.items()}
        if name:
            cells.setdefault("split", name)
        sound = row[audio] if isinstance(row[audio], dict) else {"path": row[audio]}
        cells["file_name"] = sound["path"] or ""
        yield where, cells, _find_files(folder, sound, where)


def _find_audio(place: str, part: Any) -> str:
    """Return the name of the column with the sounds."""
    from datasets import Audio, Value

    typed = [key for key, feature in part.features.items() if isinstance(feature, Audio)]
    paths = [key for key in AUDIO_COLUMNS if isinstance(part.features.get(key), Value)]
    if len(typed) > 1:
        raise ValueError(f"{place}: several columns of sound, {typed}; keep one (remove_columns)")
    if not typed and not paths:
        what = f"no column of type Audio and none of paths ({', '.join(AUDIO_COLUMNS)})"
        raise ValueError(f"{place}: {what}; there are {dict(part.features)}")
    return (typed or paths)[0]


def _to_text(name: str, feature: Any, value: Any) -> str:
    """Write a cell as in a metadata.csv: a class by its name, nothing as an empty text."""
    if hasattr(feature, "int2str"):
        value = None if value in (None, -1) else feature.int2str(value)  # -1 is a class that is not told
    return read_cell(name, value)


def _find_files(folder: Path, sound: dict, where: str) -> list[Path]:
    """Return the files of one clip; bytes that lie in the dataset are written beside it first."""
    beside, content, path = folder.absolute(), sound.get("bytes"), sound["path"]
    beside = beside.with_name(f"{beside.name}_audio")
    if content is None:
        return locate_files(path, folder) if path else [beside / f"{where.replace('/', '-')} has no sound"]
    digest = hashlib.sha256(content).hexdigest()
    name = f"{digest[:32]}{Path(path or '').suffix[:8]}"
    try:
        return [_write_once(beside / name, content)]
    except OSError:  # a disk that is only read
        return [_write_once(cache_folder() / "sounds" / name, content)]


def _write_once(file: Path, content: bytes) -> Path:
    if not file.is_file() or file.stat().st_size != len(content):
        with write_atomically(file) as part:
            part.write_bytes(content)
    return file


def _choose_ids(folder: Path, rows: Sequence[Row]) -> list[str]:
    """Take the column `id`, else the names of the files; where these repeat, part and number of the row."""
    given = [cells.get("id", "") for _, cells, _ in rows]
    if all(given):
        if repeated := find_repeated(given):
            raise ValueError(f"{folder}: id {repeated[0]!r} occurs more than once")
        return given
    names = [cells["file_name"].split(SEPARATOR) for _, cells, _ in rows]
    named = [make_clip_id(some) if all(Path(name).name for name in some) else "" for some in names]
    return named if all(named) and not find_repeated(named) else [where for where, _, _ in rows]
