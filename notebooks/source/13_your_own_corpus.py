# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
# ---

# %% [markdown]
# # 13 · Your own corpus
#
# **What do clips of your own need, and what does the method find in them?**
#
# About 2 minutes in `make run`, 5 with the parameters below; two CPU cores, no GPU.
#
# [← 12 · Why this prediction?](12_why_this_prediction.ipynb) ·
# [contents](00_start_here.ipynb) ·
# [14 · Other codecs →](14_other_codecs.ipynb)
#
# You will
#
# - **bring in** clips: a folder with a table, another format by one command, or your own voice;
# - **look** at a corpus before anything is computed: broken files, splits, what the splits share;
# - **run** every step on it: codes, selection, acoustics, token embeddings, fine-tuning, one prediction.
#
# The other notebooks speak of the demo corpus. This one runs on any corpus, from one profile (a file of
# parameters), and says what the corpus lacks. Without a profile it takes some clips of the demo corpus.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import soundfile
from IPython.display import Markdown, display
from scipy.special import softmax
from sklearn.metrics import confusion_matrix

from speechlm_utils import explorers, plots, widgets
from speechlm_utils.acoustics.features import FEATURES, clip_features
from speechlm_utils.audio import load_audio
from speechlm_utils.bootstrap import Bootstrap, paired_bootstrap
from speechlm_utils.clips import groups, label_ids, label_names, sample_clips, select_clips
from speechlm_utils.corpus.importing import format_profile
from speechlm_utils.corpus.inspection import inspect_corpus
from speechlm_utils.corpus.leakage import find_leakage
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.corpus.mmused import load_mmused_csv
from speechlm_utils.exercises.corpus import check_group_split, check_normalise
from speechlm_utils.experiment import Experiment
from speechlm_utils.finetuning.finetune import build_classifier, fine_tune
from speechlm_utils.finetuning.lora import FineTuneSettings
from speechlm_utils.interpretation.association import token_associations
from speechlm_utils.llm.checkpoints import resumable
from speechlm_utils.llm.load import load_llm
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.notebook.overview import describe_splits, list_versions
from speechlm_utils.notebook.record import record_metrics
from speechlm_utils.plots.path import plot_coef_step, plot_count_step
from speechlm_utils.pretraining.pretrain import PretrainSettings, pretrain_token_embeddings
from speechlm_utils.selection.controls import count_permuted, permute_labels
from speechlm_utils.selection.l1 import L1LogisticRegression
from speechlm_utils.selection.path import fit_l1_path
from speechlm_utils.selection.selector import make_selector
from speechlm_utils.tokens import show_token

plots.apply_style()
pd.options.display.precision = 3
print(list_versions())

# %% tags=["parameters"]
corpus_dir = "../data/demo"  # a folder with sounds and a metadata.csv
task = "fallacy"  # its column with the labels
columns = {}  # your table's names where they differ, for example {"text": "transcript", "group": "dialogue"}
codec_name = "../data/tokenizer"
llm_name = "smollm2-135m"  # or a hub name, or a folder
llm_dtype = "auto"  # of the frozen weights
llm_quantization = None  # or "4bit", on a GPU
run_dir = "../runs/lab"
cache_dir = "../runs/cache"
seed = 0
inspect = "full"  # decodes every sound file; "headers" only looks at their heads
clips_per_split = 240  # at most; None takes all
n_tokens = 75  # to select
C = None  # None searches the one that selects about n_tokens
Cs = [0.01, 0.02, 0.05, 0.1]  # of the path
l1 = {}  # what differs from the defaults of L1LogisticRegression,
pretraining = {"max_steps": 20, "batch_size": 8}  # of PretrainSettings
finetuning = {"max_steps": 40, "eval_steps": 20, "batch_size": 8}  # and of FineTuneSettings
report_to = "none"  # "tensorboard", "trackio" or "wandb": losses and scores go there while they come
n_permutations = 9
n_acoustic_clips = 48
n_resamples = 500
mmused_dir = ""  # folder with dataset_combined_afc.csv or _afd.csv, if you have them
results_page = "../docs/mmused.md"  # has scores of the words alone on the real texts

# %% [markdown]
# ## Bring in your clips
#
# A folder with sound files and a table `metadata.csv` (or `metadata.jsonl`) beside them. This is the
# *AudioFolder* convention, so other tools read it, too.
#
# | column | needed? | what |
# | --- | --- | --- |
# | `file_name` | yes | relative to the table; several joined by a vertical bar are one clip, in this order |
# | `text` | yes | the words, as you write them |
# | `label`, or other names | for a task | one column is one task; an empty cell: the clip is not part of it |
# | `split` | no | `train`, `validation`, `test`, `unlabelled`; without the column, splits are made |
# | `group` | no | what must not be torn apart: sentence, dialogue, debate. Default: the text |
# | `speaker` | no | who speaks |
#
# A column is read by its name, whatever stands in it. If your table uses other names, say so with the
# parameter `columns`. Folders will do, too: `train/metadata.csv` and `test/metadata.csv`, or sounds in a
# folder for each class (`train/angry/1.wav`), to which `speechlm transcribe` adds the words.
#
# Before anything is computed, this command prints within seconds what is there, what is wrong, and what the
# notebooks need:
#
# ```
# speechlm check CORPUS --profile own.yml
# ```
#
# Sampling rates, channels, sound formats and alphabets may be mixed. For a corpus in another format,
# `speechlm import` writes such a table, inspects the sounds and looks for leaks:
#
# ```
# speechlm import emodb EMODB
# speechlm import mmused-csv dataset_combined_afc.csv --audio-root AUDIO --out data/mmused
# speechlm import mamkit AUDIO/MMUSED-fallacy --task afc --unlabelled AUDIO/MMUSED --out data/mmused
# speechlm import hf my_dataset --out data/mine
# ```
#
# The first reads EmoDB, seven emotions acted by ten people (`docs/emodb.md`); the next two read
# MM-USED-fallacy, the corpus of the paper, as its authors and as MAMKit keep it (see below); the last reads
# a dataset that the library `datasets` saved to disk. Without `--out`, the table goes to `runs/corpora/KIND`.
# A profile lies beside it, for `speechlm run --profile`.
#
# ### Or record them here
#
# No corpus at hand? Record one with your own voice: six sentences, each said in two manners. The page shows
# what to say next; press *Record*, speak, press *Stop*. Change words and labels as you like, listen, and
# remove what went wrong. This works here and in the saved page, and needs no kernel. **Everything stays on
# this machine**: the takes lie in this page alone, and they are gone when you close it, unless you save them.
# *Predict: will the method find your two manners again, from so few takes?*

# %%
sentences = [
    "we cannot go on like this", "they told us to wait", "you have seen the numbers",
    "nobody asked the teachers", "the bridge will be closed", "it costs more every year",
]  # fmt: skip
explorers.record_corpus(sentences, labels=["calm", "excited"])

# %% [markdown]
# *Save own.zip* downloads a corpus: sounds, and a `metadata.csv` with `text` and `label`. Unpack it in the
# folder `data`, so that there is a folder `data/own`. Its profile is ready:
#
# ```
# speechlm check data/own --profile own
# speechlm run --profile own
# ```
#
# Or set `corpus_dir = "../data/own"` and `task = "label"` among the parameters above, and run this notebook
# again. If you left words empty, `speechlm transcribe data/own` writes them down first (English).
#
# ### Files that somebody's disk might hold
#
# Four clips, three of them broken. `load_corpus` looks at every file before anything is computed, and is
# **strict**: it stops and says what is wrong. `inspect="full"` decodes the files; the default reads only
# their headers. *Predict: which of the three broken ones does a look at the headers miss?*

# %%
own = Path(run_dir, "13_own_corpus")
folder = own / "broken"
folder.mkdir(parents=True, exist_ok=True)
noise = 0.1 * np.random.default_rng(seed).normal(size=16000)
soundfile.write(folder / "good.wav", noise, 16000)
soundfile.write(folder / "silent.wav", 0 * noise, 16000)
(folder / "cut.wav").write_bytes((folder / "good.wav").read_bytes()[:16000])
rows = [(f"{name}.wav", f"clip {name}", "calm", "train") for name in ("good", "silent", "cut", "missing")]
table = pd.DataFrame(rows, columns=["file_name", "text", "label", "split"])
table.to_csv(folder / "metadata.csv", index=False)
for how in ("headers", "full"):
    try:
        load_corpus(folder, inspect=how)
    except ValueError as error:
        print(f"--- {how}\n{error}\n")

# %% [markdown]
# With **skip**, a clip that cannot be used is dropped *with its label*, and every one is listed in a file.
# Scripts that drop the sound and keep the label shift all labels behind it; nothing crashes, and the scores
# are noise.

# %%
usable = load_corpus(folder, on_error="skip", inspect="full", report=folder / "dropped.csv")
dropped = pd.read_csv(folder / "dropped.csv")
assert [clip.text for clip in usable] == ["clip good"] and len(dropped) == 3
dropped[["file_name", "kind"]]

# %% [markdown]
# ## What is in the corpus
#
# From here on, everything is about the corpus of the parameters. The profile that makes this notebook run on
# yours has two lines; more settings are parameters of this notebook:

# %%
llm = LLMSpec(llm_name, llm_dtype, llm_quantization)
table = {"tasks": [task], "columns": columns}
experiment = Experiment(corpus_dir, codec_name, own, cache_dir, seed, clips_per_split, llm, **table)
corpus = experiment.corpus
labelled = select_clips(corpus, task)
profile = format_profile(labelled, corpus_dir)
(own / "own_corpus.yml").write_text(profile + "\n", encoding="utf-8")
print(profile)
print(f"\n{len(corpus)} clips, {len(labelled)} of them for {task}: {', '.join(label_names(labelled, task))}")
describe_splits(corpus)

# %%
report = inspect_corpus(corpus, inspect=inspect, folder=corpus_dir)
print(report.summary())

# %% [markdown]
# What follows depends on what a corpus has. What yours lacks:

# %%
splits = [split for split in ("train", "validation", "test") if split in {clip.split for clip in labelled}]
unseen = splits[-1]  # where scores are measured
lacks = {
    "only one split, so the scores below are of clips that the models have seen": splits == ["train"],
    "no split test, so the scores below are of validation": unseen == "validation",
    "no unlabelled clips, so the token embeddings are trained on the clips of train": not any(
        clip.split == "unlabelled" for clip in corpus
    ),
    "no named speakers, so pitch is measured from the median of all clips": not any(
        clip.speaker for clip in labelled
    ),
}
print("\n".join(text for text, is_so in lacks.items() if is_so) or "nothing")

# %% [markdown]
# ### What the splits share
#
# A test that training has seen is no test. The report looks for four things that two splits can share: texts
# (compared without case, punctuation and spaces), groups, speakers, and sound files (by their bytes, whatever
# their names are). A shared speaker may be what you want: then the score is one for *known voices*. To test
# on new ones, write the speaker into the column `group`.

# %%
leakage = find_leakage(corpus)
print(leakage)

# %% [markdown]
# ### Exercise 1 · Compare texts (easy, 5 minutes)
#
# Write the function that makes two texts equal if they differ only in case, spaces and punctuation, in any
# alphabet. Punctuation parts words: "well-known" is "well known".


# %%
def my_normalise(text):
    return None  # your code


check_normalise(my_normalise)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `str.isalnum` knows the letters of all alphabets. `" ".join(text.split())` makes single spaces.
# </details>
# <details><summary>Solution</summary>
#
# ```python
# def my_normalise(text):
#     letters = (c if c.isalnum() or c == "'" else " " for c in text.casefold())
#     return " ".join("".join(letters).split())
# ```
# </details>
#
# ### Exercise 2 · Split by group (medium, 10 minutes)
#
# `groups` is an array with the group of each clip. Return an array of True and False as long, True for
# test. About `share` of the *groups* go to test, drawn with `rng`, and none is torn apart.


# %%
def my_split(groups, share, rng):
    return None  # your code


check_group_split(my_split)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `np.unique(groups)` has each group once; `rng.permutation` shuffles; `np.isin` asks for each clip whether
# its group is among those drawn.
# </details>
# <details><summary>Solution</summary>
#
# ```python
# def my_split(groups, share, rng):
#     names = rng.permutation(np.unique(groups))
#     return np.isin(groups, names[: round(share * len(names))])
# ```
# </details>
#
# ## Codes
#
# The speech tokenizer writes every clip as codes, layer by layer (notebook 01). They are computed once and
# kept in the cache.

# %%
parts = {split: experiment.clips(task, split) for split in splits}
train, held_out, spec = parts["train"], parts[unseen], experiment.codec.spec
names = label_names(train, task)
clip = held_out[0]
fig, ax = plt.subplots(figsize=(10, 2.6))
plots.codec.plot_codes(ax, clip.codes, spec)
ax.set(title=f"“{clip.text}” ({clip.labels[task]})", xlabel="seconds")
plt.show()
print(", ".join(f"{split}: {len(some)} clips" for split, some in parts.items()))

# %% [markdown]
# ## Step 1: select
#
# Words and tokens are counted, and an ℓ1 penalty decides which a linear model needs (notebook 02). Left: how
# many tokens it selects, from a strong penalty (small C) to a weak one. Right: the coefficients of those
# selected.

# %%
selector = make_selector(L1LogisticRegression(random_state=seed, **l1))
selection = experiment.selection(task, n_tokens, selector=selector, C=C)
tokens, y = selection.tokens, label_ids(train, task, names)
path = fit_l1_path(selector, train, y, sorted({*Cs, selection.C}))
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 3.4), width_ratios=(1, 2))
plot_count_step(left, path.Cs, path.n_tokens, list(path.Cs).index(selection.C))
if tokens:
    plot_coef_step(right, selection.coefs, np.array([layer for layer, _ in tokens]), names)
plt.show()
print(f"C = {selection.C:.3g} selects {len(tokens)} tokens from {len(train)} clips")
if not tokens:
    print("No token is selected, so both models below read the words alone; a larger C selects some.")

# %% [markdown]
# Does it mean anything? *Predict: with shuffled labels, how many tokens are selected at the same C?* If as
# many, the number says nothing: among thousands of columns, some fit any labels of a few dozen clips.

# %%
rng = np.random.default_rng(seed)
shuffled = [permute_labels(y, groups(train), rng) for _ in range(n_permutations)]
permuted = count_permuted(selector, train, shuffled, [selection.C])[:, 0]
p_value = (1 + (permuted >= len(tokens)).sum()) / (1 + n_permutations)
print(f"true labels: {len(tokens)} tokens; shuffled: {permuted.min()} to {permuted.max()}; p = {p_value:.2f}")

# %% [markdown]
# ## What the tokens sound like
#
# The frames that carry a token against all other frames, in standard deviations (notebook 03). A dot marks
# what is not sure (q of 0.05 or more).

# %%
some = sample_clips(held_out, task, limit=n_acoustic_clips, seed=seed)
features = clip_features(some, cache_dir)
if tokens:
    found = token_associations(some, features, tokens, bootstrap=Bootstrap(n_resamples, seed))
    wide = found.pivot(index=["layer", "code"], columns="feature")
    effects, q = (wide[name][list(FEATURES)].to_numpy() for name in ("effect", "q"))
    layers = wide.index.get_level_values("layer").to_numpy()
    fig, ax = plt.subplots(figsize=(10, 3.2))
    plots.acoustics.plot_grid(ax, effects, FEATURES, 2, "effect (standard deviations)", ~(q < 0.05))
    plots.codec.mark_layers(ax, layers)
    ax.set_xlabel("selected tokens, by layer and code")
    plt.show()
    found.insert(0, "token", [show_token(*token) for token in zip(found.layer, found.code, strict=True)])
    strongest = found.loc[found.effect.abs().nlargest(5).index]
    display(strongest[["token", "feature", "effect", "low", "high", "q", "n_clips"]])

# %% [markdown]
# ## Step 2: adapt
#
# The tokens become words of the language model, and only their embeddings are trained (notebook 04). The
# unigram baseline predicts every token by its frequency. A few steps show that it runs; the profile `paper`
# has the paper's settings. A training within `resumable` keeps a checkpoint a minute: if it is stopped, the
# same command goes on from there.

# %%
model, tokenizer = load_llm(llm)
reports = {"report_to": report_to, "report_dir": f"{run_dir}/reports"}
settings = PretrainSettings(seed=seed, **reports, **pretraining)
clips = {"train": experiment.unlabelled(), "validation": parts.get("validation", [])}
with resumable(own / "embeddings.unfinished"):
    adapted = pretrain_token_embeddings(model, tokenizer, clips, tokens, settings, progress=True)
del model
smoothed = pd.Series(adapted.losses).rolling(10, min_periods=1).mean()
ends = [0, len(adapted.losses)], [adapted.loss_before, adapted.loss_after]
fig, ax = plt.subplots(figsize=(8, 3))
plots.embeddings.plot_pretraining(ax, adapted.losses, smoothed, adapted.baseline, *ends)
plt.show()

# %% [markdown]
# ## Step 3: fine-tune
#
# Twice with the same settings (notebook 05): once the model reads the words alone, once words and tokens.

# %%
classifiers = {}
seen = {split: parts[split] for split in splits if split in ("train", "validation")}
with resumable(own / f"classifier_{task}.unfinished"):
    for name, use_audio in {"words": False, "words + tokens": bool(tokens)}.items():
        settings = FineTuneSettings(seed=seed, use_audio=use_audio, **reports, **finetuning)
        classifier = build_classifier(task, names, tokens, settings, llm, adapted.embeddings)
        fine_tune(classifier, seen, progress=True)
        classifiers[name] = classifier
    classifiers["words + tokens"].selection = selection
    classifiers["words + tokens"].save(own / f"classifier_{task}", codec=experiment.codec, corpus=corpus_dir)

# %%
truth = label_ids(held_out, task, names)
predicted = {name: one.predict(held_out).argmax(axis=1) for name, one in classifiers.items()}
fig, axes = plt.subplots(1, 2, figsize=(10, 4))
for ax, (name, labels) in zip(axes, predicted.items(), strict=True):
    plots.training.plot_confusion(ax, confusion_matrix(truth, labels, labels=range(len(names))), names)
    ax.set_title(name)
plt.show()
bootstrap = Bootstrap(n_resamples, seed)
scores = paired_bootstrap(truth, *predicted.values(), groups(held_out), bootstrap, "groups")
print(f"macro-F1 on {unseen}: words {scores.score_a:.3f}, words + tokens {scores.score_b:.3f}; difference:")
scores.difference

# %% [markdown]
# The interval is that of the difference, over groups. With the few steps of a quick run it says nothing about
# your corpus: train longer, with several seeds, and compare with matched tokens (notebook 05, section 4).
#
# ## One clip

# %%
probabilities = {name: softmax(one.predict([clip])[0]) for name, one in classifiers.items()}
fig, ax = plt.subplots(figsize=(7, 0.6 + 0.45 * len(names)))
colors = {"words": plots.TEXT, "words + tokens": plots.BOTH}
plots.training.plot_probabilities(ax, names, probabilities, colors, clip.labels[task])
ax.legend()
plt.show()
widgets.show_players({clip.text: load_audio(clip.audio, spec.sample_rate)}, spec.sample_rate)

# %% [markdown]
# The grey band is the true class. The classifier of words and tokens was saved with all that it needs:
# `SpeechTokenClassifier.from_pretrained` loads it, and `predict_wav` reads a recording.
#
# ## MM-USED-fallacy
#
# The corpus of the paper: U.S. presidential debates from 1960 to 2024. Two tasks: AFC, which of six
# fallacies is it; AFD, is a sentence part of a fallacy at all. People have it as the authors' CSV files
# (`dataset_combined_afc.csv`, `_afd.csv`) or as the folder that MAMKit leaves; both give the same clips.
#
# The group of a clip is its debate. The authors test on the two debates of 2024, but their validation clips
# come from the debates of train. `split="debate"` makes splits in which no debate lies on both sides.
# Compare with published numbers on the authors' splits; ask whether a model knows *new* debates on the other.

# %%
shared = {}
for name in ("afc", "afd"):
    file = Path(mmused_dir, f"dataset_combined_{name}.csv")
    for split in ("authors", "debate") if mmused_dir and file.is_file() else ():
        debates = load_mmused_csv(file, task=name, split=split, seed=seed)
        shared[name, split] = find_leakage(debates).leaks.set_index("what")
if shared:
    display(pd.concat(shared, names=["task", "split"]))
else:
    print("mmused_dir names no folder with these files, so nothing is counted here")

# %% [markdown]
# These are the scores to beat with speech tokens: SmolLM2, fine-tuned on the real texts without any audio.
# The published scores are the best of many submissions to a shared task, and come from other, larger models
# (`docs/mmused.md`).

# %%
if Path(results_page).is_file():
    page = Path(results_page).read_text(encoding="utf-8")
    display(Markdown(page.split("<!-- results -->")[1].split("<!-- end of results -->")[0]))
else:
    print(f"{results_page} is not there: scripts/mmused_text_only.py makes it from the authors' tables")

# %% [markdown]
# ## Limits
#
# - The language model must know the language (SmolLM2 knows English; it spells Greek letter by letter, and
#   prompts grow long). For the bag of words, words must be parted by spaces: cut Japanese or Chinese first.
# - The encoder of our tokenizer is an English recogniser's. The acoustic layers carry over to other languages
#   (they were tried on German), layer 1 does not.
# - Do not mix recorders *by class* (all angry clips from one): the tokens would tell the recorder.
# - An inspection finds files that cannot be used. It does not find wrong transcripts or wrong labels.
# - Nothing was planted in *your* clips. What a token means is known only as far as the acoustics tell.
#
# ## Summary

# %%
metrics = {
    "clips": len(corpus),
    "errors": len(report.errors),
    "train clips": len(train),
    "leaks": len(leakage.leaks),
    "tokens selected": len(tokens),
    "tokens selected, shuffled labels": float(permuted.mean()),
    "loss of the token embeddings": adapted.loss_after,
    "loss of guessing by frequency": adapted.baseline,
    "macro-F1, words": scores.score_a,
    "macro-F1, words + tokens": scores.score_b,
    "difference": scores.difference.values,
    "lacks": [text for text, is_so in lacks.items() if is_so],
}
record_metrics(run_dir, "13_your_own_corpus", **metrics, task=task, seed=seed)
pd.Series(metrics, name="value").to_frame()

# %% [markdown]
# - A corpus is a folder of sounds with a table; sampling rates, channels and alphabets may be mixed.
# - Broken files stop you, or are dropped with their labels and listed. Nothing shifts.
# - Splits keep groups whole; the leakage report says what they still share.
# - Every step runs from one profile. On a few dozen clips it runs, and means nothing.
#
# Written to `13_own_corpus/` in the run folder: `own_corpus.yml`, the selection and the classifier.
#
# Next: [14 · Other codecs →](14_other_codecs.ipynb)
