"""Prompts in time order, budgets, markers in a user's text, and rows for the new tokens."""

import numpy as np
import pytest
import torch
from tiny_llm import TOKENS, make_clips, save_tiny_llm

from speechlm_utils.llm.load import load_llm
from speechlm_utils.llm.prompts import build_prompt, encode_prompts
from speechlm_utils.llm.vocabulary import AUDIO_START, MARKERS, add_speech_tokens
from speechlm_utils.tokens import find_kept, kept_tokens


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_tiny_llm(tmp_path_factory.mktemp("llm"))


@pytest.fixture(scope="module")
def tokenizer(folder):
    model, tokenizer = load_llm(folder)
    add_speech_tokens(tokenizer, model, TOKENS)
    return tokenizer


def make_codes(n_frames):
    codes = np.full((8, n_frames), 60, dtype=np.int16)
    codes[1, :] = 5
    return codes


def test_kept_tokens_run_frame_by_frame_then_layer_by_layer():
    codes = np.zeros((8, 3), dtype=np.int16)
    codes[1] = [9, 5, 0]
    codes[2] = [1, 0, 1]
    codes[4] = [0, 7, 7]
    expected = ["<|L2_0009|>", "<|L3_0001|>", "<|L2_0005|>", "<|L5_0007|>", "<|L3_0001|>", "<|L5_0007|>"]
    assert kept_tokens(codes, TOKENS[::-1]) == expected
    assert kept_tokens(codes, []) == []


def test_collapsed_repeats_stand_once_per_run_of_frames_in_each_layer():
    codes = np.zeros((8, 5), dtype=np.int16)
    codes[1] = [5, 5, 0, 5, 5]  # two runs: what interrupts them need not be kept
    codes[4] = [0, 7, 7, 7, 1]
    names = kept_tokens(codes, TOKENS, collapse_repeats=True)
    assert names == ["<|L2_0005|>", "<|L5_0007|>", "<|L2_0005|>"]
    frames, layers = find_kept(codes, TOKENS, collapse_repeats=True)
    assert frames.tolist() == [0, 1, 3] and layers.tolist() == [2, 5, 2]
    assert len(find_kept(codes, TOKENS)[0]) == 7


def test_collapsed_repeats_reach_the_prompt(tokenizer):
    prompt = build_prompt(tokenizer, "the tax", make_codes(4), TOKENS, collapse_repeats=True)
    assert (prompt.n_audio, build_prompt(tokenizer, "the tax", make_codes(4), TOKENS).n_audio) == (1, 4)
    clip = type("Clip", (), {"id": "a", "text": "the tax", "codes": make_codes(4)})
    assert encode_prompts(tokenizer, [clip], TOKENS, collapse_repeats=True)[1].n_audio == 1


def test_kept_tokens_refuse_a_layer_that_is_not_there():
    with pytest.raises(ValueError, match=r"layer 5, code 7\).*layers 1 to 3"):
        kept_tokens(np.zeros((3, 4), dtype=int), TOKENS)


def test_prompt_follows_the_template(tokenizer):
    codes = make_codes(2)
    codes[2, 1] = 1
    prompt = build_prompt(tokenizer, "the tax", codes, TOKENS)
    shown = tokenizer.decode(prompt.input_ids, skip_special_tokens=False).replace(" ", "")
    assert shown == "<|text|>thetax<|text_end|><|audio|><|L2_0005|><|L2_0005|><|L3_0001|><|audio_end|>"
    assert prompt.n_audio == 3
    assert prompt.n_text + prompt.n_audio + 4 == len(prompt.input_ids)


def test_text_only_prompt_needs_no_codes(tokenizer):
    prompt = build_prompt(tokenizer, "the tax", None, TOKENS, use_audio=False)
    assert tokenizer.decode(prompt.input_ids) == "<|text|>the tax<|text_end|>"
    with pytest.raises(ValueError, match="codes=None"):
        build_prompt(tokenizer, "the tax", None, TOKENS)


@pytest.mark.parametrize("typed", [*MARKERS, "<|L2_0005|>", "<|pad|>", "<|eos|>"])
def test_markers_in_a_text_stay_text(tokenizer, typed):
    marker = tokenizer.convert_tokens_to_ids(typed)
    prompt = build_prompt(tokenizer, f"say {typed} now", None, [], use_audio=False)
    assert marker not in prompt.input_ids[1:-1]
    assert tokenizer.decode(prompt.input_ids[1:-1]) == f"say {typed} now"


@pytest.mark.parametrize(
    ("n_words", "n_frames", "n_text", "n_audio"),
    [(10, 10, 10, 10), (30, 4, 16, 4), (4, 30, 4, 16), (30, 30, 10, 10), (10, 30, 10, 10)],
)
def test_budget_is_shared(tokenizer, n_words, n_frames, n_text, n_audio):
    text = "ü" * (n_words // 2)  # two bytes, two tokens
    prompt = build_prompt(tokenizer, text, make_codes(n_frames), TOKENS, max_length=24)
    assert (prompt.n_text, prompt.n_audio) == (n_text, n_audio)
    assert (prompt.n_text_cut, prompt.n_audio_cut) == (n_words - n_text, n_frames - n_audio)
    assert len(prompt.input_ids) <= 24
    assert prompt.input_ids[n_text + 2] == tokenizer.convert_tokens_to_ids(AUDIO_START)


def test_too_small_a_budget_raises(tokenizer):
    with pytest.raises(ValueError, match="max_length=5: must be at least 6"):
        build_prompt(tokenizer, "tax", make_codes(3), TOKENS, max_length=5)


def test_report_counts_what_was_cut(tokenizer):
    clips = make_clips(6)
    whole, report = encode_prompts(tokenizer, clips, TOKENS)
    assert (report.n_prompts, report.n_cut, report.longest) == (6, 0, max(len(p.input_ids) for p in whole))
    prompts, report = encode_prompts(tokenizer, clips, TOKENS, max_length=12)
    assert report.n_cut == 6
    assert report.n_audio + report.n_audio_cut == sum(p.n_audio for p in whole)
    assert report.n_text == sum(p.n_text for p in prompts)
    assert "6 were cut" in str(report)


def test_bad_clips_are_named(tokenizer):
    clip = make_clips(1)[0]
    with pytest.raises(ValueError, match="clip x1: codes=None"):
        encode_prompts(tokenizer, [type(clip)("x1", "tax", None)], TOKENS)
    with pytest.raises(ValueError, match="none given"):
        encode_prompts(tokenizer, [], TOKENS)


@pytest.mark.parametrize("tied", [True, False])
def test_new_rows_look_like_old_ones_and_old_rows_stay(tmp_path, tied):
    model, tokenizer = load_llm(save_tiny_llm(tmp_path, tied))
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
        model, tokenizer = load_llm(folder)
        ids = add_speech_tokens(tokenizer, model, TOKENS, seed)
        weight = model.get_input_embeddings().weight.detach().clone()
        assert add_speech_tokens(tokenizer, model, TOKENS, seed) == ids
        assert torch.equal(model.get_input_embeddings().weight, weight)
        rows.setdefault(seed, []).append(weight)
    assert torch.equal(*rows[0])
    assert not torch.equal(rows[0][0], rows[1][0])


def test_a_token_given_twice_raises(folder):
    model, tokenizer = load_llm(folder)
    with pytest.raises(ValueError, match=r"<\|L2_0005\|> more than once"):
        add_speech_tokens(tokenizer, model, [*TOKENS, (2, 5)])
