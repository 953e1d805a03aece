"""Are attributions true? Take the tokens away that they name, and ask a model that has learned nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.stats import spearmanr

from ..bootstrap import Bootstrap, Interval, resample_mean
from ..clips import Clip, groups
from ..finetuning.classifier import SpeechTokenClassifier
from ..finetuning.lora import HEADS
from ..llm.trainer import ADAPTER
from ..tokens import list_occurrences
from .edits import edit_clip, mute_tokens
from .gradients import AUDIO, MARKER, Attribution


@dataclass(frozen=True)
class DeletionTest:
    """How much the predicted class's score falls when k audio tokens are deleted: mean over clips, in logits.

    `top` without the k tokens of the largest attribution, `random` without k random ones, and the interval of
    their difference, whole groups of clips resampled; `n_clips` have more than k audio tokens.
    """

    k: int
    top: float
    random: float
    difference: Interval
    n_clips: int

    @property
    def numbers(self) -> dict[str, float]:
        """The numbers, as records and tables hold them."""
        counts = {"n_clips": self.n_clips, "n_groups": self.difference.n}
        return {"k": self.k, "top": self.top, "random": self.random, **self.difference.numbers, **counts}


def run_deletion_test(
    classifier: SpeechTokenClassifier,
    attributions: Sequence[Attribution],
    k: int = 5,
    n_sets: int = 5,
    bootstrap: Bootstrap = Bootstrap(),
) -> DeletionTest:
    """Delete the k audio tokens that speak most for the predicted class, and `n_sets` times k random ones.

    The bootstrap's seed is also that of the random sets.
    """
    rng, used, falls = np.random.default_rng(bootstrap.seed), [], []
    for one in attributions:
        scores = one.scores[one.kinds == AUDIO]
        if len(scores) <= k:
            continue
        top = np.argsort(-scores)[:k]
        sets = [top, *(rng.choice(len(scores), k, replace=False) for _ in range(n_sets))]
        found = list_occurrences(one.clip.codes, classifier.tokens, classifier.settings.collapse_repeats)
        edited = [edit_clip(one.clip, mute_tokens(found, places)) for places in sets]
        left = classifier.predict(edited)[:, one.target]
        used.append(one.clip)
        falls.append((one.score - left[0], one.score - left[1:].mean()))
    if not used:
        raise ValueError(f"k={k}: none of {len(attributions)} clips has more audio tokens than that")
    top, random = np.array(falls, dtype=float).T
    difference = resample_mean(top - random, groups(used), replace(bootstrap, seed=rng))
    return DeletionTest(k, float(top.mean()), float(random.mean()), difference, len(used))


def compare_with_random_weights(
    classifier: SpeechTokenClassifier,
    attributions: Sequence[Attribution],
    attribute: Callable[[Clip, int], Attribution],
    part: str = "head",
    n_models: int = 8,
    seed: int = 0,
) -> np.ndarray:
    """Attribute again with random weights, and correlate: of a true attribution nothing is left.

    Weights are sampled from a normal distribution with the spread of the trained ones (Adebayo et al.,
    "Sanity Checks for Saliency Maps", arXiv 1810.03292), those of the "head", or of "all" that was trained.
    `attribute` is a function of clip and class, for example `attribute_clip` with the options used before.

    Returns Spearman's correlations (n_models, n_clips), see `correlate`. One head may point the same way as
    the trained one by chance: their mean should be near 0.
    """
    weights, found = _find_weights(classifier, part), []
    trained, generator = [w.detach().clone() for w in weights], torch.Generator().manual_seed(seed)
    spreads = [w.float().std().cpu() for w in trained]
    try:
        for _ in range(n_models):
            sampled = (torch.randn(w.shape, generator=generator) for w in weights)
            _write(weights, [one * spread for one, spread in zip(sampled, spreads, strict=True)])
            found.append([correlate(one, attribute(one.clip, one.target)) for one in attributions])
    finally:
        _write(weights, trained)
    return np.array(found)


def correlate(one: Attribution, other: Attribution) -> float:
    """Correlate the ranks (Spearman) of two attributions of a prompt, its markers left out."""
    at = one.kinds != MARKER
    return float(spearmanr(one.scores[at], other.scores[at]).statistic)


def _write(weights: Sequence[torch.Tensor], values: Sequence[torch.Tensor]) -> None:
    with torch.no_grad():
        for weight, value in zip(weights, values, strict=True):
            weight.copy_(value)


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
