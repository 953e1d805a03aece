"""A few hundred damaged files of every kind are read or told; `make torture` tries ten thousand."""

import os
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
N_MUTANTS = int(os.environ.get("SPEECHLM_MUTANTS", 700))
sys.path.insert(0, str(ROOT / "scripts"))

import torture  # noqa: E402


def test_every_damaged_file_is_read_or_told(tmp_path):
    readers = torture.make_readers(tmp_path)
    outside = torture.torture(readers, N_MUTANTS, seed=1, folder=tmp_path)
    wrong = [f"{reader.name}: {told}" for reader in readers for told in reader.wrong]
    assert not wrong and not outside, wrong + outside
    assert all(reader.outcomes["told"] + reader.outcomes["read"] for reader in readers)


def test_mutants_depend_on_the_seed_alone_and_differ():
    good = b"file_name,text\na.wav,hello\n" * 9
    for is_text in (False, True):
        made = [
            [torture.mutate(good, rng, is_text, b"other") for _ in range(50)]
            for rng in map(np.random.default_rng, (3, 3))
        ]
        assert made[0] == made[1] and len({*made[0], good}) > 40


def test_a_reader_that_breaks_its_word_is_caught(tmp_path):
    (tmp_path / "in").mkdir()
    file = tmp_path / "in" / "x"
    file.write_bytes(b"good")

    def read():
        if file.read_bytes() != b"good":
            (tmp_path / "out").write_text("x")
            raise KeyError("x")

    reader = torture.Reader("bad", file, read)
    outside = torture.torture([reader], 3, 0, tmp_path / "in")
    assert reader.wrong and "KeyError" in reader.wrong[0] and str(tmp_path / "out") in outside[0]
