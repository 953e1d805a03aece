"""Select tokens on one task or corpus and read them on another; one record for notebook 09.

    python scripts/study_transfer.py --emodb runs/corpora/emodb

Tasks: `fallacy`, `question` and `topic` of the demo corpus (synthetic voices, English; its own split), and
`emotion` of EmoDB (people, German; five folds over the voices). On each, a linear model reads the words and
75 tokens that were selected on each of the tasks, or tokens matched to these. A task's own tokens come from
its train clips alone, those of another corpus from all of its clips. Without --emodb, the demo corpus alone.
Five to ten minutes of one core. Writes data/reference/transfer_linear.json.
"""

import argparse
import time
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
from tqdm import tqdm

from speechlm_utils.clips import label_ids, label_names, select_clips
from speechlm_utils.codec.cache import encode_clips
from speechlm_utils.codec.load import load_codec
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.evaluation.arms import Draw, Part, Recipe, fit_selector, read_tokens
from speechlm_utils.evaluation.records import describe_run, write_arms, write_clips
from speechlm_utils.evaluation.rotation import join_folds, predict_arms
from speechlm_utils.evaluation.sizes import list_occurring
from speechlm_utils.evaluation.voices import rotate_voices
from speechlm_utils.files import write_json
from speechlm_utils.selection.controls import matched_random_tokens
from speechlm_utils.selection.selector import list_selected
from speechlm_utils.tokens import Token

ROOT = Path(__file__).resolve().parents[1]
EMODB = "emotion"


def gather(args: argparse.Namespace, codec) -> dict[str, list[Part]]:
    """Return the folds of every task: one for the demo corpus, several for EmoDB; test voices are new."""
    recipe, corpus = Recipe(args.n_tokens, n_draws=args.draws, seed=args.seed), load_corpus(args.corpus)
    tasks = {}
    for task in args.tasks:
        sides = (select_clips(corpus, task, split) for split in ("train", "test"))
        train, test = (encode_clips(some, codec, args.cache, n_jobs=args.jobs) for some in sides)
        tasks[task] = [Part(train, label_ids(train, task, label_names(train, task)), test, recipe)]
    if args.emodb:
        clips = select_clips(load_corpus(args.emodb), EMODB)
        clips, names = encode_clips(clips, codec, args.cache, n_jobs=args.jobs), label_names(clips, EMODB)
        y, shared = label_ids(clips, EMODB, names), replace(recipe, keep_groups_apart=False)
        folds = rotate_voices(clips, args.folds, args.seed, keep_groups_apart=False)
        tasks[EMODB] = [
            Part([clips[i] for i in train], y[train], [clips[i] for i in test], shared)
            for train, test in folds
        ]
    return tasks


def select_all(parts: list[Part]) -> list[Token]:
    """Select tokens on all clips of a task that others may learn from: train, or EmoDB as a whole."""
    part = parts[0]
    if len(parts) > 1:
        clips = [*part.train, *part.test]
        names = label_names(clips, EMODB)
        part = replace(part, train=clips, y=label_ids(clips, EMODB, names), test=[])
    return list_selected(fit_selector(part, use_text=True))


def list_arms(part: Part, task: str, sources: dict[str, list[Token]]) -> dict[str, list[Draw]]:
    """List words alone, and for every source its tokens that occur here, and those matched to them."""
    arms, known = {"words": [Draw(None)]}, set(list_occurring(part))
    for source, tokens in sources.items():
        chosen = list_selected(fit_selector(part, use_text=True)) if source == task else tokens
        chosen, recipe = [token for token in chosen if token in known], part.recipe
        draws = matched_random_tokens(chosen, part.train, part.layers, recipe.n_draws, recipe.seed)
        arms[f"from {source}"] = [read_tokens(chosen)]
        arms[f"matched to {source}"] = [read_tokens(some) for some in draws]
    return arms


def study_task(task: str, parts: list[Part], sources: dict[str, list[Token]], args) -> dict:
    """Predict the test clips of a task by tokens from everywhere."""
    found, tested = [], []
    for part in tqdm(parts, desc=task):
        places = np.arange(len(tested), len(tested) + len(part.test))
        found.append((places, predict_arms(part, list_arms(part, task, sources), n_jobs=args.jobs)))
        tested += part.test
    joined = {
        name: join_folds([(places, one[name]) for places, one in found], len(tested)) for name in found[0][1]
    }
    y = label_ids(tested, task, label_names(tested, task))
    unit = "voices" if task == EMODB else None
    return {"clips": write_clips(tested, y, unit), "arms": write_arms(joined)}


def compare_tokens(sources: dict[str, list[Token]], n_occurring: int) -> dict[str, dict]:
    """Count the tokens that two selections share, and how many two random ones would share."""
    return {
        f"{a}, {b}": {
            "shared": len(set(sources[a]) & set(sources[b])),
            "by_chance": round(len(sources[a]) * len(sources[b]) / n_occurring, 2),
        }
        for a, b in combinations(sources, 2)
    }


def main(argv: list[str] | None = None) -> None:
    """Select, predict, and write the record."""
    args = build_parser().parse_args(argv)
    start, codec = time.monotonic(), load_codec(args.codec)
    tasks = gather(args, codec)
    sources = {task: select_all(parts) for task, parts in tasks.items()}
    n_occurring = len(list_occurring(tasks[args.tasks[0]][0]))
    record = describe_run(
        "study_transfer", "linear, tokens of another task or corpus", codec.hash, args.seed
    ) | {
        "tokens": sources,
        "n_occurring": n_occurring,
        "shared": compare_tokens(sources, n_occurring),
        "tasks": {task: study_task(task, parts, sources, args) for task, parts in tasks.items()},
    }
    record["seconds"] = round(time.monotonic() - start)
    write_json(args.out / "transfer_linear.json", record, indent=None)
    print(f"{record['seconds']} s")


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--corpus", type=Path, default=ROOT / "data" / "demo")
    add("--tasks", nargs="+", default=["fallacy", "question", "topic"])
    add("--emodb", type=Path, help="folder that `speechlm import emodb` has written")
    add("--codec", default=str(ROOT / "data" / "tokenizer"))
    add("--n-tokens", type=int, default=75)
    add("--draws", type=int, default=4, help="of matched tokens")
    add("--folds", type=int, default=5, help="over the voices of EmoDB")
    add("--cache", type=Path, default=ROOT / "runs" / "cache")
    add("--out", type=Path, default=ROOT / "data" / "reference")
    add("--jobs", type=int, default=1)
    add("--seed", type=int, default=0)
    return parser


if __name__ == "__main__":
    main()
