"""Clips drawn in whole groups, or singly where groups are too large; what folds keep together."""

import pytest

from speechlm_utils.clips import Clip, choose_unit, draw_clips, select_clips


def make_clips(n_groups=4, size=5, speaker=""):
    return [
        Clip(f"{g}_{i}", f"{g} {i}", None, {"label": "ab"[i % 2]}, group=f"g{g}", speaker=speaker)
        for g in range(n_groups)
        for i in range(size)
    ]


def test_whole_groups_where_they_fit(caplog):
    clips = make_clips()
    assert draw_clips(clips, "label", limit=11, seed=3) == select_clips(clips, "label", limit=11, seed=3)
    assert draw_clips(clips) == clips
    assert not caplog.records


def test_single_clips_where_every_group_is_larger_than_the_limit(caplog):
    clips = make_clips()
    drawn = draw_clips(clips, "label", limit=4, seed=1)
    assert len(drawn) == 4 and all(clip in clips for clip in drawn)  # their groups are what they were
    assert sorted(clip.labels["label"] for clip in drawn) == ["a", "a", "b", "b"]
    assert "limit=4: every group has 5 clips or more" in caplog.text
    with pytest.raises(ValueError, match="limit=0"):
        draw_clips(clips, limit=0)


def test_folds_keep_voices_together_or_else_groups_or_clips():
    clips = make_clips()
    assert choose_unit([*clips, *make_clips(speaker="anna")]) == "speaker"
    assert choose_unit(clips) == choose_unit(make_clips(speaker="anna")) == "group"
    assert choose_unit(make_clips(n_groups=1)) == "id"
