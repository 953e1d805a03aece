"""One process's part of every batch, and blanks where a batch does not divide."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from accelerate.utils import broadcast_object_list
from torch.utils.data import Dataset, Sampler

IGNORED = -100  # label of a position, or of a clip, that has no loss


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
