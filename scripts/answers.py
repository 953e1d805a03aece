"""Answer the paper's open questions, and the checks that it proposes, from the records: one table.

`write_results.py` puts it into README.md. An arm that has no run is said to be not tried.
"""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from speechlm_utils.bootstrap import Bootstrap, Interval, paired_bootstrap
from speechlm_utils.evaluation.records import Predicted, read_outcomes
from speechlm_utils.studies.arms import ARMS
from speechlm_utils.studies.claims import judge
from speechlm_utils.studies.description_arms import score_descriptions
from speechlm_utils.studies.interventions import UNCHANGED
from speechlm_utils.studies.report import compare_arms, join_studies, load_study

REFERENCE = Path(__file__).resolve().parents[1] / "data" / "reference"
DRAWS, SEEDS, RUNS = (
    Bootstrap(2000, rows="draws"),
    Bootstrap(5000, rows="seeds"),
    Bootstrap(5000, rows="runs"),
)
"""As in the notebooks; runs: of a language model, and linear ones beside it."""
TASKS = ("fallacy", "question", "detection", "emotion")
"""Of the linear studies."""
USUAL = 75  # tokens that are selected elsewhere
MISSING = "not tried here"
RIVALS = {
    "matched tokens": "matched",
    "random tokens": "random",
    "the sound of other clips": "shuffled",
    "how many tokens there are": "count-only",
    "measured prosody in words": "prosody-in-words",
    "MFCC fused": "mfcc-fusion",
    "Whisper's states fused": "encoder-fusion",
}
ANSWERS = {"above": "yes", "below": "no, the contrary", "not decided": "not decided"}


def read(name: str) -> dict:
    """Read a record."""
    return json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8"))


def read_llm(task: str = "fallacy") -> tuple[dict, Counter]:
    """Read the study of the language model on a task, and how many runs (seeds) each arm has."""
    study = load_study(REFERENCE / f"llm_demo_{task}.json")
    return study, Counter(run["arm"] for run in study["runs"])


def compare(found: Predicted, base: str, other: str) -> Interval:
    """Return what an arm gains over another in macro-F1, with draws resampled."""
    pair = (found.outcomes[name].predictions for name in (base, other))
    return paired_bootstrap(found.y, *pair, found.units, DRAWS).difference


def name_seeds(n: int) -> str:
    """Say how many seeds."""
    return f"{n} seed{'s' * (n != 1)}"


def answer_generation() -> tuple[str, str]:
    """Open question 1: attributes of delivery that the language model names right, tokens less words."""
    record = read("descriptions_demo")
    record["runs"] = [run for run in record["runs"] if run.get("recipe") == "short"]  # as in notebook 10
    gain, people, over_matched = (
        score_descriptions(record, "tokens", part, base, DRAWS)["all"]
        for part, base in (("test", "text"), ("emodb", "text"), ("test", "matched"))
    )
    linear = score_descriptions(record, "tokens", "test", "linear, tokens", DRAWS)["all"]
    answer = f"synthetic voices: {ANSWERS[gain.verdict]}; people: {ANSWERS[people.verdict]}; better than"
    answer += f" matched tokens: {ANSWERS[over_matched.verdict]}; than a linear model on the same tokens:"
    numbers = "of seven words on how a clip is said, the share that is right, less words alone"
    numbers += f" {gain.short}, people {people.short}; less matched tokens {over_matched.short} (1 draw);"
    return f"{answer} {ANSWERS[linear.verdict]}", f"{numbers} less the linear model {linear.short} (1 seed)"


def answer_frozen() -> tuple[str, str]:
    """Open question 2: frozen embeddings, less words alone and less those that are trained along."""
    study, n_runs = read_llm()
    if not n_runs["frozen-embeddings"]:
        return MISSING, ""
    over_words, over_trained = (
        compare_arms(study, base, "frozen-embeddings", bootstrap=SEEDS) for base in ("text", "lasso")
    )
    on_validation = compare_arms(study, "text", "frozen-embeddings", "validation", bootstrap=SEEDS)
    says = {"above": "better", "below": "worse", "not decided": "not told apart"}
    answer = f"against words alone: {says[over_words.verdict]} on test, {says[on_validation.verdict]} on"
    answer += f" validation; against embeddings trained along: {says[over_trained.verdict]}"
    numbers = f"frozen less words {over_words.short}, on validation {on_validation.short}; less trained along"
    numbers += f" {over_trained.short}"
    if n_runs["frozen-untrained"]:
        over_untrained = compare_arms(study, "frozen-untrained", "frozen-embeddings", bootstrap=SEEDS)
        answer += f"; against frozen ones that step 2 has not trained: {says[over_untrained.verdict]}"
        numbers += f"; less frozen and untrained {over_untrained.short}"
    return answer, f"{numbers} ({name_seeds(n_runs['frozen-embeddings'])})"


def answer_acoustics() -> tuple[str, str]:
    """Open question 3: mean |r| of selected tokens with acoustic features, less that of matched ones."""
    record = read("acoustics_emodb")
    gain = Interval(**record["difference"])
    of = f"mean absolute correlation with acoustic features of human speech {record['selected']:.3f}"
    says = {"above": "more than matched tokens do", "below": "less than matched tokens do"}
    answer = says.get(gain.verdict, "not told apart from matched tokens")
    return answer, f"{of}; {gain.short} less matched tokens"


def answer_size() -> tuple[str, str]:
    """Open question 4: the smallest size that beats words alone, and whether the largest is better."""
    record = read("tokens_demo_fallacy")
    test = read_outcomes(record["test"]["clips"], record["test"]["arms"])
    sizes = sorted(int(name.split(", ")[1]) for name in test.outcomes if name.startswith("selected, "))
    usual = f"selected, {min(sizes, key=lambda size: abs(size - USUAL))}"
    helped = [size for size in sizes if compare(test, "words", f"selected, {size}").verdict == "above"]
    more = compare(test, usual, f"selected, {sizes[-1]}")
    if not helped:
        return "no size helps", ""
    least = compare(test, "words", f"selected, {helped[0]}")
    numbers = (
        f"{helped[0]} tokens less words {least.short}; {sizes[-1]} less {usual.split(', ')[1]} {more.short}"
    )
    answer = (
        f"linear model: {helped[0]} tokens already help, more than {USUAL} do better: {ANSWERS[more.verdict]}"
    )
    of_llm = answer_llm_sizes()
    return f"{answer}; language model: {of_llm[0]}", f"{numbers}; {of_llm[1]}"


def answer_llm_sizes() -> tuple[str, str]:
    """Say which other numbers of tokens help the language model, as far as they were run."""
    study, n_runs = read_llm()
    sizes = {arm.n_tokens: name for name, arm in ARMS.items() if arm.n_tokens and n_runs[name]}
    sizes = dict(sorted((sizes | {USUAL: "lasso"}).items()))
    gains = {n: compare_arms(study, "text", name, bootstrap=SEEDS) for n, name in sizes.items()}
    says = {"above": "zero is left out with", "below": "below zero with"}
    numbers = (f"{n} {gain.short} ({name_seeds(n_runs[sizes[n]])})" for n, gain in gains.items())
    low, high = (pick(gain.estimate for gain in gains.values()) for pick in (min, max))
    decided = judge({str(n): gain for n, gain in gains.items()}, says)
    answer = f"gains of {low:+.2f} to {high:+.2f} with {', '.join(map(str, gains))}; {decided}"
    return answer, f"language model, less words: {'; '.join(numbers)}"


def answer_noise() -> tuple[str, str]:
    """Check 1: does layer 1 become necessary where the words are bad?"""
    answers, numbers, heard = [], [], []
    for task, some in read("noise_demo")["tasks"].items():
        worst = str(some["words"]["rates"][-1])
        found = read_outcomes(some["clips"], some["words"]["results"][worst])
        layer_1 = compare(found, "words + layers 2–8", "words + layers 1–8")
        answers.append(f"`{task}`: {ANSWERS[layer_1.verdict]}")
        numbers.append(f"`{task}` {layer_1.short}")
        sound = some["sound"]
        levels = [level for level in sound["levels"] if level is not None]  # None: no noise
        noisy = [read_outcomes(sound["recognised"], one[f"recognised, {level}"])
                 for one in sound["results"].values() for level in levels]  # fmt: skip
        heard += [compare(one, "words + layers 2–8", "words + layers 1–8").verdict for one in noisy]
    spoiled = f"{float(worst):.0%} of the words spoiled at random (one draw), layers 1–8 less layers 2–8"
    in_noise = f"words of a recogniser in noise: shown to help in {heard.count('above')} of {len(heard)}"
    in_noise += f" cases, to harm in {heard.count('below')} ({len(noisy[0].y)} clips each, wide intervals)"
    return "; ".join(answers), f"{spoiled}: {', '.join(numbers)}; {in_noise}"


def answer_transfer() -> tuple[str, str]:
    """Check 2: do lists of tokens carry over to another task, or from synthetic to human speech and back?"""
    record = read("transfer_linear")
    moved = {task: read_outcomes(one["clips"], one["arms"]) for task, one in record["tasks"].items()}
    pairs = [
        (task, source)
        for task in moved
        for source in moved
        if task != source and "topic" not in (task, source)
    ]
    above = {
        base: sum(
            compare(moved[task], base.format(source), f"from {source}").verdict == "above"
            for task, source in pairs
        )
        for base in ("words", "matched to {}")
    }
    n, better = len(pairs), above["matched to {}"]
    n_draws = len(moved["fallacy"].outcomes["matched to question"].predictions)
    answer = f"where prosody tells, a carried list helps in {above['words']} of {n} cases"
    answer += f"; shown to be better than matched tokens ({n_draws} draws) in {better}"
    to_people, back = (
        compare(moved[a], "words", f"from {b}") for a, b in (("emotion", "fallacy"), ("fallacy", "emotion"))
    )
    return answer, f"synthetic to human {to_people.short}, back {back.short}, less words"


def answer_penalty() -> tuple[str, str]:
    """Check 3: how many tokens, and how repeatable a selection, does C decide?"""
    penalty: Mapping = read("tokens_demo_fallacy")["penalty"]
    alike = {name: np.array(values, dtype=float) for name, values in penalty["agreement"].items()}
    best = int(np.nanargmax(alike["true"]))
    decades = np.log10(penalty["C"][-1] / penalty["C"][0])
    half = penalty["n_tokens_half"]["true"][best]
    at = f"at C = {penalty['C'][best]:.2g}, where half of the sentences select {half:.0f} tokens"
    some = np.array(penalty["n_tokens_half"]["permuted"]) >= 1  # where there is something to agree about
    control = np.nanmax(alike["permuted"][some])
    n = penalty["n_tokens"]
    answer = f"over {decades:.0f} orders of magnitude, {min(n)} to {max(n)} tokens"
    index = f"{alike['true'][best]:.2f}, with permuted labels at most {control:.2f}"
    return answer, f"most repeatable {at}: {index} (Nogueira's index; 1: always the same tokens, 0: chance)"


def answer_listening() -> tuple[str, str]:
    """Beside these: does a trained classifier rest on the sound, on the words, on the order of tokens?"""
    study = load_study(REFERENCE / "interventions_fallacy.json")
    sound, words, order = "tokens of another clip", "words of another clip", "tokens in another order"
    more = compare_arms(study, words, sound, bootstrap=SEEDS).verdict
    says = {"below": "on the sound more than on the words", "above": "on the words more than on the sound"}
    gains = {name: compare_arms(study, UNCHANGED, name, bootstrap=SEEDS) for name in (sound, words, order)}
    return says.get(more, "on both"), "; ".join(f"{name} {gain.short}" for name, gain in gains.items())


def answer_linear() -> tuple[str, str]:
    """Beside these: the language model with tokens, less linear models of the same clips."""
    llm, n_runs = read_llm()
    linear = load_study(REFERENCE / "linear_study_fallacy.json")
    both = join_studies(linear, llm, "LLM: ")
    against = {"the same tokens": "lasso", "measured prosody": "measured", "encoder states": "encoder-fusion"}
    gains = {name: compare_arms(both, arm, "LLM: lasso", bootstrap=RUNS) for name, arm in against.items()}
    n = Counter(gain.verdict for gain in gains.values())
    answer = (
        f"better than {n['above']} of {len(gains)} linear models, worse than {n['below']}, the others not"
    )
    numbers = "; ".join(f"{name} {gain.short}" for name, gain in gains.items())
    return (
        f"{answer} told apart",
        f"less a linear model on words and {numbers} ({name_seeds(n_runs['lasso'])})",
    )


def answer_rivals() -> tuple[str, str]:
    """Beside these: the language model with selected tokens, less itself with what could replace them."""
    study, n_runs = read_llm()
    gains = {
        f"{name} ({name_seeds(n_runs[arm])})": compare_arms(study, arm, "lasso", bootstrap=SEEDS)
        for name, arm in RIVALS.items()
        if n_runs[arm]
    }
    sides = {"above": "better than", "below": "worse than", "not decided": "not told apart from"}
    return judge(gains, sides), f"less {'; '.join(f'{name} {gain.short}' for name, gain in gains.items())}"


def answer_frequent() -> tuple[str, str]:
    """Beside these: selected tokens, less as many of the most frequent ones, which need no labels."""
    studies = {f"`{task}`": load_study(REFERENCE / f"linear_study_{task}.json") for task in TASKS}
    gains = {
        task: compare_arms(study, "frequent", "lasso", bootstrap=DRAWS) for task, study in studies.items()
    }
    sides = {"above": "yes", "below": "the contrary", "not decided": "not decided"}
    return judge(gains, sides), "; ".join(f"{name} {gain.short}" for name, gain in gains.items())


QUESTIONS = {
    "open: does it extend to generation?": (answer_generation, "10"),
    "open: do pre-trained embeddings transfer when frozen?": (answer_frozen, "07"),
    "open: do selected tokens go with expert acoustic features?": (answer_acoustics, "03"),
    "open: how many tokens are best?": (answer_size, "08"),
    "check: is layer 1 needed when words are bad?": (answer_noise, "09"),
    "check: do tokens carry over to another task or corpus?": (answer_transfer, "09"),
    "check: what does C decide?": (answer_penalty, "08"),
    "what does the trained language model rest on?": (answer_listening, "07"),
    "do selected tokens do better than the most frequent ones, which need no labels?": (
        answer_frequent,
        "07",
    ),
    "do steps 2 and 3 gain anything over a linear model?": (answer_linear, "15"),
    "does the language model do better with the tokens than with what could replace them?": (
        answer_rivals,
        "07",
    ),
}
"""The questions, what answers them, and the notebook that shows how."""


def list_answers() -> list[list[str]]:
    """Return the rows of the table, its head first."""
    rows = [["question", "answer here", "by which numbers (95 % intervals)", "notebook"]]
    return rows + [[asked, *answer(), notebook] for asked, (answer, notebook) in QUESTIONS.items()]
