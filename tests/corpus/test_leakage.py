"""Everything that was planted in two splits is found, and nothing else."""

import csv

from mmused_files import load_real, needs_mmused

from speechlm_utils.clips import Clip
from speechlm_utils.corpus.leakage import find_leakage


def make_clip(name, split, text=None, **fields):
    return Clip(name, text or f"words of {name}", None, split=split, group=name, **fields)


def count(report, what, split_a, split_b):
    row = report.table.set_index(["what", "split_a", "split_b"]).loc[(what, split_a, split_b)]
    return row.drop("examples").to_dict()


def test_nothing_is_found_where_nothing_is_shared(tmp_path):
    clips = [make_clip("a", "train", speaker="x"), make_clip("b", "validation"), make_clip("c", "test")]
    report = find_leakage(clips)
    assert len(report.table) == 4 * 3 and report.leaks.empty
    assert report.unknown == {"text": 0, "group": 0, "speaker": 2, "sound file": 3}
    assert "speaker: unknown for 2 clips" in str(report)
    assert str(find_leakage([])) == "no text, group, speaker or sound file lies in two splits"


def test_texts_are_compared_without_case_space_and_punctuation():
    clips = [
        make_clip("a", "train", "Don’t  stop!"),
        make_clip("b", "train", "don't stop"),
        make_clip("c", "test", "DONT STOP…"),
        make_clip("d", "test", "dont, stop"),
        make_clip("e", "test", "do not stop"),
    ]
    report = find_leakage(clips)
    assert count(report, "text", "train", "test") == {"shared": 1, "clips_a": 2, "clips_b": 2}
    (examples,) = report.leaks.examples
    assert examples == ["dont stop"]
    assert "text: 1 in train and test (2 and 2 clips), for example 'dont stop'" in str(report)


def test_groups_and_speakers():
    rows = (
        ("train", "d1", "anna"),
        ("train", "d2", "ben"),
        ("validation", "d1", "ben"),
        ("test", "d3", "ben"),
        ("test", "d3", "cleo"),
        ("unlabelled", "d3", ""),
    )
    clips = [
        Clip(f"{i}", f"text {i}", None, split=split, group=group, speaker=speaker)
        for i, (split, group, speaker) in enumerate(rows)
    ]
    report = find_leakage(clips)
    assert count(report, "group", "train", "validation") == {"shared": 1, "clips_a": 1, "clips_b": 1}
    assert count(report, "group", "test", "unlabelled") == {"shared": 1, "clips_a": 2, "clips_b": 1}
    assert count(report, "speaker", "train", "test") == {"shared": 1, "clips_a": 1, "clips_b": 1}
    assert set(report.leaks.what) == {"group", "speaker"} and len(report.leaks) == 5


def test_files_by_name_and_by_bytes(tmp_path):
    for name, content in {"a": b"one", "b": b"two", "copy of b": b"two", "c": b"3.."}.items():
        (tmp_path / f"{name}.wav").write_bytes(content)
    a, b, copy, c, gone = (tmp_path / f"{name}.wav" for name in ("a", "b", "copy of b", "c", "gone"))
    clips = [
        Clip("1", "one", (a, b), split="train"),
        Clip("2", "two", copy, split="test"),
        Clip("3", "three", (c, gone), split="test"),
        Clip("4", "four", gone, split="validation"),
    ]
    report = find_leakage(clips)
    assert count(report, "sound file", "train", "test") == {"shared": 1, "clips_a": 1, "clips_b": 1}
    assert count(report, "sound file", "validation", "test") == {"shared": 1, "clips_a": 1, "clips_b": 1}
    assert count(report, "sound file", "train", "validation")["shared"] == 0


def test_table_is_written(tmp_path):
    clips = [make_clip("a", "train", "Same words"), make_clip("b", "test", "same words")]
    find_leakage(clips).write(tmp_path / "leakage.csv")
    with open(tmp_path / "leakage.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4 and rows[0]["what"] == "text"
    assert (rows[0]["shared"], rows[0]["examples"]) == ("1", "same words")


@needs_mmused
def test_real_afd_shares_texts_and_debates():
    report = find_leakage(load_real("afd"))
    assert count(report, "text", "train", "test")["clips_b"] == 32  # 24 different texts
    assert count(report, "text", "train", "test")["shared"] == 24
    assert count(report, "text", "train", "validation")["shared"] == 35
    assert count(report, "group", "train", "validation") == {"shared": 35, "clips_a": 13400, "clips_b": 3350}
    assert count(report, "group", "train", "test")["shared"] == 0
    assert count(report, "sound file", "train", "validation")["shared"] == 0
    assert report.unknown["speaker"] == 18910
    by_debate = find_leakage(load_real("afd", "debate"))
    assert set(by_debate.leaks.what) == {"text"}


@needs_mmused
def test_real_afc_shares_debates_and_two_files():
    report = find_leakage(load_real("afc"))
    assert count(report, "group", "train", "validation")["shared"] == 31
    assert count(report, "sound file", "train", "validation")["shared"] == 2
    assert set(report.leaks.what) == {"group", "sound file"}
