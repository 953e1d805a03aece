"""Checks of the exercises of notebooks 01 and 14."""

import numpy as np
import pandas as pd

from ..codec.residual_vq import quantise
from ..codec_spec import CodecSpec
from .feedback import NotYet, compare, exercise

READABLE = 0.05
"""A target that all layers together read no better than this (R²) judges no choice of layers."""
CASES = ((50, 1024, 4000), (12.5, 2048, 1000), (75, 1024, 1500), (12.5, 2048, 1100), (50, 2, 120))
"""Frames per second, codes in a codebook, bits per second."""


@exercise("Bit rate")
def check_bit_rate(answer: float, codec) -> str:
    """Check the bit rate of a codec in kilobits per second."""
    spec = codec.spec
    frames = spec.frame_rate / 1000
    right = frames * sum(np.log2(codec.count_codes(layer)) for layer in spec.layers)
    hints = {
        "Count in kilobits, not bits.": 1000 * right,
        "The layers have not all as many codes.": frames * spec.n_layers * np.log2(spec.codebook_size),
    }
    compare(answer, right, hints, otherwise="Add up the bits of the layers' codes, times frames per second.")
    pcm = spec.sample_rate * 16 / 1000
    return f"The samples themselves, 16 bits each, take {pcm:g} kbit/s: {pcm / right:.3g} times as much."


@exercise("Residual VQ")
def check_quantise(function) -> str:
    """Check a function (points, codebooks) -> codes on random codebooks, point by point."""
    rng = np.random.default_rng(1)
    points = rng.normal(size=(200, 2))
    codebooks = rng.normal(size=(3, 5, 2)) * np.array([1, 0.5, 0.25])[:, None, None]
    codes, right = function(points.copy(), codebooks.copy()), quantise(points, codebooks)
    if np.shape(codes) != right.shape:
        raise NotYet(f"The shape is {np.shape(codes)}, not (n_layers, n_points) = {right.shape}.")
    same = (np.asarray(codes) == right).mean(axis=1)
    if same.min() == 1:
        return "All codes of all three layers agree."
    layer = int(np.argmax(same < 1))
    hint = "does it read the residual of the layers above?" if layer else "is it the nearest centre?"
    raise NotYet(f"Layer {layer + 1} agrees on {same[layer]:.0%} of the points: {hint}")


@exercise("What padding does")
def check_padding(answer: np.ndarray, codec, wav: np.ndarray, n_samples: int) -> str:
    """Check the share of codes per layer that change when n_samples zeros are appended to a clip."""
    alone = codec.encode(wav)
    padded = codec.encode(np.concatenate([wav, np.zeros(n_samples, wav.dtype)]))[:, : alone.shape[1]]
    right = (alone != padded).mean(axis=1)
    if np.shape(answer) != right.shape:
        raise NotYet(f"Give one share per layer, shape {right.shape}, not {np.shape(answer)}.")
    if not np.allclose(answer, right, atol=0.002):
        raise NotYet("Compare the first frames of the padded clip with all frames of the clip alone.")
    shares = f"layer 1 {right[0]:.1%}, layer {len(right)} {right[-1]:.1%} of the codes changed"
    return f"{shares}: so a batch holds clips of exactly one length."


@exercise("Which layers")
def check_layers(answer: int, read, spec: CodecSpec) -> str:
    """Check how few acoustic layers, the first so many, read every target 90 % as well as all of them.

    answer : number of layers; read : function layers -> Series of R² by target.
    """
    layers = spec.acoustic_layers
    if answer not in range(1, len(layers) + 1):
        raise NotYet(f"Give a number of layers, 1 to {len(layers)}.")
    found, best = read(layers[:answer]), read(layers)
    print(pd.DataFrame({f"R² from {answer}": found, f"from all {len(layers)}": best}).round(2))
    wanted = 0.9 * best[best > READABLE]
    if wanted.empty:
        raise NotYet("Not even all layers read them here: take more clips.")
    if lacking := list(wanted.index[found[wanted.index] < wanted]):
        raise NotYet(f"These read less than 90 % of what can be read of {' and '.join(lacking)}.")
    if answer > 1 and (read(layers[: answer - 1])[wanted.index] >= wanted).all():
        raise NotYet("They read enough, but fewer would do: each more is a flood of codes.")
    rate, of_all = answer * spec.frame_rate, spec.n_layers * spec.frame_rate
    return f"{rate:g} codes a second instead of {of_all:g}, without the layer of content."


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
