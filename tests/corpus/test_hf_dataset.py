"""A saved dataset of the library `datasets` gives the clips that a metadata.csv of the same rows gives."""

import datasets
import numpy as np
import pytest
import soundfile

from speechlm_utils.audio import hash_file, load_audio
from speechlm_utils.corpus.hf_dataset import load_hf_dataset
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.corpus.table import write_corpus

TEXTS = ("ναι, βέβαια", "όχι", "今日は", "да", "yes", "no", "oui", "non")


@pytest.fixture(autouse=True)
def quiet():
    datasets.disable_progress_bars()
    yield
    datasets.enable_progress_bars()


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    """Eight sound files of three kinds and rates; two of them stereo."""
    folder = tmp_path_factory.mktemp("sounds")
    files = []
    for i in range(8):
        rate, ending = ((16000, "wav"), (44100, "flac"), (24000, "ogg"))[i % 3]
        wav = np.sin(np.arange(rate // 5) * (0.02 + 0.01 * i)).astype(np.float32) * 0.3
        files.append(folder / f"{i}.{ending}")
        soundfile.write(files[-1], np.stack([wav, 0 * wav], 1) if i > 5 else wav, rate)
    return files


def make_dataset(files, **columns):
    """Rows with a ClassLabel and, where the files are given, a column of type Audio."""
    rows = {"audio": list(map(str, files)), "text": list(TEXTS[: len(files)])}
    rows["label"] = [i % 2 for i in range(len(files))]
    dataset = datasets.Dataset.from_dict(rows | columns)
    dataset = dataset.cast_column("label", datasets.ClassLabel(names=["calm", "angry"]))
    return dataset.cast_column("audio", datasets.Audio())


def test_a_dataset_dict_with_sound_inside(sounds, tmp_path):
    parts = {"train": sounds[:4], "dev": sounds[4:6], "test": sounds[6:]}
    columns = {
        "speaker": ["anna", "ben", None, "cleo"],
        "group": ["a", "a", "b", "c"],
        "planted_db": [30, 41, None, 5],
    }
    made = {
        name: make_dataset(files, **{key: values[: len(files)] for key, values in columns.items()})
        for name, files in parts.items()
    }
    datasets.DatasetDict(made).save_to_disk(tmp_path / "saved")
    clips = load_corpus(tmp_path / "saved")
    assert [c.split for c in clips] == ["train"] * 4 + ["validation"] * 2 + ["test"] * 2
    assert [c.text for c in clips] == [*TEXTS[:4], *TEXTS[:2], *TEXTS[:2]]
    assert [c.labels["label"] for c in clips] == ["calm", "angry"] * 4
    assert [c.speaker for c in clips[:4]] == ["anna", "ben", "", "cleo"]
    assert [c.group for c in clips[:4]] == ["a", "a", "b", "c"]
    assert [c.planted for c in clips[:4]] == [{"db": 30.0}, {"db": 41.0}, {}, {"db": 5.0}]
    assert [c.id for c in clips] == [str(i) for i in range(8)]
    for clip, file in zip(clips, sounds, strict=True):
        assert hash_file(clip.audio) == hash_file(file) and clip.audio.suffix == file.suffix
        assert clip.audio.parent == tmp_path / "saved_audio"
        assert np.array_equal(load_audio(clip.audio, 16000), load_audio(file, 16000))


def test_sounds_are_written_once(sounds, tmp_path):
    files = [*sounds[:3], sounds[0]]
    make_dataset(files, split=["train", "train", "test", "test"]).save_to_disk(tmp_path / "saved")
    clips = load_hf_dataset(tmp_path / "saved")
    written = sorted((tmp_path / "saved_audio").iterdir())
    assert len(written) == 3 and clips[0].audio == clips[3].audio
    assert [c.id for c in clips] == ["row/000000", "row/000001", "row/000002", "row/000003"]  # names repeat
    stamps = [file.stat().st_mtime_ns for file in written]
    written[1].write_bytes(b"cut off")
    assert load_hf_dataset(tmp_path / "saved") == clips
    assert [hash_file(c.audio) for c in clips] == [hash_file(file) for file in files]
    assert written[0].stat().st_mtime_ns == stamps[0]


def test_the_same_clips_as_the_audio_folder_it_becomes(sounds, tmp_path):
    make_dataset(sounds, split=["train"] * 8, id=[f"clip {i}" for i in range(8)]).save_to_disk(
        tmp_path / "saved"
    )
    clips = load_corpus(tmp_path / "saved")
    write_corpus(clips, tmp_path / "folder")
    again = load_corpus(tmp_path / "folder")
    assert [c.id for c in again] == [f"clip {i}" for i in range(8)]
    assert [(c.id, c.text, c.labels, c.split, c.audio.resolve()) for c in again] == [
        (c.id, c.text, c.labels, c.split, c.audio.resolve()) for c in clips
    ]


def test_a_dataset_of_paths_without_splits(sounds, tmp_path):
    rows = {
        "file_name": [*map(str, sounds[:7]), "|".join(map(str, sounds[6:]))],
        "text": list(TEXTS),
        "mood": ["calm", "angry"] * 4,
        "ambiguous": [True, False] * 4,
        "words": [text.split() for text in TEXTS],
    }
    datasets.Dataset.from_dict(rows).save_to_disk(tmp_path / "saved")
    clips = load_hf_dataset(tmp_path / "saved")
    assert {c.split for c in clips} == {"train", "validation", "test"}
    assert [c.audio for c in clips] == [*sounds[:7], (sounds[6], sounds[7])]
    assert [c.labels for c in clips] == [{"mood": mood} for mood in rows["mood"]]
    assert [c.ambiguous for c in clips] == rows["ambiguous"] and clips[0].group == "ναι βέβαια"
    assert len(load_audio(clips[-1].audio, 16000)) == sum(len(load_audio(file, 16000)) for file in sounds[6:])
    assert not (tmp_path / "saved_audio").exists()


def test_a_column_that_is_not_read_is_told(sounds, tmp_path, caplog):
    make_dataset(sounds[:3], split=["train"] * 3, words=[["a"], ["b"], []]).save_to_disk(tmp_path / "saved")
    load_hf_dataset(tmp_path / "saved")
    assert "not read: ['words']" in caplog.text


def test_a_row_without_sound_or_label_is_kept_and_then_listed(sounds, tmp_path):
    dataset = make_dataset(sounds[:3], split=["train"] * 3)
    cells = dataset.cast_column("audio", datasets.Audio(decode=False)).to_dict()
    cells["audio"][1], cells["label"] = None, [0, 1, None]
    empty = datasets.Dataset.from_dict(cells).cast_column("audio", datasets.Audio())
    empty = empty.cast_column("label", datasets.ClassLabel(names=["calm", "angry"]))
    empty.save_to_disk(tmp_path / "saved")
    clips = load_hf_dataset(tmp_path / "saved")
    assert [c.labels for c in clips] == [{"label": "calm"}, {"label": "angry"}, {}]
    with pytest.raises(FileNotFoundError, match="row-000001 has no sound"):
        load_corpus(tmp_path / "saved")
    kept = load_corpus(tmp_path / "saved", on_error="skip", report=tmp_path / "dropped.csv")
    assert [c.labels for c in kept] == [{"label": "calm"}, {}]
    assert "row-000001 has no sound,missing," in (tmp_path / "dropped.csv").read_text()


def test_tasks_may_be_named(sounds, tmp_path):
    make_dataset(sounds[:3], split=["train"] * 3, score=[1, 2, 3]).save_to_disk(tmp_path / "saved")
    assert load_corpus(tmp_path / "saved", tasks=["score"])[2].labels == {"score": "3"}
    with pytest.raises(ValueError, match=r"no task column \['stance'\]"):
        load_corpus(tmp_path / "saved", tasks=["stance"])


def save(dataset, folder):
    dataset.save_to_disk(folder)
    return folder


def test_bad_datasets_are_named(sounds, tmp_path):
    good = make_dataset(sounds[:2])
    with pytest.raises(ValueError, match=r"no column 'text'; there are .*'words'"):
        load_hf_dataset(save(good.rename_column("text", "words"), tmp_path / "a"))
    with pytest.raises(ValueError, match="no column of type Audio and none of paths"):
        load_hf_dataset(save(good.remove_columns("audio"), tmp_path / "b"))
    two = good.add_column("noise", list(map(str, sounds[:2]))).cast_column("noise", datasets.Audio())
    with pytest.raises(ValueError, match=r"several columns of sound, \['audio', 'noise'\]"):
        load_hf_dataset(save(two, tmp_path / "c"))
    with pytest.raises(ValueError, match="later/000000: split='later'"):
        load_hf_dataset(save(datasets.DatasetDict({"later": good}), tmp_path / "d"))
    with pytest.raises(ValueError, match="id 'x' occurs more than once"):
        load_hf_dataset(save(good.add_column("id", ["x", "x"]), tmp_path / "e"))
    with pytest.raises(FileNotFoundError, match="gone: no such folder"):
        load_hf_dataset(tmp_path / "gone")
    (tmp_path / "g").mkdir()
    (tmp_path / "g" / "state.json").write_text("{}")
    with pytest.raises(ValueError, match="no dataset that save_to_disk wrote"):
        load_corpus(tmp_path / "g")
