"""The authors' CSV files are read as they are: counts, order of clips, splits; broken rows are named."""

import functools
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from mmused_files import CLIPS, ROWS, load_real, load_texts, needs_mmused, write_csv

from speechlm_utils.audio import list_parts
from speechlm_utils.clips import groups, label_names, task_names
from speechlm_utils.corpus.mmused import LABELS, choose_splits, load_mmused_csv

# --- the format, in a few rows ------------------------------------------------------------------------------


def test_rows_become_clips(tmp_path):
    clips = load_mmused_csv(write_csv(tmp_path, *ROWS), "/audio")
    assert [clip.split for clip in clips] == ["train", "train", "validation", "test"]
    assert [clip.group for clip in clips] == ["7_1976", "7_1976", "8_1980", "47_2024"]
    assert [clip.id for clip in clips] == ["7_1976/3", "7_1976/9+4+11", "8_1980/2", "47_2024/2+3"]
    found = [clip.labels["fallacy"] for clip in clips]
    assert found == ["appeal_to_emotion", "appeal_to_authority", "slippery_slope", "slogans"]
    assert {clip.speaker for clip in clips} == {""}
    assert clips[0].audio == Path("/audio", CLIPS, "7_1976", "3.wav")
    assert clips[1].audio == tuple(Path("/audio", CLIPS, "7_1976", f"{n}.wav") for n in (9, 4, 11))


def test_texts_are_stripped_and_else_as_written(tmp_path):
    texts = [clip.text for clip in load_texts(write_csv(tmp_path, *ROWS))]
    assert texts[0] == "They are all afraid!" and texts[1] == "Ask the experts, I did."
    assert texts[2:] == ["First a tax. Then tyranny.", "Ποιος; Sí — “We” win!"]


def test_task_by_name_or_argument(tmp_path):
    afd = write_csv(tmp_path, f"train,0,No.,{CLIPS}/7_1976/3.wav,1", name="dataset_combined_afd.csv")
    (clip,) = load_texts(afd)
    assert clip.labels == {"detection": "fallacious"} and load_texts(afd, "afd") == [clip]
    with pytest.raises(ValueError, match="task='afc', but the file's name says 'afd'"):
        load_texts(afd, "afc")  # its labels 0 and 1 are numbers of AFC, too
    other = write_csv(tmp_path, f"train,0,No.,{CLIPS}/7_1976/3.wav,0", name="mine.csv")
    assert load_texts(other, "afc")[0].labels == {"fallacy": "appeal_to_emotion"}
    with pytest.raises(ValueError, match="mine.csv.*give task='afc' or task='afd'"):
        load_texts(other)
    with pytest.raises(ValueError, match="task='fallacy': must be one of"):
        load_texts(other, "fallacy")


BROKEN = [
    (f"train,0,Hm.,{CLIPS}/7_1976/3.wav,6", r"line 3: label='6' is not a number of afc, 0 to 5"),
    (f"train,0,Hm.,{CLIPS}/7_1976/3.wav,", r"line 3: label=''"),
    (f"later,0,Hm.,{CLIPS}/7_1976/3.wav,1", r"line 3: split='later'"),
    (f",0,Hm.,{CLIPS}/7_1976/3.wav,1", r"line 3: split=''"),
    ("train,0,Hm.,,1", r"line 3: audio_path_list='' must name"),
    ("train,0,Hm.,/etc/7_1976/3.wav,1", r"line 3: audio_path_list='/etc"),
    ("train,0,Hm.,a/../../7_1976/3.wav,1", r"line 3: audio_path_list='a/\.\."),
    (f"train,0,Hm.,{CLIPS}/7_1976/3.wav|{CLIPS}/8_1980/3.wav,1", r"line 3: .*several debates.*7_1976"),
    (f"train,0,Hm.,{CLIPS}/7_1976/3.wav", r"line 3: the number of cells"),
    (ROWS[0], r"sound files of 7_1976/3 are listed in two rows"),
]


@pytest.mark.parametrize(("row", "message"), BROKEN)
def test_a_broken_row_is_named(row, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        load_texts(write_csv(tmp_path, ROWS[0], row))


def test_a_broken_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"no column \['label'\]; there are"):
        load_texts(write_csv(tmp_path, "train,0,Hm.,a/b.wav", header="split,index,text,audio_path_list"))
    with pytest.raises(ValueError, match="lists no clips"):
        load_texts(write_csv(tmp_path))
    with pytest.raises(FileNotFoundError, match="gone_afc.csv: no such file"):
        load_texts(tmp_path / "gone_afc.csv")


def test_unknown_split_is_named(tmp_path):
    path = write_csv(tmp_path, *ROWS)
    with pytest.raises(ValueError, match="split='random': must be 'authors' or 'debate'"):
        load_texts(path, split="random")


def make_debates(tmp_path):
    """24 debates of 6 snippets; the authors' split goes through them clip by clip."""
    rng = np.random.default_rng(3)
    rows = [
        f"{('train', 'val')[i % 2]},{i},Text {debate} {i}.,{CLIPS}/{debate}_1960/{i}.wav,{rng.integers(3)}"
        for debate in range(24)
        for i in range(6)
    ]
    return write_csv(tmp_path, *rows)


@pytest.mark.parametrize("seed", [0, 1])
def test_split_by_debate_breaks_no_debate_and_keeps_labels_in_proportion(tmp_path, seed):
    path = make_debates(tmp_path)
    mixed, clips = load_texts(path), load_texts(path, split="debate", seed=seed)
    held = {split: {c.group for c in clips if c.split == split} for split in ("train", "validation", "test")}
    assert sum(map(len, held.values())) == 24 and all(held.values())
    assert {c.group for c in mixed if c.split == "train"} & {
        c.group for c in mixed if c.split == "validation"
    }
    shares = Counter(c.labels["fallacy"] for c in clips)
    for split in held:
        part = Counter(c.labels["fallacy"] for c in clips if c.split == split)
        assert all(abs(part[name] / part.total() - n / len(clips)) < 0.2 for name, n in shares.items())
    assert clips == load_texts(path, split="debate", seed=seed)
    assert [c.id for c in clips] == [c.id for c in mixed] and [c.text for c in clips] == [
        c.text for c in mixed
    ]
    drawn = {tuple(c.split for c in choose_splits(mixed, "debate", "fallacy", s)) for s in range(6)}
    assert len(drawn) > 1  # among debates of one size, the seed chooses


# --- the real files -----------------------------------------------------------------------------------------


@functools.cache
def count_real(task, split="authors"):
    clips = load_real(task, split)
    (column,) = task_names(clips)
    counts = {
        split: [sum(c.split == split and c.labels[column] == name for c in clips) for name in LABELS[task]]
        for split in ("train", "validation", "test")
    }
    return clips, counts


@needs_mmused
def test_real_afc():
    clips, counts = count_real("afc")
    assert counts == {
        "train": [602, 149, 113, 44, 35, 26],
        "validation": [75, 18, 14, 5, 5, 4],
        "test": [142, 16, 46, 16, 0, 9],  # no slippery slope
    }
    assert [sum(row) for row in counts.values()] == [969, 121, 229] and len(clips) == 1319
    assert label_names(clips, "fallacy") == sorted(LABELS["afc"])
    lengths = Counter(len(list_parts(clip.audio)) for clip in clips)
    assert lengths.total() - lengths[1] == 219 and max(lengths) == 8
    assert sum(n * count for n, count in lengths.items()) == 1658
    debates = {s: {c.group for c in clips if c.split == s} for s in counts}
    assert {s: len(names) for s, names in debates.items()} == {"train": 35, "validation": 31, "test": 2}
    assert debates["test"] == {"47_2024", "48_2024"}
    assert all(clip.text == clip.text.strip() != "" for clip in clips)
    assert clips[2].id == "32_2004/692+693" and clips[2].text.startswith("He just doesn't understand")


@needs_mmused
def test_real_afd():
    clips, counts = count_real("afd")
    assert counts == {"train": [12440, 960], "validation": [3110, 240], "test": [1931, 229]}
    assert [sum(row) for row in counts.values()] == [13400, 3350, 2160] and len(clips) == 18910
    assert counts["train"][1] / 13400 == pytest.approx(0.072, abs=5e-4)
    assert counts["test"][1] / 2160 == pytest.approx(0.106, abs=5e-4)
    assert all(len(list_parts(clip.audio)) == 1 for clip in clips)
    assert {c.group for c in clips if c.split == "test"} == {"47_2024", "48_2024"}


@needs_mmused
@pytest.mark.parametrize("task", ["afc", "afd"])
def test_real_split_by_debate(task):
    clips, counts = count_real(task, split="debate")
    splits = {group: {c.split for c in clips if c.group == group} for group in set(groups(clips))}
    assert len(splits) == 37 and all(len(found) == 1 for found in splits.values())
    assert all(all(row) for row in counts.values()), "a class is missing from a split"
    sizes = np.array([sum(row) for row in counts.values()]) / len(clips)
    assert sizes == pytest.approx([0.7, 0.15, 0.15], abs=0.05)
