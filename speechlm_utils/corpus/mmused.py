"""Read MM-USED-fallacy, fallacies in U.S. presidential debates, from the CSV files of the paper's authors.

Mancini et al., EACL 2024, and the shared task MM-ArgFallacy2025. Two tasks: AFC, which of six fallacies is
it; AFD, is a sentence part of a fallacy. Texts and labels are enough for a model of words; the sound comes
from the reader's own copy of the corpus.
"""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from ..clips import Clip, find_repeated
from .rows import name_errors, read_rows
from .schema import SEPARATOR
from .splits import make_splits, parse_split
from .table import make_clip

LABELS = {
    "afc": (
        "appeal_to_emotion",
        "appeal_to_authority",
        "ad_hominem",
        "false_cause",
        "slippery_slope",
        "slogans",
    ),
    "afd": ("not_fallacious", "fallacious"),
}
"""Label names of each task; a label's number in the authors' files is its place here."""

LABEL_COLUMNS = {"afc": "fallacy", "afd": "detection"}
"""The name of each task in `Clip.labels`: the demo corpus's, so that the same notebooks run on both."""

TEST_DEBATES = ("47_2024", "48_2024")  # of the shared task; the authors' CSV files have the same


def load_mmused_csv(
    csv: str | Path,
    audio_root: str | Path | None = None,
    task: str | None = None,
    split: str = "authors",
    seed: int = 0,
) -> list[Clip]:
    """Load one of the authors' CSV files: one clip a row, its sounds in the order of the row.

    Sound files are not looked at: texts and labels are enough for models of words alone.

    Parameters
    ----------
    csv : `dataset_combined_afc.csv` or `dataset_combined_afd.csv`, columns `split`, `text`, `audio_path_list`
        (paths joined by "|") and `label` (a number)
    audio_root : folder that the paths are relative to, the one with `MMUSED-fallacy/audio_clips`; None takes
        the CSV's own
    task : "afc" or "afd"; None reads it from the file's name
    split, seed : see `choose_splits`

    Returns
    -------
    clips : list of Clip in the order of the file, grouped by debate. The label is
        `labels["fallacy"]` (AFC) or `labels["detection"]` (AFD), a name of `LABELS`. `speaker` is empty: the
        corpus does not say who speaks. Texts are stripped of white space at their ends

    FileNotFoundError or ValueError names the file, the line and the value.
    """
    path = Path(csv)
    task = _find_task(path, task)
    root, clips = Path(audio_root or path.parent), []
    for line, row in read_rows(path, ("split", "text", "audio_path_list", "label")):
        with name_errors(f"{path}, line {line}"):
            clips.append(_read_row(row, task, root))
    if repeated := find_repeated(clip.id for clip in clips):
        raise ValueError(f"{path}: the sound files of {repeated[0]} are listed in two rows")
    return choose_splits(clips, split, LABEL_COLUMNS[task], seed)


def _find_task(path: Path, task: str | None) -> str:
    """Tell the task by argument and file name, and refuse a name that says otherwise."""
    if task not in (None, *LABELS):
        raise ValueError(f"task={task!r}: must be one of {list(LABELS)}")
    named = [one for one in LABELS if one in path.stem.lower()]
    if task is None and len(named) != 1:
        raise ValueError(f"{path}: the file's name does not tell the task, give task='afc' or task='afd'")
    if task is not None and named and task not in named:  # labels 0 and 1 would pass for either task
        raise ValueError(f"{path}: task={task!r}, but the file's name says {named[0]!r}")
    return task or named[0]


def _read_row(row: dict[str, str], task: str, root: Path) -> Clip:
    names, paths = LABELS[task], row["audio_path_list"]
    if row["label"] not in map(str, range(len(names))):
        raise ValueError(f"label={row['label']!r} is not a number of {task}, 0 to {len(names) - 1}")
    parts = [PurePosixPath(part.strip()) for part in paths.split(SEPARATOR)]
    if any(part.is_absolute() or ".." in part.parts or len(part.parts) < 2 for part in parts):
        must = "must name files .../<debate>/<n>.wav relative to audio_root"
        raise ValueError(f"audio_path_list={paths!r} {must}")
    cells = {"split": parse_split(row["split"]), LABEL_COLUMNS[task]: names[int(row["label"])]}
    return make_snippet(row["text"], [root / part for part in parts], cells)


def make_snippet(text: str, files: Sequence[Path], cells: dict[str, str]) -> Clip:
    """Make the clip of one snippet (AFC), sentence (AFD) or unlabelled piece of speech.

    `files` are one or more `.../<debate>/<sentence>.wav`, all of one debate, in the order in which they are
    said; `cells` the label by the task's name, if any, and `split`, else it is "test" for `TEST_DEBATES` or
    "train". The clip's id is debate and sentences, for example "32_2004/692+693", its group the debate.
    """
    debate, *others = sorted({file.parent.name for file in files})
    if others:
        raise ValueError(f"sound files of several debates in one clip: {[debate, *others]}")
    name = f"{debate}/{'+'.join(file.stem for file in files)}"
    split = "test" if debate in TEST_DEBATES else "train"
    row = {"id": name, "text": text.strip(), "group": debate, "split": split} | cells
    return make_clip(row, files, (list(LABEL_COLUMNS.values()), {}))


def choose_splits(clips: Sequence[Clip], split: str, task: str, seed: int = 0) -> list[Clip]:
    """Return the clips, which come grouped by debate, with one of two splits.

    "authors" leaves them as they are: test is two debates of 2024, but validation shares its debates (and so
    its speakers and topics) with train. "debate" makes new ones with the seed, in which every debate lies in
    one split, stratified by the task's labels as far as whole debates allow; scores on it cannot be compared
    with published ones.
    """
    if split not in ("authors", "debate"):
        raise ValueError(f"split={split!r}: must be 'authors' or 'debate'")
    return list(clips) if split == "authors" else make_splits(clips, task, seed=seed)
