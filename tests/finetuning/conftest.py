"""Trained classifiers of the tiny corpus, and a codec that they were not trained with."""

from dataclasses import replace

import numpy as np
import pytest
from safetensors.torch import load_file, save_file
from tiny_classifier import TASK, train
from tiny_llm import save_tiny_llm

from speechlm_utils.clips import label_names, select_clips
from speechlm_utils.finetuning.lora import FineTuneSettings
from speechlm_utils.selection.selection import Selection


@pytest.fixture(scope="module")
def clips(tiny_clips):
    return {split: select_clips(tiny_clips, TASK, split) for split in ("train", "validation", "test")}


@pytest.fixture(scope="module")
def selection(clips, tiny_codec):
    tokens = sorted({(layer, int(clips["train"][0].codes[layer - 1, 0])) for layer in (2, 3, 5)})
    names = label_names(clips["train"], TASK)
    coefs = np.zeros((len(names), len(tokens)))
    found = {"C": 0.02, "solver": "saga", "converged": True, "n_iter": 9, "seed": 0, "layers": (2, 3, 5)}
    return Selection(TASK, tokens, coefs, names, codec_hash=tiny_codec.hash, corpus_hash="0123", **found)


@pytest.fixture(scope="module")
def llm(tmp_path_factory):
    return save_tiny_llm(tmp_path_factory.mktemp("llm"))


@pytest.fixture(scope="module")
def result(llm, clips, selection):
    settings = FineTuneSettings(learning_rate=0.02, batch_size=4, max_steps=6, lora_rank=4, seed=1)
    return train(llm, clips, settings, selection)


@pytest.fixture(scope="module")
def result_of_frozen_embeddings(result, llm, clips, selection):
    settings = replace(result.classifier.settings, train_embeddings=False)
    return train(llm, clips, settings, selection)


@pytest.fixture
def saved(result, tiny_codec, tmp_path):
    result.classifier.save(tmp_path / "saved", codec=tiny_codec, corpus="the tiny corpus")
    return tmp_path / "saved"


@pytest.fixture(scope="module")
def other_codec(tiny_codec_dir, tmp_path_factory):
    """The tiny codec with one other code in its first codebook."""
    folder = tmp_path_factory.mktemp("other_codec")
    (folder / "config.json").write_text((tiny_codec_dir / "config.json").read_text())
    state = load_file(tiny_codec_dir / "model.safetensors")
    state["quantizer.vq.layers.0._codebook.embed"][0] += 1
    save_file(state, folder / "model.safetensors")
    return folder
