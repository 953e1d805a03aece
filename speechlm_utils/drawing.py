"""Draw some clips, and say which of them belong together, in corpora of large groups or of unknown voices."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from .clips import Clip, select_clips

log = logging.getLogger(__name__)

UNITS = {"speaker": "voices", "group": "groups", "id": "clips"}
"""Attributes of a clip that tell what it belongs to, from the strictest to the weakest, and their plural."""


def draw_clips(
    clips: Sequence[Clip],
    task: str | None = None,
    split: str | None = None,
    limit: int | None = None,
    seed: int = 0,
) -> list[Clip]:
    """Draw at most `limit` clips as `select_clips` does; single clips where every group is larger than that.

    Parameters
    ----------
    clips, task, split, limit, seed : as in `select_clips`

    Returns
    -------
    clips : list of Clip, never empty; a log message says where groups were broken

    Raises
    ------
    ValueError
        As `select_clips` does, but for groups that are larger than the limit.
    """
    kept = select_clips(clips, task, split)
    smallest = min(Counter(clip.group for clip in kept).values())
    if limit is None or not 1 <= limit < smallest:
        return select_clips(kept, limit=limit, task=task, seed=seed)
    log.warning(
        "limit=%d: every group has %d clips or more, so single clips are drawn, and their groups are broken",
        limit,
        smallest,
    )
    alone = select_clips([replace(clip, group=clip.id) for clip in kept], task, limit=limit, seed=seed)
    drawn = {clip.id for clip in alone}
    return [clip for clip in kept if clip.id in drawn]


def choose_unit(clips: Sequence[Clip]) -> str:
    """Choose what folds must not tear apart: "speaker" if there are two voices, else "group", else "id".

    Clips without a speaker count as one voice, so that a corpus of no known speakers is folded by group.
    """
    return next((unit for unit in UNITS if len({getattr(clip, unit) for clip in clips}) > 1), "id")
