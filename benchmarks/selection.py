"""Lasso paths: features once and liblinear, against refitting everything with the paper's saga for each C.

    .venv/bin/python benchmarks/selection.py

Prints seconds of both ways in this run, their ratio, how many tokens both select, and whether saga converged.
"""

import argparse
import time
import warnings
from pathlib import Path

from speechlm_utils.clips import label_ids, label_names
from speechlm_utils.experiment import Experiment
from speechlm_utils.selection.l1 import L1LogisticRegression
from speechlm_utils.selection.path import fit_l1_path
from speechlm_utils.selection.selector import list_selected, make_selector

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
        codec_name=str(ROOT / "data/tokenizer"),
        run_dir=ROOT / "runs/bench",
        cache_dir=ROOT / "runs/cache",
        clips_per_split=args.clips,
    )
    clips = experiment.clips(args.task, "train")
    y = label_ids(clips, args.task, label_names(clips, args.task))

    start = time.perf_counter()
    path = fit_l1_path(make_selector(), clips, y, args.Cs)
    fast = time.perf_counter() - start
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # convergence is printed below
        models = [L1LogisticRegression(C, "saga", max_iter=args.max_iter) for C in args.Cs]
        fits = [make_selector(model).fit(clips, y) for model in models]
    slow = time.perf_counter() - start
    print(f"{len(clips)} clips, {path.coefs.shape[2]} columns, C in {args.Cs}")
    n_tokens, converged = path.n_tokens.tolist(), path.converged.tolist()
    print(f"liblinear path: {fast:.1f} s, selected {n_tokens}, converged {converged}")
    n_tokens, converged = [len(list_selected(fit)) for fit in fits], [fit["l1"].converged_ for fit in fits]
    print(f"saga, one by one: {slow:.1f} s, selected {n_tokens}, converged {converged}")
    print(f"ratio {slow / fast:.1f}")


if __name__ == "__main__":
    main()
