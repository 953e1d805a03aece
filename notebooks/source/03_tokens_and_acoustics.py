# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
# ---

# %% [markdown]
# # 03 · Tokens and acoustics
#
# **What do the selected tokens sound like, and is that more than chance?**
#
# About 1 minute on two CPU cores, no GPU.
#
# [← 02 · Select tokens](02_select_tokens.ipynb) ·
# [contents](00_start_here.ipynb) ·
# [04 · Pre-train embeddings →](04_pretrain_embeddings.ipynb)
#
# You will
#
# - **measure** pitch, loudness and spectrum in every frame of the codec;
# - **compare** the frames in which a token fires with all others, as an effect size with an honest
#   interval;
# - **ask** whether random tokens would look the same;
# - **listen** to single tokens.
#
# The paper leaves this question open: how do the selected tokens relate to what phoneticians measure?
#
# And you will **check** the method against the truth: this corpus knows which delivery was planted in which
# class. Do the tokens tell it?

# %%
from pathlib import Path

import librosa
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Audio, display

from speechlm_utils import exercises, plots
from speechlm_utils.acoustics.features import FEATURES, clip_features, speaker_medians
from speechlm_utils.audio import load_audio
from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.clips import UNITS, choose_unit, sample_clips, select_clips
from speechlm_utils.experiment import Experiment
from speechlm_utils.interpretation.association import (
    standardise_by_speaker,
    strong_shares,
    token_associations,
)
from speechlm_utils.interpretation.listening import join_pieces
from speechlm_utils.interpretation.planted import (
    PAIRS,
    centre_planted,
    compare_directions,
    planted_profile,
    planted_recovery,
    summarise_features,
    token_directions,
    token_shares,
)
from speechlm_utils.notebook.record import record_metrics
from speechlm_utils.selection.controls import matched_random_tokens, random_tokens
from speechlm_utils.tokens import find_occurrences, list_tokens, mark_tokens, show_token

plots.apply_style()
pd.options.display.precision = 2
print(f"librosa {librosa.__version__}, numpy {np.__version__}, pandas {pd.__version__}")

# %% tags=["parameters"]
corpus_dir = "../data/demo"
codec_name = "../data/tokenizer"
run_dir = "../runs/lab"
cache_dir = "../runs/cache"
seed = 0
clips_per_split = None  # all
task = "fallacy"
n_tokens = 75  # wanted
n_feature_clips = 400  # measured; finding the pitch costs about 0.2 s of computing a clip
n_resamples = 1000  # bootstrap
n_random_sets = 5  # controls of each kind
strong_effect = 0.8  # standard deviations
n_permutations = 2000
n_folds = 5  # over voices; over groups or clips where no two voices are named
n_snippets = 6  # pieces to hear per token
snippet_seconds = 0.24

# %% [markdown]
# ## Tokens from some clips, measured on others
#
# The tokens were selected on the train clips. We describe them on validation and test clips, at best of other
# voices and other sentences. A token that looked useful by luck has no luck left there.

# %%
experiment = Experiment(corpus_dir, codec_name, run_dir, cache_dir, seed, clips_per_split)
chosen = experiment.selection(task, n_tokens)
unseen = experiment.clips(task, "validation") + experiment.clips(task, "test")
clips = sample_clips(unseen, task, limit=n_feature_clips, seed=seed)
train = select_clips(experiment.corpus, task, "train")
names, tokens, codec = chosen.label_names, chosen.tokens, experiment.codec
voices = {clip.speaker for clip in clips} - {""}
shared = len(voices & {clip.speaker for clip in train})
print(f"{len(tokens)} tokens, selected on {len(train)} train clips")
print(f"{len(clips)} other clips to measure, of {len(voices)} named voices, {shared} of them in train")
assert not {clip.id for clip in clips} & {clip.id for clip in train}

# %% [markdown]
# ## A number for every frame
#
# The codec writes one column of codes for every frame; that of this repository for every 320 samples (20 ms).
# We measure the same pieces of sound:
#
# | feature | what it is | unit |
# | --- | --- | --- |
# | pitch (`f0`) | rate of the vocal folds, by librosa's pYIN | semitones about the speaker's median* |
# | voiced | do they vibrate at all? | 0 or 1 |
# | loudness | root mean square | dB re full scale |
# | centroid | centre of gravity of the spectrum: dull or bright | Hz |
# | zero crossings | how often the waveform changes sign: high in hiss | per sample |
# | tilt | slope of the spectrum; nearer to zero in loud or pressed speech | dB per octave |
#
# Pitch and spectrum need a longer window; it is centred on the frame. (* Clips without a named speaker count
# as one speaker.)

# %%
features = clip_features(clips, cache_dir)
frames = sum(len(one["rms_db"]) for one in features)
print(f"checkpoint: {frames:,} frames, one value of each feature for each column of codes")

# %% [markdown]
# *Prediction: a woman's "low" is a man's "high".* Semitones count ratios: 12 of them double the pitch.
# Counted from each speaker's own median, a raised voice is raised in the same units for everybody.

# %%
medians = speaker_medians(clips, features)
fig, ax = plt.subplots(figsize=(6, 0.6 + 0.26 * len(medians)))
plots.acoustics.plot_medians(ax, {name: hertz for name, hertz in medians.items() if np.isfinite(hertz)})
span = 12 * np.log2(np.nanmax(list(medians.values())) / np.nanmin(list(medians.values())))
ax.set_title(f"{len(medians)} voices, {span:.0f} semitones apart")
plt.show()

# %% [markdown]
# ## One clip, one token
#
# We take the token with the largest coefficient among those that occur in several clips, and the clip in
# which it fires most. Orange frames carry it. *What do they have in common?*

# %%
hits = np.array([mark_tokens(clip.codes, tokens).sum(axis=1) for clip in clips])
common = (hits > 0).sum(axis=0) >= min(10, (hits > 0).sum(axis=0).max())
place = int(np.argmax(np.abs(chosen.coefs).max(axis=0) * common))
token, speaks_for = tokens[place], names[int(chosen.coefs[:, place].argmax())]
of_class = np.array([clip.labels[task] == speaks_for for clip in clips])
best = int((hits[:, place] * np.where(of_class, 100, 1)).argmax())
clip, wav = clips[best], load_audio(clips[best].audio, codec.spec.sample_rate)
print(f"{show_token(*token)} speaks for {plots.show_name(speaks_for)}; clip {clip.id}: {clip.labels[task]}")
print(f'"{clip.text}"')
display(Audio(wav, rate=codec.spec.sample_rate))

# %%
shown = ("f0_st", "rms_db", "centroid_hz", "zcr", "tilt_db_oct")
fig, axes = plt.subplots(6, 1, figsize=(10, 6.5), sharex=True)
measured = {name: features[best][name] for name in shown}
plots.acoustics.plot_clip(
    axes, wav, measured, mark_tokens(clip.codes, [token])[0], show_token(*token), codec.spec
)
plt.show()

# %% [markdown]
# ## From one clip to a number
#
# For each token and feature, compare the frames that carry the token with all other frames. The effect
# size is Cohen's $d$: the difference of the two means in standard deviations. Each speaker's frames are
# standardised first. As a rule of thumb, 0.2 is small, 0.5 medium, and 0.8 large.
#
# How sure is it? The frames of one clip may resemble each other: a loud clip is loud in all its frames.
# Then they are not independent, and counting them as if they were makes intervals too narrow. So whole
# **clips** are drawn with replacement. The p-values are corrected for the many tests (Benjamini and
# Hochberg): of all results with $q < 0.05$, about one in twenty may be false.

# %%
bootstrap = Bootstrap(n_resamples, seed)
found = token_associations(clips, features, tokens, bootstrap=bootstrap)
found["token"] = [show_token(layer, code) for layer, code in zip(found.layer, found.code, strict=True)]
seen = found[found.n_clips >= min(20, found.n_clips.max())]
found.loc[
    seen.effect.abs().nlargest(8).index,
    ["token", "feature", "effect", "low", "high", "q", "n_frames", "n_clips"],
]

# %% [markdown]
# The strongest row as a picture. *The less the two shapes overlap, the larger the effect. Look at the tails,
# too: a token is a tendency, not a definition.*

# %%
row = found.loc[seen.effect.abs().idxmax()]
values = np.concatenate(standardise_by_speaker(clips, features))[:, FEATURES.index(row.feature)]
fires = np.concatenate([mark_tokens(clip.codes, [(row.layer, row.code)])[0] for clip in clips])
valid = np.isfinite(values)

fig, ax = plt.subplots(figsize=(7, 3.4))
plots.acoustics.plot_two_groups(ax, values[fires & valid], values[~fires & valid], row.token, row.feature)
ax.set_title(f"d = {row.effect:.2f} [{row.low:.2f}, {row.high:.2f}], {row.n_clips} clips, seed {seed}")
plt.show()

# %% [markdown]
# *Prediction: where frames hang together, the interval over clips is wider than the one over frames; a
# token that fires once here and once there loses nothing.*

# %%
n1, n0 = seen.n_frames, frames - seen.n_frames
naive = 2 * 1.96 * np.sqrt(1 / n1.clip(lower=1) + 1 / n0 + seen.effect**2 / (2 * frames))
ratio = ((seen.high - seen.low) / naive)[seen.high.notna()]
ratio.describe(percentiles=[0.1, 0.5, 0.9]).rename("interval over clips / interval over frames").to_frame()

# %% [markdown]
# ### Exercise 1 · Which samples? (easy, 3 minutes)
#
# A frame is 20 ms at 16,000 samples per second. Return the first and the last sample that frame `k`
# covers, counted from zero.


# %%
def my_samples(frame):
    return None  # your code: (first, last)


exercises.check_frame_samples(my_samples, experiment.codec.spec)

# %% [markdown]
# <details><summary>Hint</summary>
#
# How many samples last 20 ms? Frame 0 begins at sample 0. Where does frame 1 begin?
# </details>
# <details><summary>Solution</summary>
#
# ```python
# def my_samples(frame):
#     return frame * 320, frame * 320 + 319
# ```
# </details>
#
# ### Exercise 2 · Effect size (medium, 10 minutes)
#
# Write Cohen's $d$. Divide by the pooled standard deviation: add the squared deviations of both groups,
# each from its own mean, divide by the number of values less two, and take the root.


# %%
def my_effect(with_token, others):
    return None  # your code


exercises.check_effect(my_effect)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `((x - x.mean()) ** 2).sum()` is the sum of squared deviations of a group.
# </details>
# <details><summary>Solution</summary>
#
# ```python
# def my_effect(with_token, others):
#     squares = sum(((x - x.mean()) ** 2).sum() for x in (with_token, others))
#     pooled = np.sqrt(squares / (len(with_token) + len(others) - 2))
#     return (with_token.mean() - others.mean()) / pooled
# ```
# </details>

# %% [markdown]
# ## All tokens, all features
#
# A column is a token, a row a feature. Red: its frames lie above the others; blue: below. A dot marks
# what is not sure ($q \ge 0.05$, or fewer than five clips).
#
# *Predictions: rows that go together physically should look alike (centroid and zero crossings). Quiet
# frames are often unvoiced. If a whole layer is pale, its codes carry something that these six features
# do not see.*

# %%
effects = found.pivot(index=["layer", "code"], columns="feature", values="effect")[list(FEATURES)]
q = found.pivot(index=["layer", "code"], columns="feature", values="q")[list(FEATURES)]
order = np.lexsort((effects.rms_db.fillna(0), effects.index.get_level_values("layer")))
effects, q = effects.iloc[order], q.iloc[order]

fig, ax = plt.subplots(figsize=(11, 3.2))
layers = effects.index.get_level_values("layer").to_numpy()
label = "effect (standard deviations)"
plots.acoustics.plot_grid(ax, effects, FEATURES, 2, label, unsure=~(q < 0.05).to_numpy())
plots.codec.mark_layers(ax, layers)
ax.set_xlabel("tokens, ordered by layer, within a layer by loudness")
figures = Path(run_dir) / "figures"
figures.mkdir(parents=True, exist_ok=True)
fig.savefig(figures / "03_effects.png", dpi=110)
plt.show()

# %% [markdown]
# The strongest tokens of three features, with their intervals. Dark blue is an early layer, light blue a
# late one.

# %%
fig, axes = plt.subplots(1, 3, figsize=(11, 3.4))
for ax, feature in zip(axes, ("f0_st", "rms_db", "tilt_db_oct"), strict=True):
    one = found[(found.feature == feature) & found.low.notna()]
    top = one.loc[one.effect.abs().nlargest(10).index].sort_values("effect", ascending=False)
    spans, colors = top[["effect", "low", "high"]].to_numpy(), plots.layer_colors(top.layer.tolist())
    plots.intervals.plot_intervals(ax, top.token, spans, colors=colors, are_tokens=True)
    ax.set_title(plots.acoustics.name_feature(feature))
fig.supxlabel(f"effect in standard deviations, 95 % interval over {len(clips)} clips")
plt.show()

# %% [markdown]
# ## Would random tokens look the same?
#
# Any code of a speech codec sounds like *something*. So effects alone prove little. We draw matched
# random tokens (same layers, same frequency in the train clips) and random tokens (any that occur there, of
# the layers that the selection chose from), and measure them in the same way.
#
# *If the selection looks for delivery, its tokens should have strong effects more often. If the share is
# the same, the selection is no more "acoustic" than chance; it may still choose the useful ones.*

# %%
layers = chosen.layers
train_coded = experiment.clips(task, "train")
seeds = range(seed, seed + n_random_sets)
controls = {
    "matched random": matched_random_tokens(tokens, train_coded, layers, n_random_sets, seed),
    "random": [random_tokens(len(tokens), train_coded, layers, one) for one in seeds],
}
shares = {"selected": [strong_shares(found, strong_effect)]}
for kind, sets in controls.items():
    tables = [token_associations(clips, features, one, bootstrap=bootstrap) for one in sets]
    shares[kind] = [strong_shares(table, strong_effect) for table in tables]
shares = {kind: pd.DataFrame(some) for kind, some in shares.items()}

# %%
fig, ax = plt.subplots(figsize=(9, 3.6))
plots.acoustics.plot_shares(
    ax, {kind: one.to_numpy() for kind, one in shares.items()}, [*FEATURES, "any feature"]
)
ax.set_title(f"{len(tokens)} tokens a set, {len(clips)} clips")
plt.show()
anything = {kind: one["any"].agg(["mean", "min", "max", "count"]) for kind, one in shares.items()}
pd.DataFrame(anything, index=["mean", "min", "max", "count"]).T.rename(columns={"count": "sets"})

# %% [markdown]
# ## Do a class's tokens point where its delivery points?
#
# Here this corpus can do what a real one cannot: the delivery of every clip was planted, and its
# parameters are written down. Left, what was planted: the mean of each class (train clips), in standard
# deviations. Right, what the tokens say: each token's effects, weighted by the token's coefficient for
# the class, and summed up.
#
# Four pairs of a planted parameter and a measured feature correspond: pitch shift and pitch, gain and
# loudness, tilt and tilt, pause and (fewer) voiced frames. *The method found what was planted if red
# stands where red stands.*

# %%
pairs = list(PAIRS)
profile = planted_profile(train, task, names)
by_token = found.pivot(index=["layer", "code"], columns="feature", values="effect").loc[tokens, pairs]
direction = token_directions(chosen.coefs, by_token.to_numpy())

fig, axes = plt.subplots(1, 2, figsize=(11, 3.6))
plots.acoustics.plot_profile(axes[0], profile, names, pairs, "planted (train clips)")
plots.acoustics.plot_profile(axes[1], direction, names, pairs, "direction of the tokens (unseen voices)")
plt.show()

# %% [markdown]
# The control breaks one link only: each token keeps its coefficients but gets the sound of another token.
# How often does that agree as well as the truth?

# %%
signs, correlation = compare_directions(chosen.coefs, by_token.to_numpy(), profile, n_permutations, seed)
fig, axes = plt.subplots(1, 2, figsize=(10, 3))
plots.embeddings.plot_permutations(axes[0], signs.null, {"found": signs.found})
axes[0].set_xlabel(f"share of {profile.size} cells with the same sign")
plots.embeddings.plot_permutations(axes[1], correlation.null, {"found": correlation.found})
axes[1].set_xlabel("correlation over the cells")
plt.show()

# %%
agreement = {
    name: {"found": one.found, "shuffled": one.null.mean(), "± std": one.null.std(), "p": one.p}
    for name, one in (("same sign", signs), ("correlation", correlation))
}
pd.DataFrame(agreement).T

# %%
r = [np.corrcoef(profile[:, j], direction[:, j])[0, 1] for j in range(len(pairs))]
features_planted = pd.DataFrame({"planted parameter": [PAIRS[one][0] for one in pairs], "r": r})
display(
    features_planted.set_index(pd.Index([plots.acoustics.name_feature(one) for one in pairs], name="feature"))
)
print("The tokens of a class point where its prosody was planted." if correlation.p < 0.05 else
      "No better than shuffled sounds: this selection does not show the planted directions.")  # fmt: skip

# %% [markdown]
# ## How much of what was planted do the tokens tell?
#
# The last test needs no class. Predict each planted parameter of a clip from the share of frames of each
# token (ridge regression), on voices that were not fitted on. Shares count from the voice's own mean, as
# deliveries were planted relative to a voice. $R^2 = 1$ is perfect, 0 is no better than the mean, below 0 is
# worse.
#
# The ladder: **random** tokens, **matched random** tokens, the **selected** ones, **all acoustic**
# tokens, and last what librosa **measured** directly, twelve numbers per clip. *Prediction: selected
# above matched random; all of them above the selection. Nobody should beat the measurements by much,
# except where they do not look (pauses, rate).*

# %%
sets = {"selected": tokens, "all acoustic": list_tokens(layers, codec.spec.codebook_size)}
sets |= {f"{kind}|{i}": one for kind, some in controls.items() for i, one in enumerate(some)}
predictors = {name: token_shares(clips, some) for name, some in sets.items()}
predictors["measured"] = np.array([summarise_features(one) for one in features])
unit = choose_unit(clips)
n_units = len({getattr(clip, unit) for clip in clips})
folds = {"n_folds": min(n_folds, n_units), "group": unit}
print(f"{folds['n_folds']} folds of {n_units} {UNITS[unit]}, which stay whole")
recovered = planted_recovery(clips, predictors, **folds)
recovered["kind"] = recovered.tokens.str.split("|").str[0]
mean = recovered.groupby(["kind", "parameter"]).r2.mean().unstack()
std = recovered.groupby(["kind", "parameter"]).r2.std().unstack()
mean = mean.assign(mean=mean.mean(axis=1)).sort_values("mean")
mean

# %%
kinds = ["random", "matched random", "selected", "all acoustic", "measured"]
parameters = std.columns.tolist()
fig, ax = plt.subplots(figsize=(10, 4))
plots.acoustics.plot_recovery(
    ax, parameters, *({k: t.loc[k, parameters].to_numpy() for k in kinds} for t in (mean, std))
)
fig.savefig(figures / "03_recovery.png", dpi=110)
plt.show()

# %% [markdown]
# One number with its control: $R^2$ averaged over the parameters, in each fold; selected less matched
# random.

# %%
fold_means = recovered.groupby(["kind", "seed", "fold"]).r2.mean()
gain = fold_means["selected"] - fold_means["matched random"]
print(f"{len(clips)} clips, {n_units} {UNITS[unit]}, {n_random_sets} sets of each control")
less = {"mean R²": gain.mean(), "std over folds": gain.std(), "share of folds above 0": (gain > 0).mean()}
pd.Series(less, name="selected less matched random").to_frame()

# %% [markdown]
# **A catch.** Classes differ in delivery, and the tokens were selected to tell classes. They could
# "recover" a parameter only because they recognise the class. So take each class's mean off the
# parameters, and ask again: within a class, do the tokens know which clip is higher or louder?

# %%
without_all = {name: x for name, x in predictors.items() if name != "all acoustic"}
within = planted_recovery(centre_planted(clips, task), without_all, **folds)
within["kind"] = within.tokens.str.split("|").str[0]
both = pd.concat({"as planted": recovered, "within class": within}).reset_index(level=0, names="target")
table = both.groupby(["parameter", "target", "kind"]).r2.mean().unstack()
table[[kind for kind in kinds if kind in table]]

# %%
inner = within.groupby(["kind", "parameter"]).r2.mean().groupby("kind").mean()
told = within[within.kind == "selected"].groupby("parameter").r2.mean()
print("told by the selected tokens within a class (R² > 0.05):", ", ".join(told[told > 0.05].index) or "none")
inner.rename("mean R² within a class").to_frame()

# %% [markdown]
# ## Listen
#
# A token is one frame long, too short to hear alone. So each player joins short pieces from several of the
# measured clips, each piece centred on a frame of the token. First the strongest token of each of three
# features, then a token of the control. *Do the pieces of one player share something? Does it fit the
# number?*


# %%
def play(token, text):
    places = find_occurrences(clips, token, n_snippets, seed)
    print(f"{show_token(*token)}, {text}: pieces of {len(places)} clip(s)")
    if places:
        display(Audio(join_pieces(places, snippet_seconds), rate=codec.spec.sample_rate))


for feature in ("f0_st", "rms_db", "tilt_db_oct"):
    one = seen[(seen.feature == feature) & seen.effect.notna()]
    if len(one):
        row = one.loc[one.effect.abs().idxmax()]
        play((row.layer, row.code), f"{plots.acoustics.name_feature(feature)} {row.effect:+.1f} std")
frequent = max(
    controls["matched random"][0], key=lambda one: sum((c.codes[one[0] - 1] == one[1]).sum() for c in clips)
)
play(frequent, "the most frequent matched random token")

# %% [markdown]
# ### Exercise 3 · q-values (hard, 15 minutes)
#
# Write the correction of Benjamini and Hochberg. Sort the p-values. The one of rank $r$ of $m$ becomes
# $p \cdot m / r$. Then no q-value may exceed that of a larger p: walk from the largest down and keep the
# smallest so far.


# %%
def my_q_values(p):
    return None  # your code: an array as long as p, in its order


exercises.check_q_values(my_q_values)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `order = np.argsort(p)` sorts; `np.minimum.accumulate(x[::-1])[::-1]` is the smallest from each place to
# the end.
# </details>
# <details><summary>Solution</summary>
#
# ```python
# def my_q_values(p):
#     order = np.argsort(p)
#     raw = p[order] * len(p) / np.arange(1, len(p) + 1)
#     q = np.empty(len(p))
#     q[order] = np.minimum.accumulate(raw[::-1])[::-1].clip(max=1)
#     return q
# ```
# </details>
#
# ## Limits
#
# - **Correlation is not cause.** A token that fires in loud frames need not mean loudness. Vowels are
#   loud, too, and some vowels are high.
# - Frames hang together, so clips were resampled. Clips of one *voice* hang together as well, and there
#   are few voices.
# - The matched controls are as frequent in the train clips, not necessarily in these.
# - What the codec does not encode, no token can tell.
#
# - The planted parameters help to tell correlation from cause: they were drawn at random around each class's
#   profile. But the speech is synthetic, and its delivery came from a signal processor: real emphasis moves
#   many things at once.

# %% [markdown]
# ## Summary

# %%
metrics = {
    "clips measured": len(clips),
    "named voices": len(voices),
    "strong tokens, selected": shares["selected"]["any"].mean(),
    "strong tokens, matched random": shares["matched random"]["any"].mean(),
    "strong tokens, random": shares["random"]["any"].mean(),
    "interval over clips / over frames": ratio.median(),
    "same sign as planted": signs.found,
    "same sign, shuffled": signs.null.mean(),
    "same sign, p": signs.p,
    "correlation with planted": correlation.found,
    "correlation, p": correlation.p,
    **{f"planted R2, {kind}": mean.loc[kind, "mean"] for kind in kinds},
    "planted R2, selected less matched": [gain.mean(), gain.std()],
    "planted R2 within class, selected": inner["selected"],
    "planted R2 within class, matched random": inner["matched random"],
}
record_metrics(run_dir, "03_tokens_and_acoustics", **metrics)
pd.Series(metrics, name="").to_frame()

# %% [markdown]
# You can now say what a token sounds like, how sure you are, and whether a random token would have done
# as well.
#
# And you know how much of the planted delivery the selection tells.

# %% [markdown]
# The tokens are still only counted. Next, they become words of a language model, in the order in which
# they sound.
#
# Next: [04 · Pre-train embeddings →](04_pretrain_embeddings.ipynb)
