"""How many tokens? Selections of many sizes, from a few tokens to all that occur."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from ..selection.bag_of_words import sum_counts
from ..selection.controls import largest_share, matched_random_tokens
from ..selection.l1 import L1LogisticRegression
from ..selection.path import fit_l1_path
from ..selection.selector import make_selector
from ..tokens import Token
from .arms import Draw, Part, read_tokens

GRID = np.geomspace(3e-3, 1.0, 12)
"""Strengths of the penalty that are tried first; between two of them the search goes on by halves."""
N_ROUNDS = 4
ALL = "all that occur"


def select_sizes(part: Part, sizes: Sequence[int], Cs: Sequence[float] = GRID) -> dict[int, list[Token]]:
    """Select about as many tokens as each size says, beside the words: at the C that comes closest.

    A size that no C comes near (within a fifth, or one token) is left out, and of two sizes with the same
    tokens the second.
    """
    tried, found = {}, {}
    for _ in range(N_ROUNDS + 1):
        tried |= _select_at(part, [C for C in Cs if C not in tried])
        Cs = [
            float(np.sqrt(low * high))
            for low, high in pairwise(sorted(tried))
            if any(len(tried[low]) < size < len(tried[high]) for size in sizes)
        ]
    for size in sizes:
        tokens = min(tried.values(), key=lambda tokens: abs(len(tokens) - size))
        if abs(len(tokens) - size) <= max(1, size / 5) and tokens not in found.values():
            found[size] = tokens
    return found


def _select_at(part: Part, Cs: Sequence[float]) -> dict[float, list[Token]]:
    """Select at every C."""
    if not len(Cs):
        return {}
    selector = make_selector(L1LogisticRegression(random_state=part.recipe.seed), part.layers)
    path, found = fit_l1_path(selector, part.train, part.y, Cs), {}
    for C, is_in in zip(Cs, path.selected[:, path.n_words :], strict=True):
        found[C] = [token for token, one in zip(path.tokens, is_in, strict=True) if one]
    return found


def list_occurring(part: Part) -> list[Token]:
    """List all tokens of the part's layers that occur in its train clips, by layer and code."""
    rows, codes = np.nonzero(sum_counts(part.train, part.layers))
    return [(part.layers[row], int(code)) for row, code in zip(rows, codes, strict=True)]


def match_sizes(
    part: Part, selections: Mapping[int, Sequence[Token]]
) -> tuple[dict[str, list[Draw]], dict[str, float]]:
    """Draw matched tokens for each selection, the recipe's number of times.

    Returns the arms "matched, SIZE", and the largest share of tokens that two draws have in common: the more
    tokens are selected, the fewer others are left to draw from.
    """
    arms, shares, recipe = {}, {}, part.recipe
    for size, tokens in selections.items():
        draws = matched_random_tokens(tokens, part.train, part.layers, recipe.n_draws, recipe.seed)
        arms[f"matched, {size}"] = [read_tokens(one) for one in draws]
        shares[f"matched, {size}"] = largest_share(draws)
    return arms, shares


def list_size_arms(part: Part, selections: Mapping[int, Sequence[Token]]) -> dict[str, list[Draw]]:
    """List the arms of the curve: words alone, each selection ("selected, SIZE"), all that occur."""
    arms = {"words": [Draw(None)]}
    arms |= {f"selected, {size}": [read_tokens(tokens)] for size, tokens in selections.items()}
    return arms | {ALL: [read_tokens(list_occurring(part))]}
