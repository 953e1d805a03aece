"""Material of the tiny corpus."""

import numpy as np
import pytest
from tiny_classifier import TASK
from tiny_llm import save_tiny_llm

from speechlm_utils.clips import label_names, select_clips
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.studies.material import Material, name_layers, select_tokens


@pytest.fixture(scope="session")
def llm(tmp_path_factory):
    return LLMSpec(save_tiny_llm(tmp_path_factory.mktemp("llm")))


@pytest.fixture(scope="session")
def material(tiny_clips, tiny_codec):
    clips = {split: select_clips(tiny_clips, TASK, split) for split in ("train", "validation", "test")}
    layers = name_layers(tiny_codec.spec)
    selections = {(name, False): select_tokens(clips["train"], TASK, layers[name], 4) for name in layers}
    prosody = {clip.id: "pitch: high" for some in clips.values() for clip in some}
    names = label_names(clips["train"], TASK)
    selections["acoustic", True] = selections["acoustic", False][:2]
    loud = clips | {"unlabelled": clips["train"]}
    rng = np.random.default_rng(0)
    every = [clip for some in clips.values() for clip in some]
    beside = {
        "sizes": {10: selections["acoustic", False][:3]},
        "features": {
            name: {c.id: rng.normal(size=5) for c in every} for name in ("MFCC", "encoder", "wavlm")
        },
        "word_ends": {c.id: 0.1 * (1.0 + np.arange(len(c.text.split()))) for c in every},
    }
    about = (selections, layers, tiny_codec.hash, loud, prosody)
    assert np.all([len(tokens) > 1 for tokens in selections.values()])
    return Material("tiny", TASK, names, clips, clips["train"], *about, **beside)
