"""Sounds in a page are small, as long as they were, and of the voices in turn."""

import base64
import io
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from explorer_tools import RATE, make_tone

from speechlm_utils.explorers.sounds import embed_clip, embed_sound, embed_tokens


def read_back(uri):
    kind, content = uri.split(";base64,")
    assert kind == "data:audio/ogg"
    return soundfile.read(io.BytesIO(base64.b64decode(content)))


@pytest.mark.parametrize("rate", [16000, 22050, 24000, 44100])
def test_sound_keeps_its_length_and_level_at_any_rate(rate):
    t = np.arange(rate) / rate
    wav = 0.3 * np.sin(2 * np.pi * 220 * t)
    heard, rate_heard = read_back(embed_sound(wav, rate))
    assert len(heard) / rate_heard == pytest.approx(1, abs=0.03)
    assert np.std(heard) == pytest.approx(np.std(wav), rel=0.1)


def test_even_noise_takes_few_bytes():
    noise = np.random.default_rng(0).normal(size=3 * RATE)
    assert len(embed_sound(noise, RATE)) < 3 * 16_000


def test_tokens_that_do_not_occur_have_no_sound(tiny_corpus, tiny_clips):
    token = (2, int(tiny_clips[0].codes[1, 3]))
    sounds = embed_tokens(tiny_clips, [token, (2, 10_000)], n_pieces=2)
    assert list(sounds) == [token]
    heard, rate = read_back(sounds[token])
    assert 0.3 < len(heard) / rate < 1.5


def test_a_small_ogg_file_is_embedded_as_it_is_and_another_is_written_anew(tmp_path, tiny_clips):
    soundfile.write(tmp_path / "a.ogg", make_tone(), RATE, format="OGG", subtype="OPUS")
    uri = embed_clip(replace(tiny_clips[0], audio=tmp_path / "a.ogg"))
    assert base64.b64decode(uri.split(",")[1]) == (tmp_path / "a.ogg").read_bytes()
    wav, rate = soundfile.read(tiny_clips[0].audio)
    heard, rate_heard = read_back(embed_clip(tiny_clips[0]))
    assert len(heard) / rate_heard == pytest.approx(len(wav) / rate, abs=0.03)
