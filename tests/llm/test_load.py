"""Models of five architectures, loaded by folder, through step 2 and step 3."""

import importlib.metadata

import numpy as np
import pytest
import torch
from tiny_llm import TOKENS, make_clips, save_tiny_llm
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GPT2Config,
    GPTNeoXConfig,
    LlamaConfig,
    OlmoeConfig,
    Qwen2Config,
)

from speechlm_utils.finetuning.classifier import SpeechTokenClassifier
from speechlm_utils.finetuning.finetune import build_classifier, fine_tune
from speechlm_utils.finetuning.lora import FineTuneSettings
from speechlm_utils.llm import load as llm
from speechlm_utils.llm.load import choose_dtype, hash_llm, load_llm, make_options
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.llm.vocabulary import add_speech_tokens
from speechlm_utils.pretraining.pretrain import PretrainSettings, pretrain_token_embeddings

SMALL = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "eos_token_id": 0,
    "bos_token_id": None,
    "initializer_range": 0.2,
}
ARCHITECTURES = {
    "llama tied": (LlamaConfig, {"tie_word_embeddings": True, "num_key_value_heads": 2}, "q_proj"),
    "llama untied": (LlamaConfig, {"tie_word_embeddings": False, "num_key_value_heads": 2}, "q_proj"),
    "qwen untied": (Qwen2Config, {"tie_word_embeddings": False, "num_key_value_heads": 2}, "v_proj"),
    "gpt-neox tied": (GPTNeoXConfig, {"tie_word_embeddings": True}, "query_key_value"),
    "gpt-2": (GPT2Config, {"n_embd": 32, "n_layer": 2, "n_head": 4}, "c_attn"),
    "gpt-neox untied": (GPTNeoXConfig, {"tie_word_embeddings": False}, "query_key_value"),
}


def save_architecture(folder, name):
    """Save a two-layer model with the tiny tokenizer and three rows to spare, and return the folder."""
    config_class, options, _ = ARCHITECTURES[name]
    save_tiny_llm(folder)
    n_rows = len(AutoTokenizer.from_pretrained(folder)) + 3
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = config_class(vocab_size=n_rows, **SMALL, **options)
        AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    return folder


def matrices(model):
    """Input rows and output rows, the same matrix twice in a tied model."""
    return [module.weight for module in (model.get_input_embeddings(), model.get_output_embeddings())]


def test_a_folder_loads_quietly_with_a_pad_token_of_its_own(tmp_path, capfd):
    folder = save_tiny_llm(tmp_path)
    capfd.readouterr()
    causal, tokenizer = load_llm(LLMSpec(folder))
    classifier, _ = load_llm(LLMSpec(folder), num_labels=5)
    assert tokenizer.pad_token == "<|pad|>" and tokenizer.pad_token_id != tokenizer.eos_token_id
    assert tokenizer.padding_side == "right"
    assert causal.get_input_embeddings().weight.shape[0] == len(tokenizer)
    assert classifier.config.pad_token_id == tokenizer.pad_token_id
    assert classifier.score.weight.shape == (5, 32)
    assert capfd.readouterr() == ("", "")


def test_hash_tells_models_apart_but_not_heads_or_added_tokens(tmp_path):
    folder = save_tiny_llm(tmp_path)
    causal, tokenizer = load_llm(LLMSpec(folder))
    classifier, _ = load_llm(LLMSpec(folder), num_labels=5)
    known = hash_llm(causal)
    assert hash_llm(classifier) == known
    add_speech_tokens(tokenizer, causal, [(2, 7)])
    assert hash_llm(causal) == known
    with torch.no_grad():
        causal.model.layers[1].mlp.up_proj.weight[0, 0] += 1
    assert hash_llm(causal) != known


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_step_2_trains_input_and_output_embeddings_of_any_architecture(tmp_path, name):
    model, tokenizer = load_llm(LLMSpec(save_architecture(tmp_path, name)))
    new = list(add_speech_tokens(tokenizer, model, TOKENS, seed=1).values())
    is_tied = model.config.tie_word_embeddings
    before = [weight.detach().clone() for weight in matrices(model)]
    settings = PretrainSettings(learning_rate=0.03, batch_size=8, max_steps=8, seed=1)
    result = pretrain_token_embeddings(model, tokenizer, {"train": make_clips(24)}, TOKENS, settings)
    after = matrices(model)
    assert (after[0] is after[1]) == is_tied
    for old, weight in zip(before, after, strict=True):
        moved = (old != weight).any(dim=1).nonzero().flatten().tolist()
        assert set(moved) <= set(new) and len(moved) >= len(new) - 1  # the last marker is read by nothing
    assert result.loss_after < result.loss_before


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_step_3_of_any_architecture_reloads_to_equal_logits(tmp_path, name):
    folder, clips = save_architecture(tmp_path / "llm", name), {"train": make_clips(12)}
    clips["test"] = make_clips(6, seed=1, split="test")
    settings = FineTuneSettings(max_steps=2, batch_size=4, lora_rank=2, lora_modules=[ARCHITECTURES[name][2]])
    classifier, fresh = (
        build_classifier("task", list("abc"), TOKENS, settings, LLMSpec(folder)) for _ in range(2)
    )
    result = fine_tune(classifier, clips)
    assert not np.array_equal(fresh.predict(clips["test"]), result.logits["test"])
    classifier.save(tmp_path / "saved")
    loaded = SpeechTokenClassifier.from_pretrained(tmp_path / "saved")
    assert np.array_equal(loaded.predict(clips["test"]), result.logits["test"])


def test_in_bfloat16_what_is_trained_stays_in_float32(tmp_path):
    folder, clips = save_tiny_llm(tmp_path / "llm"), {"train": make_clips(12)}
    clips["test"] = make_clips(6, seed=1, split="test")
    settings = FineTuneSettings(max_steps=2, batch_size=4, lora_rank=2)
    classifier = build_classifier("task", list("abc"), TOKENS, settings, LLMSpec(folder, "bfloat16"))
    result = fine_tune(classifier, clips)
    parameters = dict(classifier.model.named_parameters())
    assert {p.dtype for p in parameters.values() if p.requires_grad} == {torch.float32}
    layers = [p for name, p in parameters.items() if ".layers." in name and "lora_" not in name]
    assert layers and {p.dtype for p in layers} == {torch.bfloat16}
    classifier.save(tmp_path / "saved")
    loaded = SpeechTokenClassifier.from_pretrained(tmp_path / "saved")
    assert loaded.llm.dtype == "bfloat16"
    assert np.array_equal(loaded.predict(clips["test"]), result.logits["test"])


def test_a_layer_that_is_not_there_is_named_beside_those_that_are(tmp_path):
    folder, settings = save_architecture(tmp_path, "gpt-neox tied"), FineTuneSettings()
    layers = r"\['dense', 'dense_4h_to_h', 'dense_h_to_4h', 'query_key_value'\]"
    kind = "GPTNeoXForSequenceClassification"
    with pytest.raises(
        ValueError, match=rf"{kind} has no layer \['q_proj', 'v_proj'\]; its layers are {layers}"
    ):
        build_classifier("task", ["a", "b"], TOKENS, settings, LLMSpec(folder))
    settings = FineTuneSettings(
        lora_modules=("query_key_value", "v_proj")
    )  # PEFT would train the first alone
    with pytest.raises(ValueError, match=r"no layer \['v_proj'\]"):
        build_classifier("task", ["a", "b"], TOKENS, settings, LLMSpec(folder))


@pytest.mark.parametrize("reserved", ["<|finetune_right_pad_id|>", "<|reserved_special_token_0|>"])
def test_a_reserved_pad_token_is_used_where_the_vocabulary_has_one(tmp_path, reserved):
    folder = save_tiny_llm(tmp_path)
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens([reserved], special_tokens=True)
    model.resize_token_embeddings(len(tokenizer))
    n_rows = len(tokenizer)
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)
    model, tokenizer = load_llm(LLMSpec(folder))
    assert tokenizer.pad_token == reserved and tokenizer.pad_token_id != tokenizer.eos_token_id
    assert model.config.pad_token_id == tokenizer.pad_token_id
    assert len(tokenizer) == n_rows == model.get_input_embeddings().weight.shape[0]


def test_four_bits_need_a_gpu_and_the_package_by_name(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(llm.util, "find_spec", lambda name: None)
    with pytest.raises(
        RuntimeError, match=r"a CUDA GPU and the package bitsandbytes \(pip install bitsandbytes\)"
    ):
        load_llm(LLMSpec(quantization="4bit"))
    monkeypatch.setattr(llm.util, "find_spec", lambda name: object())
    with pytest.raises(RuntimeError, match="not here: a CUDA GPU; without it use quantization=None"):
        load_llm(LLMSpec(quantization="4bit"))
    with pytest.raises(ValueError, match="quantization='8bit'"):
        load_llm(LLMSpec(quantization="8bit"))


def test_four_bits_reach_transformers_as_nf4_on_the_gpu(monkeypatch, tmp_path):
    folder, given = save_tiny_llm(tmp_path), {}
    real, version = AutoModelForCausalLM.from_pretrained, importlib.metadata.version

    def load(name, quantization_config, device_map, **options):  # the GPU and the package are not here
        given.update(options, config=quantization_config, device_map=device_map)
        return real(name, **options)

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(llm.util, "find_spec", lambda name: object())
    monkeypatch.setattr(
        importlib.metadata, "version", lambda name: "0.48.0" if name == "bitsandbytes" else version(name)
    )
    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", load)
    model, _ = load_llm(LLMSpec(folder, "bfloat16", "4bit"))
    config = given["config"]
    assert config.load_in_4bit and config.bnb_4bit_quant_type == "nf4" and config.bnb_4bit_use_double_quant
    assert config.bnb_4bit_compute_dtype == given["dtype"] == torch.bfloat16
    assert given["device_map"] == {"": 0} and model.device.type == "cpu"


@pytest.mark.parametrize("can, chosen", [({"amx_bf16": True}, "bfloat16"), ({"avx2": True}, "float32")])
def test_dtype_auto_is_what_the_processor_computes_in(monkeypatch, can, chosen):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: can)
    assert choose_dtype("auto") == chosen
    assert choose_dtype("float16") == "float16"
    assert make_options(LLMSpec(dtype="auto"))["dtype"] == getattr(torch, chosen)


def test_what_cannot_be_loaded_is_named(tmp_path):
    with pytest.raises(
        ValueError, match=r"dtype='float8': must be one of \('float32', 'bfloat16', 'float16', 'auto'\)"
    ):
        make_options(LLMSpec(dtype="float8"))
    with pytest.raises(FileNotFoundError, match="no-such-folder: no model folder, and not found on the hub"):
        load_llm(LLMSpec(tmp_path / "no-such-folder"))
    folder = save_tiny_llm(tmp_path)
    config = OlmoeConfig(vocab_size=300, num_experts=2, num_experts_per_tok=1, **SMALL)
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    with pytest.raises(
        ValueError, match="transformers has no classification form of the architecture 'olmoe'"
    ):
        load_llm(LLMSpec(folder), num_labels=2)
