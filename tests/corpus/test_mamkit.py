"""MAMKit's folder gives the clips of the CSV; its pickle is never loaded."""

import os
import pickle
from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import soundfile
from mmused_files import FOLDER, load_texts, needs_mmused, write_csv

from speechlm_utils.audio import list_parts, load_audio
from speechlm_utils.corpus.mamkit import load_mamkit, load_mamkit_speech
from speechlm_utils.corpus.mmused import LABELS, load_mmused_csv

CLIPS = "MMUSED-fallacy/audio_clips"
FALLACIES = ("AppealtoEmotion", "AppealtoAuthority", "AdHominem", "FalseCause", "Slipperyslope", "Slogans")
AFC_ROWS = (
    f"train,0, They are all afraid!,{CLIPS}/7_1976/3.wav,0",
    f'val,0,"Ask the experts, I did.",{CLIPS}/7_1976/9.wav|{CLIPS}/7_1976/4.wav|{CLIPS}/7_1976/11.wav,1',
    f"train,1,Sí — “We” win!,{CLIPS}/8_1980/2.wav,5",
    f"test,0,First a tax. ,{CLIPS}/47_2024/2.wav|{CLIPS}/47_2024/3.wav,4",
)
DEBATES = {"7_1976": 12, "8_1980": 4, "47_2024": 4}  # sentences, numbered from 1


def make_frame(clips):
    """The columns of MAMKit's table for the clips of an AFC file; every debate has a few more sentences."""
    rows = []
    for clip in clips:
        files = list_parts(clip.audio)
        numbers = [int(file.stem) for file in files]
        fallacy = FALLACIES[LABELS["afc"].index(clip.labels["fallacy"])]
        rows.append(
            {
                "dialogue_id": clip.group,
                "filename": f"{clip.group}.txt",
                "fallacy": fallacy,
                "snippet": clip.text,
                "snippet_indexes": numbers,
                "snippet_sentences": [f"Sentence {n}." for n in numbers],
                "snippet_start_time": [1.5 * n for n in numbers],
                "dialogue_indexes": list(range(1, 1 + DEBATES.get(clip.group, 0))),
                "dialogue_sentences": [f"Sentence {n}." for n in range(1, 1 + DEBATES.get(clip.group, 0))],
            }
        )
    return pd.DataFrame(rows)


@pytest.fixture
def corpus(tmp_path):
    """Both forms of one small corpus: the CSV file and MAMKit's folder with its sounds."""
    csv = write_csv(tmp_path, *AFC_ROWS)
    for debate, n in DEBATES.items():
        (tmp_path / CLIPS / debate).mkdir(parents=True)
        for i in range(1, n + 1):
            wav = np.full(160 + i, i / 100, dtype=np.float32)
            soundfile.write(tmp_path / CLIPS / debate / f"{i}.wav", wav, 16000, subtype="FLOAT")
    folder = tmp_path / "MMUSED-fallacy"
    make_frame(load_texts(csv)).to_parquet(folder / "dataset.parquet")
    return csv, folder


def test_afc_equals_the_csv(corpus):
    csv, folder = corpus
    expected = load_mmused_csv(csv, folder.parent)
    clips = load_mamkit(folder, "afc")
    assert [c.split for c in expected] == ["train", "validation", "train", "test"]
    assert [c.split for c in clips] == ["train", "train", "train", "test"]
    assert clips == [replace(c, split=c.split.replace("validation", "train")) for c in expected]
    wav = load_audio(clips[1].audio, 16000)  # sentences 9, 4, 11 in this order
    assert [len(wav), *np.round(wav[[0, 169, 333]], 2)] == pytest.approx([169 + 164 + 171, 0.09, 0.04, 0.11])


@needs_mmused
def test_real_afc_equals_the_csv(tmp_path):
    csv = FOLDER / "dataset_combined_afc.csv"
    folder = tmp_path / "MMUSED-fallacy"
    folder.mkdir()
    expected = load_mmused_csv(csv, tmp_path)
    frame = make_frame(expected).sample(frac=1, random_state=0)  # MAMKit's order is another
    frame.to_parquet(folder / "dataset.parquet")
    clips = load_mamkit(folder, "afc")
    expected = [replace(c, split=c.split.replace("validation", "train")) for c in expected]
    assert sorted(clips, key=lambda c: c.id) == sorted(expected, key=lambda c: c.id)
    by_debate = load_mamkit(folder, "afc", split="debate", seed=3)
    same = load_mmused_csv(csv, tmp_path, split="debate", seed=3)
    assert {c.id: c.split for c in by_debate} == {c.id: c.split for c in same}


def test_afd_has_every_sentence_once(corpus):
    """Three snippets in 20 sentences; pairing sentences with rows would give four clips."""
    _, folder = corpus
    clips = load_mamkit(folder, "afd")
    assert len(clips) == 20 and len({c.id for c in clips}) == 20
    fallacious = {c.id for c in clips if c.labels == {"detection": "fallacious"}}
    assert fallacious == {
        "7_1976/3",
        "7_1976/9",
        "7_1976/4",
        "7_1976/11",
        "8_1980/2",
        "47_2024/2",
        "47_2024/3",
    }
    assert {c.labels["detection"] for c in clips} == set(LABELS["afd"])
    clip = next(c for c in clips if c.id == "7_1976/11")
    assert clip.text == "Sentence 11." and clip.audio == folder / "audio_clips/7_1976/11.wav"
    assert Counter(c.split for c in clips) == {"train": 16, "test": 4}


def test_afd_keeps_sentences_that_only_a_snippet_lists(corpus):
    csv, folder = corpus
    frame = make_frame(load_texts(csv))
    frame.at[2, "snippet_indexes"] = [2, 77]
    frame.at[2, "snippet_sentences"] = ["Sentence 2.", "A late one."]
    frame.to_parquet(folder / "dataset.parquet")
    (late,) = [c for c in load_mamkit(folder, "afd") if c.text == "A late one."]
    assert late.id == "8_1980/77" and late.labels == {"detection": "fallacious"}


def test_rows_that_repeat_are_kept_once_and_others_get_their_own_id(corpus, caplog):
    csv, folder = corpus
    frame = make_frame(load_texts(csv))
    other = frame.iloc[[0]].assign(fallacy="Slogans")
    pd.concat([frame, frame.iloc[[0]], other]).to_parquet(folder / "dataset.parquet")
    clips = load_mamkit(folder, "afc")
    assert [c.id for c in clips if c.group == "7_1976"] == ["7_1976/3", "7_1976/3~2", "7_1976/9+4+11"]
    assert [c.labels["fallacy"] for c in clips][:2] == ["appeal_to_emotion", "slogans"]
    assert "1 rows repeat another row" in caplog.text and "1 rows differ from another only" in caplog.text


BAD_CELLS = [
    ("afc", "fallacy", "Strawman", r"row 0: fallacy='Strawman' is not one of"),
    ("afc", "snippet", 3.5, r"row 0: snippet: expected a text, got 3.5"),
    ("afc", "snippet", None, r"row 0: snippet: expected a text, got None"),
    ("afc", "snippet_indexes", "3", r"row 0: snippet_indexes: expected a list, got '3'"),
    ("afc", "snippet_indexes", None, r"row 0: snippet_indexes: expected a list, got None"),
    ("afd", "dialogue_sentences", [None] * 12, r"row 0: dialogue_sentences: expected a list, got .*None"),
    ("afc", "snippet_indexes", ["x"], r"row 0: expected a list of sentence numbers, got \['x'\]"),
    ("afc", "snippet_indexes", [], r"row 0: the list of sentences of 7_1976 is empty"),
    ("afc", "dialogue_id", "../../etc", r"row 0: dialogue_id='../../etc' is no name of a folder"),
    ("afd", "dialogue_sentences", ["Only one."], r"row 0: 12 dialogue_indexes but 1 dialogue_sentences"),
    (
        "afd",
        "snippet_sentences",
        ["Other."],
        r"row 0: .*7_1976/3.wav says 'Other.', above it says 'Sen",
    ),
]


@pytest.mark.parametrize(("task", "column", "value", "message"), BAD_CELLS)
def test_a_bad_cell_is_named(task, column, value, message, corpus):
    csv, folder = corpus
    frame = make_frame(load_texts(csv)).astype(object)
    frame[column] = [value] * len(frame)  # a column of a Parquet file has one type
    frame.to_parquet(folder / "dataset.parquet")
    with pytest.raises(ValueError, match=message):
        load_mamkit(folder, task)


def test_a_bad_folder_or_task_is_named(corpus, tmp_path):
    _, folder = corpus
    with pytest.raises(FileNotFoundError, match="dataset.parquet: no such file$"):
        load_mamkit(tmp_path, "afc")
    with pytest.raises(ValueError, match="task='fallacy': must be one of"):
        load_mamkit(folder, "fallacy")
    pd.DataFrame({"snippet": ["a"]}).to_parquet(folder / "dataset.parquet")
    with pytest.raises(ValueError, match=r"no column \['dialogue_id', 'fallacy', 'snippet_indexes'\]"):
        load_mamkit(folder, "afc")


class Touch:
    """Pickled, it makes a file when it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def test_a_pickle_is_never_loaded_and_the_error_says_how_to_convert_it(corpus, tmp_path):
    _, folder = corpus
    (folder / "dataset.parquet").unlink()
    (folder / "dataset.pkl").write_bytes(pickle.dumps(Touch(tmp_path / "owned")))
    for load in (load_mamkit_speech, lambda folder: load_mamkit(folder, "afc")):
        with pytest.raises(FileNotFoundError, match="dataset.parquet: no such file, only a pickle") as error:
            load(folder)
    assert not (tmp_path / "owned").exists()
    line = str(error.value).splitlines()[-1]
    assert line.startswith("import pandas; pandas.read_pickle(") and str(folder) in line
    make_frame(load_texts(corpus[0])).to_pickle(folder / "dataset.pkl")
    exec(line)
    assert len(load_mamkit(folder, "afc")) == 4


def test_what_is_no_parquet_is_named(corpus):
    _, folder = corpus
    (folder / "dataset.parquet").write_bytes(b"no table")
    with pytest.raises(ValueError, match=r"dataset\.parquet: no Parquet file"):
        load_mamkit(folder, "afc")


def test_unlabelled_speech_is_the_train_part(corpus, tmp_path):
    folder = tmp_path / "MMUSED"
    folder.mkdir()
    frame = pd.DataFrame(
        {
            "dialogue_id": ["7_1976", "7_1976", "7_1976", "8_1980", "9_1980"],
            "speech": [" Good evening.", "We begin.", "We begin.", "Later.", "Last."],
            "speech_indexes": [[1], [2, 3], [2, 3], [1], [4]],
            "component": ["O", "Premise", "Claim", "O", "O"],
            "split": ["TRAIN", "TRAIN", "TRAIN", "VALIDATION", "TEST"],
        }
    )
    frame.to_parquet(folder / "dataset.parquet")
    clips = load_mamkit_speech(folder)
    assert [(c.id, c.text) for c in clips] == [
        ("MMUSED/7_1976/1", "Good evening."),
        ("MMUSED/7_1976/2+3", "We begin."),
    ]
    assert {c.split for c in clips} == {"unlabelled"} and all(c.labels == {} for c in clips)
    assert clips[1].audio == tuple(folder / f"audio_clips/7_1976/{n}.wav" for n in (2, 3))
