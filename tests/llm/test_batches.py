"""Batches are padded on the right, and hold prompts of similar length."""

import numpy as np
import torch

from speechlm_utils.llm.batches import IGNORED, batch_items, pad_batch


def test_ignored_labels_are_those_of_torch():
    logits = torch.randn(2, 3)
    losses = torch.nn.functional.cross_entropy(logits, torch.tensor([1, IGNORED]), reduction="none")
    assert losses[1] == 0 < losses[0]


def test_padding_is_masked_and_has_no_label():
    items = [{"input_ids": [5, 6, 7], "labels": [IGNORED, 6, 7]}, {"input_ids": [8], "labels": [8]}]
    batch = pad_batch(items, pad_id=2)
    assert batch["input_ids"].tolist() == [[5, 6, 7], [8, 2, 2]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]
    assert batch["labels"].tolist() == [[IGNORED, 6, 7], [8, IGNORED, IGNORED]]
    assert pad_batch([{"input_ids": [1], "labels": 3}], 0)["labels"].tolist() == [3]
    assert "labels" not in pad_batch([{"input_ids": [1]}], 0)


def test_items_of_similar_length_share_a_batch():
    items = [{"input_ids": [1] * size} for size in (4, 1, 3, 2)]
    found = [(places, batch["input_ids"].shape[1]) for places, batch in batch_items(items, 2, 0, "cpu")]
    assert found == [([1, 3], 2), ([2, 0], 4)]


def test_features_become_one_tensor():
    items = [{"input_ids": [1], "features": np.array([i, 0.5])} for i in range(2)]
    assert pad_batch(items, 0)["features"].tolist() == [[0, 0.5], [1, 0.5]]
