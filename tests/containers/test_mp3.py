"""MP3 files with and without a telling frame at the head give all their sound."""

import io

import numpy as np
import pytest
import soundfile

from speechlm_utils.audio import load_audio
from speechlm_utils.containers.header import read_header
from speechlm_utils.containers.mp3 import examine_mp3, list_frames, read_frame, read_promise

SECONDS = 4


def encode(rate, channels=1, mode="VARIABLE", loud_first=True):
    """Half noise and half a soft tone: a variable bit rate that the first frame does not tell."""
    t = np.arange(SECONDS * rate) / rate
    noise = np.random.default_rng(0).normal(0, 0.2, len(t))
    wav = np.where((t < SECONDS / 3) == loud_first, noise, 0.1 * np.sin(1300 * t)).astype(np.float32)
    file, options = io.BytesIO(), {"format": "MP3", "bitrate_mode": mode, "compression_level": 0.5}
    with soundfile.SoundFile(file, "w", rate, channels, **options) as out:
        out.write(np.stack([wav] * channels, axis=1))
    return file.getvalue()


def strip_head(content):
    return content[list_frames(content)[1].place :]


CASES = [
    (rate, channels, mode, loud)
    for rate in (8000, 16000, 22050, 44100, 48000)
    for channels in (1, 2)
    for mode, loud in (("VARIABLE", True), ("VARIABLE", False), ("AVERAGE", False), ("CONSTANT", True))
]


@pytest.mark.parametrize(("rate", "channels", "mode", "loud"), CASES)
def test_all_sound_is_read_without_a_telling_frame(tmp_path, rate, channels, mode, loud):
    content = encode(rate, channels, mode, loud)
    padding = 1152 * 3 / rate  # of the encoder, which nobody tells any more
    for name, other in {
        "whole": content,
        "bare": strip_head(content),
        "tagged": b"ID3\4" + bytes(4) + b"\1\0" + bytes(128) + strip_head(content) + b"TAG" + bytes(125),
    }.items():
        (tmp_path / "x.mp3").write_bytes(other)
        wav = load_audio(tmp_path / "x.mp3", rate)
        assert abs(len(wav) / rate - SECONDS) <= 0.02 * SECONDS + padding, name
        header = read_header(tmp_path / "x.mp3")
        assert abs(header.n_samples - len(wav)) <= 0.01 * len(wav)
    if mode == "VARIABLE":
        assert examine_mp3(strip_head(content)).note.startswith("the header promises no number of frames")


def test_two_files_joined_are_read_to_the_end(tmp_path):
    (tmp_path / "x.mp3").write_bytes(2 * encode(16000))
    assert len(load_audio(tmp_path / "x.mp3", 16000)) == pytest.approx(2 * SECONDS * 16000, rel=0.03)


def test_a_damaged_stretch_is_skipped():
    content = encode(16000)
    frames = list_frames(content)
    at = frames[40].place
    damaged = content[:at] + b"\0" * 700 + content[at + 700 :]
    assert len(frames) - 25 < len(list_frames(damaged)) < len(frames)


def test_headers_are_read_as_the_standard_says():
    frame = read_frame(bytes([0xFF, 0xFB, 0x90, 0x00]), 0)
    assert (frame.length, frame.rate, frame.n_samples, frame.side) == (417, 44100, 1152, 32)
    frame = read_frame(bytes([0xFF, 0xF3, 0x82, 0xC4]), 0)
    assert (frame.length, frame.rate, frame.n_samples, frame.side) == (209, 22050, 576, 9)
    for wrong in (
        b"\xff\xfb\xf0\0",
        b"\xff\xfb\x00\0",
        b"\xff\xfd\x90\0",
        b"\xff\xeb\x90\0",
        b"\xff\xfb\x9c\0",
        b"\xff",
    ):
        assert read_frame(wrong, 0) is None
    content = encode(16000)
    assert read_promise(content, list_frames(content)[0]) == len(list_frames(content)) - 1
    assert examine_mp3(b"no frames at all" * 50) is None and examine_mp3(b"") is None
