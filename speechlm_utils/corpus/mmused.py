"""Read MM-USED-fallacy, fallacies in U.S. presidential debates, from the CSV files of the paper's authors.

Mancini et al., EACL 2024, and the shared task MM-ArgFallacy2025. Two tasks: AFC, which of six fallacies is
it; AFD, is a sentence part of a fallacy. Texts and labels are enough for a model of words; the sound comes
from the reader's own copy of the corpus.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from ..audio import list_parts, measure_seconds
from ..clips import Clip, find_repeated
from .columns import name_errors, read_rows
from .splits import make_splits, parse_split
from .table import SEPARATOR, make_clip

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
    audio_root: str | Path | None,
    task: str | None = None,
    check_audio: bool = True,
    split: str = "authors",
    seed: int = 0,
) -> list[Clip]:
    """Load one of the authors' CSV files: one clip a row, its sounds in the order of the row.

    Parameters
    ----------
    csv : `dataset_combined_afc.csv` or `dataset_combined_afd.csv`, columns `split`, `text`, `audio_path_list`
        (paths joined by "|") and `label` (a number)
    audio_root : folder that the paths are relative to, the one with `MMUSED-fallacy/audio_clips`; None only
        with check_audio=False
    task : "afc" or "afd"; None reads it from the file's name
    check_audio : False looks for no sound file: texts and labels are enough for models of words alone
    split, seed : see `choose_splits`

    Returns
    -------
    clips : list of Clip in the order of the file, grouped by debate (see `choose_groups`). The label is
        `labels["fallacy"]` (AFC) or `labels["detection"]` (AFD), a name of `LABELS`. `speaker` is empty: the
        corpus does not say who speaks. Texts are stripped of white space at their ends

    Raises
    ------
    FileNotFoundError, ValueError
        The message names the file, the line and the value, or how many sound files are missing.
    """
    path = Path(csv)
    task = _find_task(path, task)
    if audio_root is None and check_audio:
        raise ValueError(f"{path}: give audio_root, or check_audio=False to use the texts alone")
    root = Path(audio_root or ".")
    rows = read_rows(path, ("split", "text", "audio_path_list", "label"))
    clips = []
    for line, row in rows:
        with name_errors(f"{path}, line {line}"):
            clips.append(_read_row(row, task, root))
    if repeated := find_repeated(clip.id for clip in clips):
        raise ValueError(f"{path}: the sound files of {repeated[0]} are listed in two rows")
    if check_audio:
        require_audio(clips, root)
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
    return make_clip(row, files, (list(LABEL_COLUMNS.values()), []))


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


def choose_groups(clips: Sequence[Clip], group: str) -> list[Clip]:
    """Return the clips, which come grouped by debate, with the groups that the analysis needs.

    "debate" keeps the clips of a debate together in folds and intervals: it has two or three speakers and one
    evening's topics, so a model can know a fold's other clips without knowing fallacies. "clip" makes every
    clip its own group. The authors' splits need it where a notebook asks that train and validation share no
    group, and because their test has two debates, of which no interval can be drawn.
    """
    if group not in ("debate", "clip"):
        raise ValueError(f"group={group!r}: must be 'debate' or 'clip'")
    return list(clips) if group == "debate" else [replace(clip, group=clip.id) for clip in clips]


def require_audio(clips: Sequence[Clip], root: Path) -> None:
    """Raise if sound files are missing, with their number, or if one cannot be read, with its name."""
    files = list(dict.fromkeys(file for clip in clips for file in list_parts(clip.audio)))
    if missing := [file for file in files if not file.is_file()]:
        raise FileNotFoundError(
            f"{root}: {len(missing)} of {len(files)} sound files are missing, the first is {missing[0]}; "
            "fetch the audio with MAMKit, or load with check_audio=False to use the texts alone"
        )
    measure_seconds(files)  # raises where a header tells that its file cannot be used
