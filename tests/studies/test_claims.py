"""Claims: an interval's side decides, and what was not run is not judged."""

import numpy as np

from speechlm_utils.bootstrap import Bootstrap, Interval
from speechlm_utils.evaluation.study_arms import LINEAR_ARMS
from speechlm_utils.studies.arms import ARMS
from speechlm_utils.studies.claims import CLAIMS, compare_claims, judge


def test_claims_are_about_arms_that_there_are():
    assert {arm for pair in CLAIMS.values() for arm in pair} <= set(ARMS) | set(LINEAR_ARMS)


def test_a_claim_is_held_where_its_interval_lies_on_its_side():
    spans = {"a": (0.2, 0.1, 0.3), "b": (-0.2, -0.3, -0.1), "c": (0.1, -0.1, 0.3), "d": (0.4, 0.3, 0.5)}
    found = {name: Interval(*span, 5, "voices") for name, span in spans.items()}
    assert judge(found) == "held: a, d; the contrary: b; not decided: c"
    assert judge({}) == ""


def test_only_claims_whose_arms_were_run_are_compared():
    y = np.arange(40) % 2
    about = {"y_true": y.tolist(), "sentences": [f"s{i}" for i in range(40)], "ambiguous": [False] * 40}
    about["voices"] = [f"v{i % 5}" for i in range(40)]
    guesses = {"text": np.zeros(40, int), "lasso": y, "mfcc-fusion": y}
    runs = [{"arm": arm, "predictions": {"test": found.tolist()}} for arm, found in guesses.items()]
    found = compare_claims(
        {"label_names": ["a", "b"], "clips": {"test": about}, "runs": runs}, Bootstrap(200)
    )
    assert {claim: one.verdict for claim, one in found.items()} == {
        "selected tokens help a text model": "above",
        "fusion with MFCC does worse": "not decided",
    }
