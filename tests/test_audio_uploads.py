"""Uploads: any rate and number of channels is read; what cannot be used is named, with what to do."""

import io

import numpy as np
import pytest
import soundfile

from speechlm_utils.audio import read_upload


def write(wav, rate, kind="WAV", **options):
    file = io.BytesIO()
    soundfile.write(file, wav, rate, format=kind, **options)
    return file.getvalue()


def tone(rate, seconds=0.5, f0=200.0):
    return 0.5 * np.sin(2 * np.pi * f0 * np.arange(int(rate * seconds)) / rate)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000, 96000])
def test_any_rate_mono_or_stereo_becomes_mono_at_the_rate_wanted(rate):
    mono = tone(rate)
    for channels in (mono, np.stack([mono, mono], axis=1), np.stack([mono, 0 * mono], axis=1)):
        wav = read_upload("a.wav", write(channels, rate), 16000)
        assert wav.dtype == np.float32 and wav.ndim == 1 and abs(len(wav) - 8000) <= 1
        spectrum = np.abs(np.fft.rfft(wav[:8000]))
        assert abs(spectrum.argmax() * 2 - 200) <= 2  # Hz
        expected = 0.5 if channels.ndim == 1 or channels[:, 1].any() else 0.25
        assert np.abs(wav).max() == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize(
    ("name", "kind", "options"),
    [
        ("a.flac", "FLAC", {}), ("b.OGG", "OGG", {}), ("c.mp3", "MP3", {}),
        ("24.wav", "WAV", {"subtype": "PCM_24"}), ("f.wav", "WAV", {"subtype": "FLOAT"}),
        ("no ending", "WAV", {}), ("wrong.mp3", "WAV", {}),
    ],
)  # fmt: skip
def test_formats(name, kind, options):
    wav = read_upload(name, write(tone(16000), 16000, kind, **options), 16000)
    assert abs(len(wav) - 8000) < 2500 and np.abs(wav).max() > 0.3  # MP3 pads


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"this is a text, not a sound\n" * 20, "note.wav: cannot be read as audio"),
        (b"", "note.wav: cannot be read as audio, it has 0 bytes"),
        (write(np.zeros(0), 16000), "note.wav: holds no samples"),
        (write(tone(16000), 16000)[:6000], "note.wav: cut off or damaged"),
        (write(tone(16000, 0.05), 16000), "note.wav: is 0.05 s long; 0.1 s are the least"),
        (write(np.zeros(16000), 16000), "note.wav: is silent"),
        (write(tone(8000, 61), 8000), "note.wav: is 61 s long; cut it to 60 s at the most"),
        (write(np.full(16000, np.nan), 16000, subtype="FLOAT"), "note.wav: 16000 samples are NaN"),
    ],
)
def test_what_cannot_be_used_is_named(content, message):
    with pytest.raises(ValueError) as caught:
        read_upload("C:\\music\\note.wav", content, 16000)
    assert str(caught.value).startswith(message) and "/tmp" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_sixty_seconds_are_fine():
    assert len(read_upload("a.wav", write(tone(8000, 60), 8000), 16000)) == 960_000


@pytest.mark.parametrize("name", ["", "../../etc/x.wav", "a" * 300 + ".wav", "x.w/av", "\x00.wav"])
def test_no_name_does_harm(name):
    assert len(read_upload(name, write(tone(16000), 16000), 16000)) == 8000
