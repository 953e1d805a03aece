"""Arms of the study of descriptions: what the model that writes them is given, and how right it is.

A record holds, for every arm, the word of each attribute (0 to 2) of each clip; scores are computed from
these, with intervals that resample sentences and voices.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from ..bootstrap import Bootstrap, Interval, Resamples
from ..clips import Clip, name_units
from ..llm.spec import LLMSpec
from ..selection.controls import matched_random_tokens, shuffle_codes
from ..tokens import Token
from .describer import SETTINGS, Describer
from .descriptions import ATTRIBUTES, list_descriptions, read_description, write_description
from .machine import name_device, watch_memory
from .material import select_tokens
from .run import N_MATCHED, PACKAGES

NAMES = tuple(one.name for one in ATTRIBUTES)
ARMS = {
    "tokens": "words, and tokens that were selected for another task",
    "text": "words alone",
    "shuffled": "words, and the tokens of another clip",
    "matched": "words, and others of the same layers, about as frequent",
    "own tokens": "words, and tokens that were selected for these attributes",
}
"""Arms of the language model, and what its prompts hold."""
TRAIN = "train"


@dataclass(frozen=True)
class Described:
    """Clips with codes by part ("train", "test", ...), their true words (n_clips, n_attributes), and tokens.

    `selected` are those of another task; `own` those of these attributes, may be empty.
    """

    corpus: str
    clips: Mapping[str, Sequence[Clip]]
    words: Mapping[str, np.ndarray]
    selected: Sequence[Token]
    layers: tuple[int, ...]
    own: Sequence[Token] = field(default=())


def select_own_tokens(
    clips: Sequence[Clip], words: np.ndarray, layers: Sequence[int], n_tokens: int = 75
) -> list[Token]:
    """Select tokens for each attribute, about equally many, on train clips; the union, by layer and code."""
    found, of_each = set(), max(round(n_tokens / len(ATTRIBUTES)), 1)
    for one, column in zip(ATTRIBUTES, words.T, strict=True):
        pairs = zip(clips, column, strict=True)
        labelled = [replace(clip, labels={one.name: one.words[word]}) for clip, word in pairs]
        found |= set(select_tokens(labelled, one.name, layers, of_each))
    return sorted(found)


def list_description_tokens(arm: str, material: Described, seed: int) -> list[Token]:
    """List the tokens of an arm's prompts; the draw of matched ones depends on the seed."""
    if arm == "text":
        return []
    if arm == "own tokens":
        return list(material.own)
    if arm == "matched":
        clips = material.clips[TRAIN]
        draws = matched_random_tokens(material.selected, clips, material.layers, N_MATCHED)
        return draws[seed % N_MATCHED]
    return list(material.selected)


def run_description_arm(
    arm: str,
    material: Described,
    settings=SETTINGS,
    llm: LLMSpec = LLMSpec(),
    folder: Path | None = None,
    n_free: int = 5,
) -> dict:
    """Train the model of an arm on the train clips, let it describe all others, and return the record.

    `n_free` clips of each other part are also described freely. A folder keeps the adapter.
    """
    start, cpu, measure_memory = time.monotonic(), time.process_time(), watch_memory()
    rng = np.random.default_rng(settings.seed)
    tokens = list_description_tokens(arm, material, settings.seed)
    clips = dict(material.clips)
    if arm == "shuffled":
        clips = {part: shuffle_codes(some, rng) for part, some in clips.items()}
    describer = Describer(tokens, replace(settings, use_audio=arm != "text"), llm)
    losses = describer.fit(clips[TRAIN], [*map(write_description, material.words[TRAIN])], progress=True)
    if folder is not None:
        describer.save(folder)
    allowed, rest = list_descriptions(), [part for part in clips if part != TRAIN]
    found = {part: describer.describe(clips[part], allowed) for part in rest}
    return {
        "arm": arm,
        "corpus": material.corpus,
        "task": "prosody",
        "seed": settings.seed,
        "predictions": {part: [*map(read_description, texts)] for part, texts in found.items()},
        "free": {
            part: dict(zip([c.id for c in some], describer.describe(some), strict=True))
            for part, some in ((part, clips[part][:n_free]) for part in rest)
        },
        "tokens": [list(token) for token in tokens],
        "losses": np.round(losses, 4).tolist(),
        "settings": asdict(describer.settings),
        "n_train": len(clips[TRAIN]),
        "n_trainable": describer.model.num_parameters(only_trainable=True),
        "seconds": round(time.monotonic() - start),
        "cpu_seconds": round(time.process_time() - cpu),
        "peak_memory_gib": measure_memory(),
        "llm": str(llm.name),
        "device": name_device(),
        "versions": {package: version(package) for package in PACKAGES},
    }


def write_described(clips: Sequence[Clip], words: np.ndarray, unit: str | None = None) -> dict:
    """Put ids, true words, and what a bootstrap resamples into plain types; `unit` as in `write_clips`."""
    units = {name: of.tolist() for name, of in name_units(clips).items() if unit in (None, name)}
    return {"ids": [clip.id for clip in clips], "words": np.asarray(words).tolist(), "units": units}


def mark_right(record: Mapping, arm: str, part: str) -> np.ndarray:
    """Mark which attributes of each clip an arm has right, (n_clips, n_attributes): mean over its runs."""
    truth = np.array(record["clips"][part]["words"])
    said = [run["predictions"][part] for run in record["runs"] if run["arm"] == arm]
    if not said:
        raise ValueError(f"arm {arm!r}: has no record; there are {list_finished(record, part)}")
    return np.mean([np.array(one) == truth for one in said], axis=0)


def list_finished(record: Mapping, part: str) -> list[str]:
    """List the arms that have described a part, in the order of the record."""
    return list(dict.fromkeys(run["arm"] for run in record["runs"] if part in run["predictions"]))


def score_descriptions(
    record: Mapping, arm: str, part: str, less: str | None = None, bootstrap: Bootstrap = Bootstrap()
) -> dict[str, Interval]:
    """Return the share of right words for each attribute, and for "all"; or how much it is above `less`.

    Sentences and voices are resampled, of one clip both arms at once.
    """
    right = mark_right(record, arm, part)
    if less is not None:
        right = right - mark_right(record, less, part)
    units = {name: np.array(of) for name, of in record["clips"][part]["units"].items()}
    drawn = Resamples(units, bootstrap)
    *sums, n = drawn.sum([*right.T, right.mean(axis=1), np.ones(len(right))]).T
    reference = None if less is None else 0.0
    pairs = zip((*NAMES, "all"), sums, strict=True)
    return {name: drawn.interval(one / n, reference) for name, one in pairs}
