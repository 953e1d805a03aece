"""The clip, from loading to prediction, and what is asked of many: tasks, labels, groups."""

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

import numpy as np

from .codec_spec import CodecSpec

log = logging.getLogger(__name__)
TASKS = ("fallacy", "detection", "question", "topic")


@dataclass(frozen=True)
class Clip:
    """One clip with its words, its labels and (once encoded) its codes.

    Attributes
    ----------
    id : str, unique in its corpus; by default `make_clip_id` of the file names
    text : str, the words as the corpus writes them
    audio : Path of the sound file, or a tuple of Paths whose sounds are joined in this order
    labels : dict, task -> label name; a task the clip is no part of is absent
    split : str, "train", "validation", "test" or "unlabelled"
    speaker : str
    group : str, for example id of the sentence; clips of one group never lie on both sides of a split
    planted : dict, name -> value of each parameter of prosody that was planted (unit in the name)
    phones : str, "AH:0.150-0.210 R:0.210-0.300 ...", seconds
    ambiguous : bool, the words fit two or more classes
    text_confidence : float, 0 to 1, of a text that a recogniser wrote; None: a person wrote it
    word_ends : float array, seconds at which each word of the text ends, or None; see `align_words`
    features : float32 array, shape (n_features,), measured from the sound and standardised, or None
    codes : int16 array, shape (n_layers, n_frames), or None
    spec : CodecSpec of the codec that made the codes, or None
    """

    id: str
    text: str
    audio: Path | tuple[Path, ...]
    labels: dict[str, str] = field(default_factory=dict)
    split: str = "train"
    speaker: str = ""
    group: str = ""
    planted: dict[str, float] = field(default_factory=dict)
    phones: str = ""
    ambiguous: bool = False
    text_confidence: float | None = None
    word_ends: np.ndarray | None = field(default=None, compare=False, repr=False)
    features: np.ndarray | None = field(default=None, compare=False, repr=False)
    codes: np.ndarray | None = field(default=None, compare=False, repr=False)
    spec: CodecSpec | None = field(default=None, compare=False, repr=False)


def make_clip_id(names: Sequence[str]) -> str:
    """Make a readable id of the names of a clip's sound files.

    One file: its name without the ending ("clips/0002.wav" -> "clips/0002"). Several: the first so, then "+"
    and each further one, without its folder where that is the first one's ("32_2004/692+693", "a/1+b/2").
    """
    first, *others = (PurePath(name).with_suffix("") for name in names)
    further = (part.name if part.parent == first.parent else part.as_posix() for part in others)
    return "+".join([first.as_posix(), *further])


def find_repeated(names: Iterable[str]) -> list[str]:
    """Return the names that occur more than once, in order."""
    return [name for name, n in Counter(names).items() if n > 1]


def select_clips(clips: Sequence[Clip], task: str | None = None, split: str | None = None) -> list[Clip]:
    """Select the clips of a split that carry a label of a task, in their order; None takes all.

    If there is none, ValueError names the task, the split and what there is.
    """
    selected = [c for c in clips if (task is None or task in c.labels) and split in (None, c.split)]
    if not selected:
        splits = sorted({c.split for c in clips})
        there = f"tasks {task_names(clips)}, splits {splits}"
        raise ValueError(f"no clip of task={task!r}, split={split!r}; {there}")
    return selected


def sample_clips(
    clips: Sequence[Clip],
    task: str | None = None,
    split: str | None = None,
    limit: int | None = None,
    seed: int = 0,
) -> list[Clip]:
    """Select clips as `select_clips` does, and sample at most `limit` of them (None: all) in whole groups.

    Groups are sampled at random, each label's share preserved (every label first gets one group). Where every
    group is larger than the limit, single clips are sampled, and a log message says so. The clips come in
    their order; ValueError if none can be selected, or the limit is below 1.
    """
    selected = select_clips(clips, task, split)
    if limit is None or limit >= len(selected):
        return selected
    if limit < 1:
        raise ValueError(f"limit={limit}: must be at least 1")
    unit, sizes = "group", Counter(clip.group for clip in selected)
    if (smallest := min(sizes.values())) > limit:
        message = "limit=%d: every group has %d clips or more, so single clips are sampled, groups are broken"
        log.warning(message, limit, smallest)
        unit, sizes = "id", Counter(clip.id for clip in selected)
    sampled, total = set(), 0
    for name in _order_units(selected, unit, task, seed):
        if total + sizes[name] <= limit:
            sampled.add(name)
            total += sizes[name]
    return [clip for clip in selected if getattr(clip, unit) in sampled]


def _order_units(clips: Sequence[Clip], unit: str, task: str | None, seed: int) -> list[str]:
    """Order the groups (or ids) at random so that every prefix holds the labels in about their shares."""
    label_of = {}
    for clip in clips:
        label_of.setdefault(getattr(clip, unit), clip.labels.get(task, "") if task else "")
    counts, rank, seen = Counter(label_of.values()), {}, Counter()
    for name in np.random.default_rng(seed).permutation(sorted(label_of)):
        label = label_of[name]
        rank[str(name)] = seen[label] / counts[label]
        seen[label] += 1
    return sorted(rank, key=rank.get)


def task_names(clips: Sequence[Clip]) -> list[str]:
    """Return the tasks that the clips carry labels of: the demo corpus's in its order, then by name."""
    found = {task for clip in clips for task in clip.labels}
    return [task for task in TASKS if task in found] + sorted(found - set(TASKS))


def label_names(clips: Sequence[Clip], task: str) -> list[str]:
    """Return the label names of a task, sorted; an unknown task raises ValueError that lists the known."""
    names = sorted({clip.labels[task] for clip in clips if task in clip.labels})
    if not names:
        raise ValueError(f"task={task!r}: no clip has such a label; tasks are {task_names(clips)}")
    return names


def label_ids(clips: Sequence[Clip], task: str, names: Sequence[str]) -> np.ndarray:
    """Return each clip's label as its place in `names`: int array, shape (n_clips,).

    Raises ValueError, naming clip and label, where a clip has no label of the task or one outside `names`.
    """
    place = {name: i for i, name in enumerate(names)}
    labels = [clip.labels.get(task) for clip in clips]
    for clip, label in zip(clips, labels, strict=True):
        if label not in place:
            raise ValueError(f"clip {clip.id}: its {task} label {label!r} is not in {list(names)}")
    return np.array([place[label] for label in labels], dtype=np.int64)


def groups(clips: Sequence[Clip]) -> np.ndarray:
    """Return each clip's group (sentence id): str array, shape (n_clips,)."""
    return np.array([clip.group for clip in clips], dtype=str)


def name_units(clips: Sequence[Clip]) -> dict[str, np.ndarray]:
    """Return what a bootstrap resamples, arrays (n_clips,): sentences (else clips), and voices.

    Voices are left out where there is one, or a clip names none.
    """
    sentences, voices = groups(clips), np.array([clip.speaker for clip in clips], dtype=str)
    ids = {"clips": np.array([clip.id for clip in clips], dtype=str)}
    units = {"sentences": sentences} if len(set(sentences)) > 1 else ids
    return units | ({"voices": voices} if all(voices) and len(set(voices)) > 1 else {})


def hash_corpus(clips: Sequence[Clip]) -> str:
    """Hash ids, texts, labels and codes of the clips (16 hex digits), whatever their order."""
    digest = hashlib.sha256()
    for clip in sorted(clips, key=lambda c: c.id):
        digest.update(json.dumps([clip.id, clip.text, sorted(clip.labels.items())]).encode())
        digest.update(b"" if clip.codes is None else clip.codes.astype(np.int16).tobytes())
    return digest.hexdigest()[:16]


def hash_texts(clips: Sequence[Clip]) -> str:
    """Hash ids, texts and labels of the clips (16 hex digits), whatever their order and codes."""
    return hash_corpus([replace(clip, codes=None) for clip in clips])
