"""Voices rotate: each clip is in test once, no voice and no sentence on both sides, folds are balanced."""

from dataclasses import replace

import numpy as np
import pytest

from speechlm_utils.clips import Clip
from speechlm_utils.evaluation.voices import rotate_voices


def make_clips(n_voices=12, n_sentences=60, shared=False):
    """Each voice speaks 3 to 8 sentences: of one list that all share, or its own and one that all speak."""
    rng, clips = np.random.default_rng(0), []
    for voice in range(n_voices):
        for i in range(3 + voice % 6):
            sentence = f"s{rng.integers(n_sentences)}" if shared else f"v{voice}s{i}" if i else "all"
            clips.append(Clip(f"{voice}_{i}", "a", None, speaker=f"voice{voice}", group=sentence))
    return clips


def sides(clips, fold, attribute):
    return ({getattr(clips[i], attribute) for i in places} for places in fold)


@pytest.mark.parametrize("apart", [True, False])
def test_every_clip_is_tested_once_and_no_voice_is_on_both_sides(apart):
    clips = make_clips(shared=True)
    folds = rotate_voices(clips, 4, 0, apart)
    assert sorted(np.concatenate([test for _, test in folds]).tolist()) == list(range(len(clips)))
    for fold in folds:
        train, test = sides(clips, fold, "speaker")
        assert not train & test and len(test) == 3
        train, test = sides(clips, fold, "group")
        assert (not train & test) == apart
        if not apart:
            assert len(fold[0]) + len(fold[1]) == len(clips)


def test_train_loses_the_clips_of_tested_sentences_and_no_others():
    clips = make_clips()  # the sentence "all" alone has several voices
    for train, test in rotate_voices(clips, 3):
        lost = set(range(len(clips))) - {*train, *test}
        assert lost and {clips[i].group for i in lost} == {"all"}


def test_folds_are_balanced_in_clips_and_seeded():
    clips = make_clips()
    folds = rotate_voices(clips, 3, seed=1)
    sizes = [len(test) for _, test in folds]
    assert max(sizes) - min(sizes) <= 3

    def voices(some):
        return [frozenset(clips[i].speaker for i in test) for _, test in some]

    assert voices(folds) == voices(rotate_voices(clips, 3, seed=1)) != voices(rotate_voices(clips, 3, seed=2))


def test_bad_corpora_are_named():
    clips = make_clips()
    with pytest.raises(ValueError, match="clip 0_1: has no speaker"):
        rotate_voices([clips[0], replace(clips[1], speaker="")], 2)
    with pytest.raises(ValueError, match="n_folds=13: must be 2 to 12"):
        rotate_voices(clips, 13)
    same = [replace(clip, group="one") for clip in clips]
    with pytest.raises(ValueError, match="keep_groups_apart=False"):
        rotate_voices(same, 3)
    assert len(rotate_voices(same, 3, keep_groups_apart=False)) == 3
