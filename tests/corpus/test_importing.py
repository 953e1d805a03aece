"""An import reads, inspects and writes a corpus; its options decide what is dropped, held out and grouped."""

import pytest
from emodb_files import write_emodb
from import_files import (
    DEBATES,
    break_files,
    compare,
    read_csv,
    write_mamkit,
    write_source,
    write_tone,
)

from speechlm_utils.corpus.emodb import load_emodb
from speechlm_utils.corpus.importing import ImportOptions, format_profile, import_corpus, name_profile
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.corpus.mmused import load_mmused_csv
from speechlm_utils.corpus.report import UnusableClipsError


@pytest.fixture
def source(tmp_path):
    return write_source(tmp_path)


def test_by_debate_the_groups_are_debates(source, tmp_path):
    done = import_corpus(source, "mmused-csv", tmp_path / "new", ImportOptions(split="debate", seed=2))
    compare(load_corpus(tmp_path / "new"), load_mmused_csv(source, tmp_path, split="debate", seed=2))
    assert {clip.group for clip in done.clips} == set(DEBATES) and done.leakage.leaks.empty


def test_strict_stops_with_the_reports_written(source, tmp_path):
    broken = break_files(source)
    with pytest.raises(UnusableClipsError, match="3 of 40 clips cannot be used"):
        import_corpus(source, "mmused-csv", tmp_path / "new")
    assert not (tmp_path / "new/metadata.csv").exists()
    found = read_csv(tmp_path / "new/inspection.csv")
    assert {row["clip"]: row["kind"] for row in found} == broken
    assert len(read_csv(tmp_path / "new/dropped.csv")) == 3


def test_unlabelled_speech_stays_whole_by_the_authors_splits(tmp_path):
    labelled, speech = write_mamkit(tmp_path)
    options = ImportOptions("afc", unlabelled=speech)
    everything = import_corpus(labelled, "mamkit", tmp_path / "two", options)
    assert sum(c.split == "unlabelled" for c in everything.clips) == 11 and everything.left_out == {}
    shared = everything.leakage.leaks.query("what == 'group' and split_a == 'test'").iloc[0]
    assert list(shared)[:-1] == ["group", "test", "unlabelled", 1, 3, 1]  # told, and left in


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
    with pytest.raises(ValueError, match="kind='hf' has no use for task, audio_root"):
        import_corpus(tmp_path / "saved", "hf", tmp_path / "two", ImportOptions("afc", tmp_path))


def test_emodb_keeps_its_splits_and_groups(tmp_path):
    folder = write_emodb(tmp_path / "emodb")
    done = import_corpus(folder, "emodb", tmp_path / "new")
    clips = load_corpus(tmp_path / "new")
    compare(clips, load_emodb(folder))
    assert len(clips) == 70 and all(clip.group == clip.speaker for clip in clips)
    assert set(done.leakage.leaks.what) == {"text"}


def test_a_profile_that_was_edited_stays(tmp_path):
    folder, profile = write_emodb(tmp_path / "emodb"), tmp_path / "new" / "new.yml"
    done = import_corpus(folder, "emodb", tmp_path / "new")
    assert profile == name_profile(tmp_path / "new")
    assert profile.read_text() == format_profile(done.clips, tmp_path / "new") + "\n"
    profile.write_text("all: {clips_per_split: null}")
    import_corpus(folder, "emodb", tmp_path / "new", ImportOptions(overwrite=True))
    assert profile.read_text() == "all: {clips_per_split: null}"


def test_what_is_wrong_with_a_call_is_said(source, tmp_path):
    with pytest.raises(ValueError, match="kind='zip': must be one of"):
        import_corpus(source, "zip", tmp_path / "new")
    with pytest.raises(ValueError, match="kind='mamkit' has no use for audio_root"):
        import_corpus(tmp_path, "mamkit", tmp_path / "new", ImportOptions("afc", audio_root=tmp_path))
    options = ImportOptions(split="authors", seed=0)
    for kind in ("emodb", "hf"):
        with pytest.raises(ValueError, match=f"kind='{kind}' has no use for split, seed"):
            import_corpus(tmp_path, kind, tmp_path / "new", options)
    with pytest.raises(ValueError, match="say which task, --task afc or --task afd"):
        import_corpus(tmp_path, "mamkit", tmp_path / "new")
