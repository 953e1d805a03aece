"""A planted tone survives reading, resampling and normalising."""

import numpy as np
import pytest
import soundfile

from speechlm_utils.audio import check_audio, hash_audio, hash_file, load_audio, normalise_rms


def make_tone(rate, hertz=440.0, seconds=0.5, gain=0.2):
    return (gain * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)).astype(np.float32)


def peak_hertz(wav, rate):
    return np.argmax(np.abs(np.fft.rfft(wav))) * rate / len(wav)


def test_wav_is_read_as_written(tmp_path):
    tone = make_tone(16000)
    soundfile.write(tmp_path / "a.wav", tone, 16000, subtype="FLOAT")
    wav = load_audio(tmp_path / "a.wav")
    assert wav.dtype == np.float32 and np.array_equal(wav, tone)
    assert check_audio(tmp_path / "a.wav") == len(tone)


@pytest.mark.parametrize("rate", [8000, 24000, 44100])
def test_resampling_keeps_the_pitch_and_the_duration(tmp_path, rate):
    soundfile.write(tmp_path / "a.wav", make_tone(rate), rate)
    wav = load_audio(tmp_path / "a.wav")
    assert len(wav) == 8000 and abs(peak_hertz(wav, 16000) - 440) <= 2


def test_channels_are_averaged(tmp_path):
    tone = make_tone(16000)
    soundfile.write(tmp_path / "a.wav", np.stack([tone, 0 * tone], axis=1), 16000, subtype="FLOAT")
    assert np.allclose(load_audio(tmp_path / "a.wav"), tone / 2)


def test_ogg_is_read(tmp_path):
    soundfile.write(tmp_path / "a.ogg", make_tone(16000), 16000, format="OGG", subtype="VORBIS")
    wav = load_audio(tmp_path / "a.ogg")
    assert abs(len(wav) - 8000) <= 1 and abs(peak_hertz(wav, 16000) - 440) <= 2


def test_rms_is_the_one_asked_for():
    wav = normalise_rms(make_tone(16000, gain=0.9), dbfs=-30.0)
    assert 20 * np.log10(np.sqrt(np.mean(wav**2))) == pytest.approx(-30, abs=1e-3)
    assert wav.dtype == np.float32 and not normalise_rms(np.zeros(10)).any()


def test_hashes_tell_sounds_and_files_apart(tmp_path):
    tone = make_tone(16000)
    assert hash_audio(tone) == hash_audio(tone.copy()) != hash_audio(tone * 1.001)
    soundfile.write(tmp_path / "a.wav", tone, 16000)
    soundfile.write(tmp_path / "b.wav", tone * 0.5, 16000)
    assert hash_file(tmp_path / "a.wav") != hash_file(tmp_path / "b.wav")
