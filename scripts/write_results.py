"""Write the result tables of README.md and docs/results.md from ``data/reference``; a test compares them.

python scripts/write_results.py
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from answers import list_answers, read, read_llm
from claims import list_claims, list_other_claims
from llm_results import list_llm, list_llm_gains

from speechlm_utils.bootstrap import Interval

ROOT = Path(__file__).resolve().parents[1]
ARMS = {
    "words": "words",
    "words + selected": "words + 75 selected tokens",
    "words + matched": "words + 75 matched tokens (10 draws)",
    "words + random": "words + 75 random tokens that occur (10 draws)",
    "words + most frequent": "words + the 75 most frequent tokens of layers 2–8",
    "words + selected, equal loudness": "words + 75 selected, every clip at the same loudness",
    "words + selected, untrained": "words + 75 selected, tokenizer on an untrained encoder",
    "words + measured acoustics": "words + measured acoustics (pitch, level, spectrum, pauses)",
    "words + states of block 2": "words + continuous states of the encoder (block 2)",
    "selected": "75 selected tokens alone",
    "matched": "75 matched tokens alone",
    "selected, untrained": "75 selected alone, untrained encoder",
    "selected, shuffled audio": "75 selected alone, audio of other clips",
    "counts only": "how many tokens, not which",
    "all tokens, layer 1": "all tokens of layer 1 (semantic)",
    "all tokens, layers 2–8": "all tokens of layers 2–8",
    "measured acoustics": "measured acoustics alone",
    "MFCC": "MFCC alone, mean and deviation",
    "states of block 2": "continuous states of the encoder alone",
}
SHORT = (
    "words",
    "words + selected",
    "words + matched",
    "words + random",
    "words + most frequent",
    "words + measured acoustics",
    "words + states of block 2",
)
"""The arms of the README's tables, and the differences below them."""
SHORT_PAIRS = (
    "selected less nothing",
    "selected less matched",
    "random less nothing",
    "selected less measured acoustics",
)
PARTS = {"own_split": "test", "rotated": "voices rotated", "own_validation": "validation"}
CURVE = (5, 10, 20, 35, 75, 150, 300, 500)
PLACES = ("README.md", "docs/results.md")


def as_table(rows: list[list]) -> str:
    """Write a Markdown table; the first row is its head."""
    rows = [rows[0], ["---"] * len(rows[0]), *rows[1:]]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)


def as_list(lines: Iterable[str]) -> str:
    """Write a Markdown list."""
    return "\n".join(f"- {line}" for line in lines)


def say(one: dict) -> str:
    """Write a difference with its interval and what was resampled."""
    found = Interval(one["difference"], one["low"], one["high"], one["n"], one["unit"])
    return f"{found.short} over {found.over}"


def tabulate_linear(record: dict, arms: Iterable[str] = ARMS, pairs: Iterable[str] | None = None) -> str:
    """One row for each arm: macro-F1 of each part and tokens a clip; below, the differences of each part."""
    parts = {part: name for part, name in PARTS.items() if part in record}
    if "rotated" in parts:
        parts["rotated"] = f"{record['rotated_by']} rotated"
    first = record[next(iter(parts))]
    heads = [f"macro-F1, {name}" for name in parts.values()] if len(parts) > 1 else ["macro-F1"]
    rows = [
        ["what a linear model reads", *heads, "tokens a clip", "tokens a clip, a lasting one counted once"]
    ]
    for name in arms:
        if name in first["arms"]:
            arm = first["arms"][name]
            scores = [f"{record[part]['arms'][name]['macro_f1']:.3f}" for part in parts]
            keys = ("tokens_per_clip", "tokens_per_clip_once") if arm["tokens"] else ()
            costs = [f"{arm[key]:.0f}" for key in keys] or [""] * 2
            rows.append([ARMS[name], *scores, *costs])
    lines = []
    for part, title in parts.items():
        found = record[part]["comparisons"]
        lines += [f"\nDifferences of macro-F1, 95 % intervals, {title}:\n"]
        lines += [
            f"- {name_pair(name)}: {say(found[name])}: {found[name]['verdict']}"
            for name in pairs or found
            if name in found
        ]
        if pairs:
            break
    return "\n".join([as_table(rows), *lines])


def name_pair(name: str) -> str:
    """Say what is compared as a reader would: the records write "nothing" for words alone."""
    return name.replace("less nothing", "less words alone").replace("audio:", "tokens alone:")


def tabulate_curves(records: dict[str, dict]) -> str:
    """Score against tokens a clip, of words and ever more selected tokens, for each codec."""
    rows = [["asked for", *(f"{codec}: macro-F1 (tokens selected, tokens a clip)" for codec in records)]]
    rows.append(
        ["words alone", *(f"{one['own_split']['arms']['words']['macro_f1']:.3f}" for one in records.values())]
    )
    for size in CURVE:
        arms = [one["own_split"]["arms"][f"words + curve, {size}"] for one in records.values()]
        rows.append(
            [str(size)]
            + [f"{arm['macro_f1']:.3f} ({arm['tokens']:.0f}, {arm['tokens_per_clip']:.0f})" for arm in arms]
        )
    return as_table(rows)


@cache
def make_tables() -> dict[str, str]:
    """Return the tables by the name of their place."""
    (study, _), (question, _) = read_llm(), read_llm("question")
    tables = {"llm": as_table(list_llm(study, in_full=True)), "llm, short": as_table(list_llm(study))}
    tables["llm, question"] = as_table(list_llm(question, in_full=True))
    tables["llm, gains"] = as_list(list_llm_gains(study))
    for name in ("emodb_emotion", "demo_fallacy", "demo_question", "demo_topic", "fillets_question"):
        record = read(f"linear_{name}")
        tables[name] = tabulate_linear(record)
        tables[f"{name}, short"] = tabulate_linear(record, SHORT, SHORT_PAIRS)
    taught = read("linear_demo_fallacy_taught_codec")
    codecs = {"this tokenizer": read("linear_demo_fallacy"), "a codec that was taught prosody": taught}
    tables |= {"curves": tabulate_curves(codecs)}
    claims = f"{as_table(list_claims())}\n\n{as_list(list_other_claims())}"
    return tables | {"claims": claims, "answers": as_table(list_answers())}


def fill(text: str) -> str:
    """Put each table between its two marks."""
    for name, table in make_tables().items():
        marks = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
        text = re.sub(
            marks, lambda found, table=table: f"{found[1]}{table}\n{found[2]}", text, flags=re.DOTALL
        )
    return text


if __name__ == "__main__":
    for place in PLACES:
        path = ROOT / place
        path.write_text(fill(path.read_text(encoding="utf-8")), encoding="utf-8")
