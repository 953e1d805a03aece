"""Fine-tune SmolLM2-135M on the words of MM-USED-fallacy alone: AFC and AFD, several seeds, test used once.

    python scripts/mmused_text_only.py --csv-dir FOLDER              # hours; goes on where it stopped
    python scripts/mmused_text_only.py --csv-dir FOLDER --list       # what is finished
    python scripts/mmused_text_only.py --csv-dir FOLDER --time-steps 5

FOLDER holds the authors' `dataset_combined_afc.csv` and `dataset_combined_afd.csv` (docs/mmused.md says where
they come from); without the option it is $SPEECHLM_MMUSED.

1. Every learning rate of the grid is tried with a seed that is not reported, on train and validation alone.
2. The best on validation is trained with each seed and predicts test. For AFD the threshold on the difference
   of the two logits is chosen on validation, and train keeps a few negative sentences per positive one, drawn
   anew for each seed.
3. All that is finished is merged, with baselines that need no language model, into one JSON file; the table
   in docs/mmused.md is written from it.

One file per training lies under --work, so an interrupted run loses one training; what stands in the merged
file counts as finished, too.
"""

import argparse
import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import mean, stdev

import numpy as np
from sklearn.metrics import f1_score, precision_recall_curve

from speechlm_utils.clips import Clip, hash_corpus, label_ids, label_names, select_clips
from speechlm_utils.corpus.mmused import LABEL_COLUMNS, TEST_DEBATES, load_mmused_csv
from speechlm_utils.files import write_json, write_text
from speechlm_utils.finetuning.model_card import format_table
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.metrics import macro_f1_scores

ROOT = Path(__file__).resolve().parents[1]
SPLITS = ("train", "validation", "test")
POSITIVE = "fallacious"  # of AFD
TUNING_SEED = 100
C_GRID = (0.1, 1.0, 10.0, 100.0)  # of the linear baseline
SHARED = ("settings", "dtype")  # what the merged file holds once for all trainings of a task
EPOCHS = {"afc": 5, "afd": 2}
TEXT_SCORES = {
    "afc": {"macro_f1_all": "macro-F1, all six classes", "macro_f1_present": "macro-F1, the classes in test"},
    "afd": {
        "f1": "F1 of fallacious",
        "f1_argmax": "without a threshold",
        "f1_unseen": "without texts of train",
    },
}
"""Scores of the real transcripts that are shown, the one to compare with the published score first."""
PUBLISHED = {"afc": 0.4856, "afd": 0.34}  # best text-only of MM-ArgFallacy2025


@dataclass(frozen=True)
class Job:
    """One training: of a task, with a learning rate and a seed; a job of tuning never sees test."""

    task: str
    learning_rate: float
    seed: int
    is_tuning: bool

    def path(self, work: Path) -> Path:
        return (
            work
            / f"{self.task}_{'tune' if self.is_tuning else 'run'}_{self.learning_rate:g}_{self.seed}.json"
        )


class Runner:
    """Runs jobs and keeps their files; texts and labels are read once.

    Parameters
    ----------
    args : the command line's, see `build_parser`
    """

    def __init__(self, args: argparse.Namespace):
        self.args = args
        self._clips: dict[str, dict[str, list[Clip]]] = {}
        self._baselines: dict[str, dict] = {}

    def clips(self, task: str) -> dict[str, list[Clip]]:
        """Return the clips of the authors' splits; every clip is its own group."""
        if task not in self._clips:
            path = self.args.csv_dir / f"dataset_combined_{task}.csv"
            clips = [replace(clip, group=clip.id) for clip in load_mmused_csv(path, task=task)]
            self._clips[task] = {split: select_clips(clips, split=split) for split in SPLITS}
        return self._clips[task]

    def train_clips(self, job: Job) -> list[Clip]:
        """Return the train clips of a job: all of AFC, of AFD the positive and some negative sentences."""
        train = self.clips(job.task)["train"]
        if job.task == "afc":
            return train
        return keep_negatives(train, LABEL_COLUMNS["afd"], self.args.negatives, job.seed)

    def settings(self, job: Job):
        """Return the settings of the training."""
        from speechlm_utils.finetuning.lora import FineTuneSettings

        args = self.args
        return FineTuneSettings(
            learning_rate=job.learning_rate,
            batch_size=args.batch_size,
            n_epochs=args.epochs or EPOCHS[job.task],
            max_steps=args.time_steps,
            patience=args.patience,
            use_audio=False,
            lora_rank=args.lora_rank,
            lora_alpha=args.lora_rank,
            lora_dropout=args.lora_dropout,
            seed=job.seed,
        )

    def fingerprint(self, job: Job) -> str:
        """Hash all that the result of a job depends on (16 hex digits)."""
        parts = {split: hash_corpus(clips) for split, clips in self.clips(job.task).items()}
        about = [asdict(job), self.settings(job).to_record(), str(self.args.llm), self.args.dtype, parts]
        about.append(hash_corpus(self.train_clips(job)))
        return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]

    def run(self, job: Job) -> dict:
        """Train, predict and return what the job's file holds."""
        from speechlm_utils.finetuning.finetune import build_classifier, fine_tune

        column, clips = LABEL_COLUMNS[job.task], self.clips(job.task) | {"train": self.train_clips(job)}
        if job.is_tuning:
            del clips["test"]
        start, cpu, settings = time.monotonic(), time.process_time(), self.settings(job)
        names = label_names(clips["train"], column)
        classifier = build_classifier(column, names, [], settings, LLMSpec(self.args.llm, self.args.dtype))
        result = fine_tune(classifier, clips, progress=True)
        y = {split: label_ids(clips[split], column, names) for split in result.logits}
        return {
            **asdict(job),
            "fingerprint": self.fingerprint(job),
            "scores": score_splits(names, y, result.logits, self.is_seen(job.task)),
            "logits": {split: np.round(z, 4).tolist() for split, z in result.logits.items()},
            "history": result.history,
            "n_steps": len(result.losses),
            "n_train": Counter(clip.labels[column] for clip in clips["train"]),
            "settings": settings.to_record(),
            "dtype": self.args.dtype,
            "seconds": time.monotonic() - start,
            "cpu_seconds": time.process_time() - cpu,
        }

    def is_seen(self, task: str) -> np.ndarray:
        """Tell which test texts stand in train, too, letter case and spaces aside; bool, (n_test,)."""
        texts = {
            split: [" ".join(c.text.lower().split()) for c in self.clips(task)[split]] for split in SPLITS
        }
        return np.isin(texts["test"], texts["train"])

    def baselines(self, task: str) -> dict[str, dict]:
        """Return the scores of the baselines, computed once."""
        if task not in self._baselines:
            args = self.clips(task), LABEL_COLUMNS[task], self.is_seen(task)
            self._baselines[task] = score_baselines(*args)
        return self._baselines[task]

    def read(self, job: Job) -> dict | None:
        """Find a finished training of the same settings and texts: in its own file, or in the merged one."""
        path, found = job.path(self.args.work), []
        if path.exists():
            found.append(json.loads(path.read_text(encoding="utf-8")))
        if self.args.out.exists():
            merged = json.loads(self.args.out.read_text(encoding="utf-8"))["tasks"].get(job.task, {})
            runs = merged["tuning"]["runs"] + merged["runs"] if merged else []
            found += [{key: merged[key] for key in SHARED} | run for run in runs]
        fingerprint = self.fingerprint(job) if found else None
        return next((run for run in found if run["fingerprint"] == fingerprint), None)

    def choose(self, task: str) -> float | None:
        """Return the learning rate that is best on validation; None while one of them is not tried."""
        tried = {rate: self.read(Job(task, rate, TUNING_SEED, True)) for rate in self.args.grid}
        if None in tried.values():
            return None
        return max(tried, key=lambda rate: tried[rate]["scores"]["validation"][main_score(task)])

    def jobs(self, task: str) -> list[Job]:
        """List the jobs that can be named now: those of tuning and, when it is finished, of the seeds."""
        tuning = [Job(task, rate, TUNING_SEED, True) for rate in self.args.grid]
        chosen = self.choose(task)
        return tuning + ([] if chosen is None else [Job(task, chosen, s, False) for s in self.args.seeds])


def main_score(task: str) -> str:
    """Name the score that validation is asked for and that the published one is compared with."""
    return "macro_f1_all" if task == "afc" else "f1"


def keep_negatives(clips: Sequence[Clip], column: str, per_positive: float, seed: int) -> list[Clip]:
    """Keep every fallacious sentence and so many others for each, drawn at random, in the given order."""
    is_positive = np.array([clip.labels[column] == POSITIVE for clip in clips])
    negatives = np.flatnonzero(~is_positive)
    n_kept = min(len(negatives), round(per_positive * is_positive.sum()))
    kept = np.random.default_rng(seed).choice(negatives, n_kept, replace=False)
    return [clips[place] for place in np.sort(np.concatenate([np.flatnonzero(is_positive), kept]))]


def score_splits(names: list[str], y: dict, logits: dict, is_seen: np.ndarray) -> dict[str, dict]:
    """Score validation and, if it is there, test.

    Two classes: "f1" of the fallacious one at the threshold that validation chooses, "f1_argmax" without a
    threshold, on test "f1_unseen" without the texts of train. More classes: both macro-F1.
    """
    scores = {split: macro_f1_scores(y[split], z.argmax(axis=1), len(names)) for split, z in logits.items()}
    if POSITIVE not in names:
        return scores
    place = names.index(POSITIVE)
    margins = {split: z[:, place] - z[:, 1 - place] for split, z in logits.items()}
    threshold, _ = choose_threshold(y["validation"] == place, margins["validation"])
    for split, margin in margins.items():
        predicted = np.where(margin > threshold, place, 1 - place)
        scores[split]["f1"] = score_class(y[split], predicted, names, POSITIVE)
        scores[split]["f1_argmax"] = score_class(y[split], logits[split].argmax(axis=1), names, POSITIVE)
        if split == "test":
            new = ~is_seen
            scores[split]["f1_unseen"] = score_class(y[split][new], predicted[new], names, POSITIVE)
    scores["validation"]["threshold"] = threshold
    return scores


def score_class(y_true: Sequence[int], y_pred: Sequence[int], names: Sequence[str], name: str) -> float:
    """Compute F1 of one named class, for example of "fallacious" in AFD; labels are places in `names`.

    Raises ValueError if there is no such class, or `y_true` holds no clip of it.
    """
    if name not in names:
        raise ValueError(f"class {name!r} is not one of {list(names)}")
    place = list(names).index(name)
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    if not (y_true == place).any():
        raise ValueError(f"y_true holds no clip of class {name!r}, its F1 means nothing")
    return float(f1_score(y_true == place, y_pred == place, zero_division=0))


def choose_threshold(y_true: Sequence[bool], scores: Sequence[float]) -> tuple[float, float]:
    """Choose the threshold on a score that gives the best F1 of the true class; for validation clips.

    Parameters
    ----------
    y_true, scores : arrays, shape (n_clips,); scores are large where the class is likely

    Returns
    -------
    threshold : float, half-way between two scores, or half a unit below the least; a clip with a larger score
        counts as of the class. Of equally good thresholds the highest
    f1 : float, at that threshold

    Raises
    ------
    ValueError
        If the arrays differ in length, no clip is of the class, or a score is not finite.
    """
    y_true, scores = np.asarray(y_true, dtype=bool), np.asarray(scores, dtype=float)
    if y_true.shape != scores.shape or not y_true.any() or not np.isfinite(scores).all():
        raise ValueError(
            f"{y_true.shape} labels with {y_true.sum()} of the class, {scores.shape} scores: must be of one "
            "length, with at least one of the class, and finite"
        )
    precision, recall, values = precision_recall_curve(y_true, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    best = int(np.flatnonzero(np.isclose(f1[:-1], f1[:-1].max(), rtol=1e-12)).max())
    below = values[best - 1] if best else values[0] - 1
    return float((values[best] + below) / 2), float(f1[best])


def score_baselines(clips: dict[str, list[Clip]], column: str, is_seen: np.ndarray) -> dict[str, dict]:
    """Score the most frequent class, for AFD also "all are fallacious", and a linear model of the words."""
    names = label_names(clips["train"], column)
    y = {split: label_ids(clips[split], column, names) for split in SPLITS}
    constant = {"most frequent class": int(np.bincount(y["train"]).argmax())}
    if POSITIVE in names:
        constant["all are fallacious"] = names.index(POSITIVE)
    found = {}
    for title, place in constant.items():
        logits = {s: np.eye(len(names))[np.full(len(y[s]), place)] for s in ("validation", "test")}
        found[title] = macro_f1_scores(y["test"], logits["test"].argmax(axis=1), len(names))
        if POSITIVE in names:
            found[title]["f1"] = score_class(y["test"], logits["test"].argmax(axis=1), names, POSITIVE)
    found["TF-IDF, logistic regression"] = score_linear(clips, y, names, is_seen)
    return found


def score_linear(clips: dict[str, list[Clip]], y: dict, names: list[str], is_seen: np.ndarray) -> dict:
    """Score a linear model of TF-IDF weights of words and pairs of words, its C chosen on validation."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    features = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    texts = {split: [clip.text for clip in clips[split]] for split in SPLITS}
    X = {"train": features.fit_transform(texts["train"])}
    X |= {split: features.transform(texts[split]) for split in ("validation", "test")}
    main, best = "f1" if POSITIVE in names else "macro_f1_all", None
    for C in C_GRID:
        model = LogisticRegression(C=C, class_weight="balanced", max_iter=5000).fit(X["train"], y["train"])
        logits = {split: model.predict_log_proba(X[split]) for split in ("validation", "test")}
        scores = score_splits(names, y, logits, is_seen)
        if best is None or scores["validation"][main] > best["validation"][main]:
            best = scores | {"C": C}
    return best["test"] | {"C": best["C"], "validation": best["validation"][main]}


def merge_task(runner: Runner, task: str) -> dict | None:
    """Merge what is finished of a task; None before the first seed."""
    jobs = [job for job in runner.jobs(task) if not job.is_tuning]
    runs = [run for job in jobs if (run := runner.read(job))]
    if not runs:
        return None
    clips, column, main = runner.clips(task), LABEL_COLUMNS[task], main_score(task)
    tried = {rate: runner.read(Job(task, rate, TUNING_SEED, True)) for rate in runner.args.grid}
    kept = ("seed", "scores", "n_steps", "n_train", "seconds", "cpu_seconds", "fingerprint")
    return {
        "label_names": label_names(clips["train"], column),
        "n_clips": {split: Counter(clip.labels[column] for clip in part) for split, part in clips.items()},
        "test_debates": sorted({clip.id.split("/")[0] for clip in clips["test"]}),
        "debates_of_shared_task": list(TEST_DEBATES),
        "n_test_texts_in_train": int(runner.is_seen(task).sum()),
        "main_score": main,
        "tuning": {
            "seed": TUNING_SEED,
            "validation": {f"{r:g}": run["scores"]["validation"][main] for r, run in tried.items()},
            "learning_rate": runner.choose(task),
            "runs": [{key: run[key] for key in kept} for run in tried.values()],
        },
        "settings": {k: v for k, v in runs[0]["settings"].items() if k != "seed"},
        "dtype": runs[0]["dtype"],
        "negatives_per_positive": runner.args.negatives if task == "afd" else None,
        "runs": [{key: run[key] for key in kept} for run in runs],
        "baselines": runner.baselines(task),
        "published": PUBLISHED[task],
    }


def merge(runner: Runner) -> None:
    """Write the merged file and the page's table; a task that was not asked for keeps what stands there."""
    args = runner.args
    tasks = json.loads(args.out.read_text(encoding="utf-8"))["tasks"] if args.out.exists() else {}
    tasks |= {task: merged for task in asked_tasks(args) if (merged := merge_task(runner, task))}
    tasks = {task: tasks[task] for task in EPOCHS if task in tasks}
    if not tasks:
        return
    merged = {"made_by": "scripts/mmused_text_only.py", "llm": Path(args.llm).name, "tasks": tasks}
    write_json(args.out, merged)
    merged = json.loads(args.out.read_text(encoding="utf-8"))
    table = format_text_scores(merged)
    if args.page.is_file():
        page = replace_between(args.page.read_text(encoding="utf-8"), "results", table)
        write_text(args.page, page)
    print(table, flush=True)


def format_text_scores(merged: Mapping) -> str:
    """Return the results of `scripts/mmused_text_only.py` as tables, beside baselines and published scores.

    Parameters
    ----------
    merged : what `data/reference/mmused_text_only.json` holds
    """
    parts = []
    for task, found in merged["tasks"].items():
        columns = TEXT_SCORES[task]
        runs = [run["scores"]["test"] for run in found["runs"]]
        ours = [_show_spread([run[key] for run in runs]) for key in columns]
        rows = [[f"**{merged['llm']}, LoRA**", len(runs), *ours]]
        for name, scores in found["baselines"].items():
            rows.append([name, None, *(scores.get(key) for key in columns)])
        rows.append(
            ["published, best text-only", None, f"{found['published']:.4f}", *[None] * (len(columns) - 1)]
        )
        counts = ", ".join(f"{split} {sum(n.values())}" for split, n in found["n_clips"].items())
        same = (
            "the shared task's" if found["test_debates"] == found["debates_of_shared_task"] else "other ones"
        )
        rates = f"{found['tuning']['learning_rate']:g} of {', '.join(found['tuning']['validation'])}"
        about = (
            f"**{task.upper()}**, scores on test, mean ± sd over seeds. Texts: {counts}. Test debates: "
            f"{' and '.join(found['test_debates'])}, {same}. Learning rate, chosen on validation: {rates}."
        )
        parts += [about, format_table(["", "seeds", *columns.values()], rows)]
    return "\n\n".join(parts)


def _show_spread(values: Sequence[float]) -> str:
    """Write mean and standard deviation (of the sample); of one value only this."""
    return f"{mean(values):.3f}" + (f" ± {stdev(values):.3f}" if len(values) > 1 else "")


def replace_between(text: str, name: str, content: str) -> str:
    """Put a content between the markers `<!-- name -->` and `<!-- end of name -->` of a page.

    Raises
    ------
    ValueError
        If the page does not hold each marker once, in this order.
    """
    start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    if (text.count(start), text.count(end)) != (1, 1) or text.index(start) > text.index(end):
        raise ValueError(f"the page needs the marker {start!r} once, and {end!r} once after it")
    return f"{text.split(start)[0]}{start}\n{content}\n{end}{text.split(end)[1]}"


def time_training(runner: Runner, task: str) -> None:
    """Train a few steps, write nothing, and estimate how long a seed takes."""
    from speechlm_utils.finetuning.finetune import build_classifier, fine_tune

    args, column = runner.args, LABEL_COLUMNS[task]
    job = Job(task, args.grid[0], TUNING_SEED, True)
    train, settings = runner.train_clips(job), runner.settings(job)
    names = label_names(train, column)
    classifier = build_classifier(column, names, [], settings, LLMSpec(args.llm, args.dtype))
    start, cpu = time.monotonic(), time.process_time()
    fine_tune(classifier, {"train": train})
    seconds = (time.monotonic() - start) / args.time_steps
    cpu = (time.process_time() - cpu) / args.time_steps
    n_steps = settings.n_epochs * -(-len(train) // args.batch_size)
    print(
        f"{task}: {seconds:.2f} s and {cpu:.2f} CPU-seconds a step of {args.batch_size} texts; {len(train)} "
        f"train texts, {n_steps} steps at most: {seconds * n_steps / 60:.0f} minutes a seed and validation"
    )


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add, default = parser.add_argument, os.environ.get("SPEECHLM_MMUSED")
    add("--csv-dir", type=Path, default=default and Path(default), help="folder of the two CSV files")
    add("--task", choices=["afc", "afd", "all"], default="all")
    add("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    add("--grid", type=float, nargs="+", default=[1e-3, 2e-3], help="learning rates to choose from")
    add("--epochs", type=int, help=f"passes over train at most (default: {EPOCHS})")
    add("--patience", type=int, default=2, help="epochs without a better validation macro-F1")
    add("--negatives", type=float, default=3, help="AFD: negative train sentences for each positive one")
    add("--batch-size", type=int, default=16)
    add("--lora-rank", type=int, default=16, help="alpha is the same")
    add("--lora-dropout", type=float, default=0.1)
    add("--llm", default="smollm2-135m")
    add("--dtype", default="float32", help="of the frozen weights (bfloat16 is faster on some CPUs)")
    add("--work", type=Path, default=ROOT / "build" / "mmused", help="one file per training")
    add("--out", type=Path, default=ROOT / "data" / "reference" / "mmused_text_only.json")
    add("--page", type=Path, default=ROOT / "docs" / "mmused.md", help="gets the table")
    add("--list", action="store_true", help="list the trainings, compute nothing")
    add("--time-steps", type=int, help="train so many steps of each task, print the time, write nothing")
    return parser


def main(argv: list[str] | None = None) -> None:
    """Run what is not finished; merge after each training."""
    parser = build_parser()
    args = parser.parse_args(argv)
    if args.csv_dir is None:
        parser.error("say where the CSV files are: --csv-dir FOLDER, or SPEECHLM_MMUSED")
    runner = Runner(args)
    for task in asked_tasks(args):
        if args.time_steps:
            time_training(runner, task)
            continue
        run_task(runner, task)
    if not args.list and not args.time_steps:
        merge(runner)


def asked_tasks(args: argparse.Namespace) -> list[str]:
    """List the tasks that the command line names."""
    return list(EPOCHS) if args.task == "all" else [args.task]


def run_task(runner: Runner, task: str) -> None:
    """Run the jobs of tuning, then those of the seeds; with --list only say what is finished."""
    for is_tuning in (True, False):
        for job in [job for job in runner.jobs(task) if job.is_tuning == is_tuning]:
            run = runner.read(job)
            kind = "tuning" if is_tuning else f"seed {job.seed}"
            state = f"finished in {run['seconds'] / 60:.1f} minutes" if run else "to do"
            print(f"{task}, {kind}, learning rate {job.learning_rate:g}: {state}", flush=True)
            if run is None and not runner.args.list:
                write_json(job.path(runner.args.work), runner.run(job))
                merge(runner)
    if runner.choose(task) is None:
        print(f"{task}: {len(runner.args.seeds)} seeds follow when tuning is finished", flush=True)


if __name__ == "__main__":
    main()
