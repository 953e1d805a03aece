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
# About 1 minute on two CPU cores, no GPU.
#
# [← 00 · Start here](00_start_here.ipynb) ·
# [02 · Select tokens →](02_select_tokens.ipynb)
#
# You will
#
# - turn sound into vectors, and vectors into numbers, layer by layer (residual vector quantisation, RVQ),
# - build the first codebook of a speech tokenizer in a few seconds, and compare it with the shipped one,
# - hear speech decoded from 1, 2, 4 and 8 layers, and count the words that survive,
# - measure which layers keep phones (the single sounds of a language), pitch and energy, on new voices,
# - encode a recording of your own.

# %%
import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from scipy.ndimage import uniform_filter1d
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from speechlm_utils import exercises, explorers, plots, widgets
from speechlm_utils.acoustics.features import clip_features
from speechlm_utils.acoustics.spectra import log_mel
from speechlm_utils.audio import load_audio
from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.clips import sample_clips
from speechlm_utils.codec.cache import encode_clips
from speechlm_utils.codec.probing import code_usage, frame_phones, phone_information
from speechlm_utils.codec.report import report_phones, report_probes
from speechlm_utils.codec.residual_vq import quantise, reconstruct
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.experiment import Experiment
from speechlm_utils.notebook.record import record_metrics
from speechlm_utils.torch_settings import one_thread
from speechlm_utils.whisper.recogniser import Recogniser
from speechlm_utils.whisper.states import load_whisper_encoder
from speechlm_utils.words import word_error_rate

plots.apply_style()

# %% tags=["parameters"]
corpus_dir = "../data/demo"
codec_name = "../data/tokenizer"
run_dir = "../runs/lab"
cache_dir = "../runs/cache"
human_dir = "../data/human"  # a small corpus of people
own_wav = ""  # a recording of yours; empty takes the first clip of human_dir
seed = 0
task = "fallacy"  # whose clips are used
n_live_clips = 48  # the codebooks built here learn from them
n_live_codes = 256  # of the first codebook built here
n_train_clips = 80  # the probes learn from them
n_test_clips = 160  # measured
n_checked_clips = 20  # of test, encoded here and compared with the shipped codes
n_pitch_clips = 60  # of test, on which pitch and energy are measured too
n_decoded_clips = 3  # of test, decoded for the speech recogniser
n_resamples = 1000  # of the bootstrap

# %%
figures = Path(run_dir, "figures")
figures.mkdir(parents=True, exist_ok=True)
experiment = Experiment(corpus_dir, codec_name, run_dir, cache_dir, seed=seed)
train = sample_clips(experiment.corpus, task, "train", n_train_clips, seed)
test = sample_clips(experiment.corpus, task, "test", n_test_clips, seed)
human = load_corpus(human_dir)
voices = {name: {clip.speaker for clip in part} for name, part in (("train", train), ("test", test))}
print(f"train: {len(train)} clips, {len(voices['train'])} voices; test: {len(test)} clips, "
      f"{len(voices['test'])} other voices (synthetic); {len(human)} clips of a human reader")  # fmt: skip
assert not voices["train"] & voices["test"]

# %% [markdown]
# ## 1 · Sound becomes vectors
#
# A waveform has 16,000 numbers a second, and hardly two recordings of a word share one of them. So the
# first step is a listener that has heard much: the encoder of Whisper tiny.en, which learned from 680,000
# hours of human speech to write down what is said. It works in four blocks, one after the other, and each
# block gives every 20 ms (a *frame*) a vector of 384 numbers, its *state*. We look at two of the blocks:
# the second, still close to the sound, and the last, close to the words.

# %%
encoder = load_whisper_encoder()
EARLY, LAST = 2, encoder.n_blocks
live = sample_clips(experiment.corpus, task, "train", n_live_clips, seed)
with torch.inference_mode(), one_thread():
    wavs = [torch.from_numpy(load_audio(clip.audio, 16000)) for clip in live]
    states = [encoder(wav[None], (EARLY, LAST)) for wav in wavs]
early, last = ([one[k][0].numpy() for one in states] for k in (0, 1))
print(f"{len(live)} clips, {sum(map(len, last)):,} frames of {last[0].shape[1]} numbers each, in both blocks")

# %% [markdown]
# Many of the 384 numbers are correlated. Principal component analysis (PCA) keeps the 64 directions in
# which the standardised states vary most:

# %%
scale, pca = StandardScaler(), PCA(64, random_state=seed)
vectors = pca.fit_transform(scale.fit_transform(np.concatenate(last)))
print(f"64 of 384 directions hold {pca.explained_variance_ratio_.sum():.0%} of the variance")

# %% [markdown]
# ## 2 · Vectors become numbers, in the plane
#
# For a picture, take two directions only: each frame is a point. To write it as a *symbol*, choose a few
# centres by k-means and note the number of the nearest one. That is vector quantisation (VQ); the list of
# centres is the *codebook*, the number is the *code*. What a code misses is the **residual**: the point
# minus its centre. A second codebook, trained on the residuals, refines the first, and so on. This loop is
# all there is to RVQ:

# %%
points = vectors[:, :2] / vectors[:, :2].std(axis=0)
residual, codebooks, left = points, [], [points]
for layer in range(4):
    kmeans = KMeans(8, n_init=4, random_state=seed + layer).fit(residual)
    codebooks.append(kmeans.cluster_centers_)
    residual = residual - kmeans.cluster_centers_[kmeans.labels_]
    left.append(residual)
codebooks = np.stack(codebooks)
codes = quantise(points, codebooks)  # the same loop with the codebooks given: exercise 2
decoded = reconstruct(codes, codebooks)  # the sum of the centres
print("the first frame:", codes[:, 0], "→", decoded[0].round(2), "was", points[0].round(2))

# %% [markdown]
# *Predict:* the cloud of residuals, compared with that of the points: larger or smaller? Of what shape?

# %%
fig, axes = plt.subplots(1, 2, figsize=(9.5, 4.2), sharex=True, sharey=True)
for ax, layer, title in zip(axes, (0, 1), ("layer 1: the points", "layer 2: the residuals"), strict=True):
    plots.codec.plot_clusters(ax, left[layer], codes[layer], codebooks[layer])
    ax.set(title=title, xlabel="direction 1 (standard deviations)", ylabel="direction 2")
print(f"The residuals spread {left[1].std() / left[0].std():.2f} times as wide as the points.")

# %% [markdown]
# A cross is a centre, its number the code. The residuals of all clusters lie around 0, on top of each
# other: the cloud is smaller, and little is left of its shape. With every layer a frame gets one more
# number, and the decoded point (the sum of its centres) moves closer to the original. Below, a black dot is
# a frame, a coloured one the place where it is decoded, and a grey line joins the two:

# %%
fig, axes = plt.subplots(1, 4, figsize=(11, 3.1), sharex=True, sharey=True)
for depth, ax in enumerate(axes, 1):
    plots.codec.plot_rounding(ax, points, reconstruct(codes, codebooks, depth), depth)
    ax.set_xlabel(f"direction 1\nmean distance {np.linalg.norm(left[depth], axis=1).mean():.2f}")
axes[0].set_ylabel("direction 2")
fig.savefig(figures / "01_residual_vq.png", dpi=110)

# %% [markdown]
# The titles count the places in use. Four codebooks of 8 centres store only 32 centres, and could reach
# 8⁴ = 4,096 places. The same with a slider:

# %%
widgets.explore_residual_vq(points, codebooks)

# %% [markdown]
# ## 3 · A tokenizer's codebooks, live
#
# The same with all 64 directions. **Layer 1** is k-means on the states of the *last* block, the one closest
# to the words:

# %%
first = KMeans(n_live_codes, n_init=1, max_iter=30, random_state=seed).fit(vectors)
print(f"{n_live_codes} centres after {first.n_iter_} iterations")

# %% [markdown]
# Nobody told these codes about phones. Do they follow the phones all the same? Measure it on clips of other
# voices, by mutual information: how much of the uncertainty about a frame's phone is gone once the code is
# known? 1 means all, 0 nothing. With few frames for many codes even *shuffled* phones seem to be known a
# little, so the shuffled value, the floor, stands beside.
#
# *Predict:* 48 clips and a few seconds of k-means: how near do they come to the shipped tokenizer?

# %%
heard = sample_clips(experiment.corpus, task, "test", n_pitch_clips, seed)
with torch.inference_mode(), one_thread():
    waves = [torch.from_numpy(load_audio(clip.audio, 16000))[None] for clip in heard]
    unseen = np.concatenate([encoder(wav, (LAST,))[0][0].numpy() for wav in waves])
live_codes = first.predict(pca.transform(scale.transform(unseen)))
heard = encode_clips(heard, experiment.codec, cache_dir)  # by the shipped tokenizer, for comparison
phones = np.concatenate([frame_phones(clip) for clip in heard])
shuffled = np.random.default_rng(seed).permutation(phones)
shipped_codes = np.concatenate([clip.codes[0] for clip in heard])
both = np.stack([live_codes, shipped_codes])
known = pd.DataFrame({"knows of the phone": phone_information(both, phones)}, index=["built here", "shipped"])
known["floor"] = phone_information(both, shuffled)
known["above the floor"] = known["knows of the phone"] - known["floor"]
known["codes"] = [n_live_codes, experiment.codec.count_codes(1)]
known.round(2).rename_axis(f"{len(heard)} test clips")

# %% [markdown]
# More codes have a higher floor, so compare what lies *above the floor*.
#
# **Layers 2 to 8** are meant to keep what the words do not tell, such as voice and pitch (section 6 measures
# whether they do). So they code the
# *early* states, averaged over 11 frames (prosody is slow). From these we first subtract what the words
# explain: the mean early state of all frames that have the same layer-1 code. Then comes the loop of
# section 2:

# %%
smooth = np.concatenate([uniform_filter1d(one, 11, axis=0, mode="nearest") for one in early])
sound = PCA(64, random_state=seed).fit_transform(StandardScaler().fit_transform(smooth))
sound = sound / np.sqrt(sound.std(axis=0))  # or a few wide directions would take all the codes
mean_of_code = np.stack([sound[first.labels_ == code].mean(axis=0) for code in range(n_live_codes)])
residual = sound - mean_of_code[first.labels_]
variance_left = [residual.var(axis=0).sum() / sound.var(axis=0).sum()]
for layer in range(2, 9):
    kmeans = KMeans(64, n_init=1, max_iter=30, random_state=seed + layer).fit(residual)
    residual = residual - kmeans.cluster_centers_[kmeans.labels_]
    variance_left.append(residual.var(axis=0).sum() / sound.var(axis=0).sum())

# %% [markdown]
# The shipped codebooks were built by the same steps from 1,500 recordings, one third of them human, with
# 1,024 codes in layer 1 and 256 in each other (`scripts/build_tokenizer.py`, about three minutes; no label,
# pitch or energy took part). How much of the variance is left after each layer?

# %%
build = json.loads(Path(codec_name, "build.json").read_text())
layers = range(1, len(variance_left) + 1)
fig, ax = plt.subplots(figsize=(7, 3.2))
ax.plot(layers, variance_left, "o-", color=plots.AUDIO, label=f"built here: {len(sound):,} frames")
ax.plot(layers, build["variance_left"], "o-", color=plots.TEXT, label=f"shipped: {build['frames']:,} frames")
ax.set(xlabel="number of layers used", ylabel="share of variance left", ylim=(0, 1))
ax.legend()
fig.savefig(figures / "01_variance_left.png", dpi=110)

# %% [markdown]
# Each layer takes away less than the one before. The curves need not agree: here fewer codes have fewer
# frames to describe, and describe the frames they were fitted to. From here on we use the shipped codebooks.
#
# ## 4 · The shipped tokenizer
#
# Encoder and codebooks turn a clip into codes; a decoder, trained afterwards, turns codes into sound. (Such a
# pair of coder and decoder is called a *codec*; we use both words.) Quantiser
# and decoder are those of [SpeechTokenizer](https://arxiv.org/abs/2308.16692).

# %%
codec, spec = experiment.codec, experiment.codec.spec
clip = next((c for c in test if c.ambiguous), test[0])
wav = load_audio(clip.audio, spec.sample_rate)
clip_codes = codec.encode(wav)
print(f"“{clip.text}”: {len(wav)} samples → codes {clip_codes.shape} (layers, frames); eight frames:")
print(clip_codes[:, 30:38])

# %%
seconds = len(wav) / spec.sample_rate
fig, axes = plt.subplots(4, 1, figsize=(10, 6.5), sharex=True, height_ratios=[2, 3, 0.6, 3])
plots.codec.plot_waveform(axes[0], wav, spec.sample_rate)
plots.codec.plot_log_mel(axes[1], log_mel(wav, spec.sample_rate), seconds, spec.sample_rate)
plots.codec.plot_phones(axes[2], clip.phones)
plots.codec.plot_codes(axes[3], clip_codes, spec)
axes[3].set(xlabel="seconds", xlim=(0, seconds))
axes[0].set_title(f"“{clip.text}”")
fig.savefig(figures / "01_codes.png", dpi=110)

# %% [markdown]
# From top to bottom: the waveform; its spectrogram (bright is loud); the phones, in the notation ARPAbet
# (`SH` as in *she*, `AH` as in *hut*); the codes. A column of the lowest image is a frame, a row a layer;
# each colour stands for a code, and dark or bright means nothing. A phone is a run of several codes of layer
# 1; where the next phone begins, other codes follow.
#
# To encode the whole demo corpus takes some minutes, so its codes are shipped (`data/demo/codes.npz`), each
# filed under the hash of its sound and of the tokenizer. A sound of your own is encoded when it is needed.
# Are the shipped codes those that the tokenizer gives here and now?

# %%
test = encode_clips(test, codec, cache_dir, n_jobs=2)
here = [codec.encode(load_audio(one.audio, spec.sample_rate)) for one in test[:n_checked_clips]]
same = np.concatenate([(one.codes == codes).ravel() for one, codes in zip(test, here, strict=False)])
print(f"{same.mean():.2%} of {same.size:,} codes, of {len(here)} clips, are the same when computed here")
assert same.mean() > 0.99, "another processor rounds otherwise, but not that much"

# %% [markdown]
# Are all codes in use? *Perplexity* is the number of equally frequent codes that would be as hard to predict;
# the closer to the number of codes, the more evenly they are used.

# %%
n_used, perplexity = code_usage([one.codes for one in test], spec.codebook_size)
usage = {"codes": [codec.count_codes(layer) for layer in spec.layers], "used": n_used}
usage["perplexity"] = perplexity.round().astype(int)
pd.DataFrame(usage, index=pd.Index(spec.layers, name="layer")).T

# %% [markdown]
# ## 5 · Hear 1, 2, 4 and 8 layers
#
# *Predict:* how many layers do you need to follow the words? And the voice, the melody? First a synthetic
# clip:

# %%
DEPTHS = (1, 2, 4, 8)
decoded = {depth: codec.decode(clip_codes, depth) for depth in spec.layers}
sounds = {"original": wav} | {f"{d} layer{'s' * (d > 1)}": decoded[d] for d in DEPTHS}
widgets.show_players(sounds, spec.sample_rate)

# %% [markdown]
# Then a human reader, whose voice was not used to build the codebooks:

# %%
reader = load_audio(human[0].audio, spec.sample_rate)
reader_codes = codec.encode(reader)
reader_decoded = {depth: codec.decode(reader_codes, depth) for depth in DEPTHS}
read_aloud = {"original": reader}
read_aloud |= {f"{d} layer{'s' * (d > 1)}": reader_decoded[d] for d in DEPTHS}
widgets.show_players(read_aloud, spec.sample_rate)

# %%
fig, axes = plt.subplots(1, len(sounds), figsize=(11, 2.5), sharey=True)
for ax, (title, sound) in zip(axes, sounds.items(), strict=True):
    plots.codec.plot_log_mel(ax, log_mel(sound, spec.sample_rate), seconds, spec.sample_rate)
    ax.set(title=title, xlabel="seconds", ylabel="")
axes[0].set_ylabel("kHz")
fig.savefig(figures / "01_decoded.png", dpi=110)

# %% [markdown]
# Compare the fine horizontal stripes (harmonics of the voice: the pitch) with the original's. Where they are
# missing, the speech sounds whispered. The same with a slider; what plays goes on while you move it:

# %%
told = {
    f"synthetic: {clip.text}": {0: wav, **decoded},
    f"human: {human[0].text}": {0: reader, **reader_decoded},
}
explorers.explore_depths(told, spec.sample_rate)  # 0 layers: the original

# %% [markdown]
# How many words survive? Whisper writes down what it hears. The **word error rate** counts words replaced,
# left out or added, per word that was said; we print 1 minus this rate, the share of words heard right.
# Whisper always listens to 30 seconds at once, so clips are joined.

# %%
pause = np.zeros(spec.sample_rate // 2, np.float32)
spoken = list({one.text: one for one in test}.values())[:n_decoded_clips]  # different sentences


def join(clips, depth):
    """Return clips decoded from so many layers (0: the originals) as one waveform, with pauses between."""
    wavs = [load_audio(one.audio, spec.sample_rate) for one in clips]
    decoded = [codec.decode(codec.encode(wav), depth) if depth else wav for wav in wavs]
    return np.concatenate([part for one in decoded for part in (one, pause)])


versions = {"original": 0} | {f"{d} layer{'s' * (d > 1)}": d for d in DEPTHS}
played = [(spoken, name) for name in versions] + [(human, name) for name in ("original", "8 layers")]

# %%
recogniser = Recogniser()
recognised = recogniser.recognise([join(clips, versions[name]) for clips, name in played])
errors, human_errors = pd.Series(dtype=float), pd.Series(dtype=float)
for (clips, name), (text, _) in zip(played, recognised, strict=True):
    rate = word_error_rate([" ".join(one.text for one in clips)], [text])
    (errors if clips is spoken else human_errors)[name] = rate

# %%
for name, clips, found in (("test voices", spoken, errors), ("human reader", human, human_errors)):
    words = sum(len(one.text.split()) for one in clips)
    told = ", ".join(f"{version} {1 - error:.0%}" for version, error in found.items())
    print(f"{name}, words heard right of {words}: {told}")

# %% [markdown]
# A few dozen words are few: one of them is more than a percentage point. The tokenizer's card
# (`data/tokenizer/README.md`) has such a measurement on more clips of test voices, and on pitch. What is
# *heard* depends on the decoder. The method of this suite never decodes: it reads the codes. So ask the
# codes.
#
# ## 6 · What does each layer keep?
#
# **Phones.** The mutual information of section 3, for each layer of the shipped tokenizer. *Predict:* which
# layer knows most, and by how much? The dotted line is the floor (phones shuffled). The error bars come from
# leaving out one voice at a time (the *jackknife*).

# %%
knows = report_phones(test, seed)
fig, ax = plt.subplots(figsize=(7, 3.4))
ylabel = "known of the phone\n(share of its uncertainty)"
plots.codec.plot_layer_bars(ax, knows.pnmi, ylabel, 2 * knows.error, knows.floor)
ax.set_title(f"{len(test)} clips; bars: ± 2 standard errors over {len(voices['test'])} voices (jackknife)")
fig.savefig(figures / "01_phones.png", dpi=110)
phones_first, others = knows.pnmi[1] - knows.floor[1], (knows.pnmi - knows.floor)[1:]
print(f"above the floor: layer 1 {phones_first:.2f}, best other (layer {others.idxmax()}) {others.max():.2f}")
assert phones_first > others.max(), "layer 1 should know most about the phones"

# %% [markdown]
# Which phones do the most frequent codes of layer 1 stand for? (`SIL` is silence.) A share near 100 % is a
# code that stands for one phone; a mixture is a code that phones alone do not explain.

# %%
joined = np.concatenate([one.codes[0] for one in test])
phone_of = pd.Series(np.concatenate([frame_phones(one) for one in test]))
for code in np.argsort(-np.bincount(joined))[:6]:
    counts = phone_of[joined == code].value_counts()
    shares = ", ".join(f"{name} {n / counts.sum():.0%}" for name, n in counts[:3].items())
    print(f"L1-{code:04d}: {counts.sum():4d} frames, mostly {shares}")

# %% [markdown]
# **Pitch and energy.** Can they be read from the codes? A *linear probe* is the simplest reader: ridge
# regression from the codes of a frame (as indicators: one column per code, 0 or 1) to a measured value. It
# learns on the train voices and is scored on the test voices: nobody's own voice helps. R² = 1 is perfect,
# 0 is as good as always saying the mean, below 0 is worse.
#
# Pitch (F0) is counted in semitones about each speaker's median, in voiced frames (in which the vocal folds
# vibrate, so that there is a pitch); energy in dB. *Predict:*
# from which layers can pitch be read? And energy?

# %%
train = encode_clips(train, codec, cache_dir)
measured = [clip_features(part, cache_dir) for part in (train, heard)]
below, every = f"2–{spec.n_layers}", f"1–{spec.n_layers}"
layer_sets = {"1": [1], "2": [2], "2–4": [2, 3, 4], below: spec.acoustic_layers, every: spec.layers}
parts = (train, measured[0]), (heard, measured[1])
probes = report_probes(*parts, layer_sets, Bootstrap(n_resamples, seed))
r2 = probes.set_index(["target", "layers"])["r2"]

# %%
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.4), sharey=True)
for ax, target, title in ((axes[0], "f0_st", "pitch (voiced frames)"), (axes[1], "rms_db", "energy")):
    plots.codec.plot_probes(ax, probes, target)
    ax.set_title(f"{title}: {probes.loc[probes.target == target, 'n_test'].iloc[0]:,} frames")
axes[1].set_ylabel("")
fig.savefig(figures / "01_probes.png", dpi=110)

# %%
gain = probes.set_index(["target", "layers"])["gain"]
for target, name in (("f0_st", "pitch"), ("rms_db", "energy")):
    one, rest = (r2[target, layers].estimate for layers in ("1", below))
    print(f"{name}, R²: layer 1 {one:.2f}, layers {below} {rest:.2f}; difference {gain[target, below]}")
    more = {"above": f"layers {below} tell more of it", "below": "layer 1 tells more of it"}
    print(f"   {more.get(gain[target, below].verdict, 'which tells more is not decided')}")
assert r2["f0_st", below].estimate > r2["f0_st", "1"].estimate, "pitch should lie in the acoustic layers"

# %% [markdown]
# The bars are 95 % intervals; sentences and voices were resampled. Whether two bars differ is not to be read
# off their intervals, but off that of their *difference* (layers 2–8 less layer 1), the last number. Phones
# differ in level, and silence most of all, so that a layer of phones knows much of the energy, too. A linear
# reader of single frames sees less than a network would, and with more train clips it sees more.
#
# **And people?** The same probes, fitted on the same synthetic voices, read the human reader's five clips;
# and a stored measurement on ten human actors (EmoDB, `data/tokenizer/report.json`), where the probes were
# fitted on the *other* actors.

# %%
human = encode_clips(human, codec, cache_dir)
read_by = (human, clip_features(human, cache_dir, progress=False))
two_sets = {name: layer_sets[name] for name in ("1", below)}
people = report_probes(parts[0], read_by, two_sets, Bootstrap(n_resamples, seed))
actors = json.loads(Path(codec_name, "report.json").read_text())["human"]["probes"]
stored = [actors[target][name]["r2"] for target in ("f0_st", "rms_db") for name in ("layer 1", "layers 2-8")]
people["ten actors, stored"], people["reader"] = stored, people.pop("r2").map(str)
people["target"] = people["target"].map({"f0_st": "pitch, R²", "rms_db": "energy, R²"})
people[["target", "layers", "reader", "ten actors, stored"]]

# %%
for target, name in (("f0_st", "pitch"), ("rms_db", "energy")):
    one, rest = (actors[target][layers]["r2"] for layers in ("layer 1", "layers 2-8"))
    alike = (rest > one) == (gain[target, below].estimate > 0)
    print(f"ten actors, {name}: R² {one:.2f} from layer 1, {rest:.2f} from layers 2–8; "
          f"{'as' if alike else 'unlike'} on the synthetic voices")  # fmt: skip

# %% [markdown]
# One reader is one voice: the interval resamples five clips and says nothing about other people. A probe that
# was fitted on synthetic voices may also be off in scale for a person, which R² punishes; the actors decide.
#
# ## 7 · The flood
#
# A language model of text takes in a few words per second of speech. What would it get, if we gave it all
# codes?

# %%
durations = np.array([one.codes.shape[1] / spec.frame_rate for one in test])
counts = {"words": [len(one.text.split()) for one in test], "frames": [one.codes.shape[1] for one in test]}
counts["codes"] = [one.codes.size for one in test]
rates = {name: np.array(values) / durations for name, values in counts.items()}
fig, ax = plt.subplots(figsize=(8, 2.6))
plots.codec.plot_overflow(ax, rates, seed)
ax.set_title(f"{len(test)} test clips, a dot each; the number is their median")
fig.savefig(figures / "01_overflow.png", dpi=110)
overflow = np.median(rates["codes"] / rates["words"])
print(f"{overflow:.0f} codes a word; a prompt of 256 tokens is full after "
      f"{256 / np.median(rates['codes']):.2f} s of speech.")  # fmt: skip

# %% [markdown]
# This is the *audio overflow* of the paper: speech drowns the words. Notebook 02 selects 75 of the 1,792
# codes of layers 2–8. Of the 1,200 codes of a clip of three seconds, a few dozen remain.
#
# ## 8 · Your own voice
#
# Record a sentence (a phone will do), and set `own_wav` to its path in the `parameters` cell.

# %%
own = load_audio(Path(own_wav) if own_wav else human[0].audio, spec.sample_rate)[: 10 * spec.sample_rate]
own_codes = codec.encode(own)
own_sounds = {"recording": own, "1 layer": codec.decode(own_codes, 1), "all layers": codec.decode(own_codes)}
if own_wav:
    for title, (text, sure) in zip(own_sounds, recogniser.recognise(list(own_sounds.values())), strict=True):
        print(f"{title:>10}, confidence {sure:.2f}: {text or '(nothing)'}")
widgets.show_players(own_sounds, spec.sample_rate)

# %% [markdown]
# ## Exercises
#
# ### Exercise 1 · Bit rate (easy, 3 minutes)
#
# Layer 1 has 1,024 codes, the other seven have 256 each, and there are 50 frames a second. How many kilobits
# is a second of speech, all layers together?

# %%
kilobits_per_second = None  # your number
exercises.check_bit_rate(kilobits_per_second, codec)

# %% [markdown]
# <details><summary>Hint</summary>
#
# A code out of 1,024 takes 10 bits, since 2¹⁰ = 1,024. Add up the bits of a frame, then multiply.
# </details>
#
# <details><summary>Solution</summary>
#
# ```python
# kilobits_per_second = (10 + 7 * 8) * 50 / 1000
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
# Your transcripts are clean: the words are known, so layer 1, which knows the phones, is left out. What is
# missing is how they are said.
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
# - Synthetic voices make most of the measurements; the human ones here are one reader, and ten actors in a
#   stored result.
# - Mutual information and linear probes say what *can* be read from the codes of one frame. They say nothing
#   about what a classifier of whole clips will use.
# - The recogniser judges the decoder as much as the codes. It is the same Whisper whose encoder the tokenizer
#   uses, and no human ear. Trust your own ear more.
#
# ## Summary

# %%
summary = {
    "f0_r2_other_layers": r2["f0_st", below].estimate,
    "f0_r2_layer_1": r2["f0_st", "1"].estimate,
    "energy_r2_other_layers": r2["rms_db", below].estimate,
    "phones_layer_1": phones_first,
    "phones_best_other": others.max(),
    "phones_live_codebook": known.loc["built here", "knows of the phone"],
    "word_errors_1_layer": errors["1 layer"],
    "word_errors_8_layers": errors["8 layers"],
    "word_errors_8_layers_human": human_errors["8 layers"],
    "codes_per_word": overflow,
}
record_metrics(run_dir, "01_tokenize_speech", **summary, n_test_clips=len(test), seed=seed)
pd.Series(summary, name="").round(3).to_frame()

# %% [markdown]
# - Residual VQ writes a vector as several codes, each refining the ones before: a loop of k-means.
# - Layer 1 follows the phones; what a linear probe can read of the pitch of new voices lies in layers 2–8
#   (energy is another matter, see section 6).
# - Hundreds of codes a second are too many for a language model that reads a few words: they have to be
#   selected.
#
# Next: [02 Select tokens](02_select_tokens.ipynb).
