"""One strict reader: trimmed cells, true line numbers, and no value that merely looks like a text."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.corpus.rows import find_separator, read_cell, read_rows

NEEDED = ("file_name", "text")


def read(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_rows(path, NEEDED)


@pytest.mark.parametrize("separator", [",", ";", "\t", ", ", "; "])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_blanks_separators_and_line_ends_do_not_matter(tmp_path, separator, end):
    rows = [
        ["\ufefffile_name ", " text", "split"],
        ["a.wav", " hi\u00a0 ", " test"],
        ["b.wav", '"so, ""so"""', "x "],
    ]
    text = end.join(separator.join(row) for row in rows)
    assert read(tmp_path / "t.csv", text) == [
        (2, {"file_name": "a.wav", "text": "hi", "split": "test"}),
        (3, {"file_name": "b.wav", "text": 'so, "so"', "split": "x"}),
    ]


def test_a_row_has_the_line_on_which_it_starts(tmp_path):
    text = 'file_name,text\n\na.wav,"one\ntwo"\n   \nb.wav,x\nc.wav\n'
    with pytest.raises(ValueError, match=r"line 7: the number of cells .*: 1 cells, the header has 2"):
        read(tmp_path / "t.csv", text)
    assert [line for line, _ in read(tmp_path / "t.csv", text.removesuffix("c.wav\n"))] == [3, 6]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ('a.wav,x\nb.wav,"open\nc.wav,y\n', r"line 3: no valid CSV \(unexpected end.*goes on to line 4"),
        ('a.wav,x\nb.wav,"so" it\nc.wav,y\n', r"line 3: no valid CSV \(',' expected"),
        ('a.wav,x\nb.wav,"he "said" so"\n', r"line 3: no valid CSV"),
        ("a.wav,x\0y\n", r"line 2: text='x\\x00y' holds the control character U\+0000"),
        ("a.wav,nan\n", r"line 2: text='nan' is how a program writes a missing value"),
        ("a.wav," + 200_000 * "x", r"line 2: no valid CSV \(field larger"),
    ],
)
def test_a_wrong_row_is_named_by_its_own_line(tmp_path, rows, message):
    with pytest.raises(ValueError, match=message):
        read(tmp_path / "t.csv", "file_name,text\n" + rows)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('{"file_name": "b", "text": NaN}', "NaN is no value"),
        ('{"file_name": "b", "text": "x", "label": -Infinity}', "-Infinity is no value"),
        ('{"file_name": "b", "text": "x", "label": ["angry", "sad"]}', r"label=.*angry.*\(list\) is neither"),
        ('{"file_name": "b", "text": {"a": 1}}', r"\(dict\) is neither"),
        ('{"file_name": "b", "text": "x", "text ": "y"}', "'text' stands there twice"),
        ('{"file_name": "b", "text": "x", "label": "nan"}', "label='nan' is how a program"),
        ('{"file_name": "b", "text": "\\ud800"}', r"U\+D800"),
        ('{"file_name": "b", "text": 1e999}', r"\(float\) is neither"),
        ('{"file_name": "b"}', r"no column \['text'\]"),
        ('{"file_name": "b", "text": "x"', "no valid JSON"),
        ("[" * 100_000, "no valid JSON"),
        ("[1]", "expected an object"),
    ],
)
def test_a_wrong_json_line_is_named(tmp_path, row, message):
    with pytest.raises(ValueError, match=rf"(?s)t\.jsonl, line 3: .*{message}"):
        read(tmp_path / "t.jsonl", '{"file_name": "a", "text": "x"}\n\n' + row)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("file_name,text\na,b".encode("utf-16"), "is UTF-16; save it as CSV in UTF-8"),
        (b"PK\x03\x04rest", r"is a spreadsheet \(\.xlsx\)"),
        ("file_name,text\na,b\nc,für".encode("latin-1"), "line 3: byte 22 is not UTF-8"),
        (b"", "lists no clips"),
        (b"file_name,text\n\n", "lists no clips"),
    ],
)
def test_files_that_are_no_such_table(tmp_path, content, message):
    with pytest.raises(ValueError, match=rf"t\.csv.*{message}"):
        read(tmp_path / "t.csv", content)


def test_all_readers_write_a_value_alike(tmp_path):
    values = [None, math.nan, True, False, 1, 1.0, 0.5, " calm ", "e\u0301"]
    cells = ["", "", "true", "false", "1", "1", "0.5", "calm", "\u00e9"]
    assert [read_cell("label", value) for value in values] == cells
    rows = [{"file_name": f"{i}", "text": "x", "label": v} for i, v in enumerate(values) if v == v]
    found = read(tmp_path / "t.jsonl", "\n".join(map(json.dumps, rows)))
    assert [row["label"] for _, row in found] == [
        cell for cell, v in zip(cells, values, strict=True) if v == v
    ]
    for wrong in (math.inf, b"x", [1], {"a": 1}, 1j):
        with pytest.raises(ValueError, match="label="):
            read_cell("label", wrong)


@pytest.mark.parametrize("cell", ["nan", "NaN", "<NA>", "#N/A", "n/a", "NULL", "NaT"])
def test_a_missing_value_that_became_text_is_no_class(tmp_path, cell):
    with pytest.raises(ValueError, match="missing value"):
        read_cell("label", cell)
    assert read_cell("label", "none") == "none" and read_cell("text", "null") == "null"


@given(st.text(max_size=30))
def test_cells_are_trimmed_once_and_for_all(text):
    try:
        cell = read_cell("text", text)
    except ValueError as error:
        assert str(error).startswith("text=")
        return
    assert read_cell("text", cell) == cell and cell == cell.strip()


def test_separator_is_that_of_the_header():
    assert [find_separator(f"file_name{s}text\n") for s in ",;\t"] == list(",;\t")
    assert find_separator("path;words;a\n1,2,3,4,5") == ";"


def test_blanks_change_no_split_and_double_no_class(tmp_path, tiny_corpus):
    """The same table with blanks after its commas gives the same clips."""
    import shutil

    shutil.copytree(tiny_corpus / "clips", tmp_path / "clips")
    table = (tiny_corpus / "metadata.csv").read_text(encoding="utf-8")
    (tmp_path / "metadata.csv").write_text(table.replace(",", " , "), encoding="utf-8")
    found, expected = load_corpus(tmp_path), load_corpus(tiny_corpus)
    assert [(c.id, c.split, c.labels, c.text, c.planted) for c in found] == [
        (c.id, c.split, c.labels, c.text, c.planted) for c in expected
    ]
