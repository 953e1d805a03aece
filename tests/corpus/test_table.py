"""A corpus that is written is read back equal, or not written."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from speechlm_utils.clips import Clip, hash_corpus
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.corpus.table import write_corpus

TEXTS = [
    "彼は「はい」と言った",
    "لا، شكراً",
    'she said "no", twice',
    "first line\nsecond\r\nthird\rfourth",
    "नमस्ते; धन्यवाद|ok",
    " spaces at both ends ",
    "",
    "=1+1",
]


def make_clips(folder):
    """One clip for each text, with every field in use in one and empty in another."""
    clips = []
    for i, text in enumerate(TEXTS):
        audio = folder / f"sounds/{i}.wav"
        clips.append(
            Clip(
                id=f"名前 {i}" if i % 2 else f"sounds/{i}",
                text=text,
                audio=(audio, folder.parent / "elsewhere/x.wav") if i == 3 else audio,
                labels={"stance": "pro, so", "label": "1"} if i % 3 else {"label": "0"},
                split=("train", "validation", "test", "unlabelled")[i % 4],
                speaker='Ann\n"B"' if i % 2 else "",
                group=f"g,{i}",
                planted={"rate": 1 / 3, "my_db": -i * 1e-9} if i % 2 else {},
                phones="AH:0.1-0.2" if i == 5 else "",
                ambiguous=i == 4,
                text_confidence=1 / 3 if i in (2, 6) else None,
            )
        )
    return clips


@pytest.fixture
def written(tmp_path, tiny_corpus):
    """A folder with sound files but no table, and the clips that a table should tell of."""
    folder = tmp_path / "corpus"
    clips = make_clips(folder)
    for path in {
        part for clip in clips for part in (clip.audio if isinstance(clip.audio, tuple) else [clip.audio])
    }:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(tiny_corpus / "clips/0000.wav", path)
    return folder, clips


def test_written_corpus_is_read_back_equal(written):
    folder, clips = written
    path = write_corpus(clips, folder)
    clips = [replace(clip, text=clip.text.strip()) for clip in clips]
    assert path == folder / "metadata.csv" and load_corpus(folder) == clips
    assert "../elsewhere/x.wav" in path.read_text(encoding="utf-8")
    again = [replace(clip, split="test") for clip in clips]
    with pytest.raises(FileExistsError, match=r"metadata\.csv: is there already"):
        write_corpus(again, folder)
    assert load_corpus(folder) == clips
    write_corpus(again, folder, overwrite=True)
    assert load_corpus(folder) == again


def test_table_for_another_folder_leads_to_the_same_files(written, tmp_path, monkeypatch):
    _, clips = written
    write_corpus(clips, tmp_path / "kept/few")
    clips = [replace(clip, text=clip.text.strip()) for clip in clips]
    assert load_corpus(tmp_path / "kept/few") == clips
    monkeypatch.chdir(tmp_path)
    relative = [Clip("0", "x", Path("corpus/sounds/0.wav"), group="g")]
    write_corpus(relative, "other")
    assert load_corpus("other") == relative


def test_demo_like_corpus_is_read_back_equal(tiny_corpus, tmp_path):
    clips = load_corpus(tiny_corpus)
    write_corpus(clips, tmp_path)
    assert load_corpus(tmp_path) == clips and hash_corpus(load_corpus(tmp_path)) == hash_corpus(clips)


def test_numbers_as_labels_stay_labels(written):
    folder, clips = written
    clips = [replace(c, text="x", labels={"age": str(i)}, planted={"age_db": i}) for i, c in enumerate(clips)]
    write_corpus(clips, folder)
    assert load_corpus(folder) == load_corpus(folder, tasks=["age"]) == clips


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"audio": Path("sounds/a|b.wav")}, "would be read as another clip"),
        ({"labels": {"label": ""}}, "would be read as another clip"),
        ({"labels": {"text": "x"}}, r"\['text'\]: the name means another column"),
        ({"labels": {"my_db": "x"}, "planted": {"my_db": 1.0}}, r"\['my_db'\]"),
        ({"labels": {"planted_x": "1"}}, r"\['planted_x'\]"),
        ({"labels": {"Label": "1"}}, "column 'Label' is nearly 'label'"),
        ({"planted": {"my_db": float("nan")}}, "my_db='nan' is how a program writes a missing value"),
        ({"split": "dev"}, "would be read as another clip"),
        ({"split": "eval"}, "clip 'sounds/2': split='eval'"),
        ({"id": "sounds/1"}, "clip id 'sounds/1' occurs more than once"),
    ],
)
def test_what_cannot_be_read_back_is_not_written(tmp_path, change, part):
    clips = [Clip("sounds/1", "a", tmp_path / "sounds/1.wav", group="g")]
    clips.append(replace(clips[0], id="sounds/2", audio=tmp_path / "sounds/2.wav"))
    write_corpus(clips, tmp_path / "fine")
    clips[1] = replace(clips[1], **change)
    with pytest.raises(ValueError, match=part):
        write_corpus(clips, tmp_path)
    assert not (tmp_path / "metadata.csv").exists()
    with pytest.raises(ValueError, match="no clips"):
        write_corpus([], tmp_path)
