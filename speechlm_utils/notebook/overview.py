"""What notebook 00 shows: the installation, stored results, the corpus by split, clips worth hearing."""

import json
import platform
from collections.abc import Sequence
from importlib.metadata import version
from itertools import combinations
from pathlib import Path

import pandas as pd

from ..audio import measure_seconds
from ..clips import Clip, select_clips, task_names
from ..corpus.splits import order_splits
from ..experiment import Experiment
from ..words import normalise_text
from .catalogue import find_notebooks

PACKAGES = ("torch", "transformers", "peft", "scikit-learn", "skglm", "librosa", "speechtokenizer")


def list_versions() -> str:
    """Write Python's version and those of the packages that figures depend on, in one line."""
    versions = {"Python": platform.python_version()} | {name: version(name) for name in PACKAGES}
    return ", ".join(f"{name} {number}" for name, number in versions.items())


def check_installation(experiment: Experiment) -> pd.DataFrame:
    """Look for corpus, codec and language model: a row for each, with `part`, `ok` and `found`."""
    looks = {
        "corpus": lambda: f"{len(experiment.corpus)} clips in {experiment.corpus_dir}",
        "speech tokenizer": lambda: f"{experiment.codec.spec}, hash {experiment.codec.hash}",
        "language model": lambda: _find_llm(experiment.llm.name),
    }
    rows = []
    for part, look in looks.items():
        try:
            rows.append((part, True, look()))
        except (OSError, ValueError, ImportError) as error:
            rows.append((part, False, str(error)))
    return pd.DataFrame(rows, columns=["part", "ok", "found"])


def _find_llm(name: str | Path) -> str:
    from ..llm.smollm2 import find_gguf
    from ..llm.spec import SMOLLM2

    return find_gguf().name if str(name) == SMOLLM2 else f"{name}: loaded when notebook 04 needs it"


def notebook_table(folder: Path) -> str:
    """Write the notebooks of a folder as a Markdown table (link, question, minutes)."""
    lines = ["| notebook | question | minutes |", "| --- | --- | --- |"]
    for one in find_notebooks(folder):
        lines.append(f"| [{one.title}]({one.path.name}) | {one.question} | {one.minutes} |")
    return "\n".join(lines)


def list_records(folder: Path) -> pd.DataFrame:
    """List the stored results of a folder: which script made each file, when, and how long it took."""
    rows = []
    for path in sorted(folder.glob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        minutes = record["seconds"] / 60 if "seconds" in record else None
        rows.append((path.name, record.get("made_by", ""), record.get("date", ""), minutes))
    return pd.DataFrame(rows, columns=["stored result", "made by", "date", "minutes"]).round({"minutes": 1})


def describe_splits(clips: Sequence[Clip]) -> pd.DataFrame:
    """Count clips, different texts, voices and minutes by split (a row each), and the clips of every task."""
    tasks = task_names(clips)
    rows = [
        {"clips": clip.id, "sentences": normalise_text(clip.text) or None, "voices": clip.speaker or None}
        | {"minutes": measure_seconds(clip.audio) / 60}
        | {task: clip.labels.get(task) for task in tasks}
        for clip in clips
    ]
    how = {"clips": "size", "sentences": "nunique", "voices": "nunique", "minutes": "sum"}
    splits = [clip.split for clip in clips]
    table = pd.DataFrame(rows).groupby(splits).agg(how | dict.fromkeys(tasks, "count"))
    return table.loc[order_splits(clips)].round({"minutes": 1})


def select_readings(clips: Sequence[Clip], task: str, n_sentences: int = 2) -> list[Clip]:
    """Select a few ambiguous sentences of one speaker whose readings cover as many classes as possible.

    They come sentence by sentence, one clip a class, no class twice where that can be had;
    among equals, the first in the corpus. ValueError if no clip of the task is ambiguous.
    """
    speakers: dict[str, dict[str, dict[str, Clip]]] = {}
    for clip in select_clips(clips, task):
        if clip.ambiguous:
            sentence = speakers.setdefault(clip.speaker, {}).setdefault(clip.group, {})
            sentence.setdefault(clip.labels[task], clip)
    if not speakers:
        raise ValueError(f"task={task!r}: none of its clips is ambiguous")
    candidates = (
        some
        for sentences in speakers.values()
        for some in combinations(sentences.values(), min(n_sentences, len(sentences)))
    )
    return [clip for sentence in max(candidates, key=_worth) for clip in sentence.values()]


def _worth(sentences: Sequence[dict[str, Clip]]) -> tuple[int, int]:
    """Classes covered, then (negative) how many clips repeat a class."""
    n_classes = len({label for sentence in sentences for label in sentence})
    return n_classes, n_classes - sum(map(len, sentences))
