"""Checks of the exercises of notebook 03."""

import numpy as np
from scipy.stats import false_discovery_control

from ..codec_spec import CodecSpec
from .feedback import compare, exercise


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
