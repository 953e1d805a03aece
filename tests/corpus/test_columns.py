"""What is wrong with a table is said with its file, line and column; a column means what its name says."""

import pytest

from speechlm_utils.clips import task_names
from speechlm_utils.corpus.columns import check_columns, rename_columns, sort_columns, suggest
from speechlm_utils.corpus.load import load_corpus


def write(folder, text):
    (folder / "metadata.csv").write_text(text)
    for name in "abc":
        (folder / f"{name}.wav").write_bytes(b"")
    return folder


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("file_name,text,split\na.wav,x,train\nb.wav,y,\nc.wav,z,", ["line 3", "split is empty", "2 of 3"]),
        (
            "file_name,text,split\na.wav,x,train\nb.wav,y,holdout",
            ["line 3", "split='holdout'", "'test'", "dev"],
        ),
        ("file_name,text,group,sentence\na.wav,x,1,1", ["both columns group and sentence"]),
        ("file_name,text\na.wav|,x", ["line 2", "'a.wav|' lacks the name of a file"]),
        ("file_name,text,,\na.wav,x,1,2", ["line 1", "a column has no name"]),
        ("file_name,text,label,label\na.wav,x,1,2", ["line 1", "two have the same"]),
        ("file_name,text,label,label \na.wav,x,1,2", ["line 1", "two have the same"]),
        ('file_name,text\na.wav,"open\nb.wav,y\n', ["no valid CSV", "unexpected end"]),
        ("id,file_name,text\n1,a.wav,x\n1,b.wav,y", ["line 3", "'b.wav' (id '1')", "twice, first in line 2"]),
        ("file_name,text,Split,label\na.wav,x,test,1", ["column 'Split' is nearly 'split'"]),
        (
            "file_name,text,label,mood\na.wav,x,calm,1\nb.wav,x,Calm,1",
            ["'Calm' (1 clips)", "'calm' (1 clips)"],
        ),
    ],
)
def test_bad_columns_are_named(tmp_path, text, parts):
    with pytest.raises(ValueError) as error:
        load_corpus(write(tmp_path, text))
    message = str(error.value)
    places = [message.find(part) for part in [str(tmp_path / "metadata.csv"), *parts]]
    assert -1 not in places and places == sorted(places), message


@pytest.mark.parametrize(
    ("column", "meant"),
    [("Split", "split"), ("Label", "label"), ("TEXT", "text"), ("File Name", "file_name"), ("ID", "id"),
     ("filename", "file_name"), ("file-name", "file_name"), ("splits", "split"), ("lable", "label"),
     ("Speakers", "speaker"), ("sentance", "sentence"), ("ambigous", "ambiguous"), ("ｔｅｘｔ", "text"),
     ("text_confidance", "text_confidence")],
)  # fmt: skip
def test_a_name_that_is_nearly_reserved_is_refused(column, meant):
    with pytest.raises(ValueError, match=f"column '{column}' is nearly '{meant}'"):
        check_columns(["file_name", "text", column])
    check_columns(["file_name", "text", column], [column])  # unless it is meant


def test_names_that_mean_something_else_stay():
    check_columns(
        [*"abc", "label2", "label_b", "mood", "topic", "test", "context", "speaker_age", "rate", "идея"]
    )


@pytest.mark.parametrize("cells", [("0", "1"), ("0", "nix"), ("0.5", "1e3"), ("", "1")])
def test_labels_are_labels_whatever_they_are(tmp_path, cells):
    folder = write(
        tmp_path,
        "file_name,text,rate\n" + "".join(f"{n}.wav,{n},{c}\n" for n, c in zip("ab", cells, strict=True)),
    )
    from speechlm_utils.corpus.table import read_table

    clips = read_table(folder)
    assert task_names(clips) == ["rate"] and all(not clip.planted for clip in clips)
    assert [clip.labels.get("rate", "") for clip in clips] == list(cells)


def test_planted_parameters_are_known_by_name():
    columns = ["file_name", "text", "rate", "mood", "planted_db"]
    assert sort_columns(columns, None) == (["rate", "mood"], {"db": "planted_db"})
    assert sort_columns([*columns, "f0_shift_st"], None) == (
        ["mood"],
        {"rate": "rate", "db": "planted_db", "f0_shift_st": "f0_shift_st"},
    )
    assert sort_columns([*columns, "f0_shift_st"], ["rate"])[0] == ["rate"]
    with pytest.raises(ValueError, match=r"no task column \['Mood'\] \(nearest: 'mood'\)"):
        sort_columns(columns, ["Mood"])


def test_columns_may_have_other_names(tmp_path):
    from speechlm_utils.corpus.table import read_table

    write(tmp_path, "file_name,transcript,part,who,Label\na.wav,Hi,test,ann,1\nb.wav,ho,train,ben,0\n")
    names = {"text": "transcript", "split": "part", "speaker": "who"}
    clips = read_table(tmp_path, ["Label"], names)
    assert [(c.text, c.split, c.speaker, c.labels) for c in clips] == [
        ("Hi", "test", "ann", {"Label": "1"}),
        ("ho", "train", "ben", {"Label": "0"}),
    ]
    with pytest.raises(ValueError, match=r"no column 'transcripts' \(nearest: 'transcript'\)"):
        read_table(tmp_path, ["Label"], {"group": "transcripts", **names})
    with pytest.raises(ValueError, match="columns name 'mood', which is none of"):
        read_table(tmp_path, ["Label"], names | {"mood": "who"})
    assert rename_columns({"a": "1", "text": "2", "b": "3"}, {"text": "a"}) == {"text": "1", "b": "3"}
    assert suggest("xyz", ["mood"]) == ""
