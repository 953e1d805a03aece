"""The commands: what they print, their exit codes, and which notebooks run on which corpus."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from notebook_tools import write_notebook

from speechlm_utils.cli.main import main


def test_unknown_profile_and_unknown_notebook_are_named(repository, capsys):
    write_notebook(repository / "notebooks" / "02_second.ipynb")
    assert main(["run", "--profile", "slow"]) == 2
    assert "slow.yml; known profiles: quick" in capsys.readouterr().err
    assert main(["run", "--profile", "quick", "--only", "9"]) == 2
    assert "no notebook with number 09; there are: 02" in capsys.readouterr().err


def test_list_shows_title_and_question(repository, capsys):
    write_notebook(repository / "notebooks" / "02_second.ipynb", title="The second")
    assert main(["list"]) == 0
    assert capsys.readouterr().out == "02  The second\n    What is asked?\n"


def test_help_teaches_with_examples(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    assert "speechlm run --profile demo --only 02 03" in capsys.readouterr().out


SLEEP = """\
import time
from pathlib import Path
Path(run_dir).mkdir(exist_ok=True)
Path(run_dir, "begun").touch()
total = 0
while True:
    total += 1"""


def test_ctrl_c_ends_a_run_at_once_and_a_second_run_is_refused_meanwhile(repository, capfd):
    write_notebook(repository / "notebooks" / "02_long.ipynb", SLEEP)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    command = [sys.executable, "-m", "speechlm_utils.cli.main", "run", "--profile", "quick"]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    begun, deadline = repository / "runs" / "quick" / "begun", time.monotonic() + 90
    while not begun.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert main(["run", "--profile", "quick"]) == 2
    assert "quick: another run is writing there" in capfd.readouterr().err
    start = time.monotonic()
    os.killpg(child.pid, signal.SIGINT)
    told = child.communicate(timeout=30)[1]
    assert time.monotonic() - start < 3 and child.returncode == 130  # a second is for a busy machine
    assert "interrupted; what was finished stays" in told.splitlines()[-1]
    write_notebook(repository / "notebooks" / "02_long.ipynb")
    assert main(["run", "--profile", "quick"]) == 0


CORPUS = 'corpus_dir = "../data/demo"\nrun_dir = "../runs/lab"'


def test_only_notebook_13_runs_on_another_corpus(repository, tiny_corpus, capsys):
    folder = repository / "notebooks"
    shutil.copytree(tiny_corpus, repository / "data" / "mine")
    for name in ("02_lesson", "13_own"):
        write_notebook(folder / f"{name}.ipynb", parameters=CORPUS)
    (folder / "profiles" / "mine.yml").write_text("all:\n  corpus_dir: ../data/mine\n")
    said = "notebooks 02 speak of the demo corpus; 13 alone runs every step on yours"
    assert main(["run", "--profile", "mine"]) == 0
    captured = capsys.readouterr().out
    assert said in captured and "13_own" in captured and "02_lesson" not in captured
    assert main(["run", "--profile", "mine", "--only", "02", "13"]) == 2
    assert said in capsys.readouterr().err
