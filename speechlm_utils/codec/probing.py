"""What the layers of a codec carry: phones, pitch, energy, and how well they sound decoded."""

from collections.abc import Sequence

import numpy as np
from scipy import sparse
from sklearn.linear_model import Ridge
from sklearn.metrics import mutual_info_score, r2_score

from ..clips import Clip
from ..tokens import check_codes


def code_usage(codes: Sequence[np.ndarray], codebook_size: int = 1024) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of codes used and their perplexity, per layer.

    Parameters
    ----------
    codes : int arrays, shape (n_layers, n_frames) each

    Returns
    -------
    n_used : int array, shape (n_layers,)
    perplexity : float array, shape (n_layers,); exp of the entropy, `codebook_size` if all are as frequent
    """
    joined = check_codes(np.concatenate(codes, axis=1), codebook_size)
    counts = np.stack([np.bincount(layer, minlength=codebook_size) for layer in joined])
    share = counts / counts.sum(axis=1, keepdims=True)
    logs = np.log(share, out=np.zeros_like(share), where=share > 0)
    return (counts > 0).sum(axis=1), np.exp(-(share * logs).sum(axis=1))


def frame_phones(clip: Clip, frame_rate: float = 50) -> np.ndarray:
    """Return the phone at the centre of each frame, str array (n_frames,), "SIL" where there is none.

    Raises
    ------
    ValueError
        If the clip has no codes, or no phones.
    """
    if clip.codes is None or not clip.phones:
        raise ValueError(f"clip {clip.id}: needs codes and phones")
    phones = np.full(clip.codes.shape[1], "SIL", dtype=object)  # a name of any length fits
    for item in clip.phones.split():
        name, times = item.split(":")
        start, end = (float(t) / (1 / frame_rate) - 0.5 for t in times.split("-"))
        phones[int(np.ceil(start)) : int(np.ceil(end))] = name
    return phones.astype(str)


def phone_information(codes: np.ndarray, phones: np.ndarray) -> np.ndarray:
    """Phone-normalised mutual information of each layer, I(code; phone) / H(phone) (PNMI, HuBERT paper).

    Parameters
    ----------
    codes : int array, shape (n_layers, n_frames), frames of many clips joined
    phones : array, shape (n_frames,)

    Returns
    -------
    pnmi : float array, shape (n_layers,), 0 to 1; biased upwards where frames are few, in all layers alike
    """
    if codes.shape[1] != len(phones):
        raise ValueError(f"{codes.shape[1]} frames of codes, {len(phones)} of phones")
    total = mutual_info_score(phones, phones)  # the entropy, in nats
    return np.array([mutual_info_score(phones, layer) / total for layer in codes])


def one_hot(codes: np.ndarray, layers: Sequence[int], codebook_size: int = 1024) -> sparse.csr_matrix:
    """Return the codes of `layers` as indicators, sparse (n_frames, len(layers) * codebook_size).

    Raises
    ------
    ValueError
        If a layer is not from 1 to n_layers, or a code lies outside [0, codebook_size).
    """
    if unknown := [layer for layer in layers if not 1 <= layer <= len(codes)]:
        raise ValueError(f"layers {unknown}: the codes have layers 1 to {len(codes)}")
    codes = check_codes(codes, codebook_size)
    chosen = codes[[layer - 1 for layer in layers]].astype(np.int64)
    columns = (chosen + np.arange(len(layers))[:, None] * codebook_size).T.ravel()
    n_frames = codes.shape[1]
    rows = np.repeat(np.arange(n_frames), len(layers))
    shape = (n_frames, len(layers) * codebook_size)
    return sparse.csr_matrix((np.ones(len(columns)), (rows, columns)), shape=shape)


def probe_layers(
    train: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    layers: Sequence[int],
    alpha: float = 10.0,
    codebook_size: int = 1024,
) -> float:
    """R² of a ridge regression from one-hot codes of `layers` to a frame target, on test frames.

    Parameters
    ----------
    train, test : (codes (n_layers, n_frames), target (n_frames,)); frames whose target is NaN are left out
    layers : numbered from 1
    alpha : float, ridge penalty
    """
    codes, target = (test[0][:, np.isfinite(test[1])], test[1][np.isfinite(test[1])])
    return float(r2_score(target, predict_from_codes(train, codes, layers, alpha, codebook_size)))


def predict_from_codes(
    train: tuple[np.ndarray, np.ndarray],
    codes: np.ndarray,
    layers: Sequence[int],
    alpha: float = 10.0,
    codebook_size: int = 1024,
) -> np.ndarray:
    """Predict a frame target from one-hot codes by ridge regression: float array, shape (n_frames,).

    Parameters
    ----------
    train : (codes (n_layers, n_frames), target (n_frames,)); frames whose target is NaN are left out
    codes : int array, shape (n_layers, n_frames), of the frames to predict
    layers, alpha, codebook_size : as in `probe_layers`
    """
    known = np.isfinite(train[1])
    x, y = train[0][:, known], train[1][known]
    model = Ridge(alpha=alpha, solver="sparse_cg", tol=1e-4).fit(one_hot(x, layers, codebook_size), y)
    return model.predict(one_hot(codes, layers, codebook_size))
