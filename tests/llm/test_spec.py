"""The records are frozen and equal by value; models and prompts take them whole."""

from dataclasses import FrozenInstanceError, replace

import pytest
from tiny_llm import TOKENS, make_clips, save_tiny_llm

from speechlm_utils.llm.load import load_llm
from speechlm_utils.llm.prompts import encode_prompts
from speechlm_utils.llm.spec import LLMSpec, PromptFormat, TrainSettings
from speechlm_utils.llm.vocabulary import add_speech_tokens


@pytest.mark.parametrize("make", [LLMSpec, PromptFormat, lambda: TrainSettings(1e-3)])
def test_records_are_frozen_and_equal_by_value(make):
    record = make()
    assert record == make() and hash(record) == hash(make())
    name = next(iter(vars(record)))
    assert replace(record, **{name: "other"}) != record
    with pytest.raises(FrozenInstanceError):
        setattr(record, name, "other")


def test_a_model_and_its_prompts_take_the_records(tmp_path):
    model, tokenizer = load_llm(LLMSpec(save_tiny_llm(tmp_path), "bfloat16"))
    assert str(model.dtype) == "torch.bfloat16"
    add_speech_tokens(tokenizer, model, TOKENS)
    settings = TrainSettings(1e-3, max_length=12, collapse_repeats=True)
    assert settings.prompt == PromptFormat(12, collapse_repeats=True)
    prompts, _ = encode_prompts(tokenizer, make_clips(2), TOKENS, settings.prompt)
    assert [len(prompt.input_ids) for prompt in prompts] == [12, 12]
