"""Prosody in words: thirds, texts that read back, and measurements that follow the sound."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from speechlm_utils.clips import Clip
from speechlm_utils.codec_spec import CodecSpec
from speechlm_utils.studies.descriptions import (
    ATTRIBUTES,
    choose_words,
    find_edges,
    list_descriptions,
    measure_attributes,
    read_description,
    read_planted,
    write_description,
)

NAMES = [one.name for one in ATTRIBUTES]
SPEC = CodecSpec(16000, 320, 64, 8, (1,))


def make_frames(n=100, f0=0.0, rise=0.0, level=-20.0, tilt=-6.0, pause=0):
    """Frames of an even voice whose last 22 frames rise, with a pause in its middle, and quiet edges."""
    pitch = np.full(n, f0)
    pitch[-32:-10] += rise
    one = {"rms_db": np.full(n, level), "tilt_db_oct": np.full(n, tilt), "voiced": np.ones(n)}
    quiet = np.r_[0:10, n - 10 : n, 40 : 40 + pause].astype(int)
    one["rms_db"][quiet], one["voiced"][quiet], pitch[quiet] = -80.0, 0.0, np.nan
    return one | {"f0_st": pitch}


def measure(**change):
    """Measure a clip that differs in one thing from another of the voice: difference by attribute."""
    text = change.pop("text", "so it is said")
    clips = [Clip(str(i), text, Path("x"), speaker="a", spec=SPEC) for i in range(2)]
    clips[0] = replace(clips[0], text="so it is said")
    plain, other = measure_attributes(clips, [make_frames(), make_frames(**change)])
    return dict(zip(NAMES, other - plain, strict=True))


def test_planted_values_become_words_of_equal_thirds():
    rng = np.random.default_rng(0)
    names = [one.planted for one in ATTRIBUTES]
    clips = [
        Clip(str(i), "", Path("x"), planted=dict(zip(names, rng.normal(size=7), strict=True)))
        for i in range(90)
    ]
    values = read_planted(clips)
    words = choose_words(values, find_edges(values))
    assert words.shape == (90, 7)
    assert [np.bincount(column).tolist() for column in words.T] == [[30, 30, 30]] * 7
    assert words[values[:, 0].argmax(), 0] == 2 and words[values[:, 0].argmin(), 0] == 0


def test_a_value_that_a_third_shares_is_the_lowest_word():
    values = np.repeat([0.0, 100.0, 200.0], (60, 15, 15))[:, None]
    assert np.bincount(choose_words(values, find_edges(values))[:, 0]).tolist()[0] == 60


def test_descriptions_read_back():
    texts = list_descriptions()
    assert len(texts) == len(set(texts)) == 3 ** len(ATTRIBUTES)
    for text in texts[::97]:
        assert write_description(read_description(text)) == text
    words = [word for one in ATTRIBUTES for word in one.words]
    assert len(set(words)) == len(words)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("fast", [2, -1]),
        ("high, slow", [0, 2]),
        ("fast, slow, high", [-1, 2]),
        ("", [-1, -1]),
        ("fastest", [-1, -1]),
    ],
)
def test_what_a_free_text_leaves_out_is_missing(text, found):
    assert read_description(text)[:2] == found
    assert read_description(text)[2:] == [-1] * 5


@pytest.mark.parametrize(
    ("change", "name", "by"),
    [
        ({"f0": 3.0}, "pitch", 3.0),
        ({"rise": 4.0}, "ending", 4.0),
        ({"level": -14.0}, "loudness", 6.0),
        ({"tilt": -2.0}, "timbre", 4.0),
        ({"pause": 15}, "pause", 0.3),
        ({"text": "so it is said and said"}, "rate", 7 / 1.6),
    ],
)
def test_measured_attributes_follow_the_sound(change, name, by):
    found = measure(**change)
    assert found[name] == pytest.approx(by)


def test_measured_attributes_count_from_the_speaker():
    clips = [Clip(str(i), "a b", Path("x"), speaker="ab"[i // 2], spec=SPEC) for i in range(4)]
    frames = [make_frames(f0=f0) for f0 in (0.0, 2.0, 10.0, 12.0)]
    pitch = measure_attributes(clips, frames)[:, NAMES.index("pitch")]
    assert pitch == pytest.approx([-1, 1, -1, 1])


def test_a_clip_without_voice_is_measured():
    silent = make_frames() | {"f0_st": np.full(100, np.nan), "voiced": np.zeros(100)}
    clip = Clip("0", "a b", Path("x"), speaker="a", spec=SPEC)
    assert np.isfinite(measure_attributes([clip], [silent])).all()
