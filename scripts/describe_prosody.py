"""Train the language model to describe the prosody of clips, arm by arm; one record for notebook 10.

    python scripts/describe_prosody.py --arms tokens text shuffled matched
    python scripts/describe_prosody.py --arms tokens --emodb runs/corpora/emodb --keep build/describers
    python scripts/describe_prosody.py --arms tokens text --n-train 1260 --epochs 4 --recipe long

It learns from the planted prosody of train clips, in words (`studies/descriptions.py`), and describes
validation and test clips, the recordings in data/human and, where its folder is given, some clips of EmoDB.
What is right there is measured, relative to the speaker. Linear models of the same clips are beside it.

Finished arms are appended to build/descriptions/<corpus>_<recipe>.jsonl; the same command goes on where it
was stopped. They are added to data/reference/descriptions_<corpus>.json; what is there stays. An arm takes
about 1.3 seconds of one core a train clip and epoch, and 0.5 a clip that it describes.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from speechlm_utils.acoustics.features import clip_features
from speechlm_utils.acoustics.summary import summarise_clips
from speechlm_utils.clips import Clip, sample_clips
from speechlm_utils.codec.cache import encode_clips
from speechlm_utils.codec.load import load_codec
from speechlm_utils.codec.shipped import unpack_codes
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.evaluation.arms import Part, Recipe
from speechlm_utils.evaluation.linear import Counts, LinearModel, Measured, Words
from speechlm_utils.evaluation.records import describe_run, load_record
from speechlm_utils.files import write_json
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.studies.describer import SETTINGS
from speechlm_utils.studies.description_arms import (
    ARMS,
    NAMES,
    Described,
    run_description_arm,
    select_own_tokens,
    write_described,
)
from speechlm_utils.studies.descriptions import (
    choose_words,
    find_edges,
    measure_attributes,
    read_planted,
)
from speechlm_utils.studies.grid import Job, run_grid
from speechlm_utils.studies.material import select_tokens

ROOT = Path(__file__).resolve().parents[1]
TASK = "prosody"
PARTS = ("train", "validation", "test")
PACKAGES = ("numpy", "scikit-learn", "torch", "transformers", "peft")


def gather(args: argparse.Namespace) -> tuple[Described, dict]:
    """Encode and measure clips, put prosody into words, select tokens; returns a record's head, too."""
    codec, corpus = load_codec(args.codec), load_corpus(args.corpus)
    unpack_codes(args.corpus, codec, args.cache)
    limits = dict(zip(PARTS, (args.n_train, args.n_validation, args.n_test), strict=True))
    chosen = {part: sample_clips(corpus, args.task, part, limits[part], args.seed) for part in PARTS}
    chosen["human"] = load_corpus(args.human)
    if args.emodb:
        people = load_corpus(args.emodb)
        chosen["emodb"] = people[:: max(1, len(people) // args.n_emodb)]  # of all voices, and most sentences
    clips = {part: encode_clips(some, codec, args.cache, n_jobs=args.jobs) for part, some in chosen.items()}
    values = {part: read_planted(clips[part]) for part in PARTS}
    edges = find_edges(values["train"])
    words = {part: choose_words(values[part], edges) for part in PARTS}
    measured = {part: measure(some, args) for part, some in clips.items()}
    words |= {part: measured[part] for part in clips if part not in PARTS}
    layers, seen = (
        codec.spec.acoustic_layers,
        encode_clips(sample_clips(corpus, args.task, "train"), codec, args.cache),
    )
    own = select_own_tokens(clips["train"], words["train"], layers) if "own tokens" in args.arms else ()
    material = Described(
        Path(args.corpus).name, clips, words, select_tokens(seen, args.task, layers), layers, own
    )
    about = describe_run("describe_prosody", args.recipe, codec.hash, args.seed, PACKAGES) | {
        "attributes": list(NAMES),
        "edges": edges.tolist(),
        "selected": [list(map(int, token)) for token in material.selected],
        "clips": {
            part: write_described(clips[part], words[part], "voices" if part == "emodb" else None)
            for part in clips
            if part != "train"
        },
    }
    return material, about | {"measured": {part: measured[part].tolist() for part in ("validation", "test")}}


def measure(clips: Sequence[Clip], args: argparse.Namespace) -> np.ndarray:
    """Put the measured prosody of clips into words, which divide these clips into thirds."""
    values = measure_attributes(clips, clip_features(clips, args.cache, args.jobs, progress=False))
    return choose_words(values, find_edges(values))


def run(args: argparse.Namespace, material: Described, job: Job) -> dict:
    """Run one arm: of the language model, or linear ones beside it."""
    if job.arm.startswith("linear"):
        return run_linear(job, material, args)
    settings = replace(SETTINGS, n_epochs=args.epochs, batch_size=args.batch_size, seed=job.seed)
    folder = args.keep / f"{job.arm}_{job.seed}" if args.keep else None
    return run_description_arm(job.arm, material, settings, LLMSpec(args.llm), folder) | {
        "recipe": args.recipe
    }


def run_linear(job: Job, material: Described, args: argparse.Namespace) -> dict:
    """Predict each attribute by a linear model of words, with tokens or measurements beside them."""
    train, beside = material.clips["train"], job.arm.removeprefix("linear, ")
    judged = {part: some for part, some in material.clips.items() if part != "train"}
    if beside == "acoustics":  # absolute levels: of no use on other recordings
        judged = {part: judged[part] for part in ("validation", "test")}
        every = [clip for some in (train, *judged.values()) for clip in some]
        measured = summarise_clips(every, args.cache, args.jobs)
    found = {part: [] for part in judged}
    for y in material.words["train"].T:
        blocks = {"words": [], "tokens": [Counts(material.selected)]}
        blocks = [Words(), *(blocks[beside] if beside in blocks else [Measured(measured)])]
        model = LinearModel(blocks).fit(
            train, y, Part(list(train), y, [], Recipe(seed=job.seed)).inner_folds()
        )
        for part, some in judged.items():
            found[part].append(model.predict(some))
    predictions = {part: np.transpose(columns).tolist() for part, columns in found.items()}
    about = {"arm": job.arm, "corpus": job.corpus, "task": job.task, "seed": job.seed}
    return about | {"predictions": predictions, "n_train": len(train), "recipe": args.recipe}


def merge(args: argparse.Namespace, about: dict, runs: Sequence[dict]) -> None:
    """Add runs to the record; none that is there is lost, and all must have described the same clips."""
    path = args.out / f"descriptions_{Path(args.corpus).name}.json"
    record = load_record(path, "runs", "clips") if path.exists() else about | {"runs": []}
    if other := [part for part in record["clips"] if record["clips"][part] != about["clips"].get(part)]:
        raise SystemExit(f"{path}: is of other clips in {', '.join(other)}; give the same options")
    there = {(run["recipe"], Job.of(run)) for run in record["runs"]}
    record["runs"] += [run for run in runs if (run["recipe"], Job.of(run)) not in there]
    write_json(path, record, indent=None)
    print(f"{path}: {len(record['runs'])} runs")


def main(argv: list[str] | None = None) -> None:
    """Run what is missing, and write the record after every arm."""
    args = build_parser().parse_args(argv)
    material, about = gather(args)
    corpus = Path(args.corpus).name
    path, done = args.work / f"{corpus}_{args.recipe}.jsonl", []
    for arm in args.arms:
        done += run_grid(
            [Job(corpus, TASK, arm, args.seed)], partial(run, args, material), path, progress=False
        )
        merge(args, about, done)


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add, linear = parser.add_argument, [f"linear, {what}" for what in ("words", "tokens", "acoustics")]
    add("--arms", nargs="+", choices=[*linear, *ARMS], default=[*linear, *ARMS])
    add("--recipe", default="short", help="name of these settings in the record")
    add("--n-train", type=int, default=600, help="clips, whole sentences")
    add("--n-validation", type=int, default=80)
    add("--n-test", type=int, help="default: all")
    add("--epochs", type=int, default=SETTINGS.n_epochs)
    add("--batch-size", type=int, default=SETTINGS.batch_size)
    add("--task", default="fallacy", help="whose clips are described, and whose tokens are read")
    add("--llm", default="smollm2-135m")
    add("--corpus", type=Path, default=ROOT / "data" / "demo")
    add("--human", type=Path, default=ROOT / "data" / "human")
    add("--emodb", type=Path, help="folder that `speechlm import emodb` has written")
    add("--n-emodb", type=int, default=100, help="clips of it, about")
    add("--codec", default=str(ROOT / "data" / "tokenizer"))
    add("--cache", type=Path, default=ROOT / "runs" / "cache")
    add("--work", type=Path, default=ROOT / "build" / "descriptions")
    add("--out", type=Path, default=ROOT / "data" / "reference")
    add("--keep", type=Path, help="save every adapter there")
    add("--jobs", type=int, default=1)
    add("--seed", type=int, default=0)
    return parser


if __name__ == "__main__":
    main()
