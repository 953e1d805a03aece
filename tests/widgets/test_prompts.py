"""The view of a prompt names every id, and the controls draw what they are set to."""

import re

import matplotlib as mpl
import numpy as np
import pytest
from tiny_llm import TOKENS, make_clips, save_tiny_llm

mpl.use("agg")
from speechlm_utils import widgets
from speechlm_utils.llm.load import load_llm
from speechlm_utils.llm.prompts import build_prompt
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.llm.vocabulary import add_speech_tokens
from speechlm_utils.tokens import list_occurrences


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    model, tokenizer = load_llm(LLMSpec(save_tiny_llm(tmp_path_factory.mktemp("llm"))))
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
    assert speech == [str(one) for one in list_occurrences(clip.codes, TOKENS)]
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


def test_view_writes_what_it_is_given():
    view = widgets.PromptView([("marker", "<|audio|>", 0), ("word", "a&b", 0), ("speech", "L8-0002", 8)])
    assert repr(view) == "<|audio|> [a&b] L8-0002"
    styles = re.findall(r'<span style="([^"]+)">([^<]+)</span>', view._repr_html_())
    assert [text for _, text in styles] == ["&lt;|audio|&gt;", "a&amp;b", "L8-0002"]
    for style, _ in styles:  # every box sets both colours, so that a dark theme changes neither
        assert re.search(r"background:#\w+;color:#\w+", style)


@pytest.mark.parametrize("layer", range(1, 9))
def test_text_on_the_colour_of_a_layer_can_be_read(layer):
    """Contrast of at least 4.5 to 1 (WCAG 2.1, level AA)."""
    page = widgets.PromptView([("speech", "L", layer)])._repr_html_()
    pair = re.search(r"background:(#\w+);color:(#\w+)", page).groups()
    light = [float(np.dot([0.2126, 0.7152, 0.0722], linear_rgb(color))) + 0.05 for color in pair]
    assert max(light) / min(light) > 4.5


def linear_rgb(color):
    """Light of the three channels, from their sRGB values."""
    value = np.array(mpl.colors.to_rgb(color))
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def test_budget_slider_redraws(tokenizer, clip, capsys):
    box = widgets.explore_budget(tokenizer, clip, TOKENS, longest=40)
    slider, output = box.children[:2]
    assert (slider.description, slider.min, slider.max, slider.value) == ("max_length", 6, 40, 40)
    slider.value = 12
    assert "audio tokens are cut" in capsys.readouterr().out + str(output.outputs)


@pytest.mark.parametrize("longest", [3, 6, 40])
def test_every_end_of_the_budget_slider_builds_a_prompt(tokenizer, clip, longest, monkeypatch):
    shown = []
    monkeypatch.setattr("speechlm_utils.widgets.prompts.display", shown.append)
    slider = widgets.explore_budget(tokenizer, clip, TOKENS, longest=longest).children[0]
    slider.value = slider.min
    assert slider.value == 6 and len(shown[-1].pieces) == 6
