"""Folds that rotate the voices through test, so that no result hangs on the five voices of one split."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ..clips import Clip, groups
from ..selection.stability import Folds


def rotate_voices(
    clips: Sequence[Clip], n_folds: int = 5, seed: int = 0, keep_groups_apart: bool = True
) -> Folds:
    """Split clips so that each is in test once, with all other clips of its voice; returns (train, test).

    Test are the clips of a fold's voices, train those of all others, less the clips whose group (sentence)
    occurs in test. Voices are dealt out at random, those with most clips first, each to the fold that has the
    fewest clips so far.

    Parameters
    ----------
    clips : clips of the task that is to be learned, with a speaker each
    keep_groups_apart : bool, False leaves sentences of test in train: for corpora in which every voice speaks
        the same sentences, whose words then tell nothing

    Raises
    ------
    ValueError
        If a clip has no speaker, there are fewer voices than folds, or no clip is left to train on.
    """
    if unknown := next((clip.id for clip in clips if not clip.speaker), None):
        raise ValueError(f"clip {unknown}: has no speaker, so that voices cannot be kept apart")
    fold_of = _deal_voices(clips, n_folds, seed)
    fold, group = np.array([fold_of[clip.speaker] for clip in clips]), groups(clips)
    folds = []
    for number in range(n_folds):
        train = fold != number
        if keep_groups_apart:
            train &= ~np.isin(group, group[fold == number])
        if not train.any():
            every = f"every group of the other voices occurs in test (fold {number + 1})"
            raise ValueError(f"{every}; keep_groups_apart=False leaves them in train")
        folds.append((np.flatnonzero(train), np.flatnonzero(fold == number)))
    return folds


def _deal_voices(clips: Sequence[Clip], n_folds: int, seed: int) -> dict[str, int]:
    """Return the fold of each voice."""
    sizes = Counter(clip.speaker for clip in clips)
    if not 2 <= n_folds <= len(sizes):
        raise ValueError(f"n_folds={n_folds}: must be 2 to {len(sizes)}, the number of voices")
    order = np.random.default_rng(seed).permutation(sorted(sizes)).tolist()
    filled, fold_of = [0] * n_folds, {}
    for voice in sorted(order, key=lambda voice: -sizes[voice]):  # stable: the large first, else at random
        fold_of[voice] = filled.index(min(filled))
        filled[fold_of[voice]] += sizes[voice]
    return fold_of
