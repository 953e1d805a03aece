"""Encode the clips of a corpus that the cache lacks.

Run it again after an interruption, or with more clips: what is there is not computed again. For several
machines, start it once on each with another shard; they need not know of each other. A clip's shard depends
on its id alone, so it stays when the corpus grows. One process, several, or a Dask cluster give the same
codes.

examples:
  speechlm encode data/demo --cache-dir runs/cache                       the demo corpus, its own tokenizer
  speechlm encode CORPUS --codec fnlp/SpeechTokenizer --cache-dir CACHE --jobs 8 --shard 3/16
  speechlm encode CORPUS --codec CODEC --cache-dir CACHE --dask tcp://scheduler:8786
"""

import argparse
import contextlib
import tempfile
from pathlib import Path

from ..files import write_atomically

N_SHOWN = 20  # skipped clips


def add_encode_command(commands) -> None:
    """Add the command to the subparsers of `speechlm`; this module's docstring is its help."""
    about = {"help": "turn a corpus, or a shard of it, into codes", "description": __doc__}
    parser = commands.add_parser("encode", **about, formatter_class=argparse.RawDescriptionHelpFormatter)
    option = parser.add_argument
    option("corpus", help="folder with metadata.csv or metadata.jsonl")
    option("--codec", default="data/tokenizer", help="folder or hub name (default: data/tokenizer)")
    option("--cache-dir", required=True, metavar="FOLDER", help="where the codes go")
    option("--shard", metavar="K/N", default="1/1", help="only the K-th of N parts, for example 3/16")
    option("--jobs", type=int, default=1, metavar="N", help="processes; -1: one per core")
    option("--dask", metavar="ADDRESS", help="scheduler of a Dask cluster, in place of --jobs")
    option("--device", default="cpu", help="torch device of the codec, for example cuda")
    about = "clips of exactly equal length at once; see docs"
    option("--batch-size", type=int, default=1, metavar="N", help=about)
    option("--rms-dbfs", type=float, metavar="DB", help="bring every clip to this level first")
    about = "at an unusable sound file stop, or leave the clip out and list it at the end"
    option("--on-error", choices=("strict", "skip"), default="strict", help=about)
    option("--report", metavar="FILE", help="CSV of what was left out, and why")
    parser.set_defaults(command=run_encode)


def run_encode(args: argparse.Namespace) -> int:
    """Encode, and print what was done and what was left out; returns the exit code."""
    import pandas as pd
    from joblib import parallel_config

    from ..codec.backends import select_shard
    from ..codec.cache import fill_cache
    from ..codec.code_files import code_folder
    from ..codec.load import load_codec  # these load torch: only when the command runs
    from ..corpus.load import load_corpus
    from ..notebook.catalogue import find_own

    args.corpus, args.codec = find_own(args.corpus), find_own(args.codec)
    with tempfile.TemporaryDirectory() as scratch:
        table = Path(scratch) / "report.csv"
        clips = load_corpus(args.corpus, args.on_error, report=table)
        unusable = pd.read_csv(table, dtype=str, keep_default_na=False)
    some = select_shard(clips, args.shard)
    print(f"shard {args.shard} of {args.corpus}: {len(some)} of {len(clips)} clips", flush=True)
    codec = load_codec(args.codec, args.device)
    codec.batch_size = args.batch_size
    with contextlib.ExitStack() as stack:
        if args.dask:  # the cluster does what joblib is asked to do
            from distributed import Client

            stack.enter_context(Client(args.dask))
            stack.enter_context(parallel_config("dask"))
        report = fill_cache(some, codec, args.cache_dir, args.rms_dbfs, args.jobs, args.on_error)
    failed = [(clip_id, "encode", reason) for clip_id, reason in report.skipped.items()]
    skipped = pd.concat([unusable, pd.DataFrame(failed, columns=unusable.columns)])
    print(f"codes of {args.codec} in {code_folder(args.cache_dir, codec.hash)}")
    print(_summarise(report, codec.spec.frame_rate))
    print(f"left out: {len(skipped)}" + (f", listed in {args.report}" if args.report else ""))
    for row in skipped.head(N_SHOWN).itertuples():
        print(f"  {row.file_name} ({row.kind}): {row.reason}")
    if len(skipped) > N_SHOWN:
        print(f"  and {len(skipped) - N_SHOWN} more" + ("" if args.report else "; --report FILE lists all"))
    if args.report:
        with write_atomically(args.report) as part:
            skipped.to_csv(part, index=False)
    return 0


def _summarise(report, frame_rate: float) -> str:
    """Say how many clips and hours have codes, and how quickly those of this run were made."""
    hours = sum(report.n_frames[path] for path in report.paths.values()) / frame_rate / 3600
    text = f"{len(report.paths)} clips, {hours:.3g} h of speech have codes"
    if not report.encoded:
        return f"{text}; nothing was missing"
    speed = sum(report.n_frames[path] for path in report.encoded) / frame_rate / report.seconds
    took = f"encoded in {report.seconds:.1f} s, {speed:.1f} s of speech per second"
    return f"{text}; {len(report.encoded)} sounds were {took}"
