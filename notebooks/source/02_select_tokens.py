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
# About 2 minutes on two CPU cores, no GPU.
#
# [← 01 · Tokenize speech](01_tokenize_speech.ipynb) ·
# [contents](00_start_here.ipynb) ·
# [03 · Tokens and acoustics →](03_tokens_and_acoustics.ipynb)
#
# You will
#
# - **see** why an ℓ1 penalty (the *lasso*) sets coefficients to zero, and an ℓ2 penalty never does;
# - **count** words and speech tokens side by side, and fit one penalised model on both;
# - **choose** how strong the penalty is, on the train clips alone;
# - **doubt** the choice: half of the clips, labels without meaning;
# - **test** the selected tokens on unseen clips, against everything that could explain a gain.
#
# This is step 1 of the method ([arXiv 2512.07571](https://arxiv.org/abs/2512.07571)). The tokenizer turns a
# clip into eight layers of codes. Layer 1 follows *what* is said. Layers 2 to 8 have 256 codes each, which
# makes 1,792 *acoustic tokens*, and a clip holds hundreds of them. A language model that reads words has no
# room for that. So we select about 75: those that a linear model needs beside the words.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from speechlm_utils import exercises, explorers, plots
from speechlm_utils.acoustics.summary import summarise_clips
from speechlm_utils.bootstrap import Bootstrap, bootstrap_macro_f1, paired_bootstrap
from speechlm_utils.clips import groups, label_ids, label_names, name_units, sample_clips
from speechlm_utils.evaluation.arms import Draw, Part, Recipe, fit_selector, list_frequent, read_tokens
from speechlm_utils.evaluation.codecs import TokenSource, chance_per_layer
from speechlm_utils.evaluation.linear import C_GRID, Counts, LinearModel, Measured, Words
from speechlm_utils.evaluation.records import load_record, read_stored
from speechlm_utils.evaluation.rotation import predict_arms
from speechlm_utils.evaluation.scores import compare_arms, score_arms
from speechlm_utils.experiment import Experiment
from speechlm_utils.notebook.record import record_metrics
from speechlm_utils.selection.bag_of_words import JointBagOfWords
from speechlm_utils.selection.controls import (
    find_entry_C,
    largest_share,
    matched_random_tokens,
    permute_labels,
    random_tokens,
)
from speechlm_utils.selection.l1 import INTERCEPT_SCALING, L1LogisticRegression, fit_l1
from speechlm_utils.selection.path import fit_l1_path
from speechlm_utils.selection.penalties import shrink, soft_threshold
from speechlm_utils.selection.selector import list_selected, make_selector
from speechlm_utils.selection.stability import cross_validate_C, fold_coefs, split_folds
from speechlm_utils.tokens import list_occurrences, show_token

plots.apply_style()
pd.options.display.precision = 3

# %% tags=["parameters"]
corpus_dir = "../data/demo"
codec_name = "../data/tokenizer"
run_dir = "../runs/lab"
cache_dir = "../runs/cache"
seed = 0
clips_per_split = None  # all
task = "fallacy"
n_tokens = 75  # how many we want
Cs = [0.004, 0.006, 0.012, 0.03, 0.1]  # that are compared
n_steps = 3  # of the path from one of them to the next
n_folds = 5
n_halves = 10  # of the clips, to see how stable the selection is; an even number
n_draws = 5  # of random tokens, and of matched ones
stored_controls = True  # equal loudness, measured acoustics: stored; False: computed here (3 minutes)
rms_dbfs = -26.0  # the common loudness of one control, dB re full scale
n_resamples = 2000  # bootstrap
n_permutations = 199  # of the labels
n_heard_clips = 100  # in which moments of the tokens are looked for

# %% [markdown]
# ## Why ℓ1 is sparse and ℓ2 is not
#
# A penalty makes a model pay for its coefficients $w$: ℓ1 charges $\lambda |w|$, ℓ2 charges half
# of $\lambda w^2$, where $\lambda$ is the strength of the penalty. Take one coefficient whose best value
# without a penalty is $a$. Minimise $(w - a)^2 / 2$ plus the penalty.
#
# *Predict: which curve is flat at zero?* The price of ℓ1 per step is $\lambda$, however near to zero you
# are. If $a$ is smaller than $\lambda$, no step away from zero pays. The price of ℓ2 vanishes near zero: a
# very small step always pays.

# %%
a = np.linspace(-3, 3, 301)
fig, ax = plt.subplots(figsize=(5.5, 3.6))
plots.selection.plot_shrinkage(ax, a, soft_threshold(a, 1.0), shrink(a, 1.0))
ax.set_title("penalty λ = 1")
plt.show()

# %% [markdown]
# The same in two dimensions. The grey rings are the loss; a budget allows $w$ in the blue region only. The
# best point (orange) is where the smallest ring touches the region. A diamond has corners, and the corners
# lie on the axes, where one coefficient is zero. A circle has none.

# %%
from speechlm_utils import widgets  # loads slowly

widgets.show_penalties(budget=1.0, angle=10)
plt.show()

# %% [markdown]
# In JupyterLab, move the sliders. For how many angles does the diamond give an exact zero? And the circle?

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
# ## The clips
#
# The task is to name the class of a clip: which of six kinds of fallacy it is. Some sentences fit one class
# only. The others are *ambiguous*: their words fit two or more classes, and the prosody tells which is
# meant.
#
# The clips of one sentence are not independent, so folds, intervals and permutations below keep them
# together. Test and validation have sentences and voices of their own. We do not look at them until the
# selection is done.

# %%
experiment = Experiment(corpus_dir, codec_name, run_dir, cache_dir, seed, clips_per_split)
train = experiment.clips(task, "train")
names = label_names(train, task)
y, sentences = label_ids(train, task, names), groups(train)

n_voices = len({clip.speaker for clip in train})
print(f"{len(train)} train clips, {len(set(sentences))} sentences, {n_voices} voices")
print(f"ambiguous: {np.mean([clip.ambiguous for clip in train]):.0%} of the clips")

# %% [markdown]
# ## One row per clip: the joint bag of words
#
# A clip becomes one row of counts: how often it holds each word, then how often it holds each token. Order is
# lost; that is the price of a simple model. A token is written layer-code: `L3-0017` is code 17 of layer 3.
#
# Below are three clips of three classes, with some words and the tokens that are most frequent in them.

# %%
layers = experiment.codec.spec.acoustic_layers
bag = JointBagOfWords(layers).fit(train)
counts, n_words = bag.transform(train), bag.n_words_

places = [int(np.flatnonzero(y == k)[0]) for k in range(3)]
few = counts[places].toarray().astype(int)
order = np.argsort(-few.sum(axis=0), kind="stable")
shown = [*order[order < n_words][:5], *order[order >= n_words][:5]]
pd.DataFrame(few[:, shown], [plots.show_name(names[k]) for k in range(3)], bag.get_feature_names_out()[shown])

# %%
n_occurring = int((counts[:, n_words:].getnnz(axis=0) > 0).sum())
per_clip = counts[:, :n_words].sum() / len(train), counts[:, n_words:].sum() / len(train)
rows = {"words": [n_words, per_clip[0]], "acoustic tokens": [n_occurring, per_clip[1]]}
pd.DataFrame.from_dict(rows, "index", columns=["columns that occur", "counted in a clip"])

# %% [markdown]
# There are more columns than clips: without a penalty, many models would fit all train clips perfectly.
#
# ## One model that selects
#
# The *selector* is a scikit-learn pipeline of four steps. It counts; **TF-IDF** divides a count by how common
# its column is and brings every row to length 1; **scaling** divides each column by its standard deviation,
# so that the penalty treats all alike (without centring: zeros stay zeros); and then comes logistic
# regression with an ℓ1 penalty, its classes weighted to be equally important.

# %%
selector = make_selector(L1LogisticRegression(random_state=seed), layers)
selector

# %% [markdown]
# scikit-learn names the strength of the penalty by its inverse, $C$: a *small* C is a *strong* penalty. Which
# C selects about 75 tokens? A search halves an interval of $\log C$ until the count fits.
# `experiment.selection` does that on the train clips, and leaves the result in the run folder for the next
# notebooks.

# %%
selection = experiment.selection(task, n_tokens, selector=selector)
selector.set_params(l1__C=selection.C)
print(f"C = {selection.C:.4g} selects {len(selection.tokens)} of {n_occurring:,} tokens that occur")
print("for example", ", ".join(show_token(*token) for token in selection.tokens[:8]))

# %% [markdown]
# Here is that fit, by hand. It is one logistic regression per class: this class against all others
# (*one-vs-rest*). A token is **selected** if any class gives it a weight that is not exactly zero.
#
# *Predict: at the same C, how many of the columns get a weight from ℓ2?*

# %%
X = selector[:-1].fit_transform(train)


def fit_penalised(l1_ratio):
    """Weights of one logistic regression per class: shape (n_classes, n_columns)."""
    model = LogisticRegression(
        C=selection.C,
        l1_ratio=l1_ratio,  # 1: ℓ1, 0: ℓ2
        solver="liblinear",
        class_weight="balanced",
        intercept_scaling=INTERCEPT_SCALING,  # large: the intercept is all but free of the penalty
        tol=1e-6,
        random_state=seed,
    )
    return np.vstack([one.coef_ for one in OneVsRestClassifier(model).fit(X, y).estimators_])


w_l1, w_l2 = fit_penalised(1), fit_penalised(0)
used = np.flatnonzero((w_l1[:, n_words:] != 0).any(axis=0))
assert [bag.tokens_[i] for i in used] == list(selection.tokens), "the same tokens as the selector's"

# %%
fig, ax = plt.subplots(figsize=(7, 3.6))
plots.selection.plot_sizes(ax, {"ℓ1": np.abs(w_l1).max(axis=0), "ℓ2": np.abs(w_l2).max(axis=0)})
ax.set_title(f"the same {len(train)} clips and C = {selection.C:.3g}")
plt.show()
assert (w_l1 != 0).any(axis=0).sum() < (w_l2 != 0).any(axis=0).sum()

# %% [markdown]
# The columns are ranked by their largest coefficient; a curve ends where the zeros begin. Only ℓ1 selects;
# for ℓ2, somebody would have to invent a threshold.
#
# ### Exercise 2 · Change the penalty, count the zeros (easy, 10 minutes)
#
# Between the two lies the *elastic net*: `l1_ratio` says which part of the penalty is ℓ1. One class against
# the rest, a few clips, all else equal. *Guess first: how many weights are exactly zero with ℓ2, with one
# percent of ℓ1, with ℓ1 alone? Will a stronger ℓ2 reach zero?* Then write the function that fits and
# counts.

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
# A larger $C$ selects more tokens. Is more better? For each $C$ we divide the sentences into `n_folds` folds,
# leave out one, fit on the others and score on it, fold by fold. The score is **macro-F1**, the mean of F1
# over the classes. Words, TF-IDF and scales are learned again within each fold, so that nothing leaks.
#
# *Predict: where is the best C, to the left or to the right of our 75 tokens?*

# %%
grid = sorted({*Cs, selection.C})
steps = np.arange(n_steps * (len(grid) - 1) + 1) / n_steps  # of the path: n_steps from one C to the next
fine = np.exp(np.interp(steps, np.arange(len(grid)), np.log(grid)))
path = fit_l1_path(selector, train, y, fine, quick=True)
n_selected = path.n_tokens[::n_steps]  # at the Cs of the grid
folds = split_folds(y, sentences, n_folds, seed)
rough = clone(selector).set_params(l1__tol=1e-3)  # scores need no exact fit
table = cross_validate_C(rough, train, y, grid, folds, experiment.n_jobs)
best = int(table.macro_f1.argmax())

# %%
fig, axes = plt.subplots(2, 1, figsize=(7, 5), sharex=True)
marks = {f"best of those tried: {n_selected[best]} tokens": grid[best]}
marks[f"about {n_tokens}: {len(selection.tokens)} tokens"] = selection.C
plots.path.plot_C_path(axes, grid, n_selected, table.macro_f1, table.macro_f1_std, marks)
plt.show()
price = table.macro_f1[best] - table.macro_f1[grid.index(selection.C)]
n = len(selection.tokens)
print(f"{n} tokens in place of {n_selected[best]} cost {price:.3f} macro-F1 in this model")

# %% [markdown]
# The shaded band is one standard deviation over the folds. (If the best C is the last one, a better one may
# lie beyond: [08](08_how_many_tokens.ipynb) tries more of them, on folds that keep voices apart.) We go on
# with few tokens, for a reason that this model does not know: each of them becomes a word that a language
# model must learn, and a prompt grows with their number. The last figure of this notebook shows what that
# costs in the end.
#
# Step through the path: move the slider, here or in the saved page. *Which layers lose their tokens first?*
# The bars are the strongest coefficients of each class; press one with a ♪ to hear moments of its token.
# Notebook [20](20_live_demo.ipynb) does the same for other tasks and layers.

# %%
heard = sample_clips(train, task, limit=n_heard_clips, seed=seed)
sounds = explorers.embed_tokens(heard, selection.tokens, seed=seed)
explorers.explore_path(path, names, selection.C, sounds, n_occurring)

# %% [markdown]
# ## What speaks for which class, and how reliably?
#
# A coefficient is learned from one sample; other sentences would give another. So we split the sentences
# into two halves (*subsamples*), fit on each, and repeat with other splits. The loss is a sum over the
# clips, so half of them need twice the $C$ for the same balance. `coefs` has a row per half, class and
# column.

# %%
halves = [fold for i in range(n_halves // 2) for fold in split_folds(y, sentences, 2, seed + i)]
half = clone(selector).set_params(l1__C=2 * selection.C)
coefs = fold_coefs(half, train, y, halves)[:, :, n_words:]
frequency = (coefs != 0).any(axis=1).mean(axis=0)  # share of the halves that select a token

# %%
fig, axes = plt.subplots(2, 3, figsize=(11, 6.2), sharex=True)
for k, ax in enumerate(axes.flat):
    mean = coefs[:, k].mean(axis=0)
    top = [i for i in np.argsort(-np.abs(mean))[:10] if mean[i] != 0]
    labels, of_layer = [show_token(*bag.tokens_[i]) for i in top], [bag.tokens_[i][0] for i in top]
    plots.selection.plot_fold_coefs(ax, coefs[:, k, top], labels, of_layer, plots.show_name(names[k]))
fig.supxlabel(f"coefficient in each of {n_halves} halves of the train clips (positive: speaks for the class)")
figures = Path(run_dir) / "figures"
figures.mkdir(parents=True, exist_ok=True)
fig.savefig(figures / "02_coefficients.png", dpi=110)
plt.show()

# %% [markdown]
# *How to read it:* a box goes from the lower to the upper quartile, its whiskers to the smallest and the
# largest coefficient. A box away from zero is a token that counts in nearly every half; one that touches
# zero was dropped by at least a quarter of them. The colour is the layer, from dark blue (2) to light blue
# (8).
#
# How often is each token selected? As a control, we permute the labels: whole sentences exchange theirs.
# *Predict: if the tokens meant nothing, true labels would give no token a higher share than permuted ones
# do.*

# %%
shuffled = permute_labels(y, sentences, np.random.default_rng(seed))
null = (fold_coefs(half, train, shuffled, halves)[:, :, n_words:] != 0).any(axis=1).mean(axis=0)

fig, ax = plt.subplots(figsize=(7, 3.2))
plots.selection.plot_stability(ax, frequency[frequency > 0], null[null > 0])
ax.set_title(f"{n_halves} halves of {len(train)} train clips")
plt.show()
place = {token: i for i, token in enumerate(bag.tokens_)}
steady = np.mean(frequency[[place[token] for token in selection.tokens]] >= 0.5)
print(f"of our {len(selection.tokens)} tokens, {steady:.0%} are selected by at least every second half")

# %% [markdown]
# Two codes that sound alike can stand in for each other, and chance decides which of them a half takes. So
# a low share does not prove that a *sound* is unimportant.
#
# ### Exercise 3 · Overlap by chance (easy, 5 minutes)
#
# Two people draw 75 of 1,792 tokens blindly. How many do they share on average? Compare with two halves that
# have no sentence in common:

# %%
first, second = ((coefs[i] != 0).any(axis=0) for i in (0, 1))
print(f"the first half selects {first.sum()}, the second {second.sum()}, both {(first & second).sum()}")
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
# ## Which layers supply them?
#
# Each layer codes what the layers before it have left over. *Predict: does the first acoustic layer, with the
# coarsest sound, supply most of the selected tokens?* The black marks are the answer of chance: as many
# tokens drawn from all that **occur** in the train clips, with the range of 95 % of the draws.

# %%
chance = chance_per_layer(TokenSource(train, layers), len(selection.tokens))
per_layer = np.array([sum(layer == one for one, _ in selection.tokens) for layer in layers])

fig, ax = plt.subplots(figsize=(7, 3.2))
plots.codec.plot_layer_counts(ax, layers, per_layer, np.array(chance))
ax.set_title(f"{len(selection.tokens)} selected tokens")
plt.show()
for word, outside in (("more", per_layer > chance[2]), ("fewer", per_layer < chance[1])):
    print(f"{word} than chance:", ", ".join(f"layer {k}" for k in np.array(layers)[outside]) or "no layer")

# %% [markdown]
# ## Labels without meaning
#
# Would the penalty find as much where there is nothing? Permute the labels again, sentence by sentence, so
# that the clips of a sentence still agree where they agreed before. Then ask how weak the penalty must
# become until the **first token enters**.
#
# That needs no fit. Where all coefficients are 0, the slope of the loss along a column is $n/4$ times the
# difference between the column's mean in the class and its mean outside ($n$: number of clips). The slope
# of the ℓ1 penalty is 1, so a token enters as soon as $C$ times the slope of the loss is larger than 1. Let
# us check this against the fit.

# %%
audio = make_selector(use_text=False, layers=layers)[:-1]  # tokens alone, no words
X_audio = audio.fit_transform(train)
C_first = find_entry_C(X_audio, y)[0]
for share in (0.98, 1.02):
    n_in = fit_l1(selector["l1"], X_audio, y, C_first * share).get_support().sum()
    print(f"{share:.0%} of C = {C_first:.5f}: {n_in} tokens selected")
    assert (n_in > 0) == (share > 1)

# %% [markdown]
# Two more tasks of this corpus are the extremes. In `question`, each sentence is spoken twice, as a statement
# and as a question, with the same words. In `topic`, only the words tell; the prosody is independent of it.
#
# *Predict: in which of the three tasks does a token enter earlier than with permuted labels?*

# %%
tasks = [task, "question", "topic"]
entered, p_values = {}, {}
for one in tasks:
    clips, rng = experiment.clips(one, "train"), np.random.default_rng(seed)
    truth, columns = label_ids(clips, one, label_names(clips, one)), audio.fit_transform(clips)
    permuted = [permute_labels(truth, groups(clips), rng) for _ in range(n_permutations)]
    entered[one] = find_entry_C(columns, np.stack([truth, *permuted]))  # the true labels first
    p_values[one] = np.mean(entered[one] <= entered[one][0])

# %%
fig, axes = plt.subplots(1, 3, figsize=(11, 3))
for ax, (one, found) in zip(axes, entered.items(), strict=True):
    plots.path.plot_entry(ax, found[0], found[1:], f"{one}: p = {p_values[one]:.3f}")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
plt.show()
print(f"with {n_permutations} permutations, p cannot be smaller than {1 / (1 + n_permutations):.3f}")

# %% [markdown]
# **p** is the share of all labellings, the true one included, in which a token enters at least as early. In
# `topic` the prosody says nothing, so an early token there can only have heard the *words*: acoustic layers
# keep traces of the phones. That is why the selector reads words and tokens together, and why the test
# below asks what tokens add beside the words.
#
# ### Exercise 4 · A permutation p-value (medium, 10 minutes)
#
# Write the function that turns a real value and its permuted ones into a p-value. Large values are the
# unusual ones here.


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

# %% [markdown]
# ## The test: strong baselines first
#
# Now the unseen clips. How well can a linear model do **without** our tokens? First the words: TF-IDF of
# single words and pairs of words, logistic regression with an ℓ2 penalty. Its C is chosen by cross-validation
# within train, with voices (or sentences, where voices are few) kept apart, on a grid whose ends it must not
# reach: beyond them might lie a better C.

# %%
unseen = [*experiment.clips(task, "test"), *experiment.clips(task, "validation")]
part = Part(train, y, unseen, Recipe(n_tokens, layers, seed=seed))
words = LinearModel([Words()]).fit(train, y, part.inner_folds())
print(f"C = {words.settings_['C']} of a grid from {C_GRID[0]} to {C_GRID[-1]}")
assert C_GRID[0] < words.settings_["C"] < C_GRID[-1]

# %%
y_unseen, units = label_ids(unseen, task, names), name_units(unseen)
is_test = np.array([clip.split == "test" for clip in unseen])
y_test, test_units = y_unseen[is_test], {name: of[is_test] for name, of in units.items()}
bootstrap = Bootstrap(n_resamples, seed, rows="draws")
bootstrap_macro_f1(y_test, words.predict(unseen)[is_test], test_units, bootstrap)  # words, on test

# %% [markdown]
# Every interval from here on resamples sentences *and* voices (and the draws, where tokens are drawn at
# random), because all of them could have been others.
#
# Next, everything else that could explain a gain. Each **arm** below is what a model may read beside the
# words:
#
# - **random**: as many tokens, drawn at random from all that occur in the same layers;
# - **matched**: for each selected token another of its layer that is about as frequent;
# - **most frequent**: as many tokens, those that occur most;
# - **count only**: how many selected tokens a clip holds and how long it is, not which tokens;
# - **all of** a layer, or of all acoustic layers, without a selection;
# - **measured acoustics**: pitch, level, spectrum and pauses, without any tokenizer;
# - **about N tokens**: what the path above selects with other C.
#
# Every arm is fitted anew, by the ℓ2 model that the words have. Its scores are higher than those of the
# selector above, whose ℓ1 penalty shrinks every coefficient.

# %%
n = len(selection.tokens)
matched = matched_random_tokens(selection.tokens, train, layers, n_draws, seed)
randoms = [random_tokens(n, train, layers, seed + i) for i in range(n_draws)]
arms = {
    "words": [Draw(None)],
    "selected": [read_tokens(selection.tokens)],
    "matched": [read_tokens(tokens) for tokens in matched],
    "random": [read_tokens(tokens) for tokens in randoms],
    "most frequent": [read_tokens(list_frequent(part, n))],
}
assert all(not set(selection.tokens) & set(tokens) for tokens in matched)
print(f"{n_draws} matched draws; two of them share at most {largest_share(matched):.0%} of their tokens")

# %%
everyone, lengths = [*train, *unseen], {}
for clip in everyone:
    n_read = len(list_occurrences(clip.codes, selection.tokens))
    lengths[clip.id] = np.log1p([n_read, clip.codes.shape[1]])
arms |= {
    "count only": [Draw(Measured(lengths))],
    "all of layer 1": [Draw(Counts(layers=[1]))],
    f"all of layer {layers[0]}": [Draw(Counts(layers=layers[:1]))],
    f"all of layers {layers[0]}–{layers[-1]}": [Draw(Counts(layers=layers))],
}
sizes = {}
for C, is_in in zip(grid, path.selected[::n_steps, n_words:], strict=True):
    tokens = [token for token, used in zip(bag.tokens_, is_in, strict=True) if used]
    if C != selection.C and 0 < len(tokens) <= 8 * n_tokens:
        sizes[f"about {len(tokens)} tokens"] = [read_tokens(tokens)]

# %% [markdown]
# Two controls change the clips instead. **Shuffled audio** gives each clip the codes of another. **Equal
# loudness** brings every clip to the same level before it is encoded. Tokens are selected again for both.
#
# Equal loudness and measured acoustics go through the sound of all clips once more, which takes minutes. So
# their predictions are stored ones (`data/reference`, made by `scripts/reference_linear.py` with all train
# clips), unless `stored_controls` is False.

# %%
others = {"shuffled audio": part.shuffle_audio()}
if not stored_controls:
    arms["measured acoustics"] = [Draw(Measured(summarise_clips(everyone, cache_dir, experiment.n_jobs)))]
    loud = [clip for one in ("train", "test", "validation") for clip in experiment.clips(task, one, rms_dbfs)]
    others["equal loudness"] = part.with_codes({clip.id: clip for clip in loud})
fitted = Parallel(experiment.n_jobs)(delayed(fit_selector)(one, True) for one in others.values())

# %%
outcomes = predict_arms(part, arms | sizes, use_text=True, n_jobs=experiment.n_jobs)
for (name, other), one in zip(others.items(), fitted, strict=True):
    outcomes |= predict_arms(other, {name: [read_tokens(list_selected(one))]}, n_jobs=experiment.n_jobs)

reference = Path(corpus_dir, "..", "reference")
stored = read_stored(load_record(reference / f"linear_demo_{task}.json"), unseen)
read_from = dict.fromkeys(["measured acoustics", "equal loudness"] * stored_controls, "stored")
if stored_controls:
    outcomes["measured acoustics"] = stored["words + measured acoustics"]
    outcomes["equal loudness"] = stored["words + selected, equal loudness"]

# %% [markdown]
# *Predict: which arm comes nearest to the selected tokens? What would contradict the method?*
#
# In the table, `draws` says how many draws were averaged, `tokens` how many tokens the model was given as a
# list (0: no list), `per_clip` how many of them a clip holds, and `per_clip_once` the same with a repeated
# token counted once; `predicted` says where.

# %%
tested = {name: one.take(is_test) for name, one in outcomes.items()}
scores = score_arms(y_test, tested, test_units, bootstrap)
scores["predicted"] = [read_from.get(name, "here") for name in scores.index]
scores.drop(list(sizes))

# %% [markdown]
# Two rows of the table may be close, but is one *better*? That is a question about their difference on the
# same clips. The bootstrap draws sentences and voices with replacement, many times, and scores both
# arms on each draw. The main comparison:

# %%
pair = (tested[name].predictions for name in ("words", "selected"))
gain = paired_bootstrap(y_test, *pair, test_units, bootstrap).difference
gain

# %%
against = compare_arms(y_test, tested, "selected", test_units, bootstrap).drop(list(sizes))
fig, ax = plt.subplots(figsize=(7.5, 4.4))
spans = against[["difference", "low", "high"]].to_numpy()
xlabel = "macro-F1: selected tokens minus this arm, 95 % interval"
plots.intervals.plot_intervals(ax, against.index, spans, xlabel, plots.BOTH)
ax.set_title(f"{is_test.sum()} test clips, {gain.n[0]} sentences, {gain.n[1]} voices")
fig.savefig(figures / "02_test.png", dpi=110)
plt.show()
against

# %%
told = {"above": "better than", "below": "worse than", "not decided": "neither surely better nor worse than"}
for verdict, some in against.groupby("verdict", sort=False):
    print(f"the selected tokens are {told[verdict]}: {', '.join(some.index)}")

# %% [markdown]
# *What would have contradicted the method:* no advantage over *matched* or *random* tokens (then selecting
# would buy nothing), or over *shuffled audio* (then the sound would not be heard at all). The hardest of the
# simple choices is *most frequent*: if it is not decided against that one, a list made without labels may do
# as well.
#
# **Where does this tokenizer stand?** Nobody taught it pitch or energy. The rows *measured acoustics* and
# *all of layers 2–8* say how much there is to be had from the sound. Where they are higher than the
# selected tokens, 75 tokens lose part of it. Where plain measurements do as well, the tokenizer is no
# better an ear; what speaks for it is that a language model can read its output. *Equal loudness* says
# whether the gain comes from loudness.
#
# And how much comes from the tokenizer's training? A tokenizer on an encoder with *random* weights was built
# in the same way. It is not part of this repository, but its predictions of the same clips are stored with
# the others. The difference of selected tokens, computed here, and selected tokens of the untrained encoder:

# %%
untrained = stored["words + selected, untrained"].predictions[0, is_test]
pair = untrained, tested["selected"].predictions
over_untrained = paired_bootstrap(y_test, *pair, test_units, bootstrap).difference
over_untrained

# %% [markdown]
# **What does validation say?** Nothing in this notebook was chosen on it, so it is a second test, smaller and
# with other voices. But the tokenizer's settings were chosen there, so it may flatter the tokens.

# %%
validated = {name: one.take(~is_test) for name, one in outcomes.items()}
of_validation = {name: of[~is_test] for name, of in units.items()}
again = score_arms(y_unseen[~is_test], validated, of_validation, bootstrap).drop(list(sizes))
both = pd.concat({"test": scores.macro_f1.drop(list(sizes)), "validation": again.macro_f1}, axis=1)
both

# %%
pair = (validated[name].predictions for name in ("words", "selected"))
gain_validation = paired_bootstrap(y_unseen[~is_test], *pair, of_validation, bootstrap).difference
agree = "agree" if gain_validation.verdict == gain.verdict else "do not agree"
print(f"selected minus words: test and validation {agree} in their verdict ({gain.verdict} on test)")
gain_validation

# %% [markdown]
# **What does a token cost?** The language model has to read the selected tokens one by one. How much does a
# longer prompt buy?

# %%
columns = ["per_clip", "macro_f1", "low", "high"]
curve = scores.loc[["words", "selected", *sizes], columns].sort_values("per_clip")
points = scores.loc[["matched", "random", "most frequent"], columns]
limits = {"words + measured acoustics": scores.macro_f1["measured acoustics"]}
fig, ax = plt.subplots(figsize=(7.5, 4))
plots.selection.plot_cost(ax, curve.to_numpy(), points.T.to_dict("list"), limits)
ax.set_title(f"macro-F1 on {is_test.sum()} test clips, words + tokens")
fig.savefig(figures / "02_cost.png", dpi=110)
plt.show()

# %%
if longest := max(sizes, key=lambda name: outcomes[name].n_tokens[0], default=None):
    pair = (tested[name].predictions for name in (longest, "selected"))
    print(f"{n} tokens less {longest}: {paired_bootstrap(y_test, *pair, test_units, bootstrap).difference}")

# %% [markdown]
# ## Two extremes: `question` and `topic`
#
# *Predict: in `question` the words alone are at chance or below; in `topic` the tokens add nothing.*
#
# Words and selected tokens are computed here; ten draws of *matched* tokens for each task are stored ones.

# %%
extremes, arm_scores = {}, {}
for one in tasks[1:]:
    clips, held_out = experiment.clips(one, "train"), experiment.clips(one, "test")
    labels, mine = label_names(clips, one), experiment.selection(one, n_tokens, selector=selector)
    fold = Part(clips, label_ids(clips, one, labels), held_out, Recipe(n_tokens, layers, seed=seed))
    some = {"words": [Draw(None)], "selected": [read_tokens(mine.tokens)]}
    found, truth = predict_arms(fold, some, n_jobs=experiment.n_jobs), label_ids(held_out, one, labels)
    matched = read_stored(load_record(reference / f"linear_demo_{one}.json"), held_out)["words + matched"]
    found["matched"], units_of = matched, name_units(held_out)
    extremes[one] = compare_arms(truth, found, "selected", units_of, bootstrap)
    arm_scores[one] = score_arms(truth, found, units_of, bootstrap)
pd.concat(arm_scores, names=["task", "arm"])

# %%
pd.concat(extremes, names=["task", "selected minus"])

# %%
for one, table in extremes.items():
    print(f"{one}: selected tokens beside the words are {told[table.verdict['words']]} the words alone")

# %% [markdown]
# In `question`, a model of words alone gives the same answer to both readings of a sentence. Almost any token
# does better than that, so the comparison with *matched* tokens is the one that counts.
#
# ## Limits
#
# - The corpus is synthetic speech with planted prosody. It shows whether the method finds what is there, not
#   how much there is in real debates. For human speech, see notebook 06.
# - A bag of counts forgets the order of the tokens; a language model need not (notebook 05).
# - A token is selected for what it adds *beside these words*. With other texts, others may be.
# - 75 is the paper's number of tokens, not an optimum; see the last figure.
# - Five test voices are few: that is why the intervals are wide. Tokens are selected once: the intervals do
#   not cover how the selection would differ with other train clips.

# %% [markdown]
# ## Summary

# %%
span = ["difference", "low", "high"]
metrics = {
    "tokens kept": n,
    "C": selection.C,
    "C best in cross-validation": grid[best],
    "macro-F1, text": scores.macro_f1["words"],
    "macro-F1, text + selected": scores.macro_f1["selected"],
    "gain over text, selected": gain.values,
    "gain over text, selected, validation": gain_validation.values,
    "gain over an untrained encoder (stored)": over_untrained.values,
}
for name in against.index.drop("words"):
    metrics[f"selected less {name}"] = list(against.loc[name, span])
for one, table in extremes.items():
    metrics[f"{one}, gain over text"] = list(table.loc["words", span])
    metrics[f"{one}, gain over matched random"] = list(table.loc["matched", span])
metrics |= {f"{one}, p of the first token": p for one, p in p_values.items()}
record_metrics(run_dir, "02_select_tokens", **metrics)
pd.Series({key: np.round(value, 3) for key, value in metrics.items()}, name="value").to_frame()

# %%
assert gain.estimate > 0, "selected tokens add to the words"
assert extremes["question"].verdict["words"] == "above" and extremes["topic"].verdict["words"] != "above"

# %% [markdown]
# You have a list of tokens, each a pair (layer, code), with a coefficient per class. It lies in the run
# folder as `selection_<task>_<n_tokens>.json`. You know what it is worth to a linear model, and against
# which controls.
#
# What do these tokens *sound* like?
#
# Next: [03 · Tokens and acoustics →](03_tokens_and_acoustics.ipynb)
