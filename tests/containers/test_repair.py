"""A header is held against the bytes behind it: what there is gets read, or a message says why not."""

import io
import struct

import numpy as np
import pytest
import soundfile

from speechlm_utils.audio import load_audio, measure_seconds
from speechlm_utils.clips import Clip
from speechlm_utils.containers.header import read_header
from speechlm_utils.containers.repair import examine_header
from speechlm_utils.corpus.inspection import inspect_corpus

RATE, N = 16000, 32000


def make_noise(n=N, seed=0):
    return (0.1 * np.random.default_rng(seed).normal(size=n)).astype(np.float32)


def encode(kind, wav=None, **options):
    file = io.BytesIO()
    soundfile.write(file, make_noise() if wav is None else wav, RATE, format=kind, **options)
    return bytearray(file.getvalue())


def set_wav_size(content, size):
    at = content.find(b"data") + 4
    content[at : at + 4] = struct.pack("<I", size)
    return content


def set_au_size(content, size):
    content[8:12] = struct.pack(">I", size)
    return content


def set_flac_total(content, total):
    content[21] &= 0xF0
    content[22:26] = struct.pack(">I", total)
    return content


WRONG = {
    "a recorder's WAV without a size": lambda: set_wav_size(encode("WAV"), 0),
    "a WAV whose size is that of its first half": lambda: set_wav_size(encode("WAV"), N),
    "a WAV of 24 bits, 1 sample": lambda: set_wav_size(encode("WAV", subtype="PCM_24"), 3),
    "an AU without a size": lambda: set_au_size(encode("AU"), 0),
    "an AU with too small a size": lambda: set_au_size(encode("AU"), 1000),
    "a FLAC from a pipe": lambda: set_flac_total(encode("FLAC"), 0),
    "a FLAC that says too little": lambda: set_flac_total(encode("FLAC"), 5000),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_length_is_not_believed(tmp_path, name):
    (tmp_path / "x.snd").write_bytes(WRONG[name]())
    header = read_header(tmp_path / "x.snd")
    assert not header.fault and header.n_samples == N and "the header promises" in header.repair.note
    wav = load_audio(tmp_path / "x.snd", RATE)
    assert len(wav) == N and np.abs(wav - make_noise()).max() < 1e-4
    assert measure_seconds(tmp_path / "x.snd") == N / RATE
    report = inspect_corpus([Clip("x", "x", tmp_path / "x.snd")])
    assert list(report.findings.kind) == ["wrong_length"] and report.errors.empty


@pytest.mark.parametrize("kind", ["WAV", "AIFF", "AU", "FLAC", "OGG", "MP3", "CAF", "W64", "RF64"])
def test_a_right_length_is_left_alone(tmp_path, kind):
    (tmp_path / "x.snd").write_bytes(encode(kind))
    assert examine_header(tmp_path / "x.snd") is None
    assert len(load_audio(tmp_path / "x.snd", RATE)) == pytest.approx(N, rel=0.02)


@pytest.mark.parametrize(
    "tail",
    [b"LIST" + struct.pack("<I", 4) + b"abcd", b"TAG" + bytes(125), b"ID3\4" + bytes(500), bytes(600), b""],
)
def test_what_follows_the_sound_of_a_wav_is_no_sound(tmp_path, tail):
    (tmp_path / "x.wav").write_bytes(encode("WAV", make_noise(2000)) + tail)
    assert len(load_audio(tmp_path / "x.wav", RATE)) == 2000
    (tmp_path / "x.wav").write_bytes(encode("WAV", np.zeros(0)) + tail)
    assert read_header(tmp_path / "x.wav").fault == "no_samples"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda: set_flac_total(encode("FLAC"), 10 * N), "promises 320000 samples, there are 32000"),
        (lambda: encode("OGG")[: len(encode("OGG")) * 2 // 3], "its last page ends"),
        (lambda: encode("OGG") + encode("OGG"), "holds several recordings one behind the other"),
        (lambda: encode("MP3")[: len(encode("MP3")) // 2], r"promises \d+ frames, there are \d+"),
    ],
)
def test_what_cannot_be_mended_is_refused_with_the_reason(tmp_path, content, message):
    (tmp_path / "x.snd").write_bytes(content())
    for function in (lambda path: load_audio(path, RATE), measure_seconds):
        with pytest.raises(OSError, match=rf"x\.snd: cut off or damaged .*{message}"):
            function(tmp_path / "x.snd")


def test_headers_that_end_too_soon_raise_nothing(tmp_path):
    for kind in ("WAV", "AU", "FLAC", "OGG", "MP3"):
        whole = bytes(encode(kind))
        for n in (*range(1, 60, 3), 100, 200):
            (tmp_path / "x.snd").write_bytes(whole[:n])
            examine_header(tmp_path / "x.snd")
            assert read_header(tmp_path / "x.snd").fault
