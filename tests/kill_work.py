"""The steps of the method on a tiny corpus, for scripts/kills.py: functions of the folder that they fill."""

from functools import partial

import torch
from conftest import make_tiny_model, write_codec, write_corpus
from tiny_llm import TOKENS, make_clips, save_tiny_llm

from speechlm_utils.codec.cache import fill_cache
from speechlm_utils.codec.load import load_codec
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.experiment import Experiment
from speechlm_utils.files import write_json
from speechlm_utils.finetuning.finetune import build_classifier, fine_tune
from speechlm_utils.finetuning.lora import FineTuneSettings
from speechlm_utils.llm import checkpoints
from speechlm_utils.llm.checkpoints import resumable
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.pretraining.pretrain import PretrainSettings
from speechlm_utils.studies.grid import Job, run_grid

SPLITS = {"train": 24, "validation": 9, "test": 9}
PRETRAIN = PretrainSettings(learning_rate=0.01, batch_size=2, max_steps=8)
TUNE = FineTuneSettings(
    learning_rate=0.02, batch_size=4, n_epochs=3, eval_steps=4, lora_rank=2, text_only_warmup=0.4, patience=2
)


def make_steps(folder):
    """Write corpus, codec and language model into the folder, unless they are there; name -> step."""
    torch.set_num_threads(1)
    checkpoints.EVERY_SECONDS = 0.0  # a checkpoint after every step
    corpus, codec, llm = (folder / name for name in ("corpus", "codec", "llm"))
    if not corpus.exists():
        write_corpus(corpus)
        write_codec(codec, make_tiny_model())
        save_tiny_llm(llm)
    return {
        "encoding": partial(encode, corpus, codec),
        "selection": partial(select, folder),
        "pre-training": partial(pretrain, folder),
        "fine-tuning": partial(tune, llm),
        "grid": partial(run_some, llm),
    }


def encode(corpus, codec, folder):
    """Fill a cache of codes."""
    fill_cache(load_corpus(corpus), load_codec(codec), folder)


def make_experiment(place, folder):
    """The tiny experiment; its codes lie beside the steps' folders, where the first one writes them."""
    llm = LLMSpec(place / "llm")
    return Experiment(place / "corpus", place / "codec", folder, place / "cache", llm=llm, n_jobs=1)


def select(place, folder):
    """Find the C and write the selection."""
    make_experiment(place, folder).selection("fallacy", 5)


def pretrain(place, folder):
    """Train token embeddings; they are loaded if they are there."""
    experiment = make_experiment(place, folder)
    experiment.token_embeddings(experiment.selection("fallacy", 5), PRETRAIN)


def make_parts():
    """Clips of each split."""
    return {split: make_clips(n, seed, split) for seed, (split, n) in enumerate(SPLITS.items())}


def tune(llm, folder):
    """Fine-tune in two parts with validation, save the classifier and what it scored."""
    if (folder / "scores.json").exists():
        return
    with resumable(folder / "unfinished"):
        classifier = build_classifier("task", "abc", TOKENS, TUNE, LLMSpec(llm))
        result = fine_tune(classifier, make_parts())
        classifier.save(folder / "classifier")
        losses = {"losses": result.losses, "history": result.history}
        write_json(folder / "scores.json", losses | {"scores": result.metrics, "logits": result.logits})


def run_some(llm, folder):
    """A grid of three runs."""
    jobs = [Job("tiny", "task", "lasso", seed) for seed in range(3)]
    run_grid(jobs, partial(run_one, llm, folder), folder / "records.jsonl", progress=False)


def run_one(llm, folder, job):
    """One run of the grid, with checkpoints of its own."""
    settings = FineTuneSettings(learning_rate=0.02, batch_size=4, max_steps=5, lora_rank=2, seed=job.seed)
    with resumable(folder / f"unfinished_{job.seed}"):
        classifier = build_classifier("task", "abc", TOKENS, settings, LLMSpec(llm))
        result = fine_tune(classifier, make_parts())
    return vars(job) | {"scores": result.metrics, "losses": result.losses.tolist()}
