"""Hear 1, 2, … layers in a page: a slider over decoded sounds, each with its spectrogram and its distance."""

import base64
import io
from collections.abc import Mapping

import numpy as np
from matplotlib.image import imsave

from ..acoustics.spectra import log_mel
from .page import Explorer
from .sounds import embed_sound

ORIGINAL = 0  # layers: none, the sound as it was
LIMITS = (-9, 1)  # of the log-mel spectrogram, as in `plots.codec.plot_log_mel`


def explore_depths(readings: Mapping[str, Mapping[int, np.ndarray]], sample_rate: int) -> Explorer:
    """Return a slider over the number of layers that a clip is decoded from, and a menu of clips.

    readings : name of a clip -> number of layers -> float array (n_samples,); 0 layers is the original.
    """
    shown = {}
    for name, wavs in readings.items():
        length = min(map(len, wavs.values()))
        mels = {n: log_mel(wav[:length], sample_rate) for n, wav in wavs.items()}
        shown[name] = [
            {"n": n, "sound": embed_sound(wavs[n], sample_rate), "image": draw_spectrogram(mels[n])}
            | {"distance": round(float(np.abs(mels[n] - mels[ORIGINAL]).mean()), 2)}
            for n in sorted(wavs, key=lambda n: n or np.inf)  # the original at last
        ]
    return Explorer("depths", "Hear a clip decoded from few or many layers", {"readings": shown})


def draw_spectrogram(mel: np.ndarray) -> str:
    """Draw a log-mel spectrogram (n_bands, n_windows) without axes, as the data URI of a PNG."""
    file, look = io.BytesIO(), {"cmap": "magma", "vmin": LIMITS[0], "vmax": LIMITS[1], "origin": "lower"}
    imsave(file, mel, format="png", **look)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
