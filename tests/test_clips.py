"""Clips selected by task and split, sampled in whole groups or singly; what folds keep together."""

import numpy as np
import pytest

from speechlm_utils.clips import (
    Clip,
    groups,
    hash_corpus,
    label_ids,
    label_names,
    name_units,
    sample_clips,
    select_clips,
    task_names,
)
from speechlm_utils.corpus.load import load_corpus


def make_clips(n_groups=4, size=5, speaker=""):
    return [
        Clip(f"{g}_{i}", f"{g} {i}", None, {"label": "ab"[i % 2]}, group=f"g{g}", speaker=speaker)
        for g in range(n_groups)
        for i in range(size)
    ]


def test_task_and_split_select(tiny_corpus):
    clips = load_corpus(tiny_corpus)
    assert len(select_clips(clips, "fallacy")) == 24
    assert len(select_clips(clips, "fallacy", "test")) == 6
    assert {c.split for c in select_clips(clips, split="unlabelled")} == {"unlabelled"}
    assert task_names(clips) == ["fallacy", "question", "topic"]
    assert label_names(clips, "fallacy") == ["ad_hominem", "authority", "emotion"]
    ids = label_ids(select_clips(clips, "fallacy"), "fallacy", ["emotion", "authority", "ad_hominem"])
    assert ids[:6].tolist() == [2, 2, 1, 1, 0, 0]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_limit_keeps_groups_whole_and_labels_in_proportion(seed):
    labels = ["a"] * 60 + ["b"] * 30 + ["c"] * 10
    clips = [
        Clip(f"{i}-{k}", "t", None, {"t": labels[i]}, group=f"g{i}") for i in range(100) for k in range(2)
    ]
    sampled = sample_clips(clips, "t", limit=41, seed=seed)
    assert len(sampled) == 40  # whole pairs only
    assert np.unique(groups(sampled), return_counts=True)[1].tolist() == [2] * 20
    counts = np.bincount(label_ids(sampled, "t", ["a", "b", "c"]), minlength=3) / 2
    assert np.abs(counts - [12, 6, 2]).max() <= 1
    assert sampled == sample_clips(clips, "t", limit=41, seed=seed)
    assert len({c.labels["t"] for c in sample_clips(clips, "t", limit=6, seed=seed)}) == 3
    assert {c.id for c in sampled} != {c.id for c in sample_clips(clips, "t", limit=41, seed=seed + 3)}


def test_hash_sees_labels_but_not_order(tiny_corpus):
    clips = load_corpus(tiny_corpus)
    assert hash_corpus(clips) == hash_corpus(clips[::-1]) != hash_corpus(clips[1:])


def test_whole_groups_where_they_fit(caplog):
    clips = make_clips()
    assert np.unique(groups(sample_clips(clips, "label", limit=11, seed=3)), return_counts=True)[
        1
    ].tolist() == [5, 5]
    assert sample_clips(clips) == clips
    assert not caplog.records


def test_single_clips_where_every_group_is_larger_than_the_limit(caplog):
    clips = make_clips()
    sampled = sample_clips(clips, "label", limit=4, seed=1)
    assert len(sampled) == 4 and all(clip in clips for clip in sampled)  # their groups are what they were
    assert sorted(clip.labels["label"] for clip in sampled) == ["a", "a", "b", "b"]
    assert "limit=4: every group has 5 clips or more" in caplog.text
    with pytest.raises(ValueError, match="limit=0"):
        sample_clips(clips, limit=0)


def test_voices_are_resampled_where_every_clip_names_one_and_there_are_several():
    clips = [Clip(f"c{i}", "", None, speaker=f"v{i % 2}", group=f"s{i // 2}") for i in range(4)]
    found = name_units(clips)
    assert {name: one.tolist() for name, one in found.items()} == {
        "sentences": ["s0", "s0", "s1", "s1"],
        "voices": ["v0", "v1", "v0", "v1"],
    }
    assert list(name_units(clips[::2])) == ["sentences"]
    assert list(name_units([*clips, Clip("x", "", None)])) == ["sentences"]
    assert name_units(clips[:2])["clips"].tolist() == ["c0", "c1"]
