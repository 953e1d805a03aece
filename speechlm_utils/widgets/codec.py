"""Turn layers on and off: residual VQ in the plane, and the real codec with its sound."""

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Audio, display

from ..codec import SpeechCodec
from ..plots.codec import plot_log_mel, plot_rounding
from ..probing import log_mel, mel_distance
from ..residual_vq import quantise, reconstruct
from .live import live


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

    return ipywidgets.interactive(show, layers=_slider(len(codebooks)))


@live
def explore_layers(codec: SpeechCodec, wav: np.ndarray) -> ipywidgets.Widget:
    """Return a slider over the number of layers that a clip is decoded from: its picture, and its sound.

    Parameters
    ----------
    codec : SpeechCodec
    wav : float array, shape (n_samples,)
    """
    codes = codec.encode(wav)

    def show(layers: int) -> None:
        decoded = codec.decode(codes, layers)
        ax = plt.figure(figsize=(8, 2.2)).subplots()
        plot_log_mel(ax, log_mel(decoded), len(wav) / codec.sample_rate, codec.sample_rate)
        ax.set(title=f"{layers} of {codec.n_layers} layers: distance {mel_distance(wav, decoded):.2f}")
        ax.set_xlabel("seconds")
        plt.show()
        display(Audio(np.clip(decoded, -1, 1), rate=codec.sample_rate, normalize=False))

    return ipywidgets.interactive(show, layers=_slider(codec.n_layers))


def _slider(n_layers: int) -> ipywidgets.IntSlider:
    return ipywidgets.IntSlider(1, min=1, max=n_layers, description="layers", continuous_update=False)
