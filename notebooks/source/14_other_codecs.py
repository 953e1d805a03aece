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
# About 2 minutes on two CPU cores, no GPU. Codecs from the hub need a network, once.
#
# [← 13 · Your own corpus](13_your_own_corpus.ipynb) ·
# [contents](00_start_here.ipynb) ·
# [15 · What it costs →](15_what_it_costs.ipynb)
#
# You will
#
# - **load** different codecs through one interface, and see what differs between them;
# - **restrict** one codec to some of its layers;
# - **select** tokens from each, about the same number and at the same penalty;
# - **score** them on voices and sentences that were left out;
# - **doubt** the result with a codec that has learned nothing.
#
# A speech codec turns sound into codes. There are many: they differ in frames per second, in the number of
# layers, in the size of a codebook, and in whether a layer was trained to follow the content. Which of this
# matters for the method?

# %%
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from speechlm_utils import exercises, plots
from speechlm_utils.audio import load_audio
from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.clips import label_ids, label_names, name_units
from speechlm_utils.codec.cache import encode_clips
from speechlm_utils.codec.load import load_codec
from speechlm_utils.evaluation.arms import Draw, Part, Recipe, read_tokens
from speechlm_utils.evaluation.codecs import TokenSource, chance_per_layer, make_untrained_encodec
from speechlm_utils.evaluation.rotation import Outcome, predict_arms
from speechlm_utils.evaluation.scores import compare_arms, score_arms
from speechlm_utils.evaluation.voices import rotate_voices
from speechlm_utils.experiment import Experiment
from speechlm_utils.notebook.record import record_metrics
from speechlm_utils.selection.l1 import L1LogisticRegression
from speechlm_utils.selection.path import find_C_for_count, fit_l1_path
from speechlm_utils.selection.selection import Selection, make_selection
from speechlm_utils.selection.selector import list_selected, make_selector
from speechlm_utils.tokens import list_occurrences

plots.apply_style()
pd.options.display.precision = 3

# %% tags=["parameters"]
corpus_dir = "../data/demo"
codec_name = "../data/tokenizer"
run_dir = "../runs/lab"
cache_dir = "../runs/cache"
seed = 0
task = "fallacy"
clips_per_split = 400  # whole sentences; None: all
codec_names = []  # other codecs: hub names or folders, for example ["kyutai/mimi"]
max_layers = 8  # of each of them, at most
n_untrained_clips = 24  # the control's codebooks are vectors of these clips
n_tokens = 75  # to select
n_folds = 3  # of the voices
n_resamples = 2000  # bootstrap

# %% [markdown]
# ## One interface
#
# `load_codec` takes a folder or a hub name and looks at `config.json`: our tokenizer, SpeechTokenizer (both
# released variants), or one of the codecs of transformers (EnCodec, DAC, Mimi, X-Codec). Whatever it is, it
# has `encode(wav)`, which gives codes of shape (layers, frames), `decode(codes, layers)`, a sampling rate, a
# frame rate, and a `hash` that says which codec a code belongs to.
#
# To compare with another codec, put its name into `codec_names`, for example `"kyutai/mimi"` (12.5 frames
# a second, 2,048 codes a layer) or `"facebook/encodec_24khz"` (75 frames a second). By default there is no
# other (it would need a network), and we compare this codec with parts of itself, and with a control.
#
# **The control** is an EnCodec of eight layers with 256 codes each and *random weights*. It has never heard
# speech: the codebook of each layer is some of the vectors that its random filters gave for a few clips. So
# it says nothing about EnCodec. But random filters, too, let loudness, length and some of the spectrum
# pass. So the control says how much of a gain needs no learning.

# %%
experiment = Experiment(corpus_dir, codec_name, run_dir, cache_dir, seed, clips_per_split)
codec = experiment.codec
train, validation = (experiment.clips(task, split) for split in ("train", "validation"))
both = [*train, *validation]
print(f"{len(both)} clips of {len({clip.speaker for clip in both})} voices")

codecs = {}
for name in codec_names:
    codecs[Path(name).name] = load_codec(name, n_layers=min(max_layers, load_codec(name).spec.n_layers))

# %%
some = [load_audio(clip.audio, codec.spec.sample_rate) for clip in train[:n_untrained_clips]]
small = replace(codec.spec, codebook_size=256)
codecs["untrained"] = load_codec(make_untrained_encodec(Path(run_dir, "untrained"), some, small, seed))

# %%
facts = {}
for name, one in {"this codec": codec, **codecs}.items():
    facts[name] = {
        "Hz": one.spec.sample_rate,
        "frames/s": one.spec.frame_rate,
        "layers": one.spec.n_layers,
        "semantic layers": ", ".join(map(str, one.spec.semantic_layers)) or "none",
        "hash": one.hash,
    }
pd.DataFrame.from_dict(facts, orient="index")

# %% [markdown]
# ## The sources of tokens
#
# A *source* is a codec with some of its layers. From our codec we take all layers, and the acoustic ones
# alone, as the paper does. The codes are the same for both; they differ in the layers that are counted.

# %%
y = label_ids(both, task, label_names(both, task))
first, last = codec.spec.acoustic_layers[0], codec.spec.acoustic_layers[-1]
acoustic = f"acoustic layers {first}–{last}"
sources = {f"layers 1–{last}": TokenSource(both, codec.spec.layers)}
sources[acoustic] = TokenSource(both, codec.spec.acoustic_layers)

# %%
kinds = dict.fromkeys(sources, "this codec")
for name, other in codecs.items():
    sources[name] = TokenSource(encode_clips(both, other, cache_dir, n_jobs=2), other.spec.layers)
    kinds[name] = "untrained" if name == "untrained" else "another codec"

table = pd.DataFrame({name: source.describe() for name, source in sources.items()}).T
table[["frames/s", "occurring", "tokens per clip"]]

# %% [markdown]
# *occurring* counts the tokens that occur in these clips at all. *Predict: does the source that offers most
# tokens also gain most?*
#
# ## Select from each
#
# First about the *same number*: for each source we search the $C$ that selects about `n_tokens` tokens, so
# that every source gives a language model a vocabulary of the same size. Then the *same penalty*, the one
# found for the acoustic layers: each token has to earn its place, and the price is the same for all.


# %%
def select(source, places):
    """Find the C that selects about n_tokens, beside the words, on some of the clips."""
    selector = make_selector(L1LogisticRegression(random_state=seed), source.layers)
    some = [source.clips[i] for i in places]
    C, _ = find_C_for_count(selector, some, y[places], n_tokens, C_start=0.012, n_fits=8)
    return selector.set_params(l1__C=C).fit(some, y[places])


# %%
everything = np.arange(len(both))
fits = Parallel(2)(delayed(select)(source, everything) for source in sources.values())
fitted = dict(zip(sources, fits, strict=True))

# %%
C_same = fitted[acoustic]["l1"].C
for name, source in sources.items():
    table.loc[name, ["C", "selected"]] = fitted[name]["l1"].C, len(list_selected(fitted[name]))
    n_same = fit_l1_path(fitted[name], source.clips, y, [C_same]).n_tokens[0]
    table.loc[name, "selected at the same C"] = n_same
    read = [len(list_occurrences(clip.codes, list_selected(fitted[name]))) for clip in source.clips]
    table.loc[name, "selected tokens in a clip"] = np.mean(read)
table[["occurring", "C", "selected", "selected tokens in a clip", "selected at the same C"]]

# %% [markdown]
# ## What are they worth?
#
# The **voices** are dealt out to folds. Each fold is left out once, with its voices and their sentences. On
# the rest, tokens are selected, and a linear model learns from the words and these tokens; its settings are
# chosen within the rest, too. So every clip is predicted once, by a model that has heard neither its voice
# nor its sentence. The clips are those of train and validation: this is a comparison of tools, which one
# repeats, so we do not touch the test clips.
#
# *Predict: if the paper's split into a layer of content and layers of sound holds, leaving out layer 1 costs
# nothing. If learning matters, the control lies lowest.* A control as high as the others would contradict
# that.


# %%
def predict_left_out(source, fit_on, left_out):
    """Predict the clips of one fold; source None: from the words alone."""
    clips = both if source is None else source.clips
    draw = Draw(None) if source is None else read_tokens(list_selected(select(source, fit_on)))
    sides = ([clips[i] for i in places] for places in (fit_on, left_out))
    part = Part(next(sides), y[fit_on], next(sides), Recipe(seed=seed))
    return predict_arms(part, {"it": [draw]})["it"].predictions[0]


# %%
folds, every = rotate_voices(both, n_folds, seed), {"words": None} | sources
jobs = [delayed(predict_left_out)(source, *fold) for source in every.values() for fold in folds]
found, outcomes = iter(Parallel(2)(jobs)), {}
for name in every:
    outcomes[name] = Outcome(np.empty((1, len(both)), dtype=int))
    for _, left_out in folds:
        outcomes[name].predictions[0, left_out] = next(found)

# %%
units, bootstrap = name_units(both), Bootstrap(n_resamples, seed)
scores = score_arms(y, outcomes, units, bootstrap)
scores[["macro_f1", "low", "high"]]

# %%
span, gains = ["difference", "low", "high"], {}
for name in sources:
    pair = {one: outcomes[one] for one in ("words", name)}
    gains[name] = compare_arms(y, pair, name, units, bootstrap).loc["words", span].tolist()

# %%
fig, ax = plt.subplots(figsize=(7, 0.45 * len(sources) + 1.3))
plots.intervals.plot_source_gains(ax, gains, [kinds[name] for name in sources])
over = " and ".join(f"{len(set(of))} {unit}" for unit, of in units.items())
ax.set_xlabel(f"{ax.get_xlabel()}\n{len(both)} clips, 95 % intervals over {over}")
figures = Path(run_dir) / "figures"
figures.mkdir(parents=True, exist_ok=True)
fig.savefig(figures / "14_gains.png", dpi=110)
plt.show()

# %% [markdown]
# The score of the acoustic layers of our codec minus that of each of the others, on the same clips. The
# intervals resample sentences and voices:

# %%
against = compare_arms(y, outcomes, acoustic, units, bootstrap)
against.round(3)

# %%
said = {"above": "better than", "below": "worse than", "not decided": "neither surely better nor worse than"}
for verdict, some in against.groupby("verdict", sort=False):
    print(f"{acoustic}: {said[verdict]} {', '.join(some.index)}")
print(f"of the gain over words, {gains['untrained'][0] / gains[acoustic][0]:.0%} needs no trained codec")
assert against.difference["words"] > 0 < against.difference["untrained"]

# %% [markdown]
# Where the control's interval in the figure lies above zero, part of the gain needs no trained codec:
# random filters let loudness, length and some of the spectrum pass. It has a price, though: *selected
# tokens in a clip*, above, is what a language model would have to read. Notebook 02 takes the loudness
# away, and holds the selected tokens against random ones of the same codec.
#
# ## Which layers supply them?
#
# The bars count the selected tokens of each layer. The dash says how many of as many tokens drawn at random
# from all that occur would be of this layer, with the range of 95 % of the draws. *Predict: does layer 1
# (orange) supply less than its share? What it says, the words say already.*

# %%
whole = f"layers 1–{last}"
shown = {name: sources[name] for name in (whole, *codecs)}
fig, axes = plt.subplots(1, len(shown), figsize=(3.9 * len(shown), 2.8), squeeze=False)
leads = {}
for ax, (name, source) in zip(axes[0], shown.items(), strict=True):
    layer_of = np.array([layer for layer, _ in list_selected(fitted[name])])
    selected = np.array([(layer_of == layer).sum() for layer in source.layers])
    chance = chance_per_layer(source, len(layer_of))
    plots.codec.plot_layer_counts(ax, source.layers, selected, np.array(chance), source.spec.semantic_layers)
    ax.set(title=f"{name}: {len(layer_of)} tokens", xlabel="layer", ylabel="tokens selected")
    leads[name] = pd.DataFrame(dict(zip(("chance", "low", "high"), chance, strict=True)), source.layers)
    leads[name].insert(0, "selected", selected)
fig.savefig(figures / "14_layers.png", dpi=110)
plt.show()

# %%
for name, lead in leads.items():
    more, less = lead.index[lead.selected > lead.high], lead.index[lead.selected < lead.low]
    for word, some in (("more", more), ("fewer", less)):
        print(f"{name}, {word} than chance:", ", ".join(f"layer {layer}" for layer in some) or "no layer")

# %% [markdown]
# ## The same name, another sound
#
# `L3-0017` is a place in a table. In another codec, the same place holds another sound, and nothing in the
# numbers would tell. So a selection carries the codec's hash, and another codec is refused by name. The
# same holds for a codec of the same class with other weights, or with another number of layers.

# %%
mine = make_selection(fitted[acoustic], both, task, label_names(both, task), codec.hash)
path = Path(run_dir, "other_codecs", f"selection_{task}.json")
mine.save(path)
stranger = load_codec(codec_name, n_layers=1)
try:
    Selection.load(path, codec_hash=stranger.hash)
except ValueError as error:
    print(error)

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
# occur. Then try it on `leads[whole].selected` and `sources[whole].count_occurring()`.


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
# - The control is one draw of random weights, of one small architecture. Its encoder differs from ours in
#   more than its training; [docs/results.md](../docs/results.md) holds ours against the same encoder with
#   random weights.
# - The same number of tokens is not the same number of bits, nor the same length of a prompt: a token of a
#   codec with fewer frames occurs less often and says more.
# - The intervals cover which sentences and voices are predicted, not which ones the models learned from.
# - The corpus is synthetic speech. Our codec's encoder was trained on human speech, its codebooks on both.
#
# ## Summary

# %%
metrics = {"macro-F1, text": scores.macro_f1["words"], "highest": scores.macro_f1.idxmax()}
for name in sources:
    metrics[f"gain over text, {name}"] = gains[name]
metrics[f"{acoustic} less untrained"] = against.loc["untrained", span].tolist()
metrics |= {f"kept at the same C, {name}": int(table["selected at the same C"][name]) for name in sources}
record_metrics(run_dir, "14_other_codecs", **metrics)
pd.Series(metrics, name="value").to_frame()

# %% [markdown]
# One interface, several codecs: the method needs codes, a hash, and the knowledge of which layers follow the
# content. To run all other notebooks with another codec, change `codec_name` in a profile.
#
# Back to the [contents](00_start_here.ipynb).
