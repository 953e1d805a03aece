"""Run the linear arms of the study on a task: one record of all arms.

    python scripts/linear_study.py --task fallacy
    python scripts/linear_study.py --task question --arms bigrams thirds
    python scripts/linear_study.py --corpus runs/corpora/emodb --task emotion --rotate 5

They learn on train and predict validation and test. With --rotate K, voices rotate through test in K folds,
as in llm_study.py: for corpora in which every voice says the same sentences. Every arm runs in a process of
its own, so that its memory can be told. The record, data/reference/linear_study_<task>.json, has the form of
the language model's; arms that it holds already are kept. --decoys adds how far selection with decoys keeps
its word: the share of false ones where the truth was planted into real counts, and what is selected where
labels mean nothing.
"""

import argparse
import multiprocessing
import platform
import resource
from importlib import metadata
from pathlib import Path

import numpy as np
from tqdm import tqdm

from speechlm_utils.clips import Clip, groups, hash_corpus, label_ids, label_names, select_clips
from speechlm_utils.codec.cache import encode_clips
from speechlm_utils.codec.load import load_codec
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.evaluation.arms import Part, Recipe
from speechlm_utils.evaluation.study import run_linear_arm
from speechlm_utils.evaluation.study_arms import LINEAR_ARMS
from speechlm_utils.files import write_json
from speechlm_utils.selection.controls import permute_labels
from speechlm_utils.selection.decoys import find_threshold, prepare_race
from speechlm_utils.studies.folds import divide, pool_clips, pool_folds, split_by_fold
from speechlm_utils.studies.linear import measure_beside
from speechlm_utils.studies.report import continue_study, describe_clips, score_arm

ROOT = Path(__file__).resolve().parents[1]
RATES = (0.1, 0.2)
N_TRUE = 30


def prepare(parts: dict[str, list[Clip]], args: argparse.Namespace, names: list[str]) -> Part:
    """Return what the arms learn from, and the clips of both other splits, which they predict."""
    train, recipe = parts["train"], Recipe(n_draws=args.draws, keep_groups_apart=not args.rotate)
    return Part(train, label_ids(train, args.task, names), [*parts["validation"], *parts["test"]], recipe)


def run_folds(
    folds: list[list[Clip]], args: argparse.Namespace, codec, arms: list[str], names: list[str]
) -> list[list[dict]]:
    """Run arms on every fold, or on the corpus's own splits, which are one; returns the records of each."""
    found = []
    for clips in folds:
        beside = measure_beside(arms, clips, codec, args.cache, args.jobs)
        found.append(run_arms(arms, prepare(divide(clips), args, names), beside, args.task, names))
    return found


def run_apart(job: tuple) -> list[dict]:
    """Run an arm, and add what this process, started for it alone, has needed of memory: clips included."""
    records = run_linear_arm(*job)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return [record | {"peak_memory_gib": round(memory, 3)} for record in records]


def run_arms(names: list[str], *job) -> list[dict]:
    """Run arms one after the other, each in a fresh process."""
    jobs = [(name, *job) for name in names]
    with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as pool:
        found = tqdm(pool.imap(run_apart, jobs, chunksize=1), total=len(jobs), unit="arm")
        return [record for records in found for record in records]


def check_decoys(part: Part, n_times: int) -> dict:
    """Count what decoys select: of the labels, of permuted ones, and of labels planted into real counts."""
    race, tokens = prepare_race(part.train, part.layers)
    rows = {"labels": [], "permuted labels": [], "planted": []}
    for seed in tqdm(range(n_times), desc="decoys"):
        rng = np.random.default_rng(seed)
        true = rng.choice(len(tokens), N_TRUE, replace=False)
        score = race.X[:, true] @ rng.choice([-0.6, 0.6], N_TRUE)
        told = {
            "labels": part.y,
            "permuted labels": permute_labels(part.y, groups(part.train), rng),
            "planted": (score + rng.logistic(size=len(score)) > 0).astype(int),
        }
        for name, y in told.items():
            wins = race.measure_wins(y, rng)
            chosen = [np.flatnonzero(wins >= find_threshold(wins, rate)) for rate in RATES]
            row = {"selected": [len(some) for some in chosen]}
            if name == "planted":
                row["true"] = [int(np.isin(some, true).sum()) for some in chosen]
            rows[name].append(row)
    return {"rates": RATES, "n_tokens": len(tokens), "n_true": N_TRUE, "draws": rows}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--task", default="fallacy")
    add("--arms", nargs="+", choices=list(LINEAR_ARMS), default=list(LINEAR_ARMS))
    add("--decoys", type=int, default=0, help="draws of decoys and of planted labels")
    add("--rotate", type=int, help="folds over voices")
    add("--corpus", type=Path, default=ROOT / "data" / "demo")
    add("--codec", default=str(ROOT / "data" / "tokenizer"))
    add("--draws", type=int, default=10, help="of matched and of random tokens")
    add("--cache", type=Path, default=ROOT / "runs" / "cache")
    add("--out", type=Path, default=ROOT / "data" / "reference")
    add("--jobs", type=int, default=1)
    args = parser.parse_args()
    if args.rotate and args.decoys:
        parser.error("--decoys: checked on the corpus's own splits; leave --rotate out")
    codec, path = load_codec(args.codec), args.out / f"linear_study_{args.task}.json"
    clips = select_clips(load_corpus(args.corpus), args.task)
    coded, names = encode_clips(clips, codec, args.cache, n_jobs=args.jobs), label_names(clips, args.task)
    folds = [split_by_fold(coded, args.rotate, k) for k in range(args.rotate)] if args.rotate else [coded]
    described = [describe_clips(divide(clips), args.task, names) for clips in folds]
    described = pool_clips(described) if args.rotate else described[0]
    found_now = {"made_by": "scripts/linear_study.py", "label_names": names, "clips": described}
    study = continue_study(path, found_now)
    there = {run["arm"] for run in study["runs"]}
    found = run_folds(folds, args, codec, [arm for arm in args.arms if arm not in there], names)
    runs = found[0]
    if args.rotate:
        runs = [pool_folds(of_draw) | {"seed": of_draw[0]["seed"]} for of_draw in zip(*found, strict=True)]
    about = {"corpus": args.corpus.name, "codec_hash": codec.hash, "device": platform.machine()}
    about["train_hash"] = hash_corpus(coded if args.rotate else divide(coded)["train"])
    about["versions"] = {name: metadata.version(name) for name in ("numpy", "scikit-learn")}
    study["runs"] += [run | about for run in runs]
    if args.decoys:
        study["decoys"] = check_decoys(prepare(divide(coded), args, names), args.decoys)
    write_json(path, study, indent=None)
    for run in runs:
        score = score_arm(study | {"runs": [run]}, run["arm"])[0]
        print(f"{run['arm']:18} {run['seed']} {score:.3f} {run['cpu_seconds']:.1f}")


if __name__ == "__main__":
    main()
