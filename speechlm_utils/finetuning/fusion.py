"""Fusion, the rival of tokens in the prompt: a head that reads measured features beside the words' state."""

import numpy as np
import torch
from torch import nn

from ..clips import Clip

WIDTH = 32  # of the projected features


class FusionHead(nn.Module):
    """A linear head on the language model's state and a projection of the clip's features, both trained.

    `features`, tensor (n_clips, n_features), are those of the batch; `add_fusion_head` sets them before each
    forward pass. States are (n_clips, n_positions, width), logits (n_clips, n_positions, n_classes).
    """

    def __init__(self, width: int, n_features: int, n_classes: int):
        super().__init__()
        self.project = nn.Linear(n_features, WIDTH)
        self.classify = nn.Linear(width + WIDTH, n_classes)
        self.features = None

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        fused = torch.tanh(self.project(self.features))[:, None].expand(-1, states.shape[1], -1)
        return self.classify(torch.cat([states.float(), fused], dim=-1))


def add_fusion_head(model, name: str, n_features: int) -> None:
    """Replace the head of a classification model, its attribute `name`; batches then hold "features"."""
    setattr(model, name, FusionHead(model.config.hidden_size, n_features, model.config.num_labels))
    model.register_forward_pre_hook(_hand_features, with_kwargs=True)


def _hand_features(model, args: tuple, options: dict) -> tuple[tuple, dict]:
    features = options.pop("features")
    for part in model.modules():
        if isinstance(part, FusionHead):
            part.features = features
    return args, options


def read_features(clip: Clip, n_features: int) -> np.ndarray:
    """Return a clip's features; one that has none, or another number of them, raises ValueError."""
    found = None if clip.features is None else np.shape(clip.features)
    if found != (n_features,):
        raise ValueError(f"clip {clip.id}: has features {found}, the classifier reads {n_features}")
    return clip.features
