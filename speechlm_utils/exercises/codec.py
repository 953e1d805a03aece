"""Checks of the exercises of notebook 01."""

from collections.abc import Callable, Sequence

import numpy as np

from ..codec.base import SpeechCodec
from ..codec.residual_vq import quantise
from .feedback import tell


def check_bit_rate(answer: float | None, codec: SpeechCodec) -> bool | None:
    """Check the bit rate of a codec in kilobits per second."""
    name = "Bit rate"
    if answer is None:
        return tell(name, None)
    expected = codec.spec.n_layers * np.log2(codec.spec.codebook_size) * codec.spec.frame_rate / 1000
    if np.isclose(answer, expected, rtol=0.01):
        pcm = codec.spec.sample_rate * 16 / 1000
        return tell(
            name,
            True,
            f"The samples themselves, 16 bits each, take {pcm:g} kbit/s: {pcm / expected:g} times as much.",
        )
    hint = (
        "in kilobits, not bits"
        if np.isclose(answer, 1000 * expected)
        else "bits per code × layers × frames per second"
    )
    return tell(name, False, f"You said {answer:g}; count {hint}.")


def check_quantise(function: Callable[[np.ndarray, Sequence[np.ndarray]], np.ndarray]) -> bool | None:
    """Check a function (points, codebooks) -> codes on random codebooks, point by point."""
    name = "Residual VQ"
    rng = np.random.default_rng(1)
    points = rng.normal(size=(200, 2))
    codebooks = rng.normal(size=(3, 5, 2)) * np.array([1, 0.5, 0.25])[:, None, None]
    codes = function(points.copy(), codebooks.copy())
    if codes is None:
        return tell(name, None)
    expected = quantise(points, codebooks)
    if np.shape(codes) != expected.shape:
        return tell(
            name, False, f"Expected the shape (n_layers, n_points) = {expected.shape}, got {np.shape(codes)}."
        )
    same = (np.asarray(codes) == expected).mean(axis=1)
    if same.min() == 1:
        return tell(name, True, "All codes of all three layers agree.")
    layer = int(np.argmax(same < 1)) + 1
    hint = "does it read the residual of the layers above?" if layer > 1 else "is it the nearest centre?"
    return tell(name, False, f"Layer {layer} agrees on {same[layer - 1]:.0%} of the points: {hint}")


def check_padding(
    answer: np.ndarray | None, codec: SpeechCodec, wav: np.ndarray, n_samples: int
) -> bool | None:
    """Check the share of codes per layer that change when n_samples zeros are appended to a clip."""
    name = "What padding does"
    if answer is None:
        return tell(name, None)
    alone = codec.encode(wav)
    padded = codec.encode(np.concatenate([wav, np.zeros(n_samples, wav.dtype)]))[:, : alone.shape[1]]
    expected = (alone != padded).mean(axis=1)
    if np.shape(answer) != expected.shape:
        return tell(
            name, False, f"Expected one share per layer, shape {expected.shape}, got {np.shape(answer)}."
        )
    if not np.allclose(answer, expected, atol=0.002):
        return tell(
            name, False, "Compare the first frames of the padded clip with all frames of the clip alone."
        )
    shares = f"layer 1 {expected[0]:.1%}, layer {codec.spec.n_layers} {expected[-1]:.1%} of the codes changed"
    return tell(name, True, f"{shares}: so a batch holds clips of exactly one length.")
