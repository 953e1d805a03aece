"""Words of one clip, prosody of another, in a page: what a classifier says of each pair, computed before."""

from collections.abc import Sequence

import numpy as np

from ..clips import Clip
from ..plots.style import show_name
from .page import Explorer
from .sounds import embed_clip


def explore_swaps(
    clips: Sequence[Clip], probabilities: np.ndarray, task: str, names: Sequence[str]
) -> Explorer:
    """Return two menus, whose words and whose speech tokens, above the probability of each class.

    probabilities : float array, shape (n_clips, n_clips + 1, n_classes): of the words of a clip (first axis)
        with the tokens of another (second axis), at last with none
    """
    expected = (len(clips), len(clips) + 1, len(names))
    if np.shape(probabilities) != expected:
        raise ValueError(f"probabilities: expected shape {expected}, got {np.shape(probabilities)}")
    told = [
        {"text": clip.text, "label": show_name(clip.labels[task]), "sound": embed_clip(clip)}
        for clip in clips
    ]
    shares = np.round(probabilities, 3).tolist()
    data = {"clips": told, "probabilities": shares, "names": [show_name(name) for name in names]}
    return Explorer("swaps", "Words of one clip, prosody of another", data)
