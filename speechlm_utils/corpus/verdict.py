"""Say before anything is computed whether a corpus has what a notebook asks of it, and what to do if not."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ..clips import Clip, label_names, sample_clips, select_clips, task_names
from ..words import find_unspaced, normalise_text, split_words
from .columns import suggest
from .leakage import find_leakage, list_files, name_by_bytes

HELD_OUT = ("validation", "test")
FEW_GROUPS = 10
MANY_WORDS = 200  # of which most do not fit into a prompt of 256 tokens


@dataclass(frozen=True)
class Demands:
    """What a notebook asks of a corpus by its parameters.

    Attributes
    ----------
    task : its column of labels
    clips_per_split, seed : see `sample_clips`
    n_folds : into which it splits the groups of train; 0: none
    """

    task: str
    clips_per_split: int | None = None
    seed: int = 0
    n_folds: int = 0


@dataclass(frozen=True)
class Shortfall:
    """What a corpus lacks: an "error" makes a notebook fail, a "warning" may mislead its reader."""

    level: str
    told: str


def find_shortfalls(clips: Sequence[Clip], demands: Demands) -> list[Shortfall]:
    """List what the clips lack for a notebook; texts of errors name split, class and what to do."""
    task, errors = demands.task, []
    if task not in task_names(clips):
        known = task_names(clips)
        there = f"there are {known}" if known else "no column holds labels; add one"
        return [Shortfall("error", f"no clip has a label of task {task!r}{suggest(task, known)}; {there}")]
    if not any(clip.split == "train" and task in clip.labels for clip in clips):
        found = sorted({clip.split for clip in clips if task in clip.labels})
        return [Shortfall("error", f"no clip of split train has a label of {task!r}, only of {found}")]
    train = sample_clips(clips, task, "train", demands.clips_per_split, demands.seed)
    errors += _check_classes(clips, train, task)
    errors += _check_groups(train, demands)
    if not any(split_words(clip.text) for clip in train):
        told = "no clip of train has a text: write down what is said, or run `speechlm transcribe`"
        errors.append(told)
    return [Shortfall("error", told) for told in errors]


def _check_classes(clips: Sequence[Clip], train: Sequence[Clip], task: str) -> list[str]:
    names, told = label_names(train, task), []
    if len(names) < 2:
        told.append(f"train has one class of {task!r} alone, {names[0]!r}: there is nothing to tell apart")
    for split in HELD_OUT:
        found = Counter(c.labels[task] for c in clips if c.split == split and task in c.labels)
        for label in sorted(set(found) - set(names)):
            what = f"class {label!r} of {task!r} is in {split} ({found[label]} clips), not in train"
            told.append(f"{what}: move some of its clips to train, or empty their labels")
    return told


def _check_groups(train: Sequence[Clip], demands: Demands) -> list[str]:
    groups = defaultdict(set)
    for clip in train:
        groups[clip.labels[demands.task]].add(clip.group)
    return [
        f"class {label!r} has {len(found)} groups among the {len(train)} clips of train, "
        f"{demands.n_folds} folds need as many: set n_folds: {max(2, len(found))}, or add clips"
        for label, found in sorted(groups.items())
        if len(found) < demands.n_folds
    ]


def find_warnings(clips: Sequence[Clip], task: str | None = None) -> list[Shortfall]:
    """List what makes no notebook fail, and may mislead who reads its numbers."""
    told = [*_doubt_splits(clips, task), *_doubt_texts(clips)]
    for row in find_leakage(clips).leaks.itertuples():
        if row.what in ("text", "sound file"):
            both = f"{row.split_a} and {row.split_b} share {row.shared} {row.what}s"
            told.append(f"{both}, for example {row.examples[0]!r}: who knows the one knows the other")
    told += find_same_sounds(clips)
    return [Shortfall("warning", one) for one in told]


def _doubt_splits(clips: Sequence[Clip], task: str | None) -> list[str]:
    labelled = [clip for clip in clips if task is None or task in clip.labels]
    splits = {clip.split for clip in labelled}
    told = []
    if not splits & set(HELD_OUT):
        told.append("there is neither validation nor test: scores will be of clips that the models have seen")
    elif "test" not in splits:
        told.append("there is no test: scores will be of validation")
    if task and "test" in splits and len(names := label_names(select_clips(clips, task, "test"), task)) < 2:
        told.append(f"test has one class of {task!r} alone, {names[0]!r}: its score says little")
    if (n_groups := len({clip.group for clip in labelled})) < FEW_GROUPS:
        told.append(f"the number of groups is {n_groups} in all: intervals mean nothing")
    speakers = defaultdict(set)
    for clip in clips:
        speakers[" ".join(clip.speaker.casefold().split())].add(clip.speaker)
    twins = next((sorted(names) for names in speakers.values() if len(names) > 1), None)
    return [*told, f"speakers {twins} differ in how they are written alone"] if twins else told


def _doubt_texts(clips: Sequence[Clip]) -> list[str]:
    texts, told = [clip.text for clip in clips], []
    if empty := sum(not split_words(text) for text in texts):
        told.append(f"{empty} of {len(clips)} clips have no words; `speechlm transcribe` writes them down")
    if scripts := find_unspaced(texts):
        what = f"texts in {', '.join(scripts)} part no words by spaces, so every character counts as a word"
        told.append(f"{what}: cut them into words first, if words matter")
    if long := [clip.id for clip in clips if len(split_words(clip.text)) > MANY_WORDS]:
        told.append(f"{len(long)} texts have over {MANY_WORDS} words, and are cut in prompts: {long[0]!r}")
    return told


def find_same_sounds(clips: Sequence[Clip]) -> list[str]:
    """Name the first clips whose sounds are the same, byte for byte, while texts or labels are not."""
    name_of, first, found = name_by_bytes(clips), {}, []
    for clip in clips:
        files = tuple(name_of.get(file, str(file)) for file in list_files(clip))
        other = first.setdefault(files, clip) if files else clip
        if normalise_text(other.text) != normalise_text(clip.text) or other.labels != clip.labels:
            found.append((other.id, clip.id))
    if not found:
        return []
    one, other = found[0]
    return [f"{len(found)} clips have the sound of another, with other text or labels: {one!r} and {other!r}"]
