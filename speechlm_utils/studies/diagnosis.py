"""Failure signatures: what a difference between two arms says about the method, and what to try next.

A rule is data: two arms, the verdicts of their difference that fit, what they say, and advice. So what a
reader is told follows from the intervals, on every corpus and task.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..bootstrap import Bootstrap, Interval
from .report import compare_arms, score_arm

WORSE_OR_SAME = ("below", "not decided")


@dataclass(frozen=True)
class Rule:
    """If what `other` gains over `base` has one of the verdicts: what that says, and what to do."""

    base: str
    other: str
    verdicts: Sequence[str]
    says: str
    advice: str


@dataclass(frozen=True)
class Diagnosis:
    """A rule that fits, with the interval that it rests on."""

    rule: Rule
    gain: Interval


RULES = (
    Rule(
        "matched", "lasso", WORSE_OR_SAME,
        "Selected tokens are not shown to be better than others about as frequent.",
        "Take more clips or more voices; look at the stability of the selection (notebook 02).",
    ),
    Rule(
        "text", "lasso", ("below",),
        "With tokens it is worse than with words alone.",
        "The selection is too strict or from the wrong layers: raise C or n_tokens, or warm up on text only.",
    ),
    Rule(
        "text", "lasso", ("not decided",),
        "Nothing is shown to be gained over the words.",
        "Compare `measured`: if measured prosody gains nothing either, it is not the tokens that fail.",
    ),
    Rule(
        "text", "measured", WORSE_OR_SAME,
        "Measured prosody is not shown to add to the words: no acoustic correlate, or little left to gain.",
        "Look at `audio: measured`: if the sound alone tells the class, the words leave too little to gain.",
    ),
    Rule(
        "measured", "lasso", ("below",),
        "Measured prosody tells more than the tokens do.",
        "The tokenizer loses it: try more tokens, other layers, or another codec (notebook 14).",
    ),
    Rule(
        "text", "count-only", ("above",),
        "The number of tokens alone gains something: how many there are, or how long a clip lasts, tells.",
        "Ask what these stand for; report `count-only` beside every gain.",
    ),
    Rule(
        "shuffled", "lasso", WORSE_OR_SAME,
        "Tokens are not shown to be better than those of other clips: the sound may not be used.",
        "Check that codes and labels belong together; then that the model is trained long enough.",
    ),
    Rule(
        "lasso", "rms", ("below",),
        "At equal loudness something is lost: part of the gain is the recording level.",
        "Make sure that level is no artefact of the recording; else train at equal loudness.",
    ),
    Rule(
        "lasso", "lasso-all", ("above",),
        "Layer 1 helps: it carries words that the text does not.",
        "Check the transcripts: with many errors the semantic layer becomes necessary.",
    ),
    Rule(
        "lasso", "all-tokens", ("above",),
        "All tokens do better than the selected ones: the selection is too strict.",
        "Raise n_tokens, and watch what a clip then costs to read (notebook 15).",
    ),
    Rule(
        "lasso", "all-tokens", ("below",),
        "All tokens do worse than the selected ones: audio overflow.",
        "Keep the selection; see how many prompts were cut (`n_cut`).",
    ),
    Rule(
        "lasso", "audio", ("above", "not decided"),
        "Words and tokens are not shown to be better than the tokens alone.",
        "Report the tokens alone, too; a language model may then be an expensive classifier.",
    ),
    Rule(
        "lasso", "thirds", ("above",),
        "Where in the clip a token stands tells more than that it is there: a bag of tokens loses order.",
        "Use a model that reads tokens in order, such as the language model; or count by parts of the clip.",
    ),
    Rule(
        "lasso", "lasso + bigrams", ("above",),
        "Pairs of tokens add what single ones lack: order matters locally.",
        "Use a model that reads tokens in order.",
    ),
    Rule(
        "lasso", "no-pretraining", ("above", "not decided"),
        "Step 2, pre-training of the embeddings, is not shown to help.",
        "Run more seeds before you leave it out; the spread over seeds is another question, see below.",
    ),
    Rule(
        "lasso", "frozen-embeddings", ("above", "not decided"),
        "Training the embeddings along is not shown to help.",
        "Freeze them where parameters are scarce; compare `frozen-untrained` to see what step 2 gives them.",
    ),
    Rule(
        "lasso", "prosody-in-words", ("above",),
        "Prosody written as words, the cheapest rival, does better than tokens.",
        "Prefer it where pitch can be measured; it needs no tokenizer, no step 1 and no step 2.",
    ),
    Rule(
        "lasso", "prosody-in-words", ("not decided",),
        "Tokens are not shown to beat prosody written as words, the cheapest rival.",
        "Report it beside the tokens, and whether it gains over the words itself.",
    ),
    Rule(
        "lasso", "encoder-fusion", ("above",),
        "Continuous states of the encoder tell more than tokens: something is lost in the codes.",
        "Use fusion if only the score counts; tokens if the model must say what it has heard.",
    ),
)  # fmt: skip


def diagnose(
    study: Mapping, split: str = "test", bootstrap: Bootstrap = Bootstrap(rows="seeds"), rules=RULES
) -> list[Diagnosis]:
    """List the rules that fit a study, in their order; a rule whose arms it lacks is passed over."""
    there, found, gains = {run["arm"] for run in study["runs"]}, [], {}
    for rule in rules:
        pair = rule.base, rule.other
        if set(pair) <= there:
            if pair not in gains:
                gains[pair] = compare_arms(study, *pair, split, bootstrap=bootstrap)
            if gains[pair].verdict in rule.verdicts:
                found.append(Diagnosis(rule, gains[pair]))
    return found


def compare_spread(
    study: Mapping, base: str, other: str, split: str = "test", bootstrap: Bootstrap = Bootstrap()
) -> Interval | None:
    """Return how many times larger the deviation over seeds is, `other` to `base`; seeds are resampled.

    None where an arm has fewer than three seeds, for a deviation of two numbers says nothing, or where those
    of `base` all score the same.
    """
    scores = [np.array(score_arm(study, arm, split)) for arm in (base, other)]
    if min(map(len, scores)) < 3 or not scores[0].std():
        return None
    rng, ratios = np.random.default_rng(bootstrap.seed), []
    ratios.append(scores[1].std(ddof=1) / scores[0].std(ddof=1))
    while len(ratios) <= bootstrap.n_resamples:
        low, high = (one[rng.integers(len(one), size=len(one))].std(ddof=1) for one in scores)
        if low > 0:  # a draw of one seed alone has no deviation
            ratios.append(high / low)
    return bootstrap.interval(np.array(ratios), tuple(map(len, scores)), "seeds", reference=1.0)
