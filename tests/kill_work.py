"""The steps of the method on a tiny corpus, for scripts/kills.py: functions of the folder that they fill."""

import csv
import importlib.util
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from unittest.mock import patch

import soundfile
import torch
from conftest import make_tiny_model, write_codec, write_corpus
from tiny_llm import TOKENS, make_clips, save_tiny_llm
from tqdm import tqdm

from speechlm_utils.acoustics.features import clip_features
from speechlm_utils.cli.main import main
from speechlm_utils.codec import backends
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
from speechlm_utils.studies.arms import ARMS
from speechlm_utils.studies.grid import read_records

SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "llm_study.py"
N_LEVELS = 3  # of each clip
SPLITS = {"train": 24, "validation": 9, "test": 9}
PRETRAIN = PretrainSettings(learning_rate=0.01, batch_size=2, max_steps=8)
TUNE = FineTuneSettings(
    learning_rate=0.02, batch_size=4, n_epochs=3, eval_steps=4, lora_rank=2, text_only_warmup=0.4, patience=2
)


def make_steps(folder):
    """Write corpus, codec and language model into the folder, unless they are there; name -> step."""
    torch.set_num_threads(1)
    tqdm.monitor_interval = 0  # its thread might hold a lock while this process is copied
    checkpoints.EVERY_SECONDS = 0.0  # a checkpoint after every step
    corpus, louder, codec, llm = (folder / name for name in ("corpus", "louder", "codec", "llm"))
    if not corpus.exists():
        write_corpus(corpus)
        write_louder(corpus, louder)
        write_codec(codec, make_tiny_model())
        save_tiny_llm(llm)
    return {
        "encoding": partial(encode, corpus, codec),
        "encoding, --jobs 2": partial(encode_beside, louder, codec),
        "selection": partial(select, folder),
        "pre-training": partial(pretrain, folder),
        "fine-tuning": partial(tune, llm),
        "study": partial(study, folder),
    }


def write_louder(corpus, folder):
    """Write clips of the corpus at several levels, so that two processes have something to do."""
    folder.mkdir()
    with open(folder / "metadata.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["file_name", "text"])
        for clip in load_corpus(corpus):
            wav, rate = soundfile.read(clip.audio)
            for i in range(N_LEVELS):
                name = f"{clip.audio.stem}_{i}.wav"
                soundfile.write(folder / name, wav * 0.9**i, rate)
                table.writerow([name, clip.text])
    return folder


def encode(corpus, codec, folder):
    """Fill a cache of codes."""
    fill_cache(load_corpus(corpus), load_codec(codec), folder)


def encode_beside(corpus, codec, folder):
    """The same by `speechlm encode` with two worker processes."""
    with patch.object(backends, "MIN_JOBS", 1):
        code = main(["encode", str(corpus), "--codec", str(codec), "--cache-dir", str(folder), "--jobs", "2"])
    if code == 130:
        raise KeyboardInterrupt
    assert code == 0


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


def study(place, folder):
    """The study of the language model by its script: two arms; what they leave, but for times and memory."""
    spec = importlib.util.spec_from_file_location("llm_study", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    tune, rows = {"max_steps": 5, "lora_rank": 2, "batch_size": 4}, {"max_steps": 3, "batch_size": 4}
    short = {name: replace(ARMS[name], tune=tune, rows=rows) for name in ("text", "lasso")}
    work, options = folder / "unfinished", {"corpus": place / "corpus", "codec": place / "codec"}
    options |= {"llm": place / "llm", "cache": folder / "unfinished_cache", "work": work, "n-tokens": 5}
    command = ["llm_study.py", "--arms", *short, "--seeds", "0"]
    command += [word for name, value in options.items() for word in (f"--{name}", str(value))]
    script.clip_features = partial(clip_features, n_jobs=1)
    with patch.dict(ARMS, short), patch.object(sys, "argv", command):
        script.main()
    records = read_records(work / "corpus_fallacy.jsonl")
    spent = ("seconds", "cpu_seconds", "peak_memory_gib")
    write_json(folder / "records.json", [{k: one[k] for k in one if k not in spent} for one in records])
