"""A planted tone survives reading, resampling and normalising."""

import hashlib
import io
from functools import partial

import numpy as np
import pytest
import soundfile

from speechlm_utils.audio import (
    hash_file,
    load_audio,
    measure_seconds,
    normalise_rms,
    read_upload,
)
from speechlm_utils.containers.header import read_header


def make_tone(rate, hertz=440.0, seconds=0.5, gain=0.2):
    return (gain * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)).astype(np.float32)


def peak_hertz(wav, rate):
    return np.argmax(np.abs(np.fft.rfft(wav))) * rate / len(wav)


def test_wav_is_read_as_written(tmp_path):
    tone = make_tone(16000)
    soundfile.write(tmp_path / "a.wav", tone, 16000, subtype="FLOAT")
    wav = load_audio(tmp_path / "a.wav", 16000)
    assert wav.dtype == np.float32 and np.array_equal(wav, tone)
    assert read_header(tmp_path / "a.wav").n_samples == len(tone)


@pytest.mark.parametrize("rate", [8000, 24000, 44100])
def test_resampling_keeps_the_pitch_and_the_duration(tmp_path, rate):
    soundfile.write(tmp_path / "a.wav", make_tone(rate), rate)
    wav = load_audio(tmp_path / "a.wav", 16000)
    assert len(wav) == 8000 and abs(peak_hertz(wav, 16000) - 440) <= 2


def test_channels_are_averaged(tmp_path):
    tone = make_tone(16000)
    soundfile.write(tmp_path / "a.wav", np.stack([tone, 0 * tone], axis=1), 16000, subtype="FLOAT")
    assert np.allclose(load_audio(tmp_path / "a.wav", 16000), tone / 2)


def test_ogg_is_read(tmp_path):
    soundfile.write(tmp_path / "a.ogg", make_tone(16000), 16000, format="OGG", subtype="VORBIS")
    wav = load_audio(tmp_path / "a.ogg", 16000)
    assert abs(len(wav) - 8000) <= 1 and abs(peak_hertz(wav, 16000) - 440) <= 2


def test_rms_is_the_one_asked_for():
    wav = normalise_rms(make_tone(16000, gain=0.9), dbfs=-30.0)
    assert 20 * np.log10(np.sqrt(np.mean(wav**2))) == pytest.approx(-30, abs=1e-3)
    assert wav.dtype == np.float32 and not normalise_rms(np.zeros(10), -30.0).any()


def test_hashes_tell_files_apart(tmp_path):
    tone = make_tone(16000)
    soundfile.write(tmp_path / "a.wav", tone, 16000)
    soundfile.write(tmp_path / "b.wav", tone * 0.5, 16000)
    assert hash_file(tmp_path / "a.wav") != hash_file(tmp_path / "b.wav")


def test_hash_of_a_single_file_is_that_of_its_bytes(tmp_path):
    """Caches are named by it: it must not change."""
    (tmp_path / "a.wav").write_bytes(b"any bytes")
    expected = hashlib.sha256(b"any bytes").hexdigest()[:32]
    assert hash_file(tmp_path / "a.wav") == hash_file(str(tmp_path / "a.wav")) == expected
    assert hash_file((tmp_path / "a.wav",)) == expected


def test_parts_are_resampled_each_and_joined_in_order(tmp_path):
    parts = [(tmp_path / "a.wav", 44100, 300.0), (tmp_path / "b.flac", 8000, 600.0)]
    parts += [(tmp_path / "c.wav", 16000, 900.0)]
    for path, rate, hertz in parts:
        soundfile.write(path, make_tone(rate, hertz), rate)
    paths = [path for path, _, _ in parts]
    wav = load_audio(paths, 16000)
    assert wav.shape == (3 * 8000,) and wav.dtype == np.float32
    assert [peak_hertz(piece, 16000) for piece in np.split(wav, 3)] == [300, 600, 900]
    assert np.array_equal(wav, np.concatenate([load_audio(path, 16000) for path in paths]))
    assert measure_seconds(paths) == pytest.approx(1.5)
    assert len({hash_file(paths), hash_file(paths[::-1]), hash_file(paths[:2]), hash_file(paths[0])}) == 4


def test_a_missing_or_broken_part_is_named(tmp_path):
    soundfile.write(tmp_path / "a.wav", make_tone(16000), 16000)
    for function in (partial(load_audio, sample_rate=16000), measure_seconds, hash_file):
        with pytest.raises(FileNotFoundError, match="gone.wav"):
            function((tmp_path / "a.wav", tmp_path / "gone.wav"))
        with pytest.raises(ValueError, match="at least one sound file"):
            function(())
    (tmp_path / "bad.wav").write_bytes(b"no sound")
    with pytest.raises(OSError, match="bad.wav: cannot be read"):
        load_audio((tmp_path / "a.wav", tmp_path / "bad.wav"), 16000)


@pytest.mark.parametrize("ending", ["wav", "aiff", "au", "flac"])
def test_a_file_that_was_cut_off_is_refused(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    noise = 0.1 * np.random.default_rng(0).normal(size=16000)
    soundfile.write(path, noise, 16000, subtype="PCM_16")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(OSError, match=rf"a\.{ending}: cut off or damaged .*copy the file again"):
        load_audio(path, 16000)
    if ending != "flac":  # its length stands in each frame, not in bytes: only decoding tells
        with pytest.raises(OSError, match="cut off"):
            measure_seconds(path)
    path.write_bytes(whole)
    assert len(load_audio(path, 16000)) == 16000 and measure_seconds(path) == 1


def test_a_wav_from_a_pipe_promises_more_and_is_read(tmp_path):
    """Programs that cannot go back to the header leave the largest number there."""
    soundfile.write(tmp_path / "a.wav", make_tone(16000), 16000)
    content = bytearray((tmp_path / "a.wav").read_bytes())
    content[4:8] = content[40:44] = b"\xff\xff\xff\xff"
    assert content[36:40] == b"data"
    (tmp_path / "a.wav").write_bytes(content)
    assert len(load_audio(tmp_path / "a.wav", 16000)) == 8000


def test_opposite_infinities_are_named_not_warned_of(tmp_path):
    both = np.stack([make_tone(16000)] * 2, axis=1)
    both[7] = np.inf, -np.inf
    soundfile.write(tmp_path / "a.wav", both, 16000, subtype="FLOAT")
    with pytest.raises(ValueError, match="1 samples are NaN or infinite, the first is sample 7"):
        load_audio(tmp_path / "a.wav", 16000)


# --- uploads


def write_sound(wav, rate, kind="WAV", **options):
    file = io.BytesIO()
    soundfile.write(file, wav, rate, format=kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000, 96000])
def test_any_rate_mono_or_stereo_becomes_mono_at_the_rate_wanted(rate):
    mono = make_tone(rate, 200, gain=0.5)
    for channels in (mono, np.stack([mono, mono], axis=1), np.stack([mono, 0 * mono], axis=1)):
        wav = read_upload("a.wav", write_sound(channels, rate), 16000)
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
    wav = read_upload(name, write_sound(make_tone(16000, 200, gain=0.5), 16000, kind, **options), 16000)
    assert abs(len(wav) - 8000) < 2500 and np.abs(wav).max() > 0.3  # MP3 pads


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"this is a text, not a sound\n" * 20, "note.wav: cannot be read as audio"),
        (b"", "note.wav: cannot be read as audio, it has 0 bytes"),
        (write_sound(np.zeros(0), 16000), "note.wav: holds no samples"),
        (write_sound(make_tone(16000, 200, gain=0.5), 16000)[:6000], "note.wav: cut off or damaged"),
        (
            write_sound(make_tone(16000, 200, seconds=0.05, gain=0.5), 16000),
            "note.wav: is 0.05 s long; 0.1 s are the least",
        ),
        (write_sound(np.zeros(16000), 16000), "note.wav: is silent"),
        (
            write_sound(make_tone(8000, 200, seconds=61, gain=0.5), 8000),
            "note.wav: is 61 s long; cut it to 60 s at the most",
        ),
        (write_sound(np.full(16000, np.nan), 16000, subtype="FLOAT"), "note.wav: 16000 samples are NaN"),
    ],
)
def test_what_cannot_be_used_is_named(content, message):
    with pytest.raises(ValueError) as caught:
        read_upload("C:\\music\\note.wav", content, 16000)
    assert str(caught.value).startswith(message) and "/tmp" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_sixty_seconds_are_fine():
    assert (
        len(read_upload("a.wav", write_sound(make_tone(8000, 200, seconds=60, gain=0.5), 8000), 16000))
        == 960_000
    )


@pytest.mark.parametrize("name", ["", "../../etc/x.wav", "a" * 300 + ".wav", "x.w/av", "\x00.wav"])
def test_no_name_does_harm(name):
    assert len(read_upload(name, write_sound(make_tone(16000, 200, gain=0.5), 16000), 16000)) == 8000
