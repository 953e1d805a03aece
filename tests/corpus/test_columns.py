"""What is wrong with a table is said with its file, line and column."""

import pytest

from speechlm_utils.corpus.load import load_corpus


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
        ('file_name,text\na.wav,"open\nb.wav,y\n', ["no valid CSV", "unexpected end"]),
        ("id,file_name,text\n1,a.wav,x\n1,b.wav,y", ["line 3", "'b.wav' (id '1')", "twice, first in line 2"]),
    ],
)
def test_bad_columns_are_named(tmp_path, text, parts):
    (tmp_path / "metadata.csv").write_text(text)
    with pytest.raises(ValueError) as error:
        load_corpus(tmp_path)
    message = str(error.value)
    places = [message.find(part) for part in [str(tmp_path / "metadata.csv"), *parts]]
    assert -1 not in places and places == sorted(places), message


def test_a_table_that_is_not_utf8_is_named(tmp_path):
    (tmp_path / "metadata.csv").write_bytes("file_name,text\na.wav,für".encode("latin-1"))
    with pytest.raises(ValueError, match=r"metadata\.csv: byte 22 is not UTF-8"):
        load_corpus(tmp_path)
