"""The view of a prompt names every id, and the controls draw what they are set to."""

import re

import matplotlib as mpl
import numpy as np
import pytest
from tiny_llm import TOKENS, make_clips, save_tiny_llm

mpl.use("agg")
from speechlm_utils import widgets
from speechlm_utils.llm import load_llm
from speechlm_utils.vocabulary import add_speech_tokens, build_prompt, kept_tokens


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    model, tokenizer = load_llm(save_tiny_llm(tmp_path_factory.mktemp("llm")))
    add_speech_tokens(tokenizer, model, TOKENS)
    return tokenizer


@pytest.fixture(scope="module")
def clip():
    return make_clips(1)[0]


def test_every_id_has_its_kind(tokenizer, clip):
    prompt = build_prompt(tokenizer, clip.text, clip.codes, TOKENS)
    pieces = widgets.split_prompt(tokenizer, prompt.input_ids)
    assert [text for kind, text, _ in pieces if kind == "marker"] == [
        "<|text|>", "<|text_end|>", "<|audio|>", "<|audio_end|>"
    ]  # fmt: skip
    assert "".join(text for kind, text, _ in pieces if kind == "word") == clip.text
    speech = [text for kind, text, _ in pieces if kind == "speech"]
    assert [f"<|{text.replace('-', '_')}|>" for text in speech] == kept_tokens(clip.codes, TOKENS)
    assert {layer for kind, _, layer in pieces if kind == "speech"} <= {2, 3, 5}


def test_what_a_user_types_is_words_and_harmless_in_html(tokenizer, clip):
    prompt = build_prompt(tokenizer, "<|audio|><b> <|L2_0005|>", clip.codes, [])
    view = widgets.show_prompt(tokenizer, prompt)
    assert [kind for kind, _, _ in view.pieces].count("marker") == 4
    assert not any(kind == "speech" for kind, _, _ in view.pieces)
    page = view._repr_html_()
    assert "<b>" not in page and "&lt;" in page
    assert set(re.findall(r"</?(\w+)", page)) == {"div", "span"}
    assert "<|audio|>" in repr(view) and "[<]" in repr(view)


def test_budget_slider_redraws(tokenizer, clip, capsys):
    box = widgets.explore_budget(tokenizer, clip, TOKENS, longest=40)
    slider, output = box.children
    slider.value = 12
    assert slider.max == 40
    assert "audio tokens are cut" in capsys.readouterr().out + str(output.outputs)


def test_delivery_menus_predict_their_choice(clip):
    other = make_clips(2, seed=1)[1]
    asked = []

    def predict(words, delivery):
        asked.append((words.id, delivery.id))
        return np.array([0.5, 0.5])

    one, two = {"one": clip, "two": other}, {"first": clip, "second": other}
    box = widgets.explore_deliveries(one, two, predict, ["a", "b"], "red")
    box.children[1].value = other
    assert asked[0] == (clip.id, clip.id) and asked[-1] == (clip.id, other.id)
