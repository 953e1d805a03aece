"""Every fast path gives what the straightforward way gives; docs/performance.md is what the record says."""

import json
import sys
from pathlib import Path

import pytest
from conftest import PLANTED_TOKENS
from tiny_llm import save_tiny_llm

from speechlm_utils.llm.spec import LLMSpec

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))
try:
    import growth
    import report
    import run
    from timing import Material, Pair, choose_by_length, measure
finally:
    sys.path.pop(0)

SIZES = dict.fromkeys(run.SIZES, 6) | {"selected": 180, "subsamples": 4, "batch": 2}


@pytest.fixture
def make_material(tiny_clips, planted_clips, tiny_codec, tmp_path):
    llm = LLMSpec(save_tiny_llm(tmp_path / "llm"))

    def make(row) -> Material:
        heard = [clip for clip in tiny_clips if "fallacy" in clip.labels]
        tokens = sorted({(layer, int(clip.codes[layer - 1, 0])) for clip in heard for layer in (2, 3)})
        if row.step == "selection":
            return Material(planted_clips, "fallacy", PLANTED_TOKENS, tiny_codec, llm, SIZES)
        return Material(heard, "fallacy", tokens, tiny_codec, llm, SIZES)

    return make


@pytest.mark.parametrize("row", run.ROWS, ids=[row.step for row in run.ROWS])
def test_both_ways_give_the_same(row, make_material):
    found = measure(row.prepare(make_material(row)), n_repetitions=1)
    assert found["equal"] and found["on"] and found["fast"] > 0 < found["plain"]


def test_results_that_differ_are_no_row():
    def check(fast, plain):
        assert fast == plain, "they differ"

    with pytest.raises(AssertionError, match="they differ"):
        measure(Pair(lambda: 1, lambda: 2, check, "nothing"))


def test_ways_take_turns():
    order = []
    pair = Pair(lambda: order.append("fast"), lambda: order.append("plain"), lambda a, b: "yes", "")
    assert measure(pair, 3)["n"] == 3
    assert order == ["fast", "plain"] * 4


def test_lengths_are_spread_as_those_of_all(tiny_clips):
    lengths = [clip.codes.shape[1] for clip in choose_by_length(tiny_clips, 5)]
    every = sorted(clip.codes.shape[1] for clip in tiny_clips)
    assert len(lengths) == 5 and lengths == sorted(lengths)
    assert abs(sum(lengths) / 5 - sum(every) / len(every)) < 1


def test_exponent_of_growth():
    assert growth.fit_exponent([1, 10, 100], [2, 20, 200]) == pytest.approx(1)
    assert growth.fit_exponent([1, 10, 100], [2, 200, 20000]) == pytest.approx(2)


@pytest.mark.parametrize("work", [growth.select, growth.associate])
def test_growing_steps_run_on_synthetic_codes(work):
    work(growth.make_clips(60))


def test_page_is_that_of_the_record():
    record = json.loads(report.RECORD.read_text(encoding="utf-8"))
    text = report.PAGE.read_text(encoding="utf-8")
    assert report.fill(text, record) == text, "run benchmarks/run.py --write"
    for name, table in report.make_tables(record).items():
        assert f"<!-- {name} -->\n{table}" in text
