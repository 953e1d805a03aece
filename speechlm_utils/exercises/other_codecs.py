"""Checks of the exercises of notebook 14."""

import numpy as np

from .feedback import compare, exercise

CASES = ((50, 1024, 4000), (12.5, 2048, 1000), (75, 1024, 1500), (12.5, 2048, 1100), (50, 2, 120))
"""Frames per second, codes in a codebook, bits per second."""


@exercise("Layers for a bit rate")
def check_equal_bits(function) -> str:
    """Check a function (frame_rate, codebook_size, bits_per_second) -> fewest layers that reach it."""
    for rate, size, bits in CASES:
        exact = bits / (rate * np.log2(size))
        right, hint = np.ceil(exact - 1e-9), "A layer is whole or not there: round up."
        hints = {hint: exact, f"{hint} ": np.floor(exact)}
        case = f"{rate:g} frames/s, {size:,} codes, {bits} bits/s"
        compare(function(rate, size, bits), right, hints, case, rtol=1e-9)
    return "Mimi needs 8 layers for 1,100 bits a second, SpeechTokenizer 3."


@exercise("A layer's lead")
def check_lead(function) -> str:
    """Check a function (selected, occurring) -> a layer's share of the selected over that by chance."""
    selected, occurring = np.array([10, 30, 20]), np.array([1000, 500, 100])
    share, chance = selected / selected.sum(), occurring / occurring.sum()
    hints = {
        "You compare with equal shares, but layers have not equally many tokens.": share * 3,
        "This is the part of a layer that is selected; divide it by that of all.": selected / occurring,
        "A difference of shares; the lead is their ratio.": share - chance,
    }
    case = f"{selected.tolist()} selected of {occurring.tolist()}"
    compare(function(selected.copy(), occurring.copy()), share / chance, hints, case, rtol=1e-5)
    return "1 is what chance gives; the last layer is small, and leads."
