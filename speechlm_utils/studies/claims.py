"""The paper's claims as pairs of arms: where a study's intervals hold them, and where they do not."""

from collections.abc import Mapping

from ..bootstrap import Bootstrap, Interval
from .report import compare_arms

CLAIMS = {
    "selected tokens help a text model": ("text", "lasso"),
    "even random tokens help": ("text", "random"),
    "tokens of layers 2–8 do better than those of all eight": ("lasso-all", "lasso"),
    "tokens do worse without a selection": ("all-tokens", "lasso"),
    "tokens do worse without pre-training": ("no-pretraining", "lasso"),
    "fusion with MFCC does worse": ("mfcc-fusion", "lasso"),
    "fusion with learned representations does worse": ("encoder-fusion", "lasso"),
}
"""What arXiv:2512.07571 says, and the arms whose second must then be above the first."""
VERDICTS = {"above": "held", "below": "the contrary", "not decided": "not decided"}
"""What the side of zero says on which an interval lies."""


def compare_claims(study: Mapping, bootstrap: Bootstrap) -> dict[str, Interval]:
    """Return for each claim what its second arm gains over its first; left out where one has no run."""
    there = {run["arm"] for run in study["runs"]}
    pairs = {claim: pair for claim, pair in CLAIMS.items() if set(pair) <= there}
    return {claim: compare_arms(study, *pair, bootstrap=bootstrap) for claim, pair in pairs.items()}


def judge(found: Mapping[str, Interval], verdicts: Mapping[str, str] = VERDICTS) -> str:
    """Say in which studies a claim held, where it is not decided, and where the contrary is: "held: a, b"."""
    places = {side: [where for where, one in found.items() if one.verdict == side] for side in verdicts}
    return "; ".join(f"{verdicts[side]}: {', '.join(some)}" for side, some in places.items() if some)
