"""Encode sound files in this process or, through joblib, in others; and which files are whose.

Processes on this machine do the work, unless `joblib.parallel_config` names another backend ("dask", "ray").
Each file is written completely or not at all, and a worker's arithmetic does not depend on how many others
there are; so codes are bit-equal on one kind of machine, whoever computed them.
"""

import hashlib
import re
import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from joblib.parallel import get_active_backend

from ..audio import load_audio, normalise_rms
from ..clips import Clip
from ..containers.header import read_header
from ..processes import Tied
from ..torch_settings import one_thread
from .base import SpeechCodec
from .code_files import save_codes

MAX_CHUNK = 32  # files handed to a worker at once
MIN_JOBS = 100  # files for which workers are worth their start; fewer are encoded in this process
Outcome = tuple[Path, int | Exception]  # path of the codes, and their frames or why there are none


@dataclass(frozen=True)
class Job:
    """One sound file to encode; paths are absolute, since a worker may have another working folder."""

    audio: tuple[Path, ...]  # several are joined
    path: Path  # of the codes
    rms_dbfs: float | None = None  # the RMS level to bring the sound to first (dB re full scale)


def encode_jobs(jobs: Sequence[Job], codec: SpeechCodec, n_jobs: int | None = 1) -> Iterator[Outcome]:
    """Encode files and write their codes; an unusable sound file is an outcome, not an error.

    A disk that cannot be written, or a fault of the codec itself, raises: it would befall every file.

    Parameters
    ----------
    codec : SpeechCodec; other processes load it once, by its name
    n_jobs : int, processes as joblib counts them: 1 is this one, -1 one per core; Dask has workers of its own
    """
    n_workers = effective_n_jobs(n_jobs)
    chunks = _split(jobs, n_workers, codec.batch_size)
    if n_workers == 1 or len(jobs) < MIN_JOBS:
        for chunk in chunks:  # so that few waveforms wait for others of their length
            yield from _encode_chunk(chunk, codec)
        return
    backend, _ = get_active_backend()
    return_as = "generator_unordered" if backend.supports_return_generator else "list"
    with warnings.catch_warnings():
        # loky replaces a worker whose memory has grown; its jobs go to the new one
        warnings.filterwarnings("ignore", "A worker stopped while some jobs", UserWarning)
        work = (delayed(Tied(_list_outcomes))(chunk, codec) for chunk in chunks)
        for outcomes in Parallel(n_jobs, return_as=return_as)(work):
            yield from outcomes


def _list_outcomes(jobs: Sequence[Job], codec: SpeechCodec) -> list[Outcome]:
    return list(_encode_chunk(jobs, codec))


def _encode_chunk(jobs: Sequence[Job], codec: SpeechCodec) -> Iterator[Outcome]:
    waiting = defaultdict(list)  # length -> waveforms of a batch that is not full yet
    for job in jobs:
        try:
            wav = load_audio(job.audio, codec.spec.sample_rate)
        except (OSError, ValueError) as error:
            yield job.path, error
            continue
        group = waiting[len(wav)]
        group.append((job, wav if job.rms_dbfs is None else normalise_rms(wav, job.rms_dbfs)))
        if len(group) >= codec.batch_size:
            yield from _encode_group(waiting.pop(len(wav)), codec)
    for group in waiting.values():
        yield from _encode_group(group, codec)


def _encode_group(group: Sequence[tuple[Job, np.ndarray]], codec: SpeechCodec) -> Iterator[Outcome]:
    """Encode waveforms of equal length, one alone or several together, and write their codes."""
    wavs = [wav for _, wav in group]
    try:
        with one_thread():
            batch = codec.encode_batch(wavs) if len(wavs) > 1 else [codec.encode(wavs[0])]
    except ValueError as error:
        yield from ((job.path, error) for job, _ in group)
        return
    for (job, _), codes in zip(group, batch, strict=True):
        save_codes(job.path, codes)
        yield job.path, codes.shape[1]


def _split(jobs: Sequence[Job], n_workers: int, batch_size: int) -> list[Sequence[Job]]:
    """Cut the list into pieces: small enough that all workers end together, of at least a batch."""
    if batch_size > 1:
        # equal lengths become neighbours
        jobs = sorted(jobs, key=lambda job: sum(read_header(part).seconds for part in job.audio))
    size = max(min(MAX_CHUNK, len(jobs) // (4 * n_workers)), batch_size)
    return [jobs[start : start + size] for start in range(0, len(jobs), size)]


def find_shard(clip_id: str, n_shards: int) -> int:
    """Return a clip's shard, 1 … n_shards, by the hash of its id: the place in the corpus does not count."""
    digest = hashlib.blake2b(clip_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest) % n_shards + 1


def select_shard(clips: Sequence[Clip], shard: str) -> list[Clip]:
    """Select the clips of a shard such as "3/16"; shards are about equally large, others raise ValueError."""
    match = re.fullmatch(r"(\d+)/(\d+)", shard)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise ValueError(f"shard {shard!r}: write it like 3/16, numbered from 1")
    return [clip for clip in clips if find_shard(clip.id, int(match[2])) == int(match[1])]
