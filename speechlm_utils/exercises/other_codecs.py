"""Checks of the exercises of notebook 14."""

from collections.abc import Callable, Sequence

import numpy as np

from .feedback import tell


def check_equal_bits(function: Callable[[float, int, float], int]) -> bool | None:
    """Check a function (frame_rate, codebook_size, bits_per_second) -> fewest layers that reach it."""
    name = "Layers for a bit rate"
    cases = [(50, 1024, 4000), (12.5, 2048, 1000), (75, 1024, 1500), (12.5, 2048, 1100), (50, 2, 120)]
    for frame_rate, codebook_size, bits in cases:
        answer = function(frame_rate, codebook_size, bits)
        if answer is None:
            return tell(name, None)
        exact = bits / (frame_rate * np.log2(codebook_size))
        right = int(np.ceil(exact - 1e-9))
        if answer != right:
            hint = "A layer is whole or not there: round up." if np.isclose(answer, exact, atol=1) else ""
            case = f"{frame_rate:g} frames/s, {codebook_size:,} codes, {bits} bits/s"
            return tell(name, False, f"{case}: you return {answer:g}, not {right}. {hint}".strip())
    message = "Mimi needs 8 layers for 1,100 bits a second, SpeechTokenizer 3."
    return tell(name, True, message)


def check_lead(function: Callable[[Sequence[int], Sequence[int]], Sequence[float]]) -> bool | None:
    """Check a function (kept, occurring) -> a layer's share of the kept tokens over its share by chance."""
    name = "A layer's lead"
    kept, occurring = np.array([10, 30, 20]), np.array([1000, 500, 100])
    answer = function(kept.copy(), occurring.copy())
    if answer is None:
        return tell(name, None)
    answer, right = np.asarray(answer, dtype=float), kept / kept.sum() / (occurring / occurring.sum())
    if answer.shape == right.shape and np.allclose(answer, right):
        return tell(name, True, "1 is what chance gives; the last layer is small, and leads.")
    if answer.shape == right.shape and np.allclose(answer, kept / kept.sum() * len(kept)):
        return tell(name, False, "You compare with equal shares, but layers have not equally many tokens.")
    if answer.shape == right.shape and np.allclose(answer, kept / occurring):
        return tell(name, False, "This is the part of a layer that is kept; divide it by that of all layers.")
    if answer.shape == right.shape and np.allclose(answer, kept / kept.sum() - occurring / occurring.sum()):
        return tell(name, False, "A difference of shares; the lead is their ratio.")
    shown = answer.round(3).tolist()
    return tell(name, False, f"For {kept.tolist()} kept of {occurring.tolist()} you return {shown}.")
