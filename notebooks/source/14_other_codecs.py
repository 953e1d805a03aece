# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
# ---

# %% [markdown]
# # 14 · Other codecs
#
# **How much of what the lasso finds depends on the codec?**
#
# About 1 minute on two CPU cores, no GPU. Codecs from the hub need a network, once.
#
# [← 13 · Your own corpus](13_your_own_corpus.ipynb) ·
# [contents](00_start_here.ipynb)
#
# You will
#
# - **load** different codecs through one interface, and see what differs between them;
# - **restrict** one codec to some of its layers;
# - **select** tokens from each, at the same penalty and at the same number of tokens;
# - **score** them on sentences that were held out;
# - **doubt** the result with a codec that has learned nothing, and with loudness taken away.
#
# The method speaks of "speech tokens" as if there were one kind. There are many codecs: they differ in
# frames per second, in the number of layers, in the size of a codebook, and in whether a layer was trained
# to follow the content. Which of this matters?

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
import transformers

from speechlm_utils import exercises, plots
from speechlm_utils.audio import load_audio
from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.clips import groups, label_ids, label_names
from speechlm_utils.codec.cache import encode_clips
from speechlm_utils.codec.load import load_codec
from speechlm_utils.codec.report import measure_speed
from speechlm_utils.evaluation.codecs import (
    TokenSource,
    chance_per_layer,
    make_untrained_encodec,
    predict_out_of_fold,
)
from speechlm_utils.evaluation.conditions import compare_conditions, make_linear
from speechlm_utils.experiment import Experiment
from speechlm_utils.notebook.record import record_metrics
from speechlm_utils.selection.l1 import L1LogisticRegression
from speechlm_utils.selection.path import find_C_for_count, fit_l1_path
from speechlm_utils.selection.selection import Selection, make_selection
from speechlm_utils.selection.selector import list_selected, make_selector
from speechlm_utils.selection.stability import split_folds

plots.apply_style()
pd.options.display.precision = 3
print(f"transformers {transformers.__version__}, torch {torch.__version__}, numpy {np.__version__}")

# %% tags=["parameters"]
corpus_dir = "../data/demo"
codec_name = "../data/tokenizer"
run_dir = "../runs/lab"
cache_dir = "../runs/cache"
seed = 0
task = "fallacy"
clips_per_split = 240  # whole sentences of train; None: all
codec_names = []  # other codecs: hub names or folders, for example ["kyutai/mimi"]
max_layers = 8  # of each of them, at most
untrained = True  # add the control
n_untrained_clips = 24  # its codebooks are vectors of these clips
n_tokens = 75  # wanted
n_folds = 5
n_resamples = 2000  # bootstrap
rms_dbfs = -26.0  # the common loudness, dB re full scale
n_speed_clips = 5

# %% [markdown]
# ## One interface
#
# `load_codec` takes a folder or a hub name and looks at `config.json`: SpeechTokenizer (both released
# variants), or one of the codecs of transformers (EnCodec, DAC, Mimi, X-Codec). Whatever it is, it has
# `encode(wav)`, which gives codes of shape (layers, frames), `decode(codes, layers)`, a sampling rate, a
# frame rate, and a `hash` that says which codec a code belongs to.
#
# To compare with another codec, put its name into `codec_names`, for example `"kyutai/mimi"` (12.5 frames
# a second, 2,048 codes a layer) or `"facebook/encodec_24khz"` (75 frames a second). Without a network
# there is none, and we compare this codec with parts of itself, and with a control.
#
# **The control** is an EnCodec with as many layers and codes as our codec, and *random weights*. It has
# never heard speech. Each of its layers only knows some vectors that its random filters gave for a few
# clips. It is not a result about EnCodec, and its codes cannot follow phones. But random filters still let
# loudness, length and some of the spectrum pass. So it says how much of the gain needs no learning at all.

# %%
experiment = Experiment(corpus_dir, codec_name, run_dir, cache_dir, seed, clips_per_split)
codec = experiment.codec
train = experiment.clips(task, "train")

codecs = {}
for name in codec_names:
    other = load_codec(name)
    other = load_codec(name, n_layers=max_layers) if other.spec.n_layers > max_layers else other
    codecs[Path(name).name if Path(name).is_dir() else name] = other
if untrained:
    some = [load_audio(clip.audio, codec.spec.sample_rate) for clip in train[:n_untrained_clips]]
    codecs["untrained EnCodec"] = load_codec(
        make_untrained_encodec(Path(run_dir, "untrained_encodec"), some, codec.spec, seed)
    )

# %%
facts = {
    name: {
        "class": type(one.model).__name__,
        "Hz": one.spec.sample_rate,
        "frames/s": one.spec.frame_rate,
        "layers": one.spec.n_layers,
        "codes a layer": one.spec.codebook_size,
        "semantic layers": ", ".join(map(str, one.spec.semantic_layers)) or "none",
        "hash": one.hash,
    }
    for name, one in {"this codec": codec, **codecs}.items()
}
pd.DataFrame.from_dict(facts, orient="index")

# %% [markdown]
# ## The sources of tokens
#
# A *source* is a codec with some of its layers. From our codec we take the first layers only, all of them,
# and the acoustic ones alone, as the paper does. Encoding is the same for these; they differ in the rows
# of codes that are counted.
#
# *Prediction: what a source costs, in bits, is the product of three numbers: layers, frames a second, bits
# a code. The control costs as much as our whole codec, by construction.*

# %%
y, sentences = label_ids(train, task, label_names(train, task)), groups(train)
depths = sorted({min(depth, codec.spec.n_layers) for depth in (2, 4, codec.spec.n_layers)})
whole = f"layers 1–{codec.spec.n_layers}"
sources = {f"layers 1–{depth}": TokenSource(train, codec.spec.layers[:depth]) for depth in depths}
acoustic = whole
if codec.spec.semantic_layers:
    acoustic = f"acoustic: {codec.spec.acoustic_layers[0]}–{codec.spec.acoustic_layers[-1]}"
    sources[acoustic] = TokenSource(train, codec.spec.acoustic_layers)
kinds = dict.fromkeys(sources, "this codec")
for name, other in codecs.items():
    sources[name] = TokenSource(encode_clips(train, other, cache_dir), other.spec.layers)
    kinds[name] = "untrained" if name == "untrained EnCodec" else "another codec"

table = pd.DataFrame({name: source.describe() for name, source in sources.items()}).T
table

# %%
for name, row in table.iterrows():
    used = row.occurring / row.vocabulary
    print(
        f"{name:20} {row['bits/s'] / 1000:5.2f} kbit/s; {used:4.0%} of its {row.vocabulary:,.0f} tokens occur"
    )
n_words = np.mean([len(clip.text.split()) for clip in train])
flood = table["tokens per clip"] / n_words
print(
    f"a clip has {n_words:.0f} words; the sources give {flood.min():.0f} to {flood.max():.0f} tokens a word"
)

# %% [markdown]
# How long does encoding take? Seconds of computing per second of speech, on this machine; below 1 is faster
# than speech itself. Restricting the layers saves nothing here: the encoder does all the work.

# %%
speeds = {}
for name, one in {"this codec": codec, **codecs}.items():
    wavs = [load_audio(clip.audio, one.spec.sample_rate) for clip in train[:n_speed_clips]]
    speeds[name] = measure_speed(one, wavs)[0]
    low, middle, high = np.quantile(speeds[name], [0, 0.5, 1])
    print(f"{name:20} {middle:.4f} s per second (from {low:.4f} to {high:.4f}, {len(wavs)} clips)")
table["encode s/s"] = [float(np.median(speeds.get(name, speeds["this codec"]))) for name in sources]

# %% [markdown]
# ## Select from each
#
# First at the *same number*: for each source we search the $C$ that keeps about as many tokens as wanted, so
# that every source gives the language model a vocabulary of one size. Then at the *same penalty*, the one
# that suits the acoustic layers: each token has to earn its place, and the price is the same for all.
#
# *Prediction: at the same penalty, the more tokens occur, the more are kept. But a source whose tokens tell
# nothing should keep few of many.*

# %%
chosen = {}
for name, source in sources.items():
    selector = make_selector(L1LogisticRegression(random_state=seed), source.layers)
    C, _ = find_C_for_count(selector, source.clips, y, n_tokens)
    chosen[name] = selector.set_params(l1__C=C).fit(source.clips, y)
    table.loc[name, ["C", "kept"]] = C, len(list_selected(selector))
C_same = table.C[acoustic]
for name, source in sources.items():
    fit = fit_l1_path(chosen[name], source.clips, y, [C_same])
    table.loc[name, "kept at same C"] = fit.n_tokens[0]
table[["occurring", "C", "kept", "kept at same C"]]

# %%
rate = 1000 * table["kept at same C"] / table.occurring
order = rate.sort_values(ascending=False)
shown = ", ".join(f"{name} {value:.0f}" for name, value in order.items())
print(f"kept at C = {C_same:.3g}, of 1,000 tokens that occur: {shown}")
most_tokens, most_kept = table.occurring.idxmax(), table["kept at same C"].idxmax()
agree = "as predicted" if most_tokens == most_kept else "so the number kept does not follow the offer alone"
print(f"most occur in {most_tokens}, most are kept of {most_kept}: {agree}")
far = [name for name in sources if abs(table.kept[name] - n_tokens) > 0.15 * n_tokens]
print(f"sources from which no {n_tokens} tokens, give or take 15 %, could be had: {', '.join(far) or 'none'}")

# %% [markdown]
# ## What are they worth?
#
# Each source at its own $C$ and about the same number of tokens. In each fold the tokens are selected anew
# on the train part, a linear model (ℓ2) learns from the words and these tokens, and the held-out sentences
# are predicted. The test clips stay closed: this is a comparison of tools, and it may be repeated.
#
# *Prediction, if the paper's split into a layer of content and layers of sound holds: the acoustic layers
# gain most beside the words, and leaving out layer 1 costs nothing. If learning matters, the control gains
# least. What would contradict it: a control whose interval lies as high as the others.*

# %%
folds, model = split_folds(y, sentences, n_folds, seed), make_linear([1e-4, 1e-3, 1e-2], 3, seed)
predictions = {"text": predict_out_of_fold(model, train, y, folds)[0][None]}
for name, source in sources.items():
    guesses, n_kept = predict_out_of_fold(model, source.clips, y, folds, chosen[name])
    predictions[name], table.loc[name, "kept in a fold"] = guesses[None], n_kept.mean()

bootstrap = Bootstrap(n_resamples, seed)
scores = compare_conditions(y, predictions, sentences, bootstrap=bootstrap)
scores[["accuracy", "macro_f1", "difference", "low", "high", "clips", "sentences"]].round(3)

# %%
fig, ax = plt.subplots(figsize=(7, 0.45 * len(sources) + 1.3))
span = ["difference", "low", "high"]
gains = {name: tuple(scores.loc[name, span]) for name in sources}
plots.intervals.plot_source_gains(ax, gains, [kinds[name] for name in sources])
figures = Path(run_dir) / "figures"
figures.mkdir(parents=True, exist_ok=True)
fig.savefig(figures / "14_gains.png", dpi=110)
plt.show()


# %%
print(f"words alone: macro-F1 {scores.macro_f1['text']:.3f}")
against = compare_conditions(y, predictions, sentences, acoustic, bootstrap=bootstrap).drop(
    ["text", acoustic]
)
pairs = {"less words alone": scores.drop("text"), f"less {acoustic}": against}
pd.concat(pairs)[["difference", "low", "high", "verdict"]].round(3)

# %% [markdown]
# The intervals are over sentences, each against one partner. With several comparisons, one interval in
# twenty misses zero by chance, so a single narrow miss proves little.

# %%
best = scores.drop("text").macro_f1.idxmax()
print(
    f"highest here: {best}, macro-F1 {scores.macro_f1[best]:.3f} at {table['bits/s'][best] / 1000:.2f} kbit/s"
)
if untrained:
    control, rest = scores.loc["untrained EnCodec"], against.loc["untrained EnCodec"]
    found = {
        "above": "beats the words: part of the gain needs no trained codec",
        "below": "harms: its tokens are noise beside the words",
    }
    told = found.get(control.verdict, "adds nothing that can be told")
    print(f"The control, which has learned nothing, {told}.")
    words = {"above": "less", "below": "more"}  # the difference is the control's, less the codec's
    learned = words.get(rest.verdict, "neither more nor less, as far as can be told,")
    print(f"Beside it, {acoustic} gives {learned} than random filters do.")

# %% [markdown]
# ## Is it loudness?
#
# The simplest thing that random filters let through is how loud a clip is. So we bring every clip to the same
# level, encode again, select anew, and score as before: the acoustic layers, and the control.
#
# *Prediction: if the control lives on loudness, its gain goes, and that of the trained codec stays. If both
# stay, the control hears more than loudness; if both go, so did the codec's tokens live on it.*

# %%
levelled = {acoustic: TokenSource(experiment.clips(task, "train", rms_dbfs), sources[acoustic].layers)}
if untrained:
    control = codecs["untrained EnCodec"]
    same = encode_clips(train, control, cache_dir, rms_dbfs)
    levelled["untrained EnCodec"] = TokenSource(same, control.spec.layers)
level = "equal loudness"
for name, source in levelled.items():
    selector = make_selector(L1LogisticRegression(random_state=seed), source.layers)
    C, _ = find_C_for_count(selector, source.clips, y, n_tokens)
    guesses, _ = predict_out_of_fold(model, source.clips, y, folds, selector.set_params(l1__C=C))
    predictions[f"{name}, {level}"] = guesses[None]

pairs = [one for name in levelled for one in (name, f"{name}, {level}")]
scores = compare_conditions(y, predictions, sentences, bootstrap=bootstrap)
scores.loc[["text", *pairs], ["accuracy", "macro_f1", "difference", "low", "high"]].round(3)

# %%
fig, ax = plt.subplots(figsize=(7, 0.45 * len(pairs) + 1.3))
gains = {name: tuple(scores.loc[name, span]) for name in pairs}
plots.intervals.plot_source_gains(ax, gains, [kinds[name] for name in levelled for _ in range(2)])
plt.show()

# %%
for name in levelled:
    row = compare_conditions(y, predictions, sentences, name, bootstrap=bootstrap).loc[f"{name}, {level}"]
    change = {"above": "gains", "below": "loses"}.get(row.verdict, "neither gains nor loses")
    left = scores.verdict[f"{name}, {level}"]
    span_text = f"{row.difference:+.3f} [{row.low:+.3f}, {row.high:+.3f}]"
    print(f"{name:20} {change} without loudness: {span_text}; what is left, less the words alone: {left}")
if untrained:
    base = f"untrained EnCodec, {level}"
    row = compare_conditions(y, predictions, sentences, base, bootstrap=bootstrap).loc[f"{acoustic}, {level}"]
    span_text = f"{row.difference:+.3f} [{row.low:+.3f}, {row.high:+.3f}]: {row.verdict}"
    print(f"at equal loudness, the trained codec less the untrained one: {span_text}")

# %% [markdown]
# ## Which layers win?
#
# The bars count the kept tokens of each layer. The dash says how many a blind draw from the tokens that
# occur would take from it, with its 95 % range. *Prediction: for our codec, layer 1 (orange) supplies less
# than its share: what it says, the words say already. In the control no layer means content, so the only
# order is from coarse to fine.*

# %%
shown = {name: sources[name] for name in (whole, *codecs)}
fig, axes = plt.subplots(1, len(shown), figsize=(3.9 * len(shown), 2.8), squeeze=False)
leads = {}
for ax, (name, source) in zip(axes[0], shown.items(), strict=True):
    layer_of = np.array([layer for layer, _ in list_selected(chosen[name])])
    kept = np.array([(layer_of == layer).sum() for layer in source.layers])
    chance = chance_per_layer(source, len(layer_of))
    plots.codec.plot_layer_counts(ax, source.layers, kept, chance, source.spec.semantic_layers)
    ax.set(title=f"{name}: {len(layer_of)} tokens", xlabel="layer", ylabel="tokens kept")
    leads[name] = pd.DataFrame({"kept": kept, "chance": chance[0], "low": chance[1], "high": chance[2]})
    leads[name].index = source.layers
fig.savefig(figures / "14_layers.png", dpi=110)
plt.show()

# %%
for name, lead in leads.items():
    more, less = lead.index[lead.kept > lead.high], lead.index[lead.kept < lead.low]
    said = [f"{', '.join(f'L{layer}' for layer in some)} {word} than chance"
            for some, word in ((more, "more"), (less, "less")) if len(some)]  # fmt: skip
    print(f"{name}: {'; '.join(said) or 'no layer supplies more or less than chance would'}")
for layer in codec.spec.semantic_layers:
    row = leads[whole].loc[layer]
    blind = f"{row.chance:.1f} by chance ({row.low:.0f} to {row.high:.0f})"
    print(f"layer {layer} of this codec: {row.kept:.0f} kept, {blind}")

# %% [markdown]
# ## The same name, another sound
#
# `L3-0417` is a place in a table. In another codec, the same place holds another sound, and nothing in the
# numbers would tell. So a selection carries the codec's hash, and another codec is refused by name. The
# same holds for a codec of the same class with other weights, or with another number of layers.

# %%
mine = make_selection(chosen[acoustic], train, task, label_names(train, task), codec.hash)
path = Path(run_dir, "other_codecs", f"selection_{task}.json")
mine.save(path)
stranger = load_codec(codec_name, n_layers=1)
try:
    Selection.load(path, codec_hash=stranger.hash)
except ValueError as error:
    print(error)

# %% [markdown]
# ### Checkpoint

# %%
seconds = np.array([clip.codes.shape[1] / codec.spec.frame_rate for clip in train])
for name, other in {"this codec": codec, **codecs}.items():
    encoded = train if name == "this codec" else sources[name].clips
    lengths = np.array([clip.codes.shape[1] / other.spec.frame_rate for clip in encoded])
    slack = 1 / other.spec.frame_rate + 1 / codec.spec.frame_rate
    assert np.all(np.abs(lengths - seconds) <= slack), f"{name}: a clip has lost or won frames"
    assert max(clip.codes.max() for clip in encoded) < other.spec.codebook_size
assert len({stranger.hash, codec.hash, *(other.hash for other in codecs.values())}) == len(codecs) + 2
print("checkpoint: all codecs cover the same seconds, their codes are in range, and their hashes differ")

# %% [markdown]
# ## Exercises
#
# ### Exercise 1 · Layers for a bit rate (easy, 5 minutes)
#
# A fair comparison gives every codec as many bits. Write the function that says how many layers a codec
# needs at least to spend `bits_per_second`.


# %%
def my_layers(frame_rate, codebook_size, bits_per_second):
    return None  # your code


exercises.check_equal_bits(my_layers)

# %% [markdown]
# <details><summary>Hint</summary>
#
# One layer spends `frame_rate` codes a second, and a code of `codebook_size` takes
# `np.log2(codebook_size)` bits. A layer cannot be taken in part.
# </details>
# <details><summary>Solution</summary>
#
# ```python
# def my_layers(frame_rate, codebook_size, bits_per_second):
#     return int(np.ceil(bits_per_second / (frame_rate * np.log2(codebook_size))))
# ```
# </details>
#
# ### Exercise 2 · A layer's lead (medium, 10 minutes)
#
# In the last figure a bar is high if its layer is good, or if it is merely large. Write the function that
# takes the size away: for each layer its share of the selected tokens, divided by its share of those that
# occur. Then try it on `leads[whole].kept` and `sources[whole].count_occurring()`.


# %%
def my_lead(selected, occurring):
    return None  # your code


exercises.check_lead(my_lead)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Both shares are shares of a sum: `selected / selected.sum()`, and the same for `occurring`.
# </details>
# <details><summary>Solution</summary>
#
# ```python
# def my_lead(selected, occurring):
#     return (selected / selected.sum()) / (occurring / occurring.sum())
# ```
# </details>
#
# ## Limits
#
# - Without other codecs in `codec_names`, this compares one small codec with its own parts. Whether Mimi or
#   the released SpeechTokenizer do better is a question for their weights.
# - The control is one draw of random weights, of one architecture and size.
# - The same number of tokens is not the same number of bits, nor the same length of a prompt: a token of a
#   codec with fewer frames occurs less often and says more. Each way to be fair is unfair in another.
# - A codec of fewer frames a second gives fewer counts per clip; a bag of counts may suit it less than a
#   model that reads sequences.
# - The corpus is synthetic speech, and so is most of what the small codec was trained on.
#
# ## Summary

# %%
metrics = {"sources": len(sources), "macro-F1, text": scores.macro_f1["text"], "highest": best}
for name in scores.index.drop("text"):
    metrics[f"gain over text, {name}"] = list(scores.loc[name, span])
metrics |= {f"kept at the same C, {name}": int(table["kept at same C"][name]) for name in sources}
record_metrics(run_dir, "14_other_codecs", **metrics)
summary = table.join(scores[["macro_f1", *span]])
columns = ["bits/s", "tokens per clip", "encode s/s", "kept at same C", "kept", "kept in a fold"]
summary[[*columns, "macro_f1", *span]].round(3)

# %% [markdown]
# One interface, several codecs: the method needs codes, a hash, and the knowledge of which layers follow the
# content. The table says what each source costs, how many of its tokens the lasso wants, and what they add
# to the words on held-out sentences. The control says how much of that any random filter would give.
#
# To run all other notebooks with another codec, change `codec_name` in a profile.
#
# Back to the [contents](00_start_here.ipynb).
