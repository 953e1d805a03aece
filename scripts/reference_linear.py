"""Measure what a linear model hears in the tokens, beside strong baselines and all controls; one record.

    python scripts/reference_linear.py --task fallacy --name demo_fallacy --untrained build/untrained
    python scripts/reference_linear.py --corpus runs/corpora/emodb --task emotion --name emodb_emotion \
        --shared-sentences --untrained build/untrained
    python scripts/reference_linear.py --corpus build/human/held_out/fillets_nl --task question \
        --name fillets_question --rotate sentences

Voices rotate through test: each clip is predicted once, by a model that has heard neither its voice nor
(unless --shared-sentences says that every voice speaks the same ones) its sentence. With --own-split, the
corpus's own split is measured, too, `test` and `validation` being predicted once each. Tokens, weights and
C are chosen in train.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from sklearn.model_selection import GroupKFold

from speechlm_utils.acoustics.summary import summarise_clips
from speechlm_utils.bootstrap import Bootstrap, paired_bootstrap
from speechlm_utils.clips import Clip, groups, hash_corpus, label_ids, label_names, select_clips
from speechlm_utils.codec.cache import encode_clips
from speechlm_utils.codec.load import load_codec
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.evaluation.arms import Recipe
from speechlm_utils.evaluation.records import describe_run
from speechlm_utils.evaluation.representations import measure_mfcc, measure_states
from speechlm_utils.evaluation.rotation import UNTESTED, Material, Outcome, run_arms
from speechlm_utils.evaluation.voices import rotate_voices
from speechlm_utils.files import write_json
from speechlm_utils.metrics import macro_f1_scores
from speechlm_utils.studies.linear import BLOCK, RMS_DBFS

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("numpy", "scikit-learn", "skglm", "torch")
SPLITS = ("train", "validation", "test")
PAIRS = {
    "selected less nothing": ("words", "words + selected"),
    "selected less matched": ("words + matched", "words + selected"),
    "selected less random": ("words + random", "words + selected"),
    "matched less nothing": ("words", "words + matched"),
    "random less nothing": ("words", "words + random"),
    "selected less untrained": ("words + selected, untrained", "words + selected"),
    "selected less measured acoustics": ("words + measured acoustics", "words + selected"),
    "equal loudness less nothing": ("words", "words + selected, equal loudness"),
    "audio: selected less matched": ("matched", "selected"),
    "audio: selected less random": ("random", "selected"),
    "audio: selected less untrained": ("selected, untrained", "selected"),
    "audio: selected less measured acoustics": ("measured acoustics", "selected"),
    "audio: selected less layer 1": ("all tokens, layer 1", "selected"),
}
"""Comparisons, B less A; those whose arms are not there are left out."""


def gather(args: argparse.Namespace, codec) -> tuple[Material, list[str]]:
    """Encode the clips of the task in every way, and measure the rest."""
    clips = select_clips(load_corpus(args.corpus), args.task)
    names = label_names(clips, args.task)
    coded = encode_clips(clips, codec, args.cache, n_jobs=args.jobs)
    features = {"measured acoustics": summarise_clips(coded, args.cache, args.jobs)}
    mfcc = Parallel(args.jobs)(delayed(measure_mfcc)(clip) for clip in clips)
    features["MFCC"] = {clip.id: one for clip, one in zip(clips, mfcc, strict=True)}
    features[f"states of block {args.block}"] = measure_states(clips, args.block)
    codes = {"equal loudness": encode_clips(clips, codec, args.cache, RMS_DBFS, n_jobs=args.jobs)}
    if args.untrained:
        codes["untrained"] = encode_clips(clips, load_codec(args.untrained), args.cache, n_jobs=args.jobs)
    return Material(coded, label_ids(clips, args.task, names), features, codes), names


def make_folds(clips: list[Clip], args: argparse.Namespace) -> list[tuple[np.ndarray, np.ndarray]]:
    """Let voices, or sentences (groups of the corpus), take turns in test."""
    if args.rotate == "voices":
        return rotate_voices(clips, args.folds, args.seed, not args.shared_sentences)
    dealt = GroupKFold(args.folds, shuffle=True, random_state=args.seed)
    return list(dealt.split(clips, groups=groups(clips)))


def score(material: Material, outcomes: dict[str, Outcome], test: np.ndarray, n_classes: int) -> dict:
    """Score every arm on the tested clips: macro-F1 over the present classes, averaged over draws."""
    arms, y = {}, material.y[test]
    for name, one in outcomes.items():
        draws = [macro_f1_scores(y, row[test], n_classes)["macro_f1_present"] for row in one.predictions]
        arms[name] = {
            "macro_f1": round(float(np.mean(draws)), 4),
            "sd_draws": round(float(np.std(draws, ddof=1)), 4) if len(draws) > 1 else None,
            "draws": len(draws),
            "tokens": round(float(np.mean(one.n_tokens)), 1),
            "tokens_per_clip": round(one.per_clip, 1),
            "tokens_per_clip_once": round(one.per_clip_once, 1),
            "settings": one.settings[:: len(draws)],
        }
    return arms


def compare(material: Material, outcomes: dict[str, Outcome], test: np.ndarray, args) -> dict:
    """Compare pairs of arms; sentences, voices and draws are resampled together."""
    clips = [material.clips[i] for i in test]
    units = {"sentences": groups(clips), "voices": np.array([clip.speaker for clip in clips])}
    if args.shared_sentences or args.rotate == "sentences":
        del units["sentences" if args.shared_sentences else "voices"]
    found = {}
    for name, (a, b) in PAIRS.items():
        if a in outcomes and b in outcomes:
            pair = (outcomes[one].predictions[:, test] for one in (a, b))
            bootstrap = Bootstrap(args.resamples, args.seed, rows="draws")
            one = paired_bootstrap(material.y[test], *pair, units, bootstrap).difference
            found[name] = {"difference": one.estimate, "low": one.low, "high": one.high}
            found[name] |= {"n": one.n, "unit": one.unit, "verdict": one.verdict}
    return found


def run(material: Material, folds, args, n_classes: int) -> dict:
    """Run all arms over folds: scores, comparisons, and the predictions of the arms that are compared."""
    recipe = Recipe(n_draws=args.draws, keep_groups_apart=not args.shared_sentences, seed=args.seed)
    outcomes = run_arms(material, folds, recipe, args.jobs)
    test = np.unique(np.concatenate([places for _, places in folds]))
    kept = {name for pair in PAIRS.values() for name in pair} & set(outcomes)
    predictions = {name: outcomes[name].predictions[:, test].tolist() for name in sorted(kept)}
    assert not any((np.array(one) == UNTESTED).any() for one in predictions.values())
    return {
        "n_clips": len(test),
        "n_voices": len({material.clips[i].speaker for i in test}),
        "folds": len(folds),
        "arms": score(material, outcomes, test, n_classes),
        "comparisons": compare(material, outcomes, test, args),
        "ids": [material.clips[i].id for i in test],
        "y_true": material.y[test].tolist(),
        "predictions": predictions,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--corpus", type=Path, default=ROOT / "data" / "demo")
    add("--task", required=True)
    add("--name", required=True, help="of the record: data/reference/linear_NAME.json")
    add("--codec", default=str(ROOT / "data" / "tokenizer"))
    add("--untrained", type=Path, help="tokenizer on an untrained encoder, by build_tokenizer.py --untrained")
    add("--block", type=int, default=BLOCK, help="encoder block of the continuous states")
    add("--shared-sentences", action="store_true", help="every voice speaks the same sentences")
    add("--folds", type=int, default=5, help="that the voices are dealt out to; 0: no rotation")
    add("--rotate", choices=("voices", "sentences"), default="voices", help="what takes turns in test")
    add("--own-split", action="store_true", help="also train on train and predict test, as the corpus splits")
    add("--draws", type=int, default=10, help="of matched and of random tokens")
    add("--resamples", type=int, default=2000)
    add("--cache", type=Path, default=ROOT / "runs" / "cache")
    add("--out", type=Path, default=ROOT / "data" / "reference")
    add("--jobs", type=int, default=2)
    add("--seed", type=int, default=0)
    args = parser.parse_args()
    start, codec = time.monotonic(), load_codec(args.codec)
    material, names = gather(args, codec)
    record = describe_run("reference_linear", "linear arms", codec.hash, args.seed, PACKAGES) | {
        "task": args.task,
        "rotated_by": args.rotate,
        "label_names": names,
        "corpus_hash": hash_corpus(material.clips),
    }
    if args.folds:
        record["rotated"] = run(material, make_folds(material.clips, args), args, len(names))
    if args.own_split:
        splits = np.array([clip.split for clip in material.clips])
        train, validation, test = (np.flatnonzero(splits == name) for name in SPLITS)
        record["own_split"] = run(material, [(train, test)], args, len(names))
        record["own_validation"] = run(material, [(train, validation)], args, len(names))
    record["seconds"] = round(time.monotonic() - start)
    write_json(args.out / f"linear_{args.name}.json", record, indent=None)
    for part in ("rotated", "own_split", "own_validation"):
        for name, arm in record.get(part, {}).get("arms", {}).items():
            cost = f"{arm['tokens_per_clip']:6.1f} {arm['tokens_per_clip_once']:6.1f}"
            print(f"{part:14} {name:40} {arm['macro_f1']:.3f}  {arm['tokens']:6.1f} tokens, {cost} a clip")
        for name, one in record.get(part, {}).get("comparisons", {}).items():
            span = f"{one['difference']:+.3f} [{one['low']:+.3f}, {one['high']:+.3f}]"
            print(f"{part:14} {name:40} {span} over {one['n']} {one['unit']}: {one['verdict']}")


if __name__ == "__main__":
    main()
