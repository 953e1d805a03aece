"""The script that measures a training step at full size: its sizes are Llama's, the steps here small ones."""

import importlib.util
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
import torch

SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "train_step_memory.py"
SIBLING = {
    "hidden_size": 48,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "vocab_size": 1200,
}


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("train_step_memory", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("size", "published"), [("3b", 3_212_749_824), ("1b", 1_235_814_400), ("135m", 134_515_008)]
)
def test_the_sizes_have_the_published_numbers_of_parameters(script, size, published):
    from transformers import LlamaForCausalLM

    with torch.device("meta"):
        model = LlamaForCausalLM(script.make_config(size))
    assert script.count(model.parameters()) == published  # shared weights count once


def test_random_weights_make_a_model_that_is_whole(script):
    config = script.make_config("3b", **SIBLING)
    model = script.make_model(config, "causal", "float32")
    assert model.lm_head.weight is model.model.embed_tokens.weight
    assert all(torch.isfinite(value).all() for value in [*model.parameters(), *model.buffers()])
    assert float(model.model.embed_tokens.weight.detach().std()) == pytest.approx(0.02, rel=0.05)
    with torch.inference_mode():
        logits = model(input_ids=torch.arange(5, 25)[None]).logits
        turned = model(input_ids=torch.arange(5, 25).flip(0)[None]).logits
    assert torch.isfinite(logits).all() and not torch.allclose(logits[0, -1], turned[0, -1])
    rotary = type(model.model.rotary_emb)(config)
    assert torch.equal(model.model.rotary_emb.inv_freq, rotary.inv_freq)


def test_one_step_of_each_stage_trains_what_it_should(script):
    config = script.make_config("3b", **SIBLING)
    found = script.measure("embeddings", config, "float32", "cpu", batch_size=2)
    assert found["n_parameters"] == 1200 * 48 + 2 * (48 * (48 * 2 + 16 * 2) + 3 * 48 * 96 + 2 * 48) + 48
    assert found["n_trained"] == (75 + 4) * 48  # tokens and markers, one tied row each
    assert (
        abs(found["loss_before"] - math.log(1200 + 79)) < 0.5 and found["loss_after"] < found["loss_before"]
    )
    lora = script.measure("lora", config, "float32", "cpu", batch_size=2)
    adapters = 2 * 64 * ((48 + 48) + (48 + 16))  # rank 64 on q_proj and v_proj of both layers
    assert lora["n_trained"] == adapters + (75 + 4) * 48 + 6 * 48
    assert math.isfinite(lora["loss"]) and 0.1 < lora["peak_gib"] < 8


def test_prompts_are_as_long_as_the_papers(script):
    from speechlm_utils.llm.prompts import encode_prompts
    from speechlm_utils.llm.vocabulary import add_speech_tokens

    config, tokens = script.make_config("3b", **SIBLING), script.list_tokens()
    tokenizer, model = script.make_tokenizer(config), script.make_model(config, "causal", "float32")
    add_speech_tokens(tokenizer, model, tokens)
    _, report = encode_prompts(tokenizer, script.make_clips(3, tokens), tokens)
    assert (report.n_text, report.n_audio, report.n_cut, report.longest) == (105, 105, 0, 74)


def test_both_stages_run_in_processes_of_their_own(script, monkeypatch, tmp_path, capsys):
    commands = []

    def run(command, **options):
        commands.append(command)
        report = json.dumps({"stage": command[-1], "peak_gib": 1.0})
        return subprocess.CompletedProcess(command, 0, stdout=report + "\n")

    monkeypatch.setattr(script.subprocess, "run", run)
    script.main(["--size", "135m", "--layers", "1", "--out", str(tmp_path / "report.json")])
    expected = [sys.executable, str(SCRIPT), "--size", "135m", "--layers", "1"]
    assert [command[:6] for command in commands] == [expected, expected]
    assert [command[-2:] for command in commands] == [["--stage", "embeddings"], ["--stage", "lora"]]
    assert [one["stage"] for one in json.loads((tmp_path / "report.json").read_text())] == [
        "embeddings",
        "lora",
    ]
    assert len(capsys.readouterr().out.splitlines()) == 2
