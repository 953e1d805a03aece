"""Residual vector quantisation in its plainest form: k-means, then k-means on what is left, and so on.

For notebook 01, on points in the plane, and for the speech tokenizer of `data/tokenizer`, whose codebooks are
fitted by the same function to 64 numbers per frame.
"""

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import pairwise_distances_argmin


def fit_codebooks(
    points: np.ndarray, n_layers: int, n_codes: int, seed: int = 0, n_init: int = 4, max_iter: int = 300
) -> np.ndarray:
    """Fit one codebook per layer, each on what the layers before it leave over of points (n_points, n_dims).

    k-means starts `n_init` times, of which the best counts, with at most `max_iter` iterations each.

    Returns codebooks, array of the points' type, shape (n_layers, n_codes, n_dims).
    """
    residual, codebooks = np.asarray(points), []
    for layer in range(n_layers):
        kmeans = KMeans(n_codes, n_init=n_init, max_iter=max_iter, random_state=seed + layer).fit(residual)
        codebooks.append(kmeans.cluster_centers_)
        residual = residual - kmeans.cluster_centers_[kmeans.labels_]
    return np.stack(codebooks)


def quantise(points: np.ndarray, codebooks: np.ndarray) -> np.ndarray:
    """Return the codes of the points, int array (n_layers, n_points): each layer codes what is left over."""
    residual, codes = np.asarray(points), []
    for centres in codebooks:
        code = pairwise_distances_argmin(residual, centres)
        codes.append(code)
        residual = residual - centres[code]
    return np.stack(codes)


def reconstruct(codes: np.ndarray, codebooks: np.ndarray, n_layers: int | None = None) -> np.ndarray:
    """Add up the vectors of the first n_layers codes (default: all); float array (n_points, n_dims)."""
    n_layers = len(codes) if n_layers is None else n_layers
    if not 1 <= n_layers <= len(codes):
        raise ValueError(f"n_layers={n_layers}: must be from 1 to {len(codes)}")
    pairs = zip(codes[:n_layers], codebooks[:n_layers], strict=True)
    return np.sum([centres[code] for code, centres in pairs], axis=0)
