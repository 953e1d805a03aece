# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
# ---

# %% [markdown]
# # 07 · Ablations
#
# **What does each part of the method contribute, and what would show that it contributes nothing?**
#
# About 1 minute on two CPU cores, no GPU. All scores come from stored predictions; intervals are computed
# here, and one arm of your choice is trained again.
#
# [← 06 · Real voices](06_real_voices.ipynb) ·
# [contents](00_start_here.ipynb) ·
# [08 · How many tokens? →](08_how_many_tokens.ipynb)
#
# An **ablation** takes one part of a method away, or puts something else in its place, and looks at what
# happens to the score. You will
#
# - **read** what two dozen such changes do, on four tasks, with intervals;
# - **intervene** in the prompts of trained classifiers, to see what they rest on;
# - **diagnose** the method: each failure has a signature, and each signature an advice;
# - **repeat** any row of the figure by one parameter.

# %%
from collections import Counter
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown, display

from speechlm_utils import exercises, plots
from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.clips import label_ids, label_names
from speechlm_utils.evaluation.arms import Part, Recipe
from speechlm_utils.evaluation.linear import C_GRID
from speechlm_utils.evaluation.study import run_linear_arm
from speechlm_utils.evaluation.study_arms import LINEAR_ARMS
from speechlm_utils.experiment import Experiment
from speechlm_utils.notebook.overview import list_versions
from speechlm_utils.notebook.record import record_metrics
from speechlm_utils.selection.decoys import find_threshold
from speechlm_utils.studies.arms import ARMS
from speechlm_utils.studies.claims import CLAIMS, compare_claims, judge
from speechlm_utils.studies.costs import list_not_run
from speechlm_utils.studies.diagnosis import compare_spread, diagnose
from speechlm_utils.studies.interventions import INTERVENTIONS, UNCHANGED
from speechlm_utils.studies.linear import measure_beside
from speechlm_utils.studies.report import compare_arms, count_collapsed, load_study, score_arm

plots.apply_style()
pd.options.display.precision = 3
pd.options.display.max_colwidth = None
print(list_versions())

# %% tags=["parameters"]
corpus_dir = "../data/demo"
codec_name = "../data/tokenizer"
reference_dir = "../data/reference"
run_dir = "../runs/lab"
cache_dir = "../runs/cache"
seed = 0
tasks = ["fallacy", "question", "detection", "emotion"]
n_resamples = 1000
rerun = "lasso"  # the arm that is trained again: a name of the first table
rerun_task = "question"  # of the demo corpus
n_tokens = 75  # that it selects
clips_per_split = None  # of the arm that is trained again; None: all, as in the record

# %% [markdown]
# ## The arms
#
# An **arm** is one way to tell a model about a clip. It differs from another arm in one thing, and the
# difference of their scores is what that thing is worth. Here the model is linear (logistic regression on
# the words and on what the arm adds), because it is fast and gives a strong baseline. "The words" are
# TF-IDF counts of words and pairs of words.

# %%
arms = {name: {"what it reads, or asks": arm.isolates} for name, arm in LINEAR_ARMS.items()}
pd.DataFrame.from_dict(arms, orient="index")

# %% [markdown]
# Some of these names in words: `shuffled`, each clip has the sound of another one; `count-only`, how many
# selected tokens and how many frames a clip has, and nothing else; `rms`, all clips brought to one loudness
# before they are encoded; `semantic`, layer 1, which carries what is said; `thirds`, tokens counted in the
# first, second and last third of a clip; MFCC, a coarse description of the spectrum; `encoder`, the states of
# Whisper's encoder, from which the tokens are made.

# %%
studies = {task: load_study(f"{reference_dir}/linear_study_{task}.json") for task in tasks}
for task, study in studies.items():
    about, folds = study["clips"]["test"], len(study["runs"][0].get("folds", []))
    n = f"{len(about['ids'])} test clips, {len(set(about['voices']))} voices"
    how = f"rotated through test in {folds} folds" if folds else "that nothing has seen"
    made = f"stored predictions of `{study['made_by']}`, {len(study['runs'])} runs"
    display(Markdown(f"**{task}**: {made}; {n} {how}."))

# %% [markdown]
# `fallacy` has six classes, and its words tell some of them. In `question` the same words are said as a
# statement and as a question: only the melody tells. The words alone then give one answer for all clips,
# which is worth 1/3 by macro-F1; coin tosses reach 1/2, so a gain over the words up to about 0.17 is no
# hearing yet. `detection` asks whether a clip holds a fallacy at all; its words tell that nearly alone, so
# there is little to gain, and with 384 train clips something to lose. These are tasks of the demo corpus,
# whose voices are synthetic and whose prosody was planted. `emotion` is EmoDB: ten actors say the same ten
# sentences in seven emotions. They are people, and the words tell nothing at all.
#
# ## Against the words
#
# *Predict: which of these gain something over the words alone? Matched tokens (not selected, but
# about as frequent)? The number of tokens? And which is highest? In which task could tokens do harm?*
#
# Intervals resample sentences, voices, and draws where chance has drawn tokens: the question is what would
# happen with other sentences and other people. In `emotion`, where everyone says the same sentences, they
# resample the voices; two voices of each fold are kept for validation, so these scores are a little lower
# than those of [notebook 06](06_real_voices.ipynb).

# %%
bootstrap = Bootstrap(n_resamples, seed, rows="draws")


def gain_over(study, base):
    names = [name for name in dict.fromkeys(run["arm"] for run in study["runs"]) if name != base]
    return {name: compare_arms(study, base, name, bootstrap=bootstrap) for name in names}


over_words = {task: gain_over(study, "text") for task, study in studies.items()}
over_matched = {task: gain_over(study, "matched") for task, study in studies.items()}


# %%
def draw_gains(gains, base):
    fig, axes = plt.subplots(1, len(gains), figsize=(14, 6.2), sharey=True, squeeze=False)
    order = sorted(next(iter(gains.values())), key=lambda name: -gains[tasks[0]][name].estimate)
    for ax, (task, found) in zip(axes[0], gains.items(), strict=True):
        spans, verdicts = [found[name].values for name in order], [found[name].verdict for name in order]
        plots.studies.plot_gains(ax, order, spans, verdicts, f"macro-F1 less that of {base}")
        ax.set_title(f"{task}, {len(studies[task]['clips']['test']['ids'])} test clips", pad=22)
        if ax is not axes[0, 0]:
            ax.get_legend().remove()  # one for all
    return fig


fig = draw_gains(over_words, "the words")
Path(run_dir, "figures").mkdir(parents=True, exist_ok=True)
fig.savefig(Path(run_dir, "figures", "07_ablations.png"), dpi=110)
plt.show()

# %% [markdown]
# Green lies above zero, orange below; grey is not decided, which is not the same as "no difference". Points
# are estimates, lines 95 % intervals. A point without a line (`all-tokens` in `detection`) is no mistake:
# with all tokens the model gives the very answers of the words alone, so the difference is 0 in every
# resample.
#
# ## Against matched tokens
#
# That a model gains from 75 tokens does not show that these 75 were chosen well. The harder question: are
# they better than others of the same layers that occur as often?

# %%
fig = draw_gains(over_matched, "matched tokens")
plt.show()

# %%
rows = {
    (task, name): {"over the words": str(over_words[task][name]), "verdict": over_words[task][name].verdict}
    for task in tasks
    for name in ("lasso", "matched", "random", "shuffled", "count-only", "rms", "measured")
}
pd.DataFrame.from_dict(rows, orient="index")

# %% [markdown]
# ## What the intervals say
#
# A method that fails leaves traces. If matched tokens do as well, the selection is not the point. If tokens
# of *other* clips do as well, the sound is not used. Each rule below names two arms, and fires if the
# interval of their difference fits. Nothing here was written for these results: the same rules read any
# record.


# %%
def show_diagnoses(study, name, bootstrap=bootstrap):
    found = diagnose(study, bootstrap=bootstrap)
    lines = [f"**{name}**: {len(found)} signature{'s' * (len(found) != 1)} found."]
    for one in found:
        pair = f"`{one.rule.other}` less `{one.rule.base}`"
        lines.append(f"- {one.rule.says} *{one.rule.advice}* ({pair}: {one.gain})")
    display(Markdown("\n".join(lines)))
    return found


diagnoses = {task: show_diagnoses(study, task) for task, study in studies.items()}

# %% [markdown]
# Two things to know before an arm is called bad. Its penalty C was chosen on the train clips from a grid: at
# an edge of it, a better value may lie beyond. And its penalty of step 1 was searched for a number of tokens,
# which is not always found.

# %%
usual = Recipe().n_tokens
for task, study in studies.items():
    at_edge, sizes = {}, {}
    for run in study["runs"]:
        for one in run.get("folds", [run]):
            edges = at_edge.setdefault(run["arm"], [])
            edges.append(one["settings"]["C"] in (C_GRID[0], C_GRID[-1]))
            if one["tokens"] and run["arm"] != "fdr":
                sizes.setdefault(len(one["tokens"]), set()).add(run["arm"])
    most = [arm for arm, edges in at_edge.items() if np.mean(edges) > 0.5]
    print(f"{task}: C at an edge in most fits of: {', '.join(most) or 'no arm'}")
    for n in sorted(set(sizes) - {usual}):
        print(f"   {n} tokens in place of {usual}: {', '.join(sorted(sizes[n]))}")

# %% [markdown]
# ## Is order what a bag of tokens lacks?
#
# A linear model counts tokens; it does not know which comes first. For a question the order should matter:
# the voice rises *at the end*. Two arms give the model some order: `bigrams` counts pairs of consecutive
# codes of a layer in place of single ones, `thirds` counts the selected tokens in the first, second and last
# third of the clip.

# %%
pairs = {
    "tokens by third, less tokens": ("lasso", "thirds"),
    "tokens and pairs, less tokens": ("lasso", "lasso + bigrams"),
    "pairs in place of tokens, less tokens": ("lasso", "bigrams"),
}
order = {
    task: {what: compare_arms(study, *pair, bootstrap=bootstrap) for what, pair in pairs.items()}
    for task, study in studies.items()
}
pd.DataFrame({task: {what: str(one) for what, one in found.items()} for task, found in order.items()})

# %%
for what, one in order.get("question", {}).items():
    first, second = what.split(", less ")
    says = {"above": "tell more than", "below": "tell less than", "not decided": "are not told apart from"}
    print(f"question: {first} {says[one.verdict]} {second}.")

# %% [markdown]
# ## Selected at a stated rate of false ones
#
# The lasso keeps as many tokens as its penalty allows, whether they mean something or not. **Decoys** put a
# number on that. Each token gets a decoy: a random column with the same correlations to all other tokens,
# made without looking at the labels (a *knockoff*). Both compete in one fit. A token *wins* if it gets more
# weight than its decoy. Where a token means nothing, which of the two wins is a coin toss; so the decoys that
# win tell how many tokens won by luck, and the threshold can be set so that at most a share of them is
# expected to be false (the *false discovery rate*).

# %%
wins = np.array([6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1, -1, -1, -2, 0, 0])
for rate in (0.1, 0.2, 0.3):
    least = find_threshold(wins, rate)
    print(f"at most {rate:.0%} false: wins of {least:g} and more, {(wins >= least).sum()} tokens")

# %% [markdown]
# Does it keep its word? Where the truth is known, it can be checked: 30 random tokens get an effect, labels
# are drawn from the real counts of these, and the selection must find them. Labels that were permuted show
# what is selected where nothing is to be found (stored; mean over draws).

# %%
rows = []
for task, study in studies.items():
    found = study.get("decoys")
    for place, rate in enumerate(found["rates"] if found else ()):
        n = {
            what: np.array([draw["selected"][place] for draw in draws])
            for what, draws in found["draws"].items()
        }
        true = np.array([draw["true"][place] for draw in found["draws"]["planted"]])
        false = np.where(n["planted"] > 0, 1 - true / np.maximum(n["planted"], 1), 0)
        row = {
            "task": task,
            "stated rate": f"{rate:.0%}",
            "selected, the task's labels": n["labels"].mean(),
            "selected, permuted labels": n["permuted labels"].mean(),
            "planted: false among selected": false.mean(),
            "planted: true ones found": (true / found["n_true"]).mean(),
            "draws": len(true),
        }
        rows.append(row)
checks = pd.DataFrame(rows)
checks

# %%
for row in rows:
    false, stated = row["planted: false among selected"], float(row["stated rate"].strip("%")) / 100
    kept = "kept" if false <= stated else "not kept"
    what = f"of selected tokens {false:.0%} are false where the truth was planted"
    print(f"{row['task']}, at most {row['stated rate']} stated: {what}; {kept} on average.")

# %% [markdown]
# What tokens selected in this way are worth to the model is the arm `fdr` above.
#
# ## The language model
#
# The same questions, asked of SmolLM2-135M. Each run trains for minutes on a GPU or for eleven minutes to
# over an hour on a CPU core; what was run is stored, what was not is named as such. "Earlier recipe" is one
# with other settings, kept for comparison. In `shuffled` the language model keeps the tokens that were
# selected from the right sound; the linear model selects anew. `count-only` shows the language model the
# number of tokens, not the frames; `count-only, one in step 2` is an earlier form of it, whose training
# failed. An arm with one seed is given the spread over seeds that the others have; its interval is wider for
# that.

# %%
llm = load_study(f"{reference_dir}/llm_demo_fallacy.json")
seeds = Bootstrap(5 * n_resamples, seed, rows="seeds")  # as many as the README takes
names = [name for name in dict.fromkeys(run["arm"] for run in llm["runs"]) if name != "text"]
llm_gains = {name: compare_arms(llm, "text", name, bootstrap=seeds) for name in names}
names.sort(key=lambda name: -llm_gains[name].estimate)
n_runs = {name: len(score_arm(llm, name)) for name in names}
asked = {name: ARMS[name].isolates for name in names if name in ARMS}
pd.Series(asked, name="what it asks").to_frame()

# %%
fig, ax = plt.subplots(figsize=(8, 0.9 + 0.36 * len(names)))
collapsed = count_collapsed(llm)
labels = [f"{name} ({n_runs[name]} seed{'s' * (n_runs[name] > 1)})" for name in names]
spans, verdicts = [llm_gains[name].values for name in names], [llm_gains[name].verdict for name in names]
plots.studies.plot_gains(ax, labels, spans, verdicts, "macro-F1 less that of words alone (stored runs)")
ax.set_title(f"language model, fallacy, {len(llm['clips']['test']['ids'])} test clips", pad=22)
plt.show()
for name, n in collapsed.items():
    print(f"{name}: {n} of {n_runs[name]} runs give every test clip the same class. That training failed, so")
    print("   the score says nothing about what the arm isolates.")
for run in llm["runs"]:
    if run["arm"] in ARMS and ARMS[run["arm"]].tokens != "none" and not run["tokens"]:
        print(f"{run['arm']}, seed {run['seed']}: no token was selected, so it reads the words alone.")

# %%
diagnoses["language model"] = show_diagnoses(llm, "language model, fallacy", seeds)

# %% [markdown]
# The paper reports that without pre-training (step 2) the scores spread five times as wide over seeds. A
# ratio of two deviations needs its interval, too; seeds are resampled.

# %%
spread = compare_spread(llm, "lasso", "no-pretraining", bootstrap=seeds)
if spread is None:
    print("too few seeds to compare deviations")
else:
    print(f"deviation over seeds, without step 2 to with it ({spread.n[0]} and {spread.n[1]} seeds):")
    inside = "holds 5" if spread.low <= 5 <= spread.high else "does not hold 5"
    print(
        f"{spread.estimate:.1f} times as wide, [{spread.low:.1f}, {spread.high:.1f}]: the interval {inside},"
    )
    print(f"and {'holds 1' if spread.verdict == 'not decided' else 'leaves 1 out'} (no wider).")

# %% [markdown]
# ## The paper's claims
#
# Most claims of the paper say that one arm is above another. So the records can hold them or contradict them,
# task by task. The first two differences are in the figures above; the others compare `lasso` with another
# arm, and stand only here.
#
# *Predict: which claim has its contrary somewhere? Which can only be asked of the language model?*

# %%
found = {task: compare_claims(study, bootstrap) for task, study in studies.items()}
llms = {"fallacy": llm, "question": load_study(f"{reference_dir}/llm_demo_question.json")}
found |= {f"language model on {task}": compare_claims(study, seeds) for task, study in llms.items()}
counts = Counter(run["arm"] for run in llms["question"]["runs"])
print("language model on question, seeds:", ", ".join(f"{arm} {n}" for arm, n in counts.items()))
claims = {}
for claim, (base, other) in CLAIMS.items():
    tried = {where: one[claim] for where, one in found.items() if claim in one}
    claims[claim] = {"difference": f"{other} less {base}", "here": judge(tried) or "not tried"}
    claims[claim] |= {where: one.short for where, one in tried.items()}
pd.DataFrame.from_dict(claims, orient="index").fillna("")

# %% [markdown]
# A linear model has no limit of length, so what it does with all tokens is no test of the paper's "audio
# overflow". An arm of the language model with one seed (the figure above says which) is given the spread over
# seeds that the others of its task have, here too.
#
# ## What a trained classifier uses
#
# An ablation trains anew, and what was taken away may be replaced by something else that tells the same. An
# **intervention** leaves the trained classifier as it is and changes its input: if the score stays, the
# classifier did not rest on what was changed. Three classifiers (seeds) read the test clips with one change
# at a time; their predictions are stored, for each takes minutes.
#
# *Predict: what hurts more, the tokens of another clip or no tokens at all? Does the order of the tokens
# matter to a model that reads them one after the other?*

# %%
changed = load_study(f"{reference_dir}/interventions_fallacy.json")
names = [name for name in dict.fromkeys(run["arm"] for run in changed["runs"]) if name != UNCHANGED]
effects = {name: compare_arms(changed, UNCHANGED, name, bootstrap=seeds) for name in names}
names.sort(key=lambda name: -effects[name].estimate)

# %%
fig, ax = plt.subplots(figsize=(8, 0.9 + 0.36 * len(names)))
spans, verdicts = [effects[name].values for name in names], [effects[name].verdict for name in names]
plots.studies.plot_gains(ax, names, spans, verdicts, "macro-F1 less that of unchanged prompts (stored)")
n_seeds = len(score_arm(changed, UNCHANGED))
n = f"{n_seeds} seeds, {len(changed['clips']['test']['ids'])} test clips"
ax.set_title(f"language model, fallacy, {n}; 95 % intervals", pad=22)
plt.show()

# %%
asks = {name: one.asks for name, one in INTERVENTIONS.items()} | {UNCHANGED: ""}
rows = {}
for name in [UNCHANGED, *names]:
    rows[name] = {"asks": asks[name], "macro-F1": np.mean(score_arm(changed, name))}
    rows[name] |= {"less unchanged": str(effects.get(name, ""))}
pd.DataFrame.from_dict(rows, orient="index")

# %%
says = {"below": "macro-F1 falls", "above": "macro-F1 rises", "not decided": "no change that could be told"}
for name in names:
    print(f"{name}: {says[effects[name].verdict]}")
wrong = compare_arms(changed, "no tokens", "tokens of another clip", bootstrap=seeds)
how = {"below": "hurt more than", "above": "hurt less than", "not decided": "are not told apart from"}
print(f"tokens of another clip {how[wrong.verdict]} no tokens at all: {wrong}")

# %%
score, trained = (np.mean(score_arm(study, name)) for study, name in ((changed, "no tokens"), (llm, "text")))
print(f"macro-F1 without tokens: {score:.2f}; of a classifier that was trained on words alone: {trained:.2f}")

# %% [markdown]
# The last line is the difference between an intervention and an ablation. This classifier may have learned
# less from the words because it could listen; or it is thrown off by a prompt without tokens, which it never
# met in training. These numbers do not tell which. So do not read the fall as the worth of the tokens: that
# is the difference to `text` above. (Unchanged, these three seeds have the score of the table; all seeds of
# `lasso` are a little lower.)
#
# These arms have no record for the language model on this task. Each needs one command, and a GPU or its
# weights:

# %%
not_run = list_not_run(llm, "fallacy")
not_run

# %% [markdown]
# ## Repeat a row
#
# Set `rerun` to any arm of the first table (and `rerun_task`, but for `emotion`, whose sound is not here):
# its tokens are selected and its model is fitted and scored here, and held against the record. With all clips
# it should give the stored score, or nearly so on another machine.

# %%
experiment = Experiment(corpus_dir, codec_name, run_dir, cache_dir, seed, clips_per_split)
clips = {split: experiment.clips(rerun_task, split) for split in ("train", "test")}
names = label_names(clips["train"], rerun_task)
y = label_ids(clips["train"], rerun_task, names)
part = Part(clips["train"], y, clips["test"], Recipe(n_tokens, seed=seed))
beside = measure_beside([rerun], [*part.train, *part.test], experiment.codec, cache_dir)
runs_here = run_linear_arm(rerun, part, beside, rerun_task, names)

# %%
here = np.mean([run["scores"]["test"]["macro_f1_present"] for run in runs_here])
stored = np.mean(score_arm(studies[rerun_task], rerun)) if rerun_task in studies else np.nan
cost = f"{runs_here[0]['cpu_seconds']:.1f} s"
print(f"{rerun}, {rerun_task}: macro-F1 {here:.3f} here, {stored:.3f} stored; {cost}")
print(f"here: {len(part.train)} train clips and {len(part.test)} test clips")

# %% [markdown]
# ### Exercise 1 · Which control? (easy, 5 minutes)
#
# Four doubts about a gain, and five arms: `matched`, `random`, `shuffled`, `count-only`, `rms`. Which arm
# answers which doubt? One of them is left over.

# %%
my_controls = {
    "Is it the sound, or that there are tokens at all?": None,
    "Is it which tokens, or would others as frequent do?": None,
    "Is it how the clip sounds, or how long it lasts?": None,
    "Is it more than the recording level?": None,
}
exercises.check_controls(my_controls)

# %% [markdown]
# <details><summary>Hint</summary>
#
# A control must keep everything that the doubt allows, and take away what the method claims.
# </details>
# <details><summary>Solution</summary>
#
# ```python
# my_controls = {
#     "Is it the sound, or that there are tokens at all?": "shuffled",
#     "Is it which tokens, or would others as frequent do?": "matched",
#     "Is it how the clip sounds, or how long it lasts?": "count-only",
#     "Is it more than the recording level?": "rms",
# }
# ```
# </details>
#
# ### Exercise 2 · How many by chance? (easy, 5 minutes)
#
# Suppose that none of the `n_arms` arms in one panel of the first figure gains anything at all. Each has its
# own 95 % interval. How many of them are called "above", on average?

# %%
n_arms = len(over_words[tasks[0]])
my_false_ones = None  # your answer
exercises.check_chance_verdicts(my_false_ones, n_arms)

# %% [markdown]
# <details><summary>Hint</summary>
#
# A 95 % interval misses the truth in 5 % of cases, half of the time on one side and half on the other.
# </details>
# <details><summary>Solution</summary>
#
# ```python
# my_false_ones = 0.025 * n_arms
# ```
# </details>
#
# ### Exercise 3 · A threshold with decoys (medium, 10 minutes)
#
# Write the rule that turns wins into a selection. Given `wins`, each token's weight less its decoy's, and a
# `rate`, return the smallest win from which on the share of false ones is estimated to be at most `rate`. A
# decoy that wins by as much stands for a token that wins by luck; count one more than there are.


# %%
def my_threshold(wins, rate):
    return None  # your code


exercises.check_threshold(my_threshold)

# %% [markdown]
# <details><summary>Hint</summary>
#
# For a candidate `least`: lucky ones are `1 + (wins <= -least).sum()`, selected are `(wins >= least).sum()`.
# Candidates are the sizes of the wins. If none will do, return `np.inf`.
# </details>
# <details><summary>Solution</summary>
#
# ```python
# def my_threshold(wins, rate):
#     for least in np.sort(np.abs(wins[wins != 0])):
#         if 1 + (wins <= -least).sum() <= rate * (wins >= least).sum():
#             return least
#     return np.inf
# ```
# </details>
#
# ## Limits
#
# - The two figures hold nearly two hundred differences (arms, tasks, two bases), so several may be called
#   "above" or "below" by chance. The comparison that the method stands on was named before: `lasso` less
#   `matched`.
# - Five test voices. Intervals over voices are wide for that reason; more seeds do not make them narrower.
# - The demo corpus is synthetic, its prosody planted, and EmoDB is acted. Which part of the method matters
#   elsewhere must be asked there: `scripts/linear_study.py` takes any corpus in the folder's form.
# - Decoys are made as if columns were Gaussian. Counts are not; in the check above the share of false ones
#   was larger than stated.
# - Some penalties lie at an edge of their grid (see above), so such an arm may be fitted a little too
#   strictly or too loosely; some arms have fewer tokens than was asked for.
# - Each sentence of the test clips is said by one voice. The intervals draw sentences and voices all the
#   same: five voices alone would give intervals that are too narrow.
# - Most arms of the language model have one seed. Its recipe was changed once after an earlier one had been
#   scored on these test clips; no other voices have judged it since.
#
# ## Summary

# %%
metrics = {"scores": "stored predictions; intervals computed here"}
for task in tasks:
    metrics[f"{task}: lasso less words"] = over_words[task]["lasso"].values
    metrics[f"{task}: lasso less matched"] = over_matched[task]["lasso"].values
    metrics[f"{task}: signatures"] = len(diagnoses[task])
metrics["arms of the language model not run"] = len(not_run)
metrics[f"{rerun}, {rerun_task}: here, stored"] = [here, stored]
record_metrics(run_dir, "07_ablations", **metrics)
pd.Series(metrics, name="").to_frame()

# %% [markdown]
# Next: [08 · How many tokens? →](08_how_many_tokens.ipynb)
