"""A classifier to play with: the one of this run, else the one that is shipped, else a small one made now."""

import logging
from collections.abc import Sequence
from pathlib import Path

from .corpus import label_names
from .drawing import draw_clips
from .experiment import Experiment

log = logging.getLogger(__name__)


def find_classifier(
    experiment: Experiment, task: str, shipped: Sequence[str | Path] = (), max_steps: int = 40
):
    """Load the classifier of a task, or train a small one and keep it in the run folder.

    Parameters
    ----------
    experiment : Experiment
    task : label column
    shipped : folders of classifiers, taken if they fit task and codec
    max_steps : int, steps of 8 clips, where one has to be trained

    Returns
    -------
    classifier : SpeechTokenClassifier with its codec
    """
    from .predictor import SpeechTokenClassifier

    own = Path(experiment.run_dir) / f"classifier_{task}"
    for folder in (own, *map(Path, shipped)):
        if not folder.is_dir():
            continue
        try:
            found = SpeechTokenClassifier.from_pretrained(folder, codec=experiment.codec)
        except (OSError, ValueError) as error:
            log.warning("%s: cannot be used here (%s)", folder, error)
            continue
        if found.task == task:
            return found
    log.warning("no classifier of %s yet: training a small one, %d steps", task, max_steps)
    return _train_small(experiment, task, max_steps, own)


def _train_small(experiment: Experiment, task: str, max_steps: int, folder: Path):
    from .classifier import FineTuneSettings, fine_tune

    selection, train = experiment.selection(task), experiment.clips(task, "train")
    chosen = draw_clips(train, task, limit=max(8 * max_steps, len(label_names(train, task))))
    settings = FineTuneSettings(batch_size=8, max_steps=max_steps, lora_rank=8, seed=experiment.seed)
    clips, options = {"train": chosen}, experiment.llm_options
    result = fine_tune(
        clips,
        task,
        selection.tokens,
        None,
        settings,
        experiment.llm_name,
        selection,
        progress=True,
        **options,
    )
    result.classifier.save(folder, codec=experiment.codec, corpus=experiment.corpus_dir)
    return result.classifier
