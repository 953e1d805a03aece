"""Colours and the figures of notebook 00 show the data they were given."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from speechlm_utils import plots
from speechlm_utils.bootstrap import Interval
from speechlm_utils.codec_spec import CodecSpec
from speechlm_utils.plots.codec import spread_codes

SPEC = CodecSpec(24000, 480, 2048, 8, (1,))


def test_pipeline_shows_clip_codes_and_steps(ax):
    wav, codes = np.linspace(-1, 1, 100), np.arange(24).reshape(8, 3)
    plots.overview.plot_pipeline(ax, wav, codes, SPEC)
    wave, image = ax.child_axes
    assert np.array_equal(wave.lines[0].get_ydata(), wav)
    assert np.array_equal(image.images[0].get_array(), spread_codes(codes))
    written = " ".join(text.get_text() for text in ax.texts)
    for word in ("SELECT", "ADAPT", "FINE-TUNE", "notebook 01", "notebook 05"):
        assert word in written


def test_prosody_is_drawn_by_samples_and_pitch_in_seconds():
    wave, pitch = plt.subplots(2)[1]
    f0 = np.array([1.0, np.nan, 3.0])
    plots.overview.plot_prosody((wave, pitch), np.zeros(960), f0, SPEC, "blue")
    assert wave.lines[0].get_xdata()[-1] == pytest.approx(959 / 24000)
    assert np.allclose(pitch.lines[0].get_xdata(), [0.01, 0.03, 0.05])
    assert np.array_equal(pitch.lines[0].get_ydata(), f0, equal_nan=True)


def test_planted_table_shows_means_with_fitting_decimals(ax):
    means = pd.DataFrame({"rate": [0.85, 1.2], "pause_ms": [240.0, 0.4]}, index=["authority", "ad_hominem"])
    plots.overview.plot_planted(ax, means, pd.DataFrame({"rate": [0.06, 0.06], "pause_ms": [50.0, 31.0]}))
    texts = [text.get_text() for text in ax.texts]
    assert texts == ["0.85 ± 0.06", "240 ± 50", "1.20 ± 0.06", "0 ± 31"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["authority", "ad hominem"]


def test_upper_bounds_are_bars_with_intervals_and_a_line_for_chance(ax):
    rows = [
        {
            "task": t,
            "inputs": i,
            "score": Interval(0.2 * k + 0.1, 0.2 * k, 0.2 * k + 0.2, 9, "sentences", None),
        }
        | {"chance": 0.17, "n_classes": 6, "n_test": 50}
        for t in ("fallacy", "topic")
        for k, i in enumerate(("text", "planted", "both"))
    ]
    plots.overview.plot_upper_bounds(ax, pd.DataFrame(rows))
    assert sorted(bar.get_height() for bar in ax.patches) == pytest.approx([0.1, 0.1, 0.3, 0.3, 0.5, 0.5])
    shown = [t.get_text() for t in ax.get_legend().get_texts()]
    assert shown == ["words", "planted prosody", "both", "chance"]
    assert "6 classes, 50 clips" in ax.get_xticklabels()[0].get_text()
