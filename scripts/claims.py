"""Hold the paper's claims against the records: one table, which `write_results.py` puts into README.md."""

from collections.abc import Mapping

from answers import DRAWS, MISSING, REFERENCE, SEEDS, TASKS, read, read_llm

from speechlm_utils.bootstrap import Bootstrap, Interval
from speechlm_utils.studies.claims import CLAIMS, VERDICTS, compare_claims, judge
from speechlm_utils.studies.diagnosis import compare_spread
from speechlm_utils.studies.report import compare_arms, load_study

SPREAD = 5.0  # times as wide: the paper's


NAMES = {
    "text": "words",
    "lasso": "selected",
    "random": "random",
    "lasso-all": "selected from layers 1–8",
    "all-tokens": "all tokens",
    "no-pretraining": "without step 2",
    "mfcc-fusion": "MFCC fused",
    "encoder-fusion": "Whisper's states",
}


def list_numbers(found: Mapping[str, Interval]) -> str:
    """Write the intervals."""
    return "; ".join(f"{where} {one.short}" for where, one in found.items())


def compare_everywhere() -> dict[str, dict[str, str]]:
    """Compare in every study, the linear ones and the language model's: study -> claim -> what it says."""
    found = {}
    for task in TASKS:
        gains = compare_claims(load_study(REFERENCE / f"linear_study_{task}.json"), DRAWS)
        found[f"`{task}`"] = {claim: say(gain) for claim, gain in gains.items()}
    study, n_runs = read_llm()
    seeds = {claim: f" ({n_runs[other]}, {n_runs[base]})" for claim, (base, other) in CLAIMS.items()}
    gains = compare_claims(study, SEEDS)
    return found | {
        "language model (seeds)": {claim: say(gain) + seeds[claim] for claim, gain in gains.items()}
    }


def say(gain: Interval) -> str:
    """Write a verdict and its interval."""
    return f"**{VERDICTS[gain.verdict]}** {gain.short}" if gain.verdict != "not decided" else gain.short


def judge_spread() -> tuple[str, str]:
    """Without pre-training, the paper has scores that spread five times as wide over seeds."""
    study, _ = read_llm()
    ratio = compare_spread(study, "lasso", "no-pretraining", bootstrap=Bootstrap(5000))
    if ratio is None:
        return MISSING, ""
    wider = {"above": "wider", "below": "narrower", "not decided": "whether wider is not decided"}
    inside = ratio.low <= SPREAD <= ratio.high
    answer = f"five times is {'within' if inside else 'outside'} the interval; {wider[ratio.verdict]}"
    n = " and ".join(map(str, ratio.n))
    return answer, f"ratio of deviations {ratio.estimate:.1f} [{ratio.low:.1f}, {ratio.high:.1f}], {n} seeds"


def judge_topic() -> tuple[str, str]:
    """A task that only the words tell: nothing is to be gained."""
    record = read("linear_demo_topic")
    parts = {"test": "own_split", "voices rotated": "rotated"}
    found = {
        name: Interval(one["difference"], one["low"], one["high"], one["n"], one["unit"])
        for name, part in parts.items()
        for one in [record[part]["comparisons"]["selected less nothing"]]
    }
    says = {
        "above": "a gain is shown",
        "below": "a loss is shown",
        "not decided": "no gain is shown",
    }
    sides = {one.verdict for one in found.values()}
    answer = says[sides.pop()] if len(sides) == 1 else judge(found, says)
    return answer, list_numbers(found)


def judge_speechlm() -> tuple[str, str]:
    """A larger model of speech, asked in words, is worse than the small one with tokens."""
    study, n_runs = read_llm()
    if not n_runs["speechlm"]:
        return MISSING, "the arm `speechlm` asks Qwen2-Audio in words; it needs these weights and a GPU"
    gain = compare_arms(study, "speechlm", "lasso", bootstrap=SEEDS)
    return VERDICTS[gain.verdict], f"selected less it {gain.short}"


def list_claims() -> list[list[str]]:
    """Return the rows of the table, its head first: a column for each study."""
    found = compare_everywhere()
    rows = [["claim", *found]]
    for claim, (base, other) in CLAIMS.items():
        cells = [of_study.get(claim, "–") for of_study in found.values()]
        rows.append([f"{claim} ({NAMES[other]} less {NAMES[base]})", *cells])
    return rows


def list_other_claims() -> list[str]:
    """Return the claims that are no comparison of two arms, each with its answer."""
    found = {
        "scores spread five times as wide without step 2": judge_spread(),
        "a task without acoustic correlate gains nothing (`topic`, notebook 02)": judge_topic(),
        "larger speech language models do worse": judge_speechlm(),
    }
    return [f"{claim}: {answer} ({numbers})" for claim, (answer, numbers) in found.items()]
