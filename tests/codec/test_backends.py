"""Processes and a Dask cluster write the codes that one process writes, and a second run encodes nothing."""

import os
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from distributed import Client, LocalCluster

from speechlm_utils.codec import backends as engines
from speechlm_utils.codec.backends import choose_engine, select_shard
from speechlm_utils.codec.cache import encode_clips, fill_cache
from speechlm_utils.codec.load import load_codec
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.torch_settings import one_thread


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """Two Dask workers, each a process of its own."""
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    folder = tmp_path_factory.mktemp("dask")
    with LocalCluster(**options, local_directory=str(folder)) as cluster, Client(cluster) as client:
        yield client


@pytest.fixture(autouse=True)
def few_are_enough(monkeypatch):
    """Start processes for the few files of a test, too."""
    monkeypatch.setattr(engines, "MIN_JOBS", 1)


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
    fill_cache(load_corpus(tiny_corpus), tiny_codec, folder, progress=False)
    return read_cache(folder)


def check_engine(corpus, codec, folder, expected, **options):
    """Encode two of three shards, then all; compare with the cache of one process."""
    engine = choose_engine(**options)
    some = [clip for k in (1, 3) for clip in select_shard(corpus, k, 3)]
    first = fill_cache(some, codec, folder, engine, progress=False)
    second = fill_cache(corpus, codec, folder, engine, progress=False)
    assert (len(first.encoded), len(second.encoded)) == (len(some), 36 - len(some))
    assert read_cache(folder) == expected  # bit-equal, and nothing beside
    clips = encode_clips(corpus, codec, folder, progress=False, **options)
    assert [clip.id for clip in clips] == [clip.id for clip in corpus]


def forbid_encoding(monkeypatch):
    def fail(*_, **__):
        raise AssertionError("work was handed out")

    monkeypatch.setattr(engines, "_hand_out", fail)


def test_processes_write_what_one_process_writes(corpus, tiny_codec, expected, tmp_path, monkeypatch):
    check_engine(corpus, tiny_codec, tmp_path, expected, n_jobs=2)
    forbid_encoding(monkeypatch)
    again = fill_cache(corpus, tiny_codec, tmp_path, choose_engine(n_jobs=2), progress=False)
    assert not again.encoded and len(again.paths) == 36


def test_dask_writes_what_one_process_writes(corpus, tiny_codec, expected, tmp_path, monkeypatch, client):
    check_engine(corpus, tiny_codec, tmp_path, expected, client=client)
    assert os.getpid() not in client.run(os.getpid).values()
    forbid_encoding(monkeypatch)
    again = fill_cache(corpus, tiny_codec, tmp_path, choose_engine(client=client), progress=False)
    assert not again.encoded and len(again.paths) == 36


def test_dask_computes_again_what_was_deleted(corpus, tiny_codec, expected, tmp_path, client):
    """Dask keeps results of equal tasks; a file that is gone must not count as done."""
    engine = choose_engine(client=client)
    for _ in range(2):
        report = fill_cache(corpus[:3], tiny_codec, tmp_path, engine, progress=False)
        assert len(report.encoded) == 3
        for path in report.encoded:
            assert path.read_bytes() == expected[path.name]
            path.unlink()


@pytest.mark.parametrize("engine", ["processes", "dask"])
def test_an_unusable_file_is_named_by_every_engine(corpus, tiny_codec, tmp_path, request, engine):
    (tmp_path / "bad.wav").write_bytes(b"no sound")
    clips = [*corpus[:3], replace(corpus[3], audio=tmp_path / "bad.wav")]
    options = {"n_jobs": 2} if engine == "processes" else {"client": request.getfixturevalue("client")}
    kept = encode_clips(clips, tiny_codec, tmp_path, progress=False, on_error="skip", **options)
    assert [clip.id for clip in kept] == [clip.id for clip in corpus[:3]]
    with pytest.raises((OSError, ValueError), match="bad.wav"):
        encode_clips(clips, tiny_codec, tmp_path, progress=False, **options)


def test_one_thread_computes_and_the_setting_comes_back(tiny_codec, corpus, tmp_path, monkeypatch):
    seen, encode = [], tiny_codec.encode
    monkeypatch.setattr(tiny_codec, "encode", lambda wav: seen.append(torch.get_num_threads()) or encode(wav))
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        encode_clips(corpus[:2], tiny_codec, tmp_path, progress=False)
        assert seen == [1, 1] and torch.get_num_threads() == 2
        with pytest.raises(KeyError), one_thread():
            raise KeyError
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_worker_gets_the_codecs_name_and_not_its_weights(tiny_codec):
    work = engines._hand_out(tiny_codec, batch_size=1)
    assert len(pickle.dumps(work)) < 1000
    assert work.keywords["about"]["codec_hash"] == tiny_codec.hash


def test_a_codec_without_a_name_cannot_be_handed_out(tiny_codec, monkeypatch):
    monkeypatch.setattr(tiny_codec, "name", "")
    with pytest.raises(ValueError, match="codec.name is empty"):
        engines._hand_out(tiny_codec, batch_size=1)


def test_a_worker_refuses_another_codec_under_the_same_name(tiny_codec_dir, tiny_codec):
    loaded = engines.load_worker_codec(str(tiny_codec_dir), tiny_codec.hash, 8)
    assert loaded.hash == tiny_codec.hash
    assert engines.load_worker_codec(str(tiny_codec_dir), tiny_codec.hash, 8) is loaded  # loaded once
    fewer = load_codec(tiny_codec_dir, n_layers=3)
    assert engines.load_worker_codec(str(tiny_codec_dir), fewer.hash, 3).spec.n_layers == 3
    with pytest.raises(ValueError, match=f"hash {tiny_codec.hash} there, the one to use has 0123"):
        engines.load_worker_codec(str(tiny_codec_dir), "0123", 8)


def test_codes_that_cannot_be_read_here_are_named(corpus, tiny_codec, tmp_path):
    """As where a cluster's workers write to disks of their own."""

    def write_elsewhere(jobs, codec):
        yield from ((job.path, 10) for job in jobs)

    with pytest.raises(OSError, match=r"\.npy: was encoded, but cannot be read here"):
        fill_cache(corpus[:1], tiny_codec, tmp_path, write_elsewhere, progress=False)


def test_chunks_keep_every_job_and_leave_none_waiting():
    for n_jobs, n_workers in ((1, 8), (100, 3), (5000, 2)):
        chunks = engines._split(list(range(n_jobs)), n_workers, batch_size=1)
        assert [job for chunk in chunks for job in chunk] == list(range(n_jobs))
        assert max(map(len, chunks)) <= engines.MAX_CHUNK
    assert len(engines._split(list(range(100)), 4, 1)) >= 16  # so that the workers end together
    assert np.all([len(chunk) == 1 for chunk in engines._split(list(range(5)), 2, 1)])
