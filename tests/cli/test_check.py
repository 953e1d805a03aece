"""`speechlm check` says in one page what a corpus lacks, and `speechlm run` does not start without it."""

import shutil

import pytest
from notebook_tools import write_notebook

from speechlm_utils.cli.main import main

OWN = 'run_dir = ""\nseed = 0\ncorpus_dir = ""\ntask = "fallacy"\ncolumns = {}\nclips_per_split = None'


@pytest.fixture
def house(repository, tiny_corpus, monkeypatch):
    """A repository whose demo corpus is the tiny one, with one notebook about it and one for any corpus."""
    monkeypatch.chdir(repository)
    shutil.copytree(tiny_corpus, repository / "data" / "demo")
    shutil.copytree(tiny_corpus, repository / "mine")
    folds = OWN.replace("{}", "{}\nn_folds = 2").replace('corpus_dir = ""', 'corpus_dir = "../data/demo"')
    write_notebook(repository / "notebooks" / "02_folds.ipynb", "1 + 1", parameters=folds)
    write_notebook(repository / "notebooks" / "13_own.ipynb", "1 + 1", parameters=OWN)
    (repository / "notebooks/profiles/quick.yml").write_text("all: {seed: 3}")
    (repository / "own.yml").write_text("all: {corpus_dir: mine, task: topic}")
    return repository


def edit(folder, old, new):
    path = folder / "metadata.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_report_and_the_verdict(house, capsys):
    assert main(["check", "data/demo", "--profile", "quick"]) == 0
    out = capsys.readouterr().out
    assert "36 clips" in out and "02_folds: has all that it needs" in out
    assert out.endswith("verdict: can be run\n")
    assert main(["check", "mine", "--profile", "own.yml"]) == 0
    out = capsys.readouterr().out
    assert "13_own: has all that it needs" in out and "02_folds" not in out and "fallacy" not in out
    assert main(["check", "mine"]) == 0  # any task of the table will do


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("topic", "mood", "no task column ['topic']"),
        ("topic", "Split2", "no task column"),
        ("speaker", "Speaker", "column 'Speaker' is nearly 'speaker'"),
        (",economy,", ",,", "has one class of 'topic' alone"),
        ("clips/0003.wav", "clips/gone.wav", "gone.wav: no such sound file"),
        ("clips/0003.wav", "clips/0002.wav", "is listed twice"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_run(house, capsys, old, new, message):
    edit(house / "mine", old, new)
    for command in (["check", "mine", "--profile", "own.yml"], ["run", "--profile", "own.yml"]):
        assert main(command) == 2
        told = capsys.readouterr()
        assert message in told.out + told.err and "Traceback" not in told.err
    assert not (house / "runs" / "own" / "13_own.ipynb").exists()


def test_folds_and_absent_folders_are_found_before_a_run(house, capsys):
    (house / "notebooks/profiles/quick.yml").write_text('"02": {n_folds: 50}')
    assert main(["run", "--profile", "quick", "--only", "02"]) == 2
    assert "50 folds need as many: set n_folds: " in capsys.readouterr().out
    (house / "own.yml").write_text("all: {corpus_dir: gone, task: topic}")
    assert main(["run", "--profile", "own.yml"]) == 2
    assert f"corpus_dir: '../gone' is not there ({house / 'gone'})" in capsys.readouterr().out
    assert main(["check", "gone"]) == 2
    assert "gone: no such folder" in capsys.readouterr().err
