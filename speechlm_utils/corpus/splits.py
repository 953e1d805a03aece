"""Put clips into train, validation and test where a corpus does not: whole groups, labels in proportion."""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from ..clips import Clip, label_names, task_names

log = logging.getLogger(__name__)

SPLITS = ("train", "validation", "test", "unlabelled")
SHARES = np.array([0.7, 0.15, 0.15])  # of train, validation and test where splits are made
ALIASES = {"training": "train", "unlabeled": "unlabelled"} | dict.fromkeys(
    ("val", "valid", "dev", "development"), "validation"
)


def parse_split(text: str) -> str:
    """Return the split that a cell of a table means ("Dev": validation); an unknown one raises ValueError."""
    name = text.strip().lower()
    name = ALIASES.get(name, name)
    if name not in SPLITS:
        raise ValueError(f"split={text!r}: must be one of {list(SPLITS)}, or {', '.join(ALIASES)}")
    return name


def order_splits(clips: Iterable[Clip]) -> list[str]:
    """Return the splits of the clips: those of `SPLITS` in their order, then others by name."""
    found = {clip.split for clip in clips}
    return [*(split for split in SPLITS if split in found), *sorted(found - set(SPLITS))]


def make_splits(clips: Sequence[Clip], task: str | None = None, seed: int = 0) -> list[Clip]:
    """Put the clips into train, validation and test (`SHARES`), and tell the sizes by a log message.

    No group is broken. Labels are kept in proportion as far as whole groups allow, and a label that occurs in
    three groups or more gets one in every split. The groups go one by one, those of rare labels and the large
    ones first and otherwise in random order, to the split where chi-squared of the label shares falls most (a
    greedy form of iterative stratification: Sechidis, Tsoumakas & Vlahavas, ECML PKDD 2011).

    The seed only orders groups of equal size. Where groups are few and large (debates, speakers), their sizes
    decide, and another seed may give the same splits: do not take several seeds for several random splits.

    Parameters
    ----------
    clips : clips, whatever their splits
    task : the task whose labels are balanced; None takes all tasks, less those that have a label for every
        other group and so are rather free text. An unknown one raises ValueError
    seed : int; the same clips and seed give the same splits, in whatever order the clips come

    Returns
    -------
    clips : list of Clip in the given order; groups without a label of any task are "unlabelled"
    """
    tasks = _choose_tasks(clips) if task is None else [task]
    groups, counts = _count_labels(clips, tasks)
    places = _place_groups(counts, np.random.default_rng(seed))
    split_of = {group: SPLITS[place] for group, place in zip(groups, places, strict=True)}
    made = [replace(clip, split=split_of.get(clip.group, "unlabelled")) for clip in clips]
    sizes = Counter(clip.split for clip in made)
    told = ", ".join(f"{name} {sizes[name]}" for name in SPLITS if name != "unlabelled" or sizes[name])
    log.warning("splits were made (whole groups, stratified by %s, seed %d): %s", tasks, seed, told)
    return made


def _choose_tasks(clips: Sequence[Clip]) -> list[str]:
    """Return the tasks whose labels repeat: fewer than one label for two groups."""
    suitable = []
    for task in task_names(clips):
        n_groups = len({clip.group for clip in clips if task in clip.labels})
        if 2 * len(label_names(clips, task)) < n_groups:
            suitable.append(task)
        else:
            log.warning("column %r has too many labels for %d groups to stratify by", task, n_groups)
    return suitable


def _count_labels(clips: Sequence[Clip], tasks: Sequence[str]) -> tuple[list[str], np.ndarray]:
    """Return the groups that have a label, sorted, and their counts of each label and (last) of all clips.

    The counts are an int array, shape (n_groups, n_labels + 1).
    """
    columns = [(task, name) for task in tasks for name in label_names(clips, task)]
    column_of = {pair: i for i, pair in enumerate(columns)}
    groups = sorted({clip.group for clip in clips if clip.labels})
    place_of = {group: i for i, group in enumerate(groups)}
    counts = np.zeros((len(groups), len(columns) + 1), dtype=int)
    for clip in clips:
        if clip.group in place_of:
            labels = [column_of[pair] for pair in clip.labels.items() if pair in column_of]
            counts[place_of[clip.group], [*labels, -1]] += 1
    return groups, counts


def _place_groups(counts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Place the groups: 0, 1 or 2 for train, validation or test, int array, shape (n_groups,)."""
    total = counts.sum(axis=0)
    relative = counts / np.maximum(total, 1)
    missing = np.repeat(SHARES[:, None], len(total), axis=1)  # (3, n_labels + 1): share still to be filled
    places = np.full(len(counts), -1)
    order = rng.permutation(len(counts))
    order = order[np.argsort(-counts[order, -1], kind="stable")]  # the large first, while there is room
    for label in np.argsort((counts > 0).sum(axis=0), kind="stable"):  # all clips together come last
        waiting = [group for group in order if places[group] < 0 and counts[group, label]]
        lacking = set(range(3)) - set(places[counts[:, label] > 0])
        for n_left, group in zip(range(len(waiting), 0, -1), waiting, strict=True):
            candidates = lacking if n_left <= len(lacking) else range(3)
            # where chi-squared of the label shares falls most; of equals, the last
            fall = (missing**2 - (missing - relative[group]) ** 2).sum(axis=1) / SHARES
            places[group] = max(candidates, key=lambda split, fall=fall: (round(fall[split], 12), split))
            missing[places[group]] -= relative[group]
            lacking.discard(places[group])
    return places
