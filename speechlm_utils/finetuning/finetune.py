"""Step 3: fine-tune the language model with LoRA and a linear head to classify clips (arXiv 2512.07571)."""

import logging
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch.nn import functional
from transformers import set_seed

from ..clips import Clip, hash_corpus, hash_texts, label_ids
from ..llm.batches import IGNORED
from ..llm.distributed import SplitTrainer, share_of_mean
from ..llm.embeddings import TokenEmbeddings
from ..llm.load import choose_dtype, hash_llm, load_llm
from ..llm.prompts import PromptReport
from ..llm.spec import LLMSpec
from ..llm.trainer import find_scores, run_trainer
from ..metrics import macro_f1_scores
from ..tokens import Token
from .classifier import SpeechTokenClassifier
from .lora import FineTuneSettings, wrap_classifier

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FineTuneResult:
    """A trained classifier and how it does.

    Attributes
    ----------
    classifier : with the weights of the best validation
    losses : float array, shape (n_steps,), weighted training loss of each step (its batch alone)
    history : per validation "epoch", "step", "loss", "macro_f1_all", "macro_f1_present"
    logits : of validation and test, float32 arrays, shape (n_clips, n_classes)
    metrics : of the same splits, "macro_f1_all" and "macro_f1_present"
    n_trainable : trained parameters
    report : of the train prompts
    """

    classifier: SpeechTokenClassifier
    losses: np.ndarray
    history: list[dict[str, float]]
    logits: dict[str, np.ndarray]
    metrics: dict[str, dict[str, float]]
    n_trainable: int
    report: PromptReport


def build_classifier(
    task: str,
    label_names: Sequence[str],
    tokens: Sequence[Token],
    settings: FineTuneSettings,
    llm: LLMSpec = LLMSpec(),
    embeddings: TokenEmbeddings | None = None,
) -> SpeechTokenClassifier:
    """Build the untrained classifier: base model, tokens with their embeddings, then LoRA and a head.

    Parameters
    ----------
    task, label_names : what is classified, and the classes in the order of the logits
    tokens : sequence of (layer, code); the prompt holds these. With none it is one of words alone
    llm : of the base model; every classifier loads a fresh copy
    embeddings : from `pretrain_token_embeddings`; None: as sampled (no step 2)
    """
    if len(label_names) < 2:
        raise ValueError(f"task={task!r}: has the classes {list(label_names)}, at least two are needed")
    if settings.use_audio and not tokens:
        log.warning("task=%r: no token was selected, so its classifier reads the words alone", task)
        settings = replace(settings, use_audio=False)
    set_seed(settings.seed)
    # kept with the classifier: elsewhere "auto" may choose another one
    llm = replace(llm, name=str(llm.name), dtype=choose_dtype(llm.dtype))
    model, tokenizer = load_llm(llm, len(label_names))
    llm = replace(llm, hash=hash_llm(model))
    model.config.id2label = dict(enumerate(label_names))
    model = wrap_classifier(model, tokenizer, tokens, embeddings, settings)
    return SpeechTokenClassifier(model, tokenizer, task, [*map(tuple, tokens)], settings, llm)


def fine_tune(
    classifier: SpeechTokenClassifier, clips_by_split: Mapping[str, Sequence[Clip]], progress: bool = False
) -> FineTuneResult:
    """Train a classifier in place and predict validation and test.

    ``classifier.results`` keeps "data", the clips of each split and label and a hash of the train clips, and
    "metrics", the scores of validation and test.

    Parameters
    ----------
    clips_by_split : dict with "train" and, if there are any, "validation" and "test"; every clip has a label
        of the task and, unless settings.use_audio is False, codes, else a ValueError names it
    progress : bool, a tqdm bar
    """
    task, names, settings = classifier.task, classifier.label_names, classifier.settings
    clips_by_split = {split: clips for split, clips in clips_by_split.items() if clips}
    y = {split: label_ids(clips, task, names) for split, clips in clips_by_split.items()}
    weights = _weigh_classes(y["train"], len(names)) if settings.class_weights else torch.ones(len(names))
    make_trainer = partial(
        SplitTrainer,
        compute_loss_func=partial(_weighted_loss, weights),
        compute_metrics=lambda p: macro_f1_scores(p.label_ids, p.predictions.argmax(axis=1), len(names)),
    )
    steps_per_epoch = math.ceil(len(y["train"]) / settings.batch_size)
    losses, history, parts = [], [], _split_steps(settings, steps_per_epoch)
    for number, part in enumerate(parts, start=1):
        silent = number < len(parts)
        splits = ["train"] if silent else [split for split in ("train", "validation") if split in y]
        encoded = {split: classifier.make_items(clips_by_split[split], silent) for split in splits}
        items = {split: _label_items(some, y[split]) for split, (some, _) in encoded.items()}
        title = f"fine-tuning {task}{', text-only warm-up' if silent else ''}" if progress else None
        pad_id = classifier.tokenizer.pad_token_id
        log = run_trainer(classifier.model, items, part, pad_id, make_trainer, title)
        history += _read_history(log, len(losses), steps_per_epoch)
        losses += find_scores(log, "loss")
    logits = {split: classifier.predict(clips_by_split[split]) for split in y if split != "train"}
    scores = {split: macro_f1_scores(y[split], z.argmax(axis=1), len(names)) for split, z in logits.items()}
    classifier.results = {"data": _describe_clips(clips_by_split, task, names), "metrics": scores}
    n_trainable = sum(p.numel() for p in classifier.model.parameters() if p.requires_grad)
    report = encoded["train"][1]
    return FineTuneResult(classifier, np.array(losses), history, logits, scores, n_trainable, report)


def _split_steps(settings: FineTuneSettings, steps_per_epoch: int) -> list[FineTuneSettings]:
    """Split into text-only warm-up and the rest; for words alone, too, which then differ in prompts only."""
    n_steps = settings.max_steps or settings.n_epochs * steps_per_epoch
    n_first = round(settings.text_only_warmup * n_steps)
    if not n_first:
        return [settings]
    first = replace(settings, max_steps=n_first, eval_steps=None)
    return [first, replace(settings, max_steps=max(1, n_steps - n_first))]


def _describe_clips(clips_by_split: Mapping[str, Sequence[Clip]], task: str, names: Sequence[str]) -> dict:
    """Count each split's clips by label, and hash the train clips, with and without their codes."""
    counts = {split: Counter(clip.labels[task] for clip in clips) for split, clips in clips_by_split.items()}
    labels = {split: {name: found[name] for name in names} for split, found in counts.items()}
    train = clips_by_split["train"]
    return {"labels": labels, "train_hash": hash_corpus(train), "texts_hash": hash_texts(train)}


def _label_items(items: Sequence[dict], y: Sequence[int]) -> list[dict]:
    return [item | {"labels": int(label)} for item, label in zip(items, y, strict=True)]


def _weigh_classes(y: np.ndarray, n_classes: int) -> torch.Tensor:
    """Weigh each class by the inverse of its share ("balanced"); shape (n_classes,), mean over clips 1."""
    counts = np.bincount(y, minlength=n_classes)
    return torch.tensor(len(y) / (n_classes * np.maximum(counts, 1)), dtype=torch.float32)


def _weighted_loss(weights: torch.Tensor, outputs, labels, num_items_in_batch=None) -> torch.Tensor:
    """Compute cross-entropy with class weights, as the Trainer asks for it."""
    weights = weights.to(labels.device)
    losses = functional.cross_entropy(outputs.logits.float(), labels, weight=weights, reduction="none")
    return share_of_mean(losses, weights[labels[labels != IGNORED]].sum())


def _read_history(log: Sequence[dict], n_before: int, steps_per_epoch: int) -> list[dict[str, float]]:
    """Return the results of each validation; steps count from the start, after `n_before` others."""
    keys = ("loss", "macro_f1_all", "macro_f1_present")
    return [
        {"epoch": n_before / steps_per_epoch + entry["epoch"], "step": n_before + entry["step"]}
        | {key: float(entry[f"eval_{key}"]) for key in keys}
        for entry in log
        if "eval_loss" in entry
    ]
