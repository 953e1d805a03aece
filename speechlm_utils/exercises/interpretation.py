"""Checks of the exercises of notebooks 03, 11 and 12."""

import numpy as np
from scipy.stats import false_discovery_control

from ..codec_spec import CodecSpec
from .feedback import NotYet, compare, exercise


@exercise("Samples of a frame")
def check_frame_samples(function, spec: CodecSpec) -> str:
    """Check a function frame -> (first, last) sample that the frame covers, both included."""
    second = round(spec.frame_rate)
    for frame in (0, 1, second - 1, second):
        right = (frame * spec.hop, (frame + 1) * spec.hop - 1)
        compare(function(frame), right, case=f"frame {frame}", rtol=0)
    return f"Frame {second} begins at sample {second * spec.hop:,}: one second."


@exercise("Effect size")
def check_effect(function) -> str:
    """Check a function (with_token, others) -> Cohen's d with the pooled standard deviation."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(4.0, 1.0, 80), rng.normal(0.0, 3.0, 120)
    difference = a.mean() - b.mean()
    pooled = np.sqrt((a.var() * len(a) + b.var() * len(b)) / (len(a) + len(b) - 2))
    by_all = difference / np.concatenate([a, b]).std()
    hints = {
        "The sign is turned round: take the token's frames less the others.": -difference / pooled,
        "This is the difference of the means; divide it by the pooled deviation.": difference,
        "This deviation is that of all frames; pool the deviations within the groups.": by_all,
    }
    compare(function(a, b), difference / pooled, hints, "80 frames with the token, 120 others")
    return "Positive: the token's frames lie higher."


@exercise("q-values")
def check_q_values(function) -> str:
    """Check a function p -> q of Benjamini and Hochberg."""
    p = np.array([0.20, 0.001, 0.012, 0.9, 0.011])
    rank = p.argsort().argsort() + 1
    hints = {
        "This is Bonferroni: each p times the number of tests. Divide by the rank too.": np.minimum(5 * p, 1),
        "Nearly: no q may be larger than that of a larger p.": np.minimum(5 * p / rank, 1),
    }
    compare(function(p.copy()), false_discovery_control(p), hints, f"p = {p.tolist()}", rtol=1e-5)
    return "Read q = 0.05 as: of all that I accept, one in twenty may be false."


@exercise("Replace a token")
def check_replace(function) -> str:
    """Check a function (codes, token, code) -> codes with the token replaced, the original left as it is."""
    codes = np.array([[3, 5, 3, 1], [3, 3, 4, 5], [1, 3, 3, 3]])
    right, below, given = codes.copy(), codes.copy(), codes.copy()
    right[1, :2] = below[2, 1:] = 9
    answer = function(given, (2, 3), 9)
    if np.shape(answer) == codes.shape and not np.array_equal(given, codes):
        raise NotYet("The codes you were given have changed: work on a copy.")
    hints = {
        "You replace 3 in all layers; a token is one layer and one code.": np.where(codes == 3, 9, codes),
        "Layer 2 is the second row: layers count from 1, rows from 0.": below,
    }
    compare(answer, right, hints, f"(2, 3) -> 9 in {codes.tolist()}", rtol=0)
    return "The same number in another layer is another sound, and stays."


@exercise("Interval over clips")
def check_interval(function) -> str:
    """Check a function (hits, frames, draws) -> 95 % interval of a share, over resamples of whole clips."""
    rng = np.random.default_rng(0)
    frames = rng.integers(40, 400, 30)
    hits = rng.binomial(frames, rng.beta(0.5, 8, 30))
    draws = rng.integers(0, 30, (400, 30))
    pooled = hits[draws].sum(axis=1) / frames[draws].sum(axis=1)
    low, high = np.quantile(pooled, [0.025, 0.975])
    share = hits.sum() / frames.sum()
    error = 1.96 * np.sqrt(share * (1 - share) / frames.sum())
    averaged = np.quantile((hits / frames)[draws].mean(axis=1), [0.025, 0.975])
    hints = {
        "The bounds have changed places: low comes first.": [high, low],
        "You average the clips' shares; a long clip has more frames: divide the sums.": averaged,
        "This holds 90 %: leave 2.5 % out on each side.": np.quantile(pooled, [0.05, 0.95]),
        "This takes frames for independent; use the resamples of clips.": [share - error, share + error],
    }
    compare(function(hits.copy(), frames.copy(), draws.copy()), [low, high], hints, "30 clips, 400 resamples")
    return "Clips are resampled whole: what hangs together stays together."


@exercise("Complete or not?")
def check_completeness(function) -> str:
    """Check a function (scores, score, baseline score) -> completeness error as a share."""
    hints = {
        "An error has no sign: take the size of both differences.": -0.25,
        "This is the error in logits: divide it by what is to be explained.": 0.5,
        "Compare the sum with the score less the baseline's, not with the score alone.": 0.0,
        "Sum the scores as they are: what speaks against the class counts as negative.": 3.0,
    }
    scores = np.array([0.5, -0.25, 0.75, -2.5])
    compare(function(scores.copy(), -1.5, 0.5), 0.25, hints, f"scores {scores.tolist()}, from 0.5 to -1.5")
    return "A quarter of what is to be explained is missing: more steps are needed."


@exercise("A fair control")
def check_control(function) -> str:
    """Check a function (scores, k, rng) -> the places of the k largest scores and k random ones of all."""
    scores = np.array([0.1, -3.0, 0.4, 0.2, -0.5, 0.3, 0.0, -0.1])
    answer = function(scores.copy(), 3, np.random.default_rng(0))
    if [np.shape(places) for places in answer] != [(3,), (3,)]:
        raise NotYet("Return two lists of k places each: (top, random).")
    hints = {
        "These are the smallest: what speaks most against the class.": [1, 4, 7],
        "Not by size: a token that speaks against the class must not count as top.": [1, 2, 4],
    }
    compare(np.sort(answer[0]), [2, 3, 5], hints, "the largest three", rtol=0)
    rng = np.random.default_rng(1)
    drawn = [np.unique(function(scores.copy(), 3, rng)[1]) for _ in range(200)]
    if any(len(places) < 3 for places in drawn):
        raise NotYet("A random list holds a place twice: sample without replacement.")
    missing = set(range(len(scores))).difference(*drawn)
    if missing and missing <= {2, 3, 5}:
        raise NotYet("The control leaves the top tokens out: sample from all tokens of the clip.")
    if missing:
        raise NotYet(f"In 200 samples the places {sorted(missing)} never came: use the given rng.")
    return "The control may hit a top token by luck: that is what random means."
