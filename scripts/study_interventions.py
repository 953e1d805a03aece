"""Change one thing in the prompts of trained classifiers and let them predict; one record for notebook 07.

    python scripts/study_interventions.py --jobs 2

The classifiers of the repository that read words and selected tokens (three seeds of one recipe) predict the
test clips of `fallacy` once more: with another clip's tokens, with the tokens in another order, without
words, and so on (`speechlm_utils.studies.interventions`). Nothing is trained. What they predict without any
change stands in the study of the language model, and is taken from there. About 30 minutes of one core.
Predictions are kept in build/study as they finish, and the same command goes on from there. Writes
data/reference/interventions_<task>.json, which `load_study` reads.
"""

import argparse
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np

from speechlm_utils.clips import Clip
from speechlm_utils.experiment import Experiment
from speechlm_utils.files import write_json
from speechlm_utils.finetuning.classifier import SpeechTokenClassifier
from speechlm_utils.studies.grid import Job, run_grid
from speechlm_utils.studies.interventions import INTERVENTIONS, UNCHANGED
from speechlm_utils.studies.report import describe_clips, load_study
from speechlm_utils.torch_settings import one_thread

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("classifier", "classifiers/lasso_1", "classifiers/lasso_2")


def run(clips: list[Clip], args: argparse.Namespace, job: Job) -> dict:
    """Predict with one classifier (the seed is its place in `FOLDERS`) after one intervention."""
    with one_thread():
        classifier = SpeechTokenClassifier.from_pretrained(args.data / FOLDERS[job.seed])
        changed = INTERVENTIONS[job.arm].change(clips, classifier.tokens, np.random.default_rng(job.seed))
        predictions = classifier.predict(changed).argmax(axis=1).tolist()
        report = classifier.encode(changed)[1]
    about = {"corpus": job.corpus, "task": job.task, "arm": job.arm, "seed": job.seed}
    return about | {
        "classifier": f"data/{FOLDERS[job.seed]}",
        "predictions": {"test": predictions},
        "text_tokens_per_clip": report.n_text / report.n_prompts,
        "audio_tokens_per_clip": report.n_audio / report.n_prompts,
        "codec_hash": classifier.codec_facts["hash"],
        "device": "cpu",
        "versions": {package: version(package) for package in ("torch", "transformers", "peft")},
    }


def take_unchanged(study: dict) -> list[dict]:
    """Take what the same classifiers predict without any change from the study of the language model."""
    by_seed = {run["seed"]: run for run in study["runs"] if run["arm"] == "lasso"}
    runs = [by_seed[seed] for seed in range(len(FOLDERS))]
    kept = ("corpus", "task", "seed", "codec_hash", "audio_tokens_per_clip", "text_tokens_per_clip")
    return [
        {"arm": UNCHANGED, "predictions": {"test": run["predictions"]["test"]}}
        | {key: run[key] for key in kept}
        for run in runs
    ]


def main(argv: list[str] | None = None) -> None:
    """Predict what is missing, and write the record."""
    args = build_parser().parse_args(argv)
    clips = Experiment(args.corpus, args.codec, args.work, args.cache).clips(args.task, "test")
    path = args.out / f"llm_{args.corpus.name}_{args.task}.json"
    study = load_study(path)
    if study["clips"]["test"]["ids"] != [clip.id for clip in clips]:
        raise SystemExit(f"{path}: is of other test clips than {args.corpus} has")
    seeds = range(len(FOLDERS))
    jobs = [Job(args.corpus.name, args.task, arm, seed) for arm in INTERVENTIONS for seed in seeds]
    kept = args.work / f"interventions_{args.task}.jsonl"
    runs = run_grid(jobs, partial(run, clips, args), kept, args.jobs)
    names = study["label_names"]
    record = {
        "made_by": "scripts/study_interventions.py",
        "label_names": names,
        "clips": describe_clips({"test": clips}, args.task, names),
        "runs": take_unchanged(study) + runs,
    }
    write_json(args.out / f"interventions_{args.task}.json", record)


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--corpus", type=Path, default=ROOT / "data" / "demo")
    add("--task", default="fallacy")
    add("--data", type=Path, default=ROOT / "data", help="folder that holds the classifiers")
    add("--codec", default=str(ROOT / "data" / "tokenizer"))
    add("--cache", type=Path, default=ROOT / "runs" / "cache")
    add("--work", type=Path, default=ROOT / "build" / "study")
    add("--out", type=Path, default=ROOT / "data" / "reference")
    add("--jobs", type=int, default=1)
    return parser


if __name__ == "__main__":
    main()
