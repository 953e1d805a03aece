"""Prompts in time order, budgets, and markers in a user's text."""

import numpy as np
import pytest
from tiny_llm import TOKENS, make_clips, save_tiny_llm

from speechlm_utils.llm.load import load_llm
from speechlm_utils.llm.prompts import build_prompt, encode_prompts
from speechlm_utils.llm.spec import LLMSpec, PromptFormat
from speechlm_utils.llm.vocabulary import AUDIO_START, MARKERS, add_speech_tokens


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_tiny_llm(tmp_path_factory.mktemp("llm"))


@pytest.fixture(scope="module")
def tokenizer(folder):
    model, tokenizer = load_llm(LLMSpec(folder))
    add_speech_tokens(tokenizer, model, TOKENS)
    return tokenizer


def make_codes(n_frames):
    codes = np.full((8, n_frames), 60, dtype=np.int16)
    codes[1, :] = 5
    return codes


def test_collapsed_repeats_reach_the_prompt(tokenizer):
    prompt = build_prompt(tokenizer, "the tax", make_codes(4), TOKENS, PromptFormat(collapse_repeats=True))
    assert (prompt.n_audio, build_prompt(tokenizer, "the tax", make_codes(4), TOKENS).n_audio) == (1, 4)
    clip = type("Clip", (), {"id": "a", "text": "the tax", "codes": make_codes(4)})
    assert encode_prompts(tokenizer, [clip], TOKENS, PromptFormat(collapse_repeats=True))[1].n_audio == 1


def test_prompt_follows_the_template(tokenizer):
    codes = make_codes(2)
    codes[2, 1] = 1
    prompt = build_prompt(tokenizer, "the tax", codes, TOKENS)
    shown = tokenizer.decode(prompt.input_ids, skip_special_tokens=False).replace(" ", "")
    assert shown == "<|text|>thetax<|text_end|><|audio|><|L2_0005|><|L2_0005|><|L3_0001|><|audio_end|>"
    assert prompt.n_audio == 3
    assert prompt.n_text + prompt.n_audio + 4 == len(prompt.input_ids)


def test_text_only_prompt_needs_no_codes(tokenizer):
    prompt = build_prompt(tokenizer, "the tax", None, TOKENS, PromptFormat(use_audio=False))
    assert tokenizer.decode(prompt.input_ids) == "<|text|>the tax<|text_end|>"
    with pytest.raises(ValueError, match="codes=None"):
        build_prompt(tokenizer, "the tax", None, TOKENS)


@pytest.mark.parametrize("typed", [*MARKERS, "<|L2_0005|>", "<|pad|>", "<|eos|>"])
def test_markers_in_a_text_stay_text(tokenizer, typed):
    marker = tokenizer.convert_tokens_to_ids(typed)
    prompt = build_prompt(tokenizer, f"say {typed} now", None, [], PromptFormat(use_audio=False))
    assert marker not in prompt.input_ids[1:-1]
    assert tokenizer.decode(prompt.input_ids[1:-1]) == f"say {typed} now"


@pytest.mark.parametrize(
    ("n_words", "n_frames", "n_text", "n_audio"),
    [(10, 10, 10, 10), (30, 4, 16, 4), (4, 30, 4, 16), (30, 30, 10, 10), (10, 30, 10, 10)],
)
def test_budget_is_shared(tokenizer, n_words, n_frames, n_text, n_audio):
    text = "ü" * (n_words // 2)  # two bytes, two tokens
    prompt = build_prompt(tokenizer, text, make_codes(n_frames), TOKENS, PromptFormat(24))
    assert (prompt.n_text, prompt.n_audio) == (n_text, n_audio)
    assert (prompt.n_text_cut, prompt.n_audio_cut) == (n_words - n_text, n_frames - n_audio)
    assert len(prompt.input_ids) <= 24
    assert prompt.input_ids[n_text + 2] == tokenizer.convert_tokens_to_ids(AUDIO_START)


def test_too_small_a_budget_raises(tokenizer):
    with pytest.raises(ValueError, match="max_length=5: must be at least 6"):
        build_prompt(tokenizer, "tax", make_codes(3), TOKENS, PromptFormat(5))


def test_report_counts_what_was_cut(tokenizer):
    clips = make_clips(6)
    whole, report = encode_prompts(tokenizer, clips, TOKENS)
    assert (report.n_prompts, report.n_cut, report.longest) == (6, 0, max(len(p.input_ids) for p in whole))
    prompts, report = encode_prompts(tokenizer, clips, TOKENS, PromptFormat(12))
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


def test_interleaved_words_are_followed_by_their_tokens(tokenizer):
    codes = make_codes(6)
    codes[1, [0, 3]] = 60  # tokens in frames 1, 2 of the first word, 4, 5 of the second, which starts at 3.5
    codes[2, 0] = 1
    format = PromptFormat(interleaved=True, collapse_repeats=True)
    prompt = build_prompt(tokenizer, "the tax", codes, TOKENS, format, np.array([3.5, 6.0]))
    shown = tokenizer.decode(prompt.input_ids, skip_special_tokens=False).replace(" ", "")
    assert shown == "<|text|>the<|L3_0001|><|L2_0005|>tax<|L2_0005|><|text_end|><|audio|><|audio_end|>"
    assert (prompt.n_audio, prompt.n_text + prompt.n_audio + 4) == (3, len(prompt.input_ids))
    plain = build_prompt(tokenizer, "the tax", codes, TOKENS, PromptFormat(collapse_repeats=True))
    assert sorted(plain.input_ids) == sorted(prompt.input_ids)


def test_interleaved_prompt_keeps_its_budget(tokenizer):
    ends = np.arange(1, 11) * 3.0
    prompt = build_prompt(
        tokenizer, " ".join("a" * 10), make_codes(30), TOKENS, PromptFormat(16, interleaved=True), ends
    )
    assert (prompt.n_text, prompt.n_audio, len(prompt.input_ids)) == (6, 6, 16)


def test_interleaved_prompt_needs_the_end_of_every_word(tokenizer):
    format = PromptFormat(interleaved=True)
    for ends, found in ((None, "None"), (np.array([2.0]), "1")):
        with pytest.raises(ValueError, match=f"word_ends: {found} for 2 words"):
            build_prompt(tokenizer, "the tax", make_codes(3), TOKENS, format, ends)
    with pytest.raises(ValueError, match="clip train0: word_ends"):
        encode_prompts(tokenizer, make_clips(1), TOKENS, format)
