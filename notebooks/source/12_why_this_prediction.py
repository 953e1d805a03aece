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
# About 1 minute on two CPU cores, no GPU (some more if there is no classifier yet: a small one is trained).
#
# [← 11 · Token atlas](11_token_atlas.ipynb) ·
# [contents](00_start_here.ipynb) ·
# [13 · Your own corpus →](13_your_own_corpus.ipynb)
#
# You will
#
# - **attribute** a prediction to every word and speech token by integrated gradients, and check the sum;
# - **divide** it exactly between all words and all sounds, by Shapley values of the two;
# - **test** the attribution: delete the tokens that it names, and see whether the score falls.

# %%
import json
from itertools import zip_longest
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from IPython.display import Audio, Markdown, display
from scipy.stats import spearmanr

from speechlm_utils import exercises, plots, widgets
from speechlm_utils.attribution.edits import edit_clip, mute_tokens
from speechlm_utils.attribution.faithfulness import run_deletion_test
from speechlm_utils.attribution.figure import draw_attribution
from speechlm_utils.attribution.gradients import (
    AUDIO,
    MARKER,
    TEXT,
    ask,
    attribute_clip,
    pose,
    read_attention,
)
from speechlm_utils.attribution.shapley import share_credit
from speechlm_utils.audio import hash_file, load_audio
from speechlm_utils.bootstrap import Bootstrap, draw_weights, resample_mean
from speechlm_utils.clips import groups, label_ids, sample_clips
from speechlm_utils.experiment import Experiment
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.notebook.overview import list_versions
from speechlm_utils.notebook.record import record_metrics
from speechlm_utils.tokens import list_occurrences
from speechlm_utils.torch_settings import quiet_transformers

plots.apply_style()
pd.options.display.precision = 3
pd.options.display.max_colwidth = None
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
filler = " the"  # its embedding fills the baseline; None: the mean embedding of the vocabulary
n_steps = 32  # points of the integral, for one clip
few_steps = 6  # points of the integral, for many clips
n_path = 25  # places on the path that are drawn
n_clips = 12  # test clips, each of another sentence, whose score is divided between words and sound
n_tested = 6  # of these, that the deletion test asks about
n_deleted = 3  # speech tokens
n_draws = 5  # sets of random tokens for each clip
n_resamples = 2000  # of sentences

# %% [markdown]
# ## The classifier
#
# It is the shipped one, `data/classifier`, which reads words and 75 speech tokens;
# [notebook 05](05_finetune.ipynb) shows how good it is. What an explanation is worth depends on that: of a
# model that does not listen, there is no listening to explain.

# %%
experiment = Experiment(
    corpus_dir, codec_name, run_dir, cache_dir,
    seed, clips_per_split, LLMSpec(llm_name, llm_dtype, llm_quantization),
)  # fmt: skip
classifier = experiment.find_classifier(task, max_steps)
names, codec = classifier.label_names, classifier.codec
several = sample_clips(experiment.clips(task, "test"), task, limit=4 * n_clips, seed=seed)
one_each = list({clip.group: clip for clip in several}.values())  # of a sentence
drawn = [one_each[i] for i in np.random.default_rng(seed).permutation(len(one_each))]
by_kind = ([some for some in drawn if bool(some.ambiguous) == kind] for kind in (True, False))
clips = [some for pair in zip_longest(*by_kind) for some in pair if some is not None][:n_clips]
y, logits = label_ids(clips, task, names), classifier.predict(clips)

# %%
how, tested = classifier.settings, classifier.results.get("metrics", {}).get("test")
facts = {
    "model": f"{classifier.llm.name} with LoRA of rank {how.lora_rank}",
    "speech tokens that it knows": len(classifier.tokens),
    "macro-F1 on the whole test set, when it was trained": tested["macro_f1_all"] if tested else np.nan,
    "clips here": f"{len(clips)} test clips of {len(set(groups(clips)))} sentences (seed {seed})",
    "of these, predicted right": f"{(logits.argmax(axis=1) == y).mean():.0%}",
}
pd.Series(facts, name="").to_frame()

# %% [markdown]
# ## One prediction
#
# The model gives every class a score (a *logit*; the largest wins). We ask about the score of the class that
# it predicts: what did each word and each speech token add to it?
#
# Added compared with *what*? With a **baseline**: a prompt of the same length and with the same markers, in
# which every word and every speech token is replaced by one and the same embedding that says nothing in
# particular, that of the word "the". The score of the prompt minus that of the baseline is what we explain.
#
# *Listen first. Does this clip's class rest on its words or on its sound?*

# %%
right = np.flatnonzero(logits.argmax(axis=1) == y)
place = next((i for i in right if clips[i].ambiguous), right[0] if len(right) else 0)
clip = clips[place]
wav = load_audio(clip.audio, codec.spec.sample_rate)
display(Markdown(f"“{clip.text}”, labelled **{plots.show_name(clip.labels[task])}**"))
display(Audio(wav, rate=codec.spec.sample_rate))

# %%
asked = pose(classifier, clip, filler=filler)
with quiet_transformers(), torch.inference_mode():
    score, score_of_baseline = asked.read(torch.cat([asked.embedded, asked.baseline])).tolist()
print(
    f"score of {plots.show_name(names[asked.target])}: {score:.2f}; of the baseline: {score_of_baseline:.2f}"
)

# %% [markdown]
# **Integrated gradients** ([arXiv 1703.01365](https://arxiv.org/abs/1703.01365)) go in a straight line from
# the baseline to the prompt. At many points of this path they take the gradient: how much does the score
# change with each coordinate of each token's embedding? The mean gradient, times the distance that the
# coordinate has moved, is what it adds. The mean is an integral; the rule of Gauss and Legendre says at
# which points to look and what weight to give them.


# %%
def integrate(asked, n_steps=n_steps):
    points, weights = (torch.tensor(one).float() for one in np.polynomial.legendre.leggauss(n_steps))
    points, weights, total = (points + 1) / 2, weights / 2, 0  # from [-1, 1] to [0, 1]
    for some, weight in zip(points.split(8), weights.split(8), strict=True):
        at = torch.lerp(asked.baseline, asked.embedded, some[:, None, None]).requires_grad_()
        (slope,) = torch.autograd.grad(asked.read(at) @ weight, at)
        total = total + slope.sum(dim=0, keepdim=True)
    return total * (asked.embedded - asked.baseline)


one = ask(clip, asked, integrate)

# %%
fig = plt.figure(figsize=(9, 5.6), layout="constrained")
print(draw_attribution(fig, one, classifier, wav))
figures = Path(run_dir) / "figures"
figures.mkdir(parents=True, exist_ok=True)
fig.savefig(figures / "12_attribution.png", dpi=110)
plt.show()

# %% [markdown]
# At the top are the words, then the waveform, and below the speech tokens where they occur in time. A bar
# above 0 speaks for the class that the model predicts, a bar below 0 against it. All bars are in logits.
#
# Ask about another clip, or about a recording of yours (in JupyterLab; it takes some seconds).

# %%
menu = {f"{some.text} ({plots.show_name(some.labels[task])}, {some.id})": some for some in clips[:16]}


def explain(figure, heard, sound):
    return draw_attribution(
        figure, attribute_clip(classifier, heard, None, n_steps, filler), classifier, sound
    )


widgets.explore_clips(classifier, menu, explain)

# %% [markdown]
# ## Does the sum hold?
#
# The method has a promise that can be checked, **completeness**: all bars add up to what is to be explained.
# What is missing is the error of the integration, the *completeness error*. *Predict: how large is it with
# few points on the path, and with many?*

# %%
coarse = {few_steps: attribute_clip(classifier, clip, one.target, few_steps, filler), n_steps: one}
rows = {
    steps: {"to explain": found.gap, "sum of all bars": found.scores.sum(), "error": abs(found.delta)}
    | {"error as a share": found.relative_error, "words": found.sums()[TEXT], "sound": found.sums()[AUDIO]}
    for steps, found in coarse.items()
}
pd.DataFrame(rows).T.rename_axis("points")

# %% [markdown]
# All columns but the share are in logits. Why are so many points needed? Look at the path itself: the score
# at places between baseline and prompt.

# %%
path = torch.linspace(0, 1, n_path)
with quiet_transformers(), torch.inference_mode():
    height = torch.cat(
        [
            asked.read(torch.lerp(asked.baseline, asked.embedded, some[:, None, None]))
            for some in path.split(8)
        ]
    )
path, height = path.numpy(), height.float().numpy()

# %%
fig, ax = plt.subplots(figsize=(8, 2.8))
points = (np.polynomial.legendre.leggauss(few_steps)[0] + 1) / 2
plots.attribution.plot_path_scores(ax, path, height, points)
ax.set_title(f"{one.gap:+.2f} logits from end to end, one clip")
plt.show()
print(f"Ups and downs together: {np.abs(np.diff(height)).sum():.1f} logits; end to end: {abs(one.gap):.1f}.")

# %% [markdown]
# Points between two embeddings are off-distribution: the model has never met such input, so its output there
# is arbitrary. Where the path is rough, gradients at a few points say little about their mean.
#
# How large is the error over several clips? Here with the few points that the time allows; a stored run with
# more points on more clips is shown beside it, where there is one.

# %%
attributions = [attribute_clip(classifier, some, None, few_steps, filler) for some in clips[:n_tested]]
where = Path(corpus_dir).absolute().parent / "reference" / f"attribution_{task}.json"
stored = json.loads(where.read_text(encoding="utf-8")) if where.is_file() else None
errors = {f"{few_steps} points, computed here": [(one.gap, one.delta) for one in attributions]}
if stored:
    errors[f"{stored['n_steps']} points, stored"] = zip(stored["gaps"], stored["errors"], strict=True)

# %%
rows = {}
for name, pairs in errors.items():
    gap, error = np.abs(np.array(list(pairs))).T
    rows[name] = {"clips": len(gap), "to explain, median": np.median(gap), "error, median": np.median(error)}
    rows[name] |= {
        "error as a share, median": np.median(error / gap),
        "share, 90th percentile": np.quantile(error / gap, 0.9),
    }
exact = pd.DataFrame(rows).T
exact

# %%
for name, share in exact["error as a share, median"].items():
    holds = "holds" if share < 0.05 else "holds roughly" if share < 0.2 else "does not hold"
    print(f"{name}: the sum {holds}; the typical error is {share:.0%} of what is to be explained.")

# %% [markdown]
# Where the sum does not hold, a bar must not be read as so many logits. Whether the *order* of the tokens is
# of use is another question, and it can be tested: see the deletion below.
#
# ## Words against sound, exactly
#
# Two players, all words and all speech tokens, enter the baseline prompt one after the other, in both
# orders. Each is credited with what the score gains when it enters, averaged over the two orders: its
# **Shapley value**. With two players four prompts are enough; there is no integral, and so no error.

# %%
is_text, is_audio = (torch.tensor(asked.kinds == kind)[:, None] for kind in (TEXT, AUDIO))
present = torch.stack([is_text & False, is_text, is_audio, is_text | is_audio])
with quiet_transformers(), torch.inference_mode():
    nothing, words, sound, both = asked.read(torch.where(present, asked.embedded, asked.baseline)).tolist()
by_hand = {
    TEXT: ((words - nothing) + (both - sound)) / 2,
    AUDIO: ((sound - nothing) + (both - words)) / 2,
}

# %%
print(f"words {by_hand[TEXT]:+.2f}, sound {by_hand[AUDIO]:+.2f}; together {sum(by_hand.values()):+.2f}")
print(f"from the baseline's score to the prompt's: {both - nothing:+.2f}")
print(f"integrated gradients, the same clip: words {one.sums()[TEXT]:+.2f}, sound {one.sums()[AUDIO]:+.2f}")

# %% [markdown]
# Where the two differ, trust the exact one: its four prompts are all that it needs, while the integral asks
# the model about points between embeddings. The single bars of the figure above are then a ranking at best.

# %% [markdown]
# `share_credit` does the same for many clips. *Predict: which adds more to the score, words or sound? And is
# the part of the sound larger where the words leave the class open?* (In this corpus some sentences are
# *ambiguous*: their words fit several classes. The others are *specific*.)

# %%
credits = [share_credit(classifier, some, None, filler) for some in clips]
sums = pd.DataFrame(credits)[[TEXT, AUDIO]]
assert sums[AUDIO].mean() > 0, "this classifier does not listen"
np.testing.assert_allclose(sums.iloc[place], list(by_hand.values()), atol=1e-3)

# %%
sentence, bootstrap = groups(clips), Bootstrap(n_resamples, seed)
is_open = np.array([some.ambiguous for some in clips])
parts = {"all": is_open | True, "ambiguous": is_open, "specific": ~is_open}
credit = {
    f"{player}, {label} ({at.sum()} clips)": resample_mean(sums[kind][at], sentence[at], bootstrap)
    for label, at in parts.items() if at.sum() >= 5 for kind, player in ((TEXT, "words"), (AUDIO, "sound"))
}  # fmt: skip

# %%
fig, ax = plt.subplots(figsize=(8, 0.3 * len(credit) + 1.2))
colors = [plots.TEXT if name.startswith("words") else plots.AUDIO for name in credit]
spans = [one.values for one in credit.values()]
plots.intervals.plot_intervals(
    ax, list(credit), spans, "added to the score of the predicted class (logits)", colors
)
ax.set_title(f"Shapley values of words and sound, 95 % intervals over {len(set(sentence))} sentences")
fig.savefig(figures / "12_words_and_sound.png", dpi=110)
plt.show()

# %% [markdown]
# Words minus sound, in logits, over all clips:

# %%
more = resample_mean(sums[TEXT] - sums[AUDIO], sentence, bootstrap)
more

# %%
says = {
    "above": "The words add more than the sound.",
    "below": "The sound adds more than the words.",
    "not decided": "Whether words or sound add more is not decided with so few clips.",
}
print(says[more.verdict])

# %% [markdown]
# Does the sound add more where the words leave the class open? The mean over the ambiguous clips minus that
# over the specific ones, in logits:

# %%
weights, of_sound = draw_weights(len(clips), bootstrap), sums[AUDIO].to_numpy()
if (fewest := min(is_open.sum(), (~is_open).sum())) < 5:
    print(f"Only {fewest} clips of one kind: too few for an interval.")
else:
    means = [weights[:, at] @ of_sound[at] / weights[:, at].sum(axis=1) for at in (is_open, ~is_open)]
    print(bootstrap.interval(means[0] - means[1], len(clips), "sentences"))

# %% [markdown]
# ## Attention is a different thing
#
# The head sees the last position of the prompt. Each block of the model computes that position as a mixture
# of all positions, with weights that are called **attention**. They say where a block *looks*, not what it
# makes of what it sees: a token can be looked at and speak against the class, or change nothing.

# %%
attention = read_attention(classifier, clip)
fig, ax = plt.subplots(figsize=(9, 3), layout="constrained")
plots.attribution.plot_attention(ax, attention)
ax.set_title("attention of the last position, block by block")
plt.show()
at = one.kinds != MARKER
agreement = np.mean([spearmanr(block[at], np.abs(one.scores[at])).statistic for block in attention])
print(
    f"{attention[:, ~at].sum(axis=1).mean():.0%} of the attention lies on the markers, whose attribution is 0"
)
print(f"rank correlation of attention and size of the attribution: {agreement:+.2f} (mean over the blocks)")

# %% [markdown]
# ## Is it true? Delete what it names
#
# A figure convinces because it looks right. A test is better: take the speech tokens with the largest
# attribution out of the prompt, and let the model predict again. If they carried the prediction, its score
# must fall more than when as many *random* speech tokens of the same clip are taken out. First one clip:

# %%
found = list_occurrences(clip.codes, classifier.tokens, classifier.settings.collapse_repeats)
scores = one.scores[one.kinds == AUDIO]
top = np.argsort(-scores)[:n_deleted]
random = np.random.default_rng(seed).choice(len(scores), len(top), replace=False)
edited = [edit_clip(clip, mute_tokens(found, places)) for places in ([], top, random)]
after = classifier.predict(edited)[:, one.target]
pd.Series(
    after, ["nothing deleted", f"the top {len(top)} deleted", f"{len(top)} random ones deleted"], name="score"
).to_frame()

# %% [markdown]
# One random draw on one clip proves nothing. So: several draws, several clips, and an interval that resamples
# sentences. *Predict: does the score fall more without the top tokens than without random ones? By how much?*

# %%
test = run_deletion_test(classifier, attributions, n_deleted, n_draws, bootstrap)
print(
    f"The score falls by {test.top:.2f} without the top {test.k}, by {test.random:.2f} without random ones."
)
test.difference

# %%
rows = {f"{few_steps} points, computed here": test.numbers}
if stored:
    rows |= {f"{stored['n_steps']} points, stored, k = {found['k']}": found for found in stored["deletion"]}
    weights = Path(corpus_dir).absolute().parent / "classifier" / "adapter" / "adapter_model.safetensors"
    same = weights.is_file() and hash_file(weights) == stored["classifier"]
    print(
        "The stored run asked",
        "the shipped classifier." if same else "an EARLIER classifier than the shipped.",
    )
pd.DataFrame(rows).T.drop(columns="n_groups").rename(columns={"top": "fall, top", "random": "fall, random"})

# %%
verdicts = {
    "above": "the named tokens matter more than random ones.",
    "below": "the named tokens matter less than random ones: these attributions are false.",
    "not decided": "so few clips do not decide whether the named tokens matter more than random ones.",
}
print(f"Computed here ({test.n_clips} clips): {verdicts[test.difference.verdict]}")
if stored:
    random_models = {part: check["mean"] for part, check in stored["random_models"].items()}
    shown = ", ".join(f"{part} {mean:+.2f}" for part, mean in random_models.items())
    print(f"Rank correlation with models of random weights (stored): {shown}")

# %% [markdown]
# `scripts/reference_attribution.py` also makes another test (the last line). Some explanations look the
# same whatever the model has learned ([arXiv 1810.03292](https://arxiv.org/abs/1810.03292)): they show the
# input, not the model. So the trained weights are replaced by random ones, of the *head* or of *all* that
# was trained, and the same clips are attributed again. If the explanation is about what the model has
# learned, little of it survives: the correlation should be near 0.
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
# The deletion test needs random tokens. `scores` are the attributions of a clip's speech tokens, `k` how many
# are deleted, `rng` a NumPy generator. Return two lists of places: the `k` largest, and `k` random ones, none
# of them twice, drawn from **all** speech tokens of the clip.


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
# - It depends on the baseline. "Compared with what?" belongs to every answer.
# - Tokens work together: a rise of pitch is several tokens in a row. A sum divides what they do among them.
# - What holds on average (the deletion test) need not hold for one bar.
# - Deleting tokens makes prompts that the model has never met, and a part of the fall may be due to that.
#   Random deletions are as unusual; that is why the difference counts.
# - The deletion test asks about tokens that speak *for* the prediction, on clips of one synthetic corpus.
#
# ## Summary

# %%
metrics = {
    "clips": len(clips),
    "deletion, top less random": test.difference.values,
    "words less audio": more.values,
    "credit of words, mean": sums[TEXT].mean(),
    "credit of audio, mean": sums[AUDIO].mean(),
    "error as a share, one clip": one.relative_error,
    "median error as a share": exact["error as a share, median"].tolist(),
    "rank correlation of attention": agreement,
}
record_metrics(run_dir, "12_why_this_prediction", **metrics)
pd.Series(metrics, name="").to_frame()

# %% [markdown]
# To explain a prediction for a recording of yours, open [20 · Live demo](20_live_demo.ipynb).
#
# Next: [13 · Your own corpus →](13_your_own_corpus.ipynb)
