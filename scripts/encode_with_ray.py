"""Encode a corpus on a cluster of GPUs with Ray Data; the same cache as `speechlm encode`.

    pip install "ray[data]"                                   # not a dependency of this project
    python scripts/encode_with_ray.py data/demo --cache-dir runs/cache --actors 2
    python scripts/encode_with_ray.py CORPUS --codec fnlp/SpeechTokenizer --cache-dir /shared/cache \
        --actors 16 --gpus-per-actor 1 --batch-size 16 --address auto

An actor is a process that loads the codec once and then encodes piece after piece of the list of sound files.
Ray gives it a GPU, starts it again if its machine fails, and hands out its piece anew. Corpus, codec (or the
hub's cache) and cache must have the same paths on every machine. Without --address Ray runs on this machine.
What the cache holds is not handed out, so an interrupted run is repeated with the same command.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import ray

from speechlm_utils.cli.encode import summarise
from speechlm_utils.codec.backends import (
    Job,
    Outcome,
    describe_codec,
    encode_jobs,
    find_length,
    load_worker_codec,
)
from speechlm_utils.codec.base import SpeechCodec
from speechlm_utils.codec.cache import fill_cache
from speechlm_utils.codec.load import load_codec
from speechlm_utils.corpus.load import load_corpus

ROOT = Path(__file__).resolve().parent.parent
PIECE = 64  # sound files handed to an actor at once


class Encoder:
    """An actor: holds the codec, encodes pieces of the list."""

    def __init__(self, about: dict, batch_size: int):
        self.codec, self.batch_size = load_worker_codec(**about), batch_size

    def __call__(self, piece: dict[str, np.ndarray]) -> dict[str, list]:
        """Encode the jobs of a piece, one JSON text each, and return as many texts of what became of them."""
        jobs = map(read_job, piece["job"])
        outcomes = encode_jobs(jobs, self.codec, self.batch_size)
        return {"outcome": [write_outcome(outcome) for outcome in outcomes]}


def run_on_ray(jobs: Sequence[Job], codec: SpeechCodec, args: argparse.Namespace) -> Iterator[Outcome]:
    """An engine for `fill_cache`."""
    ray.init(address=args.address)
    about = describe_codec(codec) | {"device": "cuda" if args.gpus_per_actor else "cpu"}
    if args.batch_size > 1:
        jobs = sorted(jobs, key=find_length)  # equal lengths become neighbours
    outcomes = ray.data.from_items([{"job": write_job(job)} for job in jobs]).map_batches(
        Encoder,
        fn_constructor_kwargs={"about": about, "batch_size": args.batch_size},
        concurrency=args.actors,
        num_gpus=args.gpus_per_actor or None,
        num_cpus=1,
        batch_size=PIECE,
    )
    for row in outcomes.iter_rows():
        yield read_outcome(row["outcome"])


def write_job(job: Job) -> str:
    return json.dumps([list(map(str, job.audio)), str(job.path), job.rms_dbfs])


def read_job(text: str) -> Job:
    audio, path, rms_dbfs = json.loads(text)
    return Job(tuple(map(Path, audio)), Path(path), rms_dbfs)


def write_outcome(outcome: Outcome) -> str:
    path, result = outcome
    return json.dumps([str(path), result if isinstance(result, int) else str(result)])


def read_outcome(text: str) -> Outcome:
    path, result = json.loads(text)
    return Path(path), result if isinstance(result, int) else ValueError(result)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", help="folder with metadata.csv")
    parser.add_argument("--codec", default=str(ROOT / "data/codec"), help="folder or hub name")
    parser.add_argument("--cache-dir", required=True, help="on a disk that all machines share")
    parser.add_argument("--actors", type=int, default=1, help="processes that encode")
    parser.add_argument("--gpus-per-actor", type=float, default=0, help="0.5: two actors share a GPU")
    parser.add_argument("--batch-size", type=int, default=1, help="clips of exactly equal length at once")
    parser.add_argument("--rms-dbfs", type=float, help="bring every clip to this level first")
    parser.add_argument("--address", help="of the cluster, `auto` on one of its machines")
    args = parser.parse_args()
    clips, codec = load_corpus(args.corpus, on_error="skip"), load_codec(args.codec)
    engine = partial(run_on_ray, args=args)
    report = fill_cache(clips, codec, args.cache_dir, engine, args.rms_dbfs, on_error="skip")
    print(summarise(report, codec.spec.frame_rate))
    for clip_id, reason in report.skipped.items():
        print(f"left out: {clip_id}: {reason}")


if __name__ == "__main__":
    main()
