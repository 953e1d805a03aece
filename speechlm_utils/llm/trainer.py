"""What happens beside the steps of a training: the best weights are kept, and a bar moves."""

import contextlib
import os
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import torch
from peft import PeftModel, get_peft_model
from tqdm.auto import tqdm
from transformers import (
    EarlyStoppingCallback,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

from .batches import pad_batch
from .checkpoints import KeepCheckpoints, open_training
from .distributed import SplitTrainer, check_processes, keep_whole
from .spec import TrainSettings

ADAPTER = "default"


class BestWeights(EarlyStoppingCallback):
    """Stops after some evaluations without a better one, and puts the best one's weights back.

    They are kept in memory: trained parameters are few, and processes on several machines share no folder.
    """

    def on_train_begin(self, args, state, control, **kwargs):
        self.best = []  # the parent's would remark that nothing is loaded at the end

    def on_evaluate(self, args, state, control, metrics, model, **kwargs):
        super().on_evaluate(args, state, control, metrics, **kwargs)
        if not self.early_stopping_patience_counter:
            self.best = [p.detach().clone() for p in model.parameters() if p.requires_grad]

    def on_train_end(self, args, state, control, model, **kwargs):
        with torch.no_grad():
            for p, best in zip((p for p in model.parameters() if p.requires_grad), self.best, strict=False):
                p.copy_(best)


class StepBar(TrainerCallback):
    """A progress bar over the optimiser's steps, with the last loss or score beside it."""

    def __init__(self, title: str):
        self.title, self.shown = title, {}

    def on_train_begin(self, args, state, control, **kwargs):
        is_first = state.is_world_process_zero  # the other processes' bars would be the same
        about = {"total": state.max_steps, "initial": state.global_step, "unit": "step"}
        self.bar = tqdm(desc=self.title, disable=not is_first, **about)

    def on_step_end(self, args, state, control, **kwargs):
        self.bar.update()

    def on_log(self, args, state, control, logs, **kwargs):
        self.shown |= {k: f"{logs[k]:.3f}" for k in ("loss", "eval_loss", "eval_macro_f1_all") if k in logs}
        self.bar.set_postfix(self.shown)

    def on_train_end(self, args, state, control, **kwargs):
        self.bar.close()


def wrap_model(model, config) -> PeftModel:
    """Wrap a model with a PEFT adapter that is saved without the model's embedding matrix."""
    with warnings.catch_warnings():
        # peft 0.21 asks transformers 5 for a property by its old name
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        wrapped = get_peft_model(model, config)
    # With a base name PEFT compares vocabulary sizes and would save the whole resized embedding matrix
    # (save_embedding_layers="auto"), a hundred megabytes beside the adapter.
    wrapped.peft_config[ADAPTER].base_model_name_or_path = ""
    wrapped.config.use_cache = False
    return wrapped


def run_trainer(
    model: PeftModel,
    items: Mapping[str, Sequence[dict]],
    settings: TrainSettings,
    pad_id: int,
    make_trainer: Callable[..., Trainer] = SplitTrainer,
    progress: str | None = None,
) -> list[dict]:
    """Train the model's trainable parameters in place and return the Trainer's log.

    Batches hold prompts of similar length. Training stops after `settings.patience` evaluations without a
    better `settings.metric`, and the best one's weights are put back; without validation items the last
    step's stay. With several processes all end with the same weights and return the same log; the first one
    reports (`settings.report_to`). Within a `resumable` block checkpoints are kept.

    Parameters
    ----------
    items : dict with "train" and, if there are any, "validation": items for `pad_batch`
    make_trainer : SplitTrainer, a subclass of it, or either with more options (`functools.partial`)
    progress : title of a tqdm bar over the steps, None for no bar
    """
    validation = sorted(items.get("validation", ()), key=lambda item: len(item["input_ids"]))
    best = BestWeights(settings.patience) if validation else None
    n_processes = check_processes(settings.batch_size)
    training = open_training(model, items, settings, n_processes)
    callbacks = [best, KeepCheckpoints(best) if training else None, StepBar(progress) if progress else None]
    reports = _place_reports(settings, progress or "training")
    # the Trainer wants a folder in any case
    with tempfile.TemporaryDirectory() as folder, keep_whole(model), reports as run_name:
        place = training.folder if training else folder
        args = _make_arguments(place, settings, bool(validation), run_name)
        trainer = make_trainer(
            model=model,
            args=args,
            train_dataset=list(items["train"]),
            eval_dataset=validation or None,
            data_collator=lambda items: pad_batch(items, pad_id),
            callbacks=[one for one in callbacks if one],
        )
        trainer.remove_callback(PrinterCallback)
        if n_processes > 1 and args.process_index > 0:
            torch.manual_seed(settings.seed + args.process_index)  # another dropout for each part of a batch
        history = training and training.load_finished(model)
        if history is None:
            trainer.train(resume_from_checkpoint=training and training.find_checkpoint())
            history = trainer.state.log_history
            if training:
                training.finish(model, history)
    model.eval()
    return history


@contextlib.contextmanager
def _place_reports(settings: TrainSettings, title: str) -> Iterator[str]:
    """Name a training by title and time; TensorBoard, if it is asked for, finds its folder in a variable."""
    name, variable = f"{title}, {time.strftime('%Y-%m-%d %H.%M.%S')}", "TENSORBOARD_LOGGING_DIR"
    before = os.environ.get(variable)
    if settings.report_to != "none":
        os.environ[variable] = str(Path(before or settings.report_dir, name))
    try:
        yield name
    finally:
        os.environ.pop(variable, None)
        if before is not None:
            os.environ[variable] = before


def _make_arguments(
    folder: str | Path, settings: TrainSettings, evaluate: bool, name: str
) -> TrainingArguments:
    """Translate the settings: linear schedule with warm-up; checkpoints if asked; `name` is for reports."""
    args = TrainingArguments(
        output_dir=str(folder),
        per_device_train_batch_size=settings.batch_size,  # SplitTrainer divides it
        per_device_eval_batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        warmup_steps=settings.warmup,
        num_train_epochs=settings.n_epochs,
        max_steps=settings.max_steps or -1,
        train_sampling_strategy="group_by_length",
        average_tokens_across_devices=False,  # share_of_mean does it
        ddp_find_unused_parameters=False,  # all that is trained is used
        logging_steps=1,
        eval_strategy=("steps" if settings.eval_steps else "epoch") if evaluate else "no",
        eval_steps=settings.eval_steps,
        save_strategy="no",
        save_total_limit=2,  # the one before stays until the next is whole
        metric_for_best_model=settings.metric,
        label_names=["labels"],
        remove_unused_columns=False,  # a `FusionHead` reads features that the model's forward does not name
        disable_tqdm=True,
        report_to=settings.report_to,
        run_name=name,
        seed=settings.seed,
    )
    args._n_gpu = min(args.n_gpu, 1)  # else one process on two GPUs would double the batch (DataParallel)
    return args


def find_scores(log: Sequence[dict], key: str) -> list[float]:
    """Return a quantity's values from the Trainer's log in time order, "loss" or "eval_..."."""
    return [float(entry[key]) for entry in log if key in entry]
