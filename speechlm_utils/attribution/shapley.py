"""Shapley values of a prompt's tokens: what each adds, over all orders of coming; through captum.

Their sum is exact where that of integrated gradients is not; but every value is a mean over few orders.
Castro, Gómez and Tejada, "Polynomial calculation of the Shapley value based on sampling" (2009).
"""

import itertools
from collections.abc import Sequence

import torch
from captum.attr import ShapleyValues, ShapleyValueSampling

from ..clips import Clip
from ..finetuning.classifier import SpeechTokenClassifier
from .gradients import AUDIO, MARKER, TEXT, Attribution, Question, ask


def sample_shapley(
    classifier: SpeechTokenClassifier,
    clip: Clip,
    target: int | None = None,
    n_permutations: int = 10,
    batch_size: int = 16,
    filler: str | None = None,
    seed: int = 0,
) -> Attribution:
    """Estimate what each token adds when the tokens come in one by one, in random orders.

    Each order leads from the baseline of `attribute_clip` to the prompt, and each token gets the change of
    the score at its coming, so the sum is exact; what is rough is the mean over a few orders. The model meets
    prompts of whole tokens only, no vectors in between. It runs once per token and order.

    Parameters
    ----------
    n_permutations : int, random orders
    batch_size : int, prompts that are computed together
    classifier, clip, target, filler : as in `attribute_clip`, with its errors
    seed : of the orders
    """

    def sample(asked: Question) -> torch.Tensor:
        numbers = itertools.count(1)
        players = [0 if kind == MARKER else next(numbers) for kind in asked.kinds]  # markers come together
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            sampling = {"n_samples": n_permutations, "perturbations_per_eval": batch_size}
            return _ask_players(ShapleyValueSampling, asked, players, **sampling)

    return ask(classifier, clip, target, filler, sample)


def share_credit(
    classifier: SpeechTokenClassifier, clip: Clip, target: int | None = None, filler: str | None = None
) -> dict[str, float]:
    """Divide the score of a class between all words and all audio tokens: exact Shapley values of the two.

    What one side adds alone and what it adds beside the other, averaged. The model runs four times.

    Parameters
    ----------
    classifier, clip, target, filler : as in `attribute_clip`, with its errors

    Returns
    -------
    credit : dict, "text", "audio" and "marker" (0) -> logits; together the score less the baseline's, but for
        rounding
    """

    def divide(asked: Question) -> torch.Tensor:
        sides = [int(kind == AUDIO) for kind in asked.kinds]  # markers are the same in the baseline
        part = {kind: 1 / max(asked.kinds.count(kind), 1) for kind in (TEXT, AUDIO)} | {MARKER: 0.0}
        parts = torch.tensor([part[kind] for kind in asked.kinds], device=asked.embedded.device)
        return _ask_players(ShapleyValues, asked, sides, perturbations_per_eval=4) * parts[None, :, None]

    return ask(classifier, clip, target, filler, divide).sums()


def _ask_players(method, asked: Question, players: Sequence[int], **options) -> torch.Tensor:
    """Ask captum what each player adds; positions of one number come and go together.

    Returns
    -------
    values : shape (1, n_positions, 1), at every position the value of its whole player
    """
    device = asked.embedded.device
    there = torch.ones(1, len(players), device=device)

    def read(is_there: torch.Tensor) -> torch.Tensor:
        return asked.read(torch.where(is_there[..., None] > 0, asked.embedded, asked.baseline))

    with torch.no_grad():
        feature_mask = torch.tensor([list(players)], device=device)
        values = method(read).attribute(there, target=asked.target, feature_mask=feature_mask, **options)
    return values[..., None]
