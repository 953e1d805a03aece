"""Embeddings keep their token's name from one model to the next."""

import numpy as np
import pytest
import torch
from tiny_llm import TOKENS, save_tiny_llm

from speechlm_utils.llm.embeddings import (
    load_embeddings,
    nearest_tokens,
    read_embeddings,
    save_embeddings,
    write_embeddings,
)
from speechlm_utils.llm.load import load_llm
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.llm.vocabulary import add_speech_tokens


@pytest.fixture
def llm(tmp_path):
    return load_llm(LLMSpec(save_tiny_llm(tmp_path / "llm")))


def test_embeddings_follow_their_names_into_another_order(tmp_path, llm):
    model, tokenizer = llm
    embeddings = read_embeddings(model, add_speech_tokens(tokenizer, model, TOKENS, seed=4))
    save_embeddings(tmp_path / "run" / "rows.safetensors", embeddings)
    other, other_tokenizer = load_llm(LLMSpec(tmp_path / "llm"))
    ids = add_speech_tokens(other_tokenizer, other, TOKENS[::-1][:3], seed=5)
    write_embeddings(other, ids, load_embeddings(tmp_path / "run" / "rows.safetensors"))
    for name, row in read_embeddings(other, ids).items():
        assert np.array_equal(row, embeddings[name])
    assert [file.name for file in (tmp_path / "run").iterdir()] == ["rows.safetensors"]


def test_missing_and_misshapen_embeddings_are_named(llm):
    model, tokenizer = llm
    ids = add_speech_tokens(tokenizer, model, TOKENS)
    embeddings = read_embeddings(model, ids)
    with pytest.raises(
        ValueError, match=r"embedding of <\|L3_0001\|> has shape \(7,\), the model's width is 32"
    ):
        write_embeddings(model, ids, {**embeddings, "<|L3_0001|>": np.zeros(7, np.float32)})
    del embeddings["<|L3_0001|>"]
    with pytest.raises(ValueError, match=r"no <\|L3_0001\|>: 7 are given, 8 needed"):
        write_embeddings(model, ids, embeddings)


def test_bad_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.safetensors"):
        load_embeddings(tmp_path / "none.safetensors")
    (tmp_path / "bad.safetensors").write_bytes(b"not a tensor")
    with pytest.raises(ValueError, match=r"bad\.safetensors: not a safetensors file"):
        load_embeddings(tmp_path / "bad.safetensors")


def test_nearest_finds_a_planted_copy(llm):
    model, tokenizer = llm
    ids = add_speech_tokens(tokenizer, model, TOKENS)
    word = tokenizer("tax").input_ids[0]
    with torch.no_grad():
        model.get_input_embeddings().weight[ids["<|L5_0007|>"]] = model.get_input_embeddings().weight[word]
    nearest = nearest_tokens(read_embeddings(model, ids), model, tokenizer, n_nearest=3)
    token, cosine = nearest["<|L5_0007|>"][0]
    assert token == tokenizer.decode([word]) and cosine == pytest.approx(1, abs=1e-5)
    assert all(len(found) == 3 and found[0][1] >= found[2][1] for found in nearest.values())
    assert not any(token in ids for found in nearest.values() for token, _ in found)


def test_an_untied_head_gets_its_own_embeddings_back_and_a_tied_one_has_none(tmp_path, llm):
    folder = save_tiny_llm(tmp_path / "untied", tied=False)
    model, tokenizer = load_llm(LLMSpec(folder))
    ids = add_speech_tokens(tokenizer, model, TOKENS, seed=4)
    embeddings = read_embeddings(model, ids)
    assert len(embeddings) == 16 and not np.array_equal(
        embeddings["<|L3_0001|>"], embeddings["output:<|L3_0001|>"]
    )
    save_embeddings(tmp_path / "rows.safetensors", embeddings)
    other, other_tokenizer = load_llm(LLMSpec(folder))
    other_ids = add_speech_tokens(other_tokenizer, other, TOKENS[::-1], seed=5)
    write_embeddings(other, other_ids, load_embeddings(tmp_path / "rows.safetensors"))
    found = read_embeddings(other, other_ids)
    assert found.keys() == embeddings.keys() and all(
        np.array_equal(found[name], embeddings[name]) for name in embeddings
    )
    with pytest.raises(ValueError, match=r"no output:<\|L3_0001\|>"):
        write_embeddings(other, other_ids, {k: v for k, v in embeddings.items() if k != "output:<|L3_0001|>"})
    tied, tokenizer = llm
    ids = add_speech_tokens(tokenizer, tied, TOKENS)
    assert read_embeddings(tied, ids).keys() == ids.keys()
    write_embeddings(tied, ids, embeddings)  # what has no place is left out
    assert np.array_equal(read_embeddings(tied, ids)["<|L3_0001|>"], embeddings["<|L3_0001|>"])
