"""Pieces come from the frames of the token, from many voices, at full length."""

import numpy as np
import pytest
import soundfile

from speechlm_utils.clips import Clip
from speechlm_utils.interpretation.listening import join_snippets
from speechlm_utils.tokens import find_occurrences

RATE, HOP, TOKEN = 16000, 320, (3, 5)


@pytest.fixture
def clips(tmp_path):
    """Six clips of three voices, silent but for a loud frame 20, where the token fires; the last has none."""
    made = []
    for i in range(6):
        wav, codes = np.zeros(50 * HOP, np.float32), np.zeros((8, 50), np.int16)
        if i < 5:
            wav[20 * HOP : 21 * HOP] = 0.5
            codes[TOKEN[0] - 1, 20] = TOKEN[1]
        soundfile.write(tmp_path / f"{i}.wav", wav, RATE, subtype="FLOAT")
        made.append(Clip(str(i), "", tmp_path / f"{i}.wav", speaker=f"v{i % 3}", codes=codes))
    return made


def test_speakers_take_turns_and_a_clip_comes_once(clips):
    places = find_occurrences(clips, TOKEN, 3)
    assert {clip.speaker for clip, _ in places} == {"v0", "v1", "v2"} and {f for _, f in places} == {20}
    places = find_occurrences(clips, TOKEN, 99)
    assert sorted(clip.id for clip, _ in places) == ["0", "1", "2", "3", "4"]
    assert find_occurrences(clips, (3, 6), 4) == []


def test_pieces_are_centred_on_the_frame(clips):
    wav = join_snippets(find_occurrences(clips, TOKEN, 2), seconds=0.2, gap_seconds=0.1)
    assert wav.shape == (3 * 1600 + 2 * 3200,) and wav.dtype == np.float32
    loud = np.flatnonzero(wav > 0.4)
    assert (loud[0], loud[HOP - 1]) == (1600 + 1440, 1600 + 1759)


def test_a_frame_at_the_edge_gives_a_shorter_piece_and_no_place_silence(clips):
    assert join_snippets([(clips[0], 0)], 0.2, 0.1).size == 2 * 1600 + 160 + 1600
    assert not join_snippets([]).any()
