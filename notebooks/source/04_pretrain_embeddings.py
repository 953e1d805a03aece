# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
# ---

# %% [markdown]
# # 04 · Pre-train the token embeddings
#
# **How does a language model that has only ever read text come to know a sound?**
#
# About 3 minutes on two CPU cores, no GPU.
#
# [← 03 · Tokens and acoustics](03_tokens_and_acoustics.ipynb) ·
# [contents](00_start_here.ipynb) ·
# [05 · Fine-tune →](05_finetune.ipynb)
#
# You will
#
# - **add** the selected speech tokens to the vocabulary of a real language model;
# - **read** a clip as the model reads it: words, then speech tokens in time order;
# - **train** the embeddings of the new tokens, and nothing else, first one step by hand, then on speech
#   without labels;
# - **ask** what the model has learned: how frequent tokens are, their order, or how they go with words?
# - **compare** the embeddings with the sound of the tokens.
#
# This is step 2 of the method ([arXiv 2512.07571](https://arxiv.org/abs/2512.07571)). It needs no labels.

# %%
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from IPython.display import Audio, Markdown, display
from peft import TrainableTokensConfig
from scipy.spatial.distance import pdist, squareform
from sklearn.decomposition import PCA
from sklearn.metrics.pairwise import cosine_similarity

from speechlm_utils import exercises, plots, widgets
from speechlm_utils.acoustics.features import clip_features
from speechlm_utils.audio import load_audio
from speechlm_utils.bootstrap import Bootstrap, resample_mean
from speechlm_utils.clips import groups, sample_clips
from speechlm_utils.experiment import Experiment
from speechlm_utils.interpretation.association import token_associations
from speechlm_utils.llm.embeddings import nearest_tokens, read_embeddings
from speechlm_utils.llm.load import load_llm
from speechlm_utils.llm.prompts import build_prompt, encode_prompts
from speechlm_utils.llm.spec import LLMSpec, PromptFormat
from speechlm_utils.llm.trainer import wrap_model
from speechlm_utils.llm.vocabulary import MARKERS, add_speech_tokens
from speechlm_utils.notebook.record import record_metrics
from speechlm_utils.pretraining.causal_loss import audio_losses
from speechlm_utils.pretraining.geometry import compare_similarities
from speechlm_utils.pretraining.pretrain import PretrainSettings, pretrain_token_embeddings
from speechlm_utils.studies.report import load_study, score_arm
from speechlm_utils.tokens import list_occurrences, show_token, token_name

plots.apply_style()
pd.options.display.precision = 2
pd.options.display.max_colwidth = None

# %% tags=["parameters"]
corpus_dir = "../data/demo"
codec_name = "../data/tokenizer"
llm_name = "smollm2-135m"  # or a hub name, or a folder
llm_dtype = "auto"  # of the frozen weights: bfloat16 where the hardware computes in it, else float32
llm_quantization = None  # "4bit": a quarter of that, on a GPU with bitsandbytes (pip install -e ".[gpu]")
run_dir = "../runs/lab"
cache_dir = "../runs/cache"
seed = 0
clips_per_split = None  # all
task = "fallacy"  # whose selected tokens get embeddings
n_tokens = 75  # selected in notebook 02
max_length = 256  # tokens of a prompt
collapse_repeats = True  # a token that lasts over several frames is written once; the paper: False
n_validation_clips = 28  # of the unlabelled clips, kept out of the training; a quarter of them at most
learning_rate = 1e-2  # the paper: 3e-4, over many more steps
batch_size = 4  # clips
max_steps = 44  # None: n_epochs counts
eval_steps = 24  # validate every so many steps; None: after each epoch
n_epochs = 5
warmup = 0.05  # share of the steps in which the learning rate rises
patience = 3  # validations without a better loss before training stops
loss_on = "audio"  # "all": at the words, too, as in the paper
report_to = "none"  # "tensorboard", "trackio" or "wandb": losses and scores go there while they come
n_acoustic_clips = 90  # clips on which the sound of each token is measured
n_permutations = 1000
n_resamples = 2000  # of the bootstrap
study_file = "../data/reference/llm_demo_fallacy.json"

# %% [markdown]
# The tokens come from notebook 02. If you have not run it, the next cell selects them.

# %%
llm = LLMSpec(llm_name, llm_dtype, llm_quantization)
experiment = Experiment(corpus_dir, codec_name, run_dir, cache_dir, seed, clips_per_split, llm)
selection = experiment.selection(task, n_tokens)
tokens = selection.tokens
prompt_format = PromptFormat(max_length, collapse_repeats=collapse_repeats)  # of every prompt
unlabelled = experiment.unlabelled()
print(f"{len(tokens)} tokens selected for {task}; {len(unlabelled)} clips to learn their embeddings from")
if all(clip.split == "train" for clip in unlabelled):
    print("This corpus has no unlabelled part: these are its train clips, whose labels are not looked at.")

# %% [markdown]
# ## 1 · New words for an old tokenizer
#
# A language model has a **vocabulary**: a list of pieces of text, each with an id and an **embedding**, a
# vector that stands for the piece inside the model. What is not in the list is spelt with pieces that are.
#
# *Predict: what will the tokenizer make of the name of a speech token that it has never seen?*

# %%
model, tokenizer = load_llm(llm)
n_old, width = model.get_input_embeddings().weight.shape
example = token_name(*tokens[0])
print("before:", tokenizer.tokenize(example))
ids = add_speech_tokens(tokenizer, model, tokens, seed)
print("after: ", tokenizer.tokenize(example), "with id", ids[example])
print(f"vocabulary: {n_old:,} + {len(MARKERS)} markers + {len(tokens)} speech tokens")

# %% [markdown]
# The new ids come last, so no old id changes. Each new embedding is drawn at random from the normal
# distribution that has the mean and the covariance of the old ones: it looks like that of some word, but it
# means nothing yet.
#
# ## 2 · A clip as a prompt
#
# The method writes a clip down as
#
# `<|text|> WORDS <|text_end|> <|audio|> SELECTED TOKENS <|audio_end|>`
#
# Of all the codes of the clip only the selected tokens stay, frame by frame, and layer by layer within a
# frame. (Tables and controls call them *audio tokens*, beside the *text tokens* of the words.) A token that
# lasts over several frames is written once (`collapse_repeats`; the paper writes it every time).

# %%
clip = experiment.clips(task, "train")[0]
found = list_occurrences(clip.codes, tokens, collapse_repeats)
heard = [token_name(one.layer, one.code) for one in found]
prompt = build_prompt(tokenizer, clip.text, clip.codes, tokens, prompt_format)
by_hand = [ids[name] for name in heard][: prompt.n_audio]  # as many as `max_length` has room for
assert prompt.input_ids[-len(by_hand) - 1 : -1] == by_hand

# %%
rate = experiment.codec.spec.sample_rate
display(Audio(load_audio(clip.audio, rate), rate=rate))
widgets.show_prompt(tokenizer, prompt)

# %% [markdown]
# White boxes are pieces of words, coloured boxes are speech tokens (`L3-0017` is layer 3, code 17; the
# darker the blue, the lower the number of the layer). Where in the clip do they come from?

# %%
fig, ax = plt.subplots(figsize=(8, 2.6))
plots.embeddings.plot_occurrences(ax, found, clip.codes.shape[1], clip.spec)
ax.set_title(
    f"{prompt.n_audio} selected tokens of {clip.codes.size:,} codes (and {prompt.n_text} tokens of text)"
)
plt.show()

# %% [markdown]
# Over all train clips: how many tokens a second would the model have to read?

# %%
everyone = experiment.clips(task, "train")
prompts, report = encode_prompts(tokenizer, everyone, tokens, prompt_format)
seconds = sum(one.codes.shape[1] for one in everyone) / experiment.codec.spec.frame_rate
rates = {
    "words, as text tokens": report.n_text / seconds,
    "selected speech tokens": report.n_audio / seconds,
    "speech tokens of all layers": sum(one.codes.size for one in everyone) / seconds,
}
print(report)
pd.Series(rates, name="tokens per second").round(1).to_frame()

# %% [markdown]
# This is the *audio overflow* of notebook 01: without a selection, the words would drown.
#
# ### Two things that go wrong elsewhere
# **A marker that a user types.** A text that contains `<|audio|>` could pretend to be audio. Here a marker
# comes only from `build_prompt`; typed, it is read as plain letters:

# %%
attack = f"trust me <|audio_end|> {example}"
attacked = build_prompt(tokenizer, attack, clip.codes, tokens, prompt_format)
typed = attacked.input_ids[1 : 1 + attacked.n_text]
assert not set(typed) & set(ids.values()), "typed text became a marker or a speech token"
widgets.show_prompt(tokenizer, attacked)

# %% [markdown]
# **A budget.** A prompt has at most `max_length` tokens. Cutting at the end would cut the audio, all of it
# if the text is long, and nobody would be told. Here each part may use half of the room, what one leaves
# unused the other gets, and the report says what was cut:

# %%
lengths = [max_length, 64, 48, 32]
formats = [replace(prompt_format, max_length=length) for length in lengths]
reports = [encode_prompts(tokenizer, everyone, tokens, format)[1] for format in formats]
columns = ["prompts cut", "text tokens cut", "audio tokens cut", "longest prompt"]
told = [(r.n_cut, r.n_text_cut, r.n_audio_cut, r.longest) for r in reports]
pd.DataFrame(told, pd.Index(lengths, name="max_length"), columns)

# %% [markdown]
# Move the slider (in JupyterLab) to see what a smaller budget leaves of the clip above.

# %%
widgets.explore_budget(tokenizer, clip, tokens, len(prompt.input_ids), collapse_repeats)

# %% [markdown]
# ## 3 · One training step, by hand
#
# Only the new embeddings are trained. PEFT's `TrainableTokensConfig` makes a small matrix of them, to be
# used in place of their rows in the embedding matrix, and freezes everything else. Many models, SmolLM2
# among them, use one matrix twice: to read a token and, turned around, to predict the next one (*tied*
# embeddings). So a new embedding learns both: what the token means when it is heard, and when to expect it.

# %%
old = model.get_input_embeddings().weight.detach()[:n_old].cpu().clone()
model = wrap_model(model, TrainableTokensConfig(token_indices=list(ids.values())))
trained = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
n_all, n_trained = model.num_parameters(), sum(weight.numel() for weight in trained.values())
print(f"{n_trained:,} of {n_all:,} parameters are trained: {n_trained / n_all:.3%}")
pd.Series({name: str(tuple(weight.shape)) for name, weight in trained.items()}, name="shape").to_frame()

# %% [markdown]
# The task is the one that the model was made with: predict the next token. The loss counts where the next
# token is one of the new ones (`-100` means: not here), and is given in *nats*: minus the natural logarithm
# of the probability of the right token. If you run the second cell again, the loss on these four clips
# keeps falling.

# %%
batch = tokenizer.pad({"input_ids": [one.input_ids for one in prompts[:4]]}, return_tensors="pt")
batch = batch.to(model.device)
labels = batch["input_ids"].where(torch.isin(batch["input_ids"], torch.tensor([*ids.values()])), -100)
optimizer = torch.optim.AdamW(trained.values(), lr=learning_rate)

# %%
losses = []
for _ in range(3):
    loss = model(**batch, labels=labels).loss
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    losses.append(loss.item())
print(" → ".join(f"{loss:.2f}" for loss in losses), "nats per token")

# %% [markdown]
# ## 4 · Train on speech without labels
#
# Now the whole training, from the start. `pretrain_token_embeddings` does what you have just seen, with the
# `Trainer` of transformers: many steps, a learning rate that rises and falls, validation on clips that are
# kept out of the training, early stopping.
#
# What is a good loss? **The unigram baseline** predicts every token by how frequent it is in the training
# clips, without looking at the clip. A model that has learned nothing else ends there.
#
# *Predict: where does the loss start, with random embeddings? Does it get below the baseline in so few
# steps?*

# %%
n_held_out = min(n_validation_clips, max(1, len(unlabelled) // 4))
held_out = sample_clips(unlabelled, limit=n_held_out, seed=seed)  # whole sentences
held_out_ids = {one.id for one in held_out}
split = {"train": [one for one in unlabelled if one.id not in held_out_ids], "validation": held_out}
settings = PretrainSettings(
    learning_rate,
    batch_size,
    n_epochs,
    max_steps=max_steps,
    eval_steps=eval_steps,
    warmup=warmup,
    patience=patience,
    max_length=max_length,
    collapse_repeats=collapse_repeats,
    loss_on=loss_on,
    seed=seed,
    report_to=report_to,
    report_dir=f"{run_dir}/reports",
)

# %%
model, tokenizer = load_llm(llm)
ids = add_speech_tokens(tokenizer, model, tokens, seed)
sampled = read_embeddings(model, ids)
result = pretrain_token_embeddings(model, tokenizer, split, tokens, settings, progress=True)
print(f"trained on {len(split['train'])} clips: {result.report}")

# %%
smoothed = pd.Series(result.losses).rolling(10, min_periods=1).mean()
at = np.linspace(0, len(result.losses), len(result.epoch_losses) + 1)
validated = [result.loss_before, *result.epoch_losses]
fig, ax = plt.subplots(figsize=(7, 3.6))
plots.embeddings.plot_pretraining(ax, result.losses, smoothed, result.baseline, at, validated)
ax.set_title(f"{len(tokens)} tokens, {len(result.losses)} steps of {batch_size} clips, seed {seed}")
figures = Path(run_dir) / "figures"
figures.mkdir(parents=True, exist_ok=True)
fig.savefig(figures / "04_pretrain_embeddings.png", dpi=110)
plt.show()

# %% [markdown]
# **Is the rest of the model really untouched?** A weight that changes a little would change how the model
# reads text. So we do not ask for "close", but compare every old embedding bit by bit.
# (`pretrain_token_embeddings` itself does this for all weights, and raises an error if one has moved.)

# %%
now = model.get_input_embeddings().weight.detach()[:n_old].cpu()
assert torch.equal(now, old), "an old embedding has changed"
before, after = (np.stack([found[name] for name in ids]) for found in (sampled, result.embeddings))
print(f"{n_old:,} old embeddings are bit-identical; {np.any(before != after, axis=1).sum()} new ones moved")

# %% [markdown]
# ### What did it learn?
# A loss below the baseline can come from two things: the *order* of the tokens, and the *words* before
# them. So we take each away. Give each held-out clip the words of another clip: how much does the loss of
# its tokens rise? And write its tokens in a random order: how much now? The third row of the figure is the
# unigram baseline minus the loss: how much worse frequency alone would be.
#
# Mind what a random order is: not only less to learn from, but prompts such as the model has never seen, for
# they break the rules of writing (frame by frame, in a frame layer by layer). So its rise may well be larger
# than all that the model has gained over frequency.
#
# *Predict: which of the two matters more?*

# %%
rng = np.random.default_rng(seed)
own, _ = encode_prompts(tokenizer, held_out, tokens, prompt_format)
swapped = [
    replace(a, text=b.text) for a, b in zip(held_out, np.roll(held_out, len(held_out) // 2), strict=True)
]
other_words, _ = encode_prompts(tokenizer, swapped, tokens, prompt_format)


def shuffle_order(prompt):
    start = len(prompt.input_ids) - prompt.n_audio - 1
    heard = rng.permutation(prompt.input_ids[start:-1]).tolist()
    return replace(prompt, input_ids=[*prompt.input_ids[:start], *heard, prompt.input_ids[-1]])


# %%
kinds = {"own": own, "other words": other_words, "random order": [shuffle_order(one) for one in own]}
pad = tokenizer.pad_token_id
each = {name: audio_losses(model, some, pad, batch_size=8) for name, some in kinds.items()}
bootstrap = Bootstrap(n_resamples, seed)
costs = {
    name: resample_mean(each[name] - each["own"], groups(held_out), bootstrap)
    for name in ("other words", "random order")
}
costs["frequency alone"] = resample_mean(result.baseline - each["own"], groups(held_out), bootstrap)

# %%
fig, ax = plt.subplots(figsize=(7, 2.2))
spans = [cost.values for cost in costs.values()]
plots.intervals.plot_intervals(ax, list(costs), spans, "rise of the loss (nats per token)", plots.AUDIO)
ax.set_title(f"{len(held_out)} held-out clips: 95 % over {len(set(groups(held_out)))} sentences")
plt.show()
pd.Series({name: str(cost) for name, cost in costs.items()}, name="rise of the loss").to_frame()

# %%
uses = {name: cost.verdict == "above" for name, cost in costs.items()}
phrases = {
    "frequency alone": (
        "predicts better than frequency alone",
        "does not predict better than frequency alone",
    ),
    "random order": ("expects tokens in the order of prompts", "does not measurably expect an order"),
    "other words": ("uses the words before them", "does not measurably use the words before them"),
}
says = [yes if uses[name] else no for name, (yes, no) in phrases.items()]
display(Markdown(f"**After {len(result.losses)} steps the model {says[0]}; it {says[1]}, and {says[2]}.**"))

# %% [markdown]
# ## 5 · What became of the embeddings?
#
# ### Seen from afar
# An embedding has hundreds of dimensions; a principal component analysis finds the two directions in which
# the embeddings of the figure differ most. Both panels use the same two axes.
#
# *Predict: the new embeddings were drawn to look like those of words. Will they stay among the words, move
# together, or sort by layer?*

# %%
words = old[rng.choice(n_old, min(n_old, 1500), replace=False)].float().numpy()
pca = PCA(2, svd_solver="full").fit(np.concatenate([words[: len(ids)], before, after]).astype(float))
layers, n = np.array([layer for layer, _ in tokens]), len(MARKERS)
fig, axes = plt.subplots(1, 2, figsize=(9.5, 4.2), sharex=True, sharey=True)
for ax, embeddings, title in zip(axes, (before, after), ("before", "after"), strict=True):
    points, shares = pca.transform(embeddings), pca.explained_variance_ratio_
    plots.embeddings.plot_embeddings(ax, pca.transform(words), points[n:], layers, points[:n], shares)
    ax.set_title(f"{title} pre-training")
axes[1].set_ylabel("")
axes[1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %% [markdown]
# ### Seen from close by
# Which other speech token has the most similar embedding? (A large cosine, after subtracting the mean of all
# embeddings.) Shown are the tokens that occur most often in the training clips, and, for comparison, the
# nearest whole word: do not expect poetry, a word has no reason to describe a sound.

# %%
names = [token_name(*token) for token in tokens]
train_prompts, _ = encode_prompts(tokenizer, split["train"], tokens, prompt_format)
times = pd.Series(np.concatenate([one.input_ids for one in train_prompts])).value_counts()
times = pd.Series({name: times.get(ids[name], 0) for name in names}, name="times heard")
frequent = times.nlargest(8)
print(f"{(times == 0).sum()} of {len(names)} tokens never occurred in the training clips")

# %%
pieces = tokenizer.get_vocab().items()
whole_words = [k for p, k in pieces if p[:1] in ("Ġ", "▁") and p[1:].isalpha() and len(p) > 4] or range(n_old)
wanted = {name: result.embeddings[name] for name in frequent.index}
by_token = nearest_tokens(wanted, model, tokenizer, 2, [ids[name] for name in names])
by_word = nearest_tokens(wanted, model, tokenizer, 1, whole_words)
nearest = frequent.to_frame()
nearest["nearest token"] = [f"{by_token[k][1][0]} ({by_token[k][1][1]:.2f})" for k in wanted]  # 0 is itself
nearest["nearest word"] = [f"{by_word[k][0][0].strip()} ({by_word[k][0][1]:.2f})" for k in wanted]
nearest.rename(index=dict(zip(names, (show_token(*token) for token in tokens), strict=True)))

# %% [markdown]
# ### Do tokens that sound alike get embeddings that look alike?
#
# The paper leaves this open. Notebook 03 measured how each token *sounds*: by how many standard deviations
# the pitch, voicing, loudness and spectrum of its frames differ from those of other frames. So every token
# has a place in a space of sounds, and an embedding. For each pair of tokens we ask how close their sounds
# are, and how large the cosine of their embeddings is, and take the rank correlation of the two over all
# pairs.
#
# There are two controls. Embeddings **before** training must show no correlation: they are random. And we
# **shuffle** the tokens many times, so that each gets the sound of another, which shows how large a
# correlation chance gives. (Pairs share tokens, so an ordinary p-value would be far too small.)

# %%
measured = sample_clips(everyone, task, limit=n_acoustic_clips, seed=seed)
features = clip_features(measured, cache_dir, progress=False)
effects = token_associations(measured, features, tokens, bootstrap=Bootstrap(20, seed))
sounds = effects.pivot(index=["layer", "code"], columns="feature", values="effect").loc[tokens]
is_measured = sounds.notna().any(axis=1).to_numpy()
closeness = -squareform(pdist(sounds.fillna(0)[is_measured]))
print(f"the sound of {is_measured.sum()} of {len(tokens)} tokens, measured on {len(measured)} clips")

# %%
tables = {"before": before, "after": after, "what training added": after - before}
strata, cosines, rows = layers[is_measured], {}, {}
for name, embeddings in tables.items():
    speech = embeddings[len(MARKERS) :][is_measured].astype(float)
    cosines[name] = cosine_similarity(speech - speech.mean(axis=0))
    pair = closeness, cosines[name], n_permutations, seed
    rows[name] = {"all pairs": compare_similarities(*pair), "same layer": compare_similarities(*pair, strata)}
agreements = pd.DataFrame(rows).T
agreements.map(str)

# %% [markdown]
# The last column guards against a trap: tokens of one layer may sound alike *and* get similar embeddings for
# no better reason than that they are of one layer. It compares tokens of the same layer only, and shuffles
# within layers.

# %%
fig, axes = plt.subplots(1, 2, figsize=(10, 3.4))
observed = {name: one.correlation for name, one in agreements["all pairs"].items()}
plots.embeddings.plot_permutations(axes[0], agreements["all pairs"]["what training added"].permuted, observed)
axes[0].set_title("correlation, and that of shuffled tokens")
pair = np.triu_indices(int(is_measured.sum()), k=1)
x, y = closeness[pair], cosines["what training added"][pair]
bins = [(x[part].mean(), y[part].mean()) for part in np.array_split(np.argsort(x), 10) if len(part)]
plots.embeddings.plot_pairs(axes[1], x, y, bins)
axes[1].set_title(f"{len(x):,} pairs of tokens: what training added")
plt.show()

# %%
added, added_within = agreements.loc["what training added"]
follow = {True: "follows", False: "does not measurably follow"}
display(
    Markdown(
        f"**What training added to the embeddings {follow[added.p < 0.05]} the tokens' sound over all pairs "
        f"(rank correlation {added.correlation:+.2f}); within layers it {follow[added_within.p < 0.05]} it "
        f"({added_within.correlation:+.2f}).**"
    )
)

# %% [markdown]
# ## 6 · Does it help in the end?
#
# A low loss is no proof that the embeddings help to *classify*. The stored study (`scripts/llm_study.py`, one
# GPU; notebook 07 shows all of it) trained the classifier with and without this step. The paper reports that
# without it the scores of different seeds spread five times as far.

# %%
study = load_study(study_file)
arms = {"with this step": "lasso", "without": "no-pretraining"}
helped = pd.DataFrame({name: pd.Series(score_arm(study, arm)).describe() for name, arm in arms.items()}).T
helped = helped[["count", "mean", "std"]].rename(columns={"count": "seeds", "mean": "macro-F1, test"})
helped.astype({"seeds": int}).round(3)

# %% [markdown]
# How many times as wide, and how sure that is: a ratio of two standard deviations needs an interval, which
# [notebook 05](05_finetune.ipynb) has.
#
# ## 7 · Save the embeddings
#
# The file is small: one vector per token, filed under the token's *name*. Ids depend on the vocabulary that
# the tokens were added to, names do not.

# %%
experiment.save_embeddings(selection, settings, result.embeddings)
path = experiment.embeddings_path(selection)
print(f"wrote {path.name}: {len(ids)} embeddings of {width} numbers, {path.stat().st_size / 1e3:.0f} kB")

metrics_path = record_metrics(
    run_dir,
    "04_pretrain_embeddings",
    loss_before=result.loss_before,
    loss_after=result.loss_after,
    unigram_loss=result.baseline,
    cost_of_other_words=costs["other words"].values,
    cost_of_random_order=costs["random order"].values,
    embeddings_follow_sound=added.correlation,
    embeddings_follow_sound_p=added.p,
    embeddings_follow_sound_within_layers_p=added_within.p,
    n_new_embeddings=len(ids),
    steps=len(result.losses),
    seed=seed,
)

# %% [markdown]
# ## Exercises
#
# ### Exercise 1 · Share the budget (easy, 5 minutes)
#
# Write the rule of section 2: given the text and audio tokens of a clip and the room for both, how many of
# each stay? Replace `return None`.


# %%
def share_budget(n_text, n_audio, room):
    return None  # return kept_text, kept_audio


exercises.check_budget(share_budget)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Text may have half of the room (`room // 2`), or everything that audio leaves, whichever is more. Then
# audio gets what is left.
# </details>
# <details><summary>Solution</summary>
#
# ```python
# def share_budget(n_text, n_audio, room):
#     kept_text = min(n_text, max(room // 2, room - n_audio))
#     return kept_text, min(n_audio, room - kept_text)
# ```
# </details>
#
# ### Exercise 2 · Guess by frequency (medium, 5 minutes)
#
# Three kinds of tokens occurred 70, 20 and 10 times in training. What is the unigram loss, in nats per
# token, on the sequence `judged`?

# %%
counts_seen = [70, 20, 10]
judged = [0, 0, 1, 0, 2]
my_loss = None  # a number

exercises.check_unigram(my_loss, counts_seen, judged)

# %% [markdown]
# <details><summary>Hint</summary>
#
# The loss of one token is minus the natural logarithm of its share. Average over `judged`, not over the
# three kinds.
# </details>
# <details><summary>Solution</summary>
#
# ```python
# shares = np.array(counts_seen) / sum(counts_seen)
# my_loss = -np.log(shares[judged]).mean()
# ```
# </details>
#
# ## What this does not show
# - These are few steps on few clips. The paper trains on up to 40,000 clips, with a learning rate of 3e-4:
#   see the profile `paper`.
# - The held-out clips may be of voices that were heard in training. A lower loss on them says nothing about
#   new voices.
# - All voices here are synthetic.
# - The principal axes are two of several hundred. What looks mixed in the plane may be apart in full.
#
# ## Summary
# - A clip is words, then selected speech tokens in time order, between markers that nobody can type.
# - Text and audio share one budget, and what is cut is reported.
# - The new embeddings are a tiny share of the model's parameters; every other weight is bit-identical
#   afterwards.
# - The unigram baseline says how much of the loss is mere frequency; swapped words and shuffled order say
#   what the rest is.
#
# Written: `token_embeddings_<task>_<n>.safetensors` in the run folder.
#
# **Next:** [05 · Fine-tune](05_finetune.ipynb), where the model learns to tell the classes apart, with and
# without these tokens.
