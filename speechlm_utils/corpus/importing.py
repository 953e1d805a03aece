"""Read a corpus in another format, look at all of it, and write it as a folder that every notebook reads."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..clips import Clip, task_names
from ..files import write_text
from .emodb import load_emodb
from .hf_dataset import load_hf_dataset
from .inspection import inspect_corpus
from .leakage import LeakageReport, find_leakage
from .mamkit import load_mamkit, load_mamkit_speech
from .mmused import LABELS, load_mmused_csv
from .report import CorpusReport, keep_usable
from .table import write_corpus

UNUSED = {
    "emodb": ("task", "audio_root", "split", "unlabelled", "seed"),
    "mmused-csv": (),
    "mamkit": ("audio_root",),
    "hf": ("task", "audio_root", "split", "unlabelled", "seed"),
}
"""Kinds of source, and the options that each has no use for."""


@dataclass(frozen=True)
class ImportOptions:
    """How a corpus is read, checked and written. The first five are for MM-USED-fallacy alone.

    Attributes
    ----------
    task : "afc" or "afd"; "mmused-csv" reads it from the file's name otherwise
    audio_root : "mmused-csv": folder that the paths are relative to; None takes the CSV's own folder
    split, seed : see `choose_splits`; None takes "authors" and 0. By "debate", unlabelled speech of debates
        held out is left out, and the clips of a debate are a group; else every clip is one, since the sides
        of the split share debates
    unlabelled : MAMKit's folder `MMUSED`, whose train part becomes the unlabelled speech of step 2
    on_error : see `load_corpus`; the reports are written even if "strict" raises
    overwrite : bool, replace a metadata.csv that is there
    """

    task: str | None = None
    audio_root: str | Path | None = None
    split: str | None = None
    seed: int | None = None
    unlabelled: str | Path | None = None
    on_error: str = "strict"
    overwrite: bool = False


@dataclass(frozen=True)
class Imported:
    """What an import found and wrote.

    `inspection` is of all clips that were read, `leakage` of those written; `left_out` counts, by debate, the
    unlabelled clips that were left out because their debate is held out.
    """

    clips: list[Clip]
    inspection: CorpusReport
    leakage: LeakageReport
    left_out: dict[str, int]


def import_corpus(
    source: str | Path, kind: str, out: str | Path, options: ImportOptions | None = None
) -> Imported:
    """Read a corpus, look at all of it, and write it as an audio folder.

    `source` is of one of four kinds, "emodb": EmoDB's folder, "mmused-csv": the authors' CSV file, "mamkit":
    the folder `MMUSED-fallacy`, "hf": a folder that `save_to_disk` wrote. `out` is for metadata.csv, the
    reports and a profile (`format_profile`; one that is there stays). FileExistsError, FileNotFoundError or
    ValueError names the file and says what to do.
    """
    folder, options = Path(out), options or ImportOptions()
    table, profile = folder / "metadata.csv", name_profile(folder)
    if not options.overwrite and table.exists():
        told = "is there already; --overwrite replaces it, --out names another folder"
        raise FileExistsError(f"{table}: {told}")
    clips, left_out = _load(Path(source), kind, options), Counter()
    if options.unlabelled is not None:
        is_strict = options.split == "debate"
        held_out = {clip.group for clip in clips if is_strict and clip.split in ("validation", "test")}
        speech = load_mamkit_speech(options.unlabelled)
        left_out = Counter(clip.group for clip in speech if clip.group in held_out)
        clips += [clip for clip in speech if clip.group not in held_out]
    found = inspect_corpus(clips, folder=folder, progress=True)
    write_text(folder / "inspection.txt", found.summary() + "\n")
    write_text(folder / "inspection.csv", found.findings.to_csv(index=False))
    clips = keep_usable(clips, found, options.on_error, folder / "dropped.csv")
    leakage = find_leakage(clips)
    leakage.write(folder / "leakage.csv")
    if kind in ("mmused-csv", "mamkit") and options.split != "debate":
        clips = [replace(clip, group=clip.id) for clip in clips]
    write_corpus(clips, folder, options.overwrite)
    if not profile.exists():  # it may have been edited
        write_text(profile, format_profile(clips, folder) + "\n")
    return Imported(clips, found, leakage, dict(left_out))


def _load(source: Path, kind: str, options: ImportOptions) -> list[Clip]:
    """Read the labelled clips, sound files not yet looked at; refuse options that have no use."""
    if kind not in UNUSED:
        raise ValueError(f"kind={kind!r}: must be one of {list(UNUSED)}")
    if wrong := [name for name in UNUSED[kind] if getattr(options, name) is not None]:
        raise ValueError(f"kind={kind!r} has no use for {', '.join(wrong)}")
    if kind in ("emodb", "hf"):
        return {"emodb": load_emodb, "hf": load_hf_dataset}[kind](source)
    task, how = options.task, {"split": options.split or "authors", "seed": options.seed or 0}
    if kind == "mmused-csv":
        return load_mmused_csv(source, options.audio_root, task, **how)
    if task is None:
        raise ValueError(f"{source}: say which task, --task {' or --task '.join(LABELS)}")
    return load_mamkit(source, task, **how)


def name_profile(folder: str | Path) -> Path:
    """Name the profile that an import leaves in a folder: `emodb/emodb.yml`."""
    folder = Path(folder).resolve()
    return folder / f"{folder.name}.yml"


def format_profile(clips: Sequence[Clip], folder: str | Path) -> str:
    """Write the lines (YAML) of a profile that make the notebooks run on the corpus in a folder."""
    tasks = task_names(clips)
    task = (
        f"\n  task: {tasks[0]}" if tasks else "\n  # task: none, the table has no column with labels; add one"
    )
    others = f"  # or: {', '.join(tasks[1:])}" if tasks[1:] else ""
    return f"all:\n  corpus_dir: {Path(folder).resolve()}{task}{others}"
