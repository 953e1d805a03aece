"""`speechlm import` writes a folder that load_corpus reads back to equal clips, and says what it found."""

import argparse

import pytest
import yaml
from emodb_files import write_emodb
from import_files import (
    DEBATES,
    break_files,
    compare,
    read_csv,
    write_mamkit,
    write_source,
)
from mmused_files import CLIPS

from speechlm_utils.cli.convert import KINDS, add_import_command
from speechlm_utils.cli.main import main
from speechlm_utils.corpus.emodb import load_emodb
from speechlm_utils.corpus.importing import UNUSED
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.corpus.mmused import load_mmused_csv


@pytest.fixture
def source(tmp_path):
    return write_source(tmp_path)


def run_command(*words):
    parser = argparse.ArgumentParser("speechlm")
    add_import_command(parser.add_subparsers(required=True))
    args = parser.parse_args(["import", *map(str, words)])
    return args.command(args)


def test_the_command_writes_a_corpus_that_reads_back(source, tmp_path, capsys):
    assert run_command("mmused-csv", source, "--out", tmp_path / "new" / "afc") == 0
    clips = load_corpus(tmp_path / "new" / "afc")
    compare(clips, load_mmused_csv(source, tmp_path))
    assert {clip.group for clip in clips} == {clip.id for clip in clips}  # the authors' splits share debates
    row = read_csv(tmp_path / "new/afc/metadata.csv")[0]
    assert row["file_name"] == f"../../{CLIPS}/1_1960/0.wav|../../{CLIPS}/1_1960/1.wav"
    printed = capsys.readouterr().out
    assert "40 clips" in printed and "errors: none" in printed
    assert "group: " in printed and "in train and validation" in printed  # debates, told before they are left
    profile = yaml.safe_load(printed[printed.index("all:") :])
    assert profile == {"all": {"corpus_dir": str(tmp_path / "new/afc"), "task": "fallacy"}}
    assert (tmp_path / "new/afc/inspection.txt").read_text().startswith("40 clips")
    assert read_csv(tmp_path / "new/afc/inspection.csv") == read_csv(tmp_path / "new/afc/dropped.csv") == []
    leaks = {(row["what"], row["split_a"], row["split_b"]): int(row["shared"]) for row in
             read_csv(tmp_path / "new/afc/leakage.csv")}  # fmt: skip
    assert leaks["group", "train", "validation"] > 0 and leaks["group", "train", "test"] == 0


def test_skip_drops_clips_with_their_labels_and_lists_them(source, tmp_path, capsys):
    broken = break_files(source)
    run_command("mmused-csv", source, "--out", tmp_path / "new", "--on-error", "skip")
    whole = load_mmused_csv(source, tmp_path)
    compare(load_corpus(tmp_path / "new"), [clip for clip in whole if clip.id not in broken])
    assert {row["kind"] for row in read_csv(tmp_path / "new/dropped.csv")} == set(broken.values())
    assert "3 clips were dropped with their labels, see" in capsys.readouterr().out


def test_mamkit_with_unlabelled_speech(tmp_path, capsys):
    labelled, speech = write_mamkit(tmp_path)
    words = ("mamkit", labelled, "--task", "afc", "--unlabelled", speech, "--split", "debate")
    assert run_command(*words, "--out", tmp_path / "new") == 0
    clips = load_corpus(tmp_path / "new")
    held_out = {c.group for c in clips if c.split in ("validation", "test")}
    unlabelled = {c.group for c in clips if c.split == "unlabelled"}
    assert unlabelled == {*DEBATES, "99_2000"} - held_out and len(held_out) >= 2
    assert "unlabelled clips left out" in capsys.readouterr().out
    assert {c.id for c in clips if c.group == "99_2000"} == {"MMUSED/99_2000/0"}


def test_a_corpus_is_replaced_on_request_alone(source, tmp_path):
    run_command("mmused-csv", source, "--out", tmp_path / "new")
    with pytest.raises(FileExistsError, match="metadata.csv: is there already; --overwrite replaces it"):
        run_command("mmused-csv", source, "--out", tmp_path / "new")
    run_command("mmused-csv", source, "--out", tmp_path / "new", "--overwrite", "--split", "debate")
    assert {clip.group for clip in load_corpus(tmp_path / "new")} == set(DEBATES)


def test_without_out_it_goes_to_the_runs_of_the_repository(tmp_path, repository, monkeypatch, capsys):
    folder = write_emodb(tmp_path / "emodb" / "wav").parent
    monkeypatch.chdir(repository / "notebooks")
    assert run_command("emodb", folder) == 0
    out = repository / "runs" / "corpora" / "emodb"
    compare(load_corpus(out), load_emodb(folder))
    printed = capsys.readouterr().out
    assert f"wrote 70 clips to {out / 'metadata.csv'}" in printed
    assert "speechlm run --profile ../runs/corpora/emodb/emodb.yml" in printed
    profile = yaml.safe_load((out / "emodb.yml").read_text())
    assert profile == {"all": {"corpus_dir": str(out), "task": "emotion"}}


@pytest.mark.parametrize(
    "words", ["--task afc", "--audio-root .", "--split debate", "--seed 0", "--unlabelled ."]
)
@pytest.mark.parametrize("kind", ["emodb", "hf"])
def test_an_option_that_a_kind_does_not_use_is_refused(kind, words, repository, capsys):
    assert main(["import", kind, ".", *words.split()]) == 2
    name = words.split()[0].strip("-").replace("-", "_")
    said = f"speechlm: kind='{kind}' has no use for {name}\n"
    assert capsys.readouterr().err == said and not (repository / "runs").exists()


def test_every_kind_is_explained(capsys):
    assert set(KINDS) == set(UNUSED)
    with pytest.raises(SystemExit):
        run_command("--help")
    shown = capsys.readouterr().out
    assert all(f"\n  {kind} " in shown and f"speechlm import {kind} " in shown for kind in KINDS)
    with pytest.raises(SystemExit):
        run_command("source", "--kind", "mamkit")
    assert "argument KIND: invalid choice: 'source' (choose from 'emodb'" in capsys.readouterr().err
