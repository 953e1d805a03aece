"""Last step of the installation: what libraries compile or list at their first use is done now.

librosa compiles its loops with numba (half a minute), matplotlib lists the fonts. Without this, the first
cells of the first notebook wait for it. Nothing is computed that a notebook would have to compute.
"""

import importlib

import numpy as np
from matplotlib import font_manager

from speechlm_utils.acoustics.features import frame_features
from speechlm_utils.codec_spec import CodecSpec

SLOW = (
    "jupyterlab",
    "matplotlib.pyplot",
    "papermill",
    "peft",
    "sklearn.linear_model",
    "speechtokenizer",
    "transformers",
)

if __name__ == "__main__":
    spec = CodecSpec(n_layers=1, codebook_size=2, sample_rate=16000, hop=320)
    tone = 0.1 * np.sin(np.arange(16000) * 2 * np.pi * 120 / 16000)
    for tracker in ("swiftf0", "pyin"):
        frame_features(tone.astype(np.float32), spec, tracker)
    font_manager.findfont("DejaVu Sans")
    for name in SLOW:
        importlib.import_module(name)
