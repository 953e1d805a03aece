"""The end of the last frame of a FLAC file is where its samples end."""

import io
import struct

import numpy as np
import pytest
import soundfile

from speechlm_utils.containers.flac import examine_flac, find_end


def encode(n, rate, channels=1, subtype="PCM_16"):
    file = io.BytesIO()
    wav = 0.1 * np.random.default_rng(0).normal(size=(n, channels))
    soundfile.write(file, wav, rate, format="FLAC", subtype=subtype)
    return file.getvalue()


@pytest.mark.parametrize("n", [1, 100, 4096, 5000, 80_000, 600_000])
@pytest.mark.parametrize(
    ("rate", "channels", "subtype"), [(16000, 1, "PCM_16"), (44100, 2, "PCM_24"), (11111, 1, "PCM_S8")]
)
def test_the_end_is_found(n, rate, channels, subtype):
    content = encode(n, rate, channels, subtype)
    block = struct.unpack(">H", content[8:10])[0]
    assert find_end(content[-(2**17) :], block) == n
    assert examine_flac(io.BytesIO(content), len(content)) is None


def test_a_wrong_total_is_found_and_mended():
    content = bytearray(encode(50_000, 16000))
    content[22:26] = struct.pack(">I", 7)
    found = examine_flac(io.BytesIO(bytes(content)), len(content))
    assert found.note == "the header promises 7 samples, there are 50000"
    assert len(soundfile.read(io.BytesIO(found.mend(bytes(content))))[0]) == 50_000


def test_noise_has_no_end():
    assert find_end(np.random.default_rng(0).bytes(10_000), 4096) < 2**42
    assert find_end(b"", 4096) == find_end(b"\xff" * 20, 4096) == 0
