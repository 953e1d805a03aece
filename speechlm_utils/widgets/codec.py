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
from .listen import show_players
from .live import live
from .panel import stack


@live
def explore_residual_vq(points: np.ndarray, codebooks: np.ndarray) -> ipywidgets.Widget:
    """Return a slider over the number of layers that points in the plane are decoded from.

    Parameters
    ----------
    points : float array, shape (n_points, 2)
    codebooks : float array, shape (n_layers, n_codes, 2)
    """
    codes = quantise(points, codebooks)

    def show(layers: int) -> None:
        decoded = reconstruct(codes, codebooks, layers)
        ax = plt.figure(figsize=(5, 4.5)).subplots()
        plot_rounding(ax, points, decoded, layers)
        plt.show()
        print(f"mean distance {np.linalg.norm(points - decoded, axis=1).mean():.3f}")

    return _put_below_slider(show, len(codebooks))


@live
def explore_layers(codec: SpeechCodec, wav: np.ndarray) -> ipywidgets.Widget:
    """Return a slider over the number of layers that a clip is decoded from: its picture and its
    sound, beside the original's.

    Parameters
    ----------
    codec : SpeechCodec
    wav : float array, shape (n_samples,)
    """
    codes, rate = codec.encode(wav), codec.spec.sample_rate
    decode = functools.cache(lambda layers: codec.decode(codes, layers))  # a position seen before is free

    def show(layers: int) -> None:
        decoded, title = decode(layers), f"{layers} of {codec.spec.n_layers} layers"
        ax = plt.figure(figsize=(8, 2.2)).subplots()
        plot_log_mel(ax, log_mel(decoded, rate), len(wav) / rate, rate)
        ax.set(title=f"{title}: distance {mel_distance(wav, decoded, rate):.2f}", xlabel="seconds")
        plt.show()
        display(show_players({title: decoded, "original": wav}, rate))

    return _put_below_slider(show, codec.spec.n_layers)


def _put_below_slider(show: Callable[[int], None], n_layers: int) -> ipywidgets.Widget:
    slider = ipywidgets.IntSlider(1, min=1, max=n_layers, description="layers", continuous_update=False)
    return stack([slider, ipywidgets.interactive_output(show, {"layers": slider})])
