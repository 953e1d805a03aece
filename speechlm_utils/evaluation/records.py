"""What arms predicted, as a record: scripts write it, notebooks read it and compute every interval anew."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import metadata
from pathlib import Path

import numpy as np

from ..clips import Clip, name_units
from .rotation import Outcome
from .scores import Units


@dataclass(frozen=True)
class Predicted:
    """Outcomes of some arms on the same clips, read from a record.

    Attributes
    ----------
    ids : list of str, of the clips
    y : int array, (n_clips,)
    units : name -> array (n_clips,), what a bootstrap resamples
    outcomes : arm -> Outcome with predictions (n_draws, n_clips)
    """

    ids: list[str]
    y: np.ndarray
    units: Units
    outcomes: dict[str, Outcome]


def describe_run(
    script: str, recipe: str, codec_hash: str, seed: int, packages: Sequence[str] = ("numpy", "scikit-learn")
) -> dict:
    """Return the head of a record: which script made it, by which recipe, when, and with which versions."""
    return {
        "made_by": f"scripts/{script}.py",
        "recipe": recipe,
        "date": date.today().isoformat(),
        "codec_hash": codec_hash,
        "seed": seed,
        "versions": {name: metadata.version(name) for name in packages},
    }


def write_clips(clips: Sequence[Clip], y: np.ndarray, unit: str | None = None) -> dict:
    """Put ids, labels (n_clips,) and what a bootstrap resamples into plain types.

    `unit` names the one unit that is resampled, for corpora in which every voice speaks the same sentences
    ("voices"); None takes those of `name_units`.
    """
    units = {name: of.tolist() for name, of in name_units(clips).items() if unit in (None, name)}
    return {"ids": [clip.id for clip in clips], "y": np.asarray(y).tolist(), "units": units}


def write_arms(outcomes: Mapping[str, Outcome]) -> dict[str, dict]:
    """Put predictions (n_draws, n_clips), numbers of tokens and costs into plain types: arm -> dict."""
    return {
        name: {
            "predictions": one.predictions.tolist(),
            "n_tokens": list(one.n_tokens),
            "per_clip": round(one.per_clip, 2),
            "per_clip_once": round(one.per_clip_once, 2),
        }
        for name, one in outcomes.items()
    }


def read_outcomes(clips: Mapping, arms: Mapping[str, Mapping]) -> Predicted:
    """Read what `write_clips` and `write_arms` wrote; an arm of other clips raises ValueError."""
    y, outcomes = np.array(clips["y"]), {}
    for name, one in arms.items():
        predictions = np.atleast_2d(one["predictions"])
        if predictions.shape[1] != len(y):
            raise ValueError(f"arm {name!r}: predicts {predictions.shape[1]} clips, there are {len(y)}")
        cost = one["per_clip"], one["per_clip_once"]
        outcomes[name] = Outcome(predictions, *cost, n_tokens=one["n_tokens"])
    units = {name: np.array(of) for name, of in clips["units"].items()}
    return Predicted(clips["ids"], y, units, outcomes)


def load_record(path: str | Path, *needed: str) -> dict:
    """Read a record; a file that is missing, damaged or lacks what is needed raises ValueError naming it."""
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
        missing = set(needed) - set(record)
    except (OSError, ValueError, TypeError) as error:
        raise ValueError(f"{path}: no record ({error})") from None
    if missing:
        raise ValueError(f"{path}: lacks {sorted(missing)}")
    return record


def read_stored(record: Mapping, clips: Sequence[Clip]) -> dict[str, Outcome]:
    """Read what `reference_linear.py` has stored of some clips of the own test and validation part.

    Returns arm -> Outcome with predictions (n_draws, n_clips), in the order of the clips; an arm that did not
    predict all of them is left out. A clip that the record does not hold raises ValueError.
    """
    parts, found = [record[name] for name in ("own_split", "own_validation") if name in record], {}
    place = {name: i for i, name in enumerate(name for part in parts for name in part["ids"])}
    if missing := next((clip.id for clip in clips if clip.id not in place), None):
        raise ValueError(f"clip {missing}: the stored record of {record.get('task')} does not hold it")
    order = [place[clip.id] for clip in clips]
    for name in set.intersection(*(set(part["predictions"]) for part in parts)):
        predictions = np.concatenate([np.atleast_2d(part["predictions"][name]) for part in parts], axis=1)
        costs = parts[0]["arms"][name]
        per_clip = costs.get("tokens_per_clip", 0.0), costs.get("tokens_per_clip_once", 0.0)
        found[name] = Outcome(predictions[:, order], *per_clip, n_tokens=[costs.get("tokens", 0)])
    return found
