"""Measure what is left when words or sound get worse, with and without layer 1; one record for notebook 09.

    python scripts/study_noise.py

1. *Corrupted words*: of train and test clips, a share of the words is dropped or replaced; a linear model
   reads what is left, alone and beside 75 tokens of layers 2-8, or of 1-8, which are selected anew.
2. *Noisy sound*: steady noise with the spectrum of speech is added to the test clips. Their tokens come from
   the noisy sound, their words from a recogniser that hears it (or, for comparison, from the script). Two
   models meet them: one trained on clean clips, one on train clips that each had noise of one of the levels.
   Both learn from the true words of train. The recogniser writes down a sample of the test clips only.

Tasks: `fallacy`, whose classes are heard, and `topic`, whose classes only the words tell. About 25 minutes
of one core. What was heard in noise is kept in build/noise. Writes data/reference/noise_demo.json.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import joblib
import numpy as np
from joblib import Parallel, delayed
from tqdm import tqdm

from speechlm_utils.audio import load_audio
from speechlm_utils.clips import (
    Clip,
    hash_corpus,
    label_ids,
    label_names,
    sample_clips,
    select_clips,
)
from speechlm_utils.codec.cache import encode_clips
from speechlm_utils.codec.load import load_codec
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.evaluation.arms import Draw, Part, Recipe, fit_selector, read_tokens
from speechlm_utils.evaluation.hearing import QuickRecogniser, hear_clips
from speechlm_utils.evaluation.noise import corrupt_clips, measure_spectrum
from speechlm_utils.evaluation.records import describe_run, write_arms, write_clips
from speechlm_utils.evaluation.rotation import Outcome, predict_arms
from speechlm_utils.files import write_atomically, write_json
from speechlm_utils.selection.selector import list_selected
from speechlm_utils.torch_settings import one_thread
from speechlm_utils.words import word_error_rate

ROOT = Path(__file__).resolve().parents[1]
RATES = (0.0, 0.1, 0.2, 0.4, 0.6, 0.8)
LEVELS = (None, 20, 10, 5, 0)  # dB; None: as it is
LAYERS = {"layers 2–8": tuple(range(2, 9)), "layers 1–8": tuple(range(1, 9))}
PACKAGES = ("numpy", "scikit-learn", "torch")
PIECE = 24  # clips that a process hears at a time


def predict_all(part: Part, use_text: bool) -> dict[str, Outcome]:
    """Predict by words alone (if they are used), and by tokens selected from each set of layers."""
    arms = {"words": [Draw(None)]} if use_text else {}
    for name, layers in LAYERS.items():
        chosen = replace(part, recipe=replace(part.recipe, layers=layers))
        arms[name] = [read_tokens(list_selected(fit_selector(chosen, use_text)))]
    found = predict_arms(part, arms, use_text)
    return {f"words + {name}" if use_text and name != "words" else name: one for name, one in found.items()}


def corrupt(part: Part, rate: float, draw: int, seed: int) -> tuple[float, dict[str, Outcome]]:
    """Corrupt the words of train and test; returns the word error rate of test, and outcomes."""
    texts, seeds = [clip.text for clip in part.train], np.random.SeedSequence([seed, draw]).generate_state(2)
    train, test = (
        corrupt_clips(some, rate, texts, int(one))
        for some, one in zip((part.train, part.test), seeds, strict=True)
    )
    error = word_error_rate([clip.text for clip in part.test], [clip.text for clip in test])
    return error, predict_all(replace(part, train=train, test=test), use_text=True)


def study_words(part: Part, args: argparse.Namespace) -> dict:
    """Corrupt words by each rate, several times: the rates, and rate -> record of all arms."""
    jobs = [(rate, draw) for rate in RATES for draw in range(args.draws if rate else 1)]
    found = Parallel(args.jobs)(delayed(corrupt)(part, *job, args.seed) for job in tqdm(jobs, desc="words"))
    records, errors = {}, []
    for rate in RATES:
        some = [one for (other, _), one in zip(jobs, found, strict=True) if other == rate]
        arms = {name: stack([outcomes[name] for _, outcomes in some]) for name in some[0][1]}
        records[str(rate)] = write_arms(arms)
        errors.append(round(float(np.mean([error for error, _ in some])), 4))
    records["no words"] = write_arms(predict_all(part, use_text=False))
    return {"rates": RATES, "wer": errors, "results": records}


def stack(outcomes: list[Outcome]) -> Outcome:
    """Join outcomes of several draws: predictions (n_draws, n_clips), costs averaged."""
    costs = ("per_clip", "per_clip_once")
    costs = (float(np.mean([getattr(one, name) for one in outcomes])) for name in costs)
    predictions = np.concatenate([one.predictions for one in outcomes])
    return Outcome(predictions, *costs, [n for one in outcomes for n in one.n_tokens])


def hear_piece(clips: list[Clip], levels: list, spectrum: np.ndarray, writes: bool, args) -> list[Clip]:
    """Hear some clips in a process of one thread; their words are true ones unless the recogniser writes."""
    with one_thread():
        models = load_codec(args.codec), QuickRecogniser() if writes else None
        return hear_clips(clips, levels, spectrum, models, args.seed)


def hear(clips: list[Clip], levels: list, name: str, args: argparse.Namespace, writes=False) -> list[Clip]:
    """Hear clips at their levels, or load what was heard before."""
    path = args.work / f"heard_{name}.joblib"
    if not path.exists():
        rate = load_codec(args.codec).spec.sample_rate
        others = [clip for clip in load_corpus(args.corpus) if clip.split == "unlabelled"][:100]
        spectrum = measure_spectrum([load_audio(clip.audio, rate) for clip in others])
        pieces = [slice(start, start + PIECE) for start in range(0, len(clips), PIECE)]
        found = Parallel(args.jobs)(
            delayed(hear_piece)(clips[one], levels[one], spectrum, writes, args)
            for one in tqdm(pieces, desc=name)
        )
        with write_atomically(path) as part:
            joblib.dump([(clip.codes, clip.text) for piece in found for clip in piece], part)
    kept = joblib.load(path)
    return [replace(clip, codes=codes, text=text) for clip, (codes, text) in zip(clips, kept, strict=True)]


def study_sound(part: Part, y_test: np.ndarray, name: str, args: argparse.Namespace) -> dict:
    """Predict noisy test clips by models trained on clean clips and on noisy ones."""
    rng = np.random.default_rng(args.seed)
    mixed = [LEVELS[i] for i in rng.integers(len(LEVELS), size=len(part.train))]
    some = sample_clips(part.test, limit=args.recognised, seed=args.seed)
    places = np.flatnonzero(np.isin([clip.id for clip in part.test], [clip.id for clip in some]))
    heard = {level: hear(part.test, [level] * len(part.test), f"{name}_{level}", args) for level in LEVELS}
    trained = {"clean": part.train, "noisy": hear(part.train, mixed, f"{name}_train", args)}
    read = {level: hear(some, [level] * len(some), f"{name}_{level}_read", args, True) for level in LEVELS}
    sides = {f"true, {level}": clips for level, clips in heard.items()}
    sides |= {f"recognised, {level}": clips for level, clips in read.items()}
    texts = [clip.text for clip in some]
    return {
        "recognised": write_clips(some, y_test[places]),
        "levels": LEVELS,
        "wer": [round(word_error_rate(texts, [clip.text for clip in one]), 4) for one in read.values()],
        "codes_kept": [compare_codes(one, part.test) for one in heard.values()],
        "results": {
            name: predict_sides(replace(part, train=train), sides) for name, train in trained.items()
        },
    }


def predict_sides(part: Part, sides: dict[str, list[Clip]]) -> dict[str, dict]:
    """Fit once, and predict several lists of clips: name -> record of all arms."""
    every = replace(part, test=[clip for clips in sides.values() for clip in clips])
    outcomes, start, records = predict_all(every, use_text=True) | predict_all(every, use_text=False), 0, {}
    for name, clips in sides.items():
        taken = {arm: one.take(slice(start, start + len(clips))) for arm, one in outcomes.items()}
        records[name] = write_arms(taken)
        start += len(clips)
    return records


def compare_codes(heard: list[Clip], clean: list[Clip]) -> list[float]:
    """Return the share of frames whose code is that of the clean sound, layer by layer."""
    same = [np.mean(a.codes == b.codes, axis=1) for a, b in zip(heard, clean, strict=True)]
    return np.mean(same, axis=0).round(4).tolist()


def study_task(task: str, codec, args: argparse.Namespace) -> dict:
    """Study one task of the corpus."""
    corpus = load_corpus(args.corpus)
    train, test = (
        encode_clips(select_clips(corpus, task, split), codec, args.cache, n_jobs=args.jobs)
        for split in ("train", "test")
    )
    names = label_names(train, task)
    y, y_test = (label_ids(some, task, names) for some in (train, test))
    part = Part(train, y, test, Recipe(args.n_tokens, seed=args.seed))
    words, sound = study_words(part, args), study_sound(part, y_test, task, args)
    about = {"label_names": names, "corpus_hash": hash_corpus(train), "n_train": len(train)}
    return about | {"clips": write_clips(test, y_test), "words": words, "sound": sound}


def main(argv: list[str] | None = None) -> None:
    """Study every task, and write the record."""
    args = build_parser().parse_args(argv)
    start, codec = time.monotonic(), load_codec(args.codec)
    record = describe_run(
        "study_noise", "linear, worse words and worse sound", codec.hash, args.seed, PACKAGES
    ) | {
        "n_tokens": args.n_tokens,
        "tasks": {task: study_task(task, codec, args) for task in args.tasks},
    }
    record["seconds"] = round(time.monotonic() - start)
    write_json(args.out / f"noise_{Path(args.corpus).name}.json", record, indent=None)
    print(f"{record['seconds']} s")


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--corpus", type=Path, default=ROOT / "data" / "demo")
    add("--tasks", nargs="+", default=["fallacy", "topic"])
    add("--codec", default=str(ROOT / "data" / "tokenizer"))
    add("--n-tokens", type=int, default=75)
    add("--draws", type=int, default=1, help="of corrupted words")
    add("--recognised", type=int, default=80, help="test clips that the recogniser writes down")
    add("--cache", type=Path, default=ROOT / "runs" / "cache")
    add("--work", type=Path, default=ROOT / "build" / "noise")
    add("--out", type=Path, default=ROOT / "data" / "reference")
    add("--jobs", type=int, default=1)
    add("--seed", type=int, default=0)
    return parser


if __name__ == "__main__":
    main()
