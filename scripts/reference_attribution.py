"""Test the attributions of notebook 12 on the whole test set, where the notebook takes some dozens of clips.

    python scripts/reference_attribution.py        # data/classifier; hours on two CPU cores
    python scripts/reference_attribution.py --clips 24 --k 1 3 5 --random-clips 2 --random-models 2

The second line made the stored result, in half an hour.

Integrated gradients of every test clip; then the k audio tokens that speak most for the predicted class are
deleted, and k random ones, for several k; and models with random weights are asked about some of the clips.
Writes data/reference/attribution_<task>.json, which notebook 12 shows.
"""

import argparse
from datetime import date
from functools import partial
from itertools import chain
from pathlib import Path

from joblib import Parallel, delayed

from speechlm_utils.attribution.faithfulness import compare_with_random_weights, run_deletion_test
from speechlm_utils.attribution.gradients import Attribution, attribute_clip
from speechlm_utils.audio import hash_file
from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.clips import Clip, groups, sample_clips
from speechlm_utils.experiment import Experiment
from speechlm_utils.files import write_json
from speechlm_utils.finetuning.classifier import SpeechTokenClassifier
from speechlm_utils.torch_settings import one_thread

ROOT = Path(__file__).resolve().parents[1]
PIECE = 32  # clips that a process attributes at a time


def attribute(folder: Path, clips: list[Clip], options: dict) -> list[Attribution]:
    """Attribute some clips, which have codes, in a process of one thread."""
    with one_thread():
        classifier = SpeechTokenClassifier.from_pretrained(folder)
        return [attribute_clip(classifier, clip, **options) for clip in clips]


def ask_random_models(
    folder: Path, attributions: list[Attribution], part: str, options: dict, n_models: int, seed: int
) -> dict:
    """Correlate with models in which `part` has random weights: mean over all, and the mean of each model."""
    with one_thread():
        classifier = SpeechTokenClassifier.from_pretrained(folder)
        again = partial(attribute_clip, classifier, **options)
        found = compare_with_random_weights(classifier, attributions, again, part, n_models, seed)
    return {"mean": float(found.mean()), "models": found.mean(axis=1).tolist(), "n_clips": len(attributions)}


def main(argv: list[str] | None = None) -> None:
    """Attribute, delete, ask random models, and write what came of it."""
    args = build_parser().parse_args(argv)
    experiment = Experiment(args.corpus, str(args.codec), args.classifier, args.cache, seed=args.seed)
    classifier = SpeechTokenClassifier.from_pretrained(args.classifier, codec=experiment.codec)
    clips = sample_clips(
        experiment.clips(classifier.task, "test"), classifier.task, limit=args.clips, seed=args.seed
    )
    options = {"n_steps": args.steps, "filler": args.filler}
    pieces = [clips[start : start + PIECE] for start in range(0, len(clips), PIECE)]
    parallel = Parallel(args.jobs, verbose=5)
    found = parallel(delayed(attribute)(args.classifier, piece, options) for piece in pieces)
    attributions = list(chain.from_iterable(found))
    bootstrap = Bootstrap(seed=args.seed)
    tests = [run_deletion_test(classifier, attributions, k, args.draws, bootstrap).numbers for k in args.k]
    for test in tests:
        print(test, flush=True)
    few = sample_clips(clips, classifier.task, limit=args.random_clips, seed=args.seed)
    by_id = {one.clip.id: one for one in attributions}
    theirs, parts = [by_id[clip.id] for clip in few], ("head", "all")
    how = options, args.random_models, args.seed
    checks = parallel(delayed(ask_random_models)(args.classifier, theirs, part, *how) for part in parts)
    write_json(
        args.out or ROOT / "data" / "reference" / f"attribution_{classifier.task}.json",
        {
            "made_by": "scripts/reference_attribution.py",
            "date": date.today().isoformat(),
            "task": classifier.task,
            "seed": args.seed,
            **options,
            "n_clips": len(clips),
            "n_groups": len(set(groups(clips))),
            "classifier": hash_file(args.classifier / "adapter" / "adapter_model.safetensors"),
            "gaps": [round(one.gap, 4) for one in attributions],
            "errors": [round(one.delta, 4) for one in attributions],
            "deletion": tests,
            "random_models": dict(zip(parts, checks, strict=True)),
        },
    )


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--classifier", type=Path, default=ROOT / "data" / "classifier")
    add("--corpus", type=Path, default=ROOT / "data" / "demo")
    add("--codec", type=Path, default=ROOT / "data" / "tokenizer")
    add("--cache", type=Path, default=ROOT / "runs" / "cache")
    add("--clips", type=int, help="at most so many test clips (default: all)")
    add("--steps", type=int, default=64, help="points of the integral")
    add("--filler", default=" the", help="token whose embedding fills the baseline")
    add("--k", type=int, nargs="+", default=[1, 3, 5, 10], help="audio tokens that are deleted")
    add("--draws", type=int, default=5, help="sets of random tokens for each clip")
    add("--random-clips", type=int, default=12, help="clips that random models are asked about")
    add("--random-models", type=int, default=8)
    add("--jobs", type=int, default=2)
    add("--seed", type=int, default=0)
    add("--out", type=Path)
    return parser


if __name__ == "__main__":
    main()
