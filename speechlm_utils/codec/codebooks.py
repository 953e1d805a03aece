"""The vectors behind the codes: which codes of a layer lie near each other."""

from collections.abc import Collection

import numpy as np

from ..torch_settings import exact_float32
from .base import SpeechCodec


def read_codebook(codec: SpeechCodec, layer: int) -> np.ndarray:
    """Read what each code of a layer (from 1) adds to a frame's vector: float32 (n_codes, width)."""
    import torch

    if layer not in codec.spec.layers:
        raise ValueError(f"layer={layer}: must be from 1 to {codec.spec.n_layers}")
    ids = torch.arange(codec.count_codes(layer), device=codec.device)[None]
    with exact_float32():
        return codec.read_vectors(layer, ids)[0].T.cpu().numpy()


def nearest_codes(
    vectors: np.ndarray, code: int, n_nearest: int, among: Collection[int]
) -> list[tuple[int, float]]:
    """Find, among some codes, those whose vectors (see `read_codebook`) lie nearest to that of `code`.

    Returns at most n_nearest pairs (code, distance), nearest first, `code` itself left out. The Euclidean
    distance is divided by the median distance to all codes searched: 1 is how far any two codes lie apart.
    """
    if not 0 <= code < len(vectors):
        raise ValueError(f"code {code}: the codebook has codes 0 to {len(vectors) - 1}")
    others = np.array(sorted(set(among) - {code}), dtype=int)
    distance = np.linalg.norm(vectors[others] - vectors[code], axis=1)
    order = np.argsort(distance, kind="stable")[:n_nearest]
    scale = np.median(distance) if len(distance) else 1.0
    return [(int(others[i]), float(distance[i] / (scale or 1.0))) for i in order]
