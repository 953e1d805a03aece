"""Encode sound files in this process, in others (joblib) or on a cluster (Dask): the codes are the same.

An engine takes a list of `Job` and the codec, and yields what became of each file. Every engine ends in
`encode_jobs`, each file is written completely or not at all, and a worker's arithmetic does not depend on how
many others there are; so codes are bit-equal on one kind of machine, whoever computed them.
"""

import contextlib
import functools
import hashlib
import re
import threading
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..audio import load_audio, measure_seconds, normalise_rms
from ..clips import Clip
from ..files import write_atomically
from ..torch_settings import one_thread
from .base import SpeechCodec
from .load import load_codec

MAX_CHUNK = 32  # files handed to a worker at once
MIN_JOBS = 100  # files for which processes are worth starting
_LOADING = threading.Lock()
Outcome = tuple[Path, int | Exception]  # path of the codes, and their frames or why there are none


@dataclass(frozen=True)
class Job:
    """One sound file to encode.

    Attributes
    ----------
    audio : tuple of Paths, absolute; several are joined
    path : Path of the codes, absolute: a worker may have another working folder
    rms_dbfs : float, bring the sound to this RMS level first (dB re full scale), or None
    """

    audio: tuple[Path, ...]
    path: Path
    rms_dbfs: float | None = None


Engine = Callable[[Sequence[Job], SpeechCodec], Iterator[Outcome]]


def choose_engine(n_jobs: int = 1, client=None, batch_size: int = 1) -> Engine:
    """Choose where files are encoded.

    Parameters
    ----------
    n_jobs : int, processes on this machine (joblib); 1 is this process, -1 one per core
    client : dask.distributed.Client; its workers encode, and need the package, the codec and a shared disk
    batch_size : int, encode up to so many clips of exactly equal length together. Quicker on a GPU where a
        corpus is cut into equal pieces; but sums are rounded otherwise than for a clip alone, so where two
        codes are almost equally near the other may win. 1 keeps codes bit-equal

    Raises
    ------
    ValueError
        If both are asked for, or a number is out of range.
    """
    if client is not None and n_jobs != 1:
        raise ValueError(f"n_jobs={n_jobs} and a Dask client: choose one; the client has its own workers")
    if n_jobs == 0 or n_jobs < -1 or batch_size < 1:
        raise ValueError(f"n_jobs={n_jobs} (at least 1, or -1), batch_size={batch_size} (at least 1)")
    if client is not None:
        return functools.partial(run_on_dask, client=client, batch_size=batch_size)
    if n_jobs != 1:
        return functools.partial(run_in_processes, n_jobs=n_jobs, batch_size=batch_size)
    return functools.partial(_run_here, batch_size=batch_size)


def encode_jobs(jobs: Iterable[Job], codec: SpeechCodec, batch_size: int = 1) -> Iterator[Outcome]:
    """Encode files in this process and write their codes; an unusable sound file is an outcome, not an error.

    A disk that cannot be written, or a fault of the codec itself, raises: it would befall every file.
    """
    waiting = defaultdict(list)  # length -> waveforms of a batch that is not full yet
    for job in jobs:
        try:
            wav = load_audio(job.audio, codec.spec.sample_rate)
        except (OSError, ValueError) as error:
            yield job.path, error
            continue
        group = waiting[len(wav)]
        group.append((job, wav if job.rms_dbfs is None else normalise_rms(wav, job.rms_dbfs)))
        if len(group) == batch_size:
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
        with write_atomically(job.path) as part:
            np.save(part, codes)
        yield job.path, codes.shape[1]


def _run_here(jobs: Sequence[Job], codec: SpeechCodec, batch_size: int) -> Iterator[Outcome]:
    for chunk in _split(jobs, 1, batch_size):  # so that few waveforms wait for others of their length
        yield from encode_jobs(chunk, codec, batch_size)


def run_in_processes(
    jobs: Sequence[Job], codec: SpeechCodec, n_jobs: int, batch_size: int = 1
) -> Iterator[Outcome]:
    """Encode files in processes on this machine; each loads the codec once, by its name.

    Few files are encoded in this process: sooner done than others would have started.
    """
    if len(jobs) < MIN_JOBS:
        yield from _run_here(jobs, codec, batch_size)
        return
    from joblib import Parallel, delayed, effective_n_jobs

    work = _hand_out(codec, batch_size)
    chunks = _split(jobs, effective_n_jobs(n_jobs), batch_size)
    parallel = Parallel(n_jobs=n_jobs, backend="loky", return_as="generator_unordered")
    with (
        warnings.catch_warnings(),
        contextlib.closing(parallel(delayed(work)(chunk) for chunk in chunks)) as results,
    ):
        # loky replaces a worker whose memory has grown; its jobs go to the new one
        warnings.filterwarnings("ignore", "A worker stopped while some jobs", UserWarning)
        for outcomes in results:
            yield from outcomes


def run_on_dask(jobs: Sequence[Job], codec: SpeechCodec, client, batch_size: int = 1) -> Iterator[Outcome]:
    """Encode files on the workers of a Dask cluster; each process loads the codec once, by its name."""
    from distributed import as_completed

    chunks = _split(jobs, sum(client.nthreads().values()), batch_size)
    # pure=False: Dask would else return an earlier result without looking whether its files still exist
    futures = client.map(_hand_out(codec, batch_size), chunks, pure=False)
    try:
        for _, outcomes in as_completed(futures, with_results=True):
            yield from outcomes
    finally:
        client.cancel(futures)


def _split(jobs: Sequence[Job], n_workers: int, batch_size: int) -> list[Sequence[Job]]:
    """Cut the list into pieces: small enough that all workers end together, of at least a batch."""
    if batch_size > 1:
        jobs = sorted(jobs, key=find_length)  # equal lengths become neighbours
    size = max(min(MAX_CHUNK, len(jobs) // (4 * max(n_workers, 1))), batch_size)
    return [jobs[start : start + size] for start in range(0, len(jobs), size)]


def find_length(job: Job) -> float:
    """Return a sound's seconds by its header; 0 where it cannot be read, the reason is found on loading."""
    try:
        return measure_seconds(job.audio)
    except (OSError, ValueError):
        return 0.0


def _hand_out(codec: SpeechCodec, batch_size: int) -> Callable[[Sequence[Job]], list[Outcome]]:
    """Make the function that a worker calls; it names the codec instead of carrying its weights."""
    return functools.partial(_work, about=describe_codec(codec), batch_size=batch_size)


def describe_codec(codec: SpeechCodec) -> dict:
    """Return the arguments with which a worker calls `load_worker_codec`."""
    if not codec.name:
        raise ValueError(
            "codec.name is empty: other processes load the codec by its folder or hub name; use one that "
            "load_codec returned, or encode in this process (n_jobs=1)"
        )
    name = str(Path(codec.name).absolute()) if Path(codec.name).is_dir() else codec.name
    return {
        "name": name,
        "codec_hash": codec.hash,
        "n_layers": codec.spec.n_layers,
        "device": str(codec.device),
    }


def _work(jobs: Sequence[Job], about: dict, batch_size: int) -> list[Outcome]:
    return list(encode_jobs(jobs, load_worker_codec(**about), batch_size))


def load_worker_codec(name: str, codec_hash: str, n_layers: int, device: str = "cpu") -> SpeechCodec:
    """Load a codec in a worker, once per process; another one under the same name raises ValueError."""
    with _LOADING:  # a Dask worker may run several threads
        return _load_once(name, codec_hash, n_layers, device)


@functools.lru_cache(maxsize=1)
def _load_once(name: str, codec_hash: str, n_layers: int, device: str) -> SpeechCodec:
    codec = load_codec(name, device, n_layers)
    if codec.hash != codec_hash:
        raise ValueError(
            f"{name}: a worker finds a codec with hash {codec.hash} there, the one to use has {codec_hash}; "
            "give all machines the same files"
        )
    return codec


def find_shard(clip_id: str, n_shards: int) -> int:
    """Return a clip's shard, 1 … n_shards, by the hash of its id: the place in the corpus does not count."""
    digest = hashlib.blake2b(clip_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest) % n_shards + 1


def select_shard(clips: Sequence[Clip], shard: int, n_shards: int) -> list[Clip]:
    """Select the clips of one shard, in their order; shards are about equally large.

    Raises
    ------
    ValueError
        If `shard` is not one of 1 … n_shards.
    """
    if not 1 <= shard <= n_shards:
        raise ValueError(f"shard {shard}/{n_shards}: shards are numbered from 1 to {n_shards}")
    return [clip for clip in clips if find_shard(clip.id, n_shards) == shard]


def parse_shard(text: str) -> tuple[int, int]:
    """Read "3/16" as (3, 16); anything else raises ValueError."""
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise ValueError(f"shard {text!r}: write it like 3/16, numbered from 1")
    return int(match[1]), int(match[2])
