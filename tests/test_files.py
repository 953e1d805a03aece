"""Files are complete or absent."""

import json
from pathlib import Path

import numpy as np
import pytest

from speechlm_utils.files import write_atomically, write_json


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
