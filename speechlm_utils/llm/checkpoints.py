"""Trainings that go on where they were stopped: the Trainer's checkpoints, for a `resumable` block."""

import contextlib
import hashlib
import itertools
import json
import logging
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import EarlyStoppingCallback, TrainerCallback

from ..files import lock_folder, sync, to_plain, write_atomically, write_json
from .load import hash_llm
from .spec import TrainSettings

log = logging.getLogger(__name__)

EVERY_SECONDS = 60.0  # how much of a training may be lost
ABOUT, FINISHED = "about.json", "finished.safetensors"  # of a training
WHOLE, BEST = "whole.json", "best.safetensors"  # of a checkpoint
_folders: ContextVar[Iterator[Path] | None] = ContextVar("_folders", default=None)


@contextlib.contextmanager
def resumable(folder: str | Path, wait: bool = False) -> Iterator[bool]:
    """Let the trainings of the block keep checkpoints in a folder, and go on from those that lie there.

    A block that was stopped, by whatever, is repeated with the same inputs: its trainings end with the same
    weights, bit for bit, as if nothing had happened. Those that had ended are loaded, the one that ran goes
    on from its last checkpoint. Checkpoints of other inputs are thrown away, with a log message. A block that
    ends well removes the folder, so save within it what was made. It is given whether something lay there:
    if so, its own clock does not tell what the trainings took.

    A second run with this folder is refused, or with `wait` comes after it (`lock_folder`). A training of
    several processes keeps nothing.
    """
    folder = Path(folder)
    with lock_folder(folder.parent, f".{folder.name}.lock", -1 if wait else 0):
        before = _folders.set(folder / f"training_{n}" for n in itertools.count(1))
        try:
            yield folder.exists()
        finally:
            _folders.reset(before)
        shutil.rmtree(folder, ignore_errors=True)  # there is none if nothing was trained


@dataclass(frozen=True)
class Training:
    """The folder of one training of a `resumable` block."""

    folder: Path

    def find_checkpoint(self) -> Path | None:
        """Return the last checkpoint that is whole, or None; others are removed, damaged ones told."""
        found = sorted(self.folder.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))
        for checkpoint in reversed(found):
            if _is_whole(checkpoint):
                return checkpoint
            shutil.rmtree(checkpoint)
        return None

    def finish(self, model: torch.nn.Module, history: Sequence[dict]) -> None:
        """Keep the trained weights and the Trainer's log; the checkpoints go."""
        with write_atomically(self.folder / FINISHED) as part:
            save_file(_copy_trained(model), part, {"history": json.dumps(history)})
        for checkpoint in self.folder.glob("checkpoint-*"):
            shutil.rmtree(checkpoint)

    def load_finished(self, model: torch.nn.Module) -> list[dict] | None:
        """Put the weights of a training that had ended into the model, and return its log; else None."""
        path = self.folder / FINISHED
        if not path.exists():
            return None
        with torch.no_grad(), safe_open(path, "pt") as stored:
            for name, parameter in _list_trained(model).items():
                parameter.copy_(stored.get_tensor(name))
            return json.loads(stored.metadata()["history"])


def open_training(
    model: torch.nn.Module, items: Mapping[str, Sequence[dict]], settings: TrainSettings, n_processes: int
) -> Training | None:
    """Return the folder of the next training of a `resumable` block; None outside of one.

    What was written there by a training of other weights, prompts or settings is removed.
    """
    if (folders := _folders.get()) is None or n_processes > 1:
        return None
    training = Training(next(folders))
    prompts = hashlib.sha256(json.dumps(items, default=to_plain).encode()).hexdigest()
    about = {"model": hash_llm(model), "prompts": prompts, "settings": repr(settings)}
    path = training.folder / ABOUT
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    if stored not in (None, about):
        other = ", ".join(name for name in about if about[name] != stored.get(name))
        log.warning("%s: is of another training (%s); starting anew", training.folder, other)
    if stored != about:
        shutil.rmtree(training.folder, ignore_errors=True)
        write_json(path, about)
    return training


class KeepCheckpoints(TrainerCallback):
    """Asks for a checkpoint every `EVERY_SECONDS`, and adds to it what the Trainer leaves out.

    That is the order of an epoch's clips, which is drawn when the epoch begins, and the weights of the best
    validation with the count of those after it. A checkpoint counts when `WHOLE` lists its files.
    """

    def __init__(self, best: EarlyStoppingCallback | None):
        self.best = best

    def on_train_begin(self, args, state, control, model, train_dataloader, **kwargs):
        self.saved = time.monotonic()
        if not state.global_step:
            return
        folder = Path(args.output_dir, f"checkpoint-{state.global_step}")
        log.warning("%s: going on from step %d of %d", folder, state.global_step, state.max_steps)
        train_dataloader.batch_sampler.resumed = _read_json(folder / WHOLE)["order"]
        if self.best:
            stored = state.stateful_callbacks[type(self.best).__name__]["attributes"]
            self.best.early_stopping_patience_counter = stored["early_stopping_patience_counter"]
            if (folder / BEST).exists():
                found, trained = load_file(folder / BEST), _list_trained(model)
                self.best.best = [found[name].to(trained[name].device) for name in trained]

    def on_step_end(self, args, state, control, train_dataloader, **kwargs):
        if state.global_step % len(train_dataloader):  # at the end of an epoch a validation comes first
            self._ask(control)

    def on_epoch_end(self, args, state, control, **kwargs):
        self._ask(control)

    def _ask(self, control) -> None:
        if not control.should_training_stop and time.monotonic() - self.saved >= EVERY_SECONDS:
            control.should_save = True

    def on_save(self, args, state, control, model, train_dataloader, **kwargs):
        self.saved = time.monotonic()
        if control.should_training_stop:
            return  # the Trainer would not know that it had stopped
        folder = Path(args.output_dir, f"checkpoint-{state.global_step}")
        if self.best and self.best.best:
            names = _list_trained(model)
            best = {name: p.cpu().contiguous() for name, p in zip(names, self.best.best, strict=True)}
            save_file(best, folder / BEST)
        is_midway = state.global_step % len(train_dataloader)
        files = {path.name: _hash(path) for path in folder.iterdir()}
        for path in folder.iterdir():
            sync(path)
        order = train_dataloader.batch_sampler.places if is_midway else None
        write_json(folder / WHOLE, {"order": order, "files": files}, indent=None)


def _list_trained(model: torch.nn.Module) -> dict[str, torch.nn.Parameter]:
    return {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


def _copy_trained(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: p.detach().cpu().contiguous() for name, p in _list_trained(model).items()}


def _is_whole(checkpoint: Path) -> bool:
    """Tell whether a checkpoint was written to its end; one that was, and is damaged, is told."""
    if not (checkpoint / WHOLE).exists():
        return False
    with contextlib.suppress(OSError, ValueError, KeyError):
        files = _read_json(checkpoint / WHOLE)["files"]
        if all(_hash(checkpoint / name) == digest for name, digest in files.items()):
            return True
    log.warning("%s: is damaged; going on from the one before it", checkpoint)
    return False


def _read_json(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def _hash(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
