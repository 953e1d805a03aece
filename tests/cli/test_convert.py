"""`speechlm import` writes a folder that load_corpus reads back to equal records, and says what it found."""

import argparse
import csv

import numpy as np
import pandas as pd
import pytest
import soundfile
import yaml
from mmused_files import CLIPS, write_csv

from speechlm_utils.cli.convert import add_import_command
from speechlm_utils.corpus.importing import ImportOptions, format_profile, import_corpus
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.corpus.mmused import load_mmused_csv
from speechlm_utils.corpus.report import UnusableClipsError

DEBATES = [f"{i}_1960" for i in range(1, 10)] + ["47_2024"]


def write_tone(path, seed, n_samples=3200):
    path.parent.mkdir(parents=True, exist_ok=True)
    tone = np.sin(np.arange(n_samples) * (0.05 + 0.003 * seed)).astype(np.float32)
    soundfile.write(path, 0.2 * tone, 16000)


@pytest.fixture
def source(tmp_path):
    """An AFC file of 40 rows in ten debates, with its sounds: every fifth row is two clips."""
    rows = []
    for i in range(40):
        debate = DEBATES[i % 10]
        split = "test" if debate == "47_2024" else ("train", "val")[i % 7 == 0]
        numbers = [10 * i, 10 * i + 1] if i % 5 == 0 else [10 * i]
        for n in numbers:
            write_tone(tmp_path / CLIPS / debate / f"{n}.wav", n)
        paths = "|".join(f"{CLIPS}/{debate}/{n}.wav" for n in numbers)
        rows.append(f'{split},{i},"Sentence number {i}, ναι",{paths},{i % 3}')
    return write_csv(tmp_path, *rows)


def run_command(*words):
    parser = argparse.ArgumentParser("speechlm")
    add_import_command(parser.add_subparsers(required=True))
    args = parser.parse_args(["import", *map(str, words)])
    return args.command(args)


def read_csv(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def compare(clips, expected):
    """Assert that clips read from the new folder are those of the source, whatever their paths look like."""

    def show(clip):
        audio = clip.audio if isinstance(clip.audio, tuple) else (clip.audio,)
        return clip.id, clip.text, clip.labels, clip.split, clip.speaker, [file.resolve() for file in audio]

    assert [show(clip) for clip in clips] == [show(clip) for clip in expected]


def test_the_command_writes_a_corpus_that_reads_back(source, tmp_path, capsys):
    assert run_command(source, "--kind", "mmused-csv", "--out", tmp_path / "new" / "afc") == 0
    clips = load_corpus(tmp_path / "new" / "afc")
    compare(clips, load_mmused_csv(source, tmp_path))
    assert {clip.group for clip in clips} == {clip.id for clip in clips}  # the authors' splits share debates
    row = read_csv(tmp_path / "new/afc/metadata.csv")[0]
    assert row["file_name"] == f"../../{CLIPS}/1_1960/0.wav|../../{CLIPS}/1_1960/1.wav"
    printed = capsys.readouterr().out
    assert "40 clips" in printed and "errors: none" in printed
    assert "group: " in printed and "in train and validation" in printed  # debates, told before they are left
    profile = yaml.safe_load(printed[printed.index("all:") :])
    assert profile == {"all": {"corpus_dir": str(tmp_path / "new/afc"), "task": "fallacy"}}
    assert (tmp_path / "new/afc/inspection.txt").read_text().startswith("40 clips")
    assert read_csv(tmp_path / "new/afc/inspection.csv") == read_csv(tmp_path / "new/afc/dropped.csv") == []
    leaks = {(row["what"], row["split_a"], row["split_b"]): int(row["shared"]) for row in
             read_csv(tmp_path / "new/afc/leakage.csv")}  # fmt: skip
    assert leaks["group", "train", "validation"] > 0 and leaks["group", "train", "test"] == 0


def test_by_debate_the_groups_are_debates(source, tmp_path):
    done = import_corpus(source, "mmused-csv", tmp_path / "new", ImportOptions(split="debate", seed=2))
    compare(load_corpus(tmp_path / "new"), load_mmused_csv(source, tmp_path, split="debate", seed=2))
    assert {clip.group for clip in done.clips} == set(DEBATES) and done.leakage.leaks.empty
    by_clip = import_corpus(
        source, "mmused-csv", tmp_path / "two", ImportOptions(split="debate", group="clip")
    )
    assert len({clip.group for clip in by_clip.clips}) == 40


def break_files(source):
    """Break three records; returns their ids and what is wrong."""
    folder = source.parent / CLIPS
    (folder / "2_1960" / "10.wav").unlink()
    (folder / "6_1960" / "51.wav").write_bytes(b"RIFF")  # the second part of a clip
    write_tone(folder / "4_1960" / "30.wav", 0, n_samples=8)
    return {"2_1960/10": "missing", "6_1960/50+51": "unreadable", "4_1960/30": "too_short"}


def test_strict_stops_with_the_reports_written(source, tmp_path):
    broken = break_files(source)
    with pytest.raises(UnusableClipsError, match="3 of 40 clips cannot be used"):
        import_corpus(source, "mmused-csv", tmp_path / "new")
    assert not (tmp_path / "new/metadata.csv").exists()
    found = read_csv(tmp_path / "new/inspection.csv")
    assert {row["clip"]: row["kind"] for row in found} == broken
    assert len(read_csv(tmp_path / "new/dropped.csv")) == 3


def test_skip_drops_records_with_their_labels_and_lists_them(source, tmp_path, capsys):
    broken = break_files(source)
    run_command(source, "--kind", "mmused-csv", "--out", tmp_path / "new", "--on-error", "skip")
    whole = load_mmused_csv(source, tmp_path, check_audio=False)
    compare(load_corpus(tmp_path / "new"), [clip for clip in whole if clip.id not in broken])
    assert {row["kind"] for row in read_csv(tmp_path / "new/dropped.csv")} == set(broken.values())
    assert "3 clips were dropped with their labels, see" in capsys.readouterr().out


def test_headers_find_less(source, tmp_path):
    break_files(source)
    quick = import_corpus(
        source, "mmused-csv", tmp_path / "new", ImportOptions(on_error="skip", inspect="headers")
    )
    assert set(quick.inspection.errors.kind) == {"missing", "unreadable"}


def write_mamkit(tmp_path):
    """MAMKit's two folders: labelled snippets of ten debates, unlabelled speech of these and another."""
    labelled = pd.DataFrame(
        {
            "dialogue_id": [DEBATES[i % 10] for i in range(30)],
            "fallacy": [("Slogans", "AdHominem", "FalseCause")[i // 10] for i in range(30)],
            "snippet": [f"Snippet {i}." for i in range(30)],
            "snippet_indexes": [[i] for i in range(30)],
        }
    )
    speech = pd.DataFrame(
        {
            "dialogue_id": [*DEBATES, "99_2000"],
            "speech": [f"Speech of {debate}." for debate in [*DEBATES, "99_2000"]],
            "speech_indexes": [[0]] * 11,
            "split": ["TRAIN"] * 11,
        }
    )
    for name, frame, column in (
        ("MMUSED-fallacy", labelled, "snippet_indexes"),
        ("MMUSED", speech, "speech_indexes"),
    ):
        for i, row in enumerate(frame.to_dict("records")):
            write_tone(tmp_path / name / "audio_clips" / row["dialogue_id"] / f"{row[column][0]}.wav", i)
        frame.to_parquet(tmp_path / name / "dataset.parquet")
    return tmp_path / "MMUSED-fallacy", tmp_path / "MMUSED"


def test_mamkit_with_unlabelled_speech(tmp_path, capsys):
    labelled, speech = write_mamkit(tmp_path)
    words = (labelled, "--kind", "mamkit", "--task", "afc", "--unlabelled", speech, "--split", "debate")
    assert run_command(*words, "--out", tmp_path / "new") == 0
    clips = load_corpus(tmp_path / "new")
    held_out = {c.group for c in clips if c.split in ("validation", "test")}
    unlabelled = {c.group for c in clips if c.split == "unlabelled"}
    assert unlabelled == {*DEBATES, "99_2000"} - held_out and len(held_out) >= 2
    assert "unlabelled clips left out" in capsys.readouterr().out
    assert {c.id for c in clips if c.group == "99_2000"} == {"MMUSED/99_2000/0"}
    options = ImportOptions("afc", unlabelled=speech)
    everything = import_corpus(labelled, "mamkit", tmp_path / "two", options)
    assert sum(c.split == "unlabelled" for c in everything.clips) == 11 and everything.left_out == {}
    shared = everything.leakage.count(
        "group", "test", "unlabelled"
    )  # told, and left in, by the authors' splits
    assert shared == {"shared": 1, "clips_a": 3, "clips_b": 1}


def test_hf(tmp_path):
    import datasets

    rows = {"path": [], "text": [], "label": []}
    for i in range(24):
        write_tone(tmp_path / f"{i}.wav", i)
        rows["path"].append(str(tmp_path / f"{i}.wav"))
        rows["text"].append(f"text {i}")
        rows["label"].append(("calm", "angry")[i % 2])
    datasets.disable_progress_bars()
    datasets.Dataset.from_dict(rows).save_to_disk(tmp_path / "saved")
    done = import_corpus(tmp_path / "saved", "hf", tmp_path / "new")
    compare(load_corpus(tmp_path / "new"), load_corpus(tmp_path / "saved"))
    assert format_profile(done.clips, tmp_path / "new").endswith("task: label")
    with pytest.raises(ValueError, match="kind='hf' has no use for task, group"):
        import_corpus(tmp_path / "saved", "hf", tmp_path / "two", ImportOptions(task="afc", group="clip"))


def test_what_is_wrong_with_a_call_is_said(source, tmp_path):
    with pytest.raises(ValueError, match="kind='zip': must be one of"):
        import_corpus(source, "zip", tmp_path / "new")
    with pytest.raises(ValueError, match="inspect='no': must be"):
        import_corpus(source, "mmused-csv", tmp_path / "new", ImportOptions(inspect="no"))
    with pytest.raises(ValueError, match="kind='mmused-csv' has no use for authors_csv"):
        import_corpus(source, "mmused-csv", tmp_path / "new", ImportOptions(authors_csv=source))
    with pytest.raises(ValueError, match="say which task, --task afc or --task afd"):
        import_corpus(tmp_path, "mamkit", tmp_path / "new")
    import_corpus(source, "mmused-csv", tmp_path / "new")
    with pytest.raises(FileExistsError, match="metadata.csv: is there already; --overwrite replaces it"):
        run_command(source, "--kind", "mmused-csv", "--out", tmp_path / "new")
    run_command(source, "--kind", "mmused-csv", "--out", tmp_path / "new", "--overwrite", "--split", "debate")
    assert {clip.group for clip in load_corpus(tmp_path / "new")} == set(DEBATES)
