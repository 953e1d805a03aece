"""Write the result tables of README.md and docs/results.md from ``data/reference``; a test compares them.

python scripts/write_results.py
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from answers import REFERENCE, list_answers, name_seeds, read
from claims import list_claims

from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.studies.report import (
    compare_arms,
    count_collapsed,
    join_studies,
    load_study,
    score_arm,
    tabulate_study,
)

ROOT = Path(__file__).resolve().parents[1]
ARMS = {
    "words": "words",
    "words + selected": "words + 75 selected tokens",
    "words + matched": "words + 75 others, as frequent and of the same layers (10 draws)",
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


def say(one: dict) -> str:
    """Write a difference with its interval and what was resampled."""
    counts = one["n"] if isinstance(one["n"], list) else [one["n"]]
    units = re.split(r", | and ", one["unit"])
    over = ", ".join(f"{n} {unit}" for n, unit in zip(counts, units, strict=True))
    return f"{one['difference']:+.3f} [{one['low']:+.3f}, {one['high']:+.3f}] over {over}"


def tabulate_linear(record: dict, arms: Iterable[str] = ARMS, pairs: Iterable[str] | None = None) -> str:
    """One row for each arm: macro-F1 of each part and tokens a clip; below, the differences of each part."""
    parts = {part: name for part, name in PARTS.items() if part in record}
    first = record[next(iter(parts))]
    heads = [f"macro-F1, {name}" for name in parts.values()] if len(parts) > 1 else ["macro-F1"]
    rows = [["what a linear model reads", *heads, "tokens a clip", "… each written once while it lasts"]]
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
            f"- {name}: {say(found[name])}: {found[name]['verdict']}"
            for name in pairs or found
            if name in found
        ]
        if pairs:
            break
    return "\n".join([as_table(rows), *lines])


def tabulate_curves(records: dict[str, dict]) -> str:
    """Score against tokens a clip, of words and ever more selected tokens, for each codec."""
    rows = [["selected", *(f"{codec}: macro-F1 (tokens a clip)" for codec in records)]]
    rows.append(
        ["words alone", *(f"{one['own_split']['arms']['words']['macro_f1']:.3f}" for one in records.values())]
    )
    for size in CURVE:
        arms = [one["own_split"]["arms"][f"words + curve, {size}"] for one in records.values()]
        rows.append([str(size), *(f"{arm['macro_f1']:.3f} ({arm['tokens_per_clip']:.0f})" for arm in arms)])
    return as_table(rows)


LLM_ARMS = {
    "text": "words",
    "lasso": "words + 75 selected tokens",
    "matched": "words + 75 others, as frequent and of the same layers (a draw for each seed)",
    "no-pretraining": "words + 75 selected tokens, embeddings not pre-trained",
    "frozen-embeddings": "words + 75 selected tokens, embeddings as pre-trained (frozen)",
    "frozen-untrained": "words + 75 selected tokens, embeddings as sampled (frozen)",
    "shuffled": "words + 75 selected tokens, sound of another clip",
    "random": "words + 75 random tokens that occur",
    "audio": "75 selected tokens alone",
    "lasso-all": "words + 75 tokens selected from layers 1–8",
    "semantic": "words + 75 tokens selected from layer 1",
    "rms": "words + 75 selected tokens, all clips equally loud",
    "count-only": "words + how many selected tokens there are",
    "all-tokens": "words + all tokens that occur, cut at 256",
    "fdr": "words + tokens selected with decoys",
    "interleaved": "words, each followed by its selected tokens",
    "paper": "words + 75 selected tokens, the paper's recipe to the letter",
    "prosody-in-words": "words, and the measured prosody in words",
    "mfcc-fusion": "words, MFCC fused with their state",
    "encoder-fusion": "words, Whisper's states fused with theirs",
    "lasso-10": "words + 10 selected tokens",
    "lasso-20": "words + 20 selected tokens",
    "lasso-35": "words + 35 selected tokens",
    "lasso-150": "words + 150 selected tokens",
    "text-slow": "words, half the learning rate",
    "text, earlier recipe": "words, earlier recipe",
    "lasso, earlier recipe": "words + 75 selected tokens, earlier recipe",
}


def tabulate_llm(study: dict) -> str:
    """Seeds, mean and deviation of each arm on validation and test, and what it gains over words."""
    found = tabulate_study(study, Bootstrap(5000, rows="seeds"))
    rows = [["the language model reads", "seeds", "validation", "test", "test, less words"]]
    for arm, one in found.loc[sorted(found.index, key=[*LLM_ARMS].index)].iterrows():
        scores = [show_score(one.get(split), one.get(f"{split}, sd")) for split in ("validation", "test")]
        gain = "" if arm == "text" else one["less text"].short
        rows.append([LLM_ARMS[arm] + note_sizes(study, arm), str(one.seeds), *scores, gain])
    lines = []
    for name, base, subset in LLM_PAIRS:
        gain = compare_arms(study, base, "lasso", subset=subset, bootstrap=Bootstrap(5000, rows="seeds"))
        lines.append(f"- {name}: {gain.short}: {gain.verdict}")
    emodb = load_study(REFERENCE / "llm_emodb_emotion.json")
    n_voices = len(set(emodb["clips"]["test"]["voices"]))
    score = (
        f"macro-F1 {score_arm(emodb, 'lasso')[0]:.3f} with selected tokens, {n_voices} voices in five folds"
    )
    lines.append(f"- EmoDB, emotion, the same recipe: {score}, one seed (`llm_emodb_emotion.json`)")
    both = join_studies(load_study(REFERENCE / "linear_study_emotion.json"), emodb, "LLM: ")
    gain = compare_arms(both, "lasso", "LLM: lasso", bootstrap=Bootstrap(5000, rows="runs"))
    lines.append(
        f"- the same less a linear model on the same tokens, in the same folds: {gain.short}: {gain.verdict}"
    )
    on_cpu = "; ".join(filter(None, (name_slow(study, arm) for arm in LLM_ARMS)))
    collapsed = "; ".join(f"{LLM_ARMS[arm]}, {name_seeds(n)}" for arm, n in count_collapsed(study).items())
    n = "sentences, voices and seeds (of arms with one seed: without the spread over seeds)"
    below = f"Macro-F1; 95 % intervals over {n}. Trained on one CPU core: {on_cpu}; all others on a GPU."
    if collapsed:
        below += f"\n\nTraining failed, and every test clip gets the same class: {collapsed}. So that score"
        below += " says nothing about what the arm isolates."
    return as_table(rows) + f"\n\n{below}\n\nSelected tokens:\n\n" + "\n".join(lines)


def note_sizes(study: dict, arm: str) -> str:
    """Say how many tokens a rate of false ones let each seed select; of other arms nothing."""
    if arm != "fdr":
        return ""
    sizes = {run["seed"]: len(run["tokens"]) or "none" for run in study["runs"] if run["arm"] == arm}
    return f" ({', '.join(f'seed {seed}: {n}' for seed, n in sizes.items())})"


def name_slow(study: dict, arm: str) -> str:
    """Name an arm that was trained on a CPU, with those of its seeds, if not all were; else ""."""
    runs = [run for run in study["runs"] if run["arm"] == arm]
    slow = [str(run["seed"]) for run in runs if "NVIDIA" not in run["device"]]
    which = f" (seed {', '.join(slow)})" if len(slow) < len(runs) else ""
    return f"{LLM_ARMS[arm]}{which}" if slow else ""


LLM_PAIRS = (
    ("less words, where the words leave the class open", "text", "ambiguous"),
    ("less words, where they do not", "text", "specific"),
    ("less matched", "matched", "all"),
    ("less matched, where the words leave the class open", "matched", "ambiguous"),
    ("less those not pre-trained", "no-pretraining", "all"),
    ("less the paper's recipe", "paper", "all"),
)


def show_score(mean: float | None, spread: float | None) -> str:
    """Write mean and deviation over seeds, as far as there are any."""
    if mean is None or mean != mean:
        return ""
    return f"{mean:.3f}" if spread != spread else f"{mean:.3f} ± {spread:.3f}"


@cache
def make_tables() -> dict[str, str]:
    """Return the tables by the name of their place."""
    tables = {"llm": tabulate_llm(load_study(REFERENCE / "llm_demo_fallacy.json"))}
    for name in ("emodb_emotion", "demo_fallacy", "demo_question", "demo_topic", "fillets_question"):
        record = read(f"linear_{name}")
        tables[name] = tabulate_linear(record)
        tables[f"{name}, short"] = tabulate_linear(record, SHORT, SHORT_PAIRS)
    taught = read("linear_demo_fallacy_taught_codec")
    codecs = {"this tokenizer": read("linear_demo_fallacy"), "a codec that was taught prosody": taught}
    tables |= {"curves": tabulate_curves(codecs)}
    return tables | {"claims": as_table(list_claims()), "answers": as_table(list_answers())}


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
