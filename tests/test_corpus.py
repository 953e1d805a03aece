"""The corpus is read as written; a draw of clips keeps groups whole and labels in proportion."""

import json
import shutil

import numpy as np
import pytest

from speechlm_utils.corpus import (
    Clip,
    groups,
    hash_corpus,
    label_ids,
    label_names,
    load_corpus,
    select_clips,
    task_names,
)


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


def write_corpus(tmp_path, tiny_corpus, header, *rows):
    (tmp_path / "clips").mkdir()
    shutil.copy(tiny_corpus / "clips/0000.wav", tmp_path / "clips/a.wav")
    shutil.copy(tiny_corpus / "clips/0001.wav", tmp_path / "clips/b.wav")
    (tmp_path / "metadata.csv").write_text("\n".join([header, *rows]) + "\n")
    return tmp_path


def test_minimal_corpus_of_ones_own(tmp_path, tiny_corpus):
    header = "file_name,text,stance,age,score"
    folder = write_corpus(
        tmp_path, tiny_corpus, header, "clips/a.wav,hello,pro,30,1", "clips/b.wav,hello,con,41,0"
    )
    clips = load_corpus(folder)
    assert task_names(clips) == ["stance"] and clips[0].planted == {"age": 30.0, "score": 1.0}
    assert clips[0].split == "train" and clips[0].group == clips[1].group == "hello"
    assert task_names(load_corpus(folder, tasks=["score"])) == ["score"]


def test_skip_drops_a_clip_with_its_label_and_lists_it(tmp_path, tiny_corpus, caplog):
    rows = ("clips/a.wav,hello,pro", "clips/gone.wav,oh,con", "clips/b.wav,no,con")
    folder = write_corpus(tmp_path, tiny_corpus, "file_name,text,stance", *rows)
    clips = load_corpus(folder, on_error="skip", report=tmp_path / "dropped.csv")
    assert [(c.id, c.labels["stance"]) for c in clips] == [("clips/a", "pro"), ("clips/b", "con")]
    report = (tmp_path / "dropped.csv").read_text().splitlines()
    assert len(report) == 2 and report[1].startswith("clips/gone.wav,") and "gone.wav" in caplog.text


def test_task_and_split_select(tiny_corpus):
    clips = load_corpus(tiny_corpus)
    assert len(select_clips(clips, "fallacy")) == 24
    assert len(select_clips(clips, "fallacy", "test")) == 6
    assert {c.split for c in select_clips(clips, split="unlabelled")} == {"unlabelled"}
    assert task_names(clips) == ["fallacy", "question", "topic"]
    assert label_names(clips, "fallacy") == ["ad_hominem", "authority", "emotion"]
    ids = label_ids(select_clips(clips, "fallacy"), "fallacy", ["emotion", "authority", "ad_hominem"])
    assert ids[:6].tolist() == [2, 2, 1, 1, 0, 0]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_limit_keeps_groups_whole_and_labels_in_proportion(seed):
    labels = ["a"] * 60 + ["b"] * 30 + ["c"] * 10
    clips = [
        Clip(f"{i}-{k}", "t", None, {"t": labels[i]}, group=f"g{i}") for i in range(100) for k in range(2)
    ]
    drawn = select_clips(clips, "t", limit=41, seed=seed)
    assert len(drawn) == 40  # whole pairs only
    assert np.unique(groups(drawn), return_counts=True)[1].tolist() == [2] * 20
    counts = np.bincount(label_ids(drawn, "t", ["a", "b", "c"]), minlength=3) / 2
    assert np.abs(counts - [12, 6, 2]).max() <= 1
    assert drawn == select_clips(clips, "t", limit=41, seed=seed)
    assert len({c.labels["t"] for c in select_clips(clips, "t", limit=6, seed=seed)}) == 3
    assert {c.id for c in drawn} != {c.id for c in select_clips(clips, "t", limit=41, seed=seed + 3)}


def test_hash_sees_labels_but_not_order(tiny_corpus):
    clips = load_corpus(tiny_corpus)
    assert hash_corpus(clips) == hash_corpus(clips[::-1]) != hash_corpus(clips[1:])
