"""Linear classifiers on a *given* set of tokens: what they are worth without a language model."""

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from ..clips import Clip, groups, label_ids
from ..selection.bag_of_words import JointBagOfWords
from ..tokens import ACOUSTIC_LAYERS, Token

C_GRID = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)


def fit_linear(
    clips: Sequence[Clip],
    y: np.ndarray,
    tokens: Sequence[Token],
    use_text: bool = True,
    Cs: Sequence[float] = C_GRID,
    n_folds: int = 5,
    layers: Sequence[int] = ACOUSTIC_LAYERS,
    codebook_size: int = 1024,
    seed: int = 0,
) -> GridSearchCV:
    """Fit TF-IDF + l2 logistic regression on words and the given tokens, C by grouped cross-validation.

    Parameters
    ----------
    clips : train clips with codes; folds keep the clips of one sentence together
    y : int array, shape (n_clips,)
    tokens : sequence of (layer, code); empty for words alone
    use_text : bool, count words too
    Cs : values of C to choose from, by macro-F1 over folds; features are refitted inside each fold
    n_folds, seed : of the folds

    Returns
    -------
    search : fitted GridSearchCV; ``search.predict(clips)``
    """
    bag = JointBagOfWords(layers, codebook_size, use_text, use_audio=len(tokens) > 0, tokens=list(tokens))
    pipeline = Pipeline(
        [
            ("counts", bag),
            ("tfidf", TfidfTransformer()),
            ("scale", StandardScaler(with_mean=False)),
            ("model", LogisticRegression(class_weight="balanced", max_iter=2000)),
        ]
    )
    folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    search = GridSearchCV(pipeline, {"model__C": list(Cs)}, scoring="f1_macro", cv=folds)
    return search.fit(_as_array(clips), y, groups=groups(clips))


def predict_conditions(
    train: Sequence[Clip],
    test: Sequence[Clip],
    task: str,
    names: Sequence[str],
    conditions: Mapping[str, Sequence[Token]],
    **settings,
) -> dict[str, np.ndarray]:
    """Predict the test clips from words plus each condition's tokens.

    Parameters
    ----------
    conditions : name -> tokens, e.g. {"text": [], "text + selected": selection.tokens}
    settings : for `fit_linear`

    Returns
    -------
    predictions : name -> int array, shape (n_test,), places in `names`
    """
    y = label_ids(train, task, names)
    return {
        name: fit_linear(train, y, tokens, **settings).predict(_as_array(test))
        for name, tokens in conditions.items()
    }


def _as_array(clips: Sequence[Clip]) -> np.ndarray:
    """Put the records in an object array, which scikit-learn can index by fold."""
    array = np.empty(len(clips), dtype=object)
    array[:] = list(clips)
    return array
