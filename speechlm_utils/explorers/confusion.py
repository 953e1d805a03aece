"""A confusion matrix in a page: every cell lists its clips, and plays some of them."""

from collections.abc import Mapping, Sequence

import numpy as np

from ..clips import Clip
from ..plots.style import show_name
from .page import Explorer
from .sounds import embed_clip


def explore_confusion(
    clips: Sequence[Clip],
    y_true: np.ndarray,
    predictions: Mapping[str, np.ndarray],
    names: Sequence[str],
    n_heard: int = 1,
) -> Explorer:
    """Return a matrix (rows true, columns predicted) whose cells are buttons; a menu chooses the classifier.

    y_true and each prediction, by the classifier's name, are places in names, int arrays (n_clips,). Of a
    cell n_heard clips can be heard; all are listed with their words.
    """
    models, heard = {}, set()
    for name, said in predictions.items():
        cells = [[np.flatnonzero((y_true == i) & (said == j)).tolist() for j in range(len(names))]
                 for i in range(len(names))]  # fmt: skip
        models[name] = cells
        for cell in (cell for row in cells for cell in row):
            known = [place for place in cell if place in heard]  # of a cell of the other classifier
            heard.update(cell[: max(n_heard - len(known), 0)])
    told = [{"id": clip.id, "text": clip.text} for clip in clips]
    for place in sorted(heard):
        told[place]["sound"] = embed_clip(clips[place])
    data = {"names": [show_name(name) for name in names], "models": models, "clips": told}
    return Explorer("confusion", "Confusion matrix with clips", data)
