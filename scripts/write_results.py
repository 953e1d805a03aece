"""Write the README's result tables from the records in ``data/reference``; a test compares them.

python scripts/write_results.py
"""

import json
import re
from pathlib import Path

from speechlm_utils.bootstrap import Bootstrap, Interval
from speechlm_utils.studies.report import compare_arms, load_study, score_arm, tabulate_study

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "data" / "reference"
ARMS = {
    "words": "words",
    "words + selected": "words + 75 selected tokens",
    "words + matched": "words + 75 others, as frequent and of the same layers (10 draws)",
    "words + random": "words + 75 random tokens that occur (10 draws)",
    "words + selected, equal loudness": "words + 75 selected, every clip at the same loudness",
    "words + selected, untrained": "words + 75 selected, tokenizer on an untrained encoder",
    "selected": "75 selected tokens alone",
    "matched": "75 matched tokens alone",
    "selected, untrained": "75 selected alone, untrained encoder",
    "selected, shuffled audio": "75 selected alone, audio of other clips",
    "counts only": "how many tokens, not which",
    "all tokens, layer 1": "all tokens of layer 1 (semantic)",
    "all tokens, layers 2–8": "all tokens of layers 2–8",
    "measured acoustics": "measured acoustics (pitch, level, spectrum, pauses)",
    "MFCC": "MFCC, mean and deviation",
    "states of block 2": "continuous states of the encoder: the limit",
}
DIFFERENCES = {
    "words + selected": "selected less nothing",
    "words + selected, equal loudness": "equal loudness less nothing",
}


def read(name: str) -> dict:
    """Read a record."""
    return json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8"))


def as_table(rows: list[list]) -> str:
    """Write a Markdown table; the first row is its head."""
    rows = [rows[0], ["---"] * len(rows[0]), *rows[1:]]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)


def say(one: dict) -> str:
    """Write a difference with its interval and what was resampled."""
    counts = one["n"] if isinstance(one["n"], list) else [one["n"]]
    units = re.split(r", | and ", one["unit"])
    over = ", ".join(f"{n} {unit}" for n, unit in zip(counts, units, strict=True))
    return f"{one['difference']:+.3f} [{one['low']:+.3f}, {one['high']:+.3f}] over {over}"


def tabulate_linear(record: dict, part: str) -> str:
    """One row for each arm that is shown: macro-F1 and tokens a clip, and the comparisons below."""
    found = record[part]
    rows = [["what a linear model reads", "macro-F1", "tokens a clip", "… a token that lasts written once"]]
    for name, label in ARMS.items():
        if name in found["arms"]:
            arm = found["arms"][name]
            cost = [
                f"{arm[key]:.0f}" if arm["tokens"] else ""
                for key in ("tokens_per_clip", "tokens_per_clip_once")
            ]
            rows.append([label, f"{arm['macro_f1']:.3f}", *cost])
    lines = [f"- {name}: {say(one)}: {one['verdict']}" for name, one in found["comparisons"].items()]
    return as_table(rows) + "\n\nDifferences of macro-F1, 95 % intervals:\n\n" + "\n".join(lines)


LLM_ARMS = {
    "text": "words",
    "lasso": "words + 75 selected tokens",
    "matched": "words + 75 others, as frequent and of the same layers (a draw for each seed)",
    "no-pretraining": "words + 75 selected tokens, embeddings not pre-trained",
    "text-slow": "words, half the learning rate",
    "text, earlier recipe": "words, earlier recipe",
    "lasso, earlier recipe": "words + 75 selected tokens, earlier recipe",
}


def tabulate_llm(study: dict) -> str:
    """Seeds, mean and deviation of each arm on validation and test, and what it gains over words."""
    found = tabulate_study(study, Bootstrap(5000, rows="seeds"))
    rows = [["the language model reads", "seeds", "validation", "test", "test, less words"]]
    for arm, one in found.iterrows():
        scores = [show_score(one.get(split), one.get(f"{split}, sd")) for split in ("validation", "test")]
        gain = "" if arm == "text" else show_interval(one["less text"])
        rows.append([LLM_ARMS[arm], str(one.seeds), *scores, gain])
    lines = []
    for name, base, subset in LLM_PAIRS:
        gain = compare_arms(study, base, "lasso", subset=subset, bootstrap=Bootstrap(5000, rows="seeds"))
        lines.append(f"- {name}: {show_interval(gain)}: {gain.verdict}")
    emodb = load_study(REFERENCE / "llm_emodb_emotion.json")
    n_voices = len(set(emodb["clips"]["test"]["voices"]))
    score = (
        f"macro-F1 {score_arm(emodb, 'lasso')[0]:.3f} with selected tokens, {n_voices} voices in five folds"
    )
    lines.append(f"- EmoDB, emotion, the same recipe: {score}, one seed (`llm_emodb_emotion.json`)")
    n = "sentences, voices and seeds"
    return as_table(rows) + f"\n\nMacro-F1; 95 % intervals over {n}. Selected tokens:\n\n" + "\n".join(lines)


LLM_PAIRS = (
    ("less words, where the words leave the class open", "text", "ambiguous"),
    ("less words, where they do not", "text", "specific"),
    ("less matched", "matched", "all"),
    ("less matched, where the words leave the class open", "matched", "ambiguous"),
    ("less those not pre-trained", "no-pretraining", "all"),
)


def show_score(mean: float | None, spread: float | None) -> str:
    """Write mean and deviation over seeds, as far as there are any."""
    if mean is None or mean != mean:
        return ""
    return f"{mean:.3f}" if spread != spread else f"{mean:.3f} ± {spread:.3f}"


def show_interval(gain: Interval) -> str:
    """Write a difference with its interval."""
    return f"{gain.estimate:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]"


def make_tables() -> dict[str, str]:
    """Return the tables by the name of their place in the README."""
    tables = {"llm": tabulate_llm(load_study(REFERENCE / "llm_demo_fallacy.json"))}
    tables["emodb"] = tabulate_linear(read("linear_emodb_emotion"), "rotated")
    for task in ("fallacy", "question", "topic"):
        if (REFERENCE / f"linear_demo_{task}.json").is_file():
            tables[task] = tabulate_linear(read(f"linear_demo_{task}"), "own_split")
    return tables


def fill(text: str) -> str:
    """Put each table between its two marks."""
    for name, table in make_tables().items():
        marks = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
        text = re.sub(
            marks, lambda found, table=table: f"{found[1]}{table}\n{found[2]}", text, flags=re.DOTALL
        )
    return text


if __name__ == "__main__":
    readme = ROOT / "README.md"
    readme.write_text(fill(readme.read_text(encoding="utf-8")), encoding="utf-8")
