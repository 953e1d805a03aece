# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
# ---

# %% [markdown]
# # 15 · What it costs
#
# **What does each way to hear cost, and when is a simpler one enough?**
#
# About 1 minute on two CPU cores, no GPU. Scores and costs are stored ones; what comes before any model,
# encoding and measuring, is timed here.
#
# [← 14 · Other codecs](14_other_codecs.ipynb) ·
# [contents](00_start_here.ipynb) ·
# [20 · Live demo →](20_live_demo.ipynb)
#
# The method has three steps: select tokens, adapt a language model to them, fine-tune it. A linear model on
# the same tokens needs the first step only, and measured pitch needs none. You will
#
# - **compare** seconds, memory, parameters and tokens of every arm with the score that it reaches;
# - **draw** the Pareto front: the arms that no other beats in both;
# - **decide** what the second and the third step are worth.

# %%
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown, display

from speechlm_utils import exercises, plots
from speechlm_utils.audio import load_audio
from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.clips import sample_clips
from speechlm_utils.evaluation.representations import measure_mfcc
from speechlm_utils.evaluation.study_arms import LINEAR_ARMS
from speechlm_utils.experiment import Experiment
from speechlm_utils.notebook.overview import list_versions
from speechlm_utils.notebook.record import record_metrics
from speechlm_utils.studies.arms import ARMS
from speechlm_utils.studies.costs import find_front, tabulate_costs
from speechlm_utils.studies.report import compare_arms, join_studies, load_study

plots.apply_style()
pd.options.display.precision = 3
pd.options.display.max_colwidth = None
print(list_versions())

# %% tags=["parameters"]
corpus_dir = "../data/demo"
codec_name = "../data/tokenizer"
reference_dir = "../data/reference"
run_dir = "../runs/lab"
cache_dir = "../runs/cache"
seed = 0
task = "fallacy"
n_live_clips = 8  # encoded and measured here
n_resamples = 1000

# %% [markdown]
# ## Before any model
#
# Tokens have to be made from sound, and so do MFCC (a coarse description of the spectrum). *Predict: which
# takes longer, for a second of speech, and how long?* Below 1 is faster than the clip lasts.

# %%
experiment = Experiment(corpus_dir, codec_name, run_dir, cache_dir, seed)
clips = sample_clips(experiment.corpus, task, "test", n_live_clips, seed)
codec = experiment.codec
waves = [load_audio(clip.audio, codec.spec.sample_rate) for clip in clips]
seconds = sum(map(len, waves)) / codec.spec.sample_rate


# %%
def measure_time(work, items):
    work(items[0])  # the first call loads what it needs
    start = time.perf_counter()
    for item in items:
        work(item)
    return (time.perf_counter() - start) / seconds


live = {
    "speech tokens": measure_time(codec.encode, waves),
    "MFCC": measure_time(measure_mfcc, clips),
}

# %%
pd.Series(live, name="seconds of computing per second of sound").to_frame()

# %% [markdown]
# ## The bill
#
# One row for each arm, that is, each way to tell a model about a clip; [notebook 07](07_ablations.ipynb) has
# the intervals of these scores. *CPU seconds* are those that the processor worked for one run: training and
# predicting, and for linear models selecting (the language model is given its tokens, MFCC and encoder states
# ready made); on a GPU it works or waits about as long as the run lasts. Two families share the test clips:
# linear models, and the language model with LoRA.

# %%
studies = {
    "linear": load_study(f"{reference_dir}/linear_study_{task}.json"),
    "language model": load_study(f"{reference_dir}/llm_demo_{task}.json"),
}
bills = {family: tabulate_costs(study) for family, study in studies.items()}
questions = {"linear": LINEAR_ARMS, "language model": ARMS}
for family, bill in bills.items():
    display(Markdown(f"**{family}** (stored runs, `{studies[family]['made_by']}`)"))
    asked = [
        getattr(questions[family].get(arm), "isolates", "an earlier form, see notebook 07")
        for arm in bill.index
    ]
    display(bill.assign(**{"what it isolates": asked}).sort_values("macro-F1", ascending=False))

# %% [markdown]
# Seconds, memory and *device* are those of the runs that can be compared (*runs timed* have seconds), the
# score is that of all. The machines differ (*device*; `cpu` and `x86_64` are one core of a CPU): linear
# models ran on a CPU, the language model partly on a GPU, which is much faster. So seconds of a GPU are no
# measure beside those of a core, and the figure below leaves them out. Nor are cores alike: they were of
# several machines, which other programs shared, so a factor of one and a half between two arms may be the
# machine's. Memory is the GPU's where there was one, else the process's. *Audio tokens a clip* counts a token
# that lasts once (linear: validation and test; language model: train). NaN means that the runs did not record
# it, or that no list of tokens is read: nothing is filled in.

# %%
bill = pd.concat(bills, names=["family", "arm"])
families = bill.index.get_level_values("family").tolist()
names = [f"{arm}" if family == "linear" else f"LLM: {arm}" for family, arm in bill.index]
n_test = len(studies["linear"]["clips"]["test"]["ids"])

# %% [markdown]
# ## The front
#
# An arm is on the **Pareto front** if no other is at least as cheap *and* at least as good, and better in one
# of the two. For what lies off the front, something else costs no more and scores no less, *by these
# estimates*.
# *Predict: will the language model be on it?*

# %%
fronts, left_out = {}, {}
fig, axes = plt.subplots(1, 2, figsize=(11, 4.6), sharey=True)
for ax, cost in zip(axes, ("CPU seconds", "parameters trained"), strict=True):
    known = bill[cost].notna().to_numpy() & (bill[cost] > 0).to_numpy()
    if cost == "CPU seconds":
        known &= ~bill.device.str.contains("NVIDIA").to_numpy()
    costs, scores = bill[cost][known].to_numpy(), bill["macro-F1"][known].to_numpy()
    some = [name for name, is_in in zip(names, known, strict=True) if is_in]
    left_out[cost] = [name for name in names if name not in some]
    fronts[cost] = [name for name, on in zip(some, find_front(costs, scores), strict=True) if on]
    points = dict(zip(some, zip(costs, scores, strict=True), strict=True))
    of = [family for family, is_in in zip(families, known, strict=True) if is_in]
    plots.studies.plot_pareto(ax, points, find_front(costs, scores), of)
    ax.set_xlabel(f"{cost}, one run (logarithmic)")
    ax.set_title(f"{len(some)} arms, {n_test} test clips", pad=22)
axes[1].set_ylabel("")
Path(run_dir, "figures").mkdir(parents=True, exist_ok=True)
fig.savefig(Path(run_dir, "figures", "15_what_it_costs.png"), dpi=110)
plt.show()

# %%
for cost, some in fronts.items():
    is_in = any(name.startswith("LLM") for name in some)
    print(f"{cost}: {', '.join(some)}. The language model is {'on' if is_in else 'not on'} this front.")
    if left_out[cost]:
        print(f"   Not in the figure (no record of it, or of a GPU): {', '.join(left_out[cost])}.")

# %% [markdown]
# The front is drawn through estimates. Whether the best of it is *really* better than a cheap one needs the
# interval of the difference. Both families predict the same test clips, so they can be compared clip by clip.

# %%
linear, llm = studies["linear"], studies["language model"]
both = join_studies(linear, llm, "LLM: ")  # or an error: other clips, other classes

# %%
bootstrap = Bootstrap(n_resamples, seed, rows="runs")
rivals = {
    "three steps, less a linear model on the same tokens": ("lasso", "LLM: lasso"),
    "three steps, less a linear model on measured prosody": ("measured", "LLM: lasso"),
    "three steps, less a linear model on encoder states": ("encoder-fusion", "LLM: lasso"),
    "the language model on words, less a linear model on words": ("text", "LLM: text"),
    "three steps, less steps 1 and 3 alone": ("LLM: no-pretraining", "LLM: lasso"),
    "steps 1 and 3 alone, less a linear model on encoder states": ("encoder-fusion", "LLM: no-pretraining"),
}
arms = {run["arm"] for run in both["runs"]}
on_front = {name for some in fronts.values() for name in some if name.startswith("LLM")}
rivals |= {
    f"{name}, less a linear model on encoder states": ("encoder-fusion", name) for name in sorted(on_front)
}
gains = {
    what: compare_arms(both, *pair, bootstrap=bootstrap) for what, pair in rivals.items() if set(pair) <= arms
}
pd.DataFrame({what: [str(one)] for what, one in gains.items()}, index=["difference of macro-F1"]).T

# %%
says = {"above": "better than", "below": "worse than", "not decided": "not told apart from"}
for what, one in gains.items():
    first, second = what.split(", less ")
    print(f"- {first[0].upper()}{first[1:]}: {says[one.verdict]} {second}.")

# %% [markdown]
# ## What one more clip costs
#
# Training is paid once, reading with every clip. A language model reads token by token, so its cost grows
# with what a prompt holds. The selection is what keeps that small.

# %%
spec = codec.spec
n_frames = np.mean([len(wav) for wav in waves]) / spec.sample_rate * spec.frame_rate
read = {
    "words": llm["runs"][0]["text_tokens_per_clip"],
    "selected tokens, one that lasts counted once": bills["language model"]["audio tokens a clip"]["lasso"],
    "all codes of the acoustic layers, every frame": n_frames * len(spec.acoustic_layers),
}
pd.Series(read, name="tokens that a prompt holds, mean").to_frame()

# %% [markdown]
# ### Exercise 1 · The front (medium, 8 minutes)
#
# Write the rule yourself. `costs` and `scores` are arrays with one number for each arm. Return True for those
# on the front.


# %%
def my_front(costs, scores):
    return None  # your code


exercises.check_front(my_front)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Compare every arm with every other: row `i` of `costs <= costs[:, None]` says which arms cost no more than
# arm `i`. An arm that is alike in both does not beat it.
# </details>
# <details><summary>Solution</summary>
#
# ```python
# def my_front(costs, scores):
#     no_worse = (costs <= costs[:, None]) & (scores >= scores[:, None])
#     better = (costs < costs[:, None]) | (scores > scores[:, None])
#     return ~(no_worse & better).any(axis=1)
# ```
# </details>
#
# ### Exercise 2 · The price of a point (easy, 5 minutes)
#
# Going from linear words (`cheap`) to linear words with selected tokens (`dear`), how many seconds does one
# point of macro-F1 (0.01) cost? Both are pairs of seconds and macro-F1.

# %%
cheap, dear = (tuple(bills["linear"].loc[arm, ["CPU seconds", "macro-F1"]]) for arm in ("text", "lasso"))
my_price = None  # your answer
exercises.check_price(my_price, cheap, dear)

# %% [markdown]
# <details><summary>Hint</summary>
#
# More seconds, divided by more points. 0.26 of macro-F1 is 26 points.
# </details>
# <details><summary>Solution</summary>
#
# ```python
# my_price = (dear[0] - cheap[0]) / (100 * (dear[1] - cheap[1]))
# ```
# </details>
#
# ## Limits
#
# - Seconds on another machine differ, and a GPU is not a CPU core. Orders of magnitude are meant.
# - The front picks the highest of many arms, most of them of one seed, so the highest is in part luck. In the
#   differences such an arm is given the spread over seeds that the others have.
# - The time to record, transcribe and label speech is not in the bill. It is the largest item of all.
# - The language model is small (135 million parameters). A larger one costs more and may gain more: not
#   tried here.
# - A score is not everything. Tokens stand in the prompt, so that the language model's own prediction can be
#   traced to sounds ([notebook 12](12_why_this_prediction.ipynb)); it can also go on to write
#   ([notebook 10](10_generation.ipynb)). A linear model on measured pitch can be read, too.
#
# ## Summary

# %%
asked = {what.split(", less ")[1]: one for what, one in gains.items() if what.startswith("three steps")}
not_better = [rival for rival, one in asked.items() if one.verdict != "above"]
print("The three steps are not shown to be better than:", "; ".join(not_better) or "any of these")
metrics = {
    "scores and costs": "stored",
    **{f"front, {cost}": ", ".join(some) for cost, some in fronts.items()},
    **{what: one.values for what, one in gains.items()},
    **{f"{name}, seconds per second of sound": value for name, value in live.items()},
}
record_metrics(run_dir, "15_what_it_costs", **metrics)
pd.Series(metrics, name="").to_frame()

# %% [markdown]
# Next: [20 · Live demo →](20_live_demo.ipynb), where you turn the knobs yourself.
