"""Corpora to import that tests write, in the authors' and in MAMKit's form, with their sounds."""

import csv

import numpy as np
import pandas as pd
import soundfile
from mmused_files import CLIPS, write_csv

DEBATES = [f"{i}_1960" for i in range(1, 10)] + ["47_2024"]


def write_tone(path, seed, n_samples=3200):
    path.parent.mkdir(parents=True, exist_ok=True)
    tone = np.sin(np.arange(n_samples) * (0.05 + 0.003 * seed)).astype(np.float32)
    soundfile.write(path, 0.2 * tone, 16000)


def write_source(tmp_path):
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


def break_files(source):
    """Break three records; returns their ids and what is wrong."""
    folder = source.parent / CLIPS
    (folder / "2_1960" / "10.wav").unlink()
    (folder / "6_1960" / "51.wav").write_bytes(b"RIFF")  # the second part of a clip
    write_tone(folder / "4_1960" / "30.wav", 0, n_samples=8)
    return {"2_1960/10": "missing", "6_1960/50+51": "unreadable", "4_1960/30": "too_short"}


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


def read_csv(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def compare(clips, expected):
    """Assert that clips read from the new folder are those of the source, whatever their paths look like."""

    def show(clip):
        audio = clip.audio if isinstance(clip.audio, tuple) else (clip.audio,)
        return clip.id, clip.text, clip.labels, clip.split, clip.speaker, [file.resolve() for file in audio]

    assert [show(clip) for clip in clips] == [show(clip) for clip in expected]
