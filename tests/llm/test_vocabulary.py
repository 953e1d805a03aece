"""Embeddings of the new tokens look like old ones, and follow the seed."""

import pytest
import torch
from tiny_llm import TOKENS, save_tiny_llm

from speechlm_utils.llm.load import load_llm
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.llm.vocabulary import MARKERS, add_speech_tokens


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_tiny_llm(tmp_path_factory.mktemp("llm"))


@pytest.mark.parametrize("tied", [True, False])
def test_new_embeddings_look_like_old_ones_and_old_ones_stay(tmp_path, tied):
    model, tokenizer = load_llm(LLMSpec(save_tiny_llm(tmp_path, tied)))
    n_old = len(tokenizer)
    before = [
        m.weight.detach().clone() for m in (model.get_input_embeddings(), model.get_output_embeddings())
    ]
    tokens = [(2, code) for code in range(400)]
    ids = add_speech_tokens(tokenizer, model, tokens, seed=3)
    modules = (model.get_input_embeddings(), model.get_output_embeddings())
    assert list(ids) == [*MARKERS, *(f"<|L2_{code:04d}|>" for code in range(400))]
    assert list(ids.values()) == list(range(n_old, n_old + 404))
    for module, old in zip(modules, before, strict=True):
        new = module.weight[n_old:].detach()
        assert torch.equal(module.weight[:n_old], old)
        # 404 draws: the standard error of a mean is 5 % of a standard deviation, that of a sd 3.5 %
        assert ((new.mean(0) - old.mean(0)).abs() < 0.25 * old.std(0)).all()
        assert ((new.std(0) / old.std(0) - 1).abs() < 0.25).all()
        assert torch.cdist(new, new).fill_diagonal_(1).min() > 0.1
    assert torch.equal(modules[0].weight, modules[1].weight) == tied


def test_adding_again_changes_nothing_and_the_seed_matters(folder):
    rows = {}
    for seed in (0, 0, 1):
        model, tokenizer = load_llm(LLMSpec(folder))
        ids = add_speech_tokens(tokenizer, model, TOKENS, seed)
        weight = model.get_input_embeddings().weight.detach().clone()
        assert add_speech_tokens(tokenizer, model, TOKENS, seed) == ids
        assert torch.equal(model.get_input_embeddings().weight, weight)
        rows.setdefault(seed, []).append(weight)
    assert torch.equal(*rows[0])
    assert not torch.equal(rows[0][0], rows[1][0])


def test_a_token_given_twice_raises(folder):
    model, tokenizer = load_llm(LLMSpec(folder))
    with pytest.raises(ValueError, match=r"<\|L2_0005\|> more than once"):
        add_speech_tokens(tokenizer, model, [*TOKENS, (2, 5)])
