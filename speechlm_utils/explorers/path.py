"""The path over C in a page: turn C, see how many tokens are selected and what they speak for, hear them."""

from collections.abc import Mapping, Sequence

import numpy as np

from ..plots.style import show_name
from ..selection.path import L1Path
from ..tokens import show_token
from .page import Explorer

N_LISTED = 8  # tokens of a class, the strongest


def explore_path(
    path: L1Path,
    names: Sequence[str],
    C: float | None = None,
    sounds: Mapping[tuple[int, int], str] | None = None,
    n_all: int | None = None,
) -> Explorer:
    """Return a slider over a path that is fitted already: nothing is computed in the page.

    names are the classes; C (the nearest value of the path; None: the middle) is shown first; sounds, token
    -> data URI (see `embed_tokens`), are what the bars of these tokens play; n_all is how many tokens there
    are to select from (None: all that the codec knows).
    """
    start = len(path.Cs) // 2 if C is None else int(np.argmin(np.abs(np.log(path.Cs) - np.log(C))))
    steps = [describe_step(path, names, step) for step in range(len(path.Cs))]
    named = {show_token(*token): sound for token, sound in (sounds or {}).items()}
    data = {"Cs": [float(f"{one:.3g}") for one in path.Cs], "start": start, "steps": steps, "sounds": named}
    return Explorer("path", "Path of the lasso", data | {"n_all": n_all or len(path.tokens)})


def describe_step(path: L1Path, names: Sequence[str], step: int) -> dict:
    """Describe what one step selects: how many tokens, how many of each layer, and the strongest by class."""
    places = np.flatnonzero(path.selected[step, path.n_words :])
    weights = path.coefs[step][:, path.n_words + places]
    tokens = [path.tokens[place] for place in places]
    layers = {str(layer): 0 for layer in sorted({layer for layer, _ in path.tokens})}
    for layer, _ in tokens:
        layers[str(layer)] += 1
    classes = []
    for name, row in zip(names, weights, strict=True):
        order = np.argsort(-np.abs(row), kind="stable")[:N_LISTED]
        top = [[show_token(*tokens[i]), round(float(row[i]), 3)] for i in order if row[i]]
        classes.append({"name": show_name(name), "for": int((row > 0).sum()), "top": top})
        classes[-1]["against"] = int((row < 0).sum())
    about = {"n": len(tokens), "converged": bool(path.converged[step])}
    return about | {"layers": layers, "classes": classes}
