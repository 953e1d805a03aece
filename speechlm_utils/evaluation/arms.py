"""What a linear model may read of a clip, beside the words or alone: the arms of the comparison.

An arm is one draw of what is read, or several where chance chooses: random tokens, matched ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.pipeline import Pipeline

from ..clips import Clip, groups
from ..codec_spec import shared_spec
from ..selection.bag_of_words import sum_counts
from ..selection.controls import matched_random_tokens, random_tokens, shuffle_codes
from ..selection.l1 import L1LogisticRegression
from ..selection.path import find_C_for_count, fit_l1_path
from ..selection.selector import list_selected, make_selector
from ..selection.stability import Folds, split_folds
from ..tokens import Token, list_occurrences
from .linear import Counts, Measured
from .voices import rotate_voices

CURVE = np.geomspace(0.4, 4, 12)
"""Strengths of the penalty for the curve of score against number of tokens, times that of n_tokens."""


@dataclass(frozen=True)
class Recipe:
    """The settings that every fold shares.

    Attributes
    ----------
    n_tokens : int, tokens to select
    layers : tuple of int, to select from; None takes the codec's acoustic ones
    n_draws : int, of random and of matched tokens
    sizes : tuple of int, numbers of tokens for the curve, about
    keep_groups_apart : bool, see `rotate_voices`
    seed : int
    """

    n_tokens: int = 75
    layers: tuple[int, ...] | None = None
    n_draws: int = 10
    sizes: tuple[int, ...] = (5, 10, 20, 35, 75, 150, 300, 500)
    keep_groups_apart: bool = True
    seed: int = 0


@dataclass(frozen=True)
class Part:
    """One fold: clips to learn from with their labels (n_train,), clips to predict, and the recipe."""

    train: list[Clip]
    y: np.ndarray
    test: list[Clip]
    recipe: Recipe

    @property
    def layers(self) -> tuple[int, ...]:
        """The layers to select from."""
        return self.recipe.layers or shared_spec(self.train).acoustic_layers

    def inner_folds(self, n_folds: int = 3) -> Folds:
        """Split the train clips for the choice of settings, as the fold itself: by voice, else by group."""
        if len({clip.speaker for clip in self.train}) >= 2 * n_folds and all(c.speaker for c in self.train):
            return rotate_voices(self.train, n_folds, self.recipe.seed, self.recipe.keep_groups_apart)
        return split_folds(self.y, groups(self.train), n_folds, self.recipe.seed)

    def with_codes(self, coded: Mapping[str, Clip]) -> "Part":
        """Return the same fold of clips with other codes; `coded`: clip id -> clip."""
        sides = {side: [coded[clip.id] for clip in getattr(self, side)] for side in ("train", "test")}
        return replace(self, **sides)

    def shuffle_audio(self) -> "Part":
        """Return the fold with codes exchanged at random between the clips of each side."""
        rng = np.random.default_rng(self.recipe.seed)
        return replace(self, train=shuffle_codes(self.train, rng), test=shuffle_codes(self.test, rng))


@dataclass(frozen=True)
class Draw:
    """What is read of a clip beside its words, None for nothing; and the tokens among it, if listed."""

    block: Counts | Measured | None
    tokens: tuple[Token, ...] = ()


def read_tokens(tokens: Sequence[Token]) -> Draw:
    """Return the draw of some tokens; none where the list is empty."""
    return Draw(Counts(tokens) if len(tokens) else None, tuple(tokens))


def fit_selector(part: Part, use_text: bool) -> Pipeline:
    """Fit the lasso that selects the recipe's number of tokens, beside the words or from the audio alone."""
    selector = make_selector(L1LogisticRegression(random_state=part.recipe.seed), part.layers, use_text)
    C, _ = find_C_for_count(selector, part.train, part.y, part.recipe.n_tokens)
    return selector.set_params(l1__C=C).fit(part.train, part.y)


def list_controls(part: Part, use_text: bool) -> dict[str, list[Draw]]:
    """The selected tokens, and what they must be better than: matched, random, frequent ones, mere counts."""
    selector = fit_selector(part, use_text)
    selected = list_selected(selector)
    found = {
        "selected": [read_tokens(selected)],
        "matched": draw_matched(part, selected),
        "random": draw_random(part, len(selected)),
        "most frequent": [read_tokens(list_frequent(part, len(selected)))],
        "counts only": [count_read(part, selected)],
    }
    return found | _list_curve(part, selector)


def draw_matched(part: Part, tokens: Sequence[Token]) -> list[Draw]:
    """Draw tokens of the same layers and about as frequent, none of them among these."""
    found = matched_random_tokens(tokens, part.train, part.layers, part.recipe.n_draws, part.recipe.seed)
    return [read_tokens(one) for one in found]


def draw_random(part: Part, n_tokens: int) -> list[Draw]:
    """Draw tokens that occur in the train clips."""
    n, first = part.recipe.n_draws, part.recipe.seed * part.recipe.n_draws  # another seed shares none
    seeds = range(first, first + n)
    return [read_tokens(random_tokens(n_tokens, part.train, part.layers, seed)) for seed in seeds]


def count_read(part: Part, tokens: Sequence[Token]) -> Draw:
    """Return how many of the tokens a clip holds, and its frames: logarithms, without saying which tokens."""
    lengths = {
        clip.id: np.log1p([len(list_occurrences(clip.codes, tokens)), clip.codes.shape[1]])
        for clip in [*part.train, *part.test]
    }
    return Draw(Measured(lengths))


def _list_curve(part: Part, selector: Pipeline) -> dict[str, list[Draw]]:
    """Selections of about the recipe's sizes: at the strength of the penalty that comes closest to each."""
    path, found = fit_l1_path(selector, part.train, part.y, CURVE * selector["l1"].C), {}
    for size in part.recipe.sizes:
        closest = path.selected[np.abs(path.n_tokens - size).argmin(), path.n_words :]
        tokens = [token for token, is_in in zip(path.tokens, closest, strict=True) if is_in]
        found[f"curve, {size}"] = [read_tokens(tokens)]
    return found


def list_whole_layers(part: Part, use_text: bool) -> dict[str, list[Draw]]:
    """All tokens of the layers that are selected from, and of all; without words also layer by layer."""
    layers = shared_spec(part.train).layers
    sets = [part.layers, layers] + [(layer,) for layer in layers] * (not use_text)
    return {f"all tokens, {_name_layers(some)}": [Draw(Counts(layers=some))] for some in sets}


def list_frequent(part: Part, n_tokens: int) -> list[Token]:
    """List the tokens that occur most often in the train clips, by layer and code."""
    counts = sum_counts(part.train, part.layers)
    most = np.argsort(-counts.ravel(), kind="stable")[: min(n_tokens, np.count_nonzero(counts))]
    rows, codes = np.unravel_index(np.sort(most), counts.shape)
    return [(part.layers[row], int(code)) for row, code in zip(rows, codes, strict=True)]


def _name_layers(layers: Sequence[int]) -> str:
    first, last = min(layers), max(layers)
    if len(layers) == last - first + 1 > 1:
        return f"layers {first}–{last}"
    return f"layer{'s' * (len(layers) > 1)} {', '.join(map(str, layers))}"
