"""Codes come back from their file; a damaged one is found, told, and not read."""

import numpy as np
import pytest

from speechlm_utils.codec.code_files import read_codes, save_codes
from speechlm_utils.codec_spec import CodecSpec

SPEC = CodecSpec(16000, 320, 64, 8, (1,))
CODES = np.random.default_rng(0).integers(0, 64, (8, 25)).astype(np.int16)


@pytest.fixture
def file(tmp_path):
    save_codes(tmp_path / "deep" / "x.npy", CODES)
    return tmp_path / "deep" / "x.npy"


def test_codes_come_back_and_numpy_reads_them_too(file, caplog):
    assert np.array_equal(read_codes(file, SPEC), CODES) and np.array_equal(np.load(file), CODES)
    assert read_codes(file.with_name("none.npy"), SPEC) is None and not caplog.records


def test_every_flipped_bit_is_found(file):
    content = file.read_bytes()
    for place in range(len(content)):
        for bit in (0, 3, 7):
            damaged = bytearray(content)
            damaged[place] ^= 1 << bit
            file.write_bytes(damaged)
            assert read_codes(file, SPEC) is None, (place, bit)


def test_every_cut_is_found_but_one_that_costs_the_checksum_alone(file):
    content = file.read_bytes()
    for n in range(len(content)):
        file.write_bytes(content[:n])
        assert read_codes(file, SPEC) is None or n == len(content) - len(b"crc32 01234567")


def test_file_of_before_has_no_checksum(tmp_path):
    np.save(tmp_path / "x.npy", CODES)
    assert np.array_equal(read_codes(tmp_path / "x.npy", SPEC), CODES)


@pytest.mark.parametrize(
    ("codes", "reason"),
    [
        (CODES + 60, "code 1"),
        (CODES[:3], "has 3 layers of int16, the codec has 8 of int16"),
        (CODES.astype(np.int64), "has 8 layers of int64"),
        (CODES.astype(object), "pickle"),
    ],
)
def test_what_does_not_fit_is_told(tmp_path, caplog, codes, reason):
    np.save(tmp_path / "x.npy", codes, allow_pickle=True)
    assert read_codes(tmp_path / "x.npy", SPEC) is None
    assert f"{tmp_path / 'x.npy'}: cannot be used" in caplog.text and reason in caplog.text
    assert "encoding again" in caplog.text
