# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
# ---

# %% [markdown]
# # 11 · Token atlas
#
# **What does one token mean, how do we know, and can you hear it?**
#
# About 1 minute on two CPU cores, no GPU.
#
# [← 10 · Generation](10_generation.ipynb) ·
# [contents](00_start_here.ipynb) ·
# [12 · Why this prediction? →](12_why_this_prediction.ipynb)
#
# A speech token is a number that the tokenizer gives to a fiftieth of a second of sound. Nobody told it what
# the number should mean. You will
#
# - **listen** to the token that speaks most strongly for a class of the demo corpus, and guess what it means;
# - **measure** it on clips that the selection has not seen, and read its card: all that is known of it;
# - **take it away**: decode clips in which another code stands in its place;
# - **go both ways**: from a token to its clips, and from a clip to its tokens and what a model makes of them;
# - **check** all 75 cards against what was planted in the corpus.

# %%
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from speechlm_utils import exercises, explorers, plots, widgets
from speechlm_utils.acoustics.features import clip_features
from speechlm_utils.acoustics.spectra import log_mel
from speechlm_utils.bootstrap import Bootstrap, draw_weights, resample_mean
from speechlm_utils.clips import groups, label_ids, sample_clips
from speechlm_utils.codec.codebooks import nearest_codes, read_codebook
from speechlm_utils.evaluation.linear import Counts, LinearModel, Words
from speechlm_utils.experiment import Experiment
from speechlm_utils.interpretation.association import resample_effects, standardise_by_speaker
from speechlm_utils.interpretation.card_parts import describe_tokens
from speechlm_utils.interpretation.cards import PARTS, list_cards
from speechlm_utils.interpretation.doses import remove_token
from speechlm_utils.interpretation.evidence import Evidence
from speechlm_utils.interpretation.listening import (
    cut_frames,
    decode_variants,
    find_moments,
    gather_sounds,
    join_pieces,
    limit_peak,
    measure_change,
)
from speechlm_utils.interpretation.planted import planted_profile
from speechlm_utils.interpretation.recovery import CARD_PAIRS, average_by_class, measure_recovery
from speechlm_utils.notebook.overview import list_versions
from speechlm_utils.notebook.record import record_metrics
from speechlm_utils.selection.controls import matched_random_tokens
from speechlm_utils.selection.stability import split_folds
from speechlm_utils.tokens import find_occurrences, mark_tokens, show_token

plots.apply_style()
pd.options.display.precision = 2
pd.options.display.max_colwidth = None
print(list_versions())

# %% tags=["parameters"]
corpus_dir = "../data/demo"
codec_name = "../data/tokenizer"
run_dir = "../runs/lab"
cache_dir = "../runs/cache"
seed = 0
clips_per_split = None  # all
task = "fallacy"
n_tokens = 75  # selected in notebook 02
feature = "f0_st"  # pitch, in semitones: what is measured step by step
n_feature_clips = 240  # measured
n_folds = 3
n_subsamples = 6
n_resamples = 1000  # of whole clips
n_random_sets = 4  # of matched tokens, the control
n_moments = 3  # clips to hear per token
n_windows = 24  # frames side by side
n_decoded_clips = 5
n_heard_clips = 12  # whose tokens can be followed in the page
clip_seconds = 3.0  # longest player

# %% [markdown]
# ## One token
#
# [Notebook 02](02_select_tokens.ipynb) selected about 75 tokens on the *train* clips of the demo corpus: a
# linear model of the class (which of six fallacies is it?) needs them beside the words. Each has a
# coefficient for each class. All that follows is measured on *validation* and *test* clips, with other
# voices and other sentences, which the selection has not seen.

# %%
experiment = Experiment(corpus_dir, codec_name, run_dir, cache_dir, seed, clips_per_split)
selection = experiment.selection(task, n_tokens)
train = experiment.clips(task, "train")
unseen = experiment.clips(task, "validation") + experiment.clips(task, "test")
clips = sample_clips(unseen, task, limit=n_feature_clips, seed=seed)
names, tokens, codec = selection.label_names, selection.tokens, experiment.codec
features = clip_features(clips, cache_dir)
print(f"{len(tokens)} tokens, selected on {len(train)} train clips, measured on {len(clips)} other clips")
assert not {clip.id for clip in clips} & {clip.id for clip in train}

# %% [markdown]
# Our token is the one with the largest coefficient among those that occur in several of these clips. Its name
# gives its layer and its code: `L3-0027` would be code 27 of layer 3.

# %%
order = [tokens[i] for i in np.argsort(-selection.coefs.max(axis=0), kind="stable")]
token = max(order, key=lambda one: len(find_occurrences(clips, one, n_moments)))  # the first of the best
coefs = pd.Series(selection.coefs[:, tokens.index(token)], [plots.show_name(name) for name in names])
print(f"{show_token(*token)} speaks for: {coefs.idxmax()}")
coefs.rename("coefficient").to_frame().T

# %% [markdown]
# ## Listen first
#
# Three clips with the token. Orange in the waveform, and between white lines in the spectrogram: where it
# occurs. *Play them. What do these moments have in common: is the voice high or low there, loud or soft, is
# there a voice at all?*

# %%
moments = find_moments(clips, token, n_moments, clip_seconds, seed)
fig, axes = plt.subplots(2, len(moments), figsize=(11, 3.4), squeeze=False)
for column, moment in zip(axes.T, moments, strict=True):
    mel = log_mel(moment.wav, codec.spec.sample_rate)
    plots.cards.plot_moment(column, moment.wav, mel, moment.spans, codec.spec.sample_rate)
    column[0].set_title(f"{moment.clip.id}: {plots.show_name(moment.clip.labels[task])}")
plt.show()

# %%
told = limit_peak({f"{one.clip.id}: {one.clip.text}": one.wav for one in moments})
widgets.show_players(told, codec.spec.sample_rate)

# %% [markdown]
# A token lasts a fiftieth of a second, too short to hear alone. The upper strip shows 0.3 s around one
# occurrence in each of many clips, with the token in the middle; the lower one, the same around frames
# taken at random from the same clips. *Whatever all windows above share, and those below do not, is what
# the tokenizer means by this token.* The players join the same windows.

# %%
places = find_occurrences(clips, token, n_windows, seed)
rng = np.random.default_rng(seed)
elsewhere = [(clip, int(rng.uniform(0.1, 0.9) * clip.codes.shape[1])) for clip, _ in places]
strips = {f"{show_token(*token)} in {len(places)} clips": places, "random frames of these clips": elsewhere}
fig, axes = plt.subplots(2, 1, figsize=(11, 3.8))
for ax, (name, some) in zip(axes, strips.items(), strict=True):
    mels = [log_mel(window, codec.spec.sample_rate) for window in cut_frames(some)]
    plots.cards.plot_strip(ax, np.stack(mels), name)
plt.show()

# %%
joined = {name: join_pieces(some[:12]) for name, some in strips.items()}
widgets.show_players(limit_peak(joined), codec.spec.sample_rate)

# %% [markdown]
# ## Measure it
#
# *Write down your guess: is the pitch at this token higher than elsewhere, lower, or the same?* Now compare
# the frames that carry the token with all other frames of these clips.
#
# Three things have to be done right. A man's high pitch is a woman's low one, so each frame is counted from
# the mean of its speaker, in standard deviations of this speaker. Frames without a pitch are left out. And
# frames of one clip resemble each other, so each clip is first reduced to sums, and whole *clips* are
# resampled, never single frames.

# %%
values = [one[:, 0] for one in standardise_by_speaker(clips, features, [feature])]
sums = []
for clip, x in zip(clips, values, strict=True):
    is_token, has_value = mark_tokens(clip.codes, [token])[0], np.isfinite(x)
    for at in (is_token & has_value, ~is_token & has_value):
        sums.append([at.sum(), x[at].sum(), (x[at] ** 2).sum()])
sums = np.reshape(sums, (len(clips), 2, 3))  # clip; with the token, others; number, sum, sum of squares
n_with = int((sums[:, 0, 0] > 0).sum())

# %% [markdown]
# The effect is the difference of the two means, divided by the standard deviation within the two groups
# (*Cohen's d*). Every row of `weights` is one resample: how often each clip was drawn.

# %%
bootstrap = Bootstrap(n_resamples, seed)
weights = draw_weights(len(clips), bootstrap)
(n1, s1, q1), (n0, s0, q0) = np.einsum("rc,cgk->gkr", weights, sums)
variance = (q1 - s1**2 / n1 + q0 - s0**2 / n0) / (n1 + n0 - 2)
effect = (s1 / n1 - s0 / n0) / np.sqrt(variance)
heard = bootstrap.interval(effect, n_with, "clips with the token")
heard

# %%
direction = {"above": "higher than at", "below": "lower than at", "not decided": "not told apart from"}
measured = plots.acoustics.name_feature(feature)
print(f"{measured} at {show_token(*token)}: {direction[heard.verdict]} other frames")

# %% [markdown]
# ## The card
#
# The same is done for eight features of the sound, and for everything else that can be asked of a token.
# The answers make one table, a row for each fact. `low` and `high` are the bounds of a 95 % interval;
# `expected` is what all frames or clips give; `q` is a p-value corrected for the many questions within a
# part: of all facts with $q < 0.05$, about one in twenty is expected to be false (notebook 03).

# %%
evidence = Evidence(selection, clips, features, train, codec, {}, {}, bootstrap, n_folds, n_subsamples)
facts = describe_tokens(evidence)
pd.Series(PARTS, name="what the value is").to_frame().join(
    facts.groupby("part").size().rename("facts")
).dropna()

# %%
here = facts[(facts.token == show_token(*token)) & (facts.part == "sound")].set_index("name")
np.testing.assert_allclose(here.value[feature], heard.estimate, atol=1e-6)  # the number measured above
said = plots.cards.draw_card(plt.figure(figsize=(10.5, 6.5)), facts, token)
plt.show()
print(said)

# %% [markdown]
# A line is an interval, a grey bar what is expected; a hollow dot is not sure ($q \geq 0.05$). *Was your ear
# right? And from the sound alone, which of the six fallacies would you have given this token to?*
#
# The corpus is synthetic, so what was done to the clips of that class is known. In standard deviations:
# what was planted in the class, and what the token's frames sound like. (Clips with longer pauses have
# fewer voiced frames.)

# %%
profile = planted_profile(train, task, names, CARD_PAIRS)
known = pd.DataFrame({
    "planted in the class": profile[selection.coefs[:, tokens.index(token)].argmax()],
    "the token's frames": here.value[list(CARD_PAIRS)].to_numpy(),
}, index=[plots.acoustics.name_feature(name) for name in CARD_PAIRS])  # fmt: skip
known.T

# %% [markdown]
# **Any token: hear it, see its card.** Pick one (in JupyterLab), and listen before you look. The keyboard is
# enough: Tab goes from control to control, arrows pick.


# %%
def draw(figure, one):
    return plots.cards.draw_card(figure, facts, one)


def listen(one):
    sounds = gather_sounds(clips, one, n_moments, clip_seconds, seed=seed)
    return widgets.show_players(sounds, codec.spec.sample_rate)


widgets.explore_tokens(selection, draw, listen)

# %% [markdown]
# ## Take it away
#
# Codes can be edited and decoded again. We take clips in which the token is frequent, and write another code
# in its place: the nearest one of its layer that was not selected, or the farthest (near and far are
# distances in the codebook). Then we leave the token's whole layer out. *Predict: where in the clip does the
# sound change, and which edit changes most?*

# %%
layer, code = token
used = {int(one) for clip in [*train, *clips] for one in clip.codes[layer - 1]}
free = sorted(used - {one for at, one in tokens if at == layer} - {code})
ranked = nearest_codes(read_codebook(codec, layer), code, len(free), free)
others = {
    f"nearest, {show_token(layer, ranked[0][0])}": ranked[0][0],
    f"farthest, {show_token(layer, ranked[-1][0])}": ranked[-1][0],
}
hits = np.array([mark_tokens(clip.codes, [token])[0].sum() for clip in clips])
edited = [clips[i] for i in np.argsort(-hits, kind="stable")[:n_decoded_clips] if hits[i]]
variants = [decode_variants(codec, clip.codes, token, others) for clip in edited]

# %%
longest = round(clip_seconds * codec.spec.sample_rate)
print(f"{edited[0].id}: {hits.max()} of {edited[0].codes.shape[1]} frames are {show_token(*token)}")
print(f'"{edited[0].text}"')
decoded = {name: wav[:longest] for name, wav in variants[0].items()}
widgets.show_players(limit_peak(decoded), codec.spec.sample_rate, columns=2)

# %% [markdown]
# How much changed, where the token stood and elsewhere? The number is the mean difference of the log-mel
# spectra (0.1 is about 0.9 dB).

# %%
rows = []
for clip, wavs in zip(edited, variants, strict=True):
    marked = mark_tokens(clip.codes, [token])[0]
    for name in list(wavs)[1:]:
        rows.append((name, *measure_change(wavs["as encoded"], wavs[name], marked, codec.spec)))
changes = pd.DataFrame(rows, columns=["edit", "at the token", "elsewhere"])
changed = changes.groupby("edit", sort=False).mean()
changed

# %% [markdown]
# Is the change local, and does the farther code change more? Over these clips, in the same unit:

# %%
ids = np.array([clip.id for clip in edited])
at, besides = (changes[name].to_numpy().reshape(len(edited), -1).T for name in ("at the token", "elsewhere"))
local = resample_mean(at[0] - besides[0], ids, bootstrap, "clips")
far_less_near = resample_mean(at[1] - at[0], ids, bootstrap, "clips")
told = {
    "nearest code, at the token less elsewhere": str(local),
    "farthest less nearest code, at the token": str(far_less_near),
}
pd.Series(told, name="difference").to_frame()

# %% [markdown]
# ## All cards
#
# Every column is a token. *Predict: a token that speaks for a class should be more frequent in it, also in
# clips that the selection has not seen (red in the second panel where the first is red). Tokens of one
# class should resemble each other in sound (the third panel; a dot marks what is not sure).* The lowest
# panel shows how many subsamples of the train clips select the token (notebook 02).

# %%
cards = list_cards(facts)
Path(run_dir, "figures").mkdir(parents=True, exist_ok=True)
facts.to_csv(Path(run_dir) / f"facts_{task}.csv", index=False)
cards.to_csv(Path(run_dir) / f"cards_{task}.csv")
fig, axes = plt.subplots(4, 1, figsize=(11, 9), sharex=True, height_ratios=[6, 6, 8, 4])
plots.cards.plot_atlas(axes, facts)
fig.savefig(Path(run_dir, "figures", "11_atlas.png"), dpi=110)
plt.show()

# %% [markdown]
# The same to explore: a dot is a token, placed by two features of its sound; choose others in the menus.
# *Do the tokens of one class lie together? Point at a dot to read its card, click it to hear it.* A card
# also lists moments of its token in a few clips; "its clip" leads on to the clip (the section "From a clip
# to its tokens").

# %%
heard_clips = sample_clips(clips, task, limit=n_heard_clips, seed=seed)
atlas = explorers.explore_atlas(facts, explorers.embed_tokens(clips[::4], tokens, seed=seed), heard_clips)
atlas

# %% [markdown]
# Does the first prediction hold? For each token: is it more frequent in its class than in all unseen clips?
# If the coefficients meant nothing, about half of the tokens would be. The interval resamples the tokens.

# %%
speaking = cards[cards.stance == "for"]
frequency = facts[facts.part == "frequency"].set_index(["token", "name"])
own = frequency.loc[list(zip(speaking.index, speaking.label, strict=True))]
own = own[own.expected > 0]
is_higher = (own.value > own.expected).to_numpy(float)
assert is_higher.mean() > 0.5, "coefficients of train clips mean nothing on other clips"
higher = resample_mean(is_higher - 0.5, np.arange(len(own)), bootstrap, "tokens")
print(f"{is_higher.mean():.0%} of {len(own)} tokens are more frequent in their class; less one half:")
higher

# %% [markdown]
# Two more questions that the cards answer, about all tokens. Is a token the fingerprint of **one voice**? A
# card is flagged if one voice speaks at least 25 percentage points more of the token's frames than of all
# frames, and $q < 0.05$. Is it the sound of **one phone**? Such a token tells *what* is said, not how.
# (Silence, `SIL`, is another matter: pauses are prosody.)

# %%
flagged = cards[cards.concentrated]
phones = facts[facts.part == "phone"]
leading, sure = phones.groupby("token").value.max(), phones[phones.q < 0.05]
by_rank = spearmanr(speaking.coefficient, speaking.stability).statistic if len(speaking) > 2 else np.nan
seen = {
    "tokens": len(cards),
    "have a sure effect on some feature of the sound": (cards.sound != "").sum(),
    "one voice has much of it": len(flagged),
    "prefer silence for sure": sure[sure.name == "SIL"].token.nunique(),
    "prefer another phone for sure": sure[sure.name != "SIL"].token.nunique(),
    "share of frames on the most frequent phone, median": leading.median(),
    "rank correlation of coefficient and stability": by_rank,
}
pd.Series(seen, name="").to_frame()

# %% [markdown]
# ## Do the cards say what was planted?
#
# In this corpus we know the answer: each class was given its own pitch, loudness, tilt, pauses and contour.
# Left, what was planted: the mean of each class, in standard deviations about the mean of the classes. Right,
# what the cards measure: the mean effect of the tokens that speak for the class, weighted by coefficient, and
# counted in the same way. *The cards are right if red stands where red stands.* (Each picture has colours of
# its own; the numbers have one unit.)

# %%
pairs = tuple(CARD_PAIRS)
effects = resample_effects(clips, features, tokens, pairs, Bootstrap(1))[0][0]
measured = average_by_class(selection.coefs, effects)
fig, axes = plt.subplots(1, 2, figsize=(11, 3.6))
for ax, values, title in ((axes[0], profile, "planted (train)"), (axes[1], measured, "the cards (unseen)")):
    plots.acoustics.plot_profile(ax, values, names, pairs, title)
plt.show()

# %%
alike = {
    plots.acoustics.name_feature(pair): np.corrcoef(profile[:, k], measured[:, k])[0, 1]
    for k, pair in enumerate(pairs)
}
pd.Series(alike, name=f"correlation of both pictures, {len(names)} classes").sort_values().to_frame()

# %% [markdown]
# A column near 1 was found, one near 0 or below was not: six classes are few, so read it as a hint. That what
# was planted is not always what the frames of a token sound like has its reasons: a class has several marks,
# and a token stands for the one that it was selected for.
#
# **As one number, with its control.** Take a token's effects, and the planted profile of the class that it
# speaks for, scaled to length 1. Their product is how far the token lies in the planted direction, in
# standard deviations. We average it over the tokens, after subtracting what all tokens of a set have in
# common.
#
# The control: *matched* tokens that were not selected, of the same layers and about as frequent. They have no
# coefficients, so one and the same ridge model of words and tokens gives them to both, the matched and the
# selected. *Predict: every token sounds like something, and a model finds the class in which that sound is
# frequent, so the control lies above zero. If selecting finds the prosody, it must lie clearly above the
# control.*

# %%
matched = matched_random_tokens(tokens, train, selection.layers, n_random_sets, seed)
y, recovered, models = label_ids(train, task, names), {}, []
folds = split_folds(y, groups(train), n_folds, seed)
for i, some in enumerate([tokens, *matched]):
    models.append(LinearModel([Words(), Counts(some)]).fit(train, y, folds))
    effects, _ = resample_effects(clips, features, some, pairs, bootstrap)  # the same resamples for all
    name = f"matched, draw {i}" if i else "selected"
    recovered[name] = measure_recovery(models[i].read_coefs(), effects, profile, len(clips), seed=seed)

# %%
spans = [one.compare()["projection"].values for one in recovered.values()]
fig, ax = plt.subplots(figsize=(8, 0.9 + 0.34 * len(spans)))
plots.intervals.plot_intervals(ax, list(recovered), spans, "standard deviations in the planted direction")
ax.set_title(f"mean over the tokens, 95 % interval over {len(clips)} clips")
plt.show()

# %% [markdown]
# The difference, selected minus matched. The draws of matched tokens differ, so both clips and draws are
# resampled.

# %%
controls = np.stack([one.projections for name, one in recovered.items() if name != "selected"], axis=1)
drawn = draw_weights(n_random_sets, bootstrap) / n_random_sets  # a row for each resample, as in `controls`
difference = recovered["selected"].projections - (drawn * controls).sum(axis=1)
gain = bootstrap.interval(difference, (len(clips), n_random_sets), "clips and draws")
gain

# %%
verdicts = {
    "above": "The selected tokens lie further in the planted direction than the matched ones.",
    "below": "The matched tokens lie further in the planted direction than the selected ones.",
    "not decided": "Selected and matched tokens are not told apart by these clips.",
}
print(verdicts[gain.verdict])

# %% [markdown]
# ## From a clip to its tokens
#
# The atlas leads from a token to clips. Now the other way: which tokens does a clip hold, and what does a
# model make of each? The model is the linear one of the last section, of words and the selected tokens. For
# one clip: its probabilities as spoken, and without the token whose absence moves them most. (Its frames
# then carry a code that was not selected, so the model counts nothing there.)

# %%
one, (model, *_) = heard_clips[0], models
held = [some for some in tokens if mark_tokens(one.codes, [some]).any()]
without = [replace(one, codes=remove_token(one.codes, some, tokens)) for some in held]
shares = model.predict_proba([one, *without])
moved = int(np.abs(shares[1:] - shares[0]).max(axis=1).argmax())
told = {"as spoken": shares[0], f"without {show_token(*held[moved])}": shares[1 + moved]}
fig, ax = plt.subplots(figsize=(7, 3.4))
colors = dict(zip(told, (plots.NEUTRAL, plots.AUDIO), strict=True))
plots.training.plot_probabilities(ax, names, told, colors, one.labels[task])
ax.set_title(f"“{one.text}” ({one.id}; grey band: the true class)")
ax.legend()
plt.show()

# %% [markdown]
# And all of it, for a few clips. The marks are the clip's selected tokens, in time and by layer; a sign
# tells the class for which a token speaks. Press one to hear the moment and to read its card. The table
# asks the model beforehand: without this token, and with another one written into a tenth of the frames.

# %%
explorers.explore_timeline(heard_clips, atlas, model.predict_proba, task, names)

# %% [markdown]
# ### Exercise 1 · Replace a token (easy, 5 minutes)
#
# Write the edit yourself. `codes` has a row for each layer and a column for each frame; `token` is (layer,
# code). Return new codes in which `code` stands wherever the token stood. Leave the codes that you were
# given as they are.


# %%
def my_replace(codes, token, code):
    return None  # your code


exercises.check_replace(my_replace)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Layers are numbered from 1, rows from 0. `codes.copy()` gives you codes of your own.
# </details>
# <details><summary>Solution</summary>
#
# ```python
# def my_replace(codes, token, code):
#     layer, old = token
#     edited = codes.copy()
#     row = edited[layer - 1]
#     row[row == old] = code
#     return edited
# ```
# </details>
#
# ### Exercise 2 · An interval over clips (medium, 10 minutes)
#
# A token's share is the sum of its frames over the sum of all frames. `hits` and `frames` hold both numbers
# for each clip. Each row of `draws` names the clips of one resample, as many as there are, some of them
# twice. Return the bounds of the 95 % interval of the share.


# %%
def my_interval(hits, frames, draws):
    return None  # your code: (low, high)


exercises.check_interval(my_interval)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `hits[draws]` has a row for each resample. Sum first, then divide: a long clip counts for more.
# </details>
# <details><summary>Solution</summary>
#
# ```python
# def my_interval(hits, frames, draws):
#     shares = hits[draws].sum(axis=1) / frames[draws].sum(axis=1)
#     return tuple(np.quantile(shares, [0.025, 0.975]))
# ```
# </details>
#
# ## Limits
#
# - A card describes where a token occurs. It does not say why the lasso selected it: a coefficient holds
#   beside these words and these other tokens.
# - Whole clips were resampled. Clips of one voice hang together as well, and there are few voices: the
#   intervals are too narrow for a claim about new voices.
# - A flag for one voice is a warning, not a verdict; and a token without a flag can still lean on two voices.
# - Edited codes are codes that no sound has: the decoder has never met them.
# - What was planted in the rate of speech has no counterpart on a card.
#
# ## Summary

# %%
near, far = changed.iloc[0], changed.iloc[1]
metrics = {
    "tokens": len(cards),
    "more frequent in their class, unseen clips": is_higher.mean(),
    "tokens with a sure sound": (cards.sound != "").mean(),
    "std in the planted direction, selected": spans[0][0],
    "std in the planted direction, selected less matched": gain.values,
    f"{feature} at {show_token(*token)}": heard.values,
    "change at the token, nearest and farthest": [near.iloc[0], far.iloc[0]],
    "tokens that one voice has much of": len(flagged),
    "tokens that prefer a phone": sure.token.nunique(),
}
record_metrics(run_dir, "11_token_atlas", **metrics)
pd.Series(metrics, name="").to_frame()

# %% [markdown]
# Each token has a card now, and the table lies in the run folder: `facts_<task>.csv` with a row per fact,
# `cards_<task>.csv` with a row per token.
#
# Next: [12 · Why this prediction? →](12_why_this_prediction.ipynb)
