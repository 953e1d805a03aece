"""EmoDB's file names tell speaker, sentence and emotion; what they do not tell is refused by name."""

import logging
from collections import Counter

import numpy as np
import pytest
from emodb_files import ALL_EMOTIONS, ALL_SPEAKERS, write_emodb

from speechlm_utils.clips import groups, label_ids, label_names
from speechlm_utils.corpus.emodb import load_emodb
from speechlm_utils.corpus.leakage import find_leakage
from speechlm_utils.selection.stability import split_folds

# name, speaker, split, emotion, the first and the last word
KNOWN = (
    ("03a01Fa", "03", "train", "happiness", "Der", "Eisschrank."),
    ("08a02Wb", "08", "train", "anger", "Das", "abgeben."),
    ("09a04La", "09", "train", "boredom", "Heute", "sagen."),
    ("10a05Ea", "10", "train", "disgust", "Das", "Holzstück."),
    ("11a07Ac", "11", "train", "fear", "In", "sein."),
    ("12b01Td", "12", "test", "sadness", "Was", "stehen."),
    ("13b02Na", "13", "validation", "neutral", "Sie", "runter."),
    ("14b03Wf", "14", "test", "anger", "An", "besucht."),
    ("15b09Fe", "15", "test", "happiness", "Ich", "gehen."),
    ("16b10Lb", "16", "test", "boredom", "Die", "hinlegen."),
)


def describe(clip):
    words = clip.text.split()
    return clip.id, clip.speaker, clip.split, clip.labels["emotion"], words[0], words[-1]


def test_names_tell_all_there_is(tmp_path):
    clips = load_emodb(write_emodb(tmp_path / "wav", [f"{name}.wav" for name, *_ in KNOWN]))
    assert [describe(clip) for clip in clips] == list(KNOWN)
    assert [clip.audio for clip in clips] == [tmp_path / "wav" / f"{name}.wav" for name, *_ in KNOWN]
    assert len({clip.text for clip in clips}) == 10 and all(set(clip.labels) == {"emotion"} for clip in clips)


def test_the_archives_folder_or_that_of_the_files(tmp_path):
    write_emodb(tmp_path / "wav", ["03a01Fa.wav"])
    write_emodb(tmp_path / "lablaut", ["03a01Fa.lablaut.wav"])  # beside it, not looked at
    assert load_emodb(tmp_path) == load_emodb(tmp_path / "wav")


def test_either_case_is_read_as_one_clip(tmp_path):
    (clip,) = load_emodb(write_emodb(tmp_path / "WAV", ["03A01fA.WAV"]).parent)
    assert describe(clip)[:4] == KNOWN[0][:4]
    write_emodb(tmp_path / "WAV", ["03a01Fa.wav"])
    with pytest.raises(ValueError, match=r"03a01Fa.wav: is clip 03a01Fa, and so is .*03A01fA.WAV; keep one"):
        load_emodb(tmp_path)


def test_voices_stay_whole(tmp_path):
    """All ten sentences occur with every speaker: the unit of folds and intervals is the voice."""
    clips = load_emodb(write_emodb(tmp_path))
    assert Counter(clip.group for clip in clips) == dict.fromkeys(ALL_SPEAKERS, len(ALL_EMOTIONS))
    names = label_names(clips, "emotion")
    speakers = np.array([clip.speaker for clip in clips])
    for train, test in split_folds(label_ids(clips, "emotion", names), groups(clips), 5):
        assert not set(speakers[train]) & set(speakers[test]) and len(set(speakers[test])) == 2
    assert set(find_leakage(clips).leaks.what) == {"text"}  # by design, and told


@pytest.mark.parametrize(
    "name, said",
    [
        ("07a01Fa.wav", r"07a01Fa.wav: speaker '07' is none of \['03', '08'"),
        ("03a03Fa.wav", r"03a03Fa.wav: sentence 'a03' is none of \['a01', 'a02'"),
        ("03c01Fa.wav", r"03c01Fa.wav: sentence 'c01' is none of"),
        ("03a01Xa.wav", r"03a01Xa.wav: emotion 'X' is none of \['A', 'E', 'F', 'L', 'N', 'T', 'W'\]"),
        ("03a01F.wav", "'03a01F' is no name of the form 03a01Fa: speaker"),
        ("03a01F1.wav", "is no name of the form 03a01Fa"),
        ("03a01Fa (1).wav", r"'03a01Fa \(1\)' is no name"),
        ("٠٣a01Fa.wav", "is no name of the form"),  # digits, but not those of a name
        ("angry_03.wav", "'angry_03' is no name of the form"),
    ],
)
def test_a_name_that_tells_something_else_is_refused(tmp_path, name, said):
    write_emodb(tmp_path, ["03a01Fa.wav", name])
    with pytest.raises(ValueError, match=said):
        load_emodb(tmp_path)


def test_what_is_left_out_or_missing_is_told(tmp_path, caplog):
    write_emodb(tmp_path, ["03a01Fa.wav", "._03a01Fa.wav", ".hidden.wav"])
    (tmp_path / "erkennung.txt").write_text("")
    with caplog.at_level(logging.WARNING):
        assert [clip.id for clip in load_emodb(tmp_path)] == ["03a01Fa"]
    others, count = caplog.messages
    assert "left out: ['._03a01Fa.wav', '.hidden.wav', 'erkennung.txt']" in others
    assert count.endswith("holds 1 clips; the published database has 535")


def test_no_files_and_no_folder_say_what_is_expected(tmp_path):
    expected = r"expected EmoDB's folder with wav/03a01Fa.wav and so on"
    with pytest.raises(ValueError, match=f"{tmp_path}: holds no WAV file; {expected}"):
        load_emodb(tmp_path)
    (tmp_path / "wav").mkdir()
    write_emodb(tmp_path / "wav", ["._03a01Fa.wav"])
    with pytest.raises(ValueError, match=f"wav: holds no WAV file; {expected}"):
        load_emodb(tmp_path)
    with pytest.raises(FileNotFoundError, match=f"nowhere: no such folder; {expected}"):
        load_emodb(tmp_path / "nowhere")
    (tmp_path / "download.zip").write_bytes(b"PK")
    with pytest.raises(ValueError, match=f"download.zip: is a file; unpack the archive: {expected}"):
        load_emodb(tmp_path / "download.zip")
