"""What an arm needs is measured where it is missing, and only there."""

from dataclasses import replace

import numpy as np
import pytest

from speechlm_utils.evaluation.representations import measure_mfcc
from speechlm_utils.studies.needs import complete_material


@pytest.fixture
def bare(material):
    return replace(material, sizes={}, features={}, word_ends={})


def test_nothing_is_measured_for_arms_that_need_nothing(bare):
    assert complete_material(bare, ["text", "lasso", "paper"]) is bare


def test_what_is_there_is_kept(material):
    assert complete_material(material, ["mfcc-fusion", "interleaved", "lasso-10"]) is material


def test_other_sizes_are_selected_beside_what_is_there(bare):
    found = complete_material(replace(bare, sizes={10: ()}), ["lasso-10", "lasso-35"]).sizes
    assert found[10] == () and set(found) == {10, 35}
    assert {layer for layer, _ in found[35]} <= set(bare.layers["acoustic"])


def test_mfcc_are_standardised_on_train(bare):
    found = complete_material(bare, ["mfcc-fusion"], progress=False).features["MFCC"]
    train = bare.clips["train"]
    rows = np.stack([measure_mfcc(clip) for clip in train])
    clip = bare.clips["test"][0]
    wanted = (measure_mfcc(clip) - rows.mean(0)) / rows.std(0)
    assert np.allclose(found[clip.id], wanted, atol=1e-3) and len(found) == sum(map(len, bare.clips.values()))


def test_states_of_the_encoder_are_measured_beside_what_is_there(bare):
    before = {"MFCC": {}}
    found = complete_material(replace(bare, features=before), ["encoder-fusion"], progress=False).features
    assert set(found) == {"MFCC", "encoder"}
    assert {row.shape for row in found["encoder"].values()} == {(768,)}


def test_every_clip_gets_the_ends_of_its_words(bare):
    few = replace(
        bare,
        clips={split: clips[:2] for split, clips in bare.clips.items()},
        unlabelled=bare.unlabelled[:3],
    )
    found = complete_material(few, ["interleaved"], progress=False).word_ends
    for clip in [*few.clips["test"], *few.unlabelled]:
        assert len(found[clip.id]) == len(clip.text.split())
