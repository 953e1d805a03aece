"""The result tables are those of the records, and there is one score of the words alone."""

import json
from collections import Counter
from pathlib import Path

import pytest

from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.studies.diagnosis import compare_spread
from speechlm_utils.studies.report import compare_arms, join_studies, load_study, score_arm

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def scripts(monkeypatch):
    """Make the modules in scripts/ importable."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))


def test_tables_are_those_of_the_records(scripts):
    from write_results import PLACES, fill, make_tables

    texts = [(ROOT / place).read_text(encoding="utf-8") for place in PLACES]
    for place, text in zip(PLACES, texts, strict=True):
        assert fill(text) == text, f"{place}: run scripts/write_results.py"
    tables, shown = make_tables(), "".join(texts)
    for name in (
        "llm",
        "llm, short",
        "llm, gains",
        "llm, question",
        "claims",
        "answers",
        "demo_fallacy",
        "demo_topic",
        "demo_fallacy, short",
        "emodb_emotion, short",
    ):
        assert f"<!-- {name} -->\n{tables[name]}" in shown


def test_every_arm_that_was_run_has_a_row(scripts):
    from llm_results import ARMS

    for path in (ROOT / "data" / "reference").glob("llm_*.json"):
        assert {run["arm"] for run in load_study(path)["runs"]} <= set(ARMS), path


def test_the_words_alone_have_one_score():
    path = ROOT / "data" / "reference" / "linear_demo_fallacy.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    score = f"{record['own_split']['arms']['words']['macro_f1']:.3f}"
    card = (ROOT / "data" / "demo" / "README.md").read_text(encoding="utf-8")
    assert f"| fallacy | {score} [" in card, "run scripts/report_corpus.py"
    assert f"| words | {score} |" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_stored_results_are_those_of_one_tokenizer():
    names = ("linear_demo_fallacy", "linear_emodb_emotion", "acoustics_emodb")
    paths = [ROOT / "data" / "reference" / f"{name}.json" for name in names]
    assert len({json.loads(path.read_text(encoding="utf-8"))["codec_hash"] for path in paths}) == 1


def test_what_the_readme_says_between_its_tables_follows_from_the_records():
    records = ROOT / "data" / "reference"
    emodb, demo = (
        json.loads((records / f"linear_{name}.json").read_text(encoding="utf-8"))["rotated"]["comparisons"]
        for name in ("emodb_emotion", "demo_fallacy")
    )
    study = load_study(records / "llm_demo_fallacy.json")
    seeds = Bootstrap(5000, rows="seeds")
    for linear in (emodb, demo):
        for name in ("selected less nothing", "selected less matched", "audio: selected less layer 1"):
            assert linear[name]["verdict"] == "above"
        assert linear["random less nothing"]["verdict"] == "above"
    assert compare_arms(study, "text", "lasso", bootstrap=seeds).verdict == "above"
    assert compare_arms(study, "matched", "lasso", bootstrap=seeds).verdict == "not decided"
    assert compare_arms(study, "text", "lasso", "validation", bootstrap=seeds).verdict == "not decided"
    assert compare_arms(study, "encoder-fusion", "lasso", bootstrap=seeds).verdict == "below"
    assert compare_arms(study, "all-tokens", "lasso", bootstrap=seeds).verdict == "above"
    for base, other in (
        ("text", "random"),
        ("random", "lasso"),
        ("no-pretraining", "lasso"),
        ("text", "paper"),
        ("lasso-20", "lasso"),
        ("shuffled", "lasso"),
    ):
        assert compare_arms(study, base, other, bootstrap=seeds).verdict == "not decided"
    for base, other in (
        ("text", "random"),
        ("random", "lasso"),
        ("matched", "lasso"),
        ("shuffled", "lasso"),
        ("text", "lasso"),
    ):
        assert compare_arms(study, base, other, subset="ambiguous", bootstrap=seeds).verdict == "above"
    assert compare_arms(study, "text", "lasso", subset="specific", bootstrap=seeds).verdict == "not decided"
    question = load_study(records / "llm_demo_question.json")
    both = join_studies(load_study(records / "linear_study_question.json"), question, "LLM: ")
    assert compare_arms(question, "text", "lasso", bootstrap=seeds).verdict == "above"
    runs = Bootstrap(5000, rows="runs")
    assert compare_arms(both, "lasso", "LLM: lasso", bootstrap=runs).verdict == "not decided"
    spread = compare_spread(study, "lasso", "no-pretraining", bootstrap=Bootstrap(5000))
    assert spread.high < 5 and spread.n == (10, 10)
    n_seeds = Counter(run["arm"] for run in study["runs"])
    named = {"encoder-fusion": 4, "all-tokens": 1, "random": 5, "paper": 1, "lasso-20": 1}
    assert {arm: n_seeds[arm] for arm in named} == named
    assert min(score_arm(study, "lasso")) > max(score_arm(study, "text"))
