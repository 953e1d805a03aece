"""Change one thing in the prompts of trained classifiers and let them predict; one record for notebook 07.

    python scripts/study_interventions.py --jobs 2

The classifiers of the repository that read words and selected tokens (three seeds of one recipe) predict the
validation and test clips of `fallacy` as they are, and once more with another clip's tokens, with the tokens
in another order, without words, and so on (`speechlm_utils.studies.interventions`), and with every clip
encoded at the same loudness. Nothing is trained. About 40 minutes of one core. Predictions are kept in
build/study/interventions.jsonl as they finish, and the same command goes on from there. Writes
data/reference/interventions_<task>.json, which `load_study` reads.
"""

import argparse
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np

from speechlm_utils.clips import label_ids
from speechlm_utils.codec.cache import encode_clips
from speechlm_utils.experiment import Experiment
from speechlm_utils.files import write_json
from speechlm_utils.finetuning.classifier import SpeechTokenClassifier
from speechlm_utils.metrics import macro_f1_scores
from speechlm_utils.studies.grid import Job, run_grid
from speechlm_utils.studies.interventions import INTERVENTIONS
from speechlm_utils.studies.report import describe_clips
from speechlm_utils.torch_settings import one_thread

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("classifier", "classifiers/lasso_1", "classifiers/lasso_2")
LOUDNESS, RMS_DBFS = "equal loudness", -26.0
SPLITS = ("validation", "test")


def run(clips_by_level: dict, args: argparse.Namespace, job: Job) -> dict:
    """Predict with one classifier (the seed is its place in `FOLDERS`) after one intervention."""
    is_loud = job.arm == LOUDNESS
    with one_thread():
        classifier = SpeechTokenClassifier.from_pretrained(args.data / FOLDERS[job.seed])
        rng, names, predictions, scores = np.random.default_rng(job.seed), classifier.label_names, {}, {}
        for split, clips in clips_by_level[is_loud].items():
            if not is_loud:
                clips = INTERVENTIONS[job.arm].change(clips, classifier.tokens, rng)
            predictions[split] = classifier.predict(clips).argmax(axis=1).tolist()
            truth = label_ids(clips, job.task, names)
            scores[split] = macro_f1_scores(truth, predictions[split], len(names))
        report = classifier.encode(clips)[1]
    about = {"corpus": job.corpus, "task": job.task, "arm": job.arm, "seed": job.seed}
    return about | {
        "classifier": f"data/{FOLDERS[job.seed]}",
        "predictions": predictions,
        "scores": scores,
        "text_tokens_per_clip": report.n_text / report.n_prompts,
        "audio_tokens_per_clip": report.n_audio / report.n_prompts,
        "codec_hash": classifier.codec_facts["hash"],
        "device": "cpu",
        "versions": {package: version(package) for package in ("torch", "transformers", "peft")},
    }


def main(argv: list[str] | None = None) -> None:
    """Predict what is missing, and write the record."""
    args = build_parser().parse_args(argv)
    experiment = Experiment(args.corpus, args.codec, args.work, args.cache)
    corpus, clips = args.corpus.name, {split: experiment.clips(args.task, split) for split in SPLITS}
    loud = {
        split: encode_clips(some, experiment.codec, args.cache, RMS_DBFS, args.jobs)
        for split, some in clips.items()
    }
    clips_by_level = {False: clips, True: loud}
    arms = [*INTERVENTIONS, LOUDNESS]
    jobs = [Job(corpus, args.task, arm, seed) for arm in arms for seed in range(len(FOLDERS))]
    runs = run_grid(
        jobs, partial(run, clips_by_level, args), args.work / f"interventions_{args.task}.jsonl", args.jobs
    )
    names = SpeechTokenClassifier.from_pretrained(args.data / FOLDERS[0]).label_names
    record = {
        "made_by": "scripts/study_interventions.py",
        "label_names": names,
        "clips": describe_clips(clips, args.task, names),
        "runs": runs,
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
