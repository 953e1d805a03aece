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
# 1 minute on two CPU cores, no GPU · next: [01 Tokenize speech](01_tokenize_speech.ipynb)
#
# You will
#
# - look for what the notebooks need: corpus, speech tokenizer, language model,
# - hear how words are said,
# - look at the map of the method: select, adapt, fine-tune,
# - see what the corpus holds, and what there is to find.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import Markdown, display

from speechlm_utils import exercises, plots, widgets
from speechlm_utils.acoustics.features import clip_features
from speechlm_utils.audio import load_audio
from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.clips import label_names, select_clips
from speechlm_utils.codec.cache import encode_clips
from speechlm_utils.evaluation.upper_bounds import compute_upper_bounds
from speechlm_utils.experiment import Experiment
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.notebook.overview import (
    check_installation,
    describe_splits,
    list_versions,
    notebook_table,
    select_deliveries,
)
from speechlm_utils.notebook.record import record_metrics

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
clips_per_split = None  # at most so many clips of a task in each split, for the ceilings; None takes all
n_folds = 3  # grouped folds of train that choose a penalty
n_resamples = 2000  # of the bootstrap over sentences

# %% [markdown]
# ## Is everything there?
#
# One object, `Experiment`, stands at the head of every notebook. It knows where corpus, speech tokenizer
# and language model lie, and where results go.

# %%
Path(run_dir, "figures").mkdir(parents=True, exist_ok=True)
experiment = Experiment(corpus_dir, codec_name, run_dir, cache_dir, seed, clips_per_split, LLMSpec(llm_name))
installation = check_installation(experiment)
display(installation)
assert installation["ok"].all(), "see the table: something is missing"
spec = experiment.codec.spec

# %% [markdown]
# ## One clip of each class
#
# The clips of a task carry a label. **Listen before you read on:** can you tell the classes by the voice,
# or only by the words?

# %%
names = label_names(experiment.corpus, task)
firsts = [next(clip for clip in experiment.corpus if clip.labels.get(task) == name) for name in names]
for number, clip in enumerate(firsts, 1):
    print(f"clip {number}, {plots.show_name(clip.labels[task])}: “{clip.text}”")
wavs = {f"clip {k}": load_audio(clip.audio, spec.sample_rate) for k, clip in enumerate(firsts, 1)}
widgets.show_players(wavs, spec.sample_rate)

# %% [markdown]
# ## One sentence, several meanings
#
# Here are two sentences of one voice, each said in several ways. The words of each row are the same to the
# letter, so a model that only reads has to give all of a row the same answer.
#
# **Listen before you read on.** Which ones sound agitated, solemn, mocking, menacing? Good headphones help.

# %%
chosen = select_deliveries(experiment.corpus, task)
chosen = encode_clips(chosen, experiment.codec, cache_dir)
wavs = [load_audio(clip.audio, spec.sample_rate) for clip in chosen]
sentences = list(dict.fromkeys(clip.text for clip in chosen))
for sentence in sentences:
    numbers = [number for number, clip in enumerate(chosen, 1) if clip.text == sentence]
    print(f"“{sentence}”, said by {chosen[0].speaker}: clips", *numbers)
widgets.show_players({f"clip {number}": wav for number, wav in enumerate(wavs, 1)}, spec.sample_rate)

# %% [markdown]
# ### Exercise 1 · By ear (easy, 3 minutes)
#
# In this corpus every class has its own way of speaking. Guess the label of each clip by ear, before you
# scroll to the next figure. The first cell lists the labels.

# %%
print(names)
heard = None  # for example ["emotion", "slogans", ...], one label per clip
exercises.check_heard(heard, chosen, task)

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
# heard = [clip.labels[task] for clip in chosen]
# ```
# Few people get all of them: the labels are
# conventions of this corpus, and you have not been trained on it. Nor has the language model, yet.
# </details>

# %% [markdown]
# ### What differs
#
# Prediction: if the words are the same, then the waveforms may still differ in length and in strength, and
# the pitch contours in height, in range, and in where they end.

# %%
features = clip_features(chosen, cache_dir, n_jobs=1, progress=False)
colors = plots.label_colors(names)
n_columns = max(sum(clip.text == sentence for clip in chosen) for sentence in sentences)
size = {"figsize": (10, 3.4 * len(sentences)), "squeeze": False}
fig, axes = plt.subplots(2 * len(sentences), n_columns, sharex=True, sharey="row", **size)
for row, sentence in enumerate(sentences):
    pair = axes[2 * row : 2 * row + 2]
    places = [i for i, clip in enumerate(chosen) if clip.text == sentence]
    for column, i in enumerate(places):
        label = chosen[i].labels[task]
        plots.overview.plot_prosody(pair[:, column], wavs[i], features[i]["f0_st"], spec, colors[label])
        pair[0, column].set_title(f"clip {i + 1}: {plots.show_name(label)}", color=colors[label])
    pair[0, 0].set_ylabel("amplitude")
    pair[1, 0].set_ylabel("F0 (semitones)")
for ax in axes[-1]:
    ax.set_xlabel("seconds")
fig.savefig(Path(run_dir, "figures", "00_deliveries.png"), dpi=110)

# %% [markdown]
# Each pair shows one clip: its waveform, and under it its pitch (F0), in semitones about the middle of this
# voice (12 semitones are an octave; gaps are sounds without pitch). Compare within a row: the same
# words take more or less time, the contour lies higher or lower, it swings or stays flat, and it ends with
# a rise or a fall. Had the contours been the same, there would be nothing to hear here.

# %% [markdown]
# ## The map
#
# The paper's idea ([arXiv 2512.07571](https://arxiv.org/abs/2512.07571)): do not pour all the sound into
# the model, select. A speech tokenizer writes each clip as codes, 400 a second. Step 1 keeps the few that
# tell something. Step 2 teaches them to a language model as new words. Step 3 fine-tunes it to classify.

# %%
wav = load_audio(firsts[0].audio, spec.sample_rate)
codes = experiment.codec.encode(wav)
fig, ax = plt.subplots(figsize=(10.5, 3.2))
plots.overview.plot_pipeline(ax, wav, codes, spec)
fig.savefig(Path(run_dir, "figures", "00_map.png"), dpi=110)
print(f"Clip 1: {len(firsts[0].text.split())} words, {codes.shape[1]} frames, {codes.size} codes.")

# %% [markdown]
# The notebooks follow the map from left to right. Each starts alone: what an earlier one would have
# written, it loads from the run folder, or makes itself.

# %%
display(Markdown(notebook_table(Path("."))))

# %% [markdown]
# ## What the corpus holds

# %%
splits = describe_splits(experiment.corpus)
splits

# %% [markdown]
# A model that has met a voice or a sentence before could recognise it instead of hearing the delivery. So
# the splits should share neither.

# %%
parts = {name: [c for c in experiment.corpus if c.split == name] for name in ("train", "validation", "test")}
for one, other in (("train", "validation"), ("train", "test"), ("validation", "test")):
    voices = {c.speaker for c in parts[one]} & {c.speaker for c in parts[other]} - {""}
    texts = {c.text for c in parts[one]} & {c.text for c in parts[other]} - {""}
    care = "; read scores with care" if voices or texts else ""
    print(f"{one} and {other} share {len(voices)} named voices and {len(texts)} texts{care}")

# %% [markdown]
# ## What was planted
#
# The corpus is synthetic, on purpose: real debates come without a key. A neural voice read each sentence
# once, neutrally; then pitch, tempo, loudness, spectrum and pauses were changed. For every clip the seven
# parameters were drawn around the profile of its label and written down. So we can ask later whether the
# method finds what we put in.

# %%
labelled = select_clips(experiment.corpus, task)
planted = pd.DataFrame([clip.planted for clip in labelled])
by_label = planted.groupby([clip.labels[task] for clip in labelled])
means, deviations = by_label.mean().loc[names], by_label.std().loc[names]
fig, ax = plt.subplots(figsize=(10, 3.6))
plots.overview.plot_planted(ax, means, deviations)
fig.savefig(Path(run_dir, "figures", "00_planted.png"), dpi=110)

# %% [markdown]
# Each cell: mean ± standard deviation over the clips of a label; the colour says how far a mean lies from
# the middle of its column. Read a row as a way of speaking, and a column as a cue. Is there a column that
# alone separates all labels? Else a single cue is not enough, and a combination may be.

# %% [markdown]
# Four tasks share the corpus. They differ in *where* the answer lies:
#
# | task | question | where the answer lies, by construction |
# | --- | --- | --- |
# | `fallacy` | which of six kinds? | partly in the words, and in the delivery |
# | `detection` | a fallacy, or a plain statement? | words and delivery; few fallacies, many statements |
# | `question` | statement or question? | only in the delivery: every sentence occurs as both |
# | `topic` | which of six topics? | only in the words: the delivery knows nothing of it |

# %% [markdown]
# ## What is there to gain?
#
# Before we build anything: three ceilings per task. A simple classifier is given (1) the words, (2) the
# planted parameters themselves, in figures, (3) both. It learns on train and is scored on test. No model
# that has to *hear* the delivery can be expected to beat one that is *told*.

# %% [markdown]
# Predictions, from the table above: in `question` words alone are worth nothing; in `topic` the delivery is
# worth nothing; in `fallacy` the delivery adds to the words.

# %%
bootstrap = Bootstrap(n_resamples, seed)
ceilings = compute_upper_bounds(experiment.corpus, clips_per_split, n_folds, bootstrap)
fig, ax = plt.subplots(figsize=(9, 3.8))
plots.overview.plot_upper_bounds(ax, ceilings)
fig.savefig(Path(run_dir, "figures", "00_ceilings.png"), dpi=110)

# %% [markdown]
# Macro-F1 is the mean over classes of F1, so that rare classes count as much as frequent ones. The thin
# bars are 95 % intervals (whole sentences resampled), the dotted line is chance. A bar may lie *below*
# chance: whoever has to give the same answer to both readings of a sentence never finds one of them.

# %%
both = ceilings[ceilings["inputs"] == "both"].set_index("task")
for task, row in both.iterrows():
    interval = f"{row['gain']:+.2f} [{row['gain_low']:+.2f}, {row['gain_high']:+.2f}]"
    sizes = f"{row['n_test']} clips, {row['n_sentences']} sentences, seed {seed}"
    print(f"{task:10} words + delivery against words: {interval} {row['verdict']} ({sizes})")

# %% [markdown]
# The interval is that of the *difference*, on the same clips. `topic` is the control: a method that reports
# a gain there has fooled itself.
#
# ### Checkpoint

# %%
assert both.loc["question", "gain_low"] > 0, "the delivery should tell questions from statements"
assert both.loc["topic", "gain_low"] <= 0, "the delivery should not tell the topic"
print("The corpus is what its makers say, as far as words and planted parameters go.")

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
# This flood is why the method selects.
# </details>

# %% [markdown]
# ### Exercise 3 · Where hearing cannot help (easy, 2 minutes)
#
# For which task do words and delivery together gain least over words alone? Read it off the figure, then
# check.

# %%
task_without_gain = None  # "fallacy", "detection", "question" or "topic"
exercises.check_no_gain(task_without_gain, ceilings)

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
# Its delivery was drawn without looking at the topic.
# </details>

# %% [markdown]
# ## How to use the suite
#
# - `make run` executes all notebooks and writes pages, figures and numbers to `runs/demo`; `make lab` opens
#   them for you to change. `speechlm run --help` says the rest.
# - Change numbers only in the cell tagged `parameters`. A profile in `notebooks/profiles` does the same
#   from outside: `demo` runs the demo corpus, `ci` is quicker, `paper` has the paper's settings.
# - Each unit begins with a prediction. Make your own before you run the cell.
# - Sliders work in JupyterLab; beside each stands a still figure, so that the notebook can be read on
#   paper.
# - Your own clips: a folder with `metadata.csv` (`file_name`, `text`, `split`, `speaker`, your label
#   columns) as `corpus_dir`. Your own voice: notebook 01.
#
# ## Glossary
#
# | word | meaning here |
# | --- | --- |
# | frame | a short piece of speech; of this repository's tokenizer 20 ms, 50 a second |
# | code | number of the codebook entry closest to a frame: 0 to 1,023 in layer 1, 0 to 255 below |
# | layer | one of several codebooks, numbered from 1 (here to 8); each codes what those before left over |
# | residual VQ | vector quantisation layer by layer, on what is left over (notebook 01) |
# | token | a pair (layer, code), written `L3-0417`; for a language model, a word of its own |
# | semantic, acoustic layers | layer 1, which follows the words; layers 2–8, which keep the rest |
# | phone | a single speech sound, such as the *sh* in *she* |
# | F0, semitone | pitch of the voice; a twelfth of an octave, so that voices can be compared |
# | TF-IDF | counts, weighted down for words (and tokens) that occur in many clips |
# | lasso, ℓ1 | a penalty on the sum of absolute weights, which sets most of them to exactly zero |
# | C | strength of the fit against the penalty: the smaller, the fewer tokens are kept |
# | embedding row | the vector by which a language model knows a token |
# | LoRA | fine-tuning by small matrices of low rank, beside frozen weights |
# | macro-F1 | F1 of every class, averaged; 1 is perfect |
# | grouped | clips of one sentence stay on one side of a fold, and are resampled together |
# | ceiling | what a classifier reaches that is told what others have to hear |

# %% [markdown]
# ## Limits
#
# - Delivery was planted by signal processing on synthetic voices. People are less tidy: they do not speak a
#   fallacy with one profile, and the cues of real debates are weaker and correlated with the speaker.
# - A ceiling holds for this simple classifier on these inputs. The planted parameters leave out what the
#   voices do by themselves, and a better model of the words could lift the ceiling of the words.

# %% [markdown]
# ## Summary

# %%
totals = {"clips": len(experiment.corpus), "minutes_of_speech": splits["minutes"].sum()}
single = ceilings[ceilings["inputs"] != "both"]
scores = {f"{row.task}_{row.inputs}": row.macro_f1 for row in single.itertuples()}
display(single.set_index(["task", "inputs"])[["macro_f1", "low", "high"]].round(2))
written = record_metrics(run_dir, "00_start_here", **scores, **totals, seed=seed)
print(f"written: {written.name}")

# %% [markdown]
# - The same words can be said in ways that change the answer; a model that only reads cannot tell them
#   apart.
# - We know what was planted, so we know what can be gained, and in which task nothing can.

# %% [markdown]
# - Next, speech has to become something that a language model can read: [01 Tokenize
#   speech](01_tokenize_speech.ipynb).
