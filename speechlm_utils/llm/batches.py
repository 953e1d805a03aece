"""Batches of prompts, padded on the right; prompts of similar length share one."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence

IGNORED = -100  # label of a position, or of a clip, that has no loss


def pad_batch(items: Sequence[dict], pad_id: int) -> dict[str, torch.Tensor]:
    """Collate prompts to one batch, padded to its longest.

    `items` are dicts with "input_ids" (list of int) and, optionally, "labels" (int, or a list like these) and
    "features" (array (n_features,), of a `FusionHead`).
    The batch has "input_ids", "attention_mask" of shape (n_items, longest), "labels" likewise or (n_items,).
    """

    def pad(name: str, value: int) -> torch.Tensor:
        return pad_sequence([torch.tensor(item[name]) for item in items], True, value)

    sizes = torch.tensor([len(item["input_ids"]) for item in items])
    batch = {"input_ids": pad("input_ids", pad_id)}
    batch["attention_mask"] = (torch.arange(int(sizes.max())) < sizes[:, None]).long()
    if isinstance(items[0].get("labels"), list):
        batch["labels"] = pad("labels", IGNORED)
    elif "labels" in items[0]:
        batch["labels"] = torch.tensor([item["labels"] for item in items])
    if "features" in items[0]:
        batch["features"] = torch.from_numpy(np.stack([item["features"] for item in items])).float()
    return batch


def batch_items(
    items: Sequence[dict], batch_size: int, pad_id: int, device: torch.device
) -> Iterator[tuple[list[int], dict[str, torch.Tensor]]]:
    """Go through items, shortest first: their places, and the padded batch on the device."""
    for places in batch_places([item["input_ids"] for item in items], batch_size):
        batch = pad_batch([items[place] for place in places], pad_id)
        yield places, {name: values.to(device) for name, values in batch.items()}


def batch_places(ids: Sequence[Sequence[int]], batch_size: int) -> Iterator[list[int]]:
    """Go through the places of prompts, shortest first, `batch_size` at a time."""
    order = sorted(range(len(ids)), key=lambda place: len(ids[place]))
    for start in range(0, len(order), batch_size):
        yield order[start : start + batch_size]
