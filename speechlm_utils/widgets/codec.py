"""Turn layers on and off: residual VQ in the plane, and the real codec with its sound."""

import functools
from collections.abc import Callable

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display

from ..acoustics.spectra import log_mel, mel_distance
from ..codec.base import SpeechCodec
from ..codec.residual_vq import quantise, reconstruct
from ..plots.codec import plot_log_mel, plot_rounding
from .panel import label, live, operate, show_players


def explore_residual_vq(points: np.ndarray, codebooks: np.ndarray):
    """Return a slider over the layers that points (n_points, 2) are decoded from; see `fit_codebooks`."""
    codes = quantise(points, codebooks)

    def show(layers: int) -> None:
        decoded = reconstruct(codes, codebooks, layers)
        plot_rounding(plt.figure(figsize=(5, 4.5)).subplots(), points, decoded, layers)
        plt.show()
        print(f"mean distance {np.linalg.norm(points - decoded, axis=1).mean():.3f}")

    return _slide_layers(show, len(codebooks))


def explore_layers(codec: SpeechCodec, wav: np.ndarray):
    """Return a slider over the number of layers that a clip (n_samples,) is decoded from."""
    codes, rate = codec.encode(wav), codec.spec.sample_rate
    decode = functools.cache(lambda layers: codec.decode(codes, layers))  # a position seen before is free

    def show(layers: int) -> None:
        decoded, title = decode(layers), f"{layers} of {codec.spec.n_layers} layers"
        ax = plt.figure(figsize=(8, 2.2)).subplots()
        plot_log_mel(ax, log_mel(decoded, rate), len(wav) / rate, rate)
        ax.set(title=f"{title}: distance {mel_distance(wav, decoded, rate):.2f}", xlabel="seconds")
        plt.show()
        display(show_players({title: decoded, "original": wav}, rate))

    return _slide_layers(show, codec.spec.n_layers)


def _slide_layers(show: Callable[[int], None], n_layers: int):
    look = label("layers") | {"continuous_update": False}
    return live(lambda: operate(show, {"layers": ipywidgets.IntSlider(1, 1, n_layers, **look)}))
