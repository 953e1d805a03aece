"""The facts about tokens are one tidy table."""

from speechlm_utils.interpretation.cards import PARTS
from speechlm_utils.interpretation.evidence import COLUMNS
from speechlm_utils.tokens import show_token


def test_table_is_tidy(facts):
    assert tuple(facts.columns) == COLUMNS
    assert set(facts.part) == set(PARTS) - {"codebook"}
    assert not facts.duplicated(["token", "part", "name"]).any()
    assert (facts.token == [show_token(*one) for one in zip(facts.layer, facts.code, strict=True)]).all()
    interval = facts[facts.low.notna() & ~facts.part.isin(["coefficient"])]
    assert ((interval.low <= interval.value + 1e-9) & (interval.value <= interval.high + 1e-9)).mean() > 0.98
