"""The cache of codes is reused and survives damage; shards and the command cover a corpus exactly once."""

import argparse
import csv
from dataclasses import replace

import numpy as np
import pytest

from speechlm_utils.audio import load_audio, normalise_rms
from speechlm_utils.cli.encode import add_encode_command
from speechlm_utils.codec.backends import find_shard, select_shard
from speechlm_utils.codec.cache import encode_clips, fill_cache
from speechlm_utils.corpus.load import load_corpus


@pytest.fixture
def counted(tiny_codec, monkeypatch):
    """The tiny codec, and the list of lengths that it was asked to encode."""
    calls, encode = [], tiny_codec.encode
    monkeypatch.setattr(tiny_codec, "encode", lambda wav: calls.append(len(wav)) or encode(wav))
    return tiny_codec, calls


def test_cached_codes_equal_those_of_each_clip_alone(tiny_corpus, tiny_clips, tiny_codec):
    assert [c.id for c in tiny_clips] == [c.id for c in load_corpus(tiny_corpus)]
    for clip in tiny_clips[::7]:
        assert np.array_equal(clip.codes, tiny_codec.encode(load_audio(clip.audio, 16000)))


def test_cache_is_reused(tiny_corpus, counted, tmp_path):
    codec, calls = counted
    clips = load_corpus(tiny_corpus)[:4]
    first = encode_clips(clips, codec, tmp_path)
    second = encode_clips(clips, codec, tmp_path)
    assert len(calls) == 4
    assert all(np.array_equal(a.codes, b.codes) for a, b in zip(first, second, strict=True))
    assert not list(tmp_path.rglob("*.part*"))


def test_the_same_sound_under_two_ids_is_encoded_once(tiny_corpus, counted, tmp_path):
    codec, calls = counted
    clip = load_corpus(tiny_corpus)[0]
    twins = encode_clips([clip, replace(clip, id="twin")], codec, tmp_path)
    assert len(calls) == 1 and [c.id for c in twins] == [clip.id, "twin"]
    assert np.array_equal(twins[0].codes, twins[1].codes)


def test_damaged_cache_files_are_encoded_again(tiny_corpus, counted, tmp_path):
    codec, calls = counted
    clips = load_corpus(tiny_corpus)[:4]
    first = encode_clips(clips, codec, tmp_path)
    files = sorted(tmp_path.rglob("*.npy"))
    files[0].write_bytes(files[0].read_bytes()[:-50])  # interrupted
    files[1].write_bytes(b"")
    np.save(files[2], np.full((8, 3), 99, dtype=np.int16))  # out of range
    np.save(files[3], np.zeros((3, 3), dtype=np.int16))  # too few layers
    second = encode_clips(clips, codec, tmp_path)
    assert len(calls) == 8
    assert all(np.array_equal(a.codes, b.codes) for a, b in zip(first, second, strict=True))


def test_an_interrupted_run_goes_on_where_it_was(tiny_corpus, counted, tmp_path, monkeypatch):
    codec, calls = counted
    clips, encode = load_corpus(tiny_corpus)[:5], codec.encode

    def stop_at_the_third(wav):
        if len(calls) == 2:
            raise KeyboardInterrupt
        return encode(wav)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(codec, "encode", stop_at_the_third)
        fill_cache(clips, codec, tmp_path)
    report = fill_cache(clips, codec, tmp_path)
    assert len(calls) == 5 and len(report.encoded) == 3 and len(report.paths) == 5


def test_failed_write_leaves_nothing_behind(tiny_corpus, tiny_codec, tmp_path, monkeypatch):
    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("speechlm_utils.files.os.replace", fail)
    with pytest.raises(KeyboardInterrupt):
        encode_clips(load_corpus(tiny_corpus)[:1], tiny_codec, tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_full_disk_stops_the_run_even_where_clips_may_be_skipped(
    tiny_corpus, tiny_codec, tmp_path, monkeypatch
):
    def fail(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr("speechlm_utils.files.os.replace", fail)
    with pytest.raises(OSError, match="no space left"):
        encode_clips(load_corpus(tiny_corpus)[:2], tiny_codec, tmp_path, on_error="skip")


def test_normalised_audio_has_codes_of_its_own(tiny_corpus, tiny_codec, tmp_path):
    clips = load_corpus(tiny_corpus)[:2]
    plain = encode_clips(clips, tiny_codec, tmp_path)
    level = encode_clips(clips, tiny_codec, tmp_path, rms_dbfs=-26.0)
    expected = tiny_codec.encode(normalise_rms(load_audio(clips[0].audio, 16000), -26.0))
    assert np.array_equal(level[0].codes, expected) and not np.array_equal(level[0].codes, plain[0].codes)


def test_several_sound_files_are_one_clip(tiny_corpus, tiny_codec, tmp_path):
    first, second = load_corpus(tiny_corpus)[:2]
    joined = replace(first, audio=(first.audio, second.audio))
    (encoded,) = encode_clips([joined], tiny_codec, tmp_path)
    wav = np.concatenate([load_audio(first.audio, 16000), load_audio(second.audio, 16000)])
    assert np.array_equal(encoded.codes, tiny_codec.encode(wav))


def test_skip_drops_an_unusable_clip_with_its_labels(tiny_corpus, tiny_codec, tmp_path, caplog):
    clips = load_corpus(tiny_corpus)[:4]
    (tmp_path / "bad.wav").write_bytes(b"no sound")
    clips[1] = replace(clips[1], audio=tmp_path / "gone.wav")  # found before, the other while encoding
    clips[2] = replace(clips[2], audio=tmp_path / "bad.wav")
    kept = encode_clips(clips, tiny_codec, tmp_path, on_error="skip")
    assert [(c.id, c.labels) for c in kept] == [(c.id, c.labels) for c in clips[::3]]
    assert "gone.wav" in caplog.text and "bad.wav" in caplog.text


def test_equal_lengths_are_encoded_together(tiny_corpus, tiny_codec, tmp_path, monkeypatch):
    clips = load_corpus(tiny_corpus)
    alone = encode_clips(clips, tiny_codec, tmp_path / "alone")
    sizes, encode = [], tiny_codec.encode_batch
    monkeypatch.setattr(tiny_codec, "encode_batch", lambda wavs: sizes.append(len(wavs)) or encode(wavs))
    monkeypatch.setattr(tiny_codec, "batch_size", 3)
    together = encode_clips(clips, tiny_codec, tmp_path / "batch")
    assert max(sizes) == 3
    same = np.mean([np.mean(a.codes == b.codes) for a, b in zip(alone, together, strict=True)])
    assert same > 0.95  # not 1: sums are rounded otherwise, and the tiny codebooks hold near twins


# --- shards


def test_shards_cover_the_corpus_once_and_are_about_equal(planted_clips):
    parts = [select_shard(planted_clips, f"{k}/6") for k in range(1, 7)]
    ids = [clip.id for part in parts for clip in part]
    assert sorted(ids) == sorted(clip.id for clip in planted_clips)
    assert min(map(len, parts)) > 15  # of 30


def test_a_clip_keeps_its_shard_when_others_come_or_the_order_changes(planted_clips):
    few = {clip.id for clip in select_shard(planted_clips[100:], "2/5")}
    many = {clip.id for clip in select_shard(planted_clips[::-1], "2/5")}
    assert few == many & {clip.id for clip in planted_clips[100:]} != set()
    assert find_shard("clips/0001", 16) == 6  # in this version and in all that follow


@pytest.mark.parametrize("text", ["0/4", "5/4", "3", "3/", "a/b", "-1/4", "1/0"])
def test_bad_shards_are_named(text):
    with pytest.raises(ValueError, match=f"shard '{text}': write it like 3/16"):
        select_shard([], text)


# --- the command


@pytest.fixture
def run(tiny_corpus, tiny_codec_dir, tmp_path, capsys):
    """Run `speechlm encode` on the tiny corpus; returns what it prints."""
    parser = argparse.ArgumentParser()
    add_encode_command(parser.add_subparsers())

    def run_command(*options, corpus=tiny_corpus):
        shared = [
            "encode",
            str(corpus),
            "--codec",
            str(tiny_codec_dir),
            "--cache-dir",
            str(tmp_path / "cache"),
        ]
        args = parser.parse_args([*shared, *options])
        assert args.command(args) == 0
        return capsys.readouterr().out

    return run_command


def test_the_command_encodes_all_shards_and_then_nothing(run, tiny_corpus, tiny_clips, tiny_codec, tmp_path):
    for k in (1, 2, 3):
        text = run("--shard", f"{k}/3")
        n_clips = len(select_shard(tiny_clips, f"{k}/3"))
        assert f"shard {k}/3" in text and f"{n_clips} of 36 clips" in text
        assert f"{n_clips} sounds were encoded" in text and "left out: 0" in text
    report = fill_cache(load_corpus(tiny_corpus), tiny_codec, tmp_path / "cache")
    assert not report.encoded
    text = run()
    hours = sum(clip.codes.shape[1] for clip in tiny_clips) / 50 / 3600
    assert f"36 clips, {hours:.3g} h of speech have codes; nothing was missing" in text


def test_the_command_lists_what_it_leaves_out(run, tiny_corpus, tmp_path):
    broken = tmp_path / "broken"
    (broken / "clips").mkdir(parents=True)
    rows = list(csv.reader((tiny_corpus / "metadata.csv").read_text().splitlines()))[:4]
    for row in rows[1:3]:
        (broken / row[0]).write_bytes((tiny_corpus / row[0]).read_bytes())
    (broken / rows[2][0]).write_bytes(b"no sound")
    with open(broken / "metadata.csv", "w", newline="") as file:
        csv.writer(file).writerows(rows)
    with pytest.raises((OSError, ValueError), match="0001.wav"):
        run(corpus=broken)
    report = tmp_path / "left_out.csv"
    text = run("--on-error", "skip", "--report", str(report), corpus=broken)
    assert "1 of 1 clips" in text and "left out: 2" in text and "0001.wav" in text and "0002.wav" in text
    listed = list(csv.reader(report.read_text().splitlines()))
    assert [row[0] for row in listed] == ["file_name", "clips/0001.wav", "clips/0002.wav"]


def test_a_number_of_processes_that_makes_no_sense_is_refused(tiny_corpus, tiny_codec, tmp_path):
    with pytest.raises(ValueError, match="n_jobs == 0"):
        encode_clips(load_corpus(tiny_corpus), tiny_codec, tmp_path, n_jobs=0)
