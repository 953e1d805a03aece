"""Tokens by their correlations, in a page: a dot for each, placed by two of them, with its sound."""

from collections.abc import Mapping, Sequence

import numpy as np

from ..plots.style import show_name
from ..selection.selection import Selection
from ..tokens import Token, show_token
from .atlas import COEFFICIENT, color_classes, write_number
from .page import Explorer

START = ("pitch", "loudness")


def explore_correlations(
    selection: Selection,
    r: np.ndarray,
    names: Sequence[str],
    sure: np.ndarray,
    sounds: Mapping[Token, str] | None = None,
) -> Explorer:
    """Return a scatter plot of the selected tokens: two menus choose what of their correlations it shows.

    Parameters
    ----------
    r, sure : float and bool arrays, shape (n_tokens, n_names): correlations, and which are more than chance
    names : what the tokens were correlated with
    sounds : token -> data URI, see `embed_tokens`
    """
    axes = [{"key": COEFFICIENT, "name": "coefficient in the linear model"}]
    axes += [{"key": name, "name": f"r with {name}"} for name in names]
    labels, tokens = [], []
    for token, coefs, row, known in zip(selection.tokens, selection.coefs.T, r, sure, strict=True):
        place = int(coefs.argmax() if coefs.max() > 0 else coefs.argmin())
        labels.append(selection.label_names[place])
        values = dict(zip(names, map(write_number, row), strict=True))
        values[COEFFICIENT] = write_number(coefs[place])
        about = {"name": show_token(*token), "label": show_name(labels[-1]), "values": values}
        about["stance"] = "for" if coefs[place] > 0 else "against"
        first = f"{about['name']} speaks {about['stance']} {about['label']} ({coefs[place]:+.2f})."
        about["sound"] = (sounds or {}).get(token)
        tokens.append(about | {"card": [first, *list_correlations(row, names, known)]})
    start = [name if name in names else COEFFICIENT for name in START]
    data = {"axes": axes, "start": start, "classes": color_classes(labels), "tokens": tokens}
    return Explorer("atlas", "Tokens by their correlations with prosody", data)


def list_correlations(row: np.ndarray, names: Sequence[str], sure: np.ndarray) -> list[str]:
    """List the correlations of a token, a line each, those that are more than chance first, then by size."""
    order = np.lexsort((-np.abs(row), ~np.asarray(sure)))
    return [f"{names[i]}: r = {row[i]:+.2f}{'' if sure[i] else ', not sure'}" for i in order]
