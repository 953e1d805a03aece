"""Colours and what figures draw alike; figures are quick to import."""

import subprocess
import sys
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from speechlm_utils import plots
from speechlm_utils.plots import style


def test_importing_figures_loads_no_heavy_library():
    heavy = "{'torch', 'transformers', 'librosa', 'sklearn'}"
    code = f"import sys, speechlm_utils.plots; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_layers_have_eight_colours_and_labels_keep_theirs():
    colors = style.layer_colors(range(1, 9))
    assert len(set(colors)) == 8 and style.layer_colors([1])[0] == to_rgb("#D55E00")
    brightness = [sum(color) for color in colors[1:]]
    assert np.all(np.diff(brightness) > 0)
    with pytest.raises(ValueError, match="layer=9: must be from 1 to 8"):
        style.layer_colors([9], 8)
    assert plots.label_colors(["b", "a"]) == plots.label_colors(["a", "b"])
    assert len(set(plots.label_colors([f"c{k}" for k in range(12)]).values())) == 12
    assert plots.show_name("ad_hominem") == "ad hominem"


def test_style_is_set_by_one_call():
    plots.apply_style()
    assert plt.rcParams["axes.spines.top"] is False


def test_layers_are_coloured_by_what_they_are_trained_towards():
    second = style.layer_colors([1, 2], semantic_layers=(2,))
    assert second[1] == to_rgb(style.SEMANTIC) and second[0] == style.layer_colors([2])[0]
    assert len(style.layer_colors(range(1, 33))) == 32 and style.layer_colors([]) == []


def test_groups_stand_side_by_side_about_their_place():
    places = style.place_groups(3, 2)
    assert places.shape == (2, 3) and places.mean(axis=0) == pytest.approx([0, 1, 2])
    assert np.diff(places, axis=0) == pytest.approx(np.full((1, 3), 0.4))


@pytest.mark.parametrize("name", ["$5 or $x$", "生气", "क्रोध", "a_b", "100 %", "\\frac"])
def test_labels_are_drawn_as_they_are(name):
    plots.apply_style()
    fig, ax = plt.subplots()
    text = ax.text(0, 0, style.show_name(name))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # where no font of the script is installed
        fig.canvas.draw()
    assert not text._preprocess_math(text.get_text())[1] and text.get_text().replace(
        "\\$", "$"
    ) == name.replace("_", " ")
    plt.close(fig)


def test_fonts_of_other_scripts_follow_the_first(monkeypatch):
    from types import SimpleNamespace

    from matplotlib import font_manager

    fonts = [
        SimpleNamespace(name=name) for name in ("Noto Sans CJK SC", "Comic", "Noto Sans Mono", "Lohit Tamil")
    ]
    monkeypatch.setattr(font_manager, "fontManager", SimpleNamespace(ttflist=fonts))
    assert style.find_fonts() == ["Lohit Tamil", "Noto Sans CJK SC"]
