"""The figure of one prediction says what it shows."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from conftest import SPEC

from speechlm_utils.attribution.figure import draw_attribution


def test_figure_says_what_it_shows(trained, attributions):
    classifier, _ = trained
    one = replace(attributions[0], clip=replace(attributions[0].clip, spec=SPEC))
    figure, wav = plt.figure(), np.zeros(one.clip.codes.shape[1] * SPEC.hop, dtype=np.float32)
    said = draw_attribution(figure, one, classifier, wav)
    assert "completeness error" in said and len(figure.axes) == 3
    heights = sum(bar.get_height() for bar in figure.axes[2].patches)
    assert heights == pytest.approx(one.sums()["audio"], abs=1e-4)
    plt.close(figure)
