# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
# ---

# %% [markdown]
# # 00 · Start here: words are not everything
#
# **A language model reads words. Can a few dozen speech tokens let it hear *how* they are said?**
#
# About 1 minute on two CPU cores, no GPU.
#
# [01 · Tokenize speech →](01_tokenize_speech.ipynb)
#
# You will
#
# - hear one sentence said in several ways, and see what differs,
# - look at the map of the method: select, adapt, fine-tune,
# - learn which speech here is synthetic and which is human, and what is computed where,
# - measure what the words alone are worth, and how much there is to gain.

# %%
import json
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import Markdown, display

from speechlm_utils import exercises, plots, widgets
from speechlm_utils.acoustics.features import clip_features
from speechlm_utils.audio import load_audio
from speechlm_utils.bootstrap import Bootstrap, bootstrap_macro_f1
from speechlm_utils.clips import label_ids, label_names, name_units, sample_clips, select_clips
from speechlm_utils.codec.cache import encode_clips
from speechlm_utils.evaluation.linear import LinearModel, Words
from speechlm_utils.evaluation.upper_bounds import compute_upper_bounds
from speechlm_utils.evaluation.voices import rotate_voices
from speechlm_utils.experiment import Experiment
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.notebook.overview import (
    check_installation,
    describe_splits,
    list_records,
    list_versions,
    notebook_table,
    select_readings,
)
from speechlm_utils.notebook.record import record_metrics
from speechlm_utils.words import normalise_text

plots.apply_style()
print(list_versions())

# %% tags=["parameters"]
corpus_dir = "../data/demo"
codec_name = "../data/tokenizer"
llm_name = "smollm2-135m"
run_dir = "../runs/lab"
cache_dir = "../runs/cache"
seed = 0
task = "fallacy"
clips_per_split = None  # scored in each split, at most; None takes all
n_resamples = 2000  # of the bootstrap over sentences and voices

# %% [markdown]
# ## Is everything there?
#
# One object, `Experiment`, stands at the head of every notebook. It knows where the corpus, the speech
# tokenizer and the language model are, and where results go.

# %%
Path(run_dir, "figures").mkdir(parents=True, exist_ok=True)
experiment = Experiment(corpus_dir, codec_name, run_dir, cache_dir, seed, clips_per_split, LLMSpec(llm_name))
installation = check_installation(experiment)
display(installation)
assert installation["ok"].all(), "see the table: something is missing"
spec = experiment.codec.spec

# %% [markdown]
# ## One sentence, several meanings
#
# Here are two sentences of one voice, each said in several ways. The words of a sentence are the same to the
# letter each time, so a model that only reads has to give every version the same answer. What differs is the
# **prosody**: pitch, loudness, tempo and pauses.
#
# **Listen before you read on.** Which ones sound agitated, solemn, mocking, menacing? Good headphones help.
# (The voice is synthetic. In the next sections you will see what was done to it.)

# %%
names = label_names(experiment.corpus, task)
examples = encode_clips(select_readings(experiment.corpus, task), experiment.codec, cache_dir)
wavs = [load_audio(clip.audio, spec.sample_rate) for clip in examples]
sentences = list(dict.fromkeys(clip.text for clip in examples))
for sentence in sentences:
    numbers = [number for number, clip in enumerate(examples, 1) if clip.text == sentence]
    print(f"“{sentence}”, said by {examples[0].speaker}: clips", *numbers)
widgets.show_players({f"clip {number}": wav for number, wav in enumerate(wavs, 1)}, spec.sample_rate)

# %% [markdown]
# ### Exercise 1 · By ear (easy, 3 minutes)
#
# Each clip has a *label*: the kind of *fallacy* (an argument that persuades without proving) that it stands
# for. An *appeal to authority* says “because experts say so”, a *slippery slope* “and then all will go
# wrong”. In this corpus each of the six kinds, or *classes*, has its own way of speaking. Guess the label
# of each clip by ear, before you scroll to the next figure. The cell prints the labels.

# %%
print(names)
heard = None  # for example ["emotion", "slogans", ...], one label per clip
exercises.check_heard(heard, examples, task)

# %% [markdown]
# <details><summary>Hint</summary>
#
# *Authority* is slow and low, with a pause; *emotion* is high and lively; *slogans* are monotonous and
# bright.
# </details>
#
# <details><summary>Solution</summary>
#
# ```python
# heard = [clip.labels[task] for clip in examples]
# ```
# Few people get all of them: the labels are
# conventions of this corpus, and you have not been trained on it. Nor has the language model, yet.
# </details>

# %% [markdown]
# ### What differs
#
# *Predict:* the words are the same, but the waveforms may differ in length and strength, and the pitch
# contours in height, in range, and in how they end. Which two versions of a sentence differ most?

# %%
features = clip_features(examples, cache_dir, n_jobs=1, progress=False)
colors = plots.label_colors(names)
n_columns = max(sum(clip.text == sentence for clip in examples) for sentence in sentences)
size = {"figsize": (10, 3.4 * len(sentences)), "squeeze": False}
fig, axes = plt.subplots(2 * len(sentences), n_columns, sharex=True, sharey="row", **size)
for row, sentence in enumerate(sentences):
    pair = axes[2 * row : 2 * row + 2]
    places = [i for i, clip in enumerate(examples) if clip.text == sentence]
    for column, i in enumerate(places):
        label = examples[i].labels[task]
        plots.overview.plot_prosody(pair[:, column], wavs[i], features[i]["f0_st"], spec, colors[label])
        pair[0, column].set_title(f"clip {i + 1}: {plots.show_name(label)}", color=colors[label])
    pair[0, 0].set_ylabel("amplitude")
    pair[1, 0].set_ylabel("F0 (semitones)")
for ax in axes[-1]:
    ax.set_xlabel("seconds")
fig.savefig(Path(run_dir, "figures", "00_prosody.png"), dpi=110)

# %% [markdown]
# Each pair of panels shows one clip: its waveform, and below it its pitch (fundamental frequency, F0), in
# semitones about this voice's median (12 semitones are an octave; gaps are sounds without pitch). Compare
# within a row: the same words take more or less time, the contour lies higher or lower, it swings or stays
# flat, and it ends with a rise or a fall. If the contours were the same, there would be nothing to hear.

# %% [markdown]
# ## The map
#
# A **speech tokenizer** writes each clip as numbers, called codes: here 400 a second, far more than there
# are words. They come in eight *layers*: layer 1 follows the words, layers 2–8 (the *acoustic* ones) code
# the rest of the sound. The paper's idea ([arXiv 2512.07571](https://arxiv.org/abs/2512.07571)) is to
# select. Step 1 selects the few codes that tell the classes apart (the *speech tokens*). Step 2 teaches
# them to a large language model (LLM) as new words. Step 3 fine-tunes the model to classify. What is new in
# the picture, such as ℓ1 or LoRA, is explained in the notebook named below it, and in the glossary at the
# end of this one.

# %%
clip, codes = examples[0], examples[0].codes
fig, ax = plt.subplots(figsize=(10.5, 3.2))
plots.overview.plot_pipeline(ax, wavs[0], codes, spec)
fig.savefig(Path(run_dir, "figures", "00_map.png"), dpi=110)
print(f"Clip 1: {len(clip.text.split())} words, {codes.shape[1]} frames, {codes.size} codes.")

# %% [markdown]
# The notebooks follow the map from left to right. Each can be run alone: it loads what an earlier one has
# left in the run folder, or makes it.

# %%
display(Markdown(notebook_table(Path("."))))

# %% [markdown]
# ## Synthetic or human, computed here or stored
#
# | speech | whose voice | used for |
# | --- | --- | --- |
# | `data/demo` | **synthetic**: neural voices, prosody changed by signal processing | all lessons |
# | `data/human` | **human**: one reader, five sentences | listening, in 01, 03 and 06 |
# | EmoDB | **human**: ten actors, seven emotions; you fetch it (`docs/emodb.md`) | stored results, or yours |
#
# The speech tokenizer rests on Whisper, which learned from 680,000 hours of **human** speech; its codebooks
# were made from demo clips and, by one third, human recordings.
#
# What these pages measure is computed in the run, on your machine. Some results take longer or need data
# that is not here; they are loaded, called *stored* in the text, and lie in `data/reference` (a dash: not
# noted for the file as a whole):

# %%
records = list_records(Path(corpus_dir).parent / "reference").astype(object)
records.where(records.notna() & (records != ""), "–")

# %% [markdown]
# ## What the corpus holds
#
# A row for each split. The last four columns count the clips that have a label in each of four tasks, which
# are explained below. The unlabelled clips serve step 2.

# %%
splits = describe_splits(experiment.corpus)
splits

# %% [markdown]
# A model that has met a voice or a sentence before could recognise it instead of hearing its prosody. So
# the splits should share neither.

# %%
parts = {name: [c for c in experiment.corpus if c.split == name] for name in ("train", "validation", "test")}
for one, other in (("train", "validation"), ("train", "test"), ("validation", "test")):
    voices = {c.speaker for c in parts[one]} & {c.speaker for c in parts[other]} - {""}
    texts = set.intersection(*({normalise_text(c.text) for c in parts[name]} for name in (one, other)))
    print(f"{one} and {other} share {len(voices)} voices and {len(texts)} texts")
    assert not voices and not texts, "the splits share what they should not"

# %% [markdown]
# ## What was planted
#
# The corpus is synthetic on purpose: for real debates nobody knows the right answer in semitones. A neural
# voice read each sentence once, neutrally; then pitch, tempo, loudness, spectrum and pauses were changed. The
# seven parameters of a clip (pitch, its range, rate, loudness, final contour, spectral tilt, a pause) were
# drawn around the profile of its class and written down: they were *planted*. So we can ask later whether the
# method finds what we put in. Two of the seven need a word: the *final contour* is how far the pitch rises or
# falls at the end, and a larger *spectral tilt* sounds brighter.

# %%
labelled = select_clips(experiment.corpus, task)
planted = pd.DataFrame([clip.planted for clip in labelled])
by_label = planted.groupby([clip.labels[task] for clip in labelled])
means, deviations = by_label.mean().loc[names], by_label.std().loc[names]
print(f"{len(labelled):,} clips of all splits")
fig, ax = plt.subplots(figsize=(10, 3.6))
plots.overview.plot_planted(ax, means, deviations)
fig.savefig(Path(run_dir, "figures", "00_planted.png"), dpi=110)

# %% [markdown]
# Each cell: mean ± standard deviation over the clips of a class; the colour says how far a mean lies from the
# middle of its column. Read a row as a way of speaking, and a column as a cue. Does any column alone separate
# all classes? If not, one cue is not enough, but several together may be.

# %% [markdown]
# Four tasks share the corpus. They differ in *where* the answer lies:
#
# | task | question | where the answer lies, by construction |
# | --- | --- | --- |
# | `fallacy` | which of six kinds? | partly in the words, and in the prosody |
# | `detection` | a fallacy, or a plain statement? | words and prosody; few fallacies, many statements |
# | `question` | statement or question? | only in the prosody: every sentence occurs as both |
# | `topic` | which of six topics? | only in the words: it was drawn independently of the prosody |

# %% [markdown]
# ## What are the words worth?
#
# Whoever claims that hearing helps has to beat a good reader first. This is ours, in every lesson: TF-IDF
# counts of words and pairs of words (rare words weigh more), and a logistic regression. Its penalty is chosen
# on the train clips alone, by cross-validation whose folds keep voices and sentences apart.
#
# The score is **macro-F1**: F1 of each class (the balance of precision and recall), averaged, so that rare
# classes count as much as frequent ones. *Predict:* with six classes, chance is about 0.17. How far do the
# words get?

# %%
train, test = (
    sample_clips(experiment.corpus, task, part, clips_per_split, seed) for part in ("train", "test")
)
y_train, y_test = (label_ids(part, task, names) for part in (train, test))
reader = LinearModel([Words()]).fit(train, y_train, rotate_voices(train, n_folds=3, seed=seed))
bootstrap = Bootstrap(n_resamples, seed)
words_score = bootstrap_macro_f1(y_test, reader.predict(test), name_units(test), bootstrap)
words_score

# %% [markdown]
# In brackets a 95 % interval: the score of 2,000 test sets made by drawing sentences and voices from ours
# with replacement (a *bootstrap*). Behind the interval stands what was resampled: so many sentences × so many
# voices. The README's tables of linear models and the data card show the same number; it is stored
# in `linear_demo_fallacy.json`:

# %%
record = json.loads((Path(corpus_dir).parent / "reference" / "linear_demo_fallacy.json").read_text())
stored = record["own_split"]["arms"]["words"]["macro_f1"]
same = "the same" if abs(stored - words_score.estimate) < 0.01 else "another: other clips or versions"
print(f"stored on {record['date']}: {stored:.3f}; this run: {words_score.estimate:.3f}, {same}")

# %% [markdown]
# ## What is there to gain?
#
# Three classifiers for each task: one is given the words, one the planted parameters themselves, as numbers,
# one both. A model that has to *hear* the prosody can hardly beat one that is *told* it: the second and
# third are upper bounds.
#
# *Predict* from the table of tasks, before you look: where are the words alone worth nothing, where is the
# prosody worth nothing, and where does it add to the words?

# %%
bounds = compute_upper_bounds(experiment.corpus, clips_per_split, bootstrap)
fig, ax = plt.subplots(figsize=(9, 3.8))
plots.overview.plot_upper_bounds(ax, bounds)
fig.savefig(Path(run_dir, "figures", "00_upper_bounds.png"), dpi=110)

# %% [markdown]
# The thin bars are 95 % intervals; the dotted line is chance: labels drawn in the shares of the classes. A
# bar may lie *below* chance: a model that has to give the same answer to both readings of a sentence never
# finds one of the two. Whether the prosody adds to the words is the *difference* of two scores on the same
# clips:

# %%
gains = bounds[bounds["inputs"] == "both"].set_index("task")["gain"]
for name, gain in gains.items():
    print(f"{name:10} words + prosody minus words: {gain}")

# %% [markdown]
# *Above* means that the whole interval lies above 0, *not decided* that it contains 0. `topic` is the
# negative control: its prosody was drawn without looking at the topic, so a method that reports a gain
# there has fooled itself.

# %%
assert gains["fallacy"].low > 0, "the prosody should add to the words of a fallacy"
assert gains["question"].low > 0, "the prosody should tell questions from statements"
assert gains["topic"].low <= 0, "the prosody should not tell the topic"

# %% [markdown]
# ## Exercises
#
# ### Exercise 2 · Codes in a clip (easy, 1 minute)
#
# The tokenizer of this repository writes 50 frames a second, and 8 codes a frame. How many codes is a clip of
# 3 seconds?

# %%
n_codes = None  # your number
exercises.check_codes_in_clip(n_codes, spec)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Seconds × frames per second × codes per frame. Compare it with the words one says in 3 seconds, about six.
# </details>
#
# <details><summary>Solution</summary>
#
# ```python
# n_codes = 3 * 50 * 8
# ```
# That flood is why the method selects.
# </details>

# %% [markdown]
# ### Exercise 3 · Where hearing cannot help (easy, 2 minutes)
#
# For which task do words and prosody together gain least over words alone? Read it off the figure, then
# check.

# %%
task_without_gain = None  # "fallacy", "detection", "question" or "topic"
exercises.check_no_gain(task_without_gain, bounds)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Compare the green bar with the blue one.
# </details>
#
# <details><summary>Solution</summary>
#
# ```python
# task_without_gain = "topic"
# ```
# Its prosody was drawn without looking at the topic.
# </details>

# %% [markdown]
# ## How to use the suite
#
# - `make run` executes all notebooks and writes pages, figures and numbers to `runs/demo`; `make lab` opens
#   them for you to change. `speechlm run --help` says the rest.
# - Change numbers only in the cell tagged `parameters`. A profile in `notebooks/profiles` does the same
#   from outside: `demo` runs the demo corpus, `ci` is quicker, `paper` runs notebook 13 with
#   the paper's settings.
# - Each experiment begins with a question and *Predict:*. Answer before you run the cell.
# - Sliders work in JupyterLab; beside each stands a still figure, so that the notebook can be read on
#   paper.
# - Your own clips: a folder with `metadata.csv` (`file_name`, `text`, `split`, `speaker`, your label
#   columns) as `corpus_dir` of notebook 13, which runs on any corpus. Your own voice: notebook 01.
#
# ## Glossary
#
# | word | meaning here |
# | --- | --- |
# | frame | a short piece of speech; of this repository's tokenizer 20 ms, 50 a second |
# | code | number of the codebook entry closest to a frame: 0 to 1,023 in layer 1, 0 to 255 in layers 2–8 |
# | layer | one of several codebooks, numbered from 1 (here to 8); each codes what those before left over |
# | residual VQ | vector quantisation layer by layer, on what is left over (notebook 01) |
# | codec | a speech tokenizer that also decodes: codes back to sound |
# | token | a pair (layer, code), written `L3-0017`; for a language model, a word of its own |
# | semantic, acoustic layers | layer 1, which follows the words; layers 2–8, which keep the rest |
# | phone | a single speech sound, such as the *sh* in *she* |
# | F0, semitone | pitch of the voice; a twelfth of an octave, so that voices can be compared |
# | TF-IDF | counts, weighted down for words (and tokens) that occur in many clips |
# | lasso, ℓ1 | a penalty on the sum of absolute weights, which sets most of them to exactly zero |
# | C | strength of the fit against the penalty: the smaller, the fewer tokens are selected |
# | token embedding | the vector by which a language model knows a token |
# | LoRA | fine-tuning by small matrices of low rank, beside frozen weights (notebook 05) |
# | macro-F1 | F1 of every class, averaged; 1 is perfect |
# | *a* less *b* | the difference *a* − *b*, mostly of two scores on the same clips |
# | matched tokens | tokens that were not selected, of the same layers and about as frequent: a control |
# | bootstrap, 95 % interval | the spread of a result over test sets drawn from ours with replacement |
# | above, below, not decided | the interval of a difference lies above 0, below 0, or contains 0 |
# | upper bound, oracle | what a classifier reaches that is told what others have to hear |
# | arm | one way to tell a model about a clip; two that differ in one thing show what it is worth |
# | seed | the number that fixes what is random; several runs with other seeds show how much chance does |

# %% [markdown]
# ## Limits
#
# - Prosody was planted by signal processing on synthetic voices. People are less tidy: they do not speak a
#   fallacy with one profile, and the cues of real debates are weaker and correlated with the speaker.
# - An upper bound holds for this classifier and these inputs. The planted parameters leave out what the
#   voices do by themselves, and a better model of the words could raise the words' score: a language model
#   does (notebook 05).
# - Five test voices are few. That is why the intervals are wide.

# %% [markdown]
# ## Summary

# %%
totals = {"clips": len(experiment.corpus), "minutes_of_speech": splits["minutes"].sum()}
single = bounds[bounds["inputs"] != "both"]
scores = {f"{row.task}_{row.inputs}": row.score.estimate for row in single.itertuples()}
written = record_metrics(run_dir, "00_start_here", **scores, **totals, words_stored=stored, seed=seed)
pd.Series(scores, name="macro-F1").round(3).to_frame()

# %% [markdown]
# - The same words can be said in ways that change the answer; a model that only reads cannot tell them apart.
# - We know what was planted, so we know what can be gained, and in which task nothing can.
# - Next, speech has to become something that a language model can read: [01 Tokenize
#   speech](01_tokenize_speech.ipynb).
