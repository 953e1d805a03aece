"""Paths over C of several tasks and sets of layers: fitted when first asked for, kept in the run folder."""

import hashlib
import json
import logging
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from ..clips import hash_corpus, label_ids, label_names
from ..codec_spec import CodecSpec
from ..experiment import Experiment
from ..files import write_atomically
from ..selection.l1 import L1LogisticRegression
from ..selection.path import L1Path, fit_l1_path
from ..selection.selector import make_selector

log = logging.getLogger(__name__)


class LassoPaths:
    """Lasso paths of the train clips of an experiment, each fitted once, over values of C.

    `selector` (see `make_selector`; None: its defaults) gets the layers of each path.
    """

    def __init__(self, experiment: Experiment, Cs: Sequence[float], selector: Pipeline | None = None):
        if selector is None:
            selector = make_selector(L1LogisticRegression(random_state=experiment.seed))
        self.experiment, self.Cs = experiment, [float(C) for C in sorted(Cs)]
        self.selector = clone(selector).set_params(l1__C=1.0)
        self._known: dict[tuple, tuple[L1Path, list[str]]] = {}

    def add(self, task: str, layers: Sequence[int], path: L1Path, names: Sequence[str]) -> None:
        """Take a path that was fitted elsewhere, with the labels of its classes."""
        self._known[task, tuple(layers)] = path, list(names)

    def has(self, task: str, layers: Sequence[int]) -> bool:
        """Say whether a path is at hand, so that asking for it costs nothing."""
        return (task, tuple(layers)) in self._known

    def get(self, task: str, layers: Sequence[int]) -> tuple[L1Path, list[str]]:
        """Return the path of a task and layers, and the labels of its classes: known, read or fitted."""
        if not self.has(task, layers):
            self.add(task, layers, *self._read_or_fit(task, tuple(layers)))
        return self._known[task, tuple(layers)]

    def _read_or_fit(self, task: str, layers: tuple[int, ...]) -> tuple[L1Path, list[str]]:
        train = self.experiment.clips(task, "train")
        names = label_names(train, task)
        selector = clone(self.selector).set_params(counts__layers=layers)
        about = {**selector["counts"].get_params(), **selector["l1"].get_params()}
        made_from = [task, self.Cs, about, hash_corpus(train), self.experiment.codec.hash]
        key = hashlib.sha256(json.dumps(made_from, default=str).encode()).hexdigest()[:16]
        file = Path(self.experiment.run_dir) / "paths" / f"{task}_{key}.npz"
        if (path := load_path(file)) is None:
            path = fit_l1_path(selector, train, label_ids(train, task, names), self.Cs)
            save_path(file, path)
        return path, names


def save_path(file: Path, path: L1Path) -> None:
    """Write a path as .npz."""
    with write_atomically(file) as partial, open(partial, "wb") as stream:
        np.savez_compressed(stream, **vars(path))


def load_path(file: Path) -> L1Path | None:
    """Read a path; None if there is no such file, or a damaged one, which is then fitted again."""
    try:
        with open(file, "rb") as stream, np.load(stream, allow_pickle=False) as stored:
            values = dict(stored)
        tokens = [(int(layer), int(code)) for layer, code in values["tokens"]]
        return L1Path(**values | {"tokens": tokens, "n_words": int(values["n_words"])})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        log.warning("%s: cannot be read (%r); fitting again", file, error)
        return None


def list_layer_sets(spec: CodecSpec) -> dict[str, tuple[int, ...]]:
    """List sets of layers worth choosing from: name -> layers; the acoustic ones first."""
    sets = {"acoustic": spec.acoustic_layers, "all": spec.layers, "semantic": spec.semantic_layers}
    return {f"{name} layers: {', '.join(map(str, one))}": tuple(one) for name, one in sets.items() if one}
