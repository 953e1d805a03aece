# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
# ---

# %% [markdown]
# # 09 · Noise and transfer
#
# **What are the tokens worth when words are wrong, the sound is noisy, or the task is another?**
#
# About 1 minute on two CPU cores, no GPU. Long computations are stored; some rows are computed here.
#
# [← 08 · How many tokens?](08_how_many_tokens.ipynb) ·
# [contents](00_start_here.ipynb) ·
# [10 · Generation →](10_generation.ipynb)
#
# The paper selects from layers 2 to 8, because layer 1 carries the words, and the words are written down
# anyway. It expects that to break in two places: where the transcript is bad, layer 1 may become necessary;
# and where nothing of the class can be heard, nothing should be gained. You will
#
# - **spoil** the words, and see whether layer 1 makes up for them;
# - **add noise** to the sound, which spoils the tokens and what a recogniser writes down;
# - **carry** tokens from one task to another, and from synthetic voices to people and back;
# - **test** a task in which only the words tell.

# %%
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown

from speechlm_utils import exercises, plots, widgets
from speechlm_utils.audio import load_audio
from speechlm_utils.bootstrap import Bootstrap, bootstrap_macro_f1, paired_bootstrap
from speechlm_utils.clips import label_ids, label_names, name_units
from speechlm_utils.evaluation.arms import Part, Recipe, fit_selector
from speechlm_utils.evaluation.hearing import QuickRecogniser, hear_clips, load_noisy
from speechlm_utils.evaluation.linear import Counts, LinearModel, Words
from speechlm_utils.evaluation.noise import corrupt_clips, measure_spectrum
from speechlm_utils.evaluation.records import load_record, read_outcomes
from speechlm_utils.experiment import Experiment
from speechlm_utils.notebook.overview import list_versions
from speechlm_utils.notebook.record import record_metrics
from speechlm_utils.selection.selector import list_selected
from speechlm_utils.words import word_error_rate

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
n_tokens = 75
rerun_task = "fallacy"  # or "topic"
rerun_rate = 0.4  # share of the words that are spoiled; this row is computed here
rerun_snr = 5  # dB; some clips are heard at this level here
n_heard = 6  # so many
n_resamples = 2000  # of sentences, of voices, and of draws

# %% [markdown]
# ## What is stored
#
# Two scripts fit the models. Their records hold predictions, clip by clip; all scores and intervals below are
# computed from these, here and now.

# %%
where, bootstrap = Path(stored_results), Bootstrap(n_resamples, seed, rows="draws")
transfer = load_record(where / "transfer_linear.json", "tasks", "tokens")
noise = load_record(where / "noise_demo.json", "tasks", "seed")
lines = [
    f"- `{one['made_by']}` on {one['date']}, tokenizer `{one['codec_hash']}`, seed {one['seed']}"
    for one in (transfer, noise)
]
Markdown("\n".join(lines))

# %%
experiment = Experiment(corpus_dir, codec_name, run_dir, cache_dir, seed, clips_per_split)
train, test = (experiment.clips(rerun_task, split) for split in ("train", "test"))
names = label_names(train, rerun_task)
y, y_test = (label_ids(some, rerun_task, names) for some in (train, test))
part = Part(train, y, test, Recipe(n_tokens, seed=seed))

# %% [markdown]
# ## Worse words
#
# How bad a transcript is, is said by the **word error rate**: words that were replaced, left out or added,
# per word that was spoken. A person has about 0.05, a good recogniser 0.05 to 0.2, one in a noisy room 0.5.
# Here every word is hit with the same probability, and then left out or replaced by another word of the
# corpus:

# %%
texts = [clip.text for clip in train]
shown = {rate: corrupt_clips(test[:1], rate, texts, seed)[0].text for rate in (0, 0.2, 0.4, 0.8)}
pd.Series(shown, name="the same sentence").rename_axis("word error rate, about").to_frame()

# %% [markdown]
# ### One row, computed here
#
# The words of train *and* test are spoiled, since a recogniser would write both. Tokens are then selected
# anew beside these words, from layers 2–8 and from 1–8.

# %%
worse = replace(
    part,
    train=corrupt_clips(train, rerun_rate, texts, seed),
    test=corrupt_clips(test, rerun_rate, texts, seed + 1),
)

# %%
blocks, within = {"words": [Words()]}, worse.inner_folds()
for name, layers in {"words + layers 2–8": range(2, 9), "words + layers 1–8": range(1, 9)}.items():
    recipe = Recipe(n_tokens, tuple(layers), seed=seed)
    tokens = list_selected(fit_selector(replace(worse, recipe=recipe), use_text=True))
    blocks[name] = [Words(), Counts(tokens)]
    print(f"{name}: {len(tokens)} tokens, {sum(layer == 1 for layer, _ in tokens)} of layer 1")

# %%
fitted = {name: LinearModel(some).fit(worse.train, y, within) for name, some in blocks.items()}
here = {name: model.predict(worse.test) for name, model in fitted.items()}

# %%
wer = word_error_rate([clip.text for clip in test], [clip.text for clip in worse.test])
scores_here = {
    name: bootstrap_macro_f1(y_test, one, name_units(test), Bootstrap(n_resamples, seed))
    for name, one in here.items()
}
print(f"{rerun_task}: word error rate {wer:.2f}, {len(train)} train clips, {len(test)} test clips")
pd.DataFrame({name: [str(one)] for name, one in scores_here.items()}, index=["macro-F1"]).T

# %% [markdown]
# What the tokens add to these words, and what layer 1 adds to the tokens:

# %%
pairs = {
    "layers 2–8 less words": ("words", "words + layers 2–8"),
    "layers 1–8 less 2–8": ("words + layers 2–8", "words + layers 1–8"),
}
gains_here = {
    what: paired_bootstrap(
        y_test, here[a], here[b], name_units(test), Bootstrap(n_resamples, seed)
    ).difference
    for what, (a, b) in pairs.items()
}
pd.DataFrame({what: [str(one)] for what, one in gains_here.items()}, index=["difference of macro-F1"]).T

# %% [markdown]
# ### All rates
#
# *Predict: at which word error rate do the words alone fall to chance? Does the gain by the tokens shrink or
# grow? And does it help to allow layer 1, in* `fallacy`*, whose classes can be heard, or in* `topic`*, whose
# classes only the words tell?*


# %%
def score(found, name):
    return bootstrap_macro_f1(found.y, found.outcomes[name].predictions, found.units, bootstrap).values


def compare(found, a, b):
    pair = (found.outcomes[name].predictions for name in (a, b))
    return paired_bootstrap(found.y, *pair, found.units, bootstrap).difference


# %%
arms = ("words", "words + layers 2–8", "words + layers 1–8")
figures = Path(run_dir) / "figures"
figures.mkdir(parents=True, exist_ok=True)

# %%
tasks = noise["tasks"]
spoiled = {
    task: {rate: read_outcomes(some["clips"], one) for rate, one in some["words"]["results"].items()}
    for task, some in tasks.items()
}
rates = list(map(str, tasks["fallacy"]["words"]["rates"]))

# %%
fig, axes = plt.subplots(1, 2, figsize=(10, 4))
for ax, (task, found) in zip(axes, spoiled.items(), strict=True):
    errors = tasks[task]["words"]["wer"]
    curves = {
        arm: np.array([[x, *score(found[rate], arm)] for x, rate in zip(errors, rates, strict=True)])
        for arm in arms
    }
    plots.curves.plot_curves(ax, curves, (plots.TEXT, plots.BOTH, plots.AUDIO), spread=0.012)
    alone = {f"{arm} alone": score(found["no words"], arm)[0] for arm in ("layers 2–8", "layers 1–8")}
    plots.curves.mark_limits(ax, alone | {"chance": 1 / len(tasks[task]["label_names"])})
    n_draws = len(found[rates[-1]].outcomes["words"].predictions)
    ax.set(
        xlabel="word error rate",
        title=f"{task}: {len(found['0.0'].y)} test clips, {n_draws} draw{'s' * (n_draws > 1)}",
    )
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=6)
fig.savefig(figures / "09_words.png", dpi=110)
plt.show()

# %% [markdown]
# 95 % intervals over sentences and voices. Where the title says "1 draw", the luck of the errors is not in
# them: compare the row computed above, whose errors are others. What the tokens add, and what layer 1 adds
# to them:

# %%
rows, added = [], {}
for task, found in spoiled.items():
    for rate in rates:
        gain = compare(found[rate], "words", "words + layers 2–8")
        layer_1 = added[task, rate] = compare(found[rate], "words + layers 2–8", "words + layers 1–8")
        rows.append((task, rate, gain.short, gain.verdict, layer_1.short, layer_1.verdict))
    without = added[task, "no words"] = compare(found["no words"], "layers 2–8", "layers 1–8")
    rows.append((task, "no words", "", "", without.short, without.verdict))

# %%
columns = ["task", "word errors", "layers 2–8 less words", "so", "layers 1–8 less 2–8", "so "]
table = pd.DataFrame(rows, columns=columns).set_index(["task", "word errors"])
table

# %%
for task in spoiled:
    verdicts = {rate: one.verdict for (name, rate), one in added.items() if name == task}
    helps = [rate for rate, verdict in verdicts.items() if verdict == "above"]
    harms = [rate for rate, verdict in verdicts.items() if verdict == "below"]
    print(
        f"{task}: layer 1 helps at {', '.join(helps) or 'no rate'}, harms at {', '.join(harms) or 'no rate'}."
    )

# %% [markdown]
# ## Worse sound
#
# Noise spoils both sides: the recogniser writes other words, and the tokenizer other codes. The noise here is
# steady and has the mean spectrum of speech, so that no frequency is left clean. Its level is the
# **signal-to-noise ratio**: at 20 dB the speech is ten times as strong as the noise (in amplitude), at 0 dB
# they are equal. *Listen: from which level on do you have to guess words?*

# %%
rate = experiment.codec.spec.sample_rate
others = [load_audio(clip.audio, rate) for clip in experiment.corpus if clip.split == "unlabelled"][:100]
spectrum = measure_spectrum(others)
levels = {"clean": None, "20 dB": 20, "10 dB": 10, "5 dB": 5, "0 dB": 0}

# %%
clip = test[0]
heard = {name: load_noisy(clip, level, spectrum, rate, seed) for name, level in levels.items()}
print(clip.text)
widgets.show_players(heard, rate, columns=5)

# %% [markdown]
# Some test clips at `rerun_snr`, heard here: first what the recogniser (Whisper tiny.en, the smallest)
# writes, then how many codes stay what they were.

# %%
some = test[:: max(1, len(test) // n_heard)][:n_heard]
models = experiment.codec, QuickRecogniser()
noisy = hear_clips(some, [rerun_snr] * len(some), spectrum, models, seed)
words = {"spoken": [clip.text for clip in some], f"written at {rerun_snr} dB": [clip.text for clip in noisy]}
print(f"word error rate of these {len(some)} clips: {word_error_rate(*words.values()):.2f}")
pd.DataFrame(words)

# %%
same = np.mean([(a.codes == b.codes).mean(axis=1) for a, b in zip(some, noisy, strict=True)], axis=0)
kept = {f"{len(some)} clips at {rerun_snr} dB, here": same}

# %%
about = tasks["fallacy"]["sound"]
n_all = len(tasks["fallacy"]["clips"]["y"])
level_names = ["clean" if level is None else f"{level} dB" for level in about["levels"]]

# %%
kept |= {
    f"{n_all} clips at {name}, stored": row
    for name, row in zip(level_names, about["codes_kept"], strict=True)
}
pd.DataFrame(kept, index=[f"layer {layer}" for layer in range(1, len(same) + 1)]).T.rename_axis(
    "share of frames whose code stays"
)

# %% [markdown]
# Layer 1 is the coarsest, and keeps its codes longest. Each further layer codes what the layers before it
# left over, so one changed code changes all that follow.
#
# Two models meet the noisy clips. One has learned from **clean** clips. The other has learned from clips that
# each had noise of *some* level (**noisy**). Both know the true words of train; in test, the words are those
# that the recogniser wrote.
#
# *Predict: which suffers more from noise, the words or the tokens? Does training in noise help the tokens?*


# %%
def read_levels(task, how, words):
    clips = tasks[task]["sound"]["recognised"] if words == "recognised" else tasks[task]["clips"]
    arms = tasks[task]["sound"]["results"][how]
    return [read_outcomes(clips, arms[f"{words}, {level}"]) for level in about["levels"]]


# %%
fig, axes = plt.subplots(2, 2, figsize=(10, 7), sharex=True, sharey="row")
for row, task in zip(axes, tasks, strict=True):
    for ax, how in zip(row, ("clean", "noisy"), strict=True):
        by_level, tokens = read_levels(task, how, "recognised"), read_levels(task, how, "true")
        curves = {arm: [(x, *score(one, arm)) for x, one in enumerate(by_level)] for arm in arms}
        curves["layers 2–8 alone"] = [(x, *score(one, "layers 2–8")) for x, one in enumerate(tokens)]
        plots.curves.plot_curves(
            ax, curves, (plots.TEXT, plots.BOTH, plots.AUDIO, plots.NEUTRAL), spread=0.08
        )
        ax.set_xticks(range(len(level_names)), level_names)
        n = f"{len(by_level[0].y)} clips, tokens alone {len(tokens[0].y)}"
        ax.set_title(f"{task}, trained on {how} clips ({n})")
fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
fig.supxlabel("signal-to-noise ratio; 95 % intervals over sentences and voices", fontsize=10)
fig.savefig(figures / "09_sound.png", dpi=110)
plt.show()

# %%
wers = {task: some["sound"]["wer"] for task, some in tasks.items()}
table = pd.DataFrame(wers, index=level_names).T.rename_axis("word error rate of the recogniser")
table

# %%
rows = {}
for task in tasks:
    for how in ("clean", "noisy"):
        for level, found in zip(level_names, read_levels(task, how, "recognised"), strict=True):
            pairs = ("words", "words + layers 2–8"), ("words + layers 2–8", "words + layers 1–8")
            rows[task, how, level] = [compare(found, *pair) for pair in pairs]

# %%
table = pd.DataFrame(
    {key: [text for one in some for text in (one.short, one.verdict)] for key, some in rows.items()},
    index=["layers 2–8 less words", "so", "layers 1–8 less 2–8", "so "],
).T
table.rename_axis(["task", "trained on", "test"])

# %%
for (task, how), some in pd.Series(rows).groupby(level=[0, 1], sort=False):
    gains, layer_1 = ([pair[i].verdict for pair in some] for i in (0, 1))
    print(
        f"{task}, trained on {how} clips: tokens help at {gains.count('above')} of {len(gains)} levels; "
        f"layer 1 helps at {layer_1.count('above')} and harms at {layer_1.count('below')}."
    )

# %% [markdown]
# ## Tokens of another task, another corpus
#
# 75 tokens were selected on each of four tasks: three of the demo corpus, and `emotion` of EmoDB (ten German
# actors; [notebook 06](06_real_voices.ipynb)). Then each task is learned with the tokens of each. What is
# carried over is the *list of tokens*; their weights are learned anew on the task at hand. The control, as
# ever, are tokens matched in layer and frequency to the list that is carried.
#
# *Predict: which lists share most tokens? Are tokens of synthetic voices of any use on people?*

# %%
lists = transfer["tokens"]
overlap = np.array([[len({*map(tuple, lists[a])} & {*map(tuple, lists[b])}) for b in lists] for a in lists])
by_chance = n_tokens**2 / transfer["n_occurring"]
print(f"Two random lists of {n_tokens} would share {by_chance:.1f} tokens.")
pd.DataFrame(overlap, index=list(lists), columns=list(lists)).rename_axis("tokens shared")

# %%
moved = {task: read_outcomes(one["clips"], one["arms"]) for task, one in transfer["tasks"].items()}
fig, axes = plt.subplots(1, len(moved), figsize=(11, 3.2), sharex=True, sharey=True)
gains, controls = {}, {}
for ax, (task, found) in zip(axes, moved.items(), strict=True):
    for source in lists:
        gains[task, source] = compare(found, "words", f"from {source}")
        controls[task, source] = compare(found, f"matched to {source}", f"from {source}")
    colors = [plots.BOTH if source == task else plots.AUDIO for source in lists]
    spans = [gains[task, source].values for source in lists]
    plots.intervals.plot_intervals(ax, list(lists), spans, "gain over words", colors)
    ax.axvline(0, color="black", linewidth=0.6)
    ax.set_title(f"read on {task}\n({len(found.y)} test clips)")
axes[0].set_ylabel("tokens selected on")
fig.savefig(figures / "09_transfer.png", dpi=110)
plt.show()

# %% [markdown]
# Gains in macro-F1 over the words alone, with 95 % intervals over voices (and, in the demo corpus,
# sentences); green: the task's own tokens. The same with the control, and what follows:

# %%
rows = {
    key: [
        gains[key].short,
        gains[key].verdict,
        controls[key].short,
        controls[key].verdict,
    ]
    for key in gains
}
columns = ["less words", "so", "less matched", "so "]
pd.DataFrame(rows, index=columns).T.rename_axis(["read on", "selected on"])

# %%
says = {"above": "better than", "below": "worse than", "not decided": "not told apart from"}
carried = [key for key in gains if key[0] != key[1] and "topic" not in key]
for task, source in carried:
    over_words, over_matched = (says[some[task, source].verdict] for some in (gains, controls))
    print(f"{source} → {task}: {over_words} words, {over_matched} matched tokens.")

# %%
better = sum(controls[key].verdict == "above" for key in carried)
own = sum(controls[task, task].verdict == "above" for task in moved if task != "topic")
print(
    f"Carried lists better than matched tokens: {better} of {len(carried)}; own: {own} of {len(moved) - 1}."
)

# %% [markdown]
# So two things must be kept apart. Tokens of almost any kind tell something about the delivery, and a model
# that learns their weights anew can use them: that is the gain over words. Whether *these* tokens are the
# right ones is what the matched control asks, and the last line answers it, for the tasks that can be heard
# (without `topic`). "Not told apart" is not "no better". The matched lists are four draws here, and ten in
# the README, so the numbers differ a little.
#
# ## A task that cannot be heard
#
# In `topic` the delivery is independent of the class, by construction. If the method found tokens there that
# help, something would be wrong with it. Three things to check: is the selection near empty, as the paper
# expects? Is it more repeatable than one on permuted labels? Is anything gained?

# %%
unheard = load_record(where / "tokens_demo_topic.json", "test", "penalty")
penalty, found = unheard["penalty"], read_outcomes(unheard["test"]["clips"], unheard["test"]["arms"])
alike = {name: np.array(values, dtype=float) for name, values in penalty["agreement"].items()}
table = pd.DataFrame(
    {
        "C": penalty["C"],
        "tokens selected": penalty["n_tokens"],
        "tokens, a half": penalty["n_tokens_half"]["true"],
        "tokens, a half, permuted labels": penalty["n_tokens_half"]["permuted"],
        "agreement of halves": alike["true"],
        "agreement, permuted labels": alike["permuted"],
    }
)
table[table["tokens selected"] > 0].set_index("C")

# %%
sizes = [name for name in found.outcomes if name.startswith("selected")]
topic_gains = {name: compare(found, "words", name) for name in sizes}
fig, ax = plt.subplots(figsize=(8, 0.3 * len(sizes) + 1.2))
spans = [one.values for one in topic_gains.values()]
plots.intervals.plot_intervals(
    ax, [f"{name} tokens" for name in sizes], spans, "gain over words (macro-F1)", plots.AUDIO
)
ax.axvline(0, color="black", linewidth=0.6)
ax.set_title(f"topic: {len(found.y)} test clips, 95 % intervals over sentences and voices")
fig.savefig(figures / "09_topic.png", dpi=110)
plt.show()

# %%
at = int(np.argmin(np.abs(np.log(np.array(penalty["C"]) / 0.025))))
verdicts = [one.verdict for one in topic_gains.values()]
counts = {verdict: verdicts.count(verdict) for verdict in says}
print(f"At C = {penalty['C'][at]:.3g}, near the paper's, {penalty['n_tokens'][at]} tokens are selected.")
print(
    f"{len(sizes)} sizes against words alone: {', '.join(f'{n} {verdict}' for verdict, n in counts.items())}."
)
most = {name: np.nanmax(values) for name, values in alike.items()}
print(f"Largest agreement: {most['true']:.2f}, with permuted labels {most['permuted']:.2f}.")

# %% [markdown]
# The selection is not near empty, then. But a number of selected tokens proves nothing: with a weak penalty,
# lasso selects tokens for labels that mean nothing, too (the two columns "a half"). So compare how well two
# halves of the train clips agree with how well they agree on permuted labels, and look at the scores on test.
# (Agreement is Nogueira's index: 1 if halves select the same tokens, about 0 by chance.)
#
# ### Exercise 1 · Noise at a level (easy, 5 minutes)
#
# `signal_rms` and `noise_rms` are the root mean squares of a sound and of a noise. By which factor must the
# noise be multiplied, so that the signal-to-noise ratio is `snr_db` decibels?


# %%
def my_factor(signal_rms, noise_rms, snr_db):
    return None  # your code


exercises.check_noise_factor(my_factor)

# %% [markdown]
# <details><summary>Hint</summary>
#
# A ratio of amplitudes r is 20 · log10(r) decibels. At 0 dB the noise gets the RMS of the signal.
# </details>
# <details><summary>Solution</summary>
#
# ```python
# def my_factor(signal_rms, noise_rms, snr_db):
#     return signal_rms / noise_rms * 10 ** (-snr_db / 20)
# ```
# </details>
#
# ### Exercise 2 · Word error rate (medium, 10 minutes)
#
# `reference` and `hypothesis` are lists of words: what was spoken, and what was written. Return the smallest
# number of words to replace, leave out or add that turns one into the other, per word of the reference.


# %%
def my_wer(reference, hypothesis):
    return None  # your code


exercises.check_word_errors(my_wer)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Let `row[j]` be the cost of turning the words so far into the first j of the hypothesis. A new word of the
# reference costs the least of: leave it out (`row[j] + 1`), add one (`new[j - 1] + 1`), replace it or keep it
# (`row[j - 1] + (a != b)`).
# </details>
# <details><summary>Solution</summary>
#
# ```python
# def my_wer(reference, hypothesis):
#     row = list(range(len(hypothesis) + 1))
#     for a in reference:
#         new = [row[0] + 1]
#         for j, b in enumerate(hypothesis, 1):
#             new.append(min(row[j] + 1, new[j - 1] + 1, row[j - 1] + (a != b)))
#         row = new
#     return row[-1] / len(reference)
# ```
# </details>
#
# ## Limits
#
# - The models are linear. What a language model makes of bad transcripts was not measured here.
# - Words that are spoiled at random are kinder than a recogniser, whose errors are alike for alike sounds;
#   the recogniser is the smallest Whisper, and wrote down a sample of the test clips only. Each rate has one
#   draw of errors.
# - One kind of noise. Music, other speakers or an echo spoil other codes.
# - The tokenizer is Whisper's own encoder with quantised states, so both sides may fail on the same clips.
# - Transfer between corpora changes language, voices, recording and task at once; it does not say which of
#   them a loss is due to. EmoDB has ten voices.
# - A task's "own" EmoDB tokens are selected in each fold anew, the carried ones once.
#
# ## Summary

# %%
metrics = {
    f"{rerun_task}, {rerun_rate:.0%} of the words spoiled, {name}": one.values
    for name, one in scores_here.items()
}
metrics |= {what: one.values for what, one in gains_here.items()}
metrics |= {
    f"layer 1 adds, {task}, {rate}": one.values
    for (task, rate), one in added.items()
    if rate in ("0.0", "0.8", "no words")
}
metrics |= {
    f"{source} → {task}, less matched": one.values
    for (task, source), one in controls.items()
    if "topic" not in (task, source)
}
metrics["topic, sizes above words alone"] = f"{counts['above']} of {len(sizes)}"
record_metrics(run_dir, "09_noise_and_transfer", **metrics)
pd.Series(metrics, name="").to_frame()

# %% [markdown]
# Next: [10 · Generation →](10_generation.ipynb)
