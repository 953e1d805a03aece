"""What a codec's codes mean: rates and layers follow from the record, clips of two codecs are refused."""

import numpy as np
import pytest
from conftest import SPEC

from speechlm_utils.clips import Clip
from speechlm_utils.codec_spec import CodecSpec, shared_spec


def make_clip(name, spec=SPEC):
    return Clip(name, "", None, codes=np.zeros((8, 3), np.int16), spec=spec)


def test_rates_and_layers_of_two_codecs():
    assert SPEC.frame_rate == 50 and SPEC.layers == (1, 2, 3, 4, 5, 6, 7, 8)
    assert SPEC.acoustic_layers == (2, 3, 4, 5, 6, 7, 8)
    mimi = CodecSpec(24000, 1920, 2048, 4)
    assert mimi.frame_rate == 12.5 and mimi.acoustic_layers == mimi.layers == (1, 2, 3, 4)


def test_clips_of_one_codec_share_its_spec():
    assert shared_spec([make_clip("a"), make_clip("b", CodecSpec(16000, 320, 64, 8, (1,)))]) == SPEC


@pytest.mark.parametrize(
    ("clips", "said"),
    [
        ([], "no clip is given"),
        ([make_clip("a"), Clip("b", "", None)], "clip b: has no codes of a known codec"),
        ([make_clip("a", None)], "clip a: has no codes of a known codec"),
        ([make_clip("a"), make_clip("b", CodecSpec(24000, 320, 64, 8, (1,)))], "clip b: comes from another"),
    ],
)
def test_clips_without_a_common_codec_are_named(clips, said):
    with pytest.raises(ValueError, match=said):
        shared_spec(clips)
