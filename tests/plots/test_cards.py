"""Figures of notebook 11 show the facts and moments they were given, and say them in words."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from speechlm_utils import plots
from speechlm_utils.interpretation.evidence import COLUMNS
from speechlm_utils.plots.cards import order_atlas, plot_facts, write_neighbours

NAN = float("nan")
LOUD, QUIET = ("L2-0005", 2, 5), ("L3-0417", 3, 417)


def make_facts():
    """Two tokens: the first speaks for `sad_song`, one voice has it; the second speaks against it."""
    rows = [
        (*LOUD, "coefficient", "sad_song", 0.5, 0.4, 0.6, NAN, NAN, 5),
        (*LOUD, "coefficient", "joy", 0.0, 0.0, 0.0, NAN, NAN, 5),
        (*QUIET, "coefficient", "sad_song", -0.2, -0.3, 0.0, NAN, NAN, 5),
        (*QUIET, "coefficient", "joy", 0.0, 0.0, 0.0, NAN, NAN, 5),
        (*LOUD, "stability", "subsamples", 0.75, NAN, NAN, NAN, NAN, 20),
        (*QUIET, "stability", "subsamples", 0.5, NAN, NAN, NAN, NAN, 20),
        (*LOUD, "voice", "anna", 0.9, 0.8, 1.0, 0.2, 0.001, 30),
        (*QUIET, "voice", "anna", 0.3, 0.2, 0.4, 0.2, 0.001, 30),
        (*LOUD, "phone", "AH", 0.4, 0.3, 0.5, 0.1, 0.01, 30),
        (*LOUD, "words", " $x$ é", 0.2, NAN, NAN, NAN, NAN, NAN),
    ]
    for token, effect, q in ((LOUD, 1.5, 0.001), (QUIET, 0.1, 0.8)):
        rows += [(*token, "sound", "rms_db", effect, effect - 0.2, effect + 0.2, NAN, q, 30)]
        rows += [(*token, "sound", "f0_slope_st_s", -0.1, -0.3, 0.1, NAN, 0.5, 30)]
        rows += [(*token, "frequency", name, 0.0, 0.0, 8.0, 2.0, 0.01, 30) for name in ("sad_song", "joy")]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def test_card_is_drawn_and_said(tmp_path):
    figure = plt.figure(figsize=(10, 6.5))
    words = plots.cards.draw_card(figure, make_facts(), (2, 5))
    assert words.startswith("L2-0005 speaks for sad song (+0.50), selected in 75% of subsamples. ")
    assert "differ most in loudness (+1.5 std)" in words and "falls most on AH" in words
    assert "anna (+70% of its frames); much of it is one voice's." in words
    assert figure.get_suptitle() == words.split(". ")[0]
    titles = [ax.get_title() for ax in figure.axes]
    assert "coefficient (line: folds)" in titles and "voices: share of its frames" in titles
    figure.savefig(tmp_path / "card.png")  # no formula is read into the words


def test_card_of_few_parts_says_less():
    facts = make_facts()
    facts = facts[facts.part.isin(["coefficient", "frequency", "sound"])]
    words = plots.cards.draw_card(plt.figure(figsize=(10, 6.5)), facts, (3, 417))
    assert words == "L3-0417 speaks against sad song (-0.20). No feature of its sound differs for sure."


def test_hollow_dots_are_not_sure():
    facts, ax = make_facts(), plt.subplots()[1]
    plot_facts(ax, facts[(facts.token == "L2-0005") & (facts.part == "sound")])
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [dot.get_markerfacecolor() == "white" for dot in dots] == [False, True]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["loudness", "pitch slope"]


def test_expected_share_is_a_bar():
    facts, ax = make_facts(), plt.subplots()[1]
    plot_facts(ax, facts[(facts.token == "L2-0005") & (facts.part == "voice")])
    assert [bar.get_width() for bar in ax.patches] == [0.2]


def test_words_are_written_in_ascii_and_without_formulas(ax):
    near = pd.DataFrame({"name": ["a$b$\n", "né"], "value": [0.5, 0.25]})
    (text,) = write_neighbours(ax, {"words": near}).texts[1:]
    assert text.get_text() == "'a$b$\\n' 0.50\n'n\\xe9' 0.25" and not text.get_parse_math()


def test_atlas_orders_tokens_and_marks_those_of_one_voice(tmp_path):
    figure, axes = plt.subplots(4, 1, sharex=True)
    plots.cards.plot_atlas(axes, make_facts())
    assert [label.get_text() for label in axes[3].get_xticklabels()] == ["L2-0005", "L3-0417"]
    assert axes[0].images[0].get_array().tolist() == [[0.5, -0.2], [0, 0]]
    assert (axes[1].images[0].get_array() == -2).all()  # never in the class: the end of the scale, not a hole
    assert "1 of 2 tokens" in axes[3].get_title()
    assert [bar.get_height() for bar in axes[3].patches] == [0.75, 0.5]
    figure.savefig(tmp_path / "atlas.png")


def test_order_is_by_class_and_those_against_come_last():
    cards = pd.DataFrame(
        {"stance": ["against", "for", "for", "for"], "label": list("abba"), "coefficient": [-9, 1, 2, 0.1]},
        index=list("wxyz"),
    )
    assert order_atlas(cards).index.tolist() == ["z", "y", "x", "w"]


def test_moment_is_marked_on_both():
    axes = plt.subplots(2, 1)[1]
    plots.cards.plot_moment(axes, np.zeros(16000), np.zeros((80, 63)), np.array([[0.2, 0.24]]), 16000)
    (span,) = axes[0].patches
    assert span.get_x() == pytest.approx(0.2) and span.get_width() == pytest.approx(0.04)
    edges = [line.get_xdata()[0] for line in axes[1].lines]
    assert edges == pytest.approx([0.2, 0.24, 0.22])


def test_strip_shows_windows_in_order():
    ax = plt.subplots()[1]
    plots.cards.plot_strip(ax, np.stack([np.full((4, 3), k) for k in range(5)]), "five")
    assert ax.images[0].get_array().shape == (4, 15)
    assert ax.images[0].get_array()[0, ::3].tolist() == [0, 1, 2, 3, 4]
    assert [line.get_xdata()[0] for line in ax.lines] == [2.5, 5.5, 8.5, 11.5]
    assert ax.get_xticks().tolist() == [1, 4, 7, 10, 13]
