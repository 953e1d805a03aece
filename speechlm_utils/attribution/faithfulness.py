"""Are attributions true? Take the tokens away that they name, and ask a model that has learned nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import spearmanr

from ..bootstrap import Bootstrap, resample_mean
from ..clips import Clip, groups
from ..finetuning.classifier import SpeechTokenClassifier
from ..finetuning.lora import HEADS
from ..llm.trainer import ADAPTER
from .edits import edit_clip, list_kept, mute_tokens
from .gradients import AUDIO, MARKER, Attribution, attribute_clip


@dataclass(frozen=True)
class DeletionTest:
    """How much the predicted class's score falls when k audio tokens are deleted: mean over clips, in logits.

    Attributes
    ----------
    k : int
    top, random : float, without the k tokens of the largest attribution, and without k random ones
    difference, low, high : top less random, and its 95 % interval, whole groups of clips resampled
    n_clips, n_groups : int, clips with more than k audio tokens, and their groups
    """

    k: int
    top: float
    random: float
    difference: float
    low: float
    high: float
    n_clips: int
    n_groups: int


def run_deletion_test(
    classifier: SpeechTokenClassifier,
    clips: Sequence[Clip],
    attributions: Sequence[Attribution],
    k: int = 5,
    n_draws: int = 5,
    n_resamples: int = 2000,
    seed: int = 0,
) -> DeletionTest:
    """Delete the k audio tokens that speak most for the predicted class, and k random ones.

    Parameters
    ----------
    clips, attributions : of the same clips
    k : int
    n_draws : int, sets of random tokens per clip
    n_resamples, seed : of the bootstrap and of the draws

    Raises
    ------
    ValueError
        If no clip has more than k audio tokens.
    """
    rng, used, falls = np.random.default_rng(seed), [], []
    for clip, attribution in zip(clips, attributions, strict=True):
        scores = attribution.scores[np.array(attribution.kinds) == AUDIO]
        if len(scores) <= k:
            continue
        top = np.argsort(-scores)[:k]
        sets = [top, *(rng.choice(len(scores), k, replace=False) for _ in range(n_draws))]
        left = score_without(classifier, clip, sets, attribution.target)
        used.append(clip)
        falls.append((attribution.score - left[0], attribution.score - left[1:].mean()))
    if not used:
        raise ValueError(f"k={k}: none of {len(clips)} clips has more audio tokens than that")
    falls, names = np.array(falls, dtype=float), groups(used)
    interval = resample_mean(falls[:, 0] - falls[:, 1], names, Bootstrap(n_resamples, rng))
    top, random = (float(mean) for mean in falls.mean(axis=0))
    return DeletionTest(k, top, random, *interval.values, len(used), len(set(names)))


def score_without(
    classifier: SpeechTokenClassifier, clip: Clip, sets: Sequence[Sequence[int]], target: int
) -> np.ndarray:
    """Compute the logit of a class without some audio tokens, once for each set of their places."""
    kept = list_kept(clip.codes, classifier.tokens, classifier.settings.collapse_repeats)
    edited = [edit_clip(clip, mute_tokens(kept, [int(place) for place in places])) for places in sets]
    return classifier.predict(edited)[:, target]


def compare_with_random_weights(
    classifier: SpeechTokenClassifier,
    clips: Sequence[Clip],
    attributions: Sequence[Attribution],
    part: str = "head",
    n_draws: int = 8,
    seed: int = 0,
    **options,
) -> np.ndarray:
    """Attribute again with random weights, and correlate: of a true attribution nothing is left.

    Weights are drawn from a normal distribution with the spread of the trained ones (Adebayo et al., "Sanity
    Checks for Saliency Maps", arXiv 1810.03292).

    Parameters
    ----------
    clips, attributions : of the same clips
    part : "head", or "all" that was trained: head, adapters and, if they were, rows
    n_draws : int, random models
    options : of `attribute_clip`

    Returns
    -------
    correlations : float array, shape (n_draws, n_clips), Spearman's, over the words and audio tokens of a
        prompt. One head may point the same way as the trained one by chance: their mean should be near 0

    Raises
    ------
    ValueError
        If `part` is neither.
    """
    weights, pairs = _find_weights(classifier, part), list(zip(clips, attributions, strict=True))
    kept, generator, found = [w.detach().clone() for w in weights], torch.Generator().manual_seed(seed), []
    try:
        for _ in range(n_draws):
            for weight, trained in zip(weights, kept, strict=True):
                drawn = torch.randn(weight.shape, generator=generator) * trained.float().std().cpu()
                with torch.no_grad():
                    weight.copy_(drawn)
            again = [attribute_clip(classifier, clip, one.target, **options) for clip, one in pairs]
            found.append([correlate(one, b) for one, b in zip(attributions, again, strict=True)])
    finally:
        with torch.no_grad():
            for weight, trained in zip(weights, kept, strict=True):
                weight.copy_(trained)
    return np.array(found)


def correlate(one: Attribution, other: Attribution) -> float:
    """Correlate the ranks (Spearman) of two attributions of a prompt, its markers left out."""
    at = np.array(one.kinds) != MARKER
    return float(spearmanr(one.scores[at], other.scores[at]).statistic)


def _find_weights(classifier: SpeechTokenClassifier, part: str) -> list[torch.Tensor]:
    """Find the head that was trained (PEFT keeps the untrained one beside it), or all that was trained."""
    named = list(classifier.model.named_parameters())
    ends = tuple(f"{name}.modules_to_save.{ADAPTER}.weight" for name in HEADS)
    head = [p for name, p in named if name.endswith(ends)]
    if part == "head":
        return head
    if part == "all":
        return head + [p for name, p in named if f".{ADAPTER}" in name and "modules_to_save" not in name]
    raise ValueError(f"part={part!r}: is neither 'head' nor 'all'")
