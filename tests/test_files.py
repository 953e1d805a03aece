"""Files are complete or absent, on a full disk, too; and one run at a time writes to a folder."""

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from speechlm_utils import files
from speechlm_utils.files import (
    FULL_DISK,
    keep_converted,
    lock_folder,
    replace_files,
    write_atomically,
    write_json,
    write_text,
)


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


def test_content_is_on_the_disk_before_it_gets_its_name(tmp_path, monkeypatch):
    events, sync, replace = [], files.sync, os.replace
    monkeypatch.setattr(files, "sync", lambda path: events.append(path) or sync(path))
    monkeypatch.setattr(os, "replace", lambda *pair: events.append("rename") or replace(*pair))
    write_text(tmp_path / "a.txt", "x")
    assert events[0].name.startswith(".a-") and events[1:] == ["rename", tmp_path]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk_is_told_and_the_older_file_stays(tmp_path, monkeypatch, number):
    write_text(tmp_path / "a.txt", "old")

    def fail(place):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError) as told:
        write_text(tmp_path / "a.txt", "new")
    assert FULL_DISK in str(told.value) and str(tmp_path / "a.txt") in str(told.value)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("a.txt", "old")]


LIMITED = """
import resource, sys
import numpy as np
from speechlm_utils.llm.embeddings import save_embeddings
from speechlm_utils.files import write_json
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
for write in (write_json, save_embeddings):
    try:
        write(sys.argv[1], {"a": np.ones(9999)})
    except OSError as error:
        print(error)
"""


def test_system_that_refuses_to_write_is_told_whatever_library_writes(tmp_path):
    path = tmp_path / "a"
    path.write_text("old")
    command = [sys.executable, "-c", LIMITED, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"[Errno 28] {FULL_DISK}: {str(path)!r}"] * 2
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


HOLD = """
import sys, time
from speechlm_utils.files import lock_folder
with lock_folder(sys.argv[1]):
    print("locked", flush=True)
    time.sleep(60)
"""


def test_second_run_is_refused_until_the_first_one_ends_in_whatever_way(tmp_path):
    child = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path / "run"], stdout=subprocess.PIPE)
    with child:
        child.stdout.readline()
        with pytest.raises(BlockingIOError, match="run: another run is writing there; wait until"):
            with lock_folder(tmp_path / "run"):
                pass
        child.send_signal(signal.SIGKILL)
    with lock_folder(tmp_path / "run"), pytest.raises(BlockingIOError), lock_folder(tmp_path / "run"):
        pass
    with lock_folder(tmp_path / "run"):
        pass


def test_files_of_a_folder_change_together(tmp_path):
    for name in ("last", "gone", "other"):
        (tmp_path / name).write_text("old")
    with pytest.raises(ZeroDivisionError), replace_files(tmp_path, "last", ["gone"]) as part:
        (part / "last").write_text("new")
        raise ZeroDivisionError
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == dict.fromkeys(
        ("last", "gone", "other"), "old"
    )
    with replace_files(tmp_path, "last", ["gone"]) as part:
        (part / "in").mkdir()
        (part / "in" / "x").write_text("new")
        (part / "last").write_text("new")
    found = {str(path.relative_to(tmp_path)): path for path in tmp_path.rglob("*") if path.is_file()}
    assert {name: path.read_text() for name, path in found.items()} == {
        "last": "new",
        "in/x": "new",
        "other": "old",
    }
