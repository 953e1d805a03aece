"""Hold the paper's claims against the records: one table, which `write_results.py` puts into README.md.

A claim is a pair of arms: the second must be above the first. Where its interval lies decides, task by task,
by a linear model and by the language model, as far as both arms were run.
"""

from collections.abc import Mapping

from answers import DRAWS, MISSING, REFERENCE, SEEDS, read, read_llm

from speechlm_utils.bootstrap import Bootstrap, Interval
from speechlm_utils.studies.diagnosis import compare_spread
from speechlm_utils.studies.report import compare_arms, load_study

TASKS = ("fallacy", "question", "detection", "emotion")
PAIRS = {
    "selected tokens help a text model": ("text", "lasso"),
    "even random tokens help": ("text", "random"),
    "tokens of layers 2–8 do better than those of all eight": ("lasso-all", "lasso"),
    "tokens do worse without a selection": ("all-tokens", "lasso"),
    "tokens do worse without pre-training": ("no-pretraining", "lasso"),
    "fusion with MFCC does worse": ("mfcc-fusion", "lasso"),
    "fusion with learned representations does worse": ("encoder-fusion", "lasso"),
}
VERDICTS = {"above": "held", "below": "the contrary", "not decided": "not decided"}
SPREAD = 5.0  # times as wide: the paper's


def judge(found: Mapping[str, Interval], verdicts: Mapping[str, str] = VERDICTS) -> str:
    """Say where a claim held, where it is not decided, and where the contrary is."""
    places = {
        verdict: [where for where, one in found.items() if one.verdict == verdict] for verdict in verdicts
    }
    said = [f"{verdicts[verdict]}: {', '.join(some)}" for verdict, some in places.items() if some]
    return "; ".join(said) or MISSING


def list_numbers(found: Mapping[str, Interval]) -> str:
    """Write the intervals."""
    return "; ".join(f"{where} {one.short}" for where, one in found.items())


def compare_everywhere(base: str, other: str) -> dict[str, Interval]:
    """Compare two arms in every study that has runs of both: the linear ones, and the language model's."""
    found = {}
    for task in TASKS:
        study = load_study(REFERENCE / f"linear_study_{task}.json")
        if {base, other} <= {run["arm"] for run in study["runs"]}:
            found[f"`{task}`"] = compare_arms(study, base, other, bootstrap=DRAWS)
    study, n_runs = read_llm()
    if n_runs[base] and n_runs[other]:
        seeds = f"{n_runs[other]} and {n_runs[base]} seeds"
        found[f"language model ({seeds})"] = compare_arms(study, base, other, bootstrap=SEEDS)
    return found


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
        "below": "held (it even loses)",
        "not decided": "held (no gain is decided)",
    }
    return judge(found, says), list_numbers(found)


def list_claims() -> list[list[str]]:
    """Return the rows of the table, its head first."""
    rows = [["claim", "here", "by which numbers (95 % intervals)", "notebook"]]
    for claim, pair in PAIRS.items():
        found = compare_everywhere(*pair)
        rows.append([claim, judge(found), f"`{pair[1]}` less `{pair[0]}`: {list_numbers(found)}", "07"])
    rows.append(["scores spread five times as wide without pre-training", *judge_spread(), "07"])
    rows.append(["a task without acoustic correlate gains nothing", *judge_topic(), "02"])
    needs = "the arm `speechlm` asks Qwen2-Audio in words; it needs these weights and a GPU"
    return [*rows, ["larger speech language models do worse", MISSING, needs, "07"]]
