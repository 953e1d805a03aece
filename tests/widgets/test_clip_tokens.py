"""The tokens of the clip that is shown: listed, each with its card, its moments here and elsewhere."""

import io
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from IPython.display import HTML
from widget_tools import TOKENS, is_problem, make_file, read, read_words

from speechlm_utils.selection.selection import Selection
from speechlm_utils.tokens import find_spans, show_token
from speechlm_utils.widgets.clip_tokens import NONE, ClipTokens
from speechlm_utils.widgets.clips import ClipExplorer


@pytest.fixture
def selection():
    coefs = np.linspace(0.1, 1, len(TOKENS))[None]  # the last token has the largest
    return Selection("fallacy", TOKENS, coefs, ["a"], 0.1, "liblinear", True, 9, 0, "codec", "corpus", (2, 3))


def draw(figure, token):
    figure.subplots()
    return f"card of {show_token(*token)}"


def listen(token):
    return HTML(f"<audio aria-label='{show_token(*token)} elsewhere'></audio>")


@pytest.fixture
def wav_bytes():
    file, at = io.BytesIO(), np.arange(9600) / 16000
    soundfile.write(file, 0.3 * np.sin(2 * np.pi * 180 * at), 16000, format="WAV")
    return file.getvalue()


@pytest.fixture
def explorer(classifier, clips, selection):
    return ClipExplorer(classifier, clips, cards=(selection, draw, listen))


def list_names(control):
    return [name.split()[0] for name, token in control.token.options if token]


def test_the_tokens_of_each_clip_are_listed_by_coefficient(explorer, clips):
    lists = []
    for clip in list(clips.values())[:2]:
        explorer.choice.value = clip
        there = [token for token in reversed(TOKENS) if (clip.codes[token[0] - 1] == token[1]).any()]
        assert there and list_names(explorer.tokens) == [show_token(*token) for token in there]
        n = len(find_spans(clip.codes, there[0]))
        assert explorer.tokens.token.options[1][0].endswith(f", {n} moment{'s' if n > 1 else ''}")
        lists.append(list_names(explorer.tokens))
    assert lists[0] != lists[1]


def test_a_picked_token_has_its_card_and_sounds_here_and_elsewhere(explorer, clips):
    control, clip = explorer.tokens, next(iter(clips.values()))
    assert not control.card.widget.value and not control.here.value
    (_, token) = control.token.options[1]
    control.token.value = token
    first = find_spans(clip.codes, token)[0, 0] / clip.spec.frame_rate
    assert f"in this clip, at {first:.2f} s" in read(control.here)
    assert f"{show_token(*token)} elsewhere" in control.elsewhere.value
    assert read_words(control.card) == f"card of {show_token(*token)}"
    explorer.choice.value = list(clips.values())[1]  # the next clip shows no card of the one before
    assert control.token.value is None and not control.card.widget.value and not control.here.value


def test_an_upload_has_its_tokens_and_what_cannot_be_read_has_none(explorer, wav_bytes):
    explorer.upload.value = (make_file("me.wav", wav_bytes),)
    found = list_names(explorer.tokens)
    assert found and explorer.clip.audio is None
    explorer.tokens.token.value = explorer.tokens.token.options[1][1]
    assert not is_problem(explorer.tokens.status) and "in this clip, at" in read(explorer.tokens.here)
    explorer.upload.value = (make_file("me.wav", b"no sound" * 40),)
    assert is_problem(explorer.status) and explorer.tokens.token.options == ((NONE, None),)


def test_a_token_whose_sound_fails_is_one_line(selection, clips):
    def fail(token):
        raise OSError("sound.wav: no such file")

    clip, control = next(iter(clips.values())), ClipTokens(selection, draw, fail)
    control.show(replace(clip, audio=None), np.zeros(8000, np.float32))
    control.token.value = control.token.options[1][1]
    assert is_problem(control.status) and "sound.wav: no such file" in read(control.status.widget)
    assert not control.here.value and not control.card.widget.value and not control.token.disabled


def test_without_cards_there_is_no_such_menu(classifier, clips):
    assert ClipExplorer(classifier, clips).tokens is None
