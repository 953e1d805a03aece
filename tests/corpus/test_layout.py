"""Where a corpus's tables may lie, and what is said where none is found."""

import shutil

import pytest

from speechlm_utils.corpus.layout import (
    find_parts,
    repair_name,
    require_folder,
    require_metadata,
    split_of_folders,
)
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.files import name_nearest


@pytest.fixture
def sounds(tiny_corpus):
    return sorted((tiny_corpus / "clips").iterdir())


def put(folder, sounds, *names):
    for i, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(sounds[i], path)


def test_folders_of_splits_and_classes(tmp_path, sounds):
    names = [
        f"{split}/{mood}/{i}.wav"
        for split in ("train", "dev", "test")
        for mood in ("calm", "angry")
        for i in "01"
    ]
    put(tmp_path, sounds, *names)
    (tmp_path / "train" / "README.txt").write_text("about")
    clips = load_corpus(tmp_path)
    assert [(c.id, c.split, c.labels["label"], c.text) for c in clips[:5:2]] == [
        ("dev/angry/0", "validation", "angry", ""),
        ("dev/calm/0", "validation", "calm", ""),
        ("test/angry/0", "test", "angry", ""),
    ]
    assert len(clips) == 12 and clips[0].audio == tmp_path / "dev/angry/0.wav"


def test_folders_of_classes_alone_have_splits_made(tmp_path, sounds):
    put(tmp_path, sounds, *(f"{mood}/{i}.wav" for mood in ("calm", "angry") for i in range(6)))
    clips = load_corpus(tmp_path)
    assert {c.split for c in clips} == {"train", "validation", "test"} and len({c.group for c in clips}) == 12


def test_a_table_in_the_folder_of_each_split(tmp_path, sounds):
    put(tmp_path, sounds, "train/a.wav", "test/a.wav", "test/b.wav")
    (tmp_path / "train/metadata.csv").write_text("file_name,text,mood\na.wav,one,calm\n")
    (tmp_path / "test/metadata.jsonl").write_text(
        '{"file_name": "a.wav|b.wav", "text": "two", "mood": "angry"}\n'
    )
    test, train = load_corpus(tmp_path)
    assert (train.id, train.split, train.audio) == ("train/a", "train", tmp_path / "train/a.wav")
    assert (test.id, test.split, len(test.audio)) == ("test/a+b", "test", 2)
    (tmp_path / "test/metadata.jsonl").write_text(
        '{"file_name": "a.wav", "text": 1}\n{"file_name": "a.wav"}\n'
    )
    with pytest.raises(ValueError, match=r"test/metadata\.jsonl, line 2: no column \['text'\]"):
        load_corpus(tmp_path)
    (tmp_path / "test/metadata.jsonl").unlink()
    with pytest.raises(FileNotFoundError, match="test: has no table"):
        load_corpus(tmp_path)


def test_splits_of_one_table_by_the_folders_of_its_files(tmp_path, sounds, caplog):
    put(tmp_path, sounds, "train/a.wav", "val/b.wav", "test/c.wav")
    (tmp_path / "metadata.csv").write_text(
        "file_name,text,label\ntrain/a.wav,x,1\nval\\b.wav,y,1\nc/../test/c.wav,z,1\n"
    )
    assert {c.split for c in load_corpus(tmp_path)} == {"train", "validation", "test"}
    (tmp_path / "metadata.csv").write_text("file_name,text\ntrain/a.wav,x\nval\\b.wav,x\ntest/c.wav,x\n")
    assert [c.split for c in load_corpus(tmp_path)] == ["train", "validation", "test"]
    assert "the splits are those of the folders' names" in caplog.text
    assert split_of_folders(["train/a", "train/b"]) == split_of_folders(["a/x", "test/y"]) == []


def test_names_as_other_systems_write_them(tmp_path, sounds, monkeypatch):
    put(tmp_path, sounds, "in/a.wav", "in/e\u0301.wav", "home/b.wav")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    names = ["in\\a.wav", "in/\u00e9.wav", "~/b.wav", r"..\odd\gone.wav"]
    assert [repair_name(name, tmp_path) for name in names] == [
        "in/a.wav",
        "in/e\u0301.wav",
        str(tmp_path / "home/b.wav"),
        "../odd/gone.wav",
    ]
    (tmp_path / "metadata.csv").write_text(
        "file_name,text,split\n" + "".join(f"{n},x,train\n" for n in names[:3])
    )
    assert [c.audio.name for c in load_corpus("~/..")] == ["a.wav", "e\u0301.wav", "b.wav"]


def test_what_is_there_instead_is_said(tmp_path, sounds):
    def fails(folder, message, kind=FileNotFoundError):
        with pytest.raises(kind, match=message):
            load_corpus(folder)

    fails(tmp_path / "no" / "such", r"no such folder; .* is the last folder on the way that is there")
    (tmp_path / "corpus").mkdir()
    fails(tmp_path / "Corpsu", "no such folder; the nearest is 'corpus'")
    fails(tmp_path / "corpus", "holds neither metadata.csv nor metadata.jsonl, .*; it is empty")
    put(tmp_path / "corpus", sounds, "a.wav")
    fails(tmp_path / "corpus", "but 1 sound files: write a table")
    (tmp_path / "corpus" / "Metadata.CSV").write_text("file_name,text\na.wav,x\n")
    fails(tmp_path / "corpus", r"if 'Metadata.CSV' is the table, name it metadata\.csv")
    fails(tmp_path / "corpus" / "Metadata.CSV", "is a file; give the folder of a corpus", NotADirectoryError)
    (tmp_path / "corpus" / "Metadata.CSV").rename(tmp_path / "corpus" / "metadata.csv")
    fails(tmp_path, "the folder 'corpus' in it does: give that one")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    fails(tmp_path / "loop", "is a link that leads nowhere, or back to itself")
    with pytest.raises(FileNotFoundError, match="holds neither"):
        require_metadata(tmp_path)
    assert require_folder(str(tmp_path / "corpus")) == tmp_path / "corpus"
    assert name_nearest(tmp_path / "corpus" / "A.WAV") == "; the nearest is 'a.wav'"
    assert [part.path.name for part in find_parts(tmp_path / "corpus")] == ["metadata.csv"]


def test_a_folder_that_links_to_itself_is_walked_once(tmp_path, sounds):
    put(tmp_path, sounds, "calm/a.wav", "calm/b.wav", "angry/c.wav")
    (tmp_path / "calm" / "again").symlink_to(tmp_path)
    (tmp_path / "angry" / "loop.wav").symlink_to(tmp_path / "angry" / "loop.wav")
    with pytest.raises(FileNotFoundError, match=r"loop\.wav: is a link that leads nowhere"):
        load_corpus(tmp_path)
    assert len(load_corpus(tmp_path, "skip")) == 3
