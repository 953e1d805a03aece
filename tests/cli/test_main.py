"""The commands: what they print, their exit codes, and which notebooks run on which corpus."""

import shutil

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
