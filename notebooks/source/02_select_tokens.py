# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
# ---

# %% [markdown]
# # 02 · Select tokens
#
# **Which of 1,792 sounds deserve to become a word?**
#
# About 5 minutes on two CPU cores, no GPU.
#
# [← 01 · Tokenize speech](01_tokenize_speech.ipynb) ·
# [contents](00_start_here.ipynb) ·
# [03 · Tokens and acoustics →](03_tokens_and_acoustics.ipynb)
#
# You will
#
# - **count** words and speech tokens side by side;
# - **see** why an ℓ1 penalty sets coefficients to zero, and an ℓ2 penalty never does;
# - **choose** how many tokens to keep, on the train clips alone;
# - **doubt** the choice: other folds, half the clips, random tokens, labels without meaning;
# - **test** it, once, on clips that nothing has seen.
#
# This is step 1 of the method ([arXiv 2512.07571](https://arxiv.org/abs/2512.07571)). Layers 2 to 8 of our
# tokenizer have 256 codes each: 1,792 acoustic tokens (the released SpeechTokenizer has 7,168). A clip holds
# hundreds of them. A language model that reads words has no room for that. So we keep about 75 tokens, those
# that a linear model needs beside the words.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import sklearn
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from speechlm_utils import exercises, plots, widgets
from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.clips import groups, label_ids, label_names, sample_clips, task_names
from speechlm_utils.evaluation.conditions import compare_conditions, make_linear, predict_conditions
from speechlm_utils.experiment import Experiment
from speechlm_utils.notebook.record import record_metrics
from speechlm_utils.selection.bag_of_words import count_matrix
from speechlm_utils.selection.controls import (
    count_permuted,
    largest_share,
    matched_random_tokens,
    permute_labels,
    random_tokens,
)
from speechlm_utils.selection.l1 import L1LogisticRegression, fit_l1
from speechlm_utils.selection.path import find_C_for_count, fit_l1_path
from speechlm_utils.selection.penalties import shrink, soft_threshold
from speechlm_utils.selection.selector import make_selector
from speechlm_utils.selection.stability import cross_validate_C, fold_coefs, split_folds, stability
from speechlm_utils.tokens import show_token
from speechlm_utils.widgets.lasso_paths import LassoPaths, list_layer_sets

plots.apply_style()
pd.options.display.precision = 3
print(f"scikit-learn {sklearn.__version__}, numpy {np.__version__}, pandas {pd.__version__}")

# %% tags=["parameters"]
corpus_dir = "../data/demo"
codec_name = "../data/tokenizer"
run_dir = "../runs/lab"
cache_dir = "../runs/cache"
seed = 0
clips_per_split = None  # all
task = "fallacy"
n_tokens = 75  # wanted
solver = "liblinear"  # one class against the rest; the paper: "saga", all classes at once
C = None  # None: the one that keeps about n_tokens
max_iter = 1000  # of the solver
threshold = "nonzero"  # a token with any weight is selected; the paper: "mean", with at least the mean weight
layers = None  # to choose from; None: the codec's acoustic layers, 2 to 8 of SpeechTokenizer
Cs = [0.002, 0.004, 0.006, 0.008, 0.011, 0.015, 0.02, 0.03, 0.05, 0.1, 0.3, 1.0]  # the path
n_folds = 5
n_half_samples = 20  # for the selection frequencies
saga_clips = 240
saga_iterations = 2000  # enough to converge there
n_random_sets = 5  # controls of each kind
rms_dbfs = -26.0  # the common loudness of the control, dB re full scale
n_resamples = 2000  # bootstrap
n_permutations = 19
permutation_Cs = [0.004, 0.006, 0.008, 0.011, 0.015, 0.02, 0.03]

# %% [markdown]
# ## The clips
#
# The task is to name the class of a clip. Clips of one group (the same sentence, or whatever the corpus says
# belongs together) are not independent, so folds, intervals and permutations below keep a group together:
# "sentences" are counted by group.
#
# The test clips stay closed until the selection is done.

# %% [markdown]
# Some sentences fit one class only, we call them *specific*. The others are *ambiguous*: their words fit two
# or more classes, and only the delivery tells which is meant.

# %%
experiment = Experiment(corpus_dir, codec_name, run_dir, cache_dir, seed, clips_per_split)
train = experiment.clips(task, "train")
names = label_names(train, task)
y, sentences = label_ids(train, task, names), groups(train)

voices = {clip.speaker for clip in train} - {""}
print(f"{len(train)} train clips, {len(set(sentences))} sentences, {len(voices)} named voices")
print(f"ambiguous: {np.mean([clip.ambiguous for clip in train]):.0%} of the clips")
pd.Series(np.array(names)[y]).value_counts().to_frame("clips")

# %% [markdown]
# ## The selector
#
# Four steps turn clips into selected tokens. The next sections take them one by one.

# %%
model = L1LogisticRegression(solver=solver, threshold=threshold, max_iter=max_iter, random_state=seed)
selector = make_selector(model, layers)
selector

# %% [markdown]
# ## One row per clip: the joint bag of words
#
# A clip becomes one row: how often it holds each word, then how often it holds each token. Order is lost;
# that is the price of a simple model. A token is written layer-code: `L3-0417` is code 417 of layer 3.
#
# Below, three clips of three classes, with the five words and the five tokens that are most frequent in
# them.

# %%
bag = selector["counts"].fit(train)
counts, columns, layers = bag.transform(train), bag.get_feature_names_out(), bag.layers_

few = [int(np.flatnonzero(y == k)[0]) for k in range(min(3, len(names)))]
total = np.asarray(counts[few].sum(axis=0)).ravel()
top_words = np.argsort(-total[: bag.n_words_], kind="stable")[:5]
top_tokens = bag.n_words_ + np.argsort(-total[bag.n_words_ :], kind="stable")[:5]
shown = np.concatenate([top_words, top_tokens])
pd.DataFrame(counts[few][:, shown].toarray().astype(int), [names[y[i]] for i in few], columns[shown])

# %%
n_clips, n_columns = counts.shape
print(f"{n_columns / n_clips:.1f} columns per clip: without a penalty, many models fit every train clip")
parts = {"words": counts[:, : bag.n_words_], "acoustic tokens": counts[:, bag.n_words_ :]}
sizes = {name: [part.shape[1], part.sum() / n_clips] for name, part in parts.items()}
pd.DataFrame.from_dict(sizes, "index", columns=["columns", "per clip"])

# %% [markdown]
# ## Weigh, then scale, but do not centre
#
# **TF-IDF** divides every count by how common its column is, and brings every row to length 1. A word or
# token that occurs everywhere then counts little, and a long clip no more than a short one.
#
# After that, columns differ widely in size. *Prediction: a rare column has a small standard deviation.*
# The penalty looks at the size of coefficients. A column of small values needs a large coefficient to
# matter, and would be punished for it. So each column is divided by its standard deviation.

# %%
features = clone(selector[:-1])
X = features.fit_transform(train)
share = np.asarray((counts > 0).mean(axis=0)).ravel()

fig, ax = plt.subplots(figsize=(7, 3.8))
plots.selection.plot_spread(ax, share, features["scale"].scale_, np.arange(n_columns) < bag.n_words_)
ax.set_title("before scaling; after it, every column lies at 1")
plt.show()

# %% [markdown]
# **Why not centre?** Usual scaling also subtracts the mean. Here most entries are zero, and a zero costs
# nothing to store or to multiply. Subtract the mean, and none of them is zero any more.

# %%
density = X.nnz / np.prod(X.shape)
print(f"now: {density:.1%} of the entries are stored, {(X.data.nbytes + X.indices.nbytes) / 2**20:.0f} MiB")
print(f"centred: all of them, {np.prod(X.shape) * 8 / 2**20:.0f} MiB, {1 / density:.0f} times the work")
occurs = np.asarray(X.getnnz(axis=0)).ravel() > 0
assert np.allclose(X[:, occurs].power(2).mean(axis=0) - np.square(X[:, occurs].mean(axis=0)), 1)
print("checkpoint: every column that occurs has standard deviation 1")

# %% [markdown]
# ## Why ℓ1 is sparse and ℓ2 is not
#
# A penalty makes the fit pay for its coefficients $w$: ℓ1 charges $\lambda |w|$, ℓ2 charges
# $\lambda w^2 / 2$. Take one coefficient whose best value without a penalty is $a$. Minimise
# $(w - a)^2 / 2$ plus the penalty.
#
# *Prediction: where is the curve flat?* The price of ℓ1 per step is $\lambda$ however near to zero you
# are. If $a$ is smaller than $\lambda$, no step away from zero pays. The price of ℓ2 vanishes near zero:
# a very small step always pays.

# %%
a = np.linspace(-3, 3, 301)
fig, ax = plt.subplots(figsize=(5.5, 3.8))
plots.selection.plot_shrinkage(ax, a, soft_threshold(a, 1.0), shrink(a, 1.0))
ax.set_title("penalty λ = 1")
plt.show()

# %% [markdown]
# The same in two dimensions. The grey rings are the loss; a budget lets $w$ lie in the blue region only.
# The best point (orange) is where the smallest ring touches the region. A diamond has corners, and the
# corners lie on the axes, where one coefficient is zero. A circle has none.

# %%
widgets.show_penalties(budget=1.0, angle=10)
plt.show()

# %% [markdown]
# In JupyterLab, move the sliders. For how many angles does the diamond give an exact zero? And the
# circle?

# %%
widgets.explore_penalties()

# %% [markdown]
# ### Exercise 1 · Soft threshold (easy, 5 minutes)
#
# Write the blue curve of the first figure: the $w$ that minimises $(w - a)^2 / 2 + \lambda |w|$.


# %%
def my_threshold(a, strength):
    return None  # your code


exercises.check_soft_threshold(my_threshold)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Suppose the best $w$ is positive. Then $|w| = w$; set the derivative $(w - a) + \lambda$ to zero. When
# is that $w$ really positive? The negative side is the mirror image.
# </details>
# <details><summary>Solution</summary>
#
# ```python
# def my_threshold(a, strength):
#     return np.sign(a) * max(abs(a) - strength, 0)
# ```
# </details>

# %% [markdown]
# ## The same on the real columns
#
# Now the real problem: logistic regression, classes weighted to be equally important (with `liblinear` one
# class against the rest). scikit-learn names the strength of the penalty by its inverse, $C$. Unless the
# parameters give a $C$, we ask for the one that keeps about `n_tokens` tokens (the search halves an interval
# of $\log C$ until the count fits). `experiment.selection` does that on the train clips, and leaves the
# result in the run folder for the next notebooks.

# %%
chosen = experiment.selection(task, n_tokens, refresh=True, selector=selector, C=C)
C_count = chosen.C
selector.set_params(l1__C=C_count)
print(f"C = {C_count:.4g} selects {len(chosen.tokens)} of {len(bag.tokens_):,} tokens")
print(f"{chosen.solver}, converged: {chosen.converged}, {chosen.n_iter} iterations")
print("for example", ", ".join(show_token(*token) for token in chosen.tokens[:8]))

# %% [markdown]
# *Prediction: at the same $C$, how many of the columns get a weight from ℓ2?*

# %%
l1 = fit_l1(selector["l1"], X, y)
ridge = LogisticRegression(C=C_count, solver="liblinear", class_weight="balanced", random_state=seed)
l2 = OneVsRestClassifier(ridge).fit(X, y)
l2_coefs = np.vstack([one.coef_ for one in l2.estimators_])

fig, ax = plt.subplots(figsize=(7, 3.8))
plots.selection.plot_sizes(ax, {"ℓ1": np.abs(l1.coef_).max(axis=0), "ℓ2": np.abs(l2_coefs).max(axis=0)})
ax.set_title(f"same clips, same C = {C_count:.3g}")
plt.show()

# %%
n_l1, n_l2 = (int((coefs != 0).any(axis=0).sum()) for coefs in (l1.coef_, l2_coefs))
print(f"ℓ1 gives weight to {n_l1:,} of {occurs.sum():,} columns that occur, ℓ2 to {n_l2:,}")
assert n_l1 < n_l2
print("checkpoint: only ℓ1 selects; ℓ2 would need a threshold that somebody has to invent")

# %% [markdown]
# ### Exercise 2 · Change the penalty, count the zeros (easy, 10 minutes)
#
# Between the two lies the *elastic net*: `l1_ratio` says which part of the penalty is ℓ1. One class against
# the rest, a few clips, all else equal. *Guess first: how many weights are exactly zero with ℓ2, with one
# percent of ℓ1, with ℓ1 alone? Will a stronger ℓ2 do it?* Then write the function that fits and counts.

# %%
rows = np.random.default_rng(seed).permutation(len(y))[:120]
X_few, y_few = X[rows], y[rows] == y[rows[0]]
X_few = X_few[:, X_few.getnnz(axis=0) > 0]  # columns that occur


def fit_mixed(l1_ratio, C):
    """Weights of a logistic regression whose penalty is part ℓ1, part ℓ2: shape (n_columns,)."""
    model = LogisticRegression(
        C=C,
        l1_ratio=l1_ratio,
        solver="saga",
        class_weight="balanced",
        max_iter=2000,
        tol=1e-3,
        random_state=0,
    )
    return model.fit(X_few, y_few).coef_[0]


def my_zeros(l1_ratio, C):
    return None  # fit_mixed(l1_ratio, C) gives the weights


exercises.check_zeros(my_zeros, fit_mixed)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Ask for `== 0`, and not for `np.isclose`: that is the point.
# </details>
# <details><summary>Solution</summary>
#
# ```python
# def my_zeros(l1_ratio, C):
#     weights = fit_mixed(l1_ratio, C)
#     return int((weights == 0).sum())
# ```
# ℓ2 pulls a weight by a share of itself: the nearer to zero, the weaker the pull, so it never arrives,
# however small $C$ is. ℓ1 pulls as hard at zero as anywhere, and so does a small part of it.
# </details>

# %% [markdown]
# ## The path over C
#
# A larger $C$ keeps more tokens. Is more better? For each $C$ we leave out one fold of the sentences, fit on
# the others and score on it, fold by fold. Score: macro-F1, the mean of F1 over the classes. Words,
# TF-IDF and scales are learned anew within each fold, so that nothing leaks.
#
# *Prediction: too small a C knows too little; too large a C has learned the train clips by heart.*

# %%
grid = sorted({*Cs, C_count})
folds = split_folds(y, sentences, n_folds, seed)
path = fit_l1_path(selector, train, y, grid)
table = cross_validate_C(selector, train, y, grid, folds, experiment.n_jobs)
table = table.rename(columns={"n_tokens": "n_tokens_per_fold"}).assign(n_tokens=path.n_tokens)
best = int(table.macro_f1.argmax())
C_best = grid[best]
table

# %%
fig, axes = plt.subplots(2, 1, figsize=(7, 5.2), sharex=True)
marks = {f"most accurate: {path.n_tokens[best]} tokens": C_best}
marks[f"about {n_tokens}: {len(chosen.tokens)} tokens"] = C_count
plots.path.plot_C_path(axes, path.Cs, path.n_tokens, table.macro_f1, table.macro_f1_std, marks)
plt.show()

# %% [markdown]
# The shaded band is one standard deviation over the folds. Differences well inside it mean nothing. So a
# common rule is: take the *strongest* penalty whose score lies within one standard error of the best.

# %%
limit = table.macro_f1[best] - table.macro_f1_std[best] / np.sqrt(n_folds)
C_sparse = table.C[table.macro_f1 >= limit].min()
rules = {"best of the folds": C_best, "one standard error": C_sparse, f"about {n_tokens} tokens": C_count}
ruled = table.set_index("C").loc[list(rules.values())].reset_index()
price = table.macro_f1[best] - ruled.macro_f1.iloc[-1]
print(f"the small vocabulary costs {price:.3f} macro-F1")
if (table.n_not_converged > 0).any():
    print("not converged in some folds at C =", table.C[table.n_not_converged > 0].tolist())
ruled.set_index(pd.Index(rules))

# %% [markdown]
# We go on with these few tokens, for a reason that this model does not know: each of them becomes a word
# that a language model must learn, and the audio part of a prompt grows with their number. Exercise:
# change `n_tokens` at the top.
#
# Step through the path. A column is a selected token, a row a class. At first it shows the step that we go on
# with. In JupyterLab, move the slider, or say about how many tokens you want. Another task or other layers
# are fitted once, when you choose them.

# %%
paths = LassoPaths(experiment, grid, selector)
paths.add(task, layers, path, names)
layer_sets = list_layer_sets(experiment.codec.spec)
widgets.explore_lasso(paths, task, layers, C_count, task_names(experiment.corpus), layer_sets)

# %% [markdown]
# ## What speaks for which class?
#
# A coefficient is learned from one sample. With other sentences it would differ. So we fit on each fold's
# train part and draw a box per token, from the least to the largest coefficient over the folds.
#
# *How to read it: a box away from zero is a token that counts in every fold. A box that touches zero was
# dropped by at least one.* Its colour is the layer: orange is layer 1 (if it is used), dark blue layer 2,
# light blue layer 8.

# %%
coefs = fold_coefs(selector, train, y, folds)
token_coefs = coefs[:, :, bag.n_words_ :]
rows = -(-len(names) // 3)
fig, axes = plt.subplots(rows, 3, figsize=(11, 3.1 * rows), squeeze=False, sharex=True)
for k, ax in enumerate(axes.flat[: len(names)]):
    mean = token_coefs[:, k].mean(axis=0)
    top = [i for i in np.argsort(-np.abs(mean))[:10] if mean[i] != 0]
    labels, of_layer = [show_token(*bag.tokens_[i]) for i in top], [bag.tokens_[i][0] for i in top]
    plots.selection.plot_fold_coefs(ax, token_coefs[:, k, top], labels, of_layer, plots.show_name(names[k]))
fig.supxlabel(f"coefficient in each of {n_folds} folds (positive: speaks for the class)")
figures = Path(run_dir) / "figures"
figures.mkdir(parents=True, exist_ok=True)
fig.savefig(figures / "02_coefficients.png", dpi=110)
plt.show()

# %% [markdown]
# The words compete in the same model. These are the words that speak most for each class, with the mean
# coefficient over the folds. Here, too, a class without a clear word must be told by its sound.

# %%
word_means = coefs[:, :, : bag.n_words_].mean(axis=0)
order = np.argsort(-word_means, axis=1)[:, :6]
spoken = {
    plots.show_name(name): [f"{bag.words_[i]} {means[i]:.2f}" if means[i] > 0 else "" for i in row]
    for name, row, means in zip(names, order, word_means, strict=True)
}
pd.DataFrame.from_dict(spoken, "index")

# %% [markdown]
# ## How stable is the choice?
#
# Draw half of the sentences, select, and repeat. How often is each token selected? The fit sums its loss
# over the clips, so half of them need twice the $C$ for the same balance. The control: the same with
# permuted labels.
#
# *Prediction: if the tokens meant nothing, the true labels would give no token a higher frequency than
# permuted ones.*

# %%
rng = np.random.default_rng(seed)
shuffled = permute_labels(y, sentences, rng)
half = clone(selector).set_params(l1__C=2 * C_count)
real, null = (stability(half, train, labels, n_half_samples, seed) for labels in (y, shuffled))

fig, ax = plt.subplots(figsize=(7, 3.4))
plots.selection.plot_stability(ax, real.frequency, null.frequency)
plt.show()

# %%
frequency = {(row.layer, row.code): row.frequency for row in real.itertuples()}
of_chosen = np.array([frequency.get(token, 0.0) for token in chosen.tokens])
print(f"of our {len(of_chosen)}, {np.mean(of_chosen >= 0.5):.0%} are selected in at least every second one")
pd.DataFrame(
    {
        "in at least 90 %": [(one.frequency >= 0.9).sum() for one in (real, null)],
        "highest share": [one.frequency.max() for one in (real, null)],
    },
    index=["true labels", "permuted labels"],
)

# %% [markdown]
# Codes of one codebook can stand in for each other: two codes that sound alike share the work, and chance
# decides which of them a subsample takes. So a low frequency does not prove that a *sound* is
# unimportant.
#
# ## Which layers win?
#
# *Prediction: residual layers refine each other. The first acoustic layer carries the coarse sound, and
# the last ones the leftovers. If that is so, the first supplies most tokens.* The black marks are what a
# draw at random would give.

# %%
layer_of = np.array([layer for layer, _ in chosen.tokens], dtype=int)
per_layer = np.array([(layer_of == layer).sum() for layer in layers])
even = np.full(len(per_layer), 1 / len(per_layer))
draws = np.random.default_rng(seed).multinomial(len(layer_of), even, 5000)
chance = [draws.mean(axis=0), *np.quantile(draws, [0.025, 0.975], axis=0)]

fig, ax = plt.subplots(figsize=(7, 3.2))
plots.codec.plot_layer_counts(ax, layers, per_layer, chance)
winner = int(np.argmax(per_layer))
share = per_layer[winner] / max(draws.mean(axis=0)[winner], 1e-9)
print(
    f"layer {layers[winner]}: {per_layer[winner]} of {len(layer_of)} tokens, {share:.1f} times its even share"
)

# %% [markdown]
# ## The paper's solver, and the price of stopping it early
#
# `liblinear` fits one class against the rest: quick. The paper uses `saga`, all classes at once: slow. On a
# small subset we can afford both. They weigh the same $C$ differently, so we compare at the same *number* of
# tokens.
#
# *Two questions: do the solvers agree? And does it matter if saga is stopped after 20 rounds?*
# scikit-learn only warns then, and the coefficients look like any others. Here `converged` is part of the
# result.

# %%
subset = sample_clips(train, task, limit=saga_clips, seed=seed)
y_small = label_ids(subset, task, names)
saga = L1LogisticRegression(C_count, "saga", threshold, saga_iterations, 1e-3, seed)
quick = clone(selector).set_params(l1__solver="liblinear")
slow = clone(selector).set_params(l1=saga)
C_lib, _ = find_C_for_count(quick, subset, y_small, n_tokens, n_fits=12)
C_saga, _ = find_C_for_count(slow, subset, y_small, n_tokens, C_start=2 * C_lib, n_fits=8)
X_small, stopped = features.fit_transform(subset), clone(saga).set_params(max_iter=20)
fits = {
    "liblinear": fit_l1(
        L1LogisticRegression(threshold=threshold, random_state=seed), X_small, y_small, C_lib
    ),
    "saga": fit_l1(saga, X_small, y_small, C_saga),
    "saga, stopped": fit_l1(stopped, X_small, y_small, C_saga),
}

# %%
start = features["counts"].n_words_
columns_of = {name: set(np.flatnonzero(fit.get_support()[start:])) for name, fit in fits.items()}
print(f"{len(subset)} clips; C = {C_lib:.3g} (liblinear), {C_saga:.3g} (saga)")
pd.DataFrame(
    {
        "converged": [fit.converged_ for fit in fits.values()],
        "rounds": [fit.n_iter_ for fit in fits.values()],
        "tokens selected": [len(one) for one in columns_of.values()],
        "shared with saga": [len(one & columns_of["saga"]) for one in columns_of.values()],
    },
    index=list(fits),
)

# %% [markdown]
# ### Exercise 3 · Overlap by chance (easy, 5 minutes)
#
# Two people draw 75 of 1,792 tokens blindly. How many do they share on average? Compare with the table
# above.

# %%
my_overlap = None  # your number

exercises.check_overlap(my_overlap, n_selected=75, n_tokens=1792)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Take one of the first person's tokens. What is the chance that the second person drew it? Now add up
# over 75 tokens.
# </details>
# <details><summary>Solution</summary>
#
# ```python
# my_overlap = 75 * 75 / 1792
# ```
# </details>

# %% [markdown]
# ## Controls: random tokens
#
# The paper reports that even random tokens help a language model. So "better than text" is not enough. We
# draw two kinds:
#
# - **random**: as many tokens, from all of the same layers that occur in train;
# - **matched random**: for each selected token another of the same layer that is about as frequent. Two sets
#   share few tokens, so that each is a draw of its own.
#
# *Selected tokens may be better only because they are frequent. The matched ones are as frequent, so they
# take this away.*

# %%
seeds = range(seed, seed + n_random_sets)
matched = matched_random_tokens(chosen.tokens, train, layers, n_random_sets, seed)
randoms = [random_tokens(len(chosen.tokens), train, layers, one) for one in seeds]
occurrences = np.asarray(count_matrix(train, layers).sum(axis=0)).ravel()
place = {token: i for i, token in enumerate(bag.tokens_)}
sets = {"selected": chosen.tokens, "matched random": matched[0], "random": randoms[0]}

fig, ax = plt.subplots(figsize=(7, 2.4))
plots.selection.plot_frequencies(
    ax, {name: occurrences[[place[t] for t in tokens]] for name, tokens in sets.items()}
)
plt.show()

# %%
assert all(not set(chosen.tokens) & set(one) for one in matched)
assert all(sorted(t[0] for t in one) == sorted(t[0] for t in chosen.tokens) for one in matched)
per_clip = occurrences[[place[t] for t in chosen.tokens]].sum() / len(train)
print(
    f"checkpoint: matched tokens are others of the same layers; a clip holds {per_clip:.0f} selected tokens"
)
print(f"two matched sets share at most {largest_share(matched):.0%} of their tokens")

# %% [markdown]
# ## The test
#
# Now, and only now, the test clips. Each condition gets a fresh linear model (ℓ2, its $C$ by grouped
# cross-validation on train) on the words plus a given set of tokens. **Equal loudness** is one more control:
# every clip is brought to the same level, encoded again, and tokens are selected anew from that. It cannot
# win by loudness.

# %%
test = experiment.clips(task, "test")
y_test, g_test = label_ids(test, task, names), groups(test)
ambiguous = np.array([clip.ambiguous for clip in test])
conditions = {"text": [[]], "text + selected": [chosen.tokens]}
conditions |= {"text + matched random": matched, "text + random": randoms}
linear = make_linear(seed=seed)
predictions = predict_conditions(linear, train, y, test, conditions)

# %%
loud_train, loud_test = (experiment.clips(task, split, rms_dbfs) for split in ("train", "test"))
chosen_loud = experiment.selection(task, n_tokens, rms_dbfs, refresh=True, selector=selector, C=C)
same_level = "text + selected, equal loudness"
conditions = {same_level: [chosen_loud.tokens]}
predictions |= predict_conditions(linear, loud_train, y, loud_test, conditions)
common = len(set(chosen.tokens) & set(chosen_loud.tokens))
print(f"equal loudness: C = {chosen_loud.C:.3g} selects {len(chosen_loud.tokens)} tokens")
print(f"{common} of them are among our {len(chosen.tokens)}")

# %% [markdown]
# Every condition is compared with *text* on the same clips. The interval comes from drawing test
# sentences (groups) with replacement, again and again, both models scored on the same draw. The random
# conditions are means over their sets.
#
# *What would contradict the method: an interval of "selected" that holds zero, or one that "matched
# random" reaches too.*

# %%
bootstrap = Bootstrap(n_resamples, seed)
parts = {"all clips": np.ones(len(test), bool)}
if ambiguous.any():
    parts |= {"ambiguous": ambiguous, "specific": ~ambiguous}
results = {
    part: compare_conditions(y_test, predictions, g_test, inside=inside, bootstrap=bootstrap)
    for part, inside in parts.items()
    if inside.any()
}
pd.concat(results, names=["part", "condition"])

# %%
fig, axes = plt.subplots(1, len(results), figsize=(11, 2.8), sharey=True, sharex=True, squeeze=False)
for ax, (part, one) in zip(axes[0], results.items(), strict=True):
    shown = one.drop("text")
    plots.intervals.plot_intervals(ax, shown.index, shown[["difference", "low", "high"]].to_numpy())
    ax.set_title(f"{part}\n{one.clips.iloc[0]} clips, {one.sentences.iloc[0]} sentences")
fig.supxlabel(f"difference of macro-F1 to text alone, 95 % interval, seed {seed}")
fig.savefig(figures / "02_test.png", dpi=110)
plt.show()

# %%
bases = ("text", "text + matched random", "text + random", same_level)
against = {
    f"text + selected, less {base}": compare_conditions(
        y_test, predictions, g_test, base, bootstrap=bootstrap
    ).loc["text + selected", ["difference", "low", "high", "verdict"]]
    for base in bases
}
pd.DataFrame(against).T

# %% [markdown]
# Two readings to avoid. The intervals are over *sentences*; the voices of test are few, too, and other
# voices could differ more. And a bag of counts forgets the order of the tokens; a language model will not
# (notebook 05).

# %% [markdown]
# ## Two extremes: `question` and `topic`
#
# In `question`, every sentence is spoken twice, as a statement and as a question, with the same words.
# *Prediction: text alone is right half of the time, by construction. If tokens carry the final rise, they
# must do far better.*
#
# In `topic`, only the words tell, and the delivery is drawn independently of it. *Prediction: tokens add
# nothing.*

# %%
extremes, above_random = {}, {}
others = ["question", "topic"]
for other in others:
    clips, unseen = experiment.clips(other, "train"), experiment.clips(other, "test")
    labels = label_names(clips, other)
    mine = experiment.selection(other, n_tokens, refresh=True, selector=selector, C=C)
    conditions = {"text": [[]], "text + selected": [mine.tokens]}
    controls = matched_random_tokens(mine.tokens, clips, layers, n_random_sets, seed)
    conditions["text + matched random"] = controls
    guesses = predict_conditions(linear, clips, label_ids(clips, other, labels), unseen, conditions)
    truth = label_ids(unseen, other, labels)
    extremes[other] = compare_conditions(truth, guesses, groups(unseen), bootstrap=bootstrap)
    against = compare_conditions(truth, guesses, groups(unseen), "text + matched random", bootstrap=bootstrap)
    above_random[other] = against.loc["text + selected"]
extremes = pd.concat(extremes, names=["task", "condition"])
extremes

# %% [markdown]
# For `question`, read the accuracy: a model that cannot tell the two apart is right half of the time,
# whatever it says. Its macro-F1 depends on what it says: 0.33 if always the same, about 0.5 if it
# guesses. So a random control can "gain" macro-F1 there and know nothing, and the selected tokens must beat
# *it*, not only the text.

# %%
columns = ["difference", "low", "high", "verdict", "clips", "sentences"]
pd.DataFrame(above_random).T[columns].rename_axis("selected less matched random")

# %% [markdown]
# ## Labels without meaning
#
# A last test looks at the selection itself. At the same $C$, are more audio tokens selected with the true
# labels than with permuted ones? Whole sentences exchange their labels, so that the clips of one sentence
# still agree where they agreed before. The grey band goes from the least to the most of all permutations.
#
# A weak penalty keeps tokens whatever the labels are: noise, too, finds a use. So we look where chance keeps
# next to nothing. The dashed line is the largest $C$ at which half of all labellings, the true one included,
# keep one token at most.
#
# *Prediction: there, the true labels keep more where sound matters, and none where only words do. Further to
# the right they may even keep fewer than permuted ones: what words explain, tokens need not.*

# %%
counted = {}
for other in dict.fromkeys([task, *others]):
    clips = experiment.clips(other, "train")
    labels, rng = label_ids(clips, other, label_names(clips, other)), np.random.default_rng(seed)
    true = fit_l1_path(selector, clips, labels, permutation_Cs).n_tokens
    shuffled = [permute_labels(labels, groups(clips), rng) for _ in range(n_permutations)]
    permuted = count_permuted(selector, clips, shuffled, permutation_Cs, experiment.n_jobs)
    usual = np.median(np.vstack([true, permuted]), axis=0)
    counted[other] = true, permuted, max(np.flatnonzero(usual <= 1), default=0)

fig, axes = plt.subplots(1, len(counted), figsize=(11, 3.2), squeeze=False)
for ax, (other, (true, permuted, i)) in zip(axes[0], counted.items(), strict=True):
    plots.path.plot_permuted_counts(ax, np.array(permutation_Cs), true, permuted, other)
    ax.axvline(permutation_Cs[i], color="black", linestyle="--", linewidth=1)
plt.show()

# %%
p_values, rows = {}, {}
for other, (true, permuted, i) in counted.items():
    p_values[other] = (1 + (permuted[:, i] >= true[i]).sum()) / (1 + n_permutations)
    for k in sorted({i, len(permutation_Cs) - 1}):
        p = p_values[other] if k == i else np.nan  # at the dashed line
        rows[other, permutation_Cs[k]] = true[k], permuted[:, k].min(), permuted[:, k].max(), p
print(f"with {n_permutations} permutations, p cannot be smaller than {1 / (1 + n_permutations):.2f}")
table = pd.DataFrame.from_dict(rows, "index", columns=["true labels", "permuted, least", "most", "p"])
table.set_index(pd.MultiIndex.from_tuples(rows, names=["task", "C"]))

# %% [markdown]
# ### Exercise 4 · A permutation p-value (medium, 10 minutes)
#
# Write the function that turns a real value and its permuted ones into a p-value. Large values are the
# unusual ones.


# %%
def my_p_value(real, permuted):
    return None  # your code


exercises.check_permutation_p(my_p_value)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Count the permuted values that are at least as large as the real one. The real labels are one of the
# possible orders, too.
# </details>
# <details><summary>Solution</summary>
#
# ```python
# def my_p_value(real, permuted):
#     return (1 + sum(value >= real for value in permuted)) / (1 + len(permuted))
# ```
# </details>
#
# ## Limits
#
# - The number of tokens, 75 unless you have changed it, is the paper's, not an optimum of this corpus; look
#   at the path again.
# - A token is selected for what it adds *beside these words*. With other texts, others may be.
# - One codec, one corpus, one seed of the folds. The intervals hold the sentences' chance only.

# %% [markdown]
# - The corpus is synthetic speech with planted deliveries. It shows that the method finds what is there.
#   It does not show how much is there in real debates.

# %% [markdown]
# ## Summary

# %%
overall, span = results["all clips"], ["difference", "low", "high"]
metrics = {
    "tokens kept": len(chosen.tokens),
    "C": C_count,
    "C best in cross-validation": C_best,
    "macro-F1, text": overall.macro_f1["text"],
    "macro-F1, text + selected": overall.macro_f1["text + selected"],
}
for name in overall.index.drop("text"):
    metrics[f"gain over text, {name.removeprefix('text + ')}"] = list(overall.loc[name, span])
for other in others:
    metrics[f"{other}, accuracy, text"] = extremes.accuracy[other, "text"]
    metrics[f"{other}, accuracy, text + selected"] = extremes.accuracy[other, "text + selected"]
    metrics[f"{other}, gain over text"] = list(extremes.loc[(other, "text + selected"), span])
    metrics[f"{other}, gain over matched random"] = list(above_random[other][span])
metrics |= {f"{name}, p of tokens kept": p for name, p in p_values.items()}
record_metrics(run_dir, "02_select_tokens", **metrics)
pd.Series({key: np.round(value, 4) for key, value in metrics.items()}, name="value").to_frame()

# %% [markdown]
# You have a list of tokens, each a pair (layer, code), with a coefficient per class. It lies in the run
# folder as `selection_<task>_<n_tokens>.json`. You know what it is worth to a linear model, and against
# which controls.
#
# What do these tokens *sound* like?
#
# Next: [03 · Tokens and acoustics →](03_tokens_and_acoustics.ipynb)
