"""Made splits keep groups whole and labels in proportion, and are the same for the same seed."""

import logging
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from sklearn.model_selection import StratifiedGroupKFold

from speechlm_utils.clips import Clip
from speechlm_utils.corpus import splits
from speechlm_utils.corpus.splits import make_splits, parse_split

NAMES = ("train", "validation", "test")


def make_clips(seed=0, n_groups=120, shares=(0.6, 0.3, 0.1)):
    """Groups of 1 to 6 clips; a group has one label of `mood`, its clips labels of `form` at random."""
    rng = np.random.default_rng(seed)
    clips = []
    for g in range(n_groups):
        mood = "abc"[rng.choice(3, p=shares)]
        for k in range(rng.integers(1, 7)):
            labels = {"mood": mood, "form": "xy"[rng.integers(2)]}
            clips.append(Clip(f"{g}-{k}", "", None, labels, group=f"g{g}"))
    return clips


def share_table(clips, task):
    """Share of each split in each label, shape (n_labels, 3)."""
    counts = Counter((clip.labels[task], clip.split) for clip in clips if task in clip.labels)
    table = np.array([[counts[label, split] for split in NAMES] for label in sorted({k[0] for k in counts})])
    return table / table.sum(axis=1, keepdims=True)


def splits_by_group(clips):
    found = {}
    for clip in clips:
        found.setdefault(clip.group, set()).add(clip.split)
    return found


@pytest.mark.parametrize("seed", range(5))
def test_groups_are_whole_and_labels_in_proportion(seed):
    clips = make_clips(seed)
    made = make_splits(clips, "mood", seed=seed)
    assert [replace(clip, split="train") for clip in made] == clips
    assert all(len(found) == 1 for found in splits_by_group(made).values())
    # the rarest label has about a dozen groups of up to 6 clips: one clip more or less is 0.02
    assert np.abs(share_table(made, "mood") - [0.7, 0.15, 0.15]).max() < 0.05
    assert abs(Counter(clip.split for clip in made)["train"] / len(made) - 0.7) < 0.02
    both = make_splits(clips, seed=seed)
    assert np.abs(share_table(both, "mood") - [0.7, 0.15, 0.15]).max() < 0.05
    assert np.abs(share_table(both, "form") - [0.7, 0.15, 0.15]).max() < 0.05


@pytest.mark.parametrize("seed", range(5))
def test_stratified_at_least_as_well_as_scikit_learn(seed, monkeypatch):
    """Ten folds of StratifiedGroupKFold, joined 8 + 1 + 1, against shares 0.8, 0.1, 0.1."""
    clips = make_clips(seed)
    y, groups = ([clip.labels["mood"] for clip in clips], [clip.group for clip in clips])
    folds = np.zeros(len(clips), dtype=int)
    splitter = StratifiedGroupKFold(10, shuffle=True, random_state=seed)
    for fold, (_, test) in enumerate(splitter.split(np.zeros(len(clips)), y, groups)):
        folds[test] = fold
    names = ["validation", "test", *["train"] * 8]
    theirs = [replace(clip, split=names[fold]) for clip, fold in zip(clips, folds, strict=True)]
    monkeypatch.setattr(splits, "SHARES", np.array([0.8, 0.1, 0.1]))
    ours = make_splits(clips, "mood", seed)
    wanted = [0.8, 0.1, 0.1]
    assert (
        np.abs(share_table(ours, "mood") - wanted).max() <= np.abs(share_table(theirs, "mood") - wanted).max()
    )


def test_seed_decides_and_order_does_not():
    clips = [replace(clip, group=clip.id) for clip in make_clips()]
    split_of = {clip.id: clip.split for clip in make_splits(clips, "mood", seed=3)}
    assert {clip.id: clip.split for clip in make_splits(clips[::-1], "mood", seed=3)} == split_of
    assert {clip.id: clip.split for clip in make_splits(clips, "mood", seed=4)} != split_of


def test_few_large_groups_of_different_sizes_leave_the_seed_nothing_to_choose():
    sizes = range(40, 160, 10)
    clips = [Clip(f"{n}-{k}", "", None, {"t": "ab"[k % 2]}, group=f"g{n}") for n in sizes for k in range(n)]
    first, *others = ([clip.split for clip in make_splits(clips, "t", seed=seed)] for seed in (0, 0, 1, 2))
    assert set(first) == set(NAMES) and all(other == first for other in others)


def test_a_label_of_three_groups_is_in_every_split_and_a_single_one_in_train():
    common = [Clip(f"c{i}", "", None, {"t": "common"}, group=f"c{i}") for i in range(60)]
    rare = [Clip(f"r{i}", "", None, {"t": "rare"}, group=f"r{i // 2}") for i in range(6)]
    once = [Clip(f"o{i}", "", None, {"t": "once"}, group="o") for i in range(2)]
    for seed in range(5):
        made = make_splits([*common, *rare, *once], "t", seed=seed)
        assert {clip.split for clip in made if clip.labels["t"] == "rare"} == set(NAMES)
        assert {clip.split for clip in made if clip.labels["t"] == "once"} == {"train"}


def test_clips_without_labels_are_unlabelled_unless_their_group_has_one():
    clips = make_clips(n_groups=20)
    mate = Clip("mate", "", None, {}, group="g3")
    alone = [Clip(f"alone{i}", "", None, {}, group=f"alone{i}") for i in range(5)]
    other = [Clip(f"other{i}", "", None, {"other": "x"}, group=f"other{i}") for i in range(40)]
    made = {clip.id: clip.split for clip in make_splits([*clips, mate, *alone, *other], "mood")}
    assert made["mate"] == made["3-0"]
    assert {made[clip.id] for clip in alone} == {"unlabelled"}
    assert {made[clip.id] for clip in other} == set(NAMES)


def test_free_text_is_not_stratified_by_and_sizes_are_told(caplog):
    clips = [
        Clip(str(i), "", None, {"note": f"note {i}", "t": "ab"[i % 2]}, group=str(i)) for i in range(100)
    ]
    with caplog.at_level(logging.WARNING):
        made = make_splits(clips)
    assert np.abs(share_table(made, "t") - [0.7, 0.15, 0.15]).max() <= 0.011
    assert "'note' has too many labels" in caplog.text
    sizes = Counter(clip.split for clip in made)
    assert f"train {sizes['train']}, validation {sizes['validation']}, test {sizes['test']}" in caplog.text


def test_few_groups_fill_train_first():
    for n, expected in [(1, {"train"}), (2, {"train", "test"}), (3, set(NAMES))]:
        clips = [Clip(str(i), "", None, {"t": "a"}, group=str(i)) for i in range(n)]
        assert {clip.split for clip in make_splits(clips, "t")} == expected


def test_names_of_splits():
    said = ["Dev", "val", " VALID ", "validation", "TRAIN", "test", "unlabeled", "unlabelled"]
    assert [parse_split(text) for text in said] == [*["validation"] * 4, "train", "test", *["unlabelled"] * 2]
    with pytest.raises(ValueError, match=r"split='eval'.*'train', 'validation', 'test', 'unlabelled'.*dev"):
        parse_split("eval")


def test_an_unknown_task_is_named():
    with pytest.raises(ValueError, match=r"task='mud'.*\['form', 'mood'\]"):
        make_splits(make_clips(), "mud")
