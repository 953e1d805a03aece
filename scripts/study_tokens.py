"""Measure how many tokens are worth having, and how the penalty decides it; one record for notebook 08.

    python scripts/study_tokens.py --task fallacy
    python scripts/study_tokens.py --task topic --parts test penalty
    python scripts/study_tokens.py --task question --parts test

Selections of many sizes, from none to all tokens that occur, are read beside the words by a linear model:
once by folds over the voices of train (these choose a size), once on test, with matched tokens beside them.
Then the penalty: for C over five orders of magnitude, how many tokens are selected, how well the selector
itself classifies, and how alike selections on random halves of the clips are (with true and with permuted
labels). About ten minutes of one core a task; what is finished is kept in build/tokens, and a second call
goes on from there. Writes data/reference/tokens_<corpus>_<task>.json.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from tqdm import tqdm

from speechlm_utils.clips import groups, hash_corpus, label_ids, label_names, select_clips
from speechlm_utils.codec.cache import encode_clips
from speechlm_utils.codec.load import load_codec
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.evaluation.arms import Part, Recipe
from speechlm_utils.evaluation.records import describe_run, write_arms, write_clips
from speechlm_utils.evaluation.rotation import join_folds, predict_arms
from speechlm_utils.evaluation.sizes import list_size_arms, match_sizes, select_sizes
from speechlm_utils.evaluation.voices import rotate_voices
from speechlm_utils.files import write_json
from speechlm_utils.selection.controls import permute_labels
from speechlm_utils.selection.l1 import L1LogisticRegression, count_selected, fit_l1
from speechlm_utils.selection.selector import make_selector
from speechlm_utils.selection.stability import (
    cross_validate_C,
    measure_agreement,
    sample_halves,
    select_on_parts,
)

ROOT = Path(__file__).resolve().parents[1]
CS = np.geomspace(1e-4, 10, 16)


def study_test(part: Part, y_test: np.ndarray, args: argparse.Namespace) -> dict:
    """Predict test by every size, and by matched tokens for some of them."""
    selections = select_sizes(part, args.sizes)
    some = {size: tokens for size, tokens in selections.items() if size in args.matched}
    matched, shares = match_sizes(part, some)
    outcomes = predict_arms(part, list_size_arms(part, selections) | matched, n_jobs=args.jobs)
    return {
        "clips": write_clips(part.test, y_test),
        "arms": write_arms(outcomes),
        "share_of_matched": shares,
    }


def study_folds(part: Part, y_test: np.ndarray, args: argparse.Namespace) -> dict:
    """Predict train itself by every size that all folds have, by folds over its voices."""
    found, clips = [], part.train
    for train, test in tqdm(rotate_voices(clips, args.folds, args.seed), desc="folds"):
        sides = [clips[i] for i in train], part.y[train], [clips[i] for i in test]
        fold = Part(*sides, part.recipe)
        arms = list_size_arms(fold, select_sizes(fold, args.sizes))
        found.append((test, predict_arms(fold, arms, n_jobs=args.jobs)))
    shared = [name for name in found[0][1] if all(name in one for _, one in found)]
    joined = {name: join_folds([(test, one[name]) for test, one in found], len(clips)) for name in shared}
    return {"clips": write_clips(clips, part.y), "arms": write_arms(joined)}


def study_penalty(part: Part, y_test: np.ndarray, args: argparse.Namespace) -> dict:
    """Count, score and compare selections for every C."""
    selector = make_selector(L1LogisticRegression(random_state=args.seed), part.layers)
    X, X_test = selector[:-1].fit_transform(part.train), selector[:-1].transform(part.test)
    fits = Parallel(args.jobs)(delayed(fit_l1)(selector[-1], X, part.y, C) for C in CS)
    n_words = selector["counts"].n_words_
    folds = rotate_voices(part.train, args.folds, args.seed)
    table = cross_validate_C(selector, part.train, part.y, CS, folds, args.jobs)
    rng = np.random.default_rng(args.seed)
    labels = {"true": part.y, "permuted": permute_labels(part.y, groups(part.train), rng)}
    halves = {}
    for name, y in labels.items():
        parts = sample_halves(part.train, y, args.halves, args.seed)
        found = Parallel(args.jobs)(
            delayed(select_on_parts)(selector, part.train, y, CS, [one]) for one in tqdm(parts, desc=name)
        )
        halves[name] = np.concatenate(found, axis=1)
    occurs = np.asarray(X[:, n_words:].sum(axis=0)).ravel() > 0
    return {
        "C": CS.tolist(),
        "n_tokens": [count_selected(fit, n_words) for fit in fits],
        "converged": [bool(fit.converged_) for fit in fits],
        "predictions": [fit.predict(X_test).tolist() for fit in fits],
        "folds_macro_f1": table.macro_f1.round(4).tolist(),
        "folds_sd": table.macro_f1_std.round(4).tolist(),
        "n_halves": args.halves,
        "n_occurring": int(occurs.sum()),
        "agreement": {name: measure(one[..., occurs]) for name, one in halves.items()},
        "n_tokens_half": {name: one.sum(axis=2).mean(axis=1).tolist() for name, one in halves.items()},
    }


def measure(selected: np.ndarray) -> list[float | None]:
    """Measure the agreement at every C; None where nothing is selected."""
    found = [measure_agreement(one) for one in selected]
    return [None if np.isnan(one) else round(one, 4) for one in found]


def main(argv: list[str] | None = None) -> None:
    """Encode, measure, and write the record."""
    args = build_parser().parse_args(argv)
    start, codec = time.monotonic(), load_codec(args.codec)
    corpus = load_corpus(args.corpus)
    train, test = (
        encode_clips(select_clips(corpus, args.task, split), codec, args.cache, n_jobs=args.jobs)
        for split in ("train", "test")
    )
    names = label_names(train, args.task)
    y, y_test = (label_ids(some, args.task, names) for some in (train, test))
    part = Part(train, y, test, Recipe(n_draws=args.draws, seed=args.seed))
    record = describe_run("study_tokens", "linear, number of tokens", codec.hash, args.seed) | {
        "corpus": Path(args.corpus).name,
        "task": args.task,
        "label_names": names,
        "corpus_hash": hash_corpus(train),
        "layers": list(part.layers),
    }
    studies = {"test": study_test, "folds": study_folds, "penalty": study_penalty}
    for name in args.parts:
        kept = args.work / f"{record['corpus']}_{args.task}_{name}.json"
        if not kept.exists():
            write_json(kept, studies[name](part, y_test, args), indent=None)
        record[name] = json.loads(kept.read_text(encoding="utf-8"))
    record["seconds"] = round(time.monotonic() - start)
    write_json(args.out / f"tokens_{record['corpus']}_{args.task}.json", record, indent=None)
    print(f"{args.task}: {record['seconds']} s")


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--corpus", type=Path, default=ROOT / "data" / "demo")
    add("--task", default="fallacy")
    add("--codec", default=str(ROOT / "data" / "tokenizer"))
    sizes = [2, 5, 10, 20, 35, 50, 75, 110, 160, 240, 350, 500, 800]
    add("--sizes", type=int, nargs="+", default=sizes, help="tokens, about")
    add("--matched", type=int, nargs="+", default=[10, 35, 75, 160, 350], help="sizes that are matched")
    add("--draws", type=int, default=4, help="of matched tokens")
    add("--folds", type=int, default=3, help="over the voices of train")
    add("--halves", type=int, default=8, help="random halves of the train clips")
    parts = ["test", "folds", "penalty"]
    add("--parts", nargs="+", choices=parts, default=parts)
    add("--work", type=Path, default=ROOT / "build" / "tokens", help="parts that are finished are kept there")
    add("--cache", type=Path, default=ROOT / "runs" / "cache")
    add("--out", type=Path, default=ROOT / "data" / "reference")
    add("--jobs", type=int, default=1)
    add("--seed", type=int, default=0)
    return parser


if __name__ == "__main__":
    main()
