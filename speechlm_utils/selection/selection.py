"""A selection as a file: the tokens of one task, and how they were found."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from sklearn.pipeline import Pipeline

from ..clips import Clip, hash_corpus
from ..files import write_json
from ..tokens import Token
from .selector import list_selected, token_coefs

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Selection:
    """The selected tokens of one task and how they were found; what the later steps need of step 1.

    Attributes
    ----------
    coefs : float array, shape (n_classes, n_tokens)
    C, solver, converged, n_iter, seed : of the fit, see `L1LogisticRegression`
    codec_hash, corpus_hash, layers : what it was made from
    threshold, max_iter : of the fit, too; None in files that were written before they were recorded
    """

    task: str
    tokens: list[Token]
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
        write_json(path, asdict(self))

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
            found = f"was made with codec {selection.codec_hash}, the codec here is {codec_hash}"
            raise ValueError(f"{path}: {found}; select again")
        return selection


def make_selection(
    selector: Pipeline, clips: Sequence[Clip], task: str, label_names: Sequence[str], codec_hash: str
) -> Selection:
    """Make the Selection of a selector fitted on these clips; label_names in the order of its classes."""
    model, tokens = selector["l1"], list_selected(selector)
    if len(label_names) != len(model.classes_):
        raise ValueError(f"label_names={list(label_names)}: the selector has {len(model.classes_)} classes")
    if not tokens:
        log.warning("task=%r, C=%g: no token was selected; what follows reads the words alone", task, model.C)
    return Selection(
        task=task,
        tokens=tokens,
        coefs=token_coefs(selector, tokens),
        label_names=list(label_names),
        C=float(model.C),
        converged=model.converged_,
        n_iter=model.n_iter_,
        codec_hash=codec_hash,
        corpus_hash=hash_corpus(clips),
        layers=selector["counts"].layers_,
        **read_settings(selector),
    )


def read_settings(selector: Pipeline) -> dict[str, object]:
    """Return what a Selection records of a selector's parameters, C and layers apart."""
    model = selector["l1"]
    recorded = {"solver": model.solver, "seed": model.random_state}
    return recorded | {"threshold": model.threshold, "max_iter": model.max_iter}


def list_differences(selection: Selection, wanted: Mapping[str, object]) -> list[str]:
    """Name what is wanted of a selection and not so in it, or not recorded; None wants nothing."""
    return [name for name, value in wanted.items() if value not in (None, getattr(selection, name))]
