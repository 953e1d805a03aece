"""The base model gets tokens, adapters and a head, and nothing else is trained."""

import numpy as np
import pytest
from tiny_llm import TOKENS, save_tiny_llm

from speechlm_utils.finetuning.lora import FineTuneSettings, wrap_classifier
from speechlm_utils.llm.embeddings import read_embeddings
from speechlm_utils.llm.load import load_llm
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.llm.vocabulary import list_added_names

WIDTH, N_LAYERS, N_CLASSES = 32, 2, 3  # of the tiny Llama and its head


@pytest.fixture
def base(tmp_path):
    """Model and tokenizer of the tiny Llama with a head."""
    return load_llm(LLMSpec(save_tiny_llm(tmp_path)), N_CLASSES)


@pytest.mark.parametrize("train_embeddings", [True, False])
def test_embeddings_adapters_and_head_are_trained_and_nothing_else(base, train_embeddings):
    settings = FineTuneSettings(lora_rank=2, lora_modules=["q_proj"], train_embeddings=train_embeddings)
    wrapped = wrap_classifier(*base, TOKENS, None, settings)
    n_trained = sum(parameter.numel() for parameter in wrapped.parameters() if parameter.requires_grad)
    n_adapter = N_LAYERS * 2 * settings.lora_rank * WIDTH  # two matrices, as q_proj keeps the width
    assert (
        n_trained == n_adapter + N_CLASSES * WIDTH + train_embeddings * len(list_added_names(TOKENS)) * WIDTH
    )


def test_given_embeddings_stand_in_the_matrix(base):
    rng = np.random.default_rng(0)
    given = {name: rng.normal(size=WIDTH).astype(np.float32) for name in list_added_names(TOKENS)}
    wrapped = wrap_classifier(*base, TOKENS, given, FineTuneSettings(lora_rank=2))
    read = read_embeddings(wrapped, dict(zip(given, base[1].convert_tokens_to_ids(list(given)), strict=True)))
    assert all(np.array_equal(read[name], given[name]) for name in given)


def test_a_layer_that_is_not_there_is_named_beside_those_that_are(base):
    layers = r"\['down_proj', 'gate_proj', 'k_proj', 'o_proj', 'q_proj', 'up_proj', 'v_proj'\]"
    settings = FineTuneSettings(lora_modules=("q_proj", "c_attn"))  # PEFT would train the first alone
    with pytest.raises(
        ValueError,
        match=rf"LlamaForSequenceClassification has no layer \['c_attn'\]; its layers are {layers}",
    ):
        wrap_classifier(*base, TOKENS, None, settings)
