"""The vectors behind the codes: which codes of a layer lie near each other."""

from collections.abc import Collection

import numpy as np

from ..torch_settings import exact_float32
from .base import SpeechCodec


def read_codebook(codec: SpeechCodec, layer: int) -> np.ndarray:
    """Read what each code of a layer adds to the codec's vector of a frame.

    Parameters
    ----------
    codec : SpeechCodec
    layer : int, numbered from 1

    Returns
    -------
    vectors : float32 array, shape (codebook_size, width)
    """
    import torch

    if not 1 <= layer <= codec.spec.n_layers:
        raise ValueError(f"layer={layer}: must be from 1 to {codec.spec.n_layers}")
    ids = torch.arange(codec.spec.codebook_size, device=codec.device)[None]
    with torch.no_grad(), exact_float32():
        book = _find_book(codec, layer)
        if hasattr(book, "out_proj"):  # DAC looks codes up in fewer dimensions
            vectors = book.out_proj(book.codebook(ids).transpose(1, 2))
        else:
            vectors = book.decode(ids)
    return vectors[0].T.float().cpu().numpy()


def _find_book(codec: SpeechCodec, layer: int):
    """Return the quantiser of a layer, whatever the codec's class calls it."""
    quantizer = codec.model.quantizer
    if hasattr(quantizer, "vq"):  # SpeechTokenizer
        return quantizer.vq.layers[layer - 1]
    if hasattr(quantizer, "acoustic_residual_vector_quantizer"):  # Mimi
        n_semantic = len(codec.spec.semantic_layers)
        if layer <= n_semantic:
            return quantizer.semantic_residual_vector_quantizer.layers[layer - 1]
        return quantizer.acoustic_residual_vector_quantizer.layers[layer - 1 - n_semantic]
    return (quantizer.quantizers if hasattr(quantizer, "quantizers") else quantizer.layers)[layer - 1]


def nearest_codes(
    vectors: np.ndarray, code: int, n_nearest: int = 3, among: Collection[int] | None = None
) -> list[tuple[int, float]]:
    """Find the codes whose vectors lie nearest to that of `code`, itself left out.

    Parameters
    ----------
    vectors : float array, shape (codebook_size, width), see `read_codebook`
    code : int
    n_nearest : int, at most so many
    among : codes to search; None searches all

    Returns
    -------
    nearest : list of (code, distance), nearest first; the Euclidean distance is divided by the median
        distance to all codes searched, so that 1 is how far any two codes lie apart

    Raises
    ------
    ValueError
        If the code is none of the codebook's.
    """
    if not 0 <= code < len(vectors):
        raise ValueError(f"code {code}: the codebook has codes 0 to {len(vectors) - 1}")
    others = np.array(sorted(set(range(len(vectors)) if among is None else among) - {code}), dtype=int)
    if not len(others):
        return []
    distance = np.linalg.norm(vectors[others] - vectors[code], axis=1)
    scale = np.median(distance) or 1.0
    order = np.argsort(distance, kind="stable")[:n_nearest]
    return [(int(others[i]), float(distance[i] / scale)) for i in order]
