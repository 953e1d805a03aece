"""Diagnoses follow from planted differences; a ratio of deviations from planted seeds."""

import numpy as np
import pytest
from planted_study import make_study

from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.evaluation.study_arms import LINEAR_ARMS
from speechlm_utils.studies.arms import ARMS
from speechlm_utils.studies.diagnosis import RULES, Rule, compare_spread, diagnose

QUICK = Bootstrap(200, rows="seeds")


def find(study, base, other):
    """The verdicts and sayings about a pair."""
    return [(one.gain.verdict, one.rule.says) for one in diagnose(study, bootstrap=QUICK)
            if (one.rule.base, one.rule.other) == (base, other)]  # fmt: skip


def test_tokens_no_better_than_matched_are_told():
    same, better = make_study({"matched": 0.7, "lasso": 0.7}), make_study({"matched": 0.5, "lasso": 0.95})
    (found,) = find(same, "matched", "lasso")
    assert found[0] == "not decided" and "as frequent" in found[1]
    assert find(better, "matched", "lasso") == []


@pytest.mark.parametrize(
    ("shares", "pair", "word"),
    [
        ({"text": 0.9, "lasso": 0.5}, ("text", "lasso"), "worse"),
        ({"text": 0.5, "count-only": 0.9}, ("text", "count-only"), "number of tokens"),
        ({"lasso": 0.9, "rms": 0.5}, ("lasso", "rms"), "equal loudness"),
        ({"lasso": 0.5, "all-tokens": 0.9}, ("lasso", "all-tokens"), "too strict"),
        ({"lasso": 0.9, "all-tokens": 0.5}, ("lasso", "all-tokens"), "overflow"),
        ({"lasso": 0.8, "shuffled": 0.8}, ("shuffled", "lasso"), "other clips"),
        ({"lasso": 0.5, "thirds": 0.9}, ("lasso", "thirds"), "order"),
    ],
)
def test_signature_is_recognised(shares, pair, word):
    ((_, says),) = find(make_study(shares), *pair)
    assert word in says


def test_rules_speak_of_arms_that_exist_and_never_twice_of_one_verdict():
    known, seen = {*ARMS, *LINEAR_ARMS}, set()
    for rule in RULES:
        assert {rule.base, rule.other} <= known and rule.says.endswith(".") and rule.advice.endswith(".")
        for verdict in rule.verdicts:
            assert (rule.base, rule.other, verdict) not in seen
            seen.add((rule.base, rule.other, verdict))


def test_rule_without_its_arms_is_passed_over():
    rules = [Rule("text", "unheard", ("above",), "x.", "y.")]
    assert diagnose(make_study({"text": 0.5}), rules=rules) == []


def test_ratio_of_deviations():
    rng, n = np.random.default_rng(1), 120
    study = make_study({"lasso": 0.8}, n_seeds=0)
    y = np.array(study["clips"]["test"]["y_true"])
    for arm, shares in {"calm": np.linspace(0.78, 0.82, 8), "wild": np.linspace(0.6, 1.0, 8)}.items():
        for seed, share in enumerate(shares):
            wrong = rng.permutation(n)[: round(n * (1 - share))]
            said = y.copy()
            said[wrong] = 1 - said[wrong]
            study["runs"].append({"arm": arm, "seed": seed, "predictions": {"test": said.tolist()}})
    ratio = compare_spread(study, "calm", "wild")
    assert ratio.verdict == "above" and 5 < ratio.estimate < 20 and ratio.n == (8, 8)
    assert compare_spread(study, "wild", "calm").verdict == "below"
    study["runs"] += [
        {"arm": "stuck", "seed": seed, "predictions": {"test": y.tolist()}} for seed in range(3)
    ]
    assert compare_spread(study, "stuck", "wild") is None  # nothing is any number of times as wide
    study["runs"] = study["runs"][:9]
    assert compare_spread(study, "calm", "wild") is None
