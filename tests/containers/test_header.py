"""What a header says, and why a file cannot be used, by name."""

import numpy as np
import pytest
import soundfile

from speechlm_utils.containers.header import describe_cut, find_cut, open_sound, read_header


@pytest.mark.parametrize(
    ("make", "fault", "reason"),
    [
        (lambda path: None, "missing", "no such sound file; put it there"),
        (lambda path: path.mkdir(), "not_a_file", "is a folder"),
        (lambda path: path.write_bytes(b""), "empty_file", "it has 0 bytes"),
        (lambda path: path.write_bytes(b"x"), "unreadable", "cannot be read as audio"),
        (lambda path: path.write_text("some words\n" * 99), "unreadable", "cannot be read as audio"),
        (lambda path: path.write_bytes(np.random.default_rng(0).bytes(9999)), "unreadable", "cannot be read"),
        (lambda path: path.symlink_to(path), "missing", "is a link that leads nowhere, or back to itself"),
        (lambda path: path.symlink_to("gone"), "missing", "is a link that leads nowhere"),
        (lambda path: path.with_name("A.WAV").write_bytes(b"x"), "missing", "; the nearest is 'A.WAV'"),
        (lambda path: soundfile.write(path, np.zeros(0), 8000), "no_samples", "holds no samples"),
    ],
)
def test_every_fault_has_a_reason(tmp_path, make, fault, reason):
    make(tmp_path / "a.wav")
    header = read_header(tmp_path / "a.wav")
    assert (
        header.fault == fault
        and header.reason.startswith(f"{tmp_path / 'a.wav'}: ")
        and reason in header.reason
    )
    assert header.seconds == 0


@pytest.mark.parametrize("name", ["x" * 300 + ".wav", "a\0b.wav", "\ud83d.wav"])
def test_names_that_no_disk_has(tmp_path, name):
    assert read_header(tmp_path / name).fault == "missing"


@pytest.mark.parametrize("name", ["звук 音 🎵.wav", "x" * 240 + ".wav", "a'b\"c $(x) `y`;.wav", " .wav"])
def test_odd_names_are_names(tmp_path, name):
    soundfile.write(tmp_path / name, np.full(800, 0.1), 8000)
    header = read_header(tmp_path / name)
    assert (header.n_samples, header.sample_rate, header.fault) == (800, 8000, "")
    with open_sound(header) as file:
        assert file.frames == 800
    assert not find_cut(header, 795) and "promises 800 samples, 700 can" in find_cut(header, 700)
    assert describe_cut(header.path, "why").endswith("cut off or damaged (why); copy the file again")
