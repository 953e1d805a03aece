"""The cells of a row are checked one by one, and labels written in two ways are found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speechlm_utils.clips import Clip
from speechlm_utils.corpus.schema import check_row, is_number, is_recognised, refuse_twins


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"file_name": ""}, "file_name is empty"),
        ({"file_name": "a.wav|"}, "file_name='a.wav|' lacks the name of a file"),
        ({"split": "tset"}, "split='tset': must be one of"),
        ({"ambiguous": "maybe"}, "ambiguous='maybe' is neither 0 nor 1"),
        ({"text_confidence": "1.2"}, "text_confidence='1.2' is not a number from 0 to 1"),
        ({"text_confidence": "x", "ambiguous": "?"}, "ambiguous=.*; text_confidence="),
        ({"db": "loud"}, "db='loud' is not a number"),
        ({"db": "inf"}, "db='inf' is not a number"),
    ],
)
def test_a_cell_that_cannot_be_is_named(cells, message):
    with pytest.raises(ValueError, match=message):
        check_row({"file_name": "a.wav", "text": "x"} | cells, {"db": "db"})


def test_cells_become_what_they_mean():
    cells = {"file_name": "a.wav", "text": "x", "split": "Dev", "ambiguous": "Yes", "text_confidence": "0.5"}
    row = check_row(cells | {"planted_db": "2", "mood": "calm"}, {"db": "planted_db"})
    assert (row.split, row.ambiguous, row.text_confidence, row.planted) == (
        "validation",
        True,
        0.5,
        {"db": 2.0},
    )


def test_a_mark_lasts_until_the_text_is_changed():
    row = {"text": "so", "text_confidence": "0.5", "text_recognised": "so"}
    assert (
        is_recognised(row) and not is_recognised(row | {"text": "no"}) and not is_recognised({"text": "so"})
    )


def label(*names):
    return [Clip(f"{i}", "", None, labels={"mood": name}) for i, name in enumerate(names)]


@pytest.mark.parametrize(
    "pair",
    [("calm", "Calm"), ("very calm", "very  calm"), ("not-calm", "not calm"), ("a_b", "a b"), ("1", "1.0"),
     ("Straße", "STRASSE"), ("ﬁne", "fine"), ("so–so", "so-so")],
)  # fmt: skip
def test_labels_that_are_written_in_two_ways_are_refused(pair):
    with pytest.raises(ValueError, match="differ in how they are written alone") as error:
        refuse_twins(label("other", *pair, pair[0]))
    assert all(repr(name) in str(error.value) for name in pair) and "(2 clips)" in str(error.value)


def test_labels_that_differ_stay():
    refuse_twins(label("calm", "clam", "1", "2", "10", "-1", "+", "++", "", "спокойный", "怒", "怒り"))


@given(st.lists(st.text(min_size=1, max_size=4), max_size=5, unique=True))
def test_whatever_the_labels_only_twins_are_refused(names):
    try:
        refuse_twins(label(*names))
    except ValueError as error:
        assert "differ in how they are written" in str(error)
        assert len(names) > 1


@given(st.text(max_size=8))
def test_a_number_is_what_float_reads(text):
    assert is_number(text) is False or float(text) == float(text)
