"""Hold the paper's claims against the records: one table, which `write_results.py` puts into README.md."""

from collections.abc import Mapping

from answers import DRAWS, MISSING, REFERENCE, SEEDS, read, read_llm

from speechlm_utils.bootstrap import Bootstrap, Interval
from speechlm_utils.studies.claims import CLAIMS, compare_claims, judge
from speechlm_utils.studies.diagnosis import compare_spread
from speechlm_utils.studies.report import load_study

TASKS = ("fallacy", "question", "detection", "emotion")
SPREAD = 5.0  # times as wide: the paper's


def list_numbers(found: Mapping[str, Interval]) -> str:
    """Write the intervals."""
    return "; ".join(f"{where} {one.short}" for where, one in found.items())


def compare_everywhere() -> dict[str, dict[str, Interval]]:
    """Compare in every study, the linear ones and the language model's: claim -> study -> interval."""
    found = {
        f"`{task}`": compare_claims(load_study(REFERENCE / f"linear_study_{task}.json"), DRAWS)
        for task in TASKS
    }
    study, n_runs = read_llm()
    found["language model"] = compare_claims(study, SEEDS)
    by_claim = {claim: {name: one[claim] for name, one in found.items() if claim in one} for claim in CLAIMS}
    for claim, (base, other) in CLAIMS.items():
        if "language model" in by_claim[claim]:
            seeds = f"language model ({n_runs[other]} and {n_runs[base]} seeds)"
            by_claim[claim][seeds] = by_claim[claim].pop("language model")
    return by_claim


def judge_spread() -> tuple[str, str]:
    """Without pre-training, the paper has scores that spread five times as wide over seeds."""
    study, _ = read_llm()
    ratio = compare_spread(study, "lasso", "no-pretraining", bootstrap=Bootstrap(5000))
    if ratio is None:
        return MISSING, ""
    wider = {"above": "wider", "below": "narrower", "not decided": "wider or not: not decided"}[ratio.verdict]
    inside = ratio.low <= SPREAD <= ratio.high
    answer = f"{wider}; five times is {'within' if inside else 'outside'} the interval"
    n = " and ".join(map(str, ratio.n))
    return answer, f"ratio of deviations {ratio.estimate:.1f} [{ratio.low:.1f}, {ratio.high:.1f}] ({n} seeds)"


def judge_topic() -> tuple[str, str]:
    """A task that only the words tell: nothing is to be gained."""
    record = read("linear_demo_topic")
    parts = {"test": "own_split", "voices rotated": "rotated"}
    found = {
        f"`topic`, {name}": Interval(one["difference"], one["low"], one["high"], one["n"], one["unit"])
        for name, part in parts.items()
        for one in [record[part]["comparisons"]["selected less nothing"]]
    }
    says = {
        "above": "did not hold",
        "below": "held: it even loses",
        "not decided": "not contradicted: no gain is decided",
    }
    return judge(found, says), list_numbers(found)


def list_claims() -> list[list[str]]:
    """Return the rows of the table, its head first."""
    rows = [["claim", "here", "by which numbers (95 % intervals)", "notebook"]]
    for claim, found in compare_everywhere().items():
        base, other = CLAIMS[claim]
        rows.append([claim, judge(found) or MISSING, f"`{other}` less `{base}`: {list_numbers(found)}", "07"])
    rows.append(["scores spread five times as wide without pre-training", *judge_spread(), "07"])
    rows.append(["a task without acoustic correlate gains nothing", *judge_topic(), "02"])
    needs = "the arm `speechlm` asks Qwen2-Audio in words; it needs these weights and a GPU"
    return [*rows, ["larger speech language models do worse", MISSING, needs, "07"]]
