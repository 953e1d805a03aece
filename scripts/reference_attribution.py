"""Test the attributions of notebook 12 on the whole test set, where the notebook takes some dozens of clips.

    python scripts/reference_attribution.py        # data/classifier; half an hour on two CPU cores
    python scripts/reference_attribution.py --clips 20 --random-clips 2 --out build/try.json

Integrated gradients of every test clip; then the k audio tokens that speak most for the predicted class are
deleted, and k random ones, for several k; and models with random weights are asked about some of the clips.
Writes data/reference/attribution_<task>.json, which notebook 12 shows.
"""

import argparse
from dataclasses import asdict
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from speechlm_utils.attribution import Attribution, attribute_clip
from speechlm_utils.codec import load_codec
from speechlm_utils.contexts import one_thread
from speechlm_utils.corpus import Clip, groups
from speechlm_utils.drawing import draw_clips
from speechlm_utils.experiment import Experiment
from speechlm_utils.faithfulness import compare_with_random_weights, run_deletion_test
from speechlm_utils.files import write_json
from speechlm_utils.predictor import SpeechTokenClassifier

ROOT = Path(__file__).resolve().parents[1]


def load_classifier(args: argparse.Namespace) -> SpeechTokenClassifier:
    return SpeechTokenClassifier.from_pretrained(args.classifier, codec=load_codec(args.codec))


def attribute(args: argparse.Namespace, clips: list[Clip]) -> list[Attribution]:
    """Attribute some clips in a process of one thread."""
    with one_thread():
        classifier = load_classifier(args)
        return [attribute_clip(classifier, clip, n_steps=args.steps, filler=args.filler) for clip in clips]


def ask_random_models(
    args: argparse.Namespace, clips: list[Clip], attributions: list[Attribution], part: str
) -> dict:
    """Correlate with models in which `part` has random weights: mean over all, and the mean of each model."""
    options = {"n_steps": args.steps, "filler": args.filler}
    with one_thread():
        found = compare_with_random_weights(
            load_classifier(args), clips, attributions, part, args.random_models, args.seed, **options
        )
    return {"mean": float(found.mean()), "models": found.mean(axis=1).tolist(), "n_clips": len(clips)}


def main(argv: list[str] | None = None) -> None:
    """Attribute, delete, ask random models, and write what came of it."""
    args = build_parser().parse_args(argv)
    classifier = load_classifier(args)
    experiment = Experiment(args.corpus, str(args.codec), args.classifier, args.cache, seed=args.seed)
    clips = draw_clips(
        experiment.clips(classifier.task, "test"), classifier.task, limit=args.clips, seed=args.seed
    )
    pieces = [clips[start :: 8 * args.jobs] for start in range(8 * args.jobs)]
    work = Parallel(args.jobs, verbose=5)(delayed(attribute)(args, piece) for piece in pieces if piece)
    found = {
        clip.id: one
        for piece, ones in zip(pieces, work, strict=False)
        for clip, one in zip(piece, ones, strict=True)
    }
    attributions = [found[clip.id] for clip in clips]
    tests = [
        asdict(run_deletion_test(classifier, clips, attributions, k, args.draws, seed=args.seed))
        for k in args.k
    ]
    for test in tests:
        print(test, flush=True)
    few = draw_clips(clips, classifier.task, limit=args.random_clips, seed=args.seed)
    theirs = [found[clip.id] for clip in few]
    parts = ("head", "all")
    checks = Parallel(args.jobs)(delayed(ask_random_models)(args, few, theirs, part) for part in parts)
    errors = np.array([abs(one.delta) for one in attributions])
    write_json(
        args.out or ROOT / "data" / "reference" / f"attribution_{classifier.task}.json",
        {
            "made_by": "scripts/reference_attribution.py",
            "task": classifier.task,
            "seed": args.seed,
            "n_steps": args.steps,
            "filler": args.filler,
            "n_clips": len(clips),
            "n_groups": len(set(groups(clips))),
            "train_hash": classifier.results["data"]["train_hash"],
            "median_error": float(np.median(errors)),
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
    add("--codec", type=Path, default=ROOT / "data" / "codec")
    add("--cache", type=Path, default=ROOT / "runs" / "cache")
    add("--clips", type=int, help="at most so many test clips (default: all)")
    add("--steps", type=int, default=16, help="points of the integral")
    add("--filler", default=" the", help="token whose row fills the baseline")
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
