"""Train in several processes as in one: equal batches, one mean over them, equal decisions.

Under `accelerate launch` (or torchrun) every process runs the whole script with a copy of the model, and DDP
averages their gradients. The Trainer of transformers would then train otherwise than in one process:

- each process draws batches of its own, so the batch grows with their number, and their generators part ways
  as soon as dropout draws from them;
- each takes the mean of its own loss, and the mean of these means is not the mean of the batch where one
  process has more labels, or rarer classes, than another;
- the last batch is filled up with clips that come twice.

Here a batch is the batch of the settings, whatever the number of processes: each takes every n-th clip of it.
"""

import contextlib
import copy
import os
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
import torch.distributed as dist
from accelerate import PartialState
from accelerate.utils import broadcast_object_list, reduce
from torch.distributed.tensor import DTensor
from torch.utils.data import DataLoader, Sampler
from transformers import EvalPrediction, Trainer
from transformers.trainer_utils import EvalLoopOutput

from ..files import explain_full_disk
from .batches import IGNORED


def connect_processes() -> PartialState:
    """Connect the processes that a launcher started; to be called first, by each of them.

    Without GPUs accelerate connects them only where it is told to use the CPU; `accelerate launch` does not.
    """
    on_cpu = int(os.environ.get("WORLD_SIZE", 1)) > 1 and not torch.accelerator.is_available()
    if on_cpu:
        os.environ["ACCELERATE_USE_CPU"] = "true"  # TrainingArguments look there
    return PartialState(cpu=on_cpu)


def check_processes(batch_size: int) -> int:
    """Return the number of processes, if they are connected and can share a batch evenly, else raise."""
    n = dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1
    launched = int(os.environ.get("WORLD_SIZE", 1))
    if n == 1 < launched:
        advice = "each would train alone; call connect_processes() first"
        raise RuntimeError(f"{launched} processes were launched, but they are not connected: {advice}")
    if batch_size % n:
        raise ValueError(f"batch_size={batch_size}: cannot be divided among {n} processes")
    return n


def share_of_mean(losses: torch.Tensor, weight: float | torch.Tensor) -> torch.Tensor:
    """Compute this process's share of the mean loss of the whole batch.

    DDP and FSDP average the processes' gradients, and the Trainer's log averages their losses. So the sum is
    divided by the mean weight of a process: the mean of the shares is all losses over all weights.

    `losses`, shape (n_losses,), are this process's, each already multiplied by its weight; there may be none.
    `weight` is the sum of this process's weights, for an unweighted mean n_losses.
    """
    total = torch.as_tensor(weight, dtype=losses.dtype, device=losses.device).detach()
    return losses.sum() / reduce(total)


@contextlib.contextmanager
def keep_whole(model: torch.nn.Module) -> Iterator[None]:
    """Give every process the whole model, in place, after a block in which FSDP has cut it into shards.

    Each process then needs room for one copy of the weights. A model that was not cut is left alone.
    """
    before = [
        (part, type(part), {name: copy.copy(value) for name, value in vars(part).items() if "_hooks" in name})
        for part in model.modules()
    ]
    yield
    if not any(isinstance(parameter, DTensor) for parameter in model.parameters()):
        return
    whole = {}  # a tied head shares its parameter with the embedding
    for module, kind, hooks in before:
        module.__class__ = kind
        vars(module).update(hooks)
        for name, p in module._parameters.items():
            if isinstance(p, DTensor):
                if p not in whole:
                    whole[p] = torch.nn.Parameter(p.full_tensor().detach(), requires_grad=p.requires_grad)
                module._parameters[name] = whole[p]


class SplitTrainer(Trainer):
    """A Trainer whose processes share every batch of `args.train_batch_size` clips, and evaluate alike.

    Its loss must come from `share_of_mean`.
    """

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        if self.is_fsdp_enabled and (found := self.accelerator.state.fsdp_plugin.fsdp_version) != 2:
            reason = "the other leaves a model that cannot be read"
            raise ValueError(f"fsdp_version {found}: must be 2, as in scripts/accelerate/fsdp.yaml; {reason}")

    def get_train_dataloader(self) -> DataLoader:
        return self._split(self.train_dataset, self._get_train_sampler(), self.args.train_batch_size)

    def _save_checkpoint(self, model, trial) -> None:
        """As the parent; a disk that is full is told in one line, whatever library meets it."""
        try:
            with explain_full_disk(self.args.output_dir):
                super()._save_checkpoint(model, trial)
        except RuntimeError as error:  # torch says no more than that it could not write
            raise OSError(f"{self.args.output_dir}: cannot write a checkpoint ({error})") from error

    def get_eval_dataloader(self, eval_dataset: Sequence[Mapping]) -> DataLoader:
        return self._split(eval_dataset, self._get_eval_sampler(eval_dataset), self.args.eval_batch_size)

    def _split(self, items: Sequence[Mapping], order: Sampler, batch_size: int) -> DataLoader:
        """Give this process's parts of the batches; a blank, the last item, has no label and no loss."""
        labels = items[0]["labels"]
        blank = {**items[0], "labels": [IGNORED] * len(labels) if np.ndim(labels) else IGNORED}
        batches = SplitBatches(order, batch_size, self.args.process_index, self.args.world_size)
        return DataLoader([*items, blank], batch_sampler=batches, collate_fn=self.data_collator)

    def evaluation_loop(
        self, dataloader, description, prediction_loss_only=None, ignore_keys=None, metric_key_prefix="eval"
    ) -> EvalLoopOutput:
        """Evaluate all processes' parts: loss as the mean of the batches' losses, by their clips."""
        self.model.eval()
        losses, logits, labels = [], [], []
        for batch in dataloader:
            step = self.prediction_step(self.model, batch, prediction_loss_only, ignore_keys)
            is_real = (batch["labels"] != IGNORED).reshape(len(batch["labels"]), -1).any(dim=1)
            losses.append([float(step[0]), float(is_real.sum())])
            logits.append(step[1])
            labels.append(step[2])
        shares, counts = self._gather(torch.tensor(losses)[None]).double().unbind(dim=2)
        n_clips = counts.sum(dim=0)
        metrics = {"loss": float((shares.mean(dim=0) * n_clips).sum() / n_clips.sum())}
        if self.compute_metrics is not None:
            predictions, label_ids = (self._gather(torch.cat(parts)) for parts in (logits, labels))
            parts = (values[label_ids != IGNORED].numpy() for values in (predictions.float(), label_ids))
            metrics |= self.compute_metrics(EvalPrediction(*parts))
        metrics = {f"{metric_key_prefix}_{name}": value for name, value in metrics.items()}
        return EvalLoopOutput(None, None, metrics, num_samples=int(n_clips.sum()))

    def _gather(self, values: torch.Tensor) -> torch.Tensor:
        """Join the processes' tensors along the first axis, in the order of the processes; on the CPU."""
        return self.accelerator.gather(values.to(self.args.device)).cpu()


class SplitBatches(Sampler):
    """One process's part of each batch: every n-th place, and -1 to fill up what does not divide.

    `batch_size` is that of all processes together; the first process's `order` of the places counts for all.
    `places` is the order of the epoch that runs. `resumed` is that of an epoch which another run began; the
    next epoch has it, and only that one.
    """

    def __init__(self, order: Sampler, batch_size: int, rank: int, n_processes: int):
        self.order, self.batch_size, self.rank, self.n_processes = order, batch_size, rank, n_processes
        self.places, self.resumed = None, None

    def __len__(self) -> int:
        return -(-len(self.order) // self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        self.places = places = self.resumed or broadcast_object_list([list(self.order)])[0]
        self.resumed = None
        for start in range(0, len(places), self.batch_size):
            batch = places[start : start + self.batch_size]
            batch += [-1] * (-len(batch) % self.n_processes)
            yield batch[self.rank :: self.n_processes]
