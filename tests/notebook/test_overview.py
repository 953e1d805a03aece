"""What notebook 00 shows: clips that cover the classes, planted means, counts, and what is missing."""

from dataclasses import replace

import nbformat
import pytest

from speechlm_utils.clips import Clip
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.experiment import Experiment
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.notebook.overview import (
    check_installation,
    describe_splits,
    list_records,
    list_versions,
    notebook_table,
    select_readings,
)


def make_clip(speaker, sentence, label, ambiguous=True, **planted):
    name = f"{speaker}_{sentence}_{label}"
    return Clip(name, "so be it", None, {"task": label}, "train", speaker, sentence, planted, "", ambiguous)


CLIPS = [
    *(make_clip("x", "s1", label) for label in "abc"),
    *(make_clip("x", "s2", label) for label in "bcd"),
    *(make_clip("y", "s3", label) for label in "abc"),
    *(make_clip("y", "s4", label) for label in "cb"),
    *(make_clip("y", "s5", label) for label in "def"),
    *(make_clip("z", "s6", label, ambiguous=False) for label in "abcdefg"),
]


def test_one_speaker_covers_the_classes_without_repeats():
    selected = select_readings(CLIPS, "task")
    assert [c.id for c in selected] == ["y_s3_a", "y_s3_b", "y_s3_c", "y_s5_d", "y_s5_e", "y_s5_f"]
    assert len(select_readings(CLIPS, "task", n_sentences=1)) == 3
    with pytest.raises(ValueError, match="none of its clips is ambiguous"):
        select_readings(CLIPS[-7:], "task")


def test_splits_are_counted_in_order(tiny_corpus):
    table = describe_splits(load_corpus(tiny_corpus))
    assert list(table.index) == ["train", "validation", "test", "unlabelled"]
    assert table["clips"].sum() == 36 and table["fallacy"].sum() == 24 and table["question"].sum() == 8
    assert table.loc["test", "sentences"] == 3 and table.loc["test", "voices"] == 2
    assert 0.2 < table["minutes"].sum() < 0.5  # 36 clips of 0.4 to 0.6 s


def test_a_sentence_is_a_text_whatever_the_group(tiny_corpus):
    """Where groups are voices, two voices may say one sentence, written two ways."""
    texts = ("Stop!", "stop", "", "Go.")
    some = load_corpus(tiny_corpus)[:4]
    clips = [replace(c, text=t, group=c.speaker, split="train") for c, t in zip(some, texts, strict=True)]
    assert describe_splits(clips).loc["train", "sentences"] == 2


def test_what_is_missing_is_said_not_raised(tiny_corpus, tiny_codec_dir, tmp_path):
    good = check_installation(Experiment(tiny_corpus, tiny_codec_dir, tmp_path, tmp_path))
    assert list(good["part"]) == ["corpus", "speech tokenizer", "language model"]
    assert good["ok"][:2].all() and good["found"][0].startswith("36 clips")
    bad = check_installation(
        Experiment(tmp_path, tmp_path / "none", tmp_path, tmp_path, llm=LLMSpec("org/name"))
    )
    assert list(bad["ok"]) == [False, False, True] and "neither metadata.csv" in bad["found"][0]
    assert "Python 3" in list_versions() and "torch" in list_versions()


def test_table_of_notebooks_takes_question_and_minutes_from_the_first_cell(tmp_path):
    head = "# 03 · Hear\n\n**What is *it*?**\n\n2.5 minutes on two CPU cores, next: none"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(head)])
    nbformat.write(notebook, tmp_path / "03_hear.ipynb")
    assert notebook_table(tmp_path).splitlines()[2] == "| [03 · Hear](03_hear.ipynb) | What is it? | 2.5 |"


def test_records_say_who_made_them(tmp_path):
    (tmp_path / "b.json").write_text('{"made_by": "scripts/x.py", "date": "2026-01-02", "seconds": 90}')
    (tmp_path / "a.json").write_text("{}")
    table = list_records(tmp_path)
    assert table.iloc[1].tolist() == ["b.json", "scripts/x.py", "2026-01-02", 1.5]
    assert table.iloc[0].tolist()[:3] == ["a.json", "", ""]
