"""Scores and comparisons of arms are those of the bootstrap, draws resampled with sentences and voices."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from speechlm_utils.bootstrap import Bootstrap, paired_bootstrap
from speechlm_utils.clips import name_units
from speechlm_utils.evaluation.rotation import Outcome
from speechlm_utils.evaluation.scores import compare_arms, score_arms

BOOTSTRAP = Bootstrap(200, rows="draws")


@pytest.fixture(scope="module")
def scored(voiced_clips):
    """True classes, predictions that are right in 90 % and in 40 % of the clips, and the units."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, len(voiced_clips))

    def guess(share, n_draws):
        wrong = (y + rng.integers(1, 3, (n_draws, len(y)))) % 3
        return np.where(rng.random((n_draws, len(y))) < share, y, wrong)

    outcomes = {
        "good": Outcome(guess(0.9, 1), 12.0, 8.0, [75]),
        "bad": Outcome(guess(0.4, 4), n_tokens=[74, 76] * 2),
    }
    return y, outcomes, name_units(voiced_clips)


def test_table_holds_scores_costs_and_draws(scored):
    y, outcomes, units = scored
    table = score_arms(y, outcomes, units, BOOTSTRAP)
    mean = np.mean([f1_score(y, one, average="macro") for one in outcomes["bad"].predictions])
    assert table.macro_f1["bad"] == pytest.approx(mean) and table.draws["bad"] == 4
    assert (table.low < table.macro_f1).all() and (table.macro_f1 < table.high).all()
    assert table.loc["good", ["tokens", "per_clip", "per_clip_once"]].tolist() == [75, 12, 8]


def test_comparison_says_what_was_resampled(scored):
    y, outcomes, units = scored
    table = compare_arms(y, outcomes, "good", units, BOOTSTRAP)
    pair = (outcomes[name].predictions for name in ("bad", "good"))
    expected = paired_bootstrap(y, *pair, units, BOOTSTRAP).difference
    assert list(table.index) == ["bad"] and table.verdict["bad"] == "above"
    assert table.loc["bad", ["difference", "low", "high"]].tolist() == expected.values
    assert table.over["bad"] == "90 sentences, 10 voices, 4 draws"
