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
# About 1 minute on two CPU cores, no GPU. If notebook 04 has left no rows, they are trained
# here first, which takes several times as long; the time depends on `row_steps` and on the language model.
#
# [← 06 · Real voices](06_real_voices.ipynb) ·
# [contents](00_start_here.ipynb) ·
# [12 · Why this prediction? →](12_why_this_prediction.ipynb)
#
# You will
#
# - **write** a card for every selected token: all that is known of it, each number with its doubt;
# - **lay** the cards out as an atlas, and see which tokens are to be trusted;
# - **listen** to a token where it occurs, and to clips from which it was taken away.
#
# And you will **check** the cards: this corpus knows what was planted in each class. Do the cards say the
# same?

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from speechlm_utils import exercises, plots, widgets
from speechlm_utils.acoustics.features import clip_features
from speechlm_utils.acoustics.spectra import log_mel
from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.clips import groups, label_ids, sample_clips
from speechlm_utils.codec.codebooks import nearest_codes, read_codebook
from speechlm_utils.evaluation.linear import Counts, LinearModel, Words
from speechlm_utils.experiment import Experiment
from speechlm_utils.interpretation.association import resample_effects
from speechlm_utils.interpretation.card_parts import describe_tokens
from speechlm_utils.interpretation.cards import PARTS, list_cards
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
from speechlm_utils.llm.embeddings import nearest_tokens
from speechlm_utils.llm.load import load_llm
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.notebook.overview import list_versions
from speechlm_utils.notebook.record import record_metrics
from speechlm_utils.pretraining.pretrain import PretrainSettings
from speechlm_utils.selection.controls import matched_random_tokens
from speechlm_utils.selection.stability import split_folds
from speechlm_utils.tokens import find_occurrences, mark_tokens, show_token

plots.apply_style()
pd.options.display.precision = 2
pd.options.display.max_colwidth = 100
print(list_versions())

# %% tags=["parameters"]
corpus_dir = "../data/demo"
codec_name = "../data/tokenizer"
llm_name = "smollm2-135m"  # or a hub name, or a folder
llm_dtype = "auto"
llm_quantization = None
run_dir = "../runs/lab"
cache_dir = "../runs/cache"
seed = 0
clips_per_split = None  # all
task = "fallacy"
n_tokens = 75  # wanted
row_steps = 72  # pre-training steps, if notebook 04 has left no rows
n_feature_clips = 400  # measured; finding the pitch costs about 0.2 s of computing a clip, once
n_folds = 5
n_subsamples = 20
n_resamples = 1000  # of whole clips
n_random_sets = 5  # controls
n_moments = 3  # clips to hear per token
n_windows = 24  # frames side by side
n_decoded_clips = 8
clip_seconds = 3.0  # longest player

# %% [markdown]
# ## What a card rests on
#
# The tokens were selected on train clips. Their sound is measured on validation and test clips, which the
# selection has not seen. Their neighbours in the language model come from the rows of
# [notebook 04](04_pretrain_embeddings.ipynb); if there are none, a few steps make some.

# %%
experiment = Experiment(
    corpus_dir, codec_name, run_dir, cache_dir,
    seed, clips_per_split, LLMSpec(llm_name, llm_dtype, llm_quantization),
)  # fmt: skip
chosen = experiment.selection(task, n_tokens)
train = experiment.clips(task, "train")
unseen = experiment.clips(task, "validation") + experiment.clips(task, "test")
clips = sample_clips(unseen, task, limit=n_feature_clips, seed=seed)
names, tokens, codec = chosen.label_names, chosen.tokens, experiment.codec
features = clip_features(clips, cache_dir)
print(f"{len(tokens)} tokens, selected on {len(train)} train clips, measured on {len(clips)} other clips")
assert not {clip.id for clip in clips} & {clip.id for clip in train}

# %%
embeddings = experiment.token_embeddings(chosen, PretrainSettings(1e-2, 8, max_steps=row_steps, seed=seed))
model, tokenizer = load_llm(experiment.llm)
words = nearest_tokens(embeddings, model, tokenizer, n_nearest=3)
del model  # only its vocabulary was needed
width = len(next(iter(embeddings.values())))
print(f"{len(embeddings)} embeddings of {width} numbers, each with its nearest words")

# %% [markdown]
# ## One table
#
# All that is known goes into one table: a row is one fact about one token. Each part of a card has its own
# kind of value.

# %%
bootstrap = Bootstrap(n_resamples, seed)
evidence = Evidence(
    chosen, clips, features, train, codec, embeddings, words, bootstrap, n_folds, n_subsamples
)
facts = describe_tokens(evidence)
pd.Series(PARTS, name="what the value is").to_frame().join(facts.groupby("part").size().rename("facts"))

# %% [markdown]
# Three columns keep us honest. `low` and `high` bound a value; where frames are compared, whole **clips**
# are drawn with replacement, never single frames. `expected` is what all frames or clips give. `q` is
# corrected for the many tests within a part: of all facts with $q < 0.05$, about one in twenty may be
# false.

# %%
cards = list_cards(facts)
Path(run_dir).mkdir(parents=True, exist_ok=True)
facts.to_csv(Path(run_dir) / f"facts_{task}.csv", index=False)
cards.to_csv(Path(run_dir) / f"cards_{task}.csv")
cards = cards.sort_values("coefficient", ascending=False)
cards.head(8)

# %% [markdown]
# ## One card
#
# The token with the largest coefficient among those that occur in several of the measured clips. A line is an
# interval, a grey bar what is expected; a hollow dot is not sure. *Before you read on: from its sound alone,
# which class would you give it to? And do its neighbours, in the codec and in the language model, look like
# relatives?*

# %%
ordered = list(zip(cards.layer, cards.code, strict=True))
token = max(ordered, key=lambda one: len(find_occurrences(clips, one, n_moments)))  # the first of the best
said = plots.cards.draw_card(plt.figure(figsize=(10.5, 6.5)), facts, token)
plt.show()
print(said)

# %% [markdown]
# Nearest words are those whose row points most nearly the same way. With cosines far below 1, "nearest" need
# not mean "near": look at the numbers before you read a meaning into the words.

# %% [markdown]
# **Any token: see its card, hear it.** Pick one, and listen before you look: short pieces of several clips
# in a row, then clips in which it occurs. *Can you say from the sound what its card will say? Then choose a
# class at "speaks for": do its tokens share a sound?* The keyboard is enough: Tab goes from control to
# control, arrows pick.


# %%
def draw(figure, one):
    return plots.cards.draw_card(figure, facts, one)


def listen(one):
    sounds = gather_sounds(clips, one, n_moments, clip_seconds, seed=seed)
    return widgets.show_players(sounds, codec.spec.sample_rate)


widgets.explore_tokens(chosen, draw, listen)

# %% [markdown]
# ## The atlas
#
# Every column is a token. *Predictions: a token that speaks for a class should be more frequent in it, also
# in clips that the selection has not seen (red in the second panel where the first is red). Tokens of one
# class should resemble each other in sound. A token of a small coefficient should be kept by fewer
# half-samples.*

# %%
fig, axes = plt.subplots(4, 1, figsize=(11, 9), sharex=True, height_ratios=[6, 6, 8, 4])
plots.cards.plot_atlas(axes, facts)
figures = Path(run_dir) / "figures"
figures.mkdir(parents=True, exist_ok=True)
fig.savefig(figures / "11_atlas.png", dpi=110)
plt.show()

# %%
speaking = cards[cards.stance == "for"]
frequency = facts[facts.part == "frequency"].set_index(["token", "name"])
own = frequency.loc[list(zip(speaking.index, speaking.label, strict=True))]
own = own[own.expected > 0]
higher = (own.value > own.expected).mean()
by_rank = speaking[["coefficient", "stability"]].corr("spearman").iloc[0, 1]
seen = {
    "tokens that speak for a class": len(speaking),
    "tokens that only speak against one": len(cards) - len(speaking),
    "of those that occur, more frequent in their class than in all unseen clips": higher,
    "of those that occur, the difference is sure": (own.q < 0.05).mean(),
    "rank correlation of coefficient and stability": by_rank,
    "share of all tokens with a sure effect on some feature": (cards.sound != "").mean(),
}
pd.Series(seen, name="").to_frame()

# %% [markdown]
# ## Whose token is it?
#
# A token may be the fingerprint of a voice. If that voice speaks one class more than others, lasso takes the
# fingerprint for the class. So each card asks two things of the train clips:
#
# - **Does the voice matter at all?** Whole clips exchange their voices, within the classes, and the
#   differences between voices are compared with the true ones ($q$).
# - **Is it much?** The share of the token's frames that one voice speaks, less this voice's share of all
#   frames. From 25 percentage points on, with $q < 0.05$, the card is flagged.
#
# *The first alone would flag nearly everything that has to do with pitch: voices differ in timbre and
# height.*

# %%
voices = facts[facts.part == "voice"].groupby("token").first()
flagged = cards[cards.concentrated].sort_values("excess", ascending=False)
print(f"the voice matters (q < 0.05) for {(voices.q < 0.05).mean():.0%} of {len(voices)} tokens")
print(f"one voice has much of it: {len(flagged)} tokens")
flagged[["stance", "label", "coefficient", "stability", "voice", "excess"]].head(6)

# %% [markdown]
# The card of the token with the largest excess. *Would you build on it?*

# %%
worst = cards.loc[cards.excess.idxmax()]
said = plots.cards.draw_card(plt.figure(figsize=(10.5, 6.5)), facts, (worst.layer, worst.code))
plt.show()
print(said)

# %% [markdown]
# ## A sound of speech, or a way of speaking?
#
# A token that falls on a few phones only is half a letter: it tells *what* is said. The table shows the
# tokens with the most one-sided phones, among the sure facts.

# %%
phones = facts[facts.part == "phone"].assign(times=lambda one: one.value / one.expected)
sure = phones[phones.q < 0.05].sort_values("value", ascending=False)
leading = phones.groupby("token").value.max()
print(f"{sure.token.nunique()} of {len(cards)} tokens prefer some phone for sure")
print(f"the most frequent phone has {leading.median():.0%} of a token's frames (median)")
sure[["token", "name", "value", "expected", "times", "low", "high", "q", "n"]].head(6)

# %% [markdown]
# ## Do the cards say what was planted?
#
# Left, what was planted: the mean of each class, in standard deviations about the mean of the classes. Right,
# what the cards measure: the mean effect of the tokens that speak for the class, weighted by coefficient, and
# counted in the same way. Five planted parameters have
# a counterpart on the cards: shift and pitch, gain and loudness, tilt and tilt, pause and (fewer) voiced
# frames, contour and the slope of pitch. *The cards are right if red stands where red stands.*

# %%
pairs = tuple(CARD_PAIRS)
profile = planted_profile(train, task, names, CARD_PAIRS)
effects = resample_effects(clips, features, tokens, pairs, Bootstrap(1))[0][0]
measured = average_by_class(chosen.coefs, effects)

fig, axes = plt.subplots(1, 2, figsize=(11, 3.6))
for ax, values, title in ((axes[0], profile, "planted (train)"), (axes[1], measured, "the cards (unseen)")):
    plots.acoustics.plot_profile(ax, values, names, pairs, title)
plt.show()

# %%
strongest, classes = np.abs(profile).argmax(axis=1), np.arange(len(names))
table = pd.DataFrame({
    "planted most": [CARD_PAIRS[pairs[j]][0] for j in strongest],
    "feature": [plots.acoustics.name_feature(pairs[j]) for j in strongest],
    "planted, std": profile[classes, strongest],
    "cards, std": measured[classes, strongest],
}, index=[plots.show_name(name) for name in names])  # fmt: skip
right = int((table["planted, std"] * table["cards, std"] > 0).sum())
print(f"for {right} of {len(names)} classes, the cards have the sign of what was planted most")
table

# %%
r = pd.DataFrame(profile).corrwith(pd.DataFrame(measured)).fillna(0)
r.set_axis([plots.acoustics.name_feature(name) for name in pairs]).rename("r over the classes").to_frame()

# %% [markdown]
# **As one number, with its control.** Take a token's effects, and the planted profile of the class that it
# speaks for, scaled to length 1. Their product is how far the token lies in the planted direction, in
# standard deviations. We average it over the tokens. What all tokens of a set have in common, say that they
# are loud, tells no class from another and is taken off first.
#
# The control: tokens that were *not* selected, of the same layers and as frequent. They have no coefficients,
# so a model of words and tokens (ridge penalty, no selection) is fitted on the train clips, for them and once
# more for the selected tokens. And a shuffle: each token gets the class of another.
#
# *Prediction: every token of a speech codec sounds like something, and a model finds the class in which that
# sound is frequent, so the control is above zero. If the selection looks for delivery, it must lie clearly
# above the control.*

# %%
matched = matched_random_tokens(tokens, train, chosen.layers, n_random_sets, seed)
y, sets = label_ids(train, task, names), {"selected, as on the cards": (tokens, chosen.coefs)}
folds = split_folds(y, groups(train), n_folds, seed)
for i, some in enumerate([tokens, *matched]):
    model = LinearModel([Words(), Counts(some)]).fit(train, y, folds)
    sets[f"matched random {i}" if i else "selected, same model"] = some, model.read_coefs()
recovered = {}
for name, (some, coefs) in sets.items():
    effects, _ = resample_effects(clips, features, some, pairs, bootstrap)  # the same resamples for all
    recovered[name] = measure_recovery(coefs, effects, profile, len(clips), seed=seed)
controls = [one for name, one in recovered.items() if name.startswith("matched")]
gain = recovered["selected, same model"].compare(controls)

# %%
intervals = {name: one.compare()["projection"] for name, one in recovered.items()}
spans = np.array([one.values for one in intervals.values()])
fig, ax = plt.subplots(figsize=(8, 0.8 + 0.34 * len(intervals)))
plots.intervals.plot_intervals(ax, list(intervals), spans, "standard deviations in the planted direction")
ax.set_title(f"mean over the tokens, 95 % interval over {len(clips)} clips")
plt.show()

# %%
table = {name: (spans[i, 0], one.p, one.n_tokens) for i, (name, one) in enumerate(recovered.items())}
pd.DataFrame(table, index=["projection, std", "p against shuffled classes", "tokens"]).T

# %% [markdown]
# Selected less matched random, the same model for both: the projection, in standard deviations.

# %%
gain["projection"]

# %% [markdown]
# And the correlation with what was planted.

# %%
gain["correlation"]

# %% [markdown]
# The two numbers answer two questions. The projection asks *how much* the tokens of a class sound like its
# delivery. The correlation (that of notebook 03, with one more pair) asks whether the *pattern* over
# classes is right, however faint the sounds are; there, many weak tokens can do as well as a few strong
# ones.

# %% [markdown]
# ## Listen: where it occurs
#
# The token of the first card again. Orange in the waveform, and between white lines in the spectrogram: its
# moments. *Play the clips; can you hear what happens there?*

# %%
moments = find_moments(clips, token, n_moments, clip_seconds, seed)
fig, axes = plt.subplots(2, len(moments), figsize=(11, 3.4), squeeze=False)
for column, moment in zip(axes.T, moments, strict=True):
    mel = log_mel(moment.wav, codec.spec.sample_rate)
    plots.cards.plot_moment(column, moment.wav, mel, moment.spans, codec.spec.sample_rate)
    column[0].set_title(f"{moment.clip.id}: {plots.show_name(moment.clip.labels[task])}")
plt.show()

# %%
print(f"{show_token(*token)}, {len(moments)} clips, at most {clip_seconds:g} s each")
told = limit_peak({f"{one.clip.id}: {one.clip.text}": one.wav for one in moments})
widgets.show_players(told, codec.spec.sample_rate)

# %% [markdown]
# ## Listen: its frames side by side
#
# A token lasts one frame, some hundredths of a second. Above, 0.3 s around one frame of it in each of many
# clips, the frame in the middle; below, frames drawn at random from the same clips. *Whatever all windows
# above share and those below do not is what the codec means by this token.* The players join the same
# windows.

# %%
places = find_occurrences(clips, token, n_windows, seed)
rng = np.random.default_rng(seed)
elsewhere = [(clip, int(rng.uniform(0.1, 0.9) * clip.codes.shape[1])) for clip, _ in places]
strips = {f"{show_token(*token)}: {len(places)} clips": places, "random frames": elsewhere}
fig, axes = plt.subplots(2, 1, figsize=(11, 3.8))
for ax, (name, some) in zip(axes, strips.items(), strict=True):
    mels = [log_mel(window, codec.spec.sample_rate) for window in cut_frames(some)]
    plots.cards.plot_strip(ax, np.stack(mels), name)
plt.show()

# %%
joined = {name: join_pieces(some[:12]) for name, some in strips.items()}
widgets.show_players(limit_peak(joined), codec.spec.sample_rate)

# %% [markdown]
# ## Listen: without it
#
# Codes can be edited and decoded again. We take the clip in which the token is most frequent, and write
# another code in its place: the nearest one that was not selected, or the farthest. Then we leave the
# token's whole layer out. *Prediction: the nearest code changes little, the farthest more, and only around
# the token; the layer changes everything.*

# %%
layer, code = token
used = {int(one) for clip in [*train, *clips] for one in clip.codes[layer - 1]}
free = sorted(used - {one for at, one in tokens if at == layer} - {code})
ranked = nearest_codes(read_codebook(codec, layer), code, len(free), free)
others = {f"nearest, {show_token(layer, ranked[0][0])}": ranked[0][0],
          f"farthest, {show_token(layer, ranked[-1][0])}": ranked[-1][0]}  # fmt: skip
hits = np.array([mark_tokens(clip.codes, [token])[0].sum() for clip in clips])
edited = [clips[i] for i in np.argsort(-hits, kind="stable")[:n_decoded_clips] if hits[i]]
variants = [decode_variants(codec, clip.codes, token, others) for clip in edited]
longest = round(clip_seconds * codec.spec.sample_rate)
print(f"{edited[0].id}: {hits.max()} of {edited[0].codes.shape[1]} frames are {show_token(*token)}")
print(f'"{edited[0].text}"')
heard = {name: wav[:longest] for name, wav in variants[0].items()}
widgets.show_players(limit_peak(heard), codec.spec.sample_rate, columns=2)

# %% [markdown]
# How much did change, where the token stood and elsewhere? The mean difference of the log-mel spectra, over
# several clips (0.1 is about 0.9 dB).

# %%
changes = pd.DataFrame(
    [
        (name, *measure_change(wavs["as encoded"], wavs[name], mark_tokens(clip.codes, [token])[0],
                               codec.spec))
        for clip, wavs in zip(edited, variants, strict=True)
        for name in list(wavs)[1:]
    ],
    columns=["edit", "at the token", "elsewhere"],
)  # fmt: skip
changed = changes.groupby("edit", sort=False).mean()
changed

# %%
near, far = changed.iloc[0], changed.iloc[1]
local = (changed["at the token"] / changed["elsewhere"]).iloc[:2]
print(f"{len(edited)} clips; farthest against nearest code: {far.iloc[0] / near.iloc[0]:.1f} times as much")
print(f"a replaced token changes at least {local.min():.0f} times as much where it stood as elsewhere")

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
# - A card describes where a token occurs. It does not say why lasso took it: a coefficient stands beside
#   these words and these other tokens.
# - Whole clips were resampled. Clips of one voice hang together as well; with few voices, the intervals are
#   too narrow for a claim about new voices.
# - A flag for one voice is a warning, no verdict; and a token without a flag can still lean on two voices.
# - "Nearest" in a codebook is nearest for the decoder's sum of vectors, not for the ear.
# - Edited codes are codes that no sound has: the decoder has never met them.
#
# - The profile that the cards are compared with has five features. What was planted in the rate of speech
#   has no counterpart on a card.

# %% [markdown]
# ## Summary

# %%
metrics = {
    "tokens": len(cards),
    "tokens that speak for a class": len(speaking),
    "more frequent in their class, unseen clips": higher,
    "tokens with a sure sound": (cards.sound != "").mean(),
    "change at the token, nearest and farthest": [near.iloc[0], far.iloc[0]],
    "tokens that one voice has much of": len(flagged),
    "tokens that prefer a phone": sure.token.nunique(),
    "classes whose strongest planted parameter has the right sign": right,
    "std in the planted direction, selected, as on the cards": spans[0, 0],
    "std in the planted direction, selected, same model": spans[1, 0],
    "std in the planted direction, matched random": spans[2:, 0].mean(),
    "std in the planted direction, selected less matched": gain["projection"].values,
    "correlation with planted, selected, as on the cards": next(iter(recovered.values())).correlations[0],
    "correlation with planted, selected less matched": gain["correlation"].values,
}
record_metrics(run_dir, "11_token_atlas", **metrics)
pd.Series(metrics, name="").to_frame()

# %% [markdown]
# Each token has a card now, and the table lies in the run folder: `facts_<task>.csv` with a row per fact,
# `cards_<task>.csv` with a row per token.
#
# Next: [12 · Why this prediction? →](12_why_this_prediction.ipynb)
