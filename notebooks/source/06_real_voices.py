# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
# ---

# %% [markdown]
# # 06 · Real voices
#
# **Does the method also work on real human speech, with voices that nothing was trained on?**
#
# About 1 minute on two CPU cores, no GPU. With EmoDB on this machine everything is computed here; without it,
# a stored result is shown, and the notebook says so.
#
# [← 05 · Fine-tune](05_finetune.ipynb) ·
# [contents](00_start_here.ipynb) ·
# [07 · Ablations →](07_ablations.ipynb)
#
# The voices of the demo corpus are synthetic, and their prosody was planted. That makes it a good place to
# check a method, and a poor place to prove that it is useful. Here the speakers are people. You will
#
# - **hear** five human recordings, and what the speech tokenizer makes of them;
# - **select** tokens on acted emotions, with folds over speakers, so that every voice in test is a new one;
# - **compare** the selected tokens with words, with other tokens as frequent as they are, and with layer 1.

# %%
import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown, display
from joblib import Parallel, delayed, parallel_config
from sklearn.metrics import confusion_matrix

from speechlm_utils import exercises, plots, widgets
from speechlm_utils.audio import load_audio
from speechlm_utils.bootstrap import Bootstrap, bootstrap_macro_f1, paired_bootstrap
from speechlm_utils.clips import Clip, label_ids, label_names, select_clips
from speechlm_utils.codec.cache import encode_clips
from speechlm_utils.codec.load import load_codec
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.evaluation.arms import Part, Recipe, fit_selector
from speechlm_utils.evaluation.linear import Counts, LinearModel, Words
from speechlm_utils.evaluation.voices import rotate_voices
from speechlm_utils.notebook.overview import list_versions
from speechlm_utils.notebook.record import record_metrics
from speechlm_utils.selection.controls import matched_random_tokens
from speechlm_utils.selection.selector import list_selected
from speechlm_utils.tokens import list_occurrences, show_token

plots.apply_style()
pd.options.display.precision = 3
pd.options.display.max_colwidth = None
print(list_versions())

# %% tags=["parameters"]
emodb_dir = "../runs/corpora/emodb"  # where `speechlm import emodb FOLDER` has written it
human_dir = "../data/human"
stored_result = "../data/reference/linear_emodb_emotion.json"
codec_name = "../data/tokenizer"
run_dir = "../runs/lab"
cache_dir = "../runs/cache"
seed = 0
n_folds = 5  # of speakers
n_tokens = 75  # to select
n_draws = 5  # sets of matched tokens in each fold
n_resamples = 2000  # of voices, and of draws

# %% [markdown]
# ## Five recordings of a person
#
# They are of one reader of LibriVox, and in the public domain. The tokenizer was built on other voices and
# has never met this one.

# %%
codec = load_codec(codec_name)
human = load_corpus(human_dir)
waves = {clip.text: load_audio(clip.audio, codec.spec.sample_rate) for clip in human}
widgets.show_players(waves, codec.spec.sample_rate)

# %% [markdown]
# Now we send the shortest through the tokenizer: it becomes codes, and the decoder turns them into sound
# again. Layer 1 is the *semantic* layer, which should hold the words; layers 2 to 8, the *acoustic* layers,
# refine it step by step. *Predict: what of the voice is left if the decoder gets the codes of layer 1
# alone?*

# %%
text, wav = min(waves.items(), key=lambda one: len(one[1]))
codes = codec.encode(wav)
heard = {"as recorded": wav, "layer 1 alone": codec.decode(codes, 1), "layers 1 to 8": codec.decode(codes)}
print(f'"{text}": {codes.shape[1]} frames of {codes.shape[0]} codes')
widgets.show_players(heard, codec.spec.sample_rate)

# %% [markdown]
# Five neutral sentences of one reader can be heard, but they prove nothing. For that we need a corpus in
# which the way of speaking has a known meaning.
#
# ## EmoDB: the same sentences, seven emotions
#
# The Berlin Database of Emotional Speech has 535 clips. Ten German actors say the same ten sentences angrily,
# bored, disgusted, afraid, happily, sadly and neutrally. So the task is to name the emotion, and **the words
# tell nothing**: every sentence occurs in every emotion. EmoDB is not part of this repository;
# [docs/emodb.md](../docs/emodb.md) says where to get it.

# %%
is_here = (Path(emodb_dir) / "metadata.csv").is_file()
record = json.loads(Path(stored_result).read_text(encoding="utf-8"))
if is_here:
    said = f"**EmoDB is here**, in `{emodb_dir}`: all results below are **computed now**."
else:
    said = f"""**EmoDB is not here** (`{emodb_dir}`): the predictions below are **stored ones**, made by
`{record["made_by"]}` on {record["date"]} with tokenizer `{record["codec_hash"]}`. Scores and intervals are
computed from them now. To compute all: `speechlm import emodb FOLDER`, then run this notebook again."""
Markdown(said)

# %% [markdown]
# If the corpus is here, its clips are encoded (from the second time on, their codes come from the cache).
# If not, the names of the stored clips tell who speaks, and which sentence: `03a01Fa` is speaker 03,
# sentence a01, F for *Freude* (happiness).

# %%
stored = record["rotated"]
if is_here:
    clips = encode_clips(select_clips(load_corpus(emodb_dir), "emotion"), codec, cache_dir, n_jobs=2)
    names = label_names(clips, "emotion")
    y = label_ids(clips, "emotion", names)
else:
    clips = [Clip(one, one[2:5], Path(one), speaker=one[:2], group=one[:2]) for one in stored["ids"]]
    names, y = record["label_names"], np.array(stored["y_true"])

# %%
voices = np.array([clip.speaker for clip in clips])
table = pd.crosstab(np.array([clip.text for clip in clips]), np.array(names)[y])
table.rename_axis(index="clips of each sentence", columns="")

# %% [markdown]
# Hear one sentence of one speaker in as many emotions as there are. *Can you name them before you read the
# captions?*

# %%
if is_here:
    of = {}
    for clip in clips:
        of.setdefault((clip.speaker, clip.text), {})[clip.labels["emotion"]] = clip.audio
    (speaker, text), sounds = max(of.items(), key=lambda one: len(one[1]))
    print(f'speaker {speaker}: "{text}"')
    heard = {name: load_audio(path, codec.spec.sample_rate) for name, path in sorted(sounds.items())}
    display(widgets.show_players(heard, codec.spec.sample_rate, columns=4))
else:
    print("No sound here without EmoDB.")

# %% [markdown]
# ## Folds over speakers
#
# A model that has heard a speaker in training may recognise the person in place of the emotion. So speakers
# are dealt out to five folds. Each fold is the test set once, and the model learns on the other eight
# speakers. In this way every clip is predicted exactly once, by a model that has never heard its voice. The
# tokens, too, are selected in every fold separately, on the training speakers alone.

# %%
folds = rotate_voices(clips, n_folds, seed, keep_groups_apart=False)
rows = [(", ".join(np.unique(voices[test])), len(test), len(train)) for train, test in folds]
assert not any(set(voices[train]) & set(voices[test]) for train, test in folds)
pd.DataFrame(
    rows, columns=["speakers in test", "test clips", "training clips"], index=range(1, len(folds) + 1)
)

# %% [markdown]
# ## One fold, step by step
#
# An ℓ1 penalty (lasso) selects about 75 of the tokens of layers 2 to 8 on the training speakers, as in
# [notebook 02](02_select_tokens.ipynb). The **matched** tokens are the control: they were not selected, but
# come from the same layers and are about as frequent. If they did as well, selecting would be pointless.

# %%
if is_here:
    recipe = Recipe(n_tokens, n_draws=n_draws, keep_groups_apart=False, seed=seed)
    parts = [
        Part([clips[i] for i in train], y[train], [clips[i] for i in test], recipe) for train, test in folds
    ]

# %%
if is_here:
    tokens = list_selected(fit_selector(parts[0], use_text=True))
    matched = matched_random_tokens(tokens, parts[0].train, parts[0].layers, n_draws, seed)
    sets = {"selected": [tokens], "matched": matched}
    per_clip = {
        name: np.mean([len(list_occurrences(clip.codes, some)) for clip in parts[0].test for some in draws])
        for name, draws in sets.items()
    }
    print(f"fold 1: {len(tokens)} tokens selected, {', '.join(show_token(*one) for one in tokens[:8])} …")
else:
    per_clip = {name: stored["arms"][name]["tokens_per_clip"] for name in ("selected", "matched")}
pd.Series(per_clip, name="tokens in a test clip, mean").to_frame()

# %% [markdown]
# The match is not perfect: since two draws should share few tokens, with more draws some of the matches are
# less frequent than the token they stand for. The table says how well they match.
#
# What may a model read of a clip? Six answers, side by side. (The record has predictions for the first
# five. Of the last one it has the score, which the last table shows.)


# %%
def list_inputs(part):
    tokens = list_selected(fit_selector(part, use_text=True))
    matched = matched_random_tokens(tokens, part.train, part.layers, n_draws, seed)
    return {
        "words": [[Words()]],
        "words + selected": [[Words(), Counts(tokens)]],
        "selected": [[Counts(tokens)]],
        "matched": [[Counts(some)] for some in matched],
        "all tokens, layer 1": [[Counts(layers=(1,))]],
        "all tokens, layers 2–8": [[Counts(layers=part.layers)]],
    }


# %% [markdown]
# The classifier is the same for all: logistic regression. How strong its penalty is (and how much the tokens
# weigh beside the words) is chosen by folds *within* the training speakers. The test speakers take no part in
# any choice.


# %%
def predict_fold(part):
    within = part.inner_folds()
    models = {
        name: [LinearModel(blocks).fit(part.train, part.y, within) for blocks in draws]
        for name, draws in list_inputs(part).items()
    }
    return {name: [model.predict(part.test) for model in some] for name, some in models.items()}


# %% [markdown]
# *Predict, before you run the folds: macro-F1 of the words (chance is about 1/7 = .14); of 75 selected
# tokens; of 75 matched tokens. And which is better at emotions, all 1,024 codes of layer 1, or all codes of
# layers 2 to 8?* (Macro-F1 is the mean over the seven emotions of F1, so that rare ones count as much.)

# %%
if is_here:
    with parallel_config("loky", n_jobs=2, inner_max_num_threads=1):
        found = Parallel()(delayed(predict_fold)(part) for part in parts)
    predictions = {name: np.full((len(draws), len(y)), -1) for name, draws in found[0].items()}
    for (_, test), some in zip(folds, found, strict=True):
        for name, draws in some.items():
            predictions[name][:, test] = draws
else:
    predictions = {name: np.array(draws) for name, draws in stored["predictions"].items()}

# %% [markdown]
# ## How good are the tokens?
#
# The intervals resample whole *voices*: the question is what would happen with ten other people. Where tokens
# were drawn at random, the draws are resampled as well.

# %%
bootstrap, units = Bootstrap(n_resamples, seed, rows="draws"), {"voices": voices}
shown = ("words", "matched", "selected", "words + selected", "all tokens, layer 1", "all tokens, layers 2–8")
scores = {
    name: bootstrap_macro_f1(y, predictions[name], units, bootstrap) for name in shown if name in predictions
}

# %%
fig, ax = plt.subplots(figsize=(8, 0.9 + 0.36 * len(scores)))
colors = [plots.TEXT if name == "words" else plots.AUDIO for name in scores]
xlabel = (
    f"macro-F1, 95 % interval over {len(set(voices))} voices ({'computed here' if is_here else 'stored'})"
)
plots.intervals.plot_intervals(ax, list(scores), [one.values for one in scores.values()], xlabel, colors)
ax.axvline(1 / len(names), color=plots.NEUTRAL, linestyle=":")
ax.set_title(f"{len(y)} clips, each predicted once; dotted: 1/{len(names)}")
Path(run_dir, "figures").mkdir(parents=True, exist_ok=True)
fig.savefig(Path(run_dir, "figures", "06_real_voices.png"), dpi=110)
plt.show()

# %% [markdown]
# Two intervals that overlap can still belong to a clear difference, since both models meet the same voices.
# So we take the difference within every resample.

# %%
pairs = {
    "words + selected tokens, less words alone": ("words", "words + selected"),
    "the selected tokens, less the matched ones": ("matched", "selected"),
    "the selected tokens, less all of layer 1": ("all tokens, layer 1", "selected"),
    "all of layers 2–8, less all of layer 1": ("all tokens, layer 1", "all tokens, layers 2–8"),
    "all of layers 2–8, less the selected tokens": ("selected", "all tokens, layers 2–8"),
}

# %%
gains = {
    what: paired_bootstrap(y, predictions[a], predictions[b], units, bootstrap).difference
    for what, (a, b) in pairs.items()
    if a in predictions and b in predictions
}
pd.DataFrame({what: [str(one)] for what, one in gains.items()}, index=["difference of macro-F1"]).T

# %% [markdown]
# What these intervals say, line by line:

# %%
says = {"above": "better than", "below": "worse than", "not decided": "not told apart from"}
for what, one in gains.items():
    first, second = what.split(", less ")
    print(f"- {first[0].upper()}{first[1:]}: {says[one.verdict]} {second}.")

# %% [markdown]
# ## For whom, and for which emotions?
#
# A mean over ten people can hide that the method fails for some of them. *Predict: how many of the ten
# voices are recognised better by the selected tokens than by the matched ones?*

# %%
hits = {name: (predictions[name] == y).mean(axis=0) for name in ("words", "matched", "selected")}
by_voice = pd.DataFrame(hits).groupby(voices).mean()

# %%
fig, ax = plt.subplots(figsize=(8, 2.8))
for name, color in zip(hits, (plots.TEXT, plots.NEUTRAL, plots.AUDIO), strict=True):
    ax.plot(by_voice.index, by_voice[name], "o", color=color, label=name)
ax.set(xlabel="speaker", ylabel="share of clips right", ylim=(0, 1))
ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3)
plt.show()
better = int((by_voice.selected > by_voice.matched).sum())
print(f"selected above matched for {better} of {len(by_voice)} voices")

# %%
share = confusion_matrix(y, predictions["selected"][0], normalize="true")
fig, ax = plt.subplots(figsize=(7, 3.6))
texts = [[f"{value:.0%}" for value in row] for row in share]
plots.style.draw_table(ax, share, texts, (names, names), "Blues", (0, 1))
ax.set(ylabel="acted", xlabel="predicted from the selected tokens (each row adds up to 100 %)")
ax.set_title(f"{len(y)} clips, each predicted once")
plt.show()

# %%
off = share - np.diag(np.diag(share))
true, said = np.unravel_index(off.argmax(), off.shape)
best, worst = (names[i] for i in (share.diagonal().argmax(), share.diagonal().argmin()))
print(f"Recognised most often: {best}; least often: {worst}.")
print(f"The most frequent confusion: {off.max():.0%} of {names[true]} is taken for {names[said]}.")

# %% [markdown]
# ## How far is it to what is in the sound?
#
# The record holds more than is computed here: all codes without a selection, features measured without any
# tokenizer, the encoder's own states before they become codes, and the same tokenizer on an encoder that has
# learned nothing. These are always stored numbers (seed 0, the same folds).

# %%
labels = {
    "selected": "75 selected tokens",
    "selected, untrained": "75 selected tokens of an untrained encoder",
    "most frequent": "the 75 most frequent tokens",
    "all tokens, layer 1": "all codes of layer 1",
    "all tokens, layers 2–8": "all codes of layers 2–8",
    "counts only": "how many tokens, not which",
    "measured acoustics": "pitch, level, spectrum and pauses, measured",
    "MFCC": "MFCC (coarse spectrum), mean and deviation",
    "states of block 2": "the encoder's states, before they become codes",
}
stored_scores = {label: stored["arms"][name]["macro_f1"] for name, label in labels.items()}
pd.Series(stored_scores, name="macro-F1 (stored)").sort_values().to_frame()

# %%
if is_here:
    ours, theirs = scores["words + selected"].estimate, stored["arms"]["words + selected"]["macro_f1"]
    print(f"words + selected: {ours:.3f} computed here, {theirs:.3f} stored")

# %% [markdown]
# ### Exercise 1 · Always the same answer (easy, 5 minutes)
#
# Somebody's classifier is right in 24 % of all clips, and its author compares that with 1/7. It always says
# "anger", the most frequent emotion. `counts` holds the number of clips of every emotion. What **macro-F1**
# does it get?

# %%
counts = np.bincount(y, minlength=len(names))
my_macro_f1 = None  # your answer
exercises.check_constant_answer(my_macro_f1, counts)

# %% [markdown]
# <details><summary>Hint</summary>
#
# F1 of a class is 2 · hits / (clips of the class + clips that were given this answer). For six of the seven
# classes there are no hits.
# </details>
# <details><summary>Solution</summary>
#
# ```python
# my_macro_f1 = 2 * counts.max() / (counts.max() + counts.sum()) / len(counts)
# ```
# </details>
#
# ### Exercise 2 · Keep voices apart (medium, 8 minutes)
#
# Write the split yourself. `speakers` names the speaker of each clip, `held_out` lists the speakers of this
# fold. Return the places of the training clips and those of the test clips.


# %%
def my_split(speakers, held_out):
    return None  # your code: (train, test)


exercises.check_voice_split(my_split)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `np.isin(speakers, held_out)` is true where a clip's speaker is held out; `np.flatnonzero` turns that into
# places, and `~` turns it round.
# </details>
# <details><summary>Solution</summary>
#
# ```python
# def my_split(speakers, held_out):
#     is_test = np.isin(speakers, held_out)
#     return np.flatnonzero(~is_test), np.flatnonzero(is_test)
# ```
# </details>
#
# ## Limits
#
# - The emotions are **acted**: actors were asked for one clear emotion, and clips that listeners did not
#   recognise were left out. Spontaneous speech is harder.
# - There are ten voices. The intervals resample them, but ten people cannot stand for all, and they were
#   recorded in one quiet room.
# - The words tell nothing here, by design. So this shows that the tokens carry an emotion, not that they
#   help a model which already reads telling words. That question is asked in [05](05_finetune.ipynb).
# - The model is linear. What a language model makes of the tokens on this corpus is a stored study
#   (`data/reference/llm_emodb_emotion.json`; the README names its score).
# - All tokens of layers 2 to 8 make a model of 1,792 columns. It shows what a selection of 75 leaves out.
#
# ## Summary

# %%
metrics = {
    "result": "computed here" if is_here else "stored",
    "clips": len(y),
    "voices": len(set(voices)),
    **{f"macro-F1, {name}": one.estimate for name, one in scores.items()},
    **{what: one.values for what, one in gains.items()},
    "voices with selected above matched": better,
}
record_metrics(run_dir, "06_real_voices", **metrics)
pd.Series(metrics, name="").to_frame()

# %% [markdown]
# Folds and all controls in one command: `scripts/reference_linear.py` ([docs/emodb.md](../docs/emodb.md)).
#
# Next: [07 · Ablations →](07_ablations.ipynb), which takes the method apart, piece by piece.
