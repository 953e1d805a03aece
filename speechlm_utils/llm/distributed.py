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
from accelerate.utils import broadcast_object_list
from torch.distributed.tensor import DTensor
from torch.utils.data import DataLoader, Dataset, Sampler
from transformers import EvalPrediction, Trainer
from transformers.trainer_utils import EvalLoopOutput

IGNORED = -100  # label of a position, or of a clip, that has no loss


def count_processes() -> int:
    """Return how many processes train together: 1 without a launcher."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def connect_processes() -> PartialState:
    """Connect the processes that a launcher started; to be called first, by each of them.

    On a machine without GPUs accelerate connects them only where it is told to use the CPU, and `accelerate
    launch` does not tell them so: each would think that it is alone, and the first.
    """
    on_cpu = int(os.environ.get("WORLD_SIZE", 1)) > 1 and not torch.accelerator.is_available()
    if on_cpu:
        os.environ["ACCELERATE_USE_CPU"] = "true"  # TrainingArguments look there
    return PartialState(cpu=on_cpu)


def check_processes(batch_size: int) -> int:
    """Return the number of processes, if they are connected and can share a batch evenly.

    Raises
    ------
    ValueError
        If the batch size does not divide.
    RuntimeError
        If a launcher started several processes that are not connected: each would train alone.
    """
    n, launched = count_processes(), int(os.environ.get("WORLD_SIZE", 1))
    if n == 1 < launched:
        raise RuntimeError(
            f"{launched} processes were launched, but they are not connected, and each would train alone; "
            "call parallel.connect_processes() first"
        )
    if batch_size % n:
        raise ValueError(f"batch_size={batch_size}: cannot be divided among {n} processes")
    return n


def share_of_mean(losses: torch.Tensor, weight: float | torch.Tensor) -> torch.Tensor:
    """Compute this process's share of the mean loss of the whole batch.

    DDP and FSDP average the processes' gradients, and the Trainer's log averages their losses. So the shares
    are multiplied by the number of processes: their mean is the sum of all losses over that of all weights.

    Parameters
    ----------
    losses : shape (n_losses,), of this process, each already multiplied by its weight; may be empty
    weight : sum of this process's weights, for an unweighted mean n_losses

    Returns
    -------
    share : scalar; in one process the mean
    """
    n = count_processes()
    total = torch.as_tensor(weight, dtype=losses.dtype, device=losses.device).detach().clone()
    if n > 1:
        dist.all_reduce(total)
    return n * losses.sum() / total


@contextlib.contextmanager
def keep_whole(model: torch.nn.Module) -> Iterator[None]:
    """Give every process the whole model, in place, after a block in which FSDP has cut it into shards.

    Each process then needs room for one copy of the weights. A model that was not cut is left alone.
    """
    before = [
        (
            module,
            type(module),
            {name: copy.copy(value) for name, value in vars(module).items() if "_hooks" in name},
        )
        for module in model.modules()
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
    """A Trainer whose processes share every batch of `args.train_batch_size` clips.

    A loss must come from `share_of_mean`. Evaluation has the same batches and its results are the same in
    every process, so all of them stop, and choose the best weights, alike.
    """

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        if self.is_fsdp_enabled and self.accelerator.state.fsdp_plugin.fsdp_version != 2:
            raise ValueError(
                f"fsdp_version {self.accelerator.state.fsdp_plugin.fsdp_version}: must be 2, as in "
                "scripts/accelerate/fsdp.yaml; the other leaves a model that cannot be read"
            )

    def get_train_dataloader(self) -> DataLoader:
        """Give this process's parts of the training batches."""
        return self._split(self.train_dataset, self._get_train_sampler(), self.args.train_batch_size)

    def get_eval_dataloader(self, eval_dataset=None) -> DataLoader:
        """Give this process's parts of the evaluation batches."""
        items = self.eval_dataset if eval_dataset is None else eval_dataset
        return self._split(items, self._get_eval_sampler(items), self.args.eval_batch_size)

    def _split(self, items: Sequence[Mapping], order: Sampler, batch_size: int) -> DataLoader:
        rank, n = self.args.process_index, self.args.world_size
        batches = SplitBatches(order, batch_size, rank, n)
        return DataLoader(WithBlanks(items), batch_sampler=batches, collate_fn=self.data_collator)

    def evaluation_loop(
        self,
        dataloader: DataLoader,
        description: str,
        prediction_loss_only: bool | None = None,
        ignore_keys: list[str] | None = None,
        metric_key_prefix: str = "eval",
    ) -> EvalLoopOutput:
        """Evaluate all processes' parts: loss as the mean of the batches' losses, by their clips."""
        self.model.eval()
        losses, logits, labels = [], [], []
        for batch in dataloader:
            step = self.prediction_step(self.model, batch, prediction_loss_only, ignore_keys)
            is_real = (batch["labels"] != IGNORED).reshape(len(batch["labels"]), -1).any(dim=1)
            losses.append([float(step[0]), float(is_real.sum())])
            logits.append(None if step[1] is None else step[1].float())
            labels.append(step[2])
        shares, counts = self._gather(torch.tensor(losses)[None]).double().unbind(dim=2)
        n_clips = counts.sum(dim=0)
        metrics = {"loss": float((shares.mean(dim=0) * n_clips).sum() / n_clips.sum())}
        predictions = label_ids = None
        if logits[0] is not None:
            predictions, label_ids = (self._gather(torch.cat(parts)).numpy() for parts in (logits, labels))
            predictions, label_ids = predictions[label_ids != IGNORED], label_ids[label_ids != IGNORED]
            if self.compute_metrics is not None:
                metrics |= self.compute_metrics(EvalPrediction(predictions, label_ids))
        metrics = {f"{metric_key_prefix}_{name}": value for name, value in metrics.items()}
        return EvalLoopOutput(predictions, label_ids, metrics, num_samples=int(n_clips.sum()))

    def _gather(self, values: torch.Tensor) -> torch.Tensor:
        """Join the processes' tensors along the first axis, in the order of the processes; on the CPU."""
        return self.accelerator.gather(values.to(self.args.device)).cpu()


class SplitBatches(Sampler):
    """One process's part of each batch: every n-th place, and None to fill up what does not divide.

    Parameters
    ----------
    order : Sampler, of the places; the first process's order counts for all
    batch_size : int, of all processes together
    rank, n_processes : int
    """

    def __init__(self, order: Sampler, batch_size: int, rank: int = 0, n_processes: int = 1):
        self.order, self.batch_size, self.rank, self.n_processes = order, batch_size, rank, n_processes

    def __len__(self) -> int:
        return -(-len(self.order) // self.batch_size)

    def __iter__(self) -> Iterator[list[int | None]]:
        places = broadcast_object_list([list(self.order)])[0]
        for start in range(0, len(places), self.batch_size):
            batch = places[start : start + self.batch_size]
            batch += [None] * (-len(batch) % self.n_processes)
            yield batch[self.rank :: self.n_processes]


class WithBlanks(Dataset):
    """Items by place; None gives one without labels, that fills a place and has no loss."""

    def __init__(self, items: Sequence[Mapping]):
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, place: int | None) -> Mapping:
        if place is not None:
            return self.items[place]
        labels = self.items[0]["labels"]
        return {**self.items[0], "labels": [IGNORED] * len(labels) if np.ndim(labels) else IGNORED}
