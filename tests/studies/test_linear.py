"""Only what the named arms need is measured."""

import numpy as np

from speechlm_utils.studies.linear import measure_beside


def test_nothing_is_measured_for_tokens_and_words(tiny_clips, tiny_codec, tmp_path):
    found = measure_beside(["text", "lasso", "bigrams"], tiny_clips[:6], tiny_codec, tmp_path)
    assert not (found.features or found.prosody or found.loud) and not list(tmp_path.iterdir())


def test_what_arms_need_is_measured(tiny_clips, tiny_codec, tmp_path):
    clips = [clip for clip in tiny_clips if "fallacy" in clip.labels]
    names = ["measured", "mfcc-fusion", "prosody-in-words", "rms"]
    found = measure_beside(names, clips, tiny_codec, tmp_path)
    ids = {clip.id for clip in clips}
    assert set(found.features) == {"measured", "MFCC"} and set(found.loud) == set(found.prosody) == ids
    assert {row.shape for row in found.features["MFCC"].values()} == {(40,)}
    assert "pitch: " in found.prosody[clips[0].id]
    assert any(not np.array_equal(found.loud[clip.id].codes, clip.codes) for clip in clips)
