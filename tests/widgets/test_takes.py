"""Takes: a recording is read, its words recognised, and up to three are compared and saved."""

import base64
import io
import re
import zipfile

import numpy as np
import pytest
import soundfile
from conftest import FALLACIES
from matplotlib.figure import Figure
from widget_tools import is_problem, read, read_words

from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.widgets.clips import ClipExplorer
from speechlm_utils.widgets.takes import Takes, draw_takes, keep_take


class Listener:
    """In place of Whisper."""

    def recognise(self, wavs, sample_rate):
        return [("we cannot go on", 0.6)]


@pytest.fixture
def panel(classifier, clips):
    return Takes(ClipExplorer(classifier, clips, recogniser=Listener()))


def write_wav(hertz, rate=16000, seconds=0.6):
    file = io.BytesIO()
    wav = 0.3 * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)
    soundfile.write(file, wav, rate, format="WAV")
    return file.getvalue()


def test_a_recording_gets_words_and_a_prediction(panel):
    panel.recorder.recording = write_wav(180)
    assert panel.explorer.words.value == "we cannot go on"
    assert "words recognised, confidence 60%" in read(panel.explorer.status.widget)
    assert [clip.id for clip, _, _ in panel.takes] == ["take 1.wav"]
    assert "take 1.wav: we cannot go on" in read(panel.players)


def test_corrected_words_replace_those_of_the_take(panel):
    panel.recorder.recording = write_wav(180)
    panel.explorer.words.value = "we can go on"
    assert [clip.text for clip, _, _ in panel.takes] == ["we can go on"]


def test_clips_of_the_menu_are_no_takes(panel, clips):
    panel.explorer.choice.value = list(clips.values())[1]
    assert not panel.takes and not panel.link.value


def test_the_last_three_takes_are_kept_compared_and_saved(panel, tmp_path):
    for hertz in (120, 180, 240, 300):
        panel.recorder.recording = write_wav(hertz)
    assert [clip.id for clip, _, _ in panel.takes] == ["take 2.wav", "take 3.wav", "take 4.wav"]
    assert len(re.findall(r"take \d\.wav: ", read_words(panel.picture))) == 3
    data = re.search(r'base64,([^"]+)"', panel.link.value)[1]
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(data))) as archive:
        archive.extractall(tmp_path)
    corpus = load_corpus(tmp_path)
    assert [clip.text for clip in corpus] == ["we cannot go on"] * 3
    assert soundfile.info(tmp_path / "take_2.wav").duration == pytest.approx(0.6, abs=0.01)


def test_what_cannot_be_read_is_told_and_kept_out(panel):
    panel.recorder.recording = b"no sound"
    assert is_problem(panel.explorer.status) and not panel.takes


def test_takes_of_one_name_are_one(tiny_clips):
    one, other = ((tiny_clips[i], np.zeros(3), np.full(3, 1 / 3)) for i in (0, 1))
    again = (one[0], one[1], np.array([0.8, 0.1, 0.1]))
    assert keep_take([one, other], again) == [again, other]
    said = draw_takes(Figure(), [again], FALLACIES)
    assert said == f"{one[0].id}: ad hominem 80%"
