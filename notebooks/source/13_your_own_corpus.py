# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
# ---

# %% [markdown]
# # 13 · Your own corpus
#
# **What do clips of your own need, so that all of this runs on them?**
#
# About 1 minute on two CPU cores, no GPU.
#
# [← 12 · Why this prediction?](12_why_this_prediction.ipynb) ·
# [contents](00_start_here.ipynb) ·
# [14 · Other codecs →](14_other_codecs.ipynb)
#
# You will
#
# - **write** a small corpus: other letters, stereo, three sampling rates, and seven broken files;
# - **load** it twice: once so that a broken file stops you, once so that it is dropped and listed;
# - **split** it by groups, and look for what the splits share;
# - **select** tokens on it, and see why so few clips prove nothing;
# - **read** MM-USED-fallacy, the corpus of the paper, in the formats in which people have it.
#
# At the end stands a profile of a few lines. With it, every other notebook runs on your clips.

# %%
import csv
import json
import os
import pickle
from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import soundfile
from IPython.display import Markdown, display

print(f"numpy {np.__version__}, pandas {pd.__version__}, soundfile {soundfile.__version__}")

# %%
from speechlm_utils import exercises, plots, widgets
from speechlm_utils.acoustics.spectra import log_mel
from speechlm_utils.audio import load_audio
from speechlm_utils.clips import groups, label_ids, label_names, sample_clips
from speechlm_utils.corpus.importing import format_profile
from speechlm_utils.corpus.inspection import inspect_corpus
from speechlm_utils.corpus.leakage import find_leakage
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.corpus.mamkit import load_mamkit
from speechlm_utils.corpus.mmused import LABEL_COLUMNS, LABELS, load_mmused_csv
from speechlm_utils.corpus.table import write_corpus
from speechlm_utils.experiment import Experiment
from speechlm_utils.finetuning.model_card import format_text_scores
from speechlm_utils.notebook.record import record_metrics
from speechlm_utils.selection.controls import count_permuted, permute_labels
from speechlm_utils.selection.l1 import L1LogisticRegression
from speechlm_utils.selection.selector import make_selector

plots.apply_style()
pd.options.display.precision = 3

# %% tags=["parameters"]
demo_dir = "../data/demo"  # some of its clips become the new corpus
human_dir = "../data/human"  # recordings of a person, if there
codec_name = "../data/codec"
run_dir = "../runs/lab"
cache_dir = "../runs/cache"
seed = 0
n_clips = 48
n_tokens = 10  # wanted
n_permutations = 9
mmused_dir = ""  # folder with dataset_combined_afc.csv (and _afd.csv); empty: a few invented rows
reference_file = "../data/reference/mmused_text_only.json"  # scores of the words alone on the real texts

# %% [markdown]
# ## What a folder needs
#
# A folder with sound files and a table `metadata.csv` (or `metadata.jsonl`) beside them. This is the
# *AudioFolder* convention, so other tools read it, too.
#
# | column | needed? | what |
# | --- | --- | --- |
# | `file_name` | yes | relative to the table; several joined by a vertical bar are one clip, in this order |
# | `text` | yes | the words, as you write them |
# | `label`, or other names | for a task | one column is one task; empty: the clip is no part of it |
# | `split` | no | `train`, `validation`, `test`, `unlabelled`; without the column, splits are made |
# | `group` | no | what must not be torn apart: sentence, dialogue, debate. Default: the text |
# | `speaker` | no | who speaks |
#
# We now write such a folder. The clips come from the demo corpus: sentences that are spoken twice, as a
# statement and as a question. Their *texts* become Greek. The sound stays English, so do not look for
# meaning: this is about letters and files.

# %%
drawn = sample_clips(load_corpus(demo_dir), "question", limit=n_clips, seed=seed)

who = ("Το τρένο", "Ο γιατρός", "Η βροχή", "Το παιδί", "Ο φίλος μου", "Η πόλη")
does = ("αλλάζει", "έρχεται αύριο", "δεν φταίει", "μας περιμένει")
names = list(dict.fromkeys(clip.group for clip in drawn))
texts = dict(zip(names, map(" ".join, product(who, does)), strict=False))
drawn = [clip for clip in drawn if clip.group in texts]
print(f"{len(drawn)} clips of {len(texts)} sentences, labels {label_names(drawn, 'question')}")
print("for example", " · ".join(list(texts.values())[:4]))

# %% [markdown]
# Recordings come in many forms. Each clip gets one of three: FLAC at 16 kHz (what the codec wants), stereo
# WAV at 44.1 kHz (a field recorder), Ogg Vorbis at 22.05 kHz (a web page; it throws away what few people
# hear). The first clip is written in all three, to compare them.

# %%
folder = Path(run_dir) / "13_own_corpus"
forms = {
    "FLAC, 16 kHz": ("flac", 16000, 1),
    "WAV, 44.1 kHz, stereo": ("wav", 44100, 2),
    "Ogg, 22.05 kHz": ("ogg", 22050, 1),
}
jobs = [(f"clips/{i:03d}", clip, list(forms)[i % 3]) for i, clip in enumerate(drawn)]
jobs += [(f"one clip/{k}", drawn[0], form) for k, form in enumerate(forms)]
files = {}
for name, clip, form in jobs:
    ending, rate, n_channels = forms[form]
    wav = load_audio(clip.audio, rate)
    files[name] = f"{name}.{ending}"
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(folder / files[name], np.stack([wav] * n_channels, axis=1), rate)
print(f"{len(files)} sound files in {folder.name}")

# %%
rows = [
    {
        "file_name": files[name],
        "text": texts[clip.group],
        "label": clip.labels["question"],
        "speaker": clip.speaker,
        "group": f"sentence {names.index(clip.group)}",
    }
    for name, clip, _ in jobs[: len(drawn)]
]
pd.DataFrame(rows).head(4)

# %% [markdown]
# *Prediction: to `load_audio`, the three forms of one clip are the same sound. FLAC loses nothing, so its
# codes are those of the original. And the other two?*

# %%
experiment = Experiment(folder, codec_name, folder, cache_dir, seed=seed)
codec, hertz = experiment.codec, experiment.codec.spec.sample_rate
original = load_audio(drawn[0].audio, hertz)
loaded = {form: load_audio(folder / files[f"one clip/{k}"], hertz) for k, form in enumerate(forms)}
codes = codec.encode(original)
alike = {}
for form, wav in loaded.items():
    again = codec.encode(wav)
    n_frames = min(codes.shape[1], again.shape[1])
    same = (again[:, :n_frames] == codes[:, :n_frames]).mean(axis=1)
    alike[form] = {"samples": len(wav), **{f"L{layer}": share for layer, share in enumerate(same, 1)}}
print(f"original: {len(original)} samples; below, the share of its {codes.shape[1]} frames with equal codes")
pd.DataFrame(alike).T

# %%
fig, axes = plt.subplots(1, 3, figsize=(11, 2.6), sharey=True)
for ax, (form, wav) in zip(axes, loaded.items(), strict=True):
    plots.plot_log_mel(ax, log_mel(wav, hertz), len(wav) / hertz, hertz)
    ax.set(title=form, xlabel="seconds", ylabel="")
axes[0].set_ylabel("kHz")
plt.show()
widgets.show_players(loaded, codec.spec.sample_rate)

# %% [markdown]
# The pictures are alike and the ear hears no difference, but the codes need not agree: near the border of
# two codes a small change decides, and a change in one layer changes the leftovers that all later layers
# code. Read the table from left to right. Two consequences. Do not mix forms *by class* (all angry clips
# from one recorder): the tokens would tell the recorder. And encode from the best copy that you have.
#
# Two recordings of a person join without a label. Then seven files that somebody's disk might hold. They
# get texts and labels like the others, and are mixed in among them.

# %%
human = load_corpus(human_dir)[:2] if Path(human_dir, "metadata.csv").exists() else []
for clip in human:
    path = os.path.relpath(clip.audio, folder)
    who_speaks = {"speaker": clip.speaker, "group": f"human {clip.id}"}
    rows.append({"file_name": path, "text": clip.text, "label": "", **who_speaks})

second = 0.1 * np.random.default_rng(seed).normal(size=16000)
soundfile.write(folder / "clips/silent.wav", 0 * second, 16000)
soundfile.write(folder / "clips/tiny.wav", second[:160], 16000)
soundfile.write(folder / "clips/nan.wav", np.where(second > 0.3, np.nan, second), 16000, subtype="FLOAT")
soundfile.write(folder / "clips/whole.wav", second, 16000)
half = (folder / "clips/whole.wav").read_bytes()
(folder / "clips/cut.wav").write_bytes(half[: len(half) // 2])
(folder / "clips/empty.wav").write_bytes(b"")
(folder / "clips/notes.wav").write_text("remember to record this one")
broken = ("silent", "tiny", "nan", "cut", "empty", "notes", "missing")
step = len(drawn) // len(broken)
rows += [rows[step * i] | {"file_name": f"clips/{name}.wav"} for i, name in enumerate(broken)]

rows = [rows[i] for i in np.random.default_rng(seed).permutation(len(rows))]
pd.DataFrame(rows).to_csv(folder / "metadata.csv", index=False)
print(f"{len(rows)} rows in metadata.csv, {len(broken)} of them broken")

# %% [markdown]
# ## Load it: stop, or skip
#
# `load_corpus` looks at every sound file before anything is computed. By default it is **strict**: it stops
# and says what is wrong. `inspect="full"` decodes the files, which also finds silence and cut-off ends; the
# default reads only their headers.
#
# *Prediction: which of the seven does a look at the headers miss?*

# %%
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
clips = load_corpus(folder, on_error="skip", inspect="full", report=folder / "dropped.csv")
dropped = pd.read_csv(folder / "dropped.csv")
print(f"{len(rows)} rows, {len(dropped)} dropped, {len(clips)} clips left")
dropped[["file_name", "kind"]]

# %% [markdown]
# ### Checkpoint
#
# Counting is not enough: as many clips as expected can still be the wrong ones. So compare every clip with
# its own row.

# %%
written = {row["file_name"]: (row["text"], row["label"], row["speaker"]) for row in rows}
for clip in clips:
    name = Path(os.path.relpath(clip.audio, folder)).as_posix()
    assert written.pop(name) == (clip.text, clip.labels.get("label", ""), clip.speaker), name
assert sorted(written) == sorted(dropped.file_name) == sorted(f"clips/{name}.wav" for name in broken)
print(f"all {len(clips)} clips carry the text, label and speaker of their own row")

# %% [markdown]
# ## Splits
#
# Our table has no column `split`, so splits were made (see the message above): whole groups go to one side,
# labels in proportion, drawn with a fixed seed. They are made *before* broken clips are dropped. Repair a
# file later, and no other clip moves.
#
# *Prediction: the two recordings without a label. Where are they?*

# %%
report = inspect_corpus(clips, folder=folder)
print(report.summary())

# %% [markdown]
# Groups are the point. Both readings of a sentence have the same words. Torn apart, the test would ask for
# sentences that training has seen. The report below looks for four things that two splits can share: texts
# (compared without case, punctuation and spaces), groups, speakers, and sound files (by their bytes, whatever
# their names are).

# %%
leakage = find_leakage(clips)
print(leakage)

# %% [markdown]
# Speakers are shared, since we grouped by sentence. A score on this test is one for *known voices*. Whether
# that is what you want, only you know; to test on new voices, write the speaker into the column `group`.
#
# Now a mistake on purpose: a test clip is copied into train under another name, with a full stop more in
# its text and another group. *Prediction: which of the four sees it?*

# %%
victim = next(clip for clip in clips if clip.split == "test")
copy = folder / f"one clip/copy{victim.audio.suffix}"
copy.write_bytes(victim.audio.read_bytes())
spoilt = replace(victim, id="copy", audio=copy, split="train", group="new", text=f"{victim.text.upper()}.")
before, after = (find_leakage(some).table for some in (clips, [*clips, spoilt]))
after.assign(before=before.shared)[after.shared > before.shared].drop(columns="clips_a")

# %%
found = find_leakage([*clips, spoilt])
assert found.count("text", "train", "test")["shared"] == 1
assert found.count("sound file", "train", "test")["shared"] == 1
print("checkpoint: the copy was found by its words and by its bytes, not by its name or group")

# %% [markdown]
# ### Exercise 1 · Compare texts (easy, 5 minutes)
#
# Write the function that makes two texts equal if they differ only in case, spaces and punctuation, in any
# alphabet. Punctuation parts words: "well-known" is "well known".


# %%
def my_normalise(text):
    return None  # your code


exercises.check_normalise(my_normalise)

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


exercises.check_group_split(my_split)

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
# ## Encode and select
#
# The usable clips go into a table of their own: sound files stay where they are. From here on, everything is
# as in notebook 02.

# %%
write_corpus(clips, folder / "usable", overwrite=True)
experiment = Experiment(folder / "usable", codec_name, folder, cache_dir, seed=seed)
train = experiment.clips("label", "train")
y = label_ids(train, "label", label_names(train, "label"))
chosen = experiment.selection("label", n_tokens)
print(f"{len(train)} train clips, codes of shape {train[0].codes.shape} for the first")
print(f"C = {chosen.C:.3g} keeps {len(chosen.tokens)} tokens")

# %% [markdown]
# It runs. Does it mean anything? *Prediction: with labels that were shuffled, how many tokens are kept at
# the same C?* If as many, then the number says nothing: among thousands of columns, some fit any labels of
# a few dozen clips.

# %%
selector, rng = make_selector(L1LogisticRegression(random_state=seed)), np.random.default_rng(seed)
shuffled = [permute_labels(y, groups(train), rng) for _ in range(n_permutations)]
permuted = count_permuted(selector, train, shuffled, [chosen.C])[:, 0]
p_value = (1 + (permuted >= len(chosen.tokens)).sum()) / (1 + n_permutations)
print(f"true labels: {len(chosen.tokens)} tokens; shuffled: {permuted.min()} to {permuted.max()};", end=" ")
print(f"p = {p_value:.2f}")
verdict = "more than with shuffled labels" if p_value <= 0.1 else "not told apart from shuffled labels"
print(f"on {len(train)} clips: {verdict}. Take this as a test of the plumbing, not of the method.")

# %% [markdown]
# ## MM-USED-fallacy
#
# The corpus of the paper: U.S. presidential debates from 1960 to 2024. Two tasks: AFC, which of six
# fallacies is it; AFD, is a sentence part of a fallacy at all. People have it in two forms, and both give
# the same clips here:
#
# - the authors' CSV files, `dataset_combined_afc.csv` and `dataset_combined_afd.csv`;
# - the folder that MAMKit leaves: `MMUSED-fallacy/` with
#   `dataset.pkl` and `audio_clips/`.
#
# If you have the CSV files, name their folder in `mmused_dir`. Without it, the next cell invents a few rows
# of the same form, so that you see the steps.

# %%
fallacies = (
    "Think of your children, {}!",
    "Every general agrees with me, {}.",
    "You cannot even count, {}.",
    "He took office, {}, and then it rained.",
    "First a tax, {}, then tyranny.",
    "{}, more jobs now!",
)
people = ("Ada", "Bo", "Cem", "Dee", "Eli", "Fay", "Gus", "Hal")
debates = ("1_1901", "2_1901", "3_1905", "4_1909", "5_1913", "6_1917", "47_2024", "48_2024")
is_invented = not mmused_dir
mmused = folder if is_invented else Path(mmused_dir)
invented = [("split", "index", "text", "audio_path_list", "label")]
for (debate, person), (label, sentence) in product(zip(debates, people, strict=True), enumerate(fallacies)):
    i = len(invented)
    split = "test" if debate in debates[-2:] else "val" if i % 5 == 1 else "train"
    clip_names = [f"MMUSED-fallacy/audio_clips/{debate}/{10 * i + k}.wav" for k in range(1 + (i % 7 == 0))]
    if (split, label) != ("test", 4):
        invented.append((split, i, sentence.format(person), "|".join(clip_names), label))
if is_invented:
    with open(mmused / "dataset_combined_afc.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(invented)
print("INVENTED ROWS in the same form: nothing below is a result" if is_invented else f"read from {mmused}")

# %% [markdown]
# `check_audio=False` reads texts and labels and looks for no sound file. That is enough to count, to look
# for leaks, and for a model of words alone.

# %%
tables = {task: mmused / f"dataset_combined_{task}.csv" for task in LABELS}
tables = {task: path for task, path in tables.items() if path.is_file()}
debated = {task: load_mmused_csv(path, None, task, check_audio=False) for task, path in tables.items()}
counts = {}
for task, some in debated.items():
    pairs = Counter((clip.labels[LABEL_COLUMNS[task]], clip.split) for clip in some)
    counts[task] = pd.DataFrame(
        [[pairs[name, split] for split in ("train", "validation", "test")] for name in LABELS[task]],
        LABELS[task], ("train", "validation", "test"),
    )  # fmt: skip
pd.concat(counts, names=["task", "label"])

# %%
for task, table in counts.items():
    absent = [name for name in table.index if table.test[name] == 0]
    print(f"{task}: {table.to_numpy().sum():,} clips;", end=" ")
    print(f"no test clip of {', '.join(absent)}: say which macro-F1" if absent else "test has all classes")
joined = [clip for clip in debated["afc"] if isinstance(clip.audio, tuple)]
print(f"afc: {len(joined)} snippets span several clips, joined in order, for example {joined[0].id}")
two = (folder / files["clips/000"], folder / files["clips/001"])  # clips of ours stand in for the sound
assert np.array_equal(load_audio(two, hertz), np.concatenate([load_audio(one, hertz) for one in two]))
print("checkpoint: a clip of two files is the first sound, then the second")

# %% [markdown]
# ### Two splits
#
# The group of a clip is its debate: two or three speakers, one evening's topics. The authors test on the
# two debates of 2024, as the shared task did, but their validation clips come from the debates of train.
# *Prediction: what does the leakage report say about that? And about AFD, where short sentences such as
# "That's right." come again and again?*
#
# `split="debate"` makes other splits, in which no debate lies on both sides. Compare with published numbers
# on the authors' split; ask whether a model knows *new* debates on the other.

# %%
shown, columns = {}, ["what", "split_a", "split_b", "shared", "clips_b"]
for task, path in tables.items():
    for split in ("authors", "debate"):
        again = load_mmused_csv(path, None, task, check_audio=False, split=split, seed=seed)
        shown[task, split] = find_leakage(again).leaks[columns].set_index("what")
pd.concat(shown, names=["task", "split"])

# %% [markdown]
# `clips_b` counts the clips of the second split that share something with the first. Repeated texts are in
# the nature of speech; that debates are shared is a choice. Early stopping on a validation set that knows
# the debates is a little too hopeful, and so is the choice of anything else on it.
#
# ### What words alone reach
#
# These are the scores to beat with speech tokens: SmolLM2, fine-tuned on the real texts without any audio.
# Everything was tuned on validation; test was predicted once by each seed.

# %%
if Path(reference_file).is_file():
    display(Markdown(format_text_scores(json.loads(Path(reference_file).read_text(encoding="utf-8")))))
else:
    print(f"{reference_file} is not there: scripts/mmused_text_only.py makes it from the authors' tables")

# %% [markdown]
# The published scores are the best of many submissions to a shared task, and come from other, larger models.
# `docs/mmused.md` says what the comparison is worth. No snippet of the AFC test is a slippery slope, hence
# two readings of macro-F1.
#
# ### The pickle
#
# MAMKit keeps its table as a *pickle*. A pickle is not data: it is a program that builds data, and loading
# it runs it. Here is one that looks like a file and prints a line. It could as well delete your files.


# %%
class Harmless:
    def __reduce__(self):
        return print, ("  this line was printed by a file that was only *loaded*",)


(folder / "dataset.pkl").write_bytes(pickle.dumps(Harmless()))
print("the usual way:")
pickle.loads((folder / "dataset.pkl").read_bytes())
try:
    load_mamkit(folder, "afc")
except FileNotFoundError as error:
    print(f"\nthis package: {error}")

# %% [markdown]
# This package loads no pickle. If you trust the file, convert it once with that line of Python, in an
# environment of your own; the table that it writes (`dataset.parquet`) is data.
#
# ## One command, one profile
#
# For a corpus in another format, `speechlm import` does all of the above: it reads, inspects, looks for
# leaks, and writes a `metadata.csv` that names the sound files where they are.
#
# ```
# speechlm import dataset_combined_afc.csv --kind mmused-csv --audio-root AUDIO --out data/mmused
# speechlm import AUDIO/MMUSED-fallacy --kind mamkit --task afc \
#     --unlabelled AUDIO/MMUSED --out data/mmused
# speechlm import my_dataset --kind hf --out data/mine
# ```
#
# The last reads a dataset that the library `datasets` saved to disk. For a folder with a `metadata.csv` no
# import is needed. Either way, a profile makes all notebooks run on it:

# %%
profile = format_profile(clips, folder / "usable")
path = Path(run_dir) / "own_corpus.yml"
path.write_text(profile + "\n", encoding="utf-8")
print(f"speechlm run --profile {os.path.relpath(path, '..')}\n\n{profile}")

# %% [markdown]
# `corpus_dir` is the folder and `task` the name of the label column; add what else you want to differ, under
# the number of a notebook. `notebooks/profiles/paper.yml` has the settings of the paper.
#
# ## Limits
#
# - Nobody has read these Greek texts aloud. With a real second language, look at two things: the language
#   model must know it (SmolLM2 knows English; it spells Greek letter by letter, and prompts grow long), and
#   words must be parted by spaces for the bag of words of notebook 02 (Japanese and Chinese are not; cut
#   them first).
# - The compact codec has heard English only. For other languages take the released one.
# - An inspection finds files that cannot be used. It does not find wrong transcripts or wrong labels.
# - Nothing here was planted in *your* clips. Notebooks 00 and 03 compare with what was planted where there
#   is such a thing, and skip it where there is not.
#
# ## Summary

# %%
metrics = {
    "clips": len(clips),
    "dropped": len(dropped),
    "groups": len(set(groups(clips))),
    "texts shared by train and test": leakage.count("text", "train", "test")["shared"],
    "speakers shared by train and test": leakage.count("speaker", "train", "test")["shared"],
    "tokens kept": len(chosen.tokens),
    "tokens kept, shuffled labels": float(permuted.mean()),
    "MM-USED rows": {task: len(some) for task, some in debated.items()},
    "MM-USED rows invented": is_invented,
}
record_metrics(run_dir, "13_your_own_corpus", **metrics, seed=seed)
for key, value in metrics.items():
    print(f"{key:36}", value)

# %% [markdown]
# - A corpus is a folder of sounds with a table. Sampling rates, channels and alphabets do not matter to it.
# - Broken files stop you, or are dropped with their labels and listed. Nothing shifts.
# - Splits keep groups whole; the leakage report says what they still share.
# - On a few dozen clips a selection runs, and means nothing.
#
# Written: `13_own_corpus/` and `own_corpus.yml` in the run folder.
#
# On your own clips, [11 · Token atlas](11_token_atlas.ipynb) says what a token means, and
# [12 · Why this prediction?](12_why_this_prediction.ipynb) what a prediction rests on.
#
# Next: [14 · Other codecs →](14_other_codecs.ipynb)
