"""Load a folder of clips with their texts and labels."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..clips import Clip
from .inspection import inspect_corpus
from .layout import find_metadata, require_folder
from .report import keep_usable
from .table import read_table

_SAVED_DATASET = ("dataset_info.json", "state.json", "dataset_dict.json")


def load_corpus(
    folder: str | Path,
    on_error: str = "strict",
    tasks: Sequence[str] | None = None,
    report: str | Path | None = None,
    inspect: str = "headers",
    columns: Mapping[str, str] | None = None,
) -> list[Clip]:
    """Load the clips that a folder's metadata.csv or metadata.jsonl lists (AudioFolder convention), in order.

    A folder without such a file that holds a Hugging Face dataset (`save_to_disk`) is read by `hf_dataset`.

    Columns: `file_name`, relative to the folder, or several joined by "|" for a clip that is their sounds in
    order (so no name may hold that character); `text`. Optional columns:

    - `id`, else `make_clip_id` of the file names;
    - `split`: "train", "validation", "test", "unlabelled" or the usual short forms, in every row or in none.
      Then `make_splits` makes them, before any clip is dropped, so that a repaired file moves no other clip;
    - `group` or `sentence`, else the text, or the file name where that is empty too;
    - `speaker`, `phones`, `ambiguous`, see `Clip`;
    - `text_confidence` of a recognised text, which counts as a person's once it is no longer what
      `text_recognised` holds;
    - `planted_...`, numbers: parameters of prosody that were planted;
    - every other column, whatever stands in it: a task with its labels.

    Cells are trimmed, in a CSV parted by commas, semicolons or tabs, and read by the names of their columns
    alone: a name that is nearly one of the above raises an error. A table in the folder of each split
    ("train", "test") is as good as one for all, and so are folders of classes with sounds in them, without
    texts. Where no row tells its split, the names of folders ("train/a.wav") may.

    Parameters
    ----------
    folder : folder with the metadata file
    on_error : "strict" raises at sound files that cannot be used; "skip" drops the clips with their labels
    tasks : label columns, which is how to leave out the others; None takes them all as said above
    report : CSV file (file_name, kind, reason), written with a row for each such finding
    inspect : "headers" reads no more than the head of every sound file; "full" decodes them all and also
        finds silent clips and empty texts, see `inspect_corpus`
    columns : name above -> name in the table, where they differ: {"text": "transcript", "group": "dialogue"}

    Raises
    ------
    FileNotFoundError, OSError, ValueError
        The message names the file, and the line and column where there is one; of unusable clips the first
        few and their number.
    """
    folder = require_folder(folder)
    clips = read_clips(folder, tasks, columns)
    found = inspect_corpus(clips, inspect, folder, progress=inspect == "full")
    return keep_usable(clips, found, on_error, report)


def read_clips(
    folder: str | Path, tasks: Sequence[str] | None = None, columns: Mapping[str, str] | None = None
) -> list[Clip]:
    """Read the clips of a folder as `load_corpus` does, without looking at their sound files."""
    folder = require_folder(folder)
    if find_metadata(folder) is None and any((folder / name).is_file() for name in _SAVED_DATASET):
        from .hf_dataset import load_hf_dataset

        return load_hf_dataset(folder, tasks, columns)
    return read_table(folder, tasks, columns)
