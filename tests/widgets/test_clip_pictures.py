"""The pictures of a clip and of a prediction say in words what they show."""

from dataclasses import replace

import numpy as np
from conftest import FALLACIES
from matplotlib.figure import Figure
from widget_tools import TOKENS

from speechlm_utils.plots.style import show_name
from speechlm_utils.tokens import list_occurrences
from speechlm_utils.widgets.clip_pictures import SIZE, draw_clip, draw_prediction


def test_a_clip_is_its_waveform_its_codes_and_the_selected_tokens(classifier, clips):
    clip, figure = next(iter(clips.values())), Figure(SIZE)
    said = draw_clip(figure, clip, np.zeros(8000), classifier)
    n_found = len(list_occurrences(clip.codes, TOKENS, classifier.settings.collapse_repeats))
    assert len(figure.axes) == 3 and figure.axes[2].get_title() == f"selected: {n_found}"
    assert said == f"waveform, {clip.codes.size} codes and {n_found} selected tokens"


def test_a_class_that_the_classifier_does_not_know_gets_no_band(classifier, clips):
    clip, shares = next(iter(clips.values())), np.linspace(1, 2, len(FALLACIES))
    for truth, n_bands in ((FALLACIES[0], 1), ("another", 0)):
        figure = Figure()
        one = replace(clip, labels={"fallacy": truth})
        said = draw_prediction(figure, shares / shares.sum(), classifier, one)
        assert said.startswith(f"{show_name(FALLACIES[0])} {shares[0] / shares.sum():.0%}, ")
        bars = figure.axes[0].patches
        assert len(bars) == len(FALLACIES) + n_bands
