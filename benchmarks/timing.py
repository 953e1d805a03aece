"""Two ways to one result: the package's and the straightforward one, timed in turn on the same material."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from speechlm_utils.clips import Clip
from speechlm_utils.codec.base import SpeechCodec
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.tokens import Token


@dataclass(frozen=True)
class Material:
    """What all rows work on.

    Attributes
    ----------
    clips : of one split, with codes, sound and labels of the task
    tokens : (layer, code), selected for the task
    sizes : how much of it a row takes, by name; a test takes little
    """

    clips: Sequence[Clip]
    task: str
    tokens: Sequence[Token]
    codec: SpeechCodec
    llm: LLMSpec
    sizes: dict[str, int]


@dataclass(frozen=True)
class Pair:
    """A row made ready: `fast` and `plain` do the same work, `check` compares what they return.

    `check` raises AssertionError, or says how equal the results are; `on` says what was worked on, `more`
    measures what the table tells beside the times.
    """

    fast: Callable[[], Any]
    plain: Callable[[], Any]
    check: Callable[[Any, Any], str]
    on: str
    more: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """A step, both ways in words, and how many times as fast the package's way should be."""

    step: str
    fast: str
    plain: str
    wanted: float
    prepare: Callable[[Material], Pair]
    why: str = ""  # it falls short of `wanted`, where it does


def measure(pair: Pair, n_repetitions: int = 5) -> dict:
    """Compare the results once, uncounted, then time both ways in turn.

    Returns medians in seconds, and the ratio plain / fast of the medians, with the least and largest of a
    single turn: a machine that is busy for a while slows both ways of a turn.
    """
    equal = pair.check(pair.fast(), pair.plain())
    seconds = {"fast": [], "plain": []}
    for _ in range(n_repetitions):
        for name, taken in seconds.items():
            taken.append(time_once(getattr(pair, name)))
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    ratios = [plain / fast for fast, plain in zip(*seconds.values(), strict=True)]
    found = {"ratio": medians["plain"] / medians["fast"], "low": min(ratios), "high": max(ratios)}
    return {**medians, **found, "n": n_repetitions, "equal": equal, "on": pair.on, **pair.more}


def time_once(work: Callable[[], Any]) -> float:
    """Return the seconds that one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def choose_by_length(clips: Sequence[Clip], n: int) -> list[Clip]:
    """Choose n clips whose lengths are spread as those of all of them."""
    ordered = sorted(clips, key=lambda clip: (clip.codes.shape[1], clip.id))
    places = [round((k + 0.5) * len(ordered) / n - 0.5) for k in range(n)]
    return [ordered[place] for place in sorted(set(places))]


def describe(clips: Sequence[Clip]) -> str:
    """Say how many clips these are and how long."""
    seconds = sum(clip.codes.shape[1] / clip.spec.frame_rate for clip in clips)
    return f"{len(clips)} clips, {seconds:.0f} s of speech"


ROOT = Path(__file__).resolve().parent.parent
