"""What the language model does with each arm, from its record; `write_results.py` puts it into the pages."""

from collections.abc import Mapping

import numpy as np
from answers import REFERENCE

from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.metrics import macro_f1_scores
from speechlm_utils.studies.report import (
    compare_arms,
    count_collapsed,
    join_studies,
    load_study,
    score_arm,
    stack_predictions,
    tabulate_study,
)

ARMS = {
    "text": "words",
    "lasso": "words + 75 selected tokens",
    "matched": "words + 75 matched tokens (a draw for each seed)",
    "random": "words + 75 random tokens that occur (a draw for each seed)",
    "shuffled": "words + 75 selected tokens, sound of another clip",
    "no-pretraining": "words + 75 selected tokens, without step 2",
    "frozen-embeddings": "words + 75 selected tokens, embeddings of step 2 frozen",
    "frozen-untrained": "words + 75 selected tokens, embeddings frozen as they were before step 2",
    "all-tokens": "words + all tokens that occur, cut at 256",
    "paper": "words + 75 selected tokens, the paper's settings of training",
    "audio": "75 selected tokens alone",
    "lasso-all": "words + 75 tokens selected from layers 1–8",
    "semantic": "words + 75 tokens selected from layer 1",
    "rms": "words + 75 selected tokens, all clips equally loud",
    "count-only": "words + how many selected tokens there are",
    "fdr": "words + tokens selected with decoys",
    "interleaved": "words, each followed by its selected tokens",
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
SHORT = (
    "text",
    "lasso",
    "matched",
    "random",
    "shuffled",
    "no-pretraining",
    "all-tokens",
    "paper",
    "encoder-fusion",
)
"""The arms of the README's table."""
PAIRS = (
    ("less words, where the words leave the class open", "text", "lasso", "ambiguous"),
    ("less words, where they do not", "text", "lasso", "specific"),
    ("less matched", "matched", "lasso", "all"),
    ("less matched, where the words leave the class open", "matched", "lasso", "ambiguous"),
    ("less random", "random", "lasso", "all"),
    ("less random, where the words leave the class open", "random", "lasso", "ambiguous"),
    ("less those without step 2", "no-pretraining", "lasso", "all"),
    ("less those trained with the paper's settings", "paper", "lasso", "all"),
    ("random tokens less words, where the words leave the class open", "text", "random", "ambiguous"),
)
SEEDS, RUNS = Bootstrap(5000, rows="seeds"), Bootstrap(5000, rows="runs")


def list_llm(study: Mapping, in_full: bool = False) -> list[list[str]]:
    """Return a row for each arm: its seeds, scores, gain over words; in full also what it was trained on."""
    found, collapsed = tabulate_study(study, SEEDS), count_collapsed(study)
    head = ["the language model reads", "seeds", "validation", "test", "test, less words alone"]
    rows = [head + ["trained on"] * in_full]
    for arm in ARMS if in_full else SHORT:
        if arm not in found.index:
            continue
        one = found.loc[arm]
        scores = [show_score(one.get(split), one.get(f"{split}, sd")) for split in ("validation", "test")]
        failed = f" (training failed in {collapsed[arm]})" if arm in collapsed else ""
        gain = "" if arm == "text" else one["less text"].short
        name = ARMS[arm] + note_sizes(study, arm) + failed
        rows.append([name, str(one.seeds), *scores, gain] + [name_machines(study, arm)] * in_full)
    return rows


def list_llm_gains(study: Mapping) -> list[str]:
    """Say what selected tokens gain over other arms, over both kinds of clips; and the same for EmoDB."""
    by_voice = ", ".join(f"{gain:+.2f}" for gain in score_by_voice(study, "text", "lasso").values())
    lines = [f"less words, voice by voice: {by_voice}"]
    for name, base, other, subset in PAIRS:
        gain = compare_arms(study, base, other, subset=subset, bootstrap=SEEDS)
        lines.append(f"{name}: {gain.short}: {gain.verdict}")
    emodb = load_study(REFERENCE / "llm_emodb_emotion.json")
    n_voices, score = len(set(emodb["clips"]["test"]["voices"])), score_arm(emodb, "lasso")[0]
    both = join_studies(load_study(REFERENCE / "linear_study_emotion.json"), emodb, "LLM: ")
    gain = compare_arms(both, "lasso", "LLM: lasso", bootstrap=RUNS)
    about = f"macro-F1 {score:.3f}, {n_voices} voices in five folds, one seed (`llm_emodb_emotion.json`)"
    lines.append(f"human speech, EmoDB, the same recipe: {about}")
    linear = f"a linear model on the same tokens and folds, macro-F1 {score_arm(both, 'lasso')[0]:.3f}"
    lines.append(f"the same less {linear}: {gain.short} over {gain.unit} alone: {gain.verdict}")
    return lines


def score_by_voice(study: Mapping, base: str, other: str) -> dict[str, float]:
    """Return for each test voice what `other` gains over `base` in macro-F1, mean over seeds."""
    about, n = study["clips"]["test"], len(study["label_names"])
    y, voices, gains = np.array(about["y_true"]), np.array(about["voices"]), {}
    said = {arm: stack_predictions(study, arm) for arm in (base, other)}
    for voice in dict.fromkeys(about["voices"]):
        at = voices == voice
        scores = {
            arm: np.mean([macro_f1_scores(y[at], row[at], n)["macro_f1_present"] for row in rows])
            for arm, rows in said.items()
        }
        gains[voice] = scores[other] - scores[base]
    return gains


def note_sizes(study: Mapping, arm: str) -> str:
    """Say how many tokens a rate of false ones let each seed select; of other arms nothing."""
    if arm != "fdr":
        return ""
    sizes = {run["seed"]: len(run["tokens"]) for run in study["runs"] if run["arm"] == arm}
    said = (f"seed {seed}: {n or 'none, so words alone'}" for seed, n in sizes.items())
    return f" ({'; '.join(said)})"


def name_machines(study: Mapping, arm: str) -> str:
    """Say what the seeds of an arm were trained on: "GPU", "CPU core", or which seeds on which."""
    seeds: dict[str, list[str]] = {}
    for run in study["runs"]:
        if run["arm"] == arm:
            machine = "GPU" if "NVIDIA" in run["device"] else "CPU core"
            seeds.setdefault(machine, []).append(str(run["seed"]))
    if len(seeds) == 1:
        return next(iter(seeds))
    return "; ".join(
        f"{machine}: seed{'s' * (len(some) > 1)} {', '.join(some)}" for machine, some in seeds.items()
    )


def show_score(mean: float | None, spread: float | None) -> str:
    """Write mean and deviation over seeds, as far as there are any."""
    if mean is None or mean != mean:
        return ""
    return f"{mean:.3f}" if spread != spread else f"{mean:.3f} ± {spread:.3f}"
