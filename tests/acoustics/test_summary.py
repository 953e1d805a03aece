"""Summaries of clips: pitch, pauses and level are in the row, frames are kept."""

import numpy as np
import pytest
import soundfile

from speechlm_utils.acoustics import features
from speechlm_utils.acoustics.summary import MEASURED, summarise_clips
from speechlm_utils.clips import Clip
from speechlm_utils.codec_spec import CodecSpec

RATE = 16000
SPEC = CodecSpec(RATE, 320, 64, 2)


def make_tone(hertz, seconds=0.6, gain=0.3):
    """A tone with a few harmonics, as a voice has."""
    t = np.arange(round(seconds * RATE)) / RATE
    return gain * sum(np.sin(2 * np.pi * hertz * k * t) / k for k in (1, 2, 3, 4)) / 2


def write_clip(folder, name, wav, speaker="a"):
    soundfile.write(folder / f"{name}.wav", wav, RATE)
    return Clip(
        name, "", folder / f"{name}.wav", speaker=speaker, codes=np.zeros((2, 30), np.int16), spec=SPEC
    )


def test_a_row_tells_level_pauses_and_pitch_about_the_speaker(tmp_path):
    silence = np.zeros(RATE // 5)
    sounds = {"low": make_tone(100), "high": make_tone(200), "loud": make_tone(100, gain=0.6)}
    sounds["paused"] = np.concatenate([make_tone(100), silence, make_tone(100)])
    clips = [write_clip(tmp_path, name, wav) for name, wav in sounds.items()]
    rows = summarise_clips(clips, tmp_path, n_jobs=1)
    assert {row.shape for row in rows.values()} == {(3 + 5 * len(MEASURED),)}
    pitch, level = (3 + 5 * MEASURED.index(name) + 1 for name in ("f0_st", "rms_db"))  # their medians
    assert rows["high"][pitch] - rows["low"][pitch] == pytest.approx(12, abs=0.3)
    assert rows["loud"][level] - rows["low"][level] == pytest.approx(6.02, abs=0.1)
    assert rows["paused"][1] > 0.1 > rows["low"][1] and rows["paused"][2] == 70


def test_frames_are_measured_once(tmp_path, monkeypatch):
    clips = [write_clip(tmp_path, "a", make_tone(100)), write_clip(tmp_path, "b", make_tone(200), "b")]
    before = summarise_clips(clips, tmp_path, n_jobs=1)
    monkeypatch.setattr(features, "track_pitch", None)
    again = summarise_clips(clips, tmp_path, n_jobs=1)
    assert all(np.array_equal(before[name], again[name]) for name in before)
