"""The recorder of a corpus in a page: what is asked for, what can be changed, and the ZIP that it saves."""

import zipfile

import numpy as np
import pytest
import soundfile
from browser_tools import find_screenshot_folder
from explorer_tools import find_faults
from voice_tools import open_recorder, record_take, save_takes

from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.explorers.voice import RATE, record_corpus

SENTENCES = ["we go on", 'they say "no", twice', "größer als früher"]


def test_labels_and_sentences_are_what_the_page_reads():
    explorer = record_corpus(("a b",), ("calm",), 24000)
    assert explorer.data["sentences"] == ["a b"] and explorer.data["labels"] == ["calm"]
    assert explorer.data["sample_rate"] == 24000
    assert "MediaRecorder" in explorer._repr_html_()


def test_takes_are_asked_for_changed_removed_and_saved_as_a_corpus(tmp_path):
    with open_recorder(tmp_path, SENTENCES, ["calm", "excited"]) as page:
        said, words, label = (
            page.get_by_role("status"),
            *(page.get_by_label(one) for one in ("words", "label")),
        )
        assert "no takes yet" in said.inner_text() and "nothing leaves this machine" in page.content()
        assert page.get_by_role("button", name="Save own.zip").is_disabled()
        for sentence in SENTENCES:
            for name in ("calm", "excited"):
                assert (words.first.input_value(), label.first.input_value()) == (sentence, name)
                record_take(page)
        assert said.inner_text().startswith("takes: 6 (calm 3, excited 3). Enough to run every step")
        assert page.locator("audio").first.evaluate("one => one.duration > 0.2")
        page.get_by_role("button", name="remove take_02.wav").press("Enter")
        assert (words.first.input_value(), label.first.input_value()) == (SENTENCES[0], "excited")
        page.get_by_label("words of take_06.wav").fill("")
        page.get_by_label("label of take_01.wav").fill("")
        assert said.inner_text().startswith(
            "takes: 5 (calm 2, excited 2). Without a label: 1. Without words: 1"
        )
        assert "needs two labels or more" in said.inner_text()
        page.screenshot(path=find_screenshot_folder() / "explorer_voice.png", full_page=True)
        assert not find_faults(page)
        saved = save_takes(page, tmp_path)
    with zipfile.ZipFile(saved) as archive:
        assert archive.testzip() is None  # checksums
        archive.extractall(tmp_path)
    corpus = load_corpus(tmp_path / "own")
    assert [clip.text for clip in corpus] == [SENTENCES[0], SENTENCES[1], SENTENCES[1], SENTENCES[2], ""]
    assert [clip.labels.get("label") for clip in corpus] == [None, "calm", "excited", "calm", "excited"]
    for clip in corpus:
        wav, rate = soundfile.read(clip.audio)
        spectrum = np.abs(np.fft.rfft(wav))
        loudest = np.fft.rfftfreq(len(wav), 1 / rate)[spectrum.argmax()]
        assert rate == RATE and len(wav) > 0.2 * rate and 150 < loudest < 1100


def test_empty_labels_and_few_sentences_are_told(tmp_path):
    with open_recorder(tmp_path, SENTENCES[:1], ["calm"]) as page:
        record_take(page)
        assert (
            "takes: 1 (calm 1). A corpus needs two labels or more" in page.get_by_role("status").inner_text()
        )
        assert page.get_by_label("words of take_01.wav").input_value() == SENTENCES[0]
        assert page.get_by_role("meter").evaluate("one => one.value") == pytest.approx(0)
