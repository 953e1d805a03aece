"""Cut a corpus into shards by the clips' ids: a clip keeps its shard when others come or go."""

import hashlib
import re
from collections.abc import Sequence

from .corpus import Clip


def find_shard(clip_id: str, n_shards: int) -> int:
    """Return a clip's shard, 1 … n_shards, by the hash of its id: the place in the corpus does not count."""
    digest = hashlib.blake2b(clip_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest) % n_shards + 1


def select_shard(clips: Sequence[Clip], shard: int, n_shards: int) -> list[Clip]:
    """Select the clips of one shard, in their order; shards are about equally large.

    Raises
    ------
    ValueError
        If `shard` is not one of 1 … n_shards.
    """
    if not 1 <= shard <= n_shards:
        raise ValueError(f"shard {shard}/{n_shards}: shards are numbered from 1 to {n_shards}")
    return [clip for clip in clips if find_shard(clip.id, n_shards) == shard]


def parse_shard(text: str) -> tuple[int, int]:
    """Read "3/16" as (3, 16); anything else raises ValueError."""
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise ValueError(f"shard {text!r}: write it like 3/16, numbered from 1")
    return int(match[1]), int(match[2])
