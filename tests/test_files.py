"""Files are complete or absent."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from speechlm_utils.files import keep_converted, write_atomically, write_json


def test_interrupted_write_keeps_the_older_file_and_leaves_no_other(tmp_path):
    path = tmp_path / "deep" / "a.txt"
    with write_atomically(path) as part:
        part.write_text("old")
    with pytest.raises(KeyboardInterrupt), write_atomically(path) as part:
        part.write_text("half")
        raise KeyboardInterrupt
    assert [(p.name, p.read_text()) for p in path.parent.iterdir()] == [("a.txt", "old")]


def test_file_is_as_readable_as_any_other(tmp_path):
    (tmp_path / "plain.txt").write_text("x")
    write_json(tmp_path / "a.json", {})
    assert (tmp_path / "a.json").stat().st_mode == (tmp_path / "plain.txt").stat().st_mode


def test_json_of_arrays_sets_and_paths(tmp_path):
    write_json(tmp_path / "a.json", {"a": np.arange(2), "b": {3, 1}, "c": np.float64(0.5), "d": Path("x/y")})
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": [0, 1], "b": [1, 3], "c": 0.5, "d": "x/y"}


def test_json_of_something_else_raises_and_writes_nothing(tmp_path):
    with pytest.raises(TypeError, match="cannot be written as JSON"):
        write_json(tmp_path / "a.json", {"a": object()})
    assert not list(tmp_path.iterdir())


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A file to convert, and an empty cache beside it."""
    monkeypatch.setenv("SPEECHLM_CACHE", str(tmp_path / "cache"))
    file = tmp_path / "source.bin"
    file.write_bytes(b"weights")
    return file


def copy_upper(source, folder):
    (folder / "out.txt").write_bytes(source.read_bytes().upper())


def test_conversion_is_made_once_and_named_by_the_content(source, tmp_path):
    folder = keep_converted(source, "model", copy_upper)
    assert folder == tmp_path / "cache" / f"model-{hashlib.sha256(b'weights').hexdigest()[:12]}"
    assert (folder / "out.txt").read_text() == "WEIGHTS"

    def refuse(source, folder):
        raise AssertionError("converted again")

    assert keep_converted(source, "model", refuse) == folder
    source.write_bytes(b"others")
    other = keep_converted(source, "model", copy_upper)
    assert other != folder and (other / "out.txt").read_text() == "OTHERS"
    assert sorted(folder.parent.iterdir()) == sorted([folder, other])


def test_interrupted_conversion_leaves_nothing_and_can_be_made_again(source, tmp_path):
    def stop(source, folder):
        (folder / "out.txt").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        keep_converted(source, "model", stop)
    assert list((tmp_path / "cache").iterdir()) == []
    assert (keep_converted(source, "model", copy_upper) / "out.txt").read_text() == "WEIGHTS"


def test_conversion_of_another_process_is_kept(source):
    def lose(file, folder):
        keep_converted(file, "model", copy_upper)  # the other one, which was first
        (folder / "out.txt").write_text("second")

    folder = keep_converted(source, "model", lose)
    assert (folder / "out.txt").read_text() == "WEIGHTS"
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
