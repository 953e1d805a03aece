"""What token cards rest on, and the table of facts that they are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from ..bootstrap import Bootstrap
from ..clips import Clip, label_ids
from ..codec.base import SpeechCodec
from ..selection.l1 import L1LogisticRegression
from ..selection.selection import Selection
from ..selection.selector import make_selector
from ..tokens import Token, show_token

COLUMNS = ("token", "layer", "code", "part", "name", "value", "low", "high", "expected", "q", "n")


@dataclass(frozen=True)
class Evidence:
    """What the cards of a selection rest on; a part whose evidence is missing is left out.

    Attributes
    ----------
    clips : to measure, best such as the selection has not seen: with codes, and with labels of its task
    features : of these clips, see `clip_features`
    train : clips that the selection was made on; needed for folds, subsamples and voices
    embeddings : token name -> float array, shape (width,)
    words : token name -> [(word, cosine), ...], see `nearest_tokens`
    bootstrap : over whole clips; its seed is also that of folds, subsamples and tests
    n_folds, n_subsamples : of the spread of coefficients, and of the stability
    """

    selection: Selection
    clips: Sequence[Clip]
    features: Sequence[dict]
    train: Sequence[Clip] = ()
    codec: SpeechCodec | None = None
    embeddings: Mapping[str, np.ndarray] = field(default_factory=dict)
    words: Mapping[str, Sequence[tuple[str, float]]] = field(default_factory=dict)
    bootstrap: Bootstrap = Bootstrap(1000)
    n_folds: int = 5
    n_subsamples: int = 20

    @property
    def tokens(self) -> list[Token]:
        """The selected tokens."""
        return [tuple(token) for token in self.selection.tokens]

    def refit(self, factor: float = 1.0) -> tuple[Pipeline, np.ndarray]:
        """Return the selection's selector, unfitted, at `factor` times its C, and the labels of train."""
        found = self.selection
        model = L1LogisticRegression(factor * found.C, found.solver, random_state=self.bootstrap.seed)
        return make_selector(model, found.layers), label_ids(self.train, found.task, found.label_names)


def tabulate(part: str, tokens: Sequence[Token], names: Sequence[str], **arrays) -> pd.DataFrame:
    """Turn arrays (n_tokens, n_names) into a row per fact."""
    facts = list_facts(part, [(token, name, np.nan) for token in tokens for name in names])
    shape = len(tokens), len(names)
    known = {key: np.broadcast_to(one, shape).ravel() for key, one in arrays.items() if key in COLUMNS}
    return facts.assign(**known)


def list_facts(part: str, rows: Sequence[tuple[Token, str, float]]) -> pd.DataFrame:
    """Make a table of (token, name, value), with the other columns unknown."""
    facts = [(show_token(*token), *token, part, name, value) for token, name, value in rows]
    return pd.DataFrame(facts, columns=COLUMNS[:6]).reindex(columns=list(COLUMNS))
