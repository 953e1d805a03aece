"""Measure what the speech tokens are worth to the language model: all conditions, several seeds, full corpus.

    python scripts/reference_results.py                   hours on two CPU cores; stop and restart it freely
    python scripts/reference_results.py --list            what is done and what is left
    python scripts/reference_results.py --conditions text selected --seeds 0 --clips-per-split 200

One file per condition and seed lands in build/reference/; a finished one is not computed again unless a
setting, the corpus or the codec has changed. After each run, all that is there is merged to
data/reference/llm_<task>.json, which notebook 05 shows; a run that stands there counts as finished, too. The
main comparison comes first: text and selected, seed by seed.

Every run: embeddings of its tokens are pre-trained on unlabelled clips (once per set of tokens), the model
is fine-tuned on train, stopped early on validation, and predicts test once, at the end.
"""

import argparse
import hashlib
import json
import time
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

import numpy as np
import torch

from speechlm_utils.clips import groups, hash_corpus, label_ids, label_names
from speechlm_utils.evaluation.experiments import (
    CONDITIONS,
    SHARED,
    load_reference,
    merge_runs,
    tabulate_runs,
)
from speechlm_utils.experiment import Experiment
from speechlm_utils.files import write_json
from speechlm_utils.llm.load import choose_dtype
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.selection.controls import matched_random_tokens, random_tokens

ROOT = Path(__file__).resolve().parents[1]
SPLITS = ("train", "validation", "test")
RMS_DBFS = -26.0
N_MATCHED = 10  # draws of matched tokens, made together so that they share few; a seed takes one


@dataclass(frozen=True)
class Job:
    """One run: a condition and a seed."""

    condition: str
    seed: int

    def path(self, work: Path, task: str) -> Path:
        return work / f"{task}_{self.condition}_{self.seed}.json"


def plan_jobs(conditions: list[str], seeds: list[int]) -> list[Job]:
    """Order the runs: text and selected first, seed by seed, then the other conditions, seed by seed."""
    first = [condition for condition in ("text", "selected") if condition in conditions]
    rest = [condition for condition in CONDITIONS if condition in conditions and condition not in first]
    return [Job(condition, seed) for part in (first, rest) for seed in seeds for condition in part]


class Runner:
    """Runs jobs of one task, and keeps their files.

    Parameters
    ----------
    args : the command line's, see `build_parser`
    """

    def __init__(self, args: argparse.Namespace):
        self.args = args
        paths = (args.corpus, str(args.codec), args.work, args.cache)
        self.experiment = Experiment(*paths, 0, args.clips_per_split, LLMSpec(args.llm, args.dtype))
        self.out = args.out / f"llm_{args.task}.json"
        self._clips: dict[float | None, dict[str, list]] = {}

    def settings(self, job: Job):
        """Return the settings of pre-training and of fine-tuning."""
        from speechlm_utils.finetuning.lora import FineTuneSettings
        from speechlm_utils.pretraining.pretrain import PretrainSettings

        args = self.args
        how = {"collapse_repeats": args.collapse_repeats}
        rows = PretrainSettings(
            args.row_learning_rate, args.batch_size, max_steps=args.row_steps, seed=0, **how
        )
        tune = FineTuneSettings(
            learning_rate=args.learning_rate,
            batch_size=args.batch_size,
            n_epochs=args.epochs,
            patience=args.patience,
            use_audio=job.condition != "text",
            lora_rank=args.lora_rank,
            lora_alpha=args.lora_alpha,
            lora_dropout=args.lora_dropout,
            text_only_warmup=args.text_only_warmup,
            train_embeddings=not args.freeze_embeddings,
            seed=job.seed,
            **how,
        )
        return rows, tune

    def fingerprint(self, job: Job) -> str:
        """Hash all that the result of a job depends on (16 hex digits); sound files count by their codes."""
        rows, tune = self.settings(job)
        about = {
            "task": self.args.task,
            "condition": job.condition,
            "rows": asdict(rows) if job.condition not in ("text", "fresh") else None,
            "tune": tune.to_record(),
            "n_tokens": self.args.n_tokens,
            "llm": self.args.llm,
            "dtype": self.args.dtype,
            "codec": self.experiment.codec.hash,
            "clips": {split: hash_corpus(clips) for split, clips in self.clips(job).items()},
        }
        if job.condition in ("random", "matched"):
            about["drawn_from"] = "occurring tokens"
        return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]

    def clips(self, job: Job) -> dict[str, list]:
        """Return the clips of the three splits, as the condition hears them."""
        level = self.level(job)
        if level not in self._clips:
            self._clips[level] = {
                split: self.experiment.clips(self.args.task, split, level) for split in SPLITS
            }
        return self._clips[level]

    def level(self, job: Job) -> float | None:
        return RMS_DBFS if job.condition == "rms" else None

    def selection(self, job: Job):
        """Return the selection of the clips as the condition hears them."""
        return self.experiment.selection(self.args.task, self.args.n_tokens, self.level(job))

    def tokens(self, job: Job) -> list[tuple[int, int]]:
        """Return the tokens of a job's prompts."""
        if job.condition == "text":
            return []
        selection = self.selection(job)
        layers, seed = selection.layers, job.seed
        if job.condition == "random":
            return random_tokens(len(selection.tokens), self.clips(job)["train"], layers, seed)
        if job.condition == "matched":
            draws = matched_random_tokens(selection.tokens, self.clips(job)["train"], layers, N_MATCHED)
            return draws[seed % N_MATCHED]
        return selection.tokens

    def embeddings(self, job: Job, tokens: list[tuple[int, int]]) -> dict | None:
        """Load the embeddings of these tokens, or pre-train them; None where a condition has none."""
        from speechlm_utils.llm.embeddings import load_embeddings, save_embeddings
        from speechlm_utils.llm.load import load_llm
        from speechlm_utils.pretraining.pretrain import pretrain_token_embeddings

        if job.condition in ("text", "fresh"):
            return None
        settings, _ = self.settings(job)
        unlabelled = self.experiment.unlabelled(self.level(job))
        about = [tokens, asdict(settings), hash_corpus(unlabelled), self.args.llm, self.args.dtype]
        name = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]
        path = self.args.work / f"rows_{name}.safetensors"
        if not path.exists():
            llm, clips = load_llm(self.experiment.llm), {"train": unlabelled}
            result = pretrain_token_embeddings(*llm, clips, tokens, settings, progress=True)
            save_embeddings(path, result.embeddings)
        return load_embeddings(path)

    def run(self, job: Job) -> dict:
        """Run one job and return what its file holds."""
        from speechlm_utils.finetuning.finetune import build_classifier, fine_tune

        _, settings = self.settings(job)
        clips, tokens = self.clips(job), self.tokens(job)
        embeddings, names = self.embeddings(job, tokens), label_names(clips["train"], self.args.task)
        start, cpu = time.monotonic(), time.process_time()
        llm = self.experiment.llm
        classifier = build_classifier(self.args.task, names, tokens, settings, llm, embeddings)
        result = fine_tune(classifier, clips, progress=True)
        seconds = {"seconds": time.monotonic() - start, "cpu_seconds": time.process_time() - cpu}
        if self.args.keep and (job.condition, job.seed) == ("selected", self.args.seeds[0]):
            classifier.selection = self.selection(job)
            classifier.save(self.args.keep, codec=self.experiment.codec, corpus=self.args.corpus)
        logits = result.logits["test"]
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return {
            "condition": job.condition,
            "seed": job.seed,
            "task": self.args.task,
            "label_names": names,
            "ids": [clip.id for clip in clips["test"]],
            "y_true": label_ids(clips["test"], self.args.task, names).tolist(),
            "groups": groups(clips["test"]).tolist(),
            "ambiguous": [clip.ambiguous for clip in clips["test"]],
            "predictions": logits.argmax(axis=1).tolist(),
            "probabilities": (shares / shares.sum(axis=1, keepdims=True)).round(4).tolist(),
            "metrics": result.metrics,
            "history": result.history,
            "n_steps": len(result.losses),
            "n_train_clips": len(clips["train"]),
            "n_trainable": result.n_trainable,
            "audio_tokens_per_clip": result.report.n_audio / result.report.n_prompts,
            "tokens": [list(token) for token in tokens],
            "settings": settings.to_record(),
            "codec_hash": self.experiment.codec.hash,
            "llm": self.args.llm,
            "dtype": self.args.dtype,
            "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
            **seconds,
        }


def read_finished(runner: Runner, job: Job) -> dict | None:
    """Find a finished run of the same settings, clips and codec: in its own file, or in the merged one."""
    path = job.path(runner.args.work, runner.args.task)
    found = [json.loads(path.read_text(encoding="utf-8"))] if path.exists() else []
    if merged := load_reference(runner.out):
        shared = {key: merged[key] for key in SHARED}
        found += [shared | run for run in merged["runs"] if (run["condition"], run["seed"]) == astuple(job)]
    fingerprint = runner.fingerprint(job) if found else None
    return next((run for run in found if run.get("fingerprint") == fingerprint), None)


def merge(runner: Runner) -> None:
    """Merge every finished run that is there and print the table; probabilities stay where they are."""
    args, jobs = runner.args, set()
    for path in args.work.glob(f"{args.task}_*_*.json"):
        condition, seed = path.stem.removeprefix(f"{args.task}_").rsplit("_", 1)
        jobs.add((condition, int(seed)))
    if merged := load_reference(runner.out):
        jobs |= {(run["condition"], run["seed"]) for run in merged["runs"]}
    runs = [run for job in sorted(jobs) if (run := read_finished(runner, Job(*job)))]
    if runs:
        runs = [{key: value for key, value in run.items() if key != "probabilities"} for run in runs]
        merged = {"made_by": "scripts/reference_results.py", **merge_runs(runs)}
        write_json(runner.out, merged)
        print(tabulate_runs(merged).round(3).to_string(), flush=True)


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--task", default="fallacy", help="label column (default: fallacy)")
    add("--seeds", type=int, nargs="+", default=[0, 1, 2])
    add(
        "--conditions",
        nargs="+",
        choices=list(CONDITIONS),
        default=["text", "selected", "random", "matched", "rms"],
    )
    add("--clips-per-split", type=int, help="at most so many clips in each split (default: all)")
    add("--n-tokens", type=int, default=75, help="speech tokens to select")
    add("--epochs", type=int, default=5, help="passes over train at most")
    add("--patience", type=int, default=2, help="epochs without a better validation macro-F1")
    add("--batch-size", type=int, default=16, help="clips")
    add("--learning-rate", type=float, default=1e-3)
    add("--lora-rank", type=int, default=16)
    add("--lora-alpha", type=int, default=16)
    add("--lora-dropout", type=float, default=0.0, help="the paper has 0.1, which costs a tenth of the time")
    add("--row-steps", type=int, default=80, help="steps of pre-training the rows")
    add("--row-learning-rate", type=float, default=1e-2)
    add("--llm", default="smollm2-135m")
    add("--dtype", type=choose_dtype, default="auto", help="of the frozen weights")
    add("--collapse-repeats", action="store_true", help="write a token that lasts over several frames once")
    add("--text-only-warmup", type=float, default=0.0, help="share of the steps before the tokens come")
    add(
        "--freeze-embeddings",
        action="store_true",
        help="fine-tuning keeps those of speech tokens as they are",
    )
    add("--keep", type=Path, help="save the classifier of the selected tokens and the first seed there")
    add("--corpus", type=Path, default=ROOT / "data" / "demo")
    add("--codec", default=str(ROOT / "data" / "tokenizer"))
    add("--cache", type=Path, default=ROOT / "runs" / "cache")
    add("--work", type=Path, default=ROOT / "build" / "reference", help="one file per run")
    add("--out", type=Path, default=ROOT / "data" / "reference", help="the merged file")
    add("--list", action="store_true", help="list the runs, compute nothing")
    return parser


def main(argv: list[str] | None = None) -> None:
    """Run what is not finished; merge after each run."""
    args = build_parser().parse_args(argv)
    runner = Runner(args)
    jobs = plan_jobs(args.conditions, args.seeds)
    for number, job in enumerate(jobs, start=1):
        run = read_finished(runner, job)
        state = f"finished in {run['seconds'] / 60:.1f} minutes" if run else "to do"
        print(f"{number}/{len(jobs)} {CONDITIONS[job.condition]}, seed {job.seed}: {state}", flush=True)
        if run is None and not args.list:
            run = runner.run(job) | {"fingerprint": runner.fingerprint(job)}
            write_json(job.path(args.work, args.task), run)
            merge(runner)
    if not args.list:
        merge(runner)


if __name__ == "__main__":
    main()
