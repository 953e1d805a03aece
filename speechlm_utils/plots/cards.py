"""Figures of notebook 11: the card of a token, the atlas of them all, and the moments that are played."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..interpretation.cards import find_card, list_cards
from .acoustics import name_feature, plot_grid
from .codec import plot_log_mel, plot_waveform
from .style import AUDIO, NEUTRAL, TEXT, layer_colors, name_rows, show_name

TITLES = {
    "coefficient": "coefficient (line: folds)",
    "frequency": "per 1,000 frames (grey: all)",
    "sound": "sound: effect (std)",
    "phone": "phones: share of its frames",
    "voice": "voices: share of its frames",
}
NEIGHBOURS = {
    "codebook": "nearest codes of its layer (distance)",
    "speech tokens": "nearest tokens in the language model (cosine)",
    "words": "nearest words in the language model (cosine)",
}
ATLAS_TITLE = "tokens by the class that they speak for; on the right, those that only speak against one"


def draw_card(figure: Figure, facts: pd.DataFrame, token: tuple[int, int]) -> str:
    """Draw the card of one token into an empty figure, about 10 by 6.5 inches, and return it in words.

    Parts that `facts` (see `describe_tokens`) lacks leave their place empty.
    """
    parts = {name: one.reset_index(drop=True) for name, one in find_card(facts, token).groupby("part")}
    *axes, last = figure.subplots(2, 3, width_ratios=[1, 1, 1.25]).ravel()
    color = layer_colors([token[0]], max(8, int(facts.layer.max())))[0]
    for ax, (part, title) in zip(axes, TITLES.items(), strict=True):
        if part in parts:
            plot_facts(ax, parts[part], color)
            ax.set_title(title)
        else:
            ax.set_axis_off()
    write_neighbours(last, parts)
    words = describe_card(facts, token)
    figure.suptitle(words.split(". ")[0], x=0.01, ha="left", fontsize=11.5)
    return words


def plot_facts(ax: Axes, facts: pd.DataFrame, color=TEXT) -> Axes:
    """Draw the facts of one part of a card, a row each: value, interval, and what was expected as a bar.

    A hollow dot is not sure (q of 0.05 or more, or none); where the part has no q, all dots are full.
    """
    tested = facts.q.notna().any()
    ax.axvline(0, color="black", linewidth=0.8)
    for i, row in enumerate(facts.itertuples()):
        if np.isfinite(row.expected):
            ax.barh(i, row.expected, height=0.7, color="#DDDDDD", zorder=0)
        ax.plot([row.low, row.high], [i, i], color=color, linewidth=2)
        sure = not tested or row.q < 0.05
        ax.plot(row.value, i, "o", color=color, markerfacecolor=color if sure else "white", markersize=5)
    name_rows(ax, [name_feature(name) for name in facts["name"]])
    return ax


def write_neighbours(ax: Axes, parts: dict[str, pd.DataFrame]) -> Axes:
    """Write the nearest codes, tokens and words of a token."""
    ax.set_axis_off()
    y = 1.0
    for part, title in NEIGHBOURS.items():
        if part not in parts:
            continue
        near = zip(parts[part]["name"], parts[part].value, strict=True)
        lines = [f"{ascii(n) if part == 'words' else n} {v:.2f}" for n, v in near]  # any letter, any font
        ax.text(0, y, title, va="top", fontsize=10.5, transform=ax.transAxes)
        look = {"va": "top", "family": "monospace", "fontsize": 8.5, "transform": ax.transAxes}
        ax.text(0.04, y - 0.08, "\n".join(lines), parse_math=False, **look)
        y -= 0.16 + 0.065 * len(lines)
    return ax


def describe_card(facts: pd.DataFrame, token: tuple[int, int]) -> str:
    """Return a card in a few sentences."""
    row = list_cards(find_card(facts, token)).iloc[0]
    words = f"{row.name} speaks {row.stance} {show_name(row.label)} ({row.coefficient:+.2f})"
    if "stability" in row:
        words += f", selected in {row.stability:.0%} of subsamples"
    told = [words]
    if row.sound:
        told.append(f"Its frames differ most in {name_feature(row.sound)} ({row.effect:+.1f} std)")
    else:
        told.append("No feature of its sound differs for sure")
    if "phone" in row:
        told.append(f"It falls most on {row.phone}")
    if "voice" in row:
        much = "much of it is one voice's" if row.concentrated else "no voice has it to itself"
        told.append(f"Most over-represented voice: {row.voice} ({row.excess:+.0%} of its frames); {much}")
    return ". ".join(told) + "."


def order_atlas(cards: pd.DataFrame) -> pd.DataFrame:
    """Order cards by what they speak for (those that speak against come last), then by coefficient."""
    by = cards.assign(last=cards.stance == "against", size=-cards.coefficient.abs())
    return cards.loc[by.sort_values(["last", "label", "size"], kind="stable").index]


def plot_atlas(axes: Sequence[Axes], facts: pd.DataFrame) -> Sequence[Axes]:
    """Draw all tokens into four Axes that share x: coefficients, frequency, sound, and their stability."""
    cards = order_atlas(list_cards(facts))
    tokens = cards.index.tolist()
    coefs = _pivot(facts, "coefficient", tokens)
    rates = _pivot(facts, "frequency", tokens) / _pivot(facts, "frequency", tokens, "expected")
    sound, q = _pivot(facts, "sound", tokens), _pivot(facts, "sound", tokens, "q")
    plot_grid(axes[0], coefs, coefs.columns, np.abs(coefs.to_numpy()).max() or 1, "coefficient")
    plot_grid(axes[1], np.log2(rates.clip(lower=0.25)), rates.columns, 2, "frequency:\nlog2(class / all)")
    plot_grid(axes[2], sound, sound.columns, 2, "effect (std)", ~(q < 0.05).to_numpy())
    _plot_stability(axes[3], cards)
    axes[0].set_title(ATLAS_TITLE)
    named = (cards.stance + cards.label).to_numpy()
    for ax in axes:
        ax.tick_params(axis="x", length=0, labelbottom=ax is axes[3])
        for edge in np.flatnonzero(named[1:] != named[:-1]):
            ax.axvline(edge + 0.5, color="black", linewidth=0.8)
    axes[3].set_xticks(range(len(tokens)), tokens, rotation=90, fontsize=6.5, family="monospace")
    axes[3].set_xlim(-0.5, len(tokens) - 0.5)
    return axes


def _plot_stability(ax: Axes, cards: pd.DataFrame) -> None:
    """Draw how many subsamples select each token, and mark those that one voice has to itself."""
    marked = cards.get("concentrated", pd.Series(False, cards.index)).to_numpy(bool)
    stability = cards.get("stability", pd.Series(np.nan, cards.index))
    ax.bar(range(len(cards)), stability, color=np.where(marked, AUDIO, NEUTRAL), width=0.8)
    ax.set(ylabel="selected in\nsubsamples", ylim=(0, 1))
    ax.set_title(f"orange: one voice has much of it ({marked.sum()} of {len(cards)} tokens)", fontsize=9)


def _pivot(facts: pd.DataFrame, part: str, tokens: Sequence[str], column: str = "value") -> pd.DataFrame:
    """Spread a column of one part: tokens in rows as given, names in columns in the table's order."""
    one = facts[facts.part == part]
    return one.pivot(index="token", columns="name", values=column).loc[tokens, one["name"].unique()]


def plot_moment(
    axes: Sequence[Axes], wav: np.ndarray, mel: np.ndarray, spans: np.ndarray, sample_rate: int
) -> Sequence[Axes]:
    """Draw a piece of sound as waveform and log-mel spectrogram; spans (n_spans, 2; seconds) are marked."""
    seconds = len(wav) / sample_rate
    plot_waveform(axes[0], wav, sample_rate, NEUTRAL)
    axes[0].set(ylabel="", yticks=[])
    axes[0].tick_params(labelbottom=False)
    plot_log_mel(axes[1], mel, seconds, sample_rate)
    for begin, end in spans:
        axes[0].axvspan(begin, end, color=AUDIO, alpha=0.5, linewidth=0)
        for edge in (begin, end):
            axes[1].axvline(edge, color="white", linewidth=0.6)
        axes[1].plot((begin + end) / 2, mel.shape[0] - 2, "v", color="white", markersize=5)
    axes[1].set_xlabel("time (s)")
    return axes


def plot_strip(ax: Axes, mels: np.ndarray, title: str = "") -> Axes:
    """Draw log-mel spectrograms (n_windows, n_bands, n_frames) side by side, parted by white lines.

    Ticks below show their middles.
    """
    n, _, width = mels.shape
    ax.imshow(np.hstack(list(mels)), origin="lower", cmap="magma", vmin=-9, vmax=1, aspect="auto")
    for edge in np.arange(1, n) * width - 0.5:
        ax.axvline(edge, color="white", linewidth=1.5)
    ax.set_xticks(np.arange(n) * width + (width - 1) / 2, [""] * n)
    ax.set(yticks=[], title=title)
    return ax
