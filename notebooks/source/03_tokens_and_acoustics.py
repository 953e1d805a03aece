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
# - **measure** pitch, loudness and spectrum in every frame of the speech tokenizer (the *codec*);
# - **see and hear** one token, and put a number on it: an effect size with an honest interval;
# - **correlate** all selected tokens with the prosody of clips of the same voice and the same words;
# - **ask** whether other tokens, of the same layers and as frequent, would do as well;
# - **check** the answer against the truth of the synthetic corpus, and on human speech;
# - **write** tokens into clips, and hear and measure whether they make what they go with.
#
# The paper leaves this question open: how do the selected tokens relate to what phoneticians measure?

# %%
import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Audio, display
from scipy.stats import false_discovery_control

from speechlm_utils import exercises, explorers, plots
from speechlm_utils.acoustics.features import FEATURES, clip_features
from speechlm_utils.audio import load_audio
from speechlm_utils.bootstrap import Bootstrap, Interval
from speechlm_utils.clips import groups, label_ids, sample_clips, select_clips
from speechlm_utils.codec.cache import encode_clips
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.evaluation.linear import Counts, LinearModel, Words
from speechlm_utils.experiment import Experiment
from speechlm_utils.interpretation.association import standardise_by_speaker, token_associations
from speechlm_utils.interpretation.correlation import (
    centre_by,
    compare_strength,
    correlate,
    list_cells,
    permutation_p_values,
)
from speechlm_utils.interpretation.doses import (
    SOUND,
    DoseResponse,
    measure_doses,
    name_unit,
    pair_controls,
    write_token,
)
from speechlm_utils.interpretation.listening import join_pieces
from speechlm_utils.interpretation.planted import SUMMARY, planted_recovery, summarise_features, token_shares
from speechlm_utils.notebook.record import record_metrics
from speechlm_utils.selection.controls import largest_share, matched_random_tokens
from speechlm_utils.selection.stability import split_folds
from speechlm_utils.tokens import find_occurrences, list_tokens, mark_tokens, show_token

plots.apply_style()
pd.options.display.precision = 2

# %% tags=["parameters"]
corpus_dir = "../data/demo"
codec_name = "../data/tokenizer"
run_dir = "../runs/lab"
cache_dir = "../runs/cache"
human_dir = "../data/human"
emodb_dir = "../runs/corpora/emodb"  # where `speechlm import emodb FOLDER` has written it
stored_result = "../data/reference/acoustics_emodb.json"
seed = 0
clips_per_split = None  # all
task = "fallacy"
n_tokens = 75  # selected in notebook 02
n_feature_clips = 480  # measured
pitch_tracker = "swiftf0"  # or "pyin"
n_resamples = 1000  # bootstrap
n_draws = 10  # of matched tokens
n_permutations = 20000
n_folds = 5  # of voices
doses = [0.0, 0.25, 0.5, 1.0]  # shares of the frames into which a token is written
n_dose_clips = 8  # each of another voice
piece_seconds = 0.7  # of each, in its middle, that is decoded
n_snippets = 6  # pieces to hear per token
snippet_seconds = 0.24

# %% [markdown]
# ## Tokens from some clips, measured on others
#
# The tokens were selected on the train clips (notebook 02). We describe them on validation and test clips:
# other voices, other sentences. A token that looked useful by luck has no luck left there.

# %%
experiment = Experiment(corpus_dir, codec_name, run_dir, cache_dir, seed, clips_per_split)
selection = experiment.selection(task, n_tokens)
names, tokens, codec = selection.label_names, selection.tokens, experiment.codec
halves = [(part, n_feature_clips // 2, seed) for part in ("validation", "test")]
clips = [clip for half in halves for clip in sample_clips(experiment.corpus, task, *half)]
clips = encode_clips(clips, codec, cache_dir, n_jobs=2)
voices = [clip.speaker for clip in clips]
print(f"{len(tokens)} tokens; {len(clips)} clips to measure, of {len(set(voices))} voices (synthetic)")
assert not set(voices) & {clip.speaker for clip in select_clips(experiment.corpus, task, "train")}

# %% [markdown]
# ## A number for every frame
#
# The codec writes one column of codes for every frame of 320 samples (20 ms). We measure the same pieces of
# sound: pitch with [SwiftF0](https://arxiv.org/abs/2508.18440), a small neural network, everything else with
# librosa. (`pitch_tracker = "pyin"` takes librosa's pYIN instead: seven times the computing, and on the demo
# clips, whose planted pitch we know, farther from the truth.)
#
# | feature | what it is | unit |
# | --- | --- | --- |
# | pitch | rate of the vocal folds (F0) | semitones about the speaker's median |
# | voiced | do they vibrate at all? | 0 or 1 |
# | loudness | root mean square of the samples | dB relative to full scale |
# | centroid | centre of gravity of the spectrum: high in bright sounds | Hz |
# | zero crossings | how often the waveform changes sign: high in hiss | per sample |
# | tilt | slope of the spectrum; nearer to zero in loud or pressed speech | dB per octave |
#
# Pitch and spectrum need a longer window; it is centred on the frame. Semitones count ratios (12 double the
# pitch): counted from the speaker's own median, a raised voice is raised in the same units for everybody.

# %%
features = clip_features(clips, cache_dir, tracker=pitch_tracker)
frames = sum(len(one["rms_db"]) for one in features)
print(f"{frames:,} frames, one value of each feature for each column of codes")

# %% [markdown]
# ### Exercise 1 · Which samples? (easy, 3 minutes)
#
# A frame is 20 ms at 16,000 samples per second. Return the first and the last sample that frame number
# `frame` covers; frames and samples are counted from zero.


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

# %% [markdown]
# ## One clip, one token
#
# We take the token with the largest coefficient among those that occur in ten clips or more, and the clip of
# its class in which it occurs most. *Predict* from the figure, before you read on: what do the orange frames
# have in common?

# %%
hits = np.array([mark_tokens(clip.codes, tokens).sum(axis=1) for clip in clips])
common = (hits > 0).sum(axis=0) >= min(10, (hits > 0).sum(axis=0).max())
place = int(np.argmax(np.abs(selection.coefs).max(axis=0) * common))
token, speaks_for = tokens[place], names[int(selection.coefs[:, place].argmax())]
of_class = np.array([clip.labels[task] == speaks_for for clip in clips])
best = int((hits[:, place] * np.where(of_class, 100, 1)).argmax())
clip, wav = clips[best], load_audio(clips[best].audio, codec.spec.sample_rate)
print(f"{show_token(*token)} speaks for {plots.show_name(speaks_for)}; “{clip.text}”, {clip.labels[task]}")
display(Audio(wav, rate=codec.spec.sample_rate))

# %%
fig, axes = plt.subplots(6, 1, figsize=(10, 6.5), sharex=True)
measured = {name: features[best][name] for name in ("f0_st", "rms_db", "centroid_hz", "zcr", "tilt_db_oct")}
marked = mark_tokens(clip.codes, [token])[0]
plots.acoustics.plot_clip(axes, wav, measured, marked, show_token(*token), codec.spec)
plt.show()

# %% [markdown]
# The figure shows one clip. **A number for all clips:** compare the frames that carry the token with all
# other frames, feature by feature. *Cohen's d* is the difference of the two means in standard deviations
# (each speaker's frames are standardised first). As a rule of thumb, 0.2 is small, 0.5 medium and 0.8
# large.

# %%
values = np.concatenate(standardise_by_speaker(clips, features))
fires = np.concatenate([mark_tokens(clip.codes, [token])[0] for clip in clips])
with_token, others = values[fires], values[~fires]
difference = np.nanmean(with_token, axis=0) - np.nanmean(others, axis=0)
squares = fires.sum() * np.nanvar(with_token, axis=0) + (~fires).sum() * np.nanvar(others, axis=0)
effects = pd.Series(difference / np.sqrt(squares / (len(fires) - 2)), FEATURES, name="Cohen's d")
effects.rename(index=plots.acoustics.name_feature).to_frame().T

# %% [markdown]
# How sure is it? The frames of one clip resemble each other: a loud clip is loud in all its frames. Counting
# them as if they were independent makes intervals too narrow. So whole *clips* are drawn with replacement:

# %%
bootstrap = Bootstrap(n_resamples, seed)
table = token_associations(clips, features, [token], bootstrap=bootstrap).set_index("feature")
strongest = table.effect.abs().idxmax()
row, column = table.loc[strongest], values[:, FEATURES.index(strongest)]
d = Interval(row.effect, row.low, row.high, int(row.n_clips), "clips")
fig, ax = plt.subplots(figsize=(7, 3.4))
both = (column[mask & np.isfinite(column)] for mask in (fires, ~fires))
plots.acoustics.plot_two_groups(ax, *both, show_token(*token), strongest)
ax.set_title(f"{plots.acoustics.name_feature(strongest)}: d = {d}", fontsize=9.5)
plt.show()

# %% [markdown]
# The shapes overlap: a token is a tendency, not a definition.
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
# ## All tokens: the same voice, the same words
#
# One token proves little. Now all of them, and clip by clip, since the method counts tokens by clip: *in
# clips with more of a token, is the voice higher, louder, slower?* The words must not decide the answer: a
# token of the sound *sh* is frequent where the words have many *sh*. But in this corpus every sentence is
# said twice by one voice, in two ways. So each clip is compared with the other clips in which **the same
# voice says the same words**: a *cell*. From the share of each token among the clip's frames, and from
# twelve numbers that sum up the clip's prosody, we subtract the mean of the cell. What is left is how it
# was said. The twelve numbers: mean, spread and last third of the pitch; mean and spread of the loudness,
# tilt, centroid and zero crossings, all in voiced frames; loudness of all frames; the shares of voiced and
# of quiet frames (30 dB below the loudest); and the duration. Then Pearson's $r$, for each token and
# number:

# %%
cells = list_cells(clips)
prosody = centre_by([summarise_features(one) for one in features], cells)  # (clips, 12)
shares = centre_by(token_shares(clips, tokens), cells)  # (clips, tokens)
scaled = [part / np.maximum(np.linalg.norm(part, axis=0), 1e-12) for part in (shares, prosody)]
r = scaled[0].T @ scaled[1]
print(f"{len(clips)} clips in {len(set(cells))} cells; r: {r.shape[0]} tokens × {r.shape[1]} numbers")

# %% [markdown]
# Which of them are more than chance? Exchange the clips within each cell, many times: that breaks the link
# between tokens and sound, and nothing else. The p-value is the share of exchanges that give at least as
# large a $|r|$. Of many tests some succeed by luck, so p-values become **q-values** (Benjamini and Hochberg,
# exercise 3): of all results with q < 0.05, about one in twenty is expected to be false. For that the
# smallest possible p must be far below 0.05: hence many exchanges (`n_permutations`).

# %%
p, floor = permutation_p_values(shares, prosody, cells, n_permutations, seed)
q = false_discovery_control(p.ravel()).reshape(p.shape)
sure = (q < 0.05) & np.isfinite(r)
print(f"smallest possible p: {1 / (1 + n_permutations):.1g}; sure: {sure.sum()} of {r.size} correlations, "
      f"{sure.any(axis=1).sum()} of {len(tokens)} tokens with at least one")  # fmt: skip

# %% [markdown]
# The strongest one as a picture. Each dot is a clip; both axes count from the mean of its cell.

# %%
i, j = np.unravel_index(np.argmax(np.abs(r)), r.shape)
fig, ax = plt.subplots(figsize=(5.5, 3.6))
ax.plot(100 * shares[:, i], prosody[:, j], ".", color=plots.AUDIO, alpha=0.6)
ax.set_xlabel(f"share of frames with {show_token(*tokens[i])}, percentage points")
ax.set_ylabel(SUMMARY[j])
ax.set_title(f"r = {r[i, j]:+.2f}, n = {len(clips)} clips, q = {q[i, j]:.2g}")
plt.show()

# %% [markdown]
# And all of them. A column is a token, a row one of the twelve numbers. Red: the more of the token, the
# larger the number; blue: the smaller. A dot marks what is not sure (q ≥ 0.05).

# %%
layers = np.array([layer for layer, _ in tokens])
order = np.lexsort((r[:, SUMMARY.index("pitch")], layers))
fig, ax = plt.subplots(figsize=(11, 4.2))
plots.acoustics.plot_grid(ax, r[order], SUMMARY, 0.5, f"r, {len(clips)} clips", unsure=~sure[order])
plots.codec.mark_layers(ax, layers[order])
ax.set_xlabel("selected tokens by layer, within a layer by r with pitch")
figures = Path(run_dir) / "figures"
figures.mkdir(parents=True, exist_ok=True)
fig.savefig(figures / "03_correlations.png", dpi=110)

# %% [markdown]
# The same to explore: a dot is a token, placed by two of its correlations; choose others in the menus. *Do
# the tokens of one class lie together? Point at a dot to read its r, click it to hear it.* (A card with all
# that is known of a token, and clips in which it occurs: [notebook 11](11_token_atlas.ipynb).)

# %%
sounds = explorers.embed_tokens(clips[::4], tokens, seed=seed)
explorers.explore_correlations(selection, r, SUMMARY, sure, sounds)

# %% [markdown]
# ## Would other tokens do as well?
#
# Any code of a speech codec sounds like *something*, so correlations alone prove little. The strict control
# is a set of **matched tokens**: for each selected token another one of the same layer, about as frequent
# in the train clips, drawn ten times so that two draws have at most a fifth of their tokens in common.
#
# One number sums up a set of tokens: the mean of $|r|$ over its tokens and the twelve numbers. (The mean of
# $r$ itself would say nothing: tokens that go with low voices are as useful as those that go with high ones.)
# It is never 0: the dotted line is what exchanged clips give. *Predict:* are the selected tokens above all
# draws of matched ones? For which of the twelve numbers most?

# %%
train_coded = experiment.clips(task, "train")
controls = matched_random_tokens(tokens, train_coded, selection.layers, n_draws, seed)
matched = [centre_by(token_shares(clips, one), cells) for one in controls]
print(f"{n_draws} draws, which share at most {largest_share(controls):.0%} of their tokens")
draws = np.abs([correlate(one, prosody) for one in matched])  # (draws, tokens, numbers)

# %%
fig, ax = plt.subplots(figsize=(10, 3.8))
plots.acoustics.plot_strengths(ax, SUMMARY, np.abs(r).mean(axis=0), draws.mean(axis=1), floor)
ax.set_xlabel(f"{len(clips)} clips, {len(tokens)} tokens in each set")
fig.savefig(figures / "03_strength.png", dpi=110)
plt.show()

# %% [markdown]
# The interval resamples what varies: the voices and the draws. (With voices drawn twice or not at all, |r|
# grows, most where it is small. So the interval lies a little low: it is cautious.)

# %%
gain = compare_strength(shares, matched, prosody, voices, bootstrap)
print(f"mean |r|: selected {np.abs(r).mean():.3f}, matched {draws.mean():.3f} "
      f"(largest draw {draws.mean(axis=(1, 2)).max():.3f}), exchanged {floor:.3f}")  # fmt: skip
gain

# %%
says = {"above": "more closely than", "below": "less closely than", "not decided": "about as closely as"}
print(f"Selected tokens go with prosody {says[gain.verdict]} matched ones ({gain.verdict}).")
told = "more closely than" if draws.mean() > floor else "no more closely than"
print(f"Matched tokens go with prosody {told} exchanged clips.")

# %% [markdown]
# The distance of the matched draws from the dotted line is no merit of the selection: any tokens of these
# layers would have it. What counts is the distance of the selected tokens from the matched draws.
#
# ## Against the truth
#
# Here the corpus can do what no other can: the prosody of every clip was *planted*, and its parameters are
# written down (notebook 00). Measurements may err, the parameters do not. The same question, with the
# planted parameters in place of the measured numbers:

# %%
planted = pd.DataFrame([clip.planted for clip in clips])
truth = centre_by(planted, cells)
_, floor_planted = permutation_p_values(shares, truth, cells, 1000, seed)
r_planted, draws_planted = correlate(shares, truth), np.abs([correlate(one, truth) for one in matched])
gain_planted = compare_strength(shares, matched, truth, voices, bootstrap)
fig, ax = plt.subplots(figsize=(10, 3.4))
strengths = np.abs(r_planted).mean(axis=0), draws_planted.mean(axis=1)
plots.acoustics.plot_strengths(ax, list(planted.columns), *strengths, floor_planted)
ax.set_xlabel(f"{len(clips)} clips, {len(tokens)} tokens in each set")
plt.show()
assert gain_planted.estimate > 0, "selected tokens should go with what was planted, more than matched ones"
gain_planted

# %% [markdown]
# **All tokens together.** How much of each parameter can be *predicted* from the shares of the tokens, on
# voices that were not used for fitting? We use ridge regression; shares and parameters are counted from the
# voice's own mean. $R^2 = 1$ is perfect, 0 is no better than the mean. For comparison: all tokens of layers
# 2–8, and the twelve measured numbers. *Predict:* the order of the four. (A bar that reaches far below 0:
# in one fold, the model was far off for new voices.)

# %%
acoustic = list_tokens(selection.layers, codec.spec.codebook_size)
predictors = {"selected": token_shares(clips, tokens), "all acoustic": token_shares(clips, acoustic)}
predictors |= {f"matched random|{i}": token_shares(clips, one) for i, one in enumerate(controls)}
predictors["measured"] = np.array([summarise_features(one) for one in features])
n_folds = min(n_folds, len(set(voices)))
recovered = planted_recovery(clips, predictors, n_folds, seeds=(seed,))
recovered["kind"] = recovered.tokens.str.split("|").str[0]
mean, std = (recovered.groupby(["kind", "parameter"]).r2.agg(how).unstack() for how in ("mean", "std"))

# %%
kinds = ["matched random", "selected", "all acoustic", "measured"]
fig, ax = plt.subplots(figsize=(10, 4))
both = ({kind.removesuffix(" random"): one.loc[kind].to_numpy() for kind in kinds} for one in (mean, std))
plots.acoustics.plot_recovery(ax, list(mean.columns), *both)
ax.set_xlabel(f"planted parameter; {len(clips)} clips, {len(set(voices))} voices, {n_folds} folds")
fig.savefig(figures / "03_recovery.png", dpi=110)
plt.show()
ranked = mean.mean(axis=1).sort_values()
print(f"mean R², {n_folds} folds of voices:", ranked.round(2).to_dict())

# %% [markdown]
# ## Goes with it, or makes it?
#
# A token can go with high voices and still not *make* a voice high. Here we can try. Codes can be edited
# and decoded again: we write a token into a share of a clip's frames, its **dose**, and measure what we
# hear. Only the token's own layer is overwritten. The frames come in a random order that the seed fixes, so
# that a larger dose holds all frames of a smaller one.


# %%
def write(codes, token, dose):
    (layer, code), written = token, codes.copy()
    order = np.random.default_rng(seed).permutation(codes.shape[1])
    written[layer - 1, order[: round(dose * codes.shape[1])]] = code
    return written


half = write(clip.codes, token, 0.5)
np.testing.assert_array_equal(half, write_token(clip.codes, token, 0.5, seed))
before, after = (mark_tokens(codes, [token]).mean() for codes in (clip.codes, half))
print(f"{show_token(*token)}: in {before:.0%} of the frames as encoded, in {after:.0%} at a dose of 50 %")

# %% [markdown]
# Three tokens: those whose $r$ with pitch is largest and smallest, and the one whose $r$ with loudness is
# largest. Beside each stands a control, a matched token of the same layer. We take a clip of each voice.

# %%
chosen = {}  # token -> what it goes with, and r
for name, sign in (("pitch", 1), ("pitch", -1), ("loudness", 1)):
    column = r[:, SUMMARY.index(name)]
    best = next(int(i) for i in np.argsort(-sign * column, kind="stable") if tokens[i] not in chosen)
    chosen[tokens[best]] = name, column[best]
pairs = pair_controls(list(chosen), controls[0], train_coded)
few = list({clip.speaker: clip for clip in clips}.values())[:n_dose_clips]
notes = {one: f"r = {found:+.2f} with {name}" for one, (name, found) in chosen.items()}
rows = {show_token(*one): [about, show_token(*pairs[one])] for one, about in notes.items()}
pd.DataFrame(rows, index=["known of it", "control"]).T

# %% [markdown]
# What a *model* makes of the dose, we ask a linear model of words and tokens, fitted on the train clips. It
# counts the selected tokens and one draw of matched ones, so that it could listen to the controls as well.

# %%
labels = label_ids(train_coded, task, names)
folds = split_folds(labels, groups(train_coded), 3, seed)
model = LinearModel([Words(), Counts([*tokens, *controls[0]])]).fit(train_coded, labels, folds)
asked = [*chosen, *pairs.values()]
largest = np.max([mark_tokens(clip.codes, asked).mean(axis=1).max() for clip in train_coded])
print(f"No train clip holds one of these tokens in more than {largest:.0%} of its frames.")
print("Larger doses are sounds that nobody makes, and counts that the model has not seen.")

# %% [markdown]
# `measure_doses` writes, decodes, measures, and asks the model: the mean pitch of the voiced frames, the
# level, the share of voiced frames, and the probability of each class. *Predict:* which of the three tokens
# move the pitch, and which way? If a token only went with high voices and made nothing, its curve would
# stay at 0, or lie on that of its control (dashed). (Decoding takes time: we decode a piece from the middle
# of each clip. The model counts whole clips.)


# %%
def decode_middle(codes):
    n_frames = min(round(piece_seconds * codec.spec.frame_rate), codes.shape[1])
    first = (codes.shape[1] - n_frames) // 2
    return codec.decode(codes[:, first : first + n_frames])


values, wavs = measure_doses(few, asked, decode_middle, model.predict_proba, doses, seed)
response = DoseResponse(asked, doses, [*SOUND, *names], values, pairs, bootstrap)

# %%
fig, axes = plt.subplots(-(-len(response.names) // 3), 3, figsize=(11, 8), sharex=True)
shown = {show_token(*one): show_token(*control) for one, control in pairs.items()}
for ax, name in zip(axes.flat, response.names, strict=False):
    plots.curves.plot_doses(ax, {show_token(*one): response.curve(one, name) for one in asked}, shown)
    about = name if name in SOUND else f"p({plots.show_name(name)})"
    ax.set_title(f"{about} ({name_unit(name)})")
axes.flat[0].legend(fontsize=7.5)
fig.supxlabel(f"dose (% of the frames); dashed: controls; mean change of {len(few)} clips, 95 % intervals")
plt.show()

# %% [markdown]
# Does the token make what it goes with? A line is laid through each clip's values; its slope is the change
# per 100 % of the frames. The last column says "makes it" where the slope has the sign of $r$, and so has
# the difference from the control's slope, both with their 95 % intervals. These resample the clips, each of
# another voice. (So few clips give intervals that are somewhat too narrow. And a control may move the sound
# as well: any token sounds like something, and part of a difference can be the control's own movement. So
# read the sizes, too: a decibel for a whole clip can hardly be heard.)

# %%
rows, moving = {}, 0
for one, (name, found) in chosen.items():
    sound, wanted = {"loudness": "level"}.get(name, name), "above" if found > 0 else "below"
    slopes = [
        response.slope(one, sound),
        response.slope(pairs[one], sound),
        response.slope(one, sound, pairs[one]),
    ]
    shown = [f"{some.estimate:+.1f} [{some.low:+.1f}, {some.high:+.1f}]" for some in slopes]
    shown = [text.replace("[+nan, +nan]", "(pitch left in too few clips)") for text in shown]
    told = "makes it" if slopes[0].verdict == slopes[2].verdict == wanted else "is not shown to make it"
    rows[show_token(*one)] = [notes[one], f"{sound} ({name_unit(sound)})", *shown, told]
    moving += slopes[1].verdict != "not decided"
columns = ["goes with", "slope of", "its own", "its control's", "difference", "the token"]
print(f"{moving} of {len(pairs)} controls move it as well, up or down.")
pd.DataFrame(rows, index=columns).T

# %% [markdown]
# Everything that was measured: what moves with the dose, and what does not?

# %%
slopes = response.tabulate()
for one, some in slopes.groupby("token", sort=False):
    moved = {how: ", ".join(map(plots.show_name, some.measured[some.verdict == how])) or "nothing"
             for how in ("above", "below", "not decided")}  # fmt: skip
    print(f"{one}: up {moved['above']}; down {moved['below']}; not decided {moved['not decided']}")
is_sound, is_decided = slopes.measured.isin(SOUND), slopes.verdict != "not decided"
print(f"Sound: {(is_sound & is_decided).sum()} of {is_sound.sum()} slopes are decided.")
print(
    f"Classes: {(~is_sound & is_decided).sum()} of {(~is_sound).sum()}; they must move, for the model counts"
)
print("these tokens, and they sum to 100 %: one that rises takes others down.")
slopes.set_index(["token", "measured"])

# %% [markdown]
# Hear it: choose a token, and slide the dose while the clip plays.

# %%
explorers.explore_doses(response, wavs, few[0], notes)

# %% [markdown]
# ## Human speech
#
# The tokens were selected on synthetic voices. Do they go with prosody in *human* speech? EmoDB has ten
# German actors who say the same ten sentences in seven emotions ([docs/emodb.md](../docs/emodb.md)). So
# cells are formed as before: a voice and a sentence. If you have imported EmoDB, the cell below computes
# the result; otherwise it loads a stored one, made by `scripts/reference_acoustics.py`.

# %%
is_here = Path(emodb_dir, "metadata.csv").is_file()
if is_here:
    actors = encode_clips(load_corpus(emodb_dir), codec, cache_dir, n_jobs=2)
    where, speakers = list_cells(actors), [clip.speaker for clip in actors]
    y = centre_by([summarise_features(one) for one in clip_features(actors, cache_dir)], where)
    x, *others = (centre_by(token_shares(actors, one), where) for one in (tokens, *controls))
    r_human, *matched_human = (correlate(one, y) for one in (x, *others))
    found = {"clips": len(actors), "difference": compare_strength(x, others, y, speakers, bootstrap)}
    found["selected"], *found["matched"] = (np.abs(one).mean() for one in (r_human, *matched_human))
else:
    found = json.loads(Path(stored_result).read_text(encoding="utf-8"))
    found["difference"] = Interval(**found["difference"])
found["difference"]

# %%
how = "computed now" if is_here else f"stored on {found['date']}: the tokens of the profile demo"
means = f"mean |r|: selected {found['selected']:.3f}, matched {np.mean(found['matched']):.3f}"
print(f"EmoDB, {found['clips']} clips ({how})\n{means} (largest draw {np.max(found['matched']):.3f})")

# %% [markdown]
# And do tokens mean the *same* there? If a token goes with high pitch in synthetic speech, it should in human
# speech. The correlation of the two tables of r (75 × 12 cells each) says so; here the sign counts.
# *Predict:* does it lie above 0? Above the matched draws, which also have a sound of their own?

# %%
if is_here:
    tables = [(r, r_human), *zip(map(correlate, matched, [prosody] * n_draws), matched_human, strict=True)]
    found["agreement"] = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in tables]
same, *others_same = found["agreement"]
print(f"synthetic against human speech: selected {same:+.2f}; {len(others_same)} matched draws "
      f"{min(others_same):+.2f} to {max(others_same):+.2f}; selected above all draws: "
      f"{'yes' if same > max(others_same) else 'no'}")  # fmt: skip

# %% [markdown]
# ## Listen
#
# A token is one frame long, too short to hear alone. Each player joins short pieces from several clips, each
# piece centred on a frame of the token. First the tokens with the largest |r| for three numbers, in the
# synthetic clips; then in the sentences of a human reader, if they occur there. *Do the pieces of
# one player share something?*


# %%
reader = encode_clips(load_corpus(human_dir), codec, cache_dir)


def play(token, text):
    for who, some in (("synthetic", clips), ("human reader", reader)):
        places = find_occurrences(some, token, n_snippets, seed)
        print(f"{show_token(*token)}, {text}; {who}: pieces of {len(places)} clip(s)")
        if places:
            display(Audio(join_pieces(places, snippet_seconds), rate=codec.spec.sample_rate))


for name in ("pitch", "tilt", "duration (frames)"):
    one = SUMMARY.index(name)
    best = int(np.abs(r[:, one]).argmax())
    play(tokens[best], f"{name}: r = {r[best, one]:+.2f}")

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
# - **Correlation is not cause.** Within a cell the words and the voice are the same, but a class's prosody
#   moves many things at once: a token that goes with high pitch may follow the tempo that goes with it.
# - A dose writes codes that no sound has. It tells what this decoder and a linear model make of a token,
#   not what a speaker does.
# - Ten voices are few, synthetic or human. The intervals reflect that; voices of another kind may differ.
# - The matched controls are as frequent in the train clips, not necessarily in these.
# - The pitch tracker errs. The comparison with the planted parameters does not need it.
# - EmoDB is acted, German, and its files are scaled to one level, so that loudness means little there.
#
# ## Summary

# %%
metrics = {
    "clips measured": len(clips),
    "voices": len(set(voices)),
    "mean |r|, selected": np.abs(r).mean(),
    "mean |r|, matched": draws.mean(),
    "mean |r|, clips exchanged": floor,
    "selected less matched": gain.values,
    "selected less matched, planted": gain_planted.values,
    "sure correlations": int(sure.sum()),
    "human: selected less matched": found["difference"].values,
    "human: agreement, selected": same,
    "human: agreement, matched": np.mean(others_same),
    "human: computed now": str(is_here),
    "slopes of sound over the dose that are decided": int((is_sound & is_decided).sum()),
    **{f"planted R2, {kind}": ranked[kind] for kind in kinds},
}
record_metrics(run_dir, "03_tokens_and_acoustics", **metrics)
pd.Series(metrics, name="").to_frame()

# %% [markdown]
# You can now say what a token sounds like, how sure you are, and whether another token would have done as
# well.
#
# The tokens are still only counted. Next, they become words of a language model, in the order in which they
# sound.
#
# Next: [04 · Pre-train embeddings →](04_pretrain_embeddings.ipynb)
