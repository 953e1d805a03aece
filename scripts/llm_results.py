"""What the language model does with each arm, from its record; `write_results.py` puts it into the pages."""

from collections.abc import Mapping

import numpy as np
from answers import REFERENCE, RUNS, SEEDS, name_seeds

from speechlm_utils.metrics import macro_f1_scores
from speechlm_utils.studies.costs import had_gpu
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
    "count-only, one in step 2": "earlier form: one token a clip in step 2, 58 in step 3 (above: 33 in both)",
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
    ("less those with the sound of another clip", "shuffled", "lasso", "all"),
    ("less those with another sound, where the words leave the class open", "shuffled", "lasso", "ambiguous"),
    ("less those without step 2", "no-pretraining", "lasso", "all"),
    ("less those trained with the paper's settings", "paper", "lasso", "all"),
    ("random tokens less words, where the words leave the class open", "text", "random", "ambiguous"),
)
ELSEWHERE = {
    "`question`, where the words tell nothing": ("llm_demo_question", "linear_study_question"),
    "human speech, EmoDB, five folds over voices": ("llm_emodb_emotion", "linear_study_emotion"),
}
"""Other studies of the language model, and the linear ones of the same clips."""


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
        same = f" (one class for all clips in {name_seeds(collapsed[arm])})" if arm in collapsed else ""
        gain = "" if arm == "text" else one["less text"].short
        name = ARMS[arm] + note_sizes(study, arm) + same
        rows.append([name, str(one.seeds), *scores, gain] + [name_machines(study, arm)] * in_full)
    return rows


def list_llm_gains(study: Mapping) -> list[str]:
    """Say what selected tokens gain over other arms, over both kinds of clips; and what they do elsewhere."""
    by_voice = ", ".join(f"{gain:+.2f}" for gain in score_by_voice(study, "text", "lasso").values())
    lines = [f"less words, voice by voice: {by_voice}"]
    for name, base, other, subset in PAIRS:
        gain = compare_arms(study, base, other, subset=subset, bootstrap=SEEDS)
        lines.append(f"{name}: {gain.short}: {gain.verdict}")
    for where, names in ELSEWHERE.items():
        lines += compare_elsewhere(where, *names)
    return lines


def compare_elsewhere(where: str, name: str, linear_name: str) -> list[str]:
    """Say what selected tokens score in another study, less words (where these were run), less linear."""
    study, linear = (load_study(REFERENCE / f"{one}.json") for one in (name, linear_name))
    scores, n_voices = score_arm(study, "lasso"), len(set(study["clips"]["test"]["voices"]))
    is_by_fold = any("folds" in run for run in study["runs"])
    seeds = "one training for each fold" if is_by_fold else name_seeds(len(scores))
    about = f"macro-F1 {np.mean(scores):.3f}, {n_voices} voices, {seeds} (`{name}.json`)"
    lines = [f"{where}, the same recipe: {about}"]
    if n_words := sum(run["arm"] == "text" for run in study["runs"]):
        gain = compare_arms(study, "text", "lasso", bootstrap=SEEDS)
        lines.append(f"the same less words ({name_seeds(n_words)}): {gain.short}: {gain.verdict}")
    both = join_studies(linear, study, "LLM: ")
    gain = compare_arms(both, "lasso", "LLM: lasso", bootstrap=RUNS)
    score = f"macro-F1 {score_arm(both, 'lasso')[0]:.3f}"
    chance = "" if RUNS.rows in gain.unit else " (what other seeds would change is left out)"
    found = f"{gain.short} over {gain.over}{chance}: {gain.verdict}"
    return [*lines, f"the same less a linear model on the same tokens and clips, {score}: {found}"]


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
    seeds: dict[str, list[int]] = {}
    for run in study["runs"]:
        if run["arm"] == arm:
            machine = "GPU" if had_gpu(run) else "CPU core"
            seeds.setdefault(machine, []).append(run["seed"])
    if len(seeds) == 1:
        return next(iter(seeds))
    return "; ".join(
        f"{machine}: seed{'s' * (len(some) > 1)} {', '.join(map(str, sorted(some)))}"
        for machine, some in seeds.items()
    )


def show_score(mean: float | None, spread: float | None) -> str:
    """Write mean and deviation over seeds, as far as there are any."""
    if mean is None or mean != mean:
        return ""
    return f"{mean:.3f}" if spread != spread else f"{mean:.3f} ± {spread:.3f}"
