"""Select speech tokens: the path over C, the search for a number of tokens, and the selection as a file.

The estimator lives in selector.py, folds and random controls in stability.py; all can be imported from here.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ..clips import Clip, hash_corpus
from .selector import L1Selector


@dataclass(frozen=True)
class Selection:
    """The selected tokens of one task and how they were found; what the later steps need of step 1.

    Attributes
    ----------
    task : str
    tokens : list of (layer, code)
    coefs : float array, shape (n_classes, n_tokens)
    label_names : list of str, the classes
    C, solver, converged, n_iter, seed : of the fit
    codec_hash, corpus_hash : what it was made from
    layers : tuple of int, layers it chose from
    threshold, max_iter : of the selector; None in files that were written before they were recorded
    """

    task: str
    tokens: list[tuple[int, int]]
    coefs: np.ndarray
    label_names: list[str]
    C: float
    solver: str
    converged: bool
    n_iter: int
    seed: int
    codec_hash: str
    corpus_hash: str
    layers: tuple[int, ...]
    threshold: str | None = None
    max_iter: int | None = None

    def save(self, path: str | Path) -> None:
        """Write the selection as JSON."""
        values = asdict(self) | {"coefs": np.asarray(self.coefs).tolist()}
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(json.dumps(values, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path, codec_hash: str | None = None) -> "Selection":
        """Read a selection; raises ValueError naming the file if it is damaged or from another codec."""
        try:
            values = json.loads(Path(path).read_text(encoding="utf-8"))
            values["tokens"] = [(int(layer), int(code)) for layer, code in values["tokens"]]
            shape = (len(values["label_names"]), len(values["tokens"]))
            values["coefs"] = np.array(values["coefs"], dtype=float).reshape(shape)
            selection = cls(**values | {"layers": tuple(values["layers"])})
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path}: not a selection file ({error!r})") from None
        if codec_hash is not None and codec_hash != selection.codec_hash:
            raise ValueError(
                f"{path}: was made with codec {selection.codec_hash}, the codec here is {codec_hash}; "
                "the same (layer, code) means another sound there, select again"
            )
        return selection


def make_selection(
    selector: L1Selector, clips: Sequence[Clip], task: str, label_names: Sequence[str], codec_hash: str
) -> Selection:
    """Make the Selection of a selector fitted on these clips; label_names in the order of its classes."""
    if len(label_names) != len(selector.classes_):
        raise ValueError(
            f"label_names={list(label_names)}: the selector has {len(selector.classes_)} classes"
        )
    return Selection(
        task=task,
        tokens=list(selector.tokens_),
        coefs=selector.coefs_of_tokens(),
        label_names=list(label_names),
        C=float(selector.C),
        solver=selector.solver,
        converged=selector.converged_,
        n_iter=selector.n_iter_,
        seed=selector.seed,
        codec_hash=codec_hash,
        corpus_hash=hash_corpus(clips),
        layers=tuple(selector.layers),
        threshold=selector.threshold,
        max_iter=selector.max_iter,
    )


def list_differences(selection: Selection, wanted: Mapping[str, object]) -> list[str]:
    """Name what is wanted of a selection and not so in it, or not recorded; None wants nothing."""
    recorded = {name: getattr(selection, name, None) for name in wanted}
    return [name for name, value in wanted.items() if value is not None and value != recorded[name]]
