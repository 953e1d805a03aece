"""What happens beside the steps of a training: the best weights are kept, and a bar moves."""

import math
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from peft import PeftModel, get_peft_model
from tqdm.auto import tqdm
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments, set_seed

from .distributed import IGNORED, SplitTrainer, check_processes, keep_whole
from .spec import PromptFormat

ADAPTER = "default"


@dataclass(frozen=True)
class TrainSettings:
    """What both trainings have; step 2 and step 3 add their own, see `PretrainSettings`, `FineTuneSettings`.

    Attributes
    ----------
    learning_rate : float, falls linearly to 0 after the warm-up
    batch_size : int, clips
    n_epochs : int, passes over the train clips at most
    max_steps : int or None, steps; if given it replaces n_epochs
    eval_steps : int or None, validate every so many steps; None: after each epoch
    warmup : float, share of the steps
    patience : int, validations without a better result before training stops
    max_length, collapse_repeats : of the prompts, see `PromptFormat`
    seed : int
    metric : of a validation; "loss" is better small, others large
    """

    learning_rate: float
    batch_size: int = 32
    n_epochs: int = 5
    max_steps: int | None = None
    eval_steps: int | None = None
    warmup: float = 0.05
    patience: int = 3
    max_length: int = 256
    collapse_repeats: bool = False
    seed: int = 0
    metric: ClassVar[str] = "loss"

    @property
    def prompt(self) -> PromptFormat:
        """How clips become prompts."""
        return PromptFormat(self.max_length, collapse_repeats=self.collapse_repeats)


class BestWeights(TrainerCallback):
    """Stops after `patience` evaluations without a better one, and puts the best one's weights back.

    They are kept in memory: trained parameters are few, and processes on several machines share no folder.

    Parameters
    ----------
    metric : name in the evaluation's results, without "eval_"; "loss" is better small, others large
    patience : int
    """

    def __init__(self, metric: str, patience: int):
        self.metric, self.patience = metric, patience
        self.sign = -1 if metric == "loss" else 1
        self.best, self.weights, self.n_worse = -math.inf, {}, 0

    def on_evaluate(self, args, state, control, metrics, model, **kwargs):
        score = self.sign * metrics[f"eval_{self.metric}"]
        if score > self.best:
            self.best, self.n_worse = score, 0
            self.weights = {name: p.detach().clone() for name, p in _trained(model)}
        else:
            self.n_worse += 1
        control.should_training_stop |= self.n_worse >= self.patience

    def on_train_end(self, args, state, control, model, **kwargs):
        with torch.no_grad():
            for name, p in _trained(model):
                if name in self.weights:
                    p.copy_(self.weights[name])


def _trained(model) -> list[tuple[str, torch.nn.Parameter]]:
    return [(name, p) for name, p in model.named_parameters() if p.requires_grad]


class StepBar(TrainerCallback):
    """A progress bar over the optimiser's steps, with the last loss or score beside it."""

    def __init__(self, title: str):
        self.title = title

    def on_train_begin(self, args, state, control, **kwargs):
        is_first = state.is_world_process_zero  # the other processes' bars would be the same
        self.bar = tqdm(total=state.max_steps, desc=self.title, unit="step", disable=not is_first)

    def on_step_end(self, args, state, control, **kwargs):
        self.bar.update(state.global_step - self.bar.n)

    def on_log(self, args, state, control, logs=None, **kwargs):
        shown = {
            k: f"{v:.3f}" for k, v in (logs or {}).items() if k in ("loss", "eval_loss", "eval_macro_f1_all")
        }
        self.bar.set_postfix({**getattr(self, "shown", {}), **shown})
        self.shown = {**getattr(self, "shown", {}), **shown}

    def on_train_end(self, args, state, control, **kwargs):
        self.bar.close()


def pad_batch(items: Sequence[dict], pad_id: int) -> dict[str, torch.Tensor]:
    """Collate prompts to one batch, padded on the right to its longest.

    Parameters
    ----------
    items : dicts with "input_ids" (list of int) and, optionally, "labels" (int, or a list like input_ids)
    pad_id : int

    Returns
    -------
    batch : "input_ids", "attention_mask" of shape (n_items, longest), "labels" likewise or (n_items,)
    """
    longest = max(len(item["input_ids"]) for item in items)

    def pad(rows: list[list[int]], value: int) -> torch.Tensor:
        return torch.tensor([row + [value] * (longest - len(row)) for row in rows])

    batch = {
        "input_ids": pad([item["input_ids"] for item in items], pad_id),
        "attention_mask": pad([[1] * len(item["input_ids"]) for item in items], 0),
    }
    if "labels" in items[0]:
        labels = [item["labels"] for item in items]
        batch["labels"] = pad(labels, IGNORED) if isinstance(labels[0], list) else torch.tensor(labels)
    return batch


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

    Batches hold prompts of similar length. Validation items, if there are any, are evaluated after each epoch
    or every `settings.eval_steps` steps; training stops after `settings.patience` evaluations without a
    better `settings.metric`, and the best one's weights are put back. Without them the last step's weights
    stay. With several processes all end with the same weights and return the same log.

    Parameters
    ----------
    model : wrapped with `wrap_model`
    items : dict with "train" and, if there are any, "validation": items for `pad_batch`
    settings : TrainSettings; the batch size is that of all processes together
    make_trainer : SplitTrainer, a subclass of it, or either with more options (`functools.partial`)
    progress : title of a tqdm bar over the steps, None for no bar

    Raises
    ------
    ValueError
        If the batch cannot be divided among the processes.
    """
    set_seed(settings.seed)
    validation = sorted(items.get("validation", ()), key=lambda item: len(item["input_ids"]))
    callbacks = [BestWeights(settings.metric, settings.patience)] if validation else []
    if progress:
        callbacks.append(StepBar(progress))
    # nothing is written to the folder, but the Trainer wants one
    with tempfile.TemporaryDirectory() as folder, keep_whole(model):
        args = _make_arguments(folder, settings, bool(validation))
        n_processes = check_processes(settings.batch_size)
        trainer = make_trainer(
            model=model,
            args=args,
            train_dataset=list(items["train"]),
            eval_dataset=validation or None,
            data_collator=lambda items: pad_batch(items, pad_id),
            callbacks=callbacks,
        )
        trainer.remove_callback(PrinterCallback)
        if n_processes > 1 and args.process_index > 0:
            torch.manual_seed(settings.seed + args.process_index)  # another dropout for each part of a batch
        trainer.train()
    model.eval()
    return trainer.state.log_history


def _make_arguments(folder: str, settings: TrainSettings, evaluate: bool) -> TrainingArguments:
    """Translate the settings: linear schedule with warm-up, no checkpoints, no reports."""
    args = TrainingArguments(
        output_dir=folder,
        per_device_train_batch_size=settings.batch_size,  # SplitTrainer divides it
        per_device_eval_batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=settings.warmup,
        num_train_epochs=settings.n_epochs,
        max_steps=settings.max_steps or -1,
        weight_decay=0.0,
        train_sampling_strategy="group_by_length",
        average_tokens_across_devices=False,  # share_of_mean does it
        ddp_find_unused_parameters=False,  # all that is trained is used
        logging_strategy="steps",
        logging_steps=1,
        eval_strategy=("steps" if settings.eval_steps else "epoch") if evaluate else "no",
        eval_steps=settings.eval_steps,
        save_strategy="no",
        label_names=["labels"],
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        report_to="none",
        disable_tqdm=True,
        seed=settings.seed,
    )
    args._n_gpu = min(args.n_gpu, 1)  # else one process on two GPUs would double the batch (DataParallel)
    return args


def find_scores(log: Sequence[dict], key: str) -> list[float]:
    """Return a quantity's values from the Trainer's log in time order, "loss" or "eval_..."."""
    return [float(entry[key]) for entry in log if key in entry]


def batches_by_length(lengths: Sequence[int], batch_size: int) -> list[list[int]]:
    """Split places 0 … n-1 into batches of similar length, shortest first."""
    order = sorted(range(len(lengths)), key=lambda place: lengths[place])
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
