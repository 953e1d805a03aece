"""Processes and a Dask cluster write the codes that one process writes, and a second run encodes nothing."""

import os
import pickle
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from joblib import parallel_config, register_parallel_backend
from joblib.parallel import BACKENDS

from speechlm_utils.codec import backends, cache
from speechlm_utils.codec.backends import find_shard, select_shard
from speechlm_utils.codec.cache import encode_clips, fill_cache
from speechlm_utils.codec.load import load_codec, load_once
from speechlm_utils.corpus.load import load_corpus


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """Two Dask workers, each a process of its own."""
    distributed = pytest.importorskip("distributed", reason="the extra `scale` is not installed")
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    folder = tmp_path_factory.mktemp("dask")
    cluster = distributed.LocalCluster(**options, local_directory=str(folder))
    with cluster, distributed.Client(cluster) as client:
        yield client


@pytest.fixture(autouse=True)
def few_are_enough(monkeypatch):
    """Start processes for the few files of a test, too."""
    monkeypatch.setattr(backends, "MIN_JOBS", 1)


@pytest.fixture
def corpus(tiny_corpus, monkeypatch):
    """The 36 clips with paths relative to the working folder, which workers do not share."""
    monkeypatch.chdir(tiny_corpus.parent)
    return load_corpus(tiny_corpus.name)


def read_cache(folder):
    """Name -> bytes of every file in the cache."""
    return {path.name: path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def expected(tiny_corpus, tiny_codec, tmp_path_factory):
    """The cache as one process writes it."""
    folder = tmp_path_factory.mktemp("one")
    fill_cache(load_corpus(tiny_corpus), tiny_codec, folder)
    return read_cache(folder)


class WithoutGenerators(BACKENDS["loky"]):
    """A backend that returns all results at once, as Ray's does."""

    supports_return_generator = False


@pytest.fixture(params=["loky", "without_generators", "dask"])
def backend(request):
    """Two workers of each kind."""
    if request.param == "dask":
        request.getfixturevalue("client")
    register_parallel_backend("without_generators", WithoutGenerators)
    with parallel_config(request.param) if request.param != "loky" else nullcontext():
        yield request.param


def test_every_backend_writes_what_one_process_writes(
    corpus, tiny_codec, expected, tmp_path, monkeypatch, backend
):
    """Two of three shards, then all, then nothing."""
    some = [clip for k in (1, 3) for clip in select_shard(corpus, f"{k}/3")]
    monkeypatch.setattr(tiny_codec, "encode", lambda _: pytest.fail("not encoded by a worker"))
    first = fill_cache(some, tiny_codec, tmp_path, n_jobs=2)
    second = fill_cache(corpus, tiny_codec, tmp_path, n_jobs=2)
    assert (len(first.encoded), len(second.encoded)) == (len(some), 36 - len(some))
    assert read_cache(tmp_path) == expected  # bit-equal, and nothing beside
    monkeypatch.setattr(cache, "encode_jobs", lambda *_: pytest.fail("work was handed out"))
    assert [clip.id for clip in encode_clips(corpus, tiny_codec, tmp_path)] == [clip.id for clip in corpus]


def test_dask_workers_are_other_processes_and_compute_again_what_was_deleted(
    corpus, tiny_codec, expected, tmp_path, client
):
    """Dask keeps results of equal tasks; a file that is gone must not count as done."""
    assert os.getpid() not in client.run(os.getpid).values()
    for _ in range(2):
        with parallel_config("dask"):
            report = fill_cache(corpus[:3], tiny_codec, tmp_path)
        assert len(report.encoded) == 3
        for path in report.encoded:
            assert path.read_bytes() == expected[path.name]
            path.unlink()


def test_an_unusable_file_is_named_by_every_backend(corpus, tiny_codec, tmp_path, backend):
    (tmp_path / "bad.wav").write_bytes(b"no sound")
    clips = [*corpus[:3], replace(corpus[3], audio=tmp_path / "bad.wav")]
    kept = encode_clips(clips, tiny_codec, tmp_path, n_jobs=2, on_error="skip")
    assert [clip.id for clip in kept] == [clip.id for clip in corpus[:3]]
    with pytest.raises((OSError, ValueError), match="bad.wav"):
        encode_clips(clips, tiny_codec, tmp_path, n_jobs=2)


def test_one_thread_computes_and_the_setting_comes_back(tiny_codec, corpus, tmp_path, monkeypatch):
    seen, encode = [], tiny_codec.encode
    monkeypatch.setattr(tiny_codec, "encode", lambda wav: seen.append(torch.get_num_threads()) or encode(wav))
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        encode_clips(corpus[:2], tiny_codec, tmp_path)
        assert seen == [1, 1] and torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_worker_gets_the_codecs_name_and_not_its_weights(tiny_codec):
    sent = pickle.dumps(tiny_codec)
    assert len(sent) < 1000
    loaded = pickle.loads(sent)
    assert loaded is not tiny_codec and (loaded.hash, loaded.spec) == (tiny_codec.hash, tiny_codec.spec)
    assert pickle.loads(sent) is loaded  # loaded once


def test_a_codec_without_a_name_cannot_be_handed_out(tiny_codec, monkeypatch):
    monkeypatch.setattr(tiny_codec, "name", "")
    with pytest.raises(ValueError, match="codec.name is empty"):
        pickle.dumps(tiny_codec)


def test_a_worker_refuses_another_codec_under_the_same_name(tiny_codec_dir, tiny_codec):
    fewer = load_codec(tiny_codec_dir, n_layers=3)
    assert load_once(str(tiny_codec_dir), fewer.hash, 3, "cpu").spec.n_layers == 3
    with pytest.raises(ValueError, match=f"hash {tiny_codec.hash} there, the one to use has 0123"):
        load_once(str(tiny_codec_dir), "0123", 8, "cpu")


def test_codes_that_cannot_be_read_here_are_named(corpus, tiny_codec, tmp_path, monkeypatch):
    """As where a cluster's workers write to disks of their own."""

    def write_elsewhere(jobs, codec, n_jobs):
        yield from ((job.path, 10) for job in jobs)

    monkeypatch.setattr(cache, "encode_jobs", write_elsewhere)
    with pytest.raises(OSError, match=r"\.npy: was encoded, but cannot be read here"):
        fill_cache(corpus[:1], tiny_codec, tmp_path)


def test_chunks_keep_every_job_and_leave_none_waiting():
    for n_jobs, n_workers in ((1, 8), (100, 3), (5000, 2)):
        chunks = backends._split(list(range(n_jobs)), n_workers, batch_size=1)
        assert [job for chunk in chunks for job in chunk] == list(range(n_jobs))
        assert max(map(len, chunks)) <= backends.MAX_CHUNK
    assert len(backends._split(list(range(100)), 4, 1)) >= 16  # so that the workers end together
    assert np.all([len(chunk) == 1 for chunk in backends._split(list(range(5)), 2, 1)])


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
