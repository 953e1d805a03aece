"""The cache of codes is reused and survives damage."""

from dataclasses import replace

import numpy as np
import pytest

from speechlm_utils.audio import load_audio, normalise_rms
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


def test_a_number_of_processes_that_makes_no_sense_is_refused(tiny_corpus, tiny_codec, tmp_path):
    with pytest.raises(ValueError, match="n_jobs == 0"):
        encode_clips(load_corpus(tiny_corpus), tiny_codec, tmp_path, n_jobs=0)
