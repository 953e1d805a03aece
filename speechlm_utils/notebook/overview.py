"""What there is: the installation, the corpus by split, clips worth hearing, the delivery planted in them."""

import platform
import re
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import nbformat
import pandas as pd

from ..audio import measure_seconds
from ..clips import Clip, label_names, select_clips, task_names
from ..corpus.splits import SPLITS
from ..evaluation.ceilings import varying_parameters
from ..experiment import Experiment

PACKAGES = ("torch", "transformers", "peft", "scikit-learn", "skglm", "librosa", "speechtokenizer")


def list_versions(packages: Sequence[str] = PACKAGES) -> str:
    """Write Python's version and those of the packages that figures depend on, in one line."""
    return ", ".join(
        [f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in packages)]
    )


def check_installation(experiment: Experiment) -> pd.DataFrame:
    """Look for what the notebooks need: corpus, codec, language model.

    Returns
    -------
    table : DataFrame with columns `part`, `ok`, `found` (what it is, or the error that says what is missing)
    """
    looks: dict[str, Callable[[], str]] = {
        "corpus": lambda: f"{len(experiment.corpus)} clips in {experiment.corpus_dir}",
        "speech tokenizer": lambda: _describe_codec(experiment),
        "language model": lambda: _describe_llm(str(experiment.llm.name)),
    }
    rows = []
    for part, look in looks.items():
        try:
            rows.append({"part": part, "ok": True, "found": look()})
        except (OSError, ValueError, ImportError) as error:
            rows.append({"part": part, "ok": False, "found": str(error)})
    return pd.DataFrame(rows)


def _describe_codec(experiment: Experiment) -> str:
    codec = experiment.codec
    spec = codec.spec
    size = f"{spec.n_layers} layers of {spec.codebook_size} codes, {spec.frame_rate:g} frames/s"
    return f"{size} (hash {codec.hash})"


def _describe_llm(name: str) -> str:
    from ..llm.smollm2 import SMOLLM2, find_gguf

    if name != SMOLLM2:
        return f"{name}: loaded when notebook 04 needs it"
    path = find_gguf()
    return f"{path.name}, {path.stat().st_size / 2**20:.0f} MiB"


def notebook_table(folder: Path) -> str:
    """Write the notebooks of a folder as a Markdown table (link, question, minutes)."""
    from .catalogue import find_notebooks

    lines = ["| notebook | question | minutes |", "| --- | --- | --- |"]
    for notebook in find_notebooks(folder):
        head = " ".join(cell.source for cell in nbformat.read(notebook.path, as_version=4).cells[:2])
        minutes = re.search(r"(\d+(?:[.–-]\d+)?)\s*minute", head)
        link = f"[{notebook.title}]({notebook.path.name})"
        lines.append(f"| {link} | {notebook.question} | {minutes[1] if minutes else ''} |")
    return "\n".join(lines)


def describe_splits(clips: Sequence[Clip]) -> pd.DataFrame:
    """Count clips, sentences, voices and minutes by split, and the clips of every task.

    Returns
    -------
    table : DataFrame, one row per split, in the order of `SPLITS`
    """
    found, rows = {clip.split for clip in clips}, {}
    for split in [*(s for s in SPLITS if s in found), *sorted(found - set(SPLITS))]:
        part = [clip for clip in clips if clip.split == split]
        rows[split] = {
            "clips": len(part),
            "sentences": len({clip.group for clip in part}),
            "voices": len({clip.speaker for clip in part} - {""}),
            "minutes": round(sum(measure_seconds(clip.audio) for clip in part) / 60, 1),
        } | {task: sum(task in clip.labels for clip in part) for task in task_names(clips)}
    return pd.DataFrame.from_dict(rows, orient="index")


def choose_deliveries(clips: Sequence[Clip], task: str, n_sentences: int = 2) -> list[Clip]:
    """Choose a few ambiguous sentences of one speaker whose deliveries cover as many classes as possible.

    Parameters
    ----------
    clips : records of any splits
    task : label column
    n_sentences : int

    Returns
    -------
    clips : list of Clip, sentence by sentence, one clip for each class of a sentence
        The speaker and sentences (first in the corpus among equals) whose clips carry the most classes, none
        twice where that can be had.

    Raises
    ------
    ValueError
        If no clip of the task is ambiguous.
    """
    by_speaker: dict[str, dict[str, dict[str, Clip]]] = {}
    for clip in select_clips(clips, task):
        if clip.ambiguous:
            sentence = by_speaker.setdefault(clip.speaker, {}).setdefault(clip.group, {})
            sentence.setdefault(clip.labels[task], clip)
    if not by_speaker:
        raise ValueError(f"task={task!r}: none of its clips is ambiguous")
    candidates = [
        chosen
        for sentences in by_speaker.values()
        for first in sentences.values()
        if (chosen := _add_greedily(first, sentences.values(), n_sentences))
    ]
    best = max(candidates, key=lambda chosen: _worth(chosen))
    return [clip for sentence in best for clip in sentence.values()]


def _add_greedily(first: dict, sentences, n_sentences: int) -> list[dict]:
    """Add to a sentence those that bring the most new classes and repeat the fewest."""
    chosen = [first]
    while len(chosen) < n_sentences:
        rest = [sentence for sentence in sentences if not any(sentence is one for one in chosen)]
        if not rest:
            break
        chosen.append(max(rest, key=lambda sentence: _worth([*chosen, sentence])))
    return chosen


def _worth(chosen: list[dict]) -> tuple[int, int]:
    """Classes covered, then (negative) how many clips repeat a class."""
    n_classes = len({label for sentence in chosen for label in sentence})
    return n_classes, n_classes - sum(map(len, chosen))


def planted_table(clips: Sequence[Clip], task: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return mean and standard deviation of every planted parameter, by label of a task.

    Parameters
    ----------
    clips : records
    task : label column

    Returns
    -------
    means, deviations : DataFrames, one row per label (sorted), one column per parameter, in its unit
    """
    chosen = select_clips(clips, task)
    names = varying_parameters(chosen)
    table = pd.DataFrame([{n: clip.planted[n] for n in names} | {task: clip.labels[task]} for clip in chosen])
    by_label = table.groupby(task)
    order = label_names(chosen, task)
    return by_label.mean().loc[order], by_label.std().loc[order]
