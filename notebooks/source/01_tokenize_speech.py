# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
# ---

# %% [markdown]
# # 01 · Tokenize speech: layers of codes
#
# **How does sound become symbols, and what does each layer of symbols keep?**
#
# 2 minutes on two CPU cores, no GPU · previous: [00 Start here](00_start_here.ipynb) · next: [02 Select
# tokens](02_select_tokens.ipynb)
#
# You will
#
# - quantise points in the plane by hand, layer by layer, until the error is small,
# - see and hear one clip as codes, decoded from one layer, from a few, and from all,
# - measure what layer 1 keeps and what the other layers keep (phones, pitch, energy),
# - count the flood: hundreds of codes a second against a few words,
# - encode a recording of your own.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from sklearn.cluster import KMeans

from speechlm_utils import exercises, plots, widgets
from speechlm_utils.acoustics.features import clip_features, frame_features
from speechlm_utils.acoustics.spectra import log_mel, mel_distance
from speechlm_utils.audio import load_audio
from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.clips import sample_clips
from speechlm_utils.codec.cache import encode_clips
from speechlm_utils.codec.probing import code_usage, frame_phones
from speechlm_utils.codec.report import decode_distances, measure_speed, report_phones, report_probes
from speechlm_utils.codec.residual_vq import fit_codebooks, quantise, reconstruct
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.experiment import Experiment
from speechlm_utils.notebook.overview import list_versions
from speechlm_utils.notebook.record import record_metrics
from speechlm_utils.whisper.recogniser import Recogniser

plots.apply_style()
print(list_versions())

# %% tags=["parameters"]
corpus_dir = "../data/demo"
codec_name = "../data/tokenizer"
run_dir = "../runs/lab"
cache_dir = "../runs/cache"
human_dir = "../data/human"  # a small corpus of people, for comparison; may be missing
own_wav = ""  # a recording of yours; empty takes the first clip of human_dir, else one of the corpus
seed = 0
n_train_clips = 300  # the probes learn from them
n_test_clips = 300  # everything is measured on them
n_decoded_clips = 20  # of test, decoded at every depth
n_codes_plane = 8  # codes per layer of the example in the plane
n_layers_plane = 4

# %%
Path(run_dir, "figures").mkdir(parents=True, exist_ok=True)
experiment = Experiment(corpus_dir, codec_name, run_dir, cache_dir, seed=seed)
train = sample_clips(experiment.corpus, split="train", limit=n_train_clips, seed=seed)
test = sample_clips(experiment.corpus, split="test", limit=n_test_clips, seed=seed)
voices = {name: {c.speaker for c in part} - {""} for name, part in (("train", train), ("test", test))}
shared = len(voices["train"] & voices["test"])
print(f"train: {len(train)} clips of {len(voices['train'])} named voices")
print(f"test:  {len(test)} clips of {len(voices['test'])} named voices, {shared} of them in train")
if shared or not all(voices.values()):
    print("Voices are shared or not known: what is measured below holds for new clips, not for new voices.")

# %% [markdown]
# ## 1 · Residual VQ by hand
#
# Take two numbers per frame of speech (20 ms): how loud it is, and how bright (where the middle of its
# spectrum lies). Each frame is a point in the plane. To write it as a *symbol*, we choose a few centres by
# k-means and note the number of the nearest one. That is vector quantisation (VQ).

# %%
spec = experiment.codec.spec  # what its codes mean: rates, layers, size of a codebook
measured = [frame_features(load_audio(clip.audio, spec.sample_rate), spec) for clip in train[:8]]
loudness = np.concatenate([one["rms_db"] for one in measured])
brightness = np.concatenate([one["centroid_hz"] for one in measured])
heard = loudness > -50  # leave the silence out
points = np.stack([loudness[heard], np.log2(brightness[heard])], axis=1)
points = (points - points.mean(axis=0)) / points.std(axis=0)
print(f"{len(points)} frames of {len(measured)} clips, two numbers each (standardised)")

# %% [markdown]
# A few codes say roughly where a point lies. What do they miss? The difference between the point and its
# centre: the **residual**. Prediction: the residuals form one cloud around zero, smaller than the points.

# %%
first = KMeans(n_codes_plane, n_init=4, random_state=seed).fit(points)
residual = points - first.cluster_centers_[first.labels_]
second = KMeans(n_codes_plane, n_init=4, random_state=seed + 1).fit(residual)

fig, axes = plt.subplots(1, 2, figsize=(9.5, 4.2), sharex=True, sharey=True)
plots.codec.plot_clusters(axes[0], points, first.labels_, first.cluster_centers_)
plots.codec.plot_clusters(axes[1], residual, second.labels_, second.cluster_centers_)
axes[0].set(title="layer 1: the points", xlabel="loudness (standard deviations)", ylabel="brightness")
axes[1].set(title="layer 2: what layer 1 left over", xlabel="residual loudness")
axes[1].set(ylabel="residual brightness")
spread = residual.std() / points.std()
print(f"The residuals spread {spread:.2f} times as wide as the points.")

# %% [markdown]
# A cross is a centre, its number the code. A second codebook, trained on the residuals, refines the first.
# A frame is now a *pair* of codes, and decoding adds two centres. Nothing stops us from going on: code what
# the second layer left over, and so on. This is residual VQ, and all there is to it:

# %%
codebooks = fit_codebooks(points, n_layers_plane, n_codes_plane, seed)
codes = quantise(points, codebooks)
print("codebooks (layers, codes, numbers):", codebooks.shape, "  codes (layers, frames):", codes.shape)
print(
    "the first frame:", codes[:, 0], "→", reconstruct(codes, codebooks)[0].round(2), "was", points[0].round(2)
)

# %% [markdown]
# Prediction: with every layer the decoded points move closer to the originals, each layer by about the same
# factor, while the number of *different* places multiplies.

# %%
fig, axes = plt.subplots(1, n_layers_plane, figsize=(11, 3.1), sharex=True, sharey=True)
errors = []
for ax, depth in zip(axes, range(1, n_layers_plane + 1), strict=True):
    decoded = reconstruct(codes, codebooks, depth)
    plots.codec.plot_rounding(ax, points, decoded, depth)
    errors.append(np.linalg.norm(points - decoded, axis=1).mean())
    ax.set_xlabel(f"mean error {errors[-1]:.2f}")
fig.savefig(Path(run_dir, "figures", "01_residual_vq.png"), dpi=110)

# %% [markdown]
# Grey lines join a frame with where it comes back. The same drawing with a slider:

# %%
widgets.explore_residual_vq(points, codebooks)

# %% [markdown]
# Is one big codebook not simpler? Give k-means as many centres as all layers store together.

# %%
n_stored = n_layers_plane * n_codes_plane
flat = KMeans(n_stored, n_init=4, random_state=seed).fit(points)
flat_error = np.linalg.norm(points - flat.cluster_centers_[flat.labels_], axis=1).mean()
print(f"{n_layers_plane} layers of {n_codes_plane}: {n_stored} centres stored, "
      f"{n_codes_plane**n_layers_plane} places, error {errors[-1]:.2f}")  # fmt: skip
print(f"one layer of {n_stored}:   {n_stored} centres stored, {n_stored} places, error {flat_error:.2f}")
assert np.all(np.diff(errors) < 0), "a further layer should lower the error"

# %% [markdown]
# Layers that refine each other reach many places with few stored centres. SpeechTokenizer stores 8 × 1,024
# centres and can reach 1,024⁸ ≈ 10²⁴ places: no single codebook could.
#
# ## 2 · The real tokenizer
#
# An encoder turns every frame into a vector, residual VQ turns the vector into one code per layer, and a
# decoder turns codes into sound. Quantiser and decoder are those of
# [SpeechTokenizer](https://arxiv.org/abs/2308.16692); the encoder is that of Whisper tiny.en, which has
# listened to 680,000 hours of speech in order to write it down. Two of its layers of states are used:
#
# - **layer 1, semantic**: k-means on the states of the last encoder block, which is closest to the words;
# - **layers 2–8, acoustic**: states of an earlier block, averaged over 11 frames because prosody is slow,
#   less the mean state of the frame's layer-1 code. What the words explain is taken away; the rest is voice,
#   pitch, energy and the way of speaking.
#
# Nothing here was taught labels, phones, pitch or energy. What the layers keep is for us to measure.

# %%
codec = experiment.codec
clip = next((c for c in test if c.ambiguous), test[0])
wav = load_audio(clip.audio, spec.sample_rate)
clip_codes = codec.encode(wav)
print(f"{spec.n_layers} layers of {spec.codebook_size:,} codes, {spec.frame_rate:g} frames a second")
print(f"“{clip.text}”: {len(wav)} samples → codes {clip_codes.shape} (layers, frames)")
print(clip_codes[:, 30:38])

# %%
seconds = len(wav) / spec.sample_rate
sizes = {"height_ratios": [2, 3, 0.6, 3] if clip.phones else [2, 3, 3]}
n_rows = len(sizes["height_ratios"])
fig, axes = plt.subplots(n_rows, 1, figsize=(10, 6.5), sharex=True, gridspec_kw=sizes)
plots.codec.plot_waveform(axes[0], wav, spec.sample_rate)
plots.codec.plot_log_mel(axes[1], log_mel(wav, spec.sample_rate), seconds, spec.sample_rate)
if clip.phones:
    plots.codec.plot_phones(axes[2], clip.phones)
plots.codec.plot_codes(axes[-1], clip_codes, codec.spec)
axes[-1].set(xlabel="seconds", xlim=(0, seconds))
axes[0].set_title(f"“{clip.text}”")
fig.savefig(Path(run_dir, "figures", "01_codes.png"), dpi=110)

# %% [markdown]
# At the top the waveform, below it its spectrogram (bright is loud), at the bottom the codes. Each column of
# the lowest image is a frame, each row a layer; a colour stands for a code and means no size. Look for
# stretches of one colour in layer 1 that last as long as a phone, and for silence at both ends.

# %% [markdown]
# The grey strip above the codes shows the phones. If layer 1 followed them perfectly, its stretches would be
# the grey blocks.

# %% [markdown]
# ## 3 · Decode from one layer, a few, all
#
# Prediction: from layer 1 alone you can guess the words but hardly the voice; every further layer adds
# detail, the early ones more than the late ones.

# %%
depths = [*(depth for depth in (1, 2, 4) if depth < spec.n_layers), spec.n_layers]
sounds = {"original": wav} | {f"{d} layer{'s' * (d > 1)}": codec.decode(clip_codes, d) for d in depths}
widgets.show_players(sounds, spec.sample_rate)

# %%
fig, axes = plt.subplots(1, len(sounds), figsize=(11, 2.5), sharey=True)
for ax, (title, sound) in zip(axes, sounds.items(), strict=True):
    plots.codec.plot_log_mel(ax, log_mel(sound, spec.sample_rate), seconds, spec.sample_rate)
    ax.set(title=title, xlabel="seconds", ylabel="")
axes[0].set_ylabel("kHz")
fig.savefig(Path(run_dir, "figures", "01_decoded.png"), dpi=110)

# %% [markdown]
# Compare the fine horizontal stripes (harmonics: the pitch) and the dark gaps (silence, noise floor) with
# the original's. The same with a slider, and sound:

# %%
widgets.explore_layers(codec, wav)

# %% [markdown]
# One clip proves nothing. Here are clips of test, each a thin line, and beside them the recordings of people
# in `human_dir`, if there are any. The distance is the mean absolute difference of log-mel spectra; 0 is
# perfect.

# %%
all_depths = range(1, spec.n_layers + 1)
some = sample_clips(test, limit=n_decoded_clips, seed=seed)
test_wavs = [load_audio(c.audio, spec.sample_rate) for c in some]
human = load_corpus(human_dir) if Path(human_dir, "metadata.csv").exists() else []
distances = decode_distances(codec, test_wavs, all_depths)
human_wavs = [load_audio(c.audio, spec.sample_rate) for c in human]

fig, ax = plt.subplots(figsize=(7, 3.8))
plots.codec.plot_depth_curve(ax, all_depths, distances, "test clips", plots.TEXT)
if human_wavs:
    human_distances = decode_distances(codec, human_wavs, all_depths)
    plots.codec.plot_depth_curve(ax, all_depths, human_distances, "people", plots.AUDIO)
fig.savefig(Path(run_dir, "figures", "01_depth.png"), dpi=110)

# %%
mean, low, high = distances.mean(axis=0), *np.quantile(distances, [0.1, 0.9], axis=0)
for depth in depths:
    d = depth - 1
    print(
        f"{depth} of {spec.n_layers} layers: {mean[d]:.3f} ({low[d]:.3f} to {high[d]:.3f} in 80 % of clips)"
    )
share = (mean[0] - mean[1]) / (mean[0] - mean[-1])
print(f"Of the whole way from 1 to {spec.n_layers} layers, layer 2 alone goes {share:.0%}. "
      f"n = {len(distances)} clips, seed {seed}")  # fmt: skip

# %% [markdown]
# ## 4 · Are all codes in use?
#
# A codebook may waste entries. *Used* counts the codes that occur at all; *perplexity* is the number of
# equally frequent codes that would be as hard to predict. Prediction: k-means spreads the frames well, so
# perplexity is close to the number of codes that a layer has.
#
# The acoustic layers are small on purpose: 256 of the 1,024 numbers are in use. Few codes are frequent codes,
# and only a frequent one can be counted in a clip of three seconds. (`data/tokenizer/README.md` tells more.)

# %%
test = encode_clips(test, codec, cache_dir, n_jobs=2)
n_used, perplexity = code_usage([c.codes for c in test], spec.codebook_size)
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.1), sharey=True)
for ax, values, name in ((axes[0], n_used, "codes used"), (axes[1], perplexity, "perplexity")):
    plots.codec.plot_layer_bars(ax, values, name)
    ax.axhline(spec.codebook_size, color=plots.NEUTRAL, linestyle="dashed", linewidth=1)
n_frames = sum(c.codes.shape[1] for c in test)
lowest = int(np.argmin(perplexity)) + 1
print(f"Layer {lowest} has the lowest perplexity, {perplexity.min():.0f} of {spec.codebook_size}.")
print(f"{n_frames} frames of {len(test)} clips; the dashed line is the size of a codebook.")

# %% [markdown]
# ## 5 · What does layer 1 keep? The phones
#
# How much does a code tell about the phone that sounds at this moment? Mutual information measures it,
# divided by all there is to know about the phones: 1 means that the code gives the phone away, 0 that it
# tells nothing ([HuBERT](https://arxiv.org/abs/2106.07447) calls this phone-normalised mutual information).
#
# Prediction: layer 1 carries clearly more than any other. A warning first. With 1,024 codes and not very
# many frames, *chance* also looks informative. So we shuffle the phones and measure again: the dotted
# floor.

# %%
phones = report_phones(test, seed)
fig, ax = plt.subplots(figsize=(7, 3.4))
ylabel = "information about the phone\n(part of all there is)"
plots.codec.plot_layer_bars(ax, phones.pnmi, ylabel, 2 * phones.error, phones.floor)
fig.savefig(Path(run_dir, "figures", "01_phones.png"), dpi=110)
first, best_other = phones.pnmi[1], phones.pnmi[2:].idxmax()
ratio = first / phones.pnmi[best_other]
print(f"Layer 1: {first:.2f} ± {2 * phones.error[1]:.2f}; best other (layer {best_other}): "
      f"{phones.pnmi[best_other]:.2f}; ratio {ratio:.2f}")  # fmt: skip
print(f"Bars: twice the standard error over the {len(voices['test'])} test voices; {n_frames} frames "
      f"of {len(test)} clips, seed {seed}")  # fmt: skip

# %%
if ratio > 1.6:
    print(
        f"Layer 1 knows {ratio:.1f} times as much about the phones as any other layer: it is that of content."
    )
elif ratio > 1:
    print(f"Layer 1 leads, but only {ratio:.1f} times: content has leaked into the layers below.")
else:
    print("Layer 1 does not lead: do not read it as the layer of content.")

# %% [markdown]
# Which phone does the most frequent code of layer 1 stand for? A look inside:

# %%
joined = np.concatenate([c.codes[0] for c in test])
phone_of = np.concatenate([frame_phones(c) for c in test])
for code in np.argsort(-np.bincount(joined))[:6]:
    names, counts = np.unique(phone_of[joined == code], return_counts=True)
    top = np.argsort(-counts)[:3]
    shares = ", ".join(f"{names[i]} {counts[i] / counts.sum():.0%}" for i in top)
    print(f"L1-{code:04d}: {counts.sum():4d} frames, mostly {shares}")

# %% [markdown]
# ## 6 · What do the other layers keep? Pitch and energy
#
# Can the tone of a voice be read from the codes? A *linear probe* is the simplest reader there is: ridge
# regression from codes (as indicators, no order among them) to a measured value. It learns on the clips of
# train and is scored on those of test. R² = 1 is perfect, 0 is as good as always saying the mean, and below 0
# is worse than that.
#
# Two targets, frame by frame: pitch (F0 in semitones about the speaker's median, voiced frames only) and
# energy (dB). Prediction: pitch can be read from the layers below the first, and hardly from layer 1.

# %%
train = encode_clips(train, codec, cache_dir, n_jobs=2)
features = {name: clip_features(part, cache_dir) for name, part in (("train", train), ("test", test))}
below, every = f"2–{spec.n_layers}", f"1–{spec.n_layers}"
layer_sets = {"1": [1], "2": [2]} | ({"2–4": [2, 3, 4]} if spec.n_layers > 4 else {})
layer_sets |= {below: all_depths[1:], every: all_depths}
parts = (train, features["train"]), (test, features["test"])
probes = report_probes(*parts, layer_sets, Bootstrap(1000, seed))

fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.4), sharey=True)
for ax, target, title in ((axes[0], "f0_st", "pitch (voiced frames)"), (axes[1], "rms_db", "energy")):
    plots.codec.plot_probes(ax, probes, target)
    ax.set_title(title)
axes[1].set_ylabel("")
fig.savefig(Path(run_dir, "figures", "01_probes.png"), dpi=110)

# %%
r2 = probes.set_index(["target", "layers"])["r2"]
for target, name in (("f0_st", "pitch"), ("rms_db", "energy")):
    one, rest = r2[target, "1"], r2[target, below]
    winner = f"layers {below} tell more" if rest.low > one.high else "no clear difference"
    print(f"{name}: {'layer 1 tells more' if one.low > rest.high else winner}")
probes

# %% [markdown]
# The bars are 95 % intervals, whole clips resampled. Two cautions: a linear reader on one code per layer
# cannot see everything that a network could, and it needs frames to learn a weight for each code of each
# layer, so with more train clips these figures rise. A value near 0 for layer 1 and pitch would say: whoever
# keeps only layer 1 is deaf to tone.
#
# ### And people?

# %% [markdown]
# The voices so far are synthetic. Prediction for people: lower, but not gone. Five clips cannot decide it;
# `data/tokenizer/README.md` has the same measurement on ten actors.

# %% [markdown]
# The same probes, fitted on the same clips of train, now read the recordings of people in `human_dir`.

# %%
if human:
    human = encode_clips(human, codec, cache_dir)
    spoken = (human, clip_features(human, cache_dir, progress=False))
    human_probes = report_probes(parts[0], spoken, layer_sets, Bootstrap(1000, seed))
    display(human_probes[human_probes.layers.isin(["1", below])])
    if all(one.phones for one in human):
        heard_phones = report_phones(human, seed)
        excess = heard_phones.pnmi - heard_phones.floor
        print(f"phones above the floor: layer 1 {excess[1]:.2f}, best other {excess[2:].max():.2f}")
    print(f"{len(human)} clips: few, so read the intervals")
else:
    print(f"no corpus of people in {human_dir}")

# %% [markdown]
# ## 7 · The flood
#
# A language model of text takes in a few words per second of speech. What would it get, if we gave it all
# codes?

# %%
durations = np.array([c.codes.shape[1] / spec.frame_rate for c in test])
n_words = np.array([len(c.text.split()) for c in test])
rates = {"words": n_words / durations}
rates["frames"] = np.array([c.codes.shape[1] for c in test]) / durations
rates["codes"] = np.array([c.codes.size for c in test]) / durations
fig, ax = plt.subplots(figsize=(8, 2.6))
plots.codec.plot_overflow(ax, rates, seed)
fig.savefig(Path(run_dir, "figures", "01_overflow.png"), dpi=110)
overflow = np.median(rates["codes"] / rates["words"])
fits = 256 / np.median(rates["codes"])
print(f"{overflow:.0f} codes per word; a prompt of 256 tokens would be full after {fits:.2f} s of speech.")

# %% [markdown]
# This is the *audio overflow* of the paper: speech drowns the words. Notebook 02 keeps few (75, unless told
# otherwise) of the many tokens, and with them a number of tokens per clip that is like the number of words.
#
# ## 8 · How fast is it?

# %%
encode_seconds, decode_seconds = measure_speed(codec, test_wavs)
for name, values in (("encode", encode_seconds), ("decode", decode_seconds)):
    low_high = f"from {values.min():.3f} to {values.max():.3f}, {len(values)} clips, on this machine"
    print(f"{name}: {np.median(values):.3f} s of computing per second of audio ({low_high})")

# %% [markdown]
# Below 1 is faster than real time. Codes are kept in `cache_dir` by the hashes of clip and codec, so that
# every clip is encoded once, whatever notebook comes first.
#
# ## 9 · Your own voice
#
# Record a sentence (a phone will do), and set `own_wav` to its path in the `parameters` cell.

# %%
fallback = human[0].audio if human else clip.audio
own_path = Path(own_wav) if own_wav else fallback
own = load_audio(own_path, spec.sample_rate)[: 10 * spec.sample_rate]
own_codes = codec.encode(own)
own_sounds = {"recording": own, "1 layer": codec.decode(own_codes, 1), "all layers": codec.decode(own_codes)}
print(f"{own_path.name}: {len(own) / spec.sample_rate:.1f} s, at most 10 s are used")
widgets.show_players(own_sounds, spec.sample_rate)

# %% [markdown]
# What is still understood? Whisper, which has seen no text of it, writes down each of the three.

# %%
recogniser = Recogniser()  # English; Recogniser("openai/whisper-small", language="de") for others
own_words = recogniser.recognise(list(own_sounds.values()), sample_rate=spec.sample_rate)
for title, (text, confidence) in zip(own_sounds, own_words, strict=True):
    print(f"{title:>10}, confidence {confidence:.2f}: {text or '(nothing)'}")

# %%
fig, axes = plt.subplots(1, 3, figsize=(11, 2.6), sharey=True)
for ax, (title, sound) in zip(axes, own_sounds.items(), strict=True):
    plots.codec.plot_log_mel(
        ax, log_mel(sound, spec.sample_rate), len(own) / spec.sample_rate, spec.sample_rate
    )
    ax.set(title=title, xlabel="seconds", ylabel="")
axes[0].set_ylabel("kHz")
own_distance = mel_distance(own, own_sounds["all layers"], spec.sample_rate)
worse = (distances[:, -1] < own_distance).mean()
print(
    f"distance with {spec.n_layers} layers {own_distance:.2f}; "
    f"{worse:.0%} of the {len(distances)} test clips come closer"
)

# %% [markdown]
# The small codec of this repository has heard mostly synthetic voices. If yours comes back worse than the
# test clips, that is what the distance says; the released SpeechTokenizer, trained on 960 hours of people, is
# a change of `codec_name`.
#
# ### Checkpoint

# %%
assert clip_codes.shape == (spec.n_layers, int(np.ceil(len(wav) / spec.hop))), "one column per frame"
assert mean[-1] < mean[0], "all layers should sound closer to the original than one"
assert not {c.id for c in train} & {c.id for c in test}, "the clips of test must be new"

# %% [markdown]
# ## Exercises
#
# ### Exercise 1 · Bit rate (easy, 3 minutes)
#
# A code out of `spec.codebook_size` takes how many bits? How many kilobits is a second of speech,
# all layers together?

# %%
kilobits_per_second = None  # your number
exercises.check_bit_rate(kilobits_per_second, spec)

# %% [markdown]
# <details><summary>Hint</summary>
#
# 2¹⁰ = 1,024. Multiply bits per code, layers, frames per second.
# </details>
#
# <details><summary>Solution</summary>
#
# ```python
# kilobits_per_second = np.log2(spec.codebook_size) * spec.n_layers * spec.frame_rate / 1000
# ```
# </details>
#
# ### Exercise 2 · Write the quantiser (medium, 10 minutes)
#
# Write the function that codes points layer by layer. For each layer: find the nearest centre of every
# point, note its number, subtract the centre, go on with what is left.


# %%
def my_quantise(points, codebooks):
    """points (n_points, 2), codebooks (n_layers, n_codes, 2) -> int codes (n_layers, n_points)."""
    return None  # your code


exercises.check_quantise(my_quantise)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `((points[:, None] - centres[None]) ** 2).sum(axis=2)` holds all squared distances, shape (points, codes).
# </details>
#
# <details><summary>Solution</summary>
#
# ```python
# def my_quantise(points, codebooks):
#     codes = []
#     for centres in codebooks:
#         code = ((points[:, None] - centres[None]) ** 2).sum(axis=2).argmin(axis=1)
#         codes.append(code)
#         points = points - centres[code]
#     return np.stack(codes)
# ```
# </details>
#
# ### Exercise 3 · What padding does (medium, 5 minutes)
#
# Deep-learning code pads clips with zeros to make batches. Append half a second of silence to `wav`, encode
# it, and compute for each layer the share of the clip's own frames whose code has changed.

# %%
n_silence = spec.sample_rate // 2
share_changed = None  # float array, shape (spec.n_layers,)
exercises.check_padding(share_changed, codec, wav, n_silence)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `codec.encode(np.concatenate([wav, np.zeros(n_silence, np.float32)]))`, then keep as many frames as
# `clip_codes` has.
# </details>
#
# <details><summary>Solution</summary>
#
# ```python
# padded = codec.encode(np.concatenate([wav, np.zeros(n_silence, np.float32)]))
# share_changed = (padded[:, : clip_codes.shape[1]] != clip_codes).mean(axis=1)
# ```
# Attention lets every frame see the whole clip, so even frames far from the end may change. In this suite a
# clip is encoded alone, or with others of exactly its length.
# </details>
#
# ### Exercise 4 · Which layers would you keep? (easy, 10 minutes)
#
# Your transcripts are clean: the words are known, so layer 1 can go. What is missing is how they are said.
# How many of the acoustic layers, from layer 2 on, do you need, so that pitch and energy can still be read:
# each at least 90 % as well (by R²) as from all of them? *Guess first.* Then change `my_layers`, run the
# cell, look at the numbers, and go on.


# %%
def read(layers):
    """R² on test of linear probes that read pitch and energy from the codes of these layers."""
    found = report_probes(*parts, {"mine": layers}, Bootstrap(1)).set_index("target")["r2"]
    return found.map(lambda r2: r2.estimate).rename({"f0_st": "pitch", "rms_db": "energy"})


my_layers = None  # how many, 1 to 7
exercises.check_layers(my_layers, read, spec)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Each layer codes what those before left over, so the first tells most. Read from one, then from two, and so
# on, until both targets reach 90 % of what all of them give.
# </details>
#
# <details><summary>Solution</summary>
#
# ```python
# layers = spec.acoustic_layers
# enough = 0.9 * read(layers)
# my_layers = next(n for n in range(1, 8) if (read(layers[:n]) >= enough).all())
# ```
# Energy needs one or two layers, pitch more. And if there were no transcript, or a noisy one? Then nobody
# else tells the phones, and the layer of content has to stay, too.
# </details>
#
# ## Limits
#
# - The recordings of people are few.
# - Mutual information and linear probes say what *can* be read from the codes of one frame. They say
#   nothing about what a classifier of whole clips will use.
# - The log-mel distance is no ear. Trust the players more.

# %% [markdown]
# - Synthetic voices make most of the measurements.

# %% [markdown]
# ## Summary

# %%
summary = {
    "f0_r2_other_layers": r2["f0_st", below].estimate,
    "f0_r2_layer_1": r2["f0_st", "1"].estimate,
    "energy_r2_other_layers": r2["rms_db", below].estimate,
    "mel_distance_1_layer": mean[0],
    "mel_distance_all_layers": mean[-1],
    "codes_per_word": overflow,
    "encode_seconds_per_second": np.median(encode_seconds),
}

# %%
summary |= {"phones_layer_1": first, "phones_best_other": phones.pnmi[best_other]}

# %%
written = record_metrics(run_dir, "01_tokenize_speech", **summary, n_test_clips=len(test), seed=seed)
for name, value in summary.items():
    print(f"{name:26} {value:.3g}")

# %% [markdown]
# - Residual VQ writes a point as several codes, each refining the one before.
# - Layer 1 follows the phones; pitch has to be looked for in the layers below it. The figures above say how
#   well that holds here.
# - Hundreds of codes a second are too many for a language model that reads a few words: they have to be
#   selected.
#
# Next: [02 Select tokens](02_select_tokens.ipynb).
