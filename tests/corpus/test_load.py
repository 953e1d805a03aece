"""The corpus is read as written; a draw of clips keeps groups whole and labels in proportion."""

import json
import logging
import shutil
import sys
import types
from collections import Counter

import pytest

from speechlm_utils.clips import (
    Clip,
    hash_corpus,
    label_names,
    make_clip_id,
    select_clips,
    task_names,
)
from speechlm_utils.corpus.load import load_corpus


def test_every_field_is_read(tiny_corpus):
    clips = load_corpus(tiny_corpus)
    clip = clips[2]
    assert len(clips) == 36
    assert (clip.id, clip.split, clip.speaker, clip.group) == ("clips/0002", "train", "train_0", "s01")
    assert clip.text == "they don't say s01 about economy"
    assert clip.labels == {"fallacy": "authority", "topic": "economy"}
    assert clip.planted == {"f0_shift_st": 4.0, "gain_db": 0.0}
    assert clip.phones.startswith("AH:0.050") and not clip.ambiguous and clips[3].ambiguous
    assert clip.audio == tiny_corpus / "clips/0002.wav" and clip.codes is None
    assert "f0_shift_st" not in clips[-1].planted and clips[-1].labels == {}


def test_jsonl_reads_the_same_as_csv(tiny_corpus, tmp_path):
    shutil.copytree(tiny_corpus / "clips", tmp_path / "clips")
    import pandas as pd

    table = pd.read_csv(tiny_corpus / "metadata.csv")
    (tmp_path / "metadata.jsonl").write_text(
        "\n".join(json.dumps({k: v for k, v in row.items() if v == v}) for row in table.to_dict("records"))
    )
    read, expected = load_corpus(tmp_path), load_corpus(tiny_corpus)
    assert [(c.id, c.labels, c.planted) for c in read] == [(c.id, c.labels, c.planted) for c in expected]
    assert hash_corpus(read) == hash_corpus(expected)


def write_table(tmp_path, tiny_corpus, header, *rows):
    (tmp_path / "clips").mkdir()
    shutil.copy(tiny_corpus / "clips/0000.wav", tmp_path / "clips/a.wav")
    shutil.copy(tiny_corpus / "clips/0001.wav", tmp_path / "clips/b.wav")
    (tmp_path / "metadata.csv").write_text("\n".join([header, *rows]) + "\n")
    return tmp_path


def test_minimal_corpus_of_ones_own(tmp_path, tiny_corpus):
    header = "file_name,text,stance,planted_db,score"
    folder = write_table(
        tmp_path, tiny_corpus, header, "clips/a.wav,hello,pro,30,1", "clips/b.wav,Hello!,con,41,0"
    )
    clips = load_corpus(folder)
    assert task_names(clips) == ["score", "stance"] and clips[0].planted == {"db": 30.0}
    assert clips[0].split == "train" and clips[0].group == clips[1].group == "hello"
    assert task_names(load_corpus(folder, tasks=["score"])) == ["score"]


def test_skip_drops_a_clip_with_its_label_and_lists_it(tmp_path, tiny_corpus, caplog):
    rows = ("clips/a.wav,hello,pro", "clips/gone.wav,oh,con", "clips/b.wav,no,con")
    folder = write_table(tmp_path, tiny_corpus, "file_name,text,stance", *rows)
    clips = load_corpus(folder, on_error="skip", report=tmp_path / "dropped.csv")
    assert [(c.id, c.labels["stance"]) for c in clips] == [("clips/a", "pro"), ("clips/b", "con")]
    report = (tmp_path / "dropped.csv").read_text().splitlines()
    assert len(report) == 2 and report[1].startswith("clips/gone.wav,") and "gone.wav" in caplog.text


# --- columns


def test_label_group_id_and_aliases_of_splits(tmp_path, tiny_corpus):
    rows = ("first,clips/a.wav,hi,1,Dev,ann,g1", ",clips/b.wav,ho,0,unlabeled,,")
    folder = write_table(tmp_path, tiny_corpus, "id,file_name,text,label,split,speaker,group", *rows)
    a, b = load_corpus(folder)
    assert (a.id, a.labels, a.split, a.speaker, a.group) == (
        "first",
        {"label": "1"},
        "validation",
        "ann",
        "g1",
    )
    assert (b.id, b.labels, b.split, b.speaker, b.group) == (
        "clips/b",
        {"label": "0"},
        "unlabelled",
        "",
        "ho",
    )
    assert a.planted == b.planted == {}


def test_one_file_in_two_rows_needs_two_ids(tmp_path, tiny_corpus):
    rows = ("x,clips/a.wav,hi,u", "y,clips/a.wav,hi,v")
    clips = load_corpus(write_table(tmp_path, tiny_corpus, "id,file_name,text,label", *rows))
    assert [(c.id, c.audio.name, c.labels["label"]) for c in clips] == [
        ("x", "a.wav", "u"),
        ("y", "a.wav", "v"),
    ]


def test_several_files_make_one_clip(tmp_path, tiny_corpus):
    folder = write_table(
        tmp_path, tiny_corpus, "file_name,text", "clips/b.wav|clips/a.wav,hi", "clips/a.wav,ho"
    )
    both, one = load_corpus(folder)
    assert (
        both.audio == (folder / "clips/b.wav", folder / "clips/a.wav") and one.audio == folder / "clips/a.wav"
    )
    assert (both.id, one.id) == ("clips/b+a", "clips/a")
    assert make_clip_id(["a/1.wav", "b/1.wav", "a/2.flac"]) == "a/1+b/1+2"


def test_missing_splits_are_made_from_the_table_alone(tmp_path, tiny_corpus, caplog):
    """Whole groups, in proportion, told; and a file that cannot be used moves no other clip."""
    (tmp_path / "clips").mkdir()
    rows = ["file_name,text,label,speaker,group"]
    for i in range(60):
        shutil.copy(tiny_corpus / "clips/0000.wav", tmp_path / f"clips/{i}.wav")
        rows.append(f"clips/{i}.wav,text {i},{'abc'[i // 2 % 3]},s{i % 4},g{i // 2}")
    (tmp_path / "metadata.csv").write_text("\n".join(rows))
    with caplog.at_level(logging.WARNING):
        clips = load_corpus(tmp_path)
    assert "splits were made" in caplog.text
    sizes = Counter(clip.split for clip in clips)
    told = f"train {sizes['train']}, validation {sizes['validation']}, test {sizes['test']}"
    assert told in caplog.text and 38 <= sizes["train"] <= 44
    assert len({(clip.group, clip.split) for clip in clips}) == 30
    for split in ("train", "validation", "test"):
        assert label_names(select_clips(clips, "label", split), "label") == ["a", "b", "c"]
    (tmp_path / "clips/7.wav").unlink()
    assert load_corpus(tmp_path, "skip") == [clip for clip in clips if clip.id != "clips/7"]


# --- a Hugging Face dataset


@pytest.mark.parametrize("name", ["dataset_info.json", "state.json", "dataset_dict.json"])
def test_a_saved_dataset_is_handed_on_and_then_checked(tmp_path, tiny_corpus, monkeypatch, name):
    calls = []

    def load_hf_dataset(folder, tasks=None, columns=None):
        calls.append((folder, tasks))
        return [Clip("a", "hi", tiny_corpus / "clips/0000.wav"), Clip("b", "ho", folder / "gone.wav")]

    fake = types.SimpleNamespace(load_hf_dataset=load_hf_dataset)
    monkeypatch.setitem(sys.modules, "speechlm_utils.corpus.hf_dataset", fake)
    (tmp_path / name).write_text("{}")
    assert [clip.id for clip in load_corpus(tmp_path, "skip", tasks=["mood"])] == ["a"]
    with pytest.raises(FileNotFoundError, match="gone.wav"):
        load_corpus(tmp_path)
    assert calls == [(tmp_path, ["mood"]), (tmp_path, None)]
    shutil.copytree(tiny_corpus, tmp_path, dirs_exist_ok=True)
    assert len(load_corpus(tmp_path)) == 36 and len(calls) == 2  # a table goes first
