"""Shapley values of a prompt's tokens: what each adds, over all orders of coming; through captum.

Their sum is exact where that of integrated gradients is not; but every value is a mean over few orders.
Castro, Gómez and Tejada, "Polynomial calculation of the Shapley value based on sampling" (2009).
"""

import numpy as np
import torch
from captum.attr import ShapleyValues, ShapleyValueSampling

from ..clips import Clip
from ..finetuning.classifier import SpeechTokenClassifier
from .gradients import AUDIO, MARKER, TEXT, Attribution, Question, ask, pose

PROMPTS_TOGETHER = 16  # that are computed in one batch


def sample_shapley(
    classifier: SpeechTokenClassifier,
    clip: Clip,
    target: int | None = None,
    n_permutations: int = 10,
    filler: str | None = None,
    seed: int = 0,
) -> Attribution:
    """Estimate what each token adds when the tokens come in one by one, in `n_permutations` random orders.

    Each order leads from the baseline of `attribute_clip` to the prompt, and each token gets the change of
    the score at its coming, so the sum is exact; what is rough is the mean over a few orders. The model meets
    prompts of whole tokens only, no points in between. It runs once per token and order.
    """

    def sample(asked: Question) -> torch.Tensor:
        is_player = asked.kinds != MARKER
        players = np.where(is_player, np.cumsum(is_player), 0)  # markers come together
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            how = {"n_samples": n_permutations, "perturbations_per_eval": PROMPTS_TOGETHER}
            return _ask_players(ShapleyValueSampling, asked, players, **how)

    return ask(clip, pose(classifier, clip, target, filler), sample)


def share_credit(
    classifier: SpeechTokenClassifier, clip: Clip, target: int | None = None, filler: str | None = None
) -> dict[str, float]:
    """Divide the score of a class between all words and all audio tokens: exact Shapley values of the two.

    What one side adds alone and what it adds beside the other, averaged. The model runs four times. Returns
    "text", "audio" and "marker" (0) -> logits; together the score less the baseline's, but for rounding.
    """

    def divide(asked: Question) -> torch.Tensor:
        kinds, parts = asked.kinds, np.zeros(len(asked.kinds), np.float32)
        for kind in (TEXT, AUDIO):
            parts[kinds == kind] = 1 / max(np.sum(kinds == kind), 1)
        sides = (kinds == AUDIO).astype(int)  # markers are the same in the baseline
        values = _ask_players(ShapleyValues, asked, sides, perturbations_per_eval=4)
        return values * torch.tensor(parts, device=values.device)[None, :, None]

    return ask(clip, pose(classifier, clip, target, filler), divide).sums()


def _ask_players(method, asked: Question, players: np.ndarray, **options) -> torch.Tensor:
    """Ask captum what each player adds, (1, n_positions, 1); positions of one number come and go together."""
    device = asked.embedded.device

    def read(is_there: torch.Tensor) -> torch.Tensor:
        return asked.read(torch.where(is_there[..., None] > 0, asked.embedded, asked.baseline))

    with torch.no_grad():
        mask = torch.tensor(players, device=device)[None]
        there = torch.ones(1, len(players), device=device)
        return method(read).attribute(there, feature_mask=mask, **options)[..., None]
