"""What the layers of a codec carry: phones, pitch, energy, and how well they sound decoded."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import entropy
from sklearn.linear_model import Ridge
from sklearn.metrics import homogeneity_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from ..clips import Clip
from ..tokens import check_codes

ALPHA = 10.0  # ridge penalty of the probes


def code_usage(codes: Sequence[np.ndarray], codebook_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return, per layer, the number of codes used and their perplexity; codes are (n_layers, n_frames) each.

    Perplexity is exp of the entropy, `codebook_size` if all codes are as frequent.
    """
    joined = check_codes(np.concatenate(codes, axis=1), codebook_size)
    counts = np.stack([np.bincount(layer, minlength=codebook_size) for layer in joined])
    return (counts > 0).sum(axis=1), np.exp(entropy(counts, axis=1))


def frame_phones(clip: Clip) -> np.ndarray:
    """Return the phone at the centre of each frame, str array (n_frames,), "SIL" where there is none."""
    if clip.codes is None or clip.spec is None or not clip.phones:
        raise ValueError(f"clip {clip.id}: needs codes and phones")
    phones = np.full(clip.codes.shape[1], "SIL", dtype=object)  # a name of any length fits
    for item in clip.phones.split():
        name, times = item.split(":")
        start, end = (float(t) / (1 / clip.spec.frame_rate) - 0.5 for t in times.split("-"))
        phones[int(np.ceil(start)) : int(np.ceil(end))] = name
    return phones.astype(str)


def phone_information(codes: np.ndarray, phones: np.ndarray) -> np.ndarray:
    """Phone-normalised mutual information of each layer, I(code; phone) / H(phone) (PNMI, HuBERT paper).

    Codes (n_layers, n_frames) and phones (n_frames,), frames of many clips joined, give a float array
    (n_layers,), 0 to 1; biased upwards where frames are few, in all layers alike.
    """
    return np.array([homogeneity_score(phones, layer) for layer in codes])


def predict_from_codes(
    train: tuple[np.ndarray, np.ndarray], codes: np.ndarray, layers: Sequence[int], codebook_size: int
) -> np.ndarray:
    """Predict a frame target from one-hot codes by ridge regression: float array, shape (n_frames,).

    Parameters
    ----------
    train : (codes (n_layers, n_frames), target (n_frames,)); frames whose target is NaN are left out
    codes : int array, shape (n_layers, n_frames), of the frames to predict
    layers : to read from, numbered from 1

    Raises
    ------
    ValueError
        If a layer is not from 1 to n_layers, or a code lies outside [0, codebook_size).
    """
    known = np.isfinite(train[1])
    x, x_test = (_pick_layers(one, layers, codebook_size) for one in (train[0][:, known], codes))
    one_hot = OneHotEncoder(categories=[np.arange(codebook_size)] * len(layers))
    model = make_pipeline(one_hot, Ridge(alpha=ALPHA, solver="sparse_cg", tol=1e-4))
    return model.fit(x, train[1][known]).predict(x_test)


def _pick_layers(codes: np.ndarray, layers: Sequence[int], codebook_size: int) -> np.ndarray:
    """Return the codes of some layers, int array (n_frames, len(layers)), or say which is out of range."""
    if unknown := [layer for layer in layers if not 1 <= layer <= len(codes)]:
        raise ValueError(f"layers {unknown}: the codes have layers 1 to {len(codes)}")
    return check_codes(codes, codebook_size)[[layer - 1 for layer in layers]].T
