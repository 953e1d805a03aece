"""The clip explorer shows what the classifier says of a clip or an upload; nothing breaks it."""

import io
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from conftest import FALLACIES
from widget_tools import (
    TOKENS,
    find_disabled,
    is_problem,
    make_file,
    read,
    read_words,
    softmax,
)

from speechlm_utils import widgets
from speechlm_utils.clips import Clip
from speechlm_utils.tokens import list_occurrences
from speechlm_utils.widgets.clips import ClipExplorer
from speechlm_utils.words import write_plainly


@pytest.fixture
def explorer(classifier, clips):
    return ClipExplorer(classifier, clips)


def stereo_wav(rate=44100, seconds=0.6):
    wav = 0.3 * np.sin(2 * np.pi * 180 * np.arange(int(rate * seconds)) / rate)
    file = io.BytesIO()
    soundfile.write(file, np.stack([wav, 0.5 * wav], axis=1), rate, format="WAV")
    return file.getvalue()


def upload(explorer, name, content):
    explorer.upload.value = (make_file(name, content),)


def test_each_clip_shows_its_own_prediction(explorer, classifier, clips):
    seen = set()
    for clip in list(clips.values())[:3]:
        explorer.choice.value = clip
        shares = softmax(classifier.predict([clip])[0])
        likely = FALLACIES[shares.argmax()].replace("_", " ")
        assert f"most probable: {likely} ({shares.max():.0%})" in read(explorer.status.widget)
        assert f"true: {clip.labels['fallacy'].replace('_', ' ')}" in read(explorer.status.widget)
        assert f"{FALLACIES[0].replace('_', ' ')} {shares[0]:.0%}" in read_words(explorer.bars)
        n_found = len(list_occurrences(clip.codes, TOKENS))
        assert f"{clip.codes.size} codes and {n_found} selected tokens" in read_words(explorer.codes)
        assert explorer.words.value == clip.text and clip.id in read(explorer.player)
        seen.add(explorer.bars.widget.value)
    assert len(seen) == 3 and not find_disabled(explorer.controls)


def test_stereo_upload_is_predicted_and_its_words_count(explorer, classifier):
    upload(explorer, "me <b>.wav", stereo_wav())
    said = read(explorer.status.widget)
    assert "most probable" in said and "0 text and" in said and "no words yet" in said
    assert "true" not in said and explorer.words.value == "" and explorer.upload.value == ()
    assert "<audio" in explorer.player.value and "<b>" not in explorer.player.value
    codes = explorer.clip.codes
    assert abs(codes.shape[1] - 30) <= 1  # 0.6 s
    explorer.words.value = "he is right about the tax"
    shares = softmax(classifier.predict([Clip("x", "he is right about the tax", None, codes=codes)])[0])
    assert f"({shares.max():.0%})" in read(explorer.status.widget)
    assert "no words yet" not in read(explorer.status.widget)
    assert read_words(explorer.bars).startswith(f"ad hominem {shares[0]:.0%}")


def test_a_text_named_wav_is_one_line_and_the_next_upload_works(explorer):
    upload(explorer, "poem.wav", b"roses are red\n" * 50)
    assert is_problem(explorer.status) and "poem.wav: cannot be read as audio" in read(explorer.status.widget)
    pictures = (explorer.codes, explorer.bars, explorer.reasons)
    assert not any(picture.widget.value for picture in pictures) and not explorer.player.value
    explorer.words.value = "words of nothing"  # neither may this do harm
    explorer.show_reasons()
    assert "no recording to explain" in read(explorer.status.widget)
    assert not find_disabled(explorer.controls)
    upload(explorer, "me.wav", stereo_wav())
    assert not is_problem(explorer.status) and "most probable" in read(explorer.status.widget)


@pytest.mark.parametrize("seconds", [61, 0.01])
def test_lengths_that_cannot_be_used_are_named(explorer, seconds):
    upload(explorer, "a.wav", stereo_wav(8000, seconds))
    assert is_problem(explorer.status) and read(explorer.status.widget).startswith(f"⚠ a.wav: is {seconds}")


def test_while_predicting_the_others_are_disabled(classifier, clips, monkeypatch):
    explorer, seen = ClipExplorer(classifier, clips), []
    predict = type(classifier).predict

    def watch(self, *args, **kwargs):
        seen.append(find_disabled(explorer.controls))
        return predict(self, *args, **kwargs)

    monkeypatch.setattr(type(classifier), "predict", watch)
    explorer.choice.value = list(clips.values())[1]
    assert seen == [["or upload up to 60 s", "words", "Recognise the words", "Explain the prediction"]]


def test_a_failing_model_leaves_a_usable_control(explorer, clips, monkeypatch, classifier):
    with monkeypatch.context() as patch:
        patch.setattr(type(classifier), "predict", lambda *args: 1 / 0)
        explorer.choice.value = list(clips.values())[1]
        assert read(explorer.status.widget) == "⚠ ZeroDivisionError: division by zero"
        assert not explorer.bars.widget.value and not find_disabled(explorer.controls)
    explorer.choice.value = list(clips.values())[2]
    assert "most probable" in read(explorer.status.widget)


def test_attribution_waits_for_its_button_and_goes_with_the_clip(classifier, clips):
    asked = []

    def explain(figure, clip, wav):
        asked.append((clip.id, len(wav)))
        figure.subplots()
        return "what mattered"

    explorer = ClipExplorer(classifier, clips, explain)
    assert not asked and explorer.why in explorer.box.children
    explorer.why.click()
    assert read_words(explorer.reasons) == "what mattered"
    assert asked == [(explorer.choice.value.id, len(explorer.wav))]
    explorer.choice.value = list(clips.values())[1]
    assert not explorer.reasons.widget.value


class Listener:
    """In place of Whisper: says how long a recording is, and at what rate."""

    text = "{seconds:.1f} Seconds, at {rate} Hz."

    def recognise(self, wavs, sample_rate):
        about = {"seconds": len(wavs[0]) / sample_rate, "rate": sample_rate}
        return [(self.text.format(**about), 0.73)]


def test_words_of_an_upload_are_recognised_and_can_be_corrected(classifier, clips):
    explorer = ClipExplorer(classifier, clips, recogniser=Listener())
    upload(explorer, "me.wav", stereo_wav())
    explorer.hear.click()
    assert explorer.words.value == "0 6 seconds at 16000 hz"  # plain, as the clips of the menu are
    assert explorer.clip.text_confidence == 0.73
    said = read(explorer.status.widget)
    assert said.endswith("; words recognised, confidence 73%: correct them if need be")
    heard = Clip("x", "0 6 seconds at 16000 hz", None, codes=explorer.clip.codes)
    shares = softmax(classifier.predict([heard])[0])
    assert f"({shares.max():.0%})" in said and not find_disabled(explorer.controls)
    explorer.words.value = "he is right about the tax"
    assert explorer.clip.text_confidence is None
    assert "recognised" not in read(explorer.status.widget)


def test_words_are_written_as_the_clips_of_the_menu_are(classifier, clips):
    written = {name: replace(clip, text="They Don't, Say.") for name, clip in clips.items()}
    explorer = ClipExplorer(classifier, written, recogniser=Listener())
    explorer.hear.click()
    assert explorer.words.value.endswith(" Seconds, at 16000 Hz.")
    assert "confidence 73%" in read(explorer.status.widget)


def test_nothing_heard_and_nothing_to_hear_are_said(classifier, clips, monkeypatch):
    monkeypatch.setattr(Listener, "text", "")
    explorer = ClipExplorer(classifier, clips, recogniser=Listener())
    explorer.hear.click()
    assert "no words were recognised: type what is said" in read(explorer.status.widget)
    upload(explorer, "poem.wav", b"roses are red")
    explorer.hear.click()
    assert is_problem(explorer.status) and "no recording to recognise" in read(explorer.status.widget)


def test_whisper_is_loaded_when_it_is_asked_and_once(explorer):
    assert explorer.recogniser is None
    explorer.hear.click()
    assert not is_problem(explorer.status) and "recognised" in read(explorer.status.widget)
    loaded = explorer.recogniser
    assert loaded.name == "whisper-tiny.en"
    assert explorer.words.value == write_plainly(explorer.words.value)
    explorer.hear.click()
    assert explorer.recogniser is loaded


def test_controls_are_named(explorer):
    assert [control.description for control in explorer.controls] == [
        "clip", "or upload up to 60 s", "words", "Recognise the words", "Explain the prediction"
    ]  # fmt: skip
    assert explorer.why not in explorer.box.children  # without an attribution there is no button


def test_no_clip_is_refused(classifier):
    with pytest.raises(ValueError, match="none given"):
        ClipExplorer(classifier, {})


def test_executed_notebook_shows_the_first_clip_in_a_figure(classifier, clips, monkeypatch):
    import matplotlib.pyplot as plt

    monkeypatch.setenv("SPEECHLM_STATIC", "1")
    monkeypatch.setattr(plt, "show", lambda: None)
    remark = widgets.explore_clips(classifier, clips)
    assert "JupyterLab" in remark.data and [len(plt.figure(n).axes) for n in plt.get_fignums()[-2:]] == [3, 1]
    plt.close("all")
