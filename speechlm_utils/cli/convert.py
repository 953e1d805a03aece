"""The command `speechlm import`: read a corpus in another format, write a folder that all notebooks read."""

from __future__ import annotations  # the types below are imported when a command asks for them

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..files import write_atomically

if TYPE_CHECKING:
    from ..clips import Clip
    from ..corpus.inspection import Limits
    from ..corpus.leakage import LeakageReport
    from ..corpus.report import CorpusReport

KINDS = ("mmused-csv", "mamkit", "hf")
TASKS = ("afc", "afd")

HELP = """\
Read a corpus in another format and write a metadata.csv for it. Sound files stay where they are and are named
relative to the new folder. Beside it lie inspection.txt and inspection.csv (what is wrong with which clip),
dropped.csv (what cannot be used) and leakage.csv (what the splits share). Afterwards every notebook runs on
the new folder: it is the corpus_dir of a profile.
"""

EXAMPLES = """\
examples:
  speechlm import dataset_combined_afc.csv --kind mmused-csv --audio-root AUDIO --out data/mmused
  speechlm import AUDIO/MMUSED-fallacy --kind mamkit --task afd --allow-pickle --split debate --out data/afd
  speechlm import AUDIO/MMUSED-fallacy --kind mamkit --task afc --allow-pickle \\
      --authors-csv dataset_combined_afc.csv --unlabelled AUDIO/MMUSED --out data/mmused
  speechlm import my_dataset --kind hf --out data/mine
"""


@dataclass(frozen=True)
class Imported:
    """What an import found and wrote.

    Attributes
    ----------
    clips : list of Clip, as written
    inspection : CorpusReport, of all clips that were read
    leakage : LeakageReport, of the clips that are written
    left_out : dict, debate -> number of unlabelled clips that were left out because the debate is held out
    folder : Path
    """

    clips: list[Clip]
    inspection: CorpusReport
    leakage: LeakageReport
    left_out: dict[str, int]
    folder: Path


def import_corpus(
    source: str | Path,
    kind: str,
    out: str | Path,
    task: str | None = None,
    audio_root: str | Path | None = None,
    split: str = "authors",
    group: str | None = None,
    authors_csv: str | Path | None = None,
    unlabelled: str | Path | None = None,
    allow_pickle: bool = False,
    on_error: str = "strict",
    inspect: str = "full",
    limits: Limits | None = None,
    seed: int = 0,
    overwrite: bool = False,
) -> Imported:
    """Read a corpus, look at all of it, and write it as an audio folder.

    Parameters
    ----------
    source : "mmused-csv": the authors' CSV file; "mamkit": the folder `MMUSED-fallacy`; "hf": a folder that
        `save_to_disk` wrote
    kind : one of `KINDS`
    out : folder for metadata.csv and the reports
    task : "afc" or "afd"; "mmused-csv" reads it from the file's name otherwise
    audio_root : "mmused-csv": folder that the paths are relative to; None takes the CSV's own folder
    split : "authors" or "debate", see `choose_splits`. By "debate", unlabelled speech of debates that are
        held out for validation or test is left out
    group : "debate" or "clip", see `choose_groups`; None takes "debate" for splits by debate, whose two sides
        share none, and "clip" for the authors' splits, whose sides share debates
    authors_csv : "mamkit": says which clips the authors validate on
    unlabelled : MAMKit's folder `MMUSED`, whose train part becomes the unlabelled speech of step 2
    allow_pickle : see `load_mamkit`
    on_error : "strict" raises if a clip cannot be used, with the reports written; "skip" drops these clips
    inspect : "full" decodes every file, "headers" only looks at its head
    limits : of the full inspection
    seed : int, of the splits by debate
    overwrite : bool, replace a metadata.csv that is there

    Returns
    -------
    imported : Imported

    Raises
    ------
    FileExistsError, FileNotFoundError, PermissionError, ValueError
        The message names the file and says what to do.
    """
    from ..corpus.inspection import inspect_corpus
    from ..corpus.leakage import find_leakage
    from ..corpus.mmused import choose_groups
    from ..corpus.report import keep_usable
    from ..corpus.table import write_corpus

    _check_options(kind, inspect, task=task, audio_root=audio_root, authors_csv=authors_csv, group=group)
    folder = Path(out)
    if not overwrite and (folder / "metadata.csv").exists():
        raise FileExistsError(f"{folder / 'metadata.csv'}: is there already; --overwrite replaces it")
    clips = _load(Path(source), kind, task, audio_root, split, authors_csv, allow_pickle, seed)
    left_out: dict[str, int] = {}
    if unlabelled is not None:
        clips += _load_unlabelled(unlabelled, allow_pickle, clips if split == "debate" else (), left_out)
    found = inspect_corpus(clips, limits, decode=inspect == "full", folder=folder, progress=True)
    _write_text(folder / "inspection.txt", found.summary() + "\n")
    _write_text(folder / "inspection.csv", found.to_frame().to_csv(index=False))
    clips = keep_usable(clips, found, on_error, folder / "dropped.csv")
    leakage = find_leakage(clips)
    leakage.write(folder / "leakage.csv")
    if kind != "hf":
        clips = choose_groups(clips, group or ("debate" if split == "debate" else "clip"))
    write_corpus(clips, folder, overwrite)
    return Imported(clips, found, leakage, left_out, folder)


def _check_options(kind: str, inspect: str, **given: object) -> None:
    """Refuse unknown values, and options that the kind of source has no use for."""
    if kind not in KINDS:
        raise ValueError(f"kind={kind!r}: must be one of {list(KINDS)}")
    if inspect not in ("full", "headers"):
        raise ValueError(f"inspect={inspect!r}: must be 'full' or 'headers'")
    unused = {"mmused-csv": ["authors_csv"], "mamkit": ["audio_root"], "hf": list(given)}[kind]
    if wrong := [name for name in unused if given[name] is not None]:
        raise ValueError(f"kind={kind!r} has no use for {', '.join(wrong)}")


def _load(
    source: Path,
    kind: str,
    task: str | None,
    audio_root,
    split: str,
    authors_csv,
    allow_pickle: bool,
    seed: int,
) -> list[Clip]:
    """Read the labelled clips, sound files not yet looked at."""
    if kind == "hf":
        from ..corpus.hf_dataset import load_hf_dataset

        return load_hf_dataset(source)
    how = {"check_audio": False, "split": split, "seed": seed}
    if kind == "mmused-csv":
        from ..corpus.mmused import load_mmused_csv

        return load_mmused_csv(source, audio_root or source.parent, task, **how)
    from ..corpus.mamkit import load_mamkit

    if task is None:
        raise ValueError(f"{source}: say which task, --task {' or --task '.join(TASKS)}")
    return load_mamkit(source, task, allow_pickle, authors_csv=authors_csv, **how)


def _load_unlabelled(
    folder: str | Path, allow_pickle: bool, labelled: Sequence[Clip], left_out: dict[str, int]
) -> list[Clip]:
    """Read MM-USED's train part, less the debates that the labelled clips hold out; count these."""
    from ..corpus.mamkit import load_mamkit_speech

    held_out = {clip.group for clip in labelled if clip.split in ("validation", "test")}
    speech = load_mamkit_speech(folder, allow_pickle, check_audio=False)
    for clip in speech:
        if clip.group in held_out:
            left_out[clip.group] = left_out.get(clip.group, 0) + 1
    return [clip for clip in speech if clip.group not in held_out]


def _write_text(path: Path, text: str) -> None:
    with write_atomically(path) as part:
        part.write_text(text, encoding="utf-8")


def format_profile(clips: Sequence[Clip], folder: str | Path) -> str:
    """Write the lines of a profile that make the notebooks run on a corpus.

    Parameters
    ----------
    clips : the corpus
    folder : where its metadata.csv lies

    Returns
    -------
    text : YAML with `corpus_dir` and the name of the task, both for every notebook that has such a parameter
    """
    from ..clips import task_names

    lines = ["all:", f"  corpus_dir: {Path(folder).resolve()}"]
    tasks = task_names(clips)
    if tasks:
        others = f"  # or: {', '.join(tasks[1:])}" if tasks[1:] else ""
        lines.append(f"  task: {tasks[0]}{others}")
    return "\n".join(lines)


def add_import_command(commands) -> None:
    """Add the command to the subparsers of `speechlm`."""
    keep = argparse.RawDescriptionHelpFormatter
    about = "read a corpus in another format"
    parser = commands.add_parser(
        "import", help=about, description=HELP, epilog=EXAMPLES, formatter_class=keep
    )
    parser.add_argument("source", type=Path, help="CSV file or folder, see --kind")
    parser.add_argument("--kind", required=True, choices=KINDS, help="the format of the source")
    parser.add_argument("--out", required=True, type=Path, metavar="FOLDER", help="where metadata.csv goes")
    parser.add_argument("--task", choices=TASKS, help="of MM-USED-fallacy")
    parser.add_argument(
        "--audio-root", type=Path, metavar="FOLDER", help="with MMUSED-fallacy/ (default: beside the CSV)"
    )
    parser.add_argument(
        "--split", choices=("authors", "debate"), default="authors", help="of MM-USED-fallacy"
    )
    text = "what stays together in folds (default: debate for splits by debate, else clip)"
    parser.add_argument("--group", choices=("debate", "clip"), help=text)
    parser.add_argument("--authors-csv", type=Path, metavar="FILE", help="mamkit: their validation clips")
    parser.add_argument("--unlabelled", type=Path, metavar="FOLDER", help="MAMKit's MMUSED, for step 2")
    parser.add_argument(
        "--allow-pickle", action="store_true", help="mamkit: read dataset.pkl; the error tells the danger"
    )
    text = "at a clip that cannot be used stop, or drop it with its label and list it"
    parser.add_argument("--on-error", choices=("strict", "skip"), default="strict", help=text)
    parser.add_argument("--inspect", choices=("full", "headers"), default="full", help="how closely to look")
    parser.add_argument("--seed", type=int, default=0, help="of the splits by debate")
    parser.add_argument("--overwrite", action="store_true", help="replace a metadata.csv that is there")
    parser.set_defaults(command=run_import)


def run_import(args: argparse.Namespace) -> int:
    """Import a corpus and print what there is, what leaks and the profile that uses it."""
    given = {key: value for key, value in vars(args).items() if key != "command"}
    done = import_corpus(given.pop("source"), given.pop("kind"), given.pop("out"), **given)
    print(done.inspection.summary())
    n_dropped = len(done.inspection.seconds) - len(done.clips)
    if n_dropped:
        print(f"\n{n_dropped} clips were dropped with their labels, see {done.folder / 'dropped.csv'}")
    if done.left_out:
        counts = ", ".join(f"{debate} {n}" for debate, n in sorted(done.left_out.items()))
        print(f"\nunlabelled clips left out, since their debates are held out: {counts}")
    print(f"\nshared between splits:\n{done.leakage}")
    print(
        f"\nwrote {len(done.clips)} clips to {done.folder / 'metadata.csv'}; a profile for the notebooks:\n"
    )
    print(format_profile(done.clips, done.folder))
    return 0
