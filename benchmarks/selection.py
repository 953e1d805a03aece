"""Lasso paths: features once and liblinear, against refitting everything with the paper's saga for each C.

    .venv/bin/python benchmarks/selection.py

Prints seconds of both ways in this run, their ratio, how many tokens both keep, and whether saga converged.
"""

import argparse
import time
import warnings
from pathlib import Path

import numpy as np

from speechlm_utils.clips import label_ids, label_names
from speechlm_utils.experiment import Experiment
from speechlm_utils.selection.path import fit_l1_path
from speechlm_utils.selection.selector import L1Selector

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--task", default="fallacy")
    parser.add_argument("--clips", type=int, default=400, help="train clips")
    parser.add_argument("--Cs", type=float, nargs="+", default=[0.01, 0.02, 0.04])
    parser.add_argument("--max-iter", type=int, default=200, help="of saga; the paper's 1000 takes minutes")
    args = parser.parse_args()
    experiment = Experiment(
        corpus_dir=ROOT / "data/demo",
        codec_name=str(ROOT / "data/codec"),
        run_dir=ROOT / "runs/bench",
        cache_dir=ROOT / "runs/cache",
        clips_per_split=args.clips,
    )
    clips = experiment.clips(args.task, "train")
    y = label_ids(clips, args.task, label_names(clips, args.task))

    start = time.perf_counter()
    path = fit_l1_path(clips, y, args.Cs)
    fast = time.perf_counter() - start
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # convergence is printed below
        fits = [L1Selector(C=C, solver="saga", max_iter=args.max_iter).fit(clips, y) for C in args.Cs]
    slow = time.perf_counter() - start
    print(f"{len(clips)} clips, {path.coefs.shape[2]} columns, C in {args.Cs}")
    print(f"liblinear path: {fast:.1f} s, kept {path.n_tokens.tolist()}, converged {path.converged.tolist()}")
    converged = [bool(np.all(f.converged_)) for f in fits]
    print(f"saga, one by one: {slow:.1f} s, kept {[len(f.tokens_) for f in fits]}, converged {converged}")
    print(f"ratio {slow / fast:.1f}")


if __name__ == "__main__":
    main()
