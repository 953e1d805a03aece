"""Write the README's result tables from the records in ``data/reference``; a test compares them.

python scripts/write_results.py
"""

import json
import re
from pathlib import Path

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


def as_table(rows: list[list[str]]) -> str:
    """Write a Markdown table; the first row is its head."""
    rows = [rows[0], ["---"] * len(rows[0]), *rows[1:]]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


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


def tabulate_llm(record: dict) -> str:
    """Seeds, mean and deviation of each condition, and the comparison over the seeds that both have."""
    scores = {}
    for run in record["runs"]:
        scores.setdefault(run["condition"], []).append(run["metrics"]["test"]["macro_f1_present"])
    rows = [
        [
            "the language model reads",
            "seeds",
            "macro-F1",
            "against words, same seed",
            "where the words leave the class open",
        ]
    ]
    for name, values in scores.items():
        mean = sum(values) / len(values)
        sd = (sum((value - mean) ** 2 for value in values) / max(len(values) - 1, 1)) ** 0.5
        shown = f"{mean:.3f} ± {sd:.3f}" if len(values) > 1 else f"{mean:.3f}"
        against = {one["subset"]: one for one in record["comparisons"] if one["condition"] == name}
        spans = [
            f"{one['difference']:+.3f} [{one['low']:+.3f}, {one['high']:+.3f}]"
            if (one := against.get(key))
            else ""
            for key in ("all", "ambiguous")
        ]
        label = {"text": "words", "selected": "words + 75 selected tokens"}.get(name, name)
        rows.append([label, str(len(values)), shown, *spans])
    return as_table(rows)


def make_tables() -> dict[str, str]:
    """Return the tables by the name of their place in the README."""
    tables = {"llm": tabulate_llm(read("llm_fallacy"))}
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
