"""What a corpus lacks, the sentence that says so, and the cells that are left out."""

import re
from dataclasses import replace

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from speechlm_utils.clips import Clip
from speechlm_utils.corpus.columns import PLANTED
from speechlm_utils.notebook.needs import (
    CORPUS_NEEDS,
    NEEDS,
    CorpusLacksError,
    find_missing,
    leave_out,
    require,
)


def make_clips():
    """Two clips of a corpus that has everything, and one without labels."""
    full = {"planted": dict.fromkeys(PLANTED, 1.0), "phones": "AH:0.1-0.2", "ambiguous": True}
    labels = {"label": "a", "question": "statement", "topic": "health"}
    return [
        Clip("0", "one", None, labels, speaker="anna", **full),
        Clip("1", "two", None, labels, speaker="bert", **full),
        Clip("2", "three", None, split="unlabelled"),
    ]


def test_nothing_is_missing_in_a_corpus_that_has_everything():
    assert find_missing(make_clips()) == find_missing(make_clips(), "label") == {}


@pytest.mark.parametrize(
    ("need", "change"),
    [
        ("planted", {"planted": {"age": 31.0, "f0_shift_st": 1.0}}),  # a number that nobody planted
        ("phones", {"phones": ""}),
        ("ambiguous", {"ambiguous": False}),
        ("question", {"labels": {"label": "a", "question": "statement"}}),
        ("unlabelled", {"split": "train"}),
    ],
)
def test_what_is_missing_is_found_and_said(need, change):
    changed = [replace(clip, **change) for clip in make_clips()]
    clips = changed if need == "unlabelled" else [*changed[:2], make_clips()[2]]
    missing = find_missing(clips, "label")
    assert list(missing) == [need]
    said = f"has no {re.escape(missing[need])}.*tagged needs-{need},"
    with pytest.raises(CorpusLacksError, match=said) as error:
        require(clips, need, task="label")
    assert error.value._render_traceback_() == [str(error.value)]  # a notebook shows this sentence alone
    require(clips, *({*NEEDS, *CORPUS_NEEDS} - {need}))


@pytest.mark.parametrize("speaker", ["", "anna"])
def test_one_voice_or_none_has_neither_speakers_nor_voices(speaker):
    clips = [replace(clip, speaker=speaker) for clip in make_clips()]
    assert list(find_missing(clips, "label")) == ["speakers", "voices"]


def test_a_second_voice_outside_train_makes_no_voices():
    anna, bert, rest = make_clips()
    clips = [anna, replace(bert, split="test"), rest]
    assert list(find_missing(clips, "label")) == ["voices"]
    with pytest.raises(CorpusLacksError, match="has no named speakers in the split train, two or more"):
        require([anna], "voices", task="label")


def test_only_the_clips_of_the_task_count():
    clips = make_clips()
    clips.append(replace(clips[0], id="3", labels={"other": "x"}, phones=""))
    assert find_missing(clips, "label") == {}
    assert list(find_missing(clips)) == ["phones"]
    assert set(find_missing(clips, "no such task")) == set(NEEDS)


def test_cells_are_left_out_with_a_reason():
    def tagged(make, source, *tags):
        return make(source, metadata={"tags": list(tags)})

    cells = [
        new_markdown_cell("# Title"),
        tagged(new_markdown_cell, "## `Phones`\ntext", "needs-phones"),
        tagged(new_code_cell, "phones = 1", "needs-phones", "needs-planted"),
        new_markdown_cell("## Rest"),
        tagged(new_code_cell, "planted = 1", "needs-planted"),
        tagged(new_code_cell, "seed = 0", "parameters"),
    ]
    kept, told = leave_out(cells, {"phones": "phones (column phones)"})
    assert kept == [cells[0], *cells[3:]]
    assert told == ["2 cells, as the corpus has no phones (column phones); in: Phones"]
    kept, told = leave_out(cells, {"phones": "phones", "planted": "planted delivery"})
    assert kept == [cells[0], cells[3], cells[5]]
    assert told[1] == "1 cell, as the corpus has no planted delivery; in: Rest"
    assert leave_out(cells, {}) == (cells, [])
