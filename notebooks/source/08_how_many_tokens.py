# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
# ---

# %% [markdown]
# # 08 · How many tokens?
#
# **How many tokens are worth having, and what does the penalty that decides it change?**
#
# About 1 minute on two CPU cores, no GPU. The long computation is stored; one row of it is computed here.
#
# [← 07 · Ablations](07_ablations.ipynb) ·
# [contents](00_start_here.ipynb) ·
# [09 · Noise and transfer →](09_noise_and_transfer.ipynb)
#
# The paper keeps about 75 of 7,168 tokens, and leaves open which number is best. You will
#
# - **select** from no token to all that occur, and see what each number is worth to a linear model;
# - **price** the numbers: a language model has to read every token that a clip holds;
# - **choose** a number without looking at test, and find out what that choice was worth;
# - **turn** the penalty over five orders of magnitude, and ask whether other clips select the same tokens.

# %%
from collections import Counter
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown, display

from speechlm_utils import exercises, plots
from speechlm_utils.bootstrap import Bootstrap, bootstrap_macro_f1, paired_bootstrap
from speechlm_utils.clips import label_ids, label_names, name_units
from speechlm_utils.evaluation.arms import Part, Recipe
from speechlm_utils.evaluation.linear import Counts, LinearModel, Words
from speechlm_utils.evaluation.records import load_record, read_outcomes
from speechlm_utils.evaluation.scores import score_arms
from speechlm_utils.evaluation.sizes import ALL
from speechlm_utils.experiment import Experiment
from speechlm_utils.notebook.overview import list_versions
from speechlm_utils.notebook.record import record_metrics
from speechlm_utils.selection.l1 import L1LogisticRegression
from speechlm_utils.selection.path import find_C_for_count
from speechlm_utils.selection.selector import list_selected, make_selector
from speechlm_utils.studies.arms import ARMS
from speechlm_utils.studies.report import compare_arms, load_study, stack_predictions

plots.apply_style()
pd.options.display.precision = 3
pd.options.display.max_colwidth = None
print(list_versions())

# %% tags=["parameters"]
corpus_dir = "../data/demo"
codec_name = "../data/tokenizer"
stored_results = "../data/reference"
run_dir = "../runs/lab"
cache_dir = "../runs/cache"
seed = 0
clips_per_split = None  # all
task = "fallacy"  # or "question", "topic"
rerun_size = 35  # tokens; this row is computed here
n_resamples = 2000  # of sentences, of voices, and of draws

# %% [markdown]
# ## What is stored
#
# `scripts/study_tokens.py` has fitted some hundred models. Its record holds their *predictions*, clip by
# clip; all scores and intervals below are computed from these, here and now.

# %%
where = Path(stored_results)
record = load_record(where / f"tokens_demo_{task}.json", "test", "folds", "penalty")
test, folds = (read_outcomes(record[part]["clips"], record[part]["arms"]) for part in ("test", "folds"))
sizes = [int(name.split(", ")[1]) for name in test.outcomes if name.startswith("selected")]
Markdown(
    f"Made by `{record['made_by']} --task {task}` on {record['date']} with tokenizer "
    f"`{record['codec_hash']}`, seed {record['seed']}: {len(sizes)} sizes between words alone and all "
    f"{record['penalty']['n_occurring']:,} tokens that occur; {len(folds.y):,} train clips, "
    f"{len(test.y)} test clips."
)

# %% [markdown]
# ## One size, computed here
#
# An ℓ1 penalty selects tokens; its strength is `C`, and a small `C` is a *strong* penalty
# ([notebook 02](02_select_tokens.ipynb)). To get a number of tokens, we search the `C` that gives it. Then a
# logistic regression reads the words and these tokens. Change `rerun_size` above to compute another row.

# %%
experiment = Experiment(corpus_dir, codec_name, run_dir, cache_dir, seed, clips_per_split)
train, clips = experiment.clips(task, "train"), experiment.clips(task, "test")
names = label_names(train, task)
y, y_test = (label_ids(some, task, names) for some in (train, clips))
part = Part(train, y, clips, Recipe(seed=seed))

# %%
selector = make_selector(L1LogisticRegression(random_state=seed), part.layers)
C, n_found = find_C_for_count(selector, train, y, rerun_size)
tokens = list_selected(selector.set_params(l1__C=C).fit(train, y))
model = LinearModel([Words(), Counts(tokens)]).fit(train, y, part.inner_folds())
predicted = model.predict(clips)
score = bootstrap_macro_f1(y_test, predicted, name_units(clips), Bootstrap(n_resamples, seed))
print(f"C = {C:.4f} selects {n_found} tokens of layers {part.layers[0]}–{part.layers[-1]}")
score

# %%
nearest = min(sizes, key=lambda size: abs(size - rerun_size))
stored = dict(zip(test.ids, test.outcomes[f"selected, {nearest}"].predictions[0], strict=True))
same = np.mean([stored[clip.id] == label for clip, label in zip(clips, predicted, strict=True)])
print(f"The stored model of about {nearest} tokens gives the same class to {same:.0%} of these clips.")
if clips_per_split:
    print(f"It learned from {len(folds.y)} clips, the one here from {len(train)}.")

# %% [markdown]
# They agree where both found the same tokens. The stored curve takes the nearest of some fifty values of `C`,
# so its number of tokens can differ by a few.
#
# ## From no token to all of them
#
# Each point below is such a model. Two sets of clips judge them. **Test**: sentences and voices of their own.
# **Folds**: the voices of train, each predicted by a model that has not heard it; they may be used to choose,
# test may not. *Matched* tokens are the control: not selected, of the same layers, about as frequent.
#
# *Predict: how many tokens does it take to get half of what all tokens give? Does the curve fall again, as
# more and more columns invite overfitting?*


# %%
def tabulate(found, names):
    some = {name: found.outcomes[name] for name in names if name in found.outcomes}
    table = score_arms(found.y, some, found.units, Bootstrap(n_resamples, seed, rows="draws"))
    return table.sort_values("tokens")


def list_arms(found, kind):
    selected = [name for name in found.outcomes if name.startswith(kind)]
    return ["words", *selected, ALL] if kind == "selected" else selected


# %%
on_test = tabulate(test, list_arms(test, "selected"))
on_folds = tabulate(folds, list_arms(folds, "selected"))
matched = tabulate(test, list_arms(test, "matched"))
on_test.rename_axis("words and …")

# %% [markdown]
# The language model's scores are those of `llm_demo_fallacy.json` ([notebook 07](07_ablations.ipynb)): words
# alone, and words with as many tokens as were run. A run takes minutes of a GPU or most of an hour of one
# core, so some numbers have one seed (see the table below). In the figure the interval of one seed does not
# hold what another seed would change; in the table of differences it is given the spread of the other arms.

# %%
llm, llm_sizes = (
    {},
    {"text": 0, "lasso": 75} | {name: arm.n_tokens for name, arm in ARMS.items() if arm.n_tokens},
)
if task == "fallacy":
    study, bootstrap = load_study(where / "llm_demo_fallacy.json"), Bootstrap(n_resamples, seed, rows="seeds")
    n_seeds = Counter(run["arm"] for run in study["runs"])
    llm_arms = sorted((arm for arm in llm_sizes if n_seeds[arm]), key=llm_sizes.get)
    about = study["clips"]["test"]
    units = {unit: np.array(about[unit]) for unit in ("sentences", "voices")}
    scores = [
        bootstrap_macro_f1(np.array(about["y_true"]), stack_predictions(study, arm), units, bootstrap).values
        for arm in llm_arms
    ]
    rows = [(llm_sizes[arm], *score) for arm, score in zip(llm_arms, scores, strict=True)]
    llm["language model, test"] = np.array(rows)


# %%
def take(table, x):
    return table[[x, "macro_f1", "low", "high"]].to_numpy()


fig, ax = plt.subplots(figsize=(9, 4.6))
curves = {
    "linear, test": take(on_test, "tokens"),
    "linear, folds over train's voices": take(on_folds, "tokens"),
}
curves |= {"linear, matched tokens, test": take(matched, "tokens")} | llm
plots.curves.plot_curves(ax, curves)
plots.curves.mark_limits(ax, {"linear, words alone, test": on_test.macro_f1["words"]})
plots.curves.scale_sizes(
    ax, (0, 2, 5, 10, 20, 35, 75, 160, 350, 700, 1800), "tokens that are read beside the words"
)
ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3)
ax.set_title(f"{task}: {len(test.y)} test clips, {len(folds.y)} train clips; 95 % intervals", y=1.18)
figures = Path(run_dir) / "figures"
figures.mkdir(parents=True, exist_ok=True)
fig.savefig(figures / "08_sizes.png", dpi=110)
plt.show()

# %% [markdown]
# The intervals resample sentences and voices (matched: draws as well; language model: seeds as well). They
# overlap, and still their *difference* may be clear, because all models meet the same clips. So we ask for
# the differences, on test: each size less words alone, and less the matched tokens of the same size.


# %%
def compare(found, a, b):
    pair = (found.outcomes[name].predictions for name in (a, b))
    return paired_bootstrap(
        found.y, *pair, found.units, Bootstrap(n_resamples, seed, rows="draws")
    ).difference


gains = {f"{size} less words": compare(test, "words", f"selected, {size}") for size in sizes}
matched_sizes = [size for size in sizes if f"matched, {size}" in test.outcomes]
gains |= {
    f"{size} less matched": compare(test, f"matched, {size}", f"selected, {size}") for size in matched_sizes
}
pd.DataFrame({what: [str(one)] for what, one in gains.items()}, index=["difference of macro-F1, test"]).T

# %%
helped = [size for size in sizes if gains[f"{size} less words"].verdict == "above"]
better = [size for size in matched_sizes if gains[f"{size} less matched"].verdict == "above"]
print(f"Above words alone: {', '.join(map(str, helped)) or 'no size'}.")
of = f"of {', '.join(map(str, matched_sizes))}"
print(f"Above matched tokens of the same number: {', '.join(map(str, better)) or 'no size'} ({of}).")

# %% [markdown]
# The same for the language model: each number less words alone, and less the usual 75.

# %%
if llm:
    compared = {}
    for arm in llm_arms[1:]:
        compared[f"{llm_sizes[arm]} tokens"] = {"seeds": n_seeds[arm]} | {
            f"less {words}": str(compare_arms(study, base, arm, bootstrap=bootstrap)) if arm != base else ""
            for words, base in (("words", "text"), ("75 tokens", "lasso"))
        }
    display(pd.DataFrame.from_dict(compared, orient="index"))

# %% [markdown]
# A matched draw needs others to draw from. The more tokens are selected, the fewer are left, and the more two
# draws have in common:

# %%
pd.Series(record["test"]["share_of_matched"], name="largest share that two draws have in common").to_frame()

# %% [markdown]
# ## What a token costs
#
# A linear model reads counts, and 1,800 columns cost it nothing. A language model reads every *occurrence*.
# The same scores, over the tokens that a clip holds; one that lasts over several frames is written once, as
# in the prompts of [notebook 05](05_finetune.ipynb). The words of a clip are about ten tokens of text.

# %%
fig, ax = plt.subplots(figsize=(9, 4))
curves = {"selected, test": take(on_test, "per_clip_once"), "matched, test": take(matched, "per_clip_once")}
plots.curves.plot_curves(ax, curves)
plots.curves.mark_limits(ax, {"words alone": on_test.macro_f1["words"]})
plots.curves.scale_sizes(
    ax, (0, 2, 5, 10, 20, 40, 80, 160, 320, 850), "tokens that a clip holds, each written once while it lasts"
)
ax.legend(loc="lower right")
ax.set_title(f"{task}: {len(test.y)} test clips, 95 % intervals over sentences and voices")
fig.savefig(figures / "08_price.png", dpi=110)
plt.show()

# %%
top = on_test.macro_f1.drop("words").max()
half = (on_test.macro_f1["words"] + top) / 2
first = on_test[on_test.macro_f1 >= half].iloc[0]
print(
    f"Half of the best gain takes {first.tokens:.0f} tokens, {first.per_clip_once:.0f} a clip; "
    f"all tokens are {on_test.per_clip_once[ALL]:.0f} a clip."
)

# %% [markdown]
# ## Which number would you have taken?
#
# The best point of the test curve is no answer: whoever looks for the highest of fifteen noisy points finds
# one that was lucky. So the folds choose, by two rules: the best score; and the *smallest* number whose score
# is within one standard error of it (the **one-standard-error rule**, which pays a little accuracy for a
# smaller vocabulary). Then test is asked once about each choice.

# %%
candidates = on_folds.drop("words")
error = (candidates.high - candidates.low) / (2 * 1.96)
best = candidates.macro_f1.idxmax()
is_enough = candidates.macro_f1 >= candidates.macro_f1[best] - error[best]
smallest = candidates.index[is_enough][0]
choice = pd.DataFrame({"rule": ["best", "one standard error"], "arm": [best, smallest]})
choice["tokens"] = [on_test.tokens[arm] for arm in choice.arm]
choice.join(on_test[["macro_f1", "low", "high", "per_clip_once"]], on="arm")

# %%
usual = f"selected, {min(sizes, key=lambda size: abs(size - 75))}"
pairs = {"best less words": ("words", best), "one standard error less words": ("words", smallest)}
pairs |= {f"best less {usual}": (usual, best), f"one standard error less {usual}": (usual, smallest)}
pairs |= {f"{ALL} less {usual}": (usual, ALL)}
chosen = {what: compare(test, a, b) for what, (a, b) in pairs.items() if a != b}
pd.DataFrame({what: [str(one)] for what, one in chosen.items()}, index=["difference of macro-F1, test"]).T

# %%
says = {"above": "is better", "below": "is worse", "not decided": "is not told apart"}
for what, one in chosen.items():
    a, b = what.split(" less ")
    print(f"“{a}” against “{b}”: {says[one.verdict]}.")

# %% [markdown]
# ## Do all tasks want the same number?
#
# In `question` the words are the same in both classes and only the melody tells. In `topic` only the words
# tell, and the tokens can at best do no harm.

# %%
fig, axes = plt.subplots(1, 2, figsize=(10, 3.8))
others = [one for one in ("fallacy", "question", "topic") if one != task]
other_gains = {}
for ax, one in zip(axes, others, strict=True):
    of_task = load_record(where / f"tokens_demo_{one}.json", "test")["test"]
    found = read_outcomes(of_task["clips"], of_task["arms"])
    table = {kind: tabulate(found, list_arms(found, kind)) for kind in ("selected", "matched")}
    plots.curves.plot_curves(ax, {kind: take(rows, "tokens") for kind, rows in table.items()})
    plots.curves.mark_limits(ax, {"words alone": table["selected"].macro_f1["words"]})
    plots.curves.scale_sizes(ax, (0, 2, 10, 35, 75, 160, 500, 1800), "tokens beside the words")
    ax.set_title(f"{one}: {len(found.y)} test clips, 95 % intervals")
    mine = [name for name in found.outcomes if name.startswith("selected")]
    other_gains[one] = {name: compare(found, "words", name) for name in [*mine, ALL]}
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
fig.savefig(figures / "08_tasks.png", dpi=110)
plt.show()

# %%
for one, some in other_gains.items():
    verdicts = [gain.verdict for gain in some.values()]
    counts = ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in says)
    print(f"{one}, {len(some)} sizes against words alone: {counts}")

# %% [markdown]
# ## The penalty over five orders of magnitude
#
# The paper's scripts set C to 0.02–0.03 and count what comes out. What does C decide? Three things:
#
# - **how many** tokens are selected from all train clips;
# - **how good** the selector itself is as a classifier, on the folds;
# - **how repeatable** the selection is. We take random halves of the train sentences, select on each, and
#   measure how alike the selections are, by the index of Nogueira, Sechidis and Brown (JMLR 2018). It is 1 if
#   all halves select the same, and 0 on average if they select at random, *however many* they select. A
#   simple overlap would grow with the number of tokens by itself.
#
# The control has permuted labels: classes that mean nothing. Random halves of the same clips share half of
# their clips, so even then they can agree a little. (Where a half selects less than one token on average,
# there is nothing to compare.)
#
# *Predict: is the selection most repeatable where it is small, or where it is large? And what is the index
# with permuted labels?*

# %%
penalty = record["penalty"]
agreement = {
    name: np.where(np.array(penalty["n_tokens_half"][name]) >= 1, values, np.nan).astype(float)
    for name, values in penalty["agreement"].items()
}
shares = {
    "macro-F1 of the selector, folds": penalty["folds_macro_f1"],
    "agreement of halves": agreement["true"],
    "agreement, permuted labels": agreement["permuted"],
}
fig, ax = plt.subplots(figsize=(9, 4.6))
plots.curves.plot_penalty(ax, np.array(penalty["C"]), np.array(penalty["n_tokens"]), shares, (0.02, 0.03))
ax.text(0.0245, 0.98, "paper", ha="center", va="top", fontsize=9, transform=ax.get_xaxis_transform())
fig.savefig(figures / "08_penalty.png", dpi=110)
plt.show()

# %%
counts = {"tokens": penalty["n_tokens"], "tokens, a half": penalty["n_tokens_half"]["true"]}
table = pd.DataFrame({"C": penalty["C"], **counts, **shares})
table[table.tokens > 0].set_index("C")

# %%
used = table[table.tokens > 0]
best_C, most_alike = (used.loc[used[name].idxmax()] for name in list(shares)[:2])
print(f"The selector classifies best at C = {best_C.C:.3g}, with {best_C.tokens:.0f} tokens.")
alike = most_alike["agreement of halves"]
of_half = f"where a half selects {most_alike['tokens, a half']:.0f} tokens on average"
print(f"Halves agree most at C = {most_alike.C:.3g}, {of_half}: {alike:.2f}.")
print(f"With permuted labels it is at most {np.nanmax(agreement['permuted']):.2f} (if any is selected).")

# %% [markdown]
# (Notebook 02 tries fewer values of C, on folds of sentences; here they keep voices apart.)
#
# An agreement far below 1 is no failure by itself. Tokens stand for each other: where two of them mark the
# same sound, one half selects this one and the other half that one. It does mean that *single* tokens of
# one selection should not be over-read ([notebook 11](11_token_atlas.ipynb) gives each its frequency).
#
# C has no meaning of its own: it multiplies a *sum* over clips, so with half of the clips the same C is a
# stronger penalty (second column). That is why this suite searches C for a number of tokens. The paper's
# 0.02–0.03 gave about 75 tokens on its corpus; the shaded band shows what it gives on this one.
#
# ### Exercise 1 · The smallest that is good enough (easy, 5 minutes)
#
# Write the one-standard-error rule: `sizes`, `scores` and `errors` (standard errors) are lists of equal
# length. Return the smallest size whose score is not more than *one standard error of the best score* below
# the best.


# %%
def my_size(sizes, scores, errors):
    return None  # your code


exercises.check_smallest_size(my_size)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Find the place of the best score first. The sizes need not be sorted.
# </details>
# <details><summary>Solution</summary>
#
# ```python
# def my_size(sizes, scores, errors):
#     best = int(np.argmax(scores))
#     return min(size for size, score in zip(sizes, scores) if score >= scores[best] - errors[best])
# ```
# </details>
#
# ### Exercise 2 · Agreement of selections (medium, 10 minutes)
#
# `selected` is a boolean array, a row for each selection and a column for each token. Let $p_f$ be the
# share of the $M$ rows that select token $f$, and $\bar p$ the mean of all $p_f$. The index is
#
# $$1 - \frac{\frac{1}{d} \sum_f \frac{M}{M-1}\, p_f (1 - p_f)}{\bar p\,(1 - \bar p)}$$
#
# with $d$ tokens: the variance that is there, divided by the one that random selections would have.


# %%
def my_agreement(selected):
    return None  # your code


exercises.check_agreement(my_agreement)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `selected.mean(axis=0)` are the $p_f$. The numerator is `selected.var(axis=0, ddof=1).mean()`.
# </details>
# <details><summary>Solution</summary>
#
# ```python
# def my_agreement(selected):
#     share = selected.mean()
#     return 1 - selected.var(axis=0, ddof=1).mean() / (share * (1 - share))
# ```
# </details>
#
# ## Limits
#
# - The curves are those of a *linear* model; the language model has a few points. With many tokens it may
#   suffer where the linear model does not: its prompt grows, and each new word needs an embedding.
# - Test has five voices. The intervals know that, and are wide. Of sizes next to each other only 48 and 75
#   were compared, and they are hardly told apart.
# - The sizes belong to this corpus, tokenizer and number of train clips. With more clips, more tokens can be
#   told from chance.
# - The halves share clips with each other, so the agreement says how repeatable a selection is *within* this
#   corpus, not on another one. Notebook [09](09_noise_and_transfer.ipynb) asks that.
# - Agreement counts tokens, not what they mean: two tokens that mark the same sound count as different.
#
# ## Summary

# %%
metrics = {
    "task": task,
    "tokens, by one standard error of the folds": int(on_test.tokens[smallest]),
    "tokens, best of the folds": int(on_test.tokens[best]),
    "macro-F1 test, one standard error": on_test.macro_f1[smallest],
    **{what: one.values for what, one in chosen.items()},
    "most repeatable at": [int(most_alike.tokens), float(alike)],
    "computed here": [n_found, *score.values],
}
record_metrics(run_dir, "08_how_many_tokens", **metrics)
pd.Series(metrics, name="").to_frame()

# %% [markdown]
# Next: [09 · Noise and transfer →](09_noise_and_transfer.ipynb): what is left of a selection when words or
# sound get worse, or the task changes?
