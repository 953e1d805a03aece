# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
# ---

# %% [markdown]
# # 12 · Why this prediction?
#
# **Which words and sounds does a prediction rest on, and how do we know that this is true?**
#
# About 3 minutes on two CPU cores, no GPU (some more if there is no classifier yet: a small one is trained).
#
# [← 11 · Token atlas](11_token_atlas.ipynb) ·
# [contents](00_start_here.ipynb) ·
# [13 · Your own corpus →](13_your_own_corpus.ipynb)
#
# You will
#
# - **attribute** a prediction to every word and speech token, by two methods, and see how exact they are;
# - **compare** it with attention, which is a different thing;
# - **test** it: delete the tokens that it names, and ask models whose weights are random.

# %%
import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from IPython.display import Audio, Markdown, display
from scipy.stats import spearmanr

from speechlm_utils import exercises, plots, widgets
from speechlm_utils.attribution.faithfulness import compare_with_random_weights, correlate, run_deletion_test
from speechlm_utils.attribution.figure import draw_attribution
from speechlm_utils.attribution.gradients import AUDIO, MARKER, TEXT, attribute_clip, pose, read_attention
from speechlm_utils.attribution.shapley import sample_shapley, share_credit
from speechlm_utils.audio import load_audio
from speechlm_utils.bootstrap import Bootstrap, resample_mean
from speechlm_utils.clips import groups, label_ids, sample_clips
from speechlm_utils.experiment import Experiment
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.metrics import macro_f1_scores
from speechlm_utils.notebook.overview import list_versions
from speechlm_utils.notebook.record import record_metrics
from speechlm_utils.torch_settings import quiet_transformers

plots.apply_style()
pd.options.display.precision = 3
print(list_versions())

# %% tags=["parameters"]
corpus_dir = "../data/demo"
codec_name = "../data/tokenizer"
llm_name = "smollm2-135m"  # or a hub name, or a folder
llm_dtype = "auto"
llm_quantization = None
run_dir = "../runs/lab"
cache_dir = "../runs/cache"
seed = 0
clips_per_split = None  # all
task = "fallacy"
max_steps = 40  # where no classifier lies in the run folder or beside the corpus, a small one is trained
n_clips = 40  # test clips whose predictions are attributed
filler = " the"  # its embedding fills the baseline; None: the mean embedding of the vocabulary
n_steps = 16  # points of the integral
steps_compared = [16, 64, 128]
n_permutations = 4  # random orders of each of two Shapley estimates
n_deleted = 5  # audio tokens
n_draws = 5  # sets of random tokens for each clip
n_random_models = 5
n_random_clips = 4  # that random models, and Shapley values, are asked about
n_resamples = 2000  # of sentences

# %% [markdown]
# ## The classifier
#
# It is the one that notebook 05 left in the run folder. If there is none, the one that is shipped with the
# corpus is taken; failing that, a small one is trained. What an explanation is worth depends on it: of a
# model that does not listen, there is no listening to explain.

# %%
experiment = Experiment(
    corpus_dir, codec_name, run_dir, cache_dir,
    seed, clips_per_split, LLMSpec(llm_name, llm_dtype, llm_quantization),
)  # fmt: skip
classifier = experiment.find_classifier(task, max_steps)
names, codec = classifier.label_names, classifier.codec
everything = experiment.clips(task, "test")
clips = sample_clips(everything, task, limit=n_clips, seed=seed)
y, logits = label_ids(clips, task, names), classifier.predict(clips)
score = macro_f1_scores(y, logits.argmax(axis=1), len(names))["macro_f1_all"]
n_groups = len(set(groups(clips)))
how, tested = classifier.settings, classifier.results.get("metrics", {}).get("test")
facts = {
    "model": f"{classifier.llm.name} ({classifier.model.dtype}), LoRA of rank {how.lora_rank}",
    "trained": f"{how.max_steps} steps" if how.max_steps else f"at most {how.n_epochs} epochs",
    "speech tokens": len(classifier.tokens),
    "macro-F1 on the whole test set, when it was trained": tested["macro_f1_all"] if tested else np.nan,
    "clips here": f"{len(clips)} of {len(everything)} test clips, {n_groups} sentences (seed {seed})",
    "macro-F1 here": score,
    "macro-F1 by chance, about": 1 / len(names),
}
pd.Series(facts, name="").to_frame()

# %% [markdown]
# ## One prediction
#
# **Integrated gradients** ([arXiv 1703.01365](https://arxiv.org/abs/1703.01365)) go in a straight line from a
# *baseline* to the prompt, and add up, on this path, how the score of the class changes with each coordinate
# of each token's embedding. Here the baseline is a prompt of the same length, with the same markers, in which
# every word and every speech token is replaced by one and the same baseline embedding.
#
# The method has a promise that can be checked, **completeness**: the attributions of all tokens add up to
# the score of the prompt less the score of the baseline. What is missing is the error of the integration.
#
# *Predict: does this clip's class rest on its words or on its sound?*

# %%
right = np.flatnonzero(logits.argmax(axis=1) == y)
place = next((i for i in right if clips[i].ambiguous), right[0] if len(right) else 0)
clip = clips[place]
wav = load_audio(clip.audio, codec.spec.sample_rate)
display(Markdown(f"“{clip.text}”, labelled **{plots.show_name(clip.labels[task])}**"))
display(Audio(wav, rate=codec.spec.sample_rate))
options = {"n_steps": n_steps, "filler": filler}
one = attribute_clip(classifier, clip, **options)
fig = plt.figure(figsize=(9, 5.6), layout="constrained")
print(draw_attribution(fig, one, classifier, wav))
figures = Path(run_dir) / "figures"
figures.mkdir(parents=True, exist_ok=True)
fig.savefig(figures / "12_attribution.png", dpi=110)
plt.show()

# %% [markdown]
# Above the words, then the waveform, below the speech tokens where they occur in time. A bar above 0 speaks
# for the class that the model predicts, a bar below 0 against it. All bars are in logits and share one sum.
#
# Ask about another clip, or about a recording of yours (in JupyterLab; the keyboard works, too).

# %%
menu = {f"{some.text} ({plots.show_name(some.labels[task])}, {some.id})": some for some in clips[:16]}


def explain(figure, heard, sound):
    return draw_attribution(figure, attribute_clip(classifier, heard, **options), classifier, sound)


widgets.explore_clips(classifier, menu, explain)

# %% [markdown]
# ### How exact is the sum?
# More steps make the integral finer. Another baseline asks another question: it changes what the score is
# compared *with*, and may change the answer.

# %%
rows, word, other = {}, filler or " the", None if filler else " the"
wanted = [(filler, steps) for steps in steps_compared] + [(other, steps_compared[-1])]
for piece, steps in wanted:
    found = attribute_clip(classifier, clip, one.target, steps, filler=piece)
    rows[f"embedding of “{word}”" if piece else "mean embedding", steps] = {
        "to explain": found.gap,
        "sum": found.scores.sum(),
        "error": abs(found.delta),
        "rank correlation with the above": correlate(one, found),
    }
exactness = pd.DataFrame(rows).T.rename_axis(["baseline", "steps"])
exactness

# %% [markdown]
# `to explain`, `sum` and `error` are in logits. Where the error is as large as what is to be explained, the
# single bars must not be trusted. Why so many steps? Look at the path itself: the score at many places
# between baseline and prompt. *Predict: a slope, a step, or a rough road?*

# %%
asked = pose(classifier, clip, one.target, filler)
path = torch.linspace(0, 1, 129, device=asked.embedded.device)
with quiet_transformers(), torch.inference_mode():
    height = [
        asked.read(torch.lerp(asked.baseline, asked.embedded, some[:, None, None])).float().cpu()
        for some in path.split(16)
    ]
path, height = path.cpu().numpy(), torch.cat(height).numpy()

# %%
points = (np.polynomial.legendre.leggauss(n_steps)[0] + 1) / 2
fig, ax = plt.subplots(figsize=(8, 2.8))
plots.attribution.plot_path_scores(ax, path, height, points)
ax.set_title(f"{one.gap:+.2f} logits from end to end, one clip")
fig.savefig(figures / "12_way.png", dpi=110)
plt.show()
climbed, end_to_end = np.abs(np.diff(height)).sum(), abs(height[-1] - height[0])
print(f"Ups and downs together: {climbed:.1f} logits; end to end: {end_to_end:.1f}.")

# %% [markdown]
# Half a word is no word: between two embeddings that it knows, the model has never been. What it says there
# is no more than a by-product of its weights. How large is the error over many clips?

# %%
attributions = [one if some is clip else attribute_clip(classifier, some, **options) for some in clips]
gaps = np.array([abs(a.gap) for a in attributions])
errors = np.array([abs(a.delta) for a in attributions])
shares = np.array([a.relative_error for a in attributions])
share = np.median(shares)
exact = pd.DataFrame({"logits to explain": gaps, "completeness error": errors, "error as a share": shares})
exact.describe(percentiles=[0.5, 0.9]).loc[["50%", "90%", "max"]]

# %% [markdown]
# ## A second opinion: Shapley values
#
# Let the tokens of the prompt come in one by one, in a random order, each in the place of its baseline
# embedding. Each gets what the score gains when it comes. The mean over all orders is its **Shapley value**.
# There are too many orders, so a few are drawn. Whatever they are, their sum is exact. The price: it runs
# once for each token and order, and few orders leave a rough mean. Two separate draws show how rough.

# %%
theirs = attributions[:n_random_clips]
draws = [
    [sample_shapley(classifier, a.clip, a.target, n_permutations, filler, draw) for draw in (seed, seed + 1)]
    for a in theirs
]
repeats = np.array([correlate(*two) for two in draws])
means = [replace(first, scores=(first.scores + second.scores) / 2) for first, second in draws]
agrees = np.array([correlate(a, b) for a, b in zip(theirs, means, strict=True)])
missed = max(abs(found.delta) for two in draws for found in two)
print(f"{len(theirs)} clips, {n_permutations} orders in each of two draws (seeds {seed} and {seed + 1})")
print(f"completeness error at most {missed:.3f} logits")
ranks = pd.DataFrame({"of the two draws": repeats, "of their mean with integrated gradients": agrees})
ranks.agg(["mean", "min", "max"]).T.rename_axis("rank correlation")

# %%
fig, axes = plt.subplots(2, 1, figsize=(9, 4.2), sharex=True, layout="constrained")
for ax, found, title in ((axes[0], theirs[0], f"integrated gradients, {n_steps} steps"),
                         (axes[1], means[0], f"Shapley values, {2 * n_permutations} orders")):  # fmt: skip
    plots.attribution.plot_token_scores(ax, found.scores, found.kinds)
    ax.set_title(f"{title}: error {abs(found.delta):.2f} of {found.gap:+.2f} logits")
axes[1].set_xlabel("position in the prompt")
fig.suptitle(f"“{theirs[0].clip.text}”", x=0.01, ha="left")
fig.savefig(figures / "12_shapley.png", dpi=110)
plt.show()

# %% [markdown]
# *How to read it:* where both methods name a token, trust it more. Where two draws of the *same* method
# disagree, nobody knows yet.
#
# ## Words against sound
#
# With two players only, all words and all speech tokens, Shapley values are exact: there are two orders, and
# four prompts to ask about. So they, not the rough integral, say how the model divides its trust. The
# intervals resample whole sentences.

# %%
credits = [share_credit(classifier, a.clip, a.target, filler) for a in attributions]
sums = pd.DataFrame(credits)[[TEXT, AUDIO]]
integrals = pd.DataFrame([a.sums() for a in attributions])[[TEXT, AUDIO]]
sums.corrwith(integrals, method="spearman").rename("rank correlation of exact credit and integral").to_frame()

# %%
subsets = {"all": np.full(len(clips), True)}
subsets |= {plots.show_name(name): logits.argmax(axis=1) == k for k, name in enumerate(names)}
sentence, bootstrap = groups(clips), Bootstrap(n_resamples, seed)
credit = {
    f"{label} ({at.sum()} clips): {kind}": resample_mean(sums[kind][at], sentence[at], bootstrap).values
    for label, at in subsets.items() if at.sum() > 1 for kind in sums
}  # fmt: skip
fig, ax = plt.subplots(figsize=(8, 0.25 * len(credit) + 1.4))
plots.intervals.plot_intervals(ax, list(credit), list(credit.values()), "added to the score (logits)")
ax.set_title(f"what words and tokens add to the predicted class ({len(clips)} clips, seed {seed})")
fig.savefig(figures / "12_words_and_sound.png", dpi=110)
plt.show()

# %% [markdown]
# Words less sound, in logits:

# %%
more = resample_mean(sums[TEXT] - sums[AUDIO], sentence, bootstrap)
more

# %% [markdown]
# *Predict: is the share of the sound larger where the words leave the class open?*

# %%
is_open = np.array([some.ambiguous for some in clips])
parts = {"ambiguous": is_open, "specific": ~is_open}
table = {
    label: {"clips": at.sum(), "sound adds": str(resample_mean(sums[AUDIO][at], sentence[at], bootstrap)),
            "words add": sums[TEXT][at].mean()}
    for label, at in parts.items() if at.any()
}  # fmt: skip
pd.DataFrame(table).T

# %% [markdown]
# ## Attention is a different thing
#
# The head sees the last position of the prompt. Each block of the model computes that position as a mixture
# of all positions, with weights that are called **attention**. They say where a block *looks*. They do not
# say what it makes of what it sees: a token can be looked at and speak against the class, or change nothing.

# %%
attention = read_attention(classifier, clip)
fig, axes = plt.subplots(2, 1, figsize=(9, 4.6), sharex=True, height_ratios=(1, 1.6), layout="constrained")
plots.attribution.plot_token_scores(axes[0], one.scores, one.kinds)
plots.attribution.plot_attention(axes[1], attention)
axes[0].set_title("above: integrated gradients; below: attention of the last position, block by block")
fig.savefig(figures / "12_attention.png", dpi=110)
plt.show()

at = one.kinds != MARKER
agreement = [spearmanr(block[at], np.abs(one.scores[at])).statistic for block in attention]
on_markers = attention[:, ~at].sum(axis=1).mean()
print(f"{on_markers:.0%} of the attention lies on the markers, whose attribution is 0 by design")
pd.Series(agreement).describe().rename("rank correlation with |attribution|, by block").to_frame()

# %% [markdown]
# ## Is it true? Delete what it names
#
# A figure convinces because it looks right. A test is better: take the audio tokens with the largest
# attribution out of the prompt, and let the model predict again. If they carried the prediction, its score
# must fall more than when as many *random* audio tokens of the clip are taken out.

# %%
test = run_deletion_test(classifier, attributions, n_deleted, n_draws, bootstrap)
pd.Series(test.numbers, name="fall of the score, logits").to_frame()

# %% [markdown]
# The fall without the named tokens less that without random ones. *Above*: they matter more than random
# tokens; *below*: these attributions are false.

# %%
test.difference

# %% [markdown]
# Some dozens of clips make a wide interval. `scripts/reference_attribution.py` does the same for the shipped
# classifier on all test clips, with several numbers of deleted tokens; what it found is shown if it is there.

# %%
long_test = Path(corpus_dir).absolute().parent / "reference" / f"attribution_{task}.json"
if long_test.is_file():
    long_run = json.loads(long_test.read_text(encoding="utf-8"))
    print(f"{long_run['n_clips']} test clips, {long_run['n_groups']} sentences, {long_run['n_steps']} steps")
    display(pd.DataFrame(long_run["deletion"]).set_index("k"))
    checked = {f"random {part}": check for part, check in long_run["random_models"].items()}
    display(pd.DataFrame(checked).T)
else:
    print("No long run here. Make it with: python scripts/reference_attribution.py")

# %% [markdown]
# ## Is it about this model? Ask random ones
#
# Some explanations look the same whatever the model has learned
# ([arXiv 1810.03292](https://arxiv.org/abs/1810.03292)): they show the input, not the model. So draw the
# trained weights anew, at random, and attribute the same class again. Of an explanation of *this* model
# nothing may be left: over random models, the rank correlation must be near 0. `head` draws the last layer
# anew, `all` also the adapters, and the tokens' rows if they were trained. The same model, asked again with
# twice the steps, shows how well the pattern repeats where it should.

# %%
again = partial(attribute_clip, classifier, **options)
checks = {
    part: compare_with_random_weights(classifier, theirs, again, part, n_random_models, seed)
    for part in ("head", "all")
}
finer = [attribute_clip(classifier, a.clip, a.target, 2 * n_steps, filler) for a in theirs]
same = np.array([correlate(a, b) for a, b in zip(theirs, finer, strict=True)])
spread = {f"random: {part}": found.mean(axis=1) for part, found in checks.items()}
table = {"same model, twice the steps": [same.mean(), np.nan, np.nan]}
table |= {label: [v.mean(), v.min(), v.max()] for label, v in spread.items()}
pd.DataFrame(table, ["rank correlation", "lowest model", "highest model"]).T

# %%
fig, ax = plt.subplots(figsize=(7, 2.4))
shown = {f"random: {part}": found.ravel() for part, found in checks.items()}
shown = {"same model, twice the steps": same} | shown
plots.training.plot_seed_scores(ax, shown, dict.fromkeys(shown, plots.AUDIO))
ax.axvline(0, color=plots.NEUTRAL, lw=1)
ax.set(xlim=(-1.05, 1.05), xlabel="rank correlation with the trained model's attribution (line: mean)")
ax.set_title(f"{len(theirs)} clips, {n_random_models} random models of each kind, seed {seed}")
fig.savefig(figures / "12_random_models.png", dpi=110)
plt.show()

# %%
half = same.mean() / 2  # a model agrees if its correlation is at least half of what the same model reaches
if same.mean() < 0.3:
    sanity = "Not decided: the same model does not repeat its own pattern, with so few steps."
elif all(np.abs(v).max() < half for v in spread.values()):
    sanity = "No random model repeats the pattern."
elif any(v.mean() >= half for v in spread.values()):
    sanity = "The pattern survives in random models: do not read it as this model's reasons."
else:
    sanity = "Not decided: a random model agrees with the trained one, or points the opposite way."
print(sanity)

# %% [markdown]
# One random head can point the trained one's way by chance, or the opposite way, on all clips alike. That is
# why the mean over several models counts, and why their lowest and highest are shown.
#
# ### Exercise 1 · Complete or not? (easy, 5 minutes)
#
# Write the check yourself: `scores` are the attributions of a prompt's tokens, `score` and `baseline_score`
# the logits at both ends. Return the completeness error as a share of what is to be explained.


# %%
def my_error(scores, score, baseline_score):
    return None  # your code


exercises.check_completeness(my_error)

# %% [markdown]
# <details><summary>Hint</summary>
#
# What should `scores.sum()` be? An error has no sign.
# </details>
# <details><summary>Solution</summary>
#
# ```python
# def my_error(scores, score, baseline_score):
#     gap = score - baseline_score
#     return abs(scores.sum() - gap) / abs(gap)
# ```
# </details>
#
# ### Exercise 2 · A fair control (medium, 8 minutes)
#
# The deletion test needs random tokens. `scores` are the attributions of a clip's audio tokens, `k` how many
# are deleted, `rng` a NumPy generator. Return two lists of places: the `k` largest, and `k` random ones, none
# of them twice, drawn from **all** audio tokens of the clip.


# %%
def my_places(scores, k, rng):
    return None  # your code: (top, random)


exercises.check_control(my_places)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `np.argsort` sorts from small to large. `rng.choice` draws with replacement unless you say otherwise.
# </details>
# <details><summary>Solution</summary>
#
# ```python
# def my_places(scores, k, rng):
#     top = np.argsort(-scores)[:k]
#     return top, rng.choice(len(scores), k, replace=False)
# ```
# </details>
#
# ## Limits
#
# - An attribution explains the *model*, not the speech: a model can be right for reasons that are wrong.
# - The score of this language model goes up and down on the path from the baseline. A few steps miss that, so
#   sums of integrated gradients are rough. What holds on average (the tests above) need not hold for one bar.
# - It depends on the baseline. "Compared with what?" belongs to every answer.
# - Tokens work together: a rise of pitch is several tokens in a row. A sum divides what they do among them.
# - Deleting tokens makes prompts that the model has never met, so a part of the fall may be surprise. Random
#   deletions are as strange; that is why the difference counts.
# - The deletion test asks about tokens that speak *for* the prediction, on clips of one corpus.
#
# ## Summary

# %%
print(f"- Words less sound, logits: {more}")
print(f"- The integrals miss {share:.0%} of what is to be explained (median, {n_steps} steps).")
print(f"- Shapley values: {agrees.mean():+.2f} with the integrals, {repeats.mean():+.2f} with themselves.")
print(f"- Deletion, named less random tokens: {test.difference}\n- Random models: {sanity}")
print(f"- Attention is another thing: its rank correlation is {np.mean(agreement):+.2f} with the size.")

# %%
metrics = {
    "clips": len(clips),
    "median completeness error, logits": np.median(errors),
    "median to explain, logits": np.median(gaps),
    "median error as a share": share,
    "rank correlation, two Shapley draws": repeats.mean(),
    "rank correlation, Shapley and integral": agrees.mean(),
    "credit of words, mean": sums[TEXT].mean(),
    "credit of audio, mean": sums[AUDIO].mean(),
    "words less audio": more.values,
    "deletion, top less random": test.difference.values,
    "rank correlation, same model": same.mean(),
    **{f"rank correlation, {label}": values.mean() for label, values in spread.items()},
    "rank correlation of attention": np.mean(agreement),
}
record_metrics(run_dir, "12_why_this_prediction", **metrics)
pd.Series(metrics, name="").to_frame()

# %% [markdown]
# To explain a prediction for a recording of yours, open [20 · Live demo](20_live_demo.ipynb).
#
# Next: [13 · Your own corpus →](13_your_own_corpus.ipynb)
