"""A small classifier, trained in a minute or two where none lies ready."""

from collections.abc import Sequence

from ..clips import Clip, hash_texts, label_names, sample_clips
from ..llm.spec import LLMSpec
from ..selection.selection import Selection
from .classifier import SpeechTokenClassifier
from .finetune import build_classifier, fine_tune
from .lora import FineTuneSettings


def train_small(
    selection: Selection, train: Sequence[Clip], max_steps: int, seed: int, llm: LLMSpec
) -> SpeechTokenClassifier:
    """Train on some of the train clips of the task of a selection, `max_steps` of 8 clips."""
    task, names = selection.task, label_names(train, selection.task)
    some = sample_clips(train, task, limit=max(8 * max_steps, len(names)))
    settings = FineTuneSettings(batch_size=8, max_steps=max_steps, lora_rank=8, seed=seed)
    classifier = build_classifier(task, names, selection.tokens, settings, llm)
    fine_tune(classifier, {"train": some}, progress=True)
    classifier.selection = selection
    classifier.results["data"]["sampled_from"] = hash_texts(train)
    return classifier
