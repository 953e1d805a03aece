"""The linear arms of the study: ways to tell a linear model about a clip, one difference at a time.

An arm is a few words of data and a function that lists its draws: what is read of a clip, beside the words or
alone, several times where chance chooses.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from sklearn.pipeline import Pipeline

from ..clips import Clip
from ..codec_spec import shared_spec
from ..selection.bigrams import BagOfBigrams
from ..selection.decoys import select_with_decoys
from ..selection.path import find_C_for_count
from ..selection.selector import list_selected, make_selector
from ..tokens import Token
from .arms import Draw, Part, count_read, draw_matched, draw_random, fit_selector, list_frequent, read_tokens
from .linear import Counts, Measured

N_DECOYS = 5


@dataclass(frozen=True)
class Beside:
    """What arms read beside codes: `features` name -> clip id -> (n_columns,), `prosody` clip id -> words.

    `loud` are the clips at equal loudness, by id.
    """

    features: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)
    prosody: Mapping[str, str] = field(default_factory=dict)
    loud: Mapping[str, Clip] = field(default_factory=dict)


@dataclass(frozen=True)
class LinearArm:
    """What an arm `isolates`, how it lists its draws, and what it changes in the clips.

    `needs` are parts of `Beside` that it reads; `use_text` False leaves the words out.
    """

    isolates: str
    list_draws: Callable[[Part, Beside], list[Draw]]
    change: Callable[[Part, Beside], Part] = lambda part, beside: part
    use_text: bool = True
    needs: tuple[str, ...] = ()


def select(part: Part, use_text: bool = True) -> list[Token]:
    """Select the recipe's number of tokens by lasso."""
    return list_selected(fit_selector(part, use_text))


def _select_from(layers: str = "", use_text: bool = True) -> Callable:
    """Select from the recipe's layers, or from others that the codec's spec names."""

    def list_draws(part: Part, beside: Beside) -> list[Draw]:
        others = getattr(shared_spec(part.train), layers) if layers else part.recipe.layers
        recipe = replace(part.recipe, layers=others)
        return [read_tokens(select(replace(part, recipe=recipe), use_text))]

    return list_draws


def _match(part: Part, beside: Beside) -> list[Draw]:
    return draw_matched(part, select(part))


def _sample(part: Part, beside: Beside) -> list[Draw]:
    return draw_random(part, part.recipe.n_tokens)


def _count(part: Part, beside: Beside) -> list[Draw]:
    return [count_read(part, select(part))]


def count_thirds(clips: list[Clip], tokens: list[Token]) -> dict[str, np.ndarray]:
    """Count tokens in each third of a clip, relative to its length: id -> float array (3 * n_tokens,)."""
    counts, rows = Counts(tokens), []
    for third in range(3):
        cut = [replace(c, codes=np.array_split(c.codes, 3, axis=1)[third]) for c in clips]
        rows.append(counts.read(cut))
    return {clip.id: row for clip, row in zip(clips, np.hstack(rows), strict=True)}


def count_bigrams(part: Part) -> dict[str, np.ndarray]:
    """Select as many bigrams as tokens, from the train clips, and count them: id -> (n_bigrams,)."""
    selector = Pipeline([("counts", BagOfBigrams(part.layers)), *make_selector().steps[1:]])
    C, _ = find_C_for_count(selector, part.train, part.y, part.recipe.n_tokens)
    chosen = list_selected(selector.set_params(l1__C=C).fit(part.train, part.y))
    clips = [*part.train, *part.test]
    bag = selector["counts"]
    counts = bag.transform(clips)[:, [bag.tokens_.index(one) for one in chosen]].toarray()
    return {clip.id: np.log1p(row) for clip, row in zip(clips, counts, strict=True)}


def _thirds(part: Part, beside: Beside) -> list[Draw]:
    tokens = select(part)
    return [Draw(Measured(count_thirds([*part.train, *part.test], tokens)), tuple(tokens))]


def _bigrams(part: Part, beside: Beside) -> list[Draw]:
    return [Draw(Measured(count_bigrams(part)))]


def _both(part: Part, beside: Beside) -> list[Draw]:
    tokens, clips, pairs = select(part), [*part.train, *part.test], count_bigrams(part)
    counts = Counts(tokens).read(clips)
    joint = {clip.id: np.append(row, pairs[clip.id]) for clip, row in zip(clips, counts, strict=True)}
    return [Draw(Measured(joint), tuple(tokens))]


def _decoys(part: Part, beside: Beside) -> list[Draw]:
    seeds = range(min(N_DECOYS, part.recipe.n_draws))  # decoys are random, and a fit of them takes seconds
    found = (select_with_decoys(part.train, part.y, part.layers, seed=seed) for seed in seeds)
    return [read_tokens(tokens) for tokens in found]


def _reading(name: str, isolates: str, **more) -> LinearArm:
    """Make the arm that reads measured features."""
    return LinearArm(
        isolates, lambda part, beside: [Draw(Measured(beside.features[name]))], needs=(name,), **more
    )


def _all_of(layers) -> Callable:
    return lambda part, beside: [Draw(Counts(layers=layers))]


def _loud(part: Part, beside: Beside) -> Part:
    return part.with_codes(beside.loud)


def _write(part: Part, beside: Beside) -> Part:
    sides = {
        side: [replace(clip, text=f"{clip.text} {beside.prosody[clip.id]}") for clip in getattr(part, side)]
        for side in ("train", "test")
    }
    return replace(part, **sides)


def _frequent(part: Part, beside: Beside) -> list[Draw]:
    return [read_tokens(list_frequent(part, part.recipe.n_tokens))]


def _shuffle(part: Part, beside: Beside) -> Part:
    return part.shuffle_audio()


def _nothing(part: Part, beside: Beside) -> list[Draw]:
    return [Draw(None)]


SELECT, ALONE = _select_from(), {"use_text": False}
LINEAR_ARMS = {
    "text": LinearArm("what the words alone tell", _nothing),
    "prosody-in-words": LinearArm("measured prosody written as words", _nothing, _write, needs=("prosody",)),
    "lasso": LinearArm("the method: words and selected tokens of layers 2-8", SELECT),
    "lasso-all": LinearArm("does the semantic layer help or hurt?", _select_from("layers")),
    "semantic": LinearArm("tokens of the semantic layer alone", _select_from("semantic_layers")),
    "random": LinearArm("these tokens, or any that occur?", _sample),
    "matched": LinearArm("these tokens, or others of the same layers, about as frequent?", _match),
    "frequent": LinearArm("these tokens, or the most frequent?", _frequent),
    "shuffled": LinearArm("content, or the presence of tokens?", SELECT, _shuffle),
    "count-only": LinearArm("content, or how many tokens?", _count),
    "rms": LinearArm("more than loudness?", SELECT, _loud, needs=("loud",)),
    "all-tokens": LinearArm("no selection: all tokens of layers 2-8", _all_of(None)),
    "fdr": LinearArm("tokens selected with decoys", _decoys),
    "bigrams": LinearArm("pairs of consecutive tokens in place of tokens", _bigrams),
    "lasso + bigrams": LinearArm("do pairs add what single tokens lack?", _both),
    "thirds": LinearArm("selected tokens, counted in each third of the clip", _thirds),
    "measured": _reading("measured", "pitch, level, spectrum, pauses: no tokenizer"),
    "mfcc-fusion": _reading("MFCC", "MFCC beside the words"),
    "encoder-fusion": _reading("encoder", "the encoder's states beside the words"),
    "audio": LinearArm("selected tokens alone", _select_from(use_text=False), **ALONE),
    "audio: measured": _reading("measured", "measured prosody alone", **ALONE),
    "audio: encoder": _reading("encoder", "the encoder's states alone", **ALONE),
    "audio: bigrams": LinearArm("pairs of tokens alone", _bigrams, **ALONE),
    "audio: thirds": LinearArm("selected tokens by third, alone", _thirds, **ALONE),
}
"""The arms by name, which is that of the language model's arm where there is one."""
