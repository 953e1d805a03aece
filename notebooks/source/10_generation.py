# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
# ---

# %% [markdown]
# # 10 · Generation
#
# **Can the language model write down, in words, how a sentence was said?**
#
# About 1 minute on two CPU cores, no GPU. Training is stored; one step of it, and some descriptions, are
# computed here.
#
# [← 09 · Noise and transfer](09_noise_and_transfer.ipynb) ·
# [contents](00_start_here.ipynb) ·
# [11 · Token atlas →](11_token_atlas.ipynb)
#
# So far the language model has *classified*: a small head turned what it had read into one of six classes.
# The paper leaves open whether speech tokens also serve **generation**, where the model answers in its own
# medium, text. You will
#
# - **put** prosody into words, seven attributes of a clip in three degrees each;
# - **train** the model for a step to write these words after a prompt with tokens, and look at its loss;
# - **let** it describe clips, freely and under a rule that makes every answer one that can be scored;
# - **ask** whether it hears: against words alone, against the tokens of another clip, and on human voices.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown, display

from speechlm_utils import exercises, plots, widgets
from speechlm_utils.acoustics.features import clip_features
from speechlm_utils.audio import load_audio
from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.clips import sample_clips
from speechlm_utils.codec.cache import encode_clips
from speechlm_utils.corpus.emodb import EMOTIONS
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.evaluation.records import load_record
from speechlm_utils.experiment import Experiment
from speechlm_utils.llm.batches import pad_batch
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.notebook.overview import list_versions
from speechlm_utils.notebook.record import record_metrics
from speechlm_utils.studies.describer import SETTINGS, Describer, make_item
from speechlm_utils.studies.description_arms import ARMS, list_finished, score_descriptions
from speechlm_utils.studies.descriptions import (
    ATTRIBUTES,
    choose_words,
    find_edges,
    list_descriptions,
    measure_attributes,
    read_description,
    read_planted,
    write_description,
)

plots.apply_style()
pd.options.display.precision = 3
pd.options.display.max_colwidth = None
print(list_versions())

# %% tags=["parameters"]
corpus_dir = "../data/demo"
human_dir = "../data/human"
codec_name = "../data/tokenizer"
llm_name = "smollm2-135m"
stored_results = "../data/reference/descriptions_demo.json"
stored_describer = "../data/describer"
run_dir = "../runs/lab"
cache_dir = "../runs/cache"
seed = 0
recipe = "short"  # of the stored runs
n_steps = 2  # of the training, here
n_step_clips = 4  # in each
n_described = 4  # test clips that are described here
n_resamples = 2000  # of sentences and of voices

# %% [markdown]
# ## Prosody in words
#
# In the demo corpus we know how every clip was said, for it was planted. Here each of seven planted values
# becomes a word. The two edges between its three words divide the *train* clips into thirds, so a guess is
# right about once in three times. (Numbers are relative to the neutral reading of the same voice: `_st` in
# semitones, `_db` in decibels, `_ms` in milliseconds; `rate` and `f0_range` are factors.)

# %%
experiment = Experiment(corpus_dir, codec_name, run_dir, cache_dir, seed)
train, test = (experiment.clips("fallacy", split) for split in ("train", "test"))
record = load_record(stored_results, "runs", "clips", "edges")
edges = np.array(record["edges"])
rows = {one.name: [one.planted, *one.words, *bounds] for one, bounds in zip(ATTRIBUTES, edges, strict=True)}
columns = ["planted value", "low", "middle", "high", "first edge", "second edge"]
pd.DataFrame.from_dict(rows, orient="index", columns=columns)

# %% [markdown]
# *Listen to one sentence as it was said twice, and write down your own seven words before you look.*

# %%
pair = [clip for clip in test if clip.group == test[0].group][:2]
truth = choose_words(read_planted(pair), edges)
rate = experiment.codec.spec.sample_rate
print(pair[0].text)
heard = {
    write_description(words): load_audio(one.audio, rate) for one, words in zip(pair, truth, strict=True)
}
widgets.show_players(heard, rate, columns=2)

# %% [markdown]
# ## One step of training
#
# The prompt is that of [notebook 05](05_finetune.ipynb): the words, then the selected tokens. After it stands
# the description. The **causal loss** asks the model for each next token, given all before it; here it counts
# at the tokens of the description alone, for the prompt is given and need not be predicted. Label −100 means
# "no loss at this place".
#
# The tokens are those that were selected for the task `fallacy`. Nobody asked then which of them tell pitch
# or rate: **do tokens chosen for one task describe prosody?** Trained are LoRA adapters and the embeddings
# of the tokens, which start as random mixtures of word embeddings (step 2, [notebook
# 04](04_pretrain_embeddings.ipynb), is left out here).

# %%
runs = [run for run in record["runs"] if run.get("recipe") == recipe]
stored = {"clips": record["clips"], "runs": runs}
tokens = record["selected"]
describer = Describer(tokens, SETTINGS, LLMSpec(llm_name))
model, tokenizer = describer.model, describer.tokenizer
n_trained, n_all = model.num_parameters(only_trainable=True), model.num_parameters()
print(f"{len(tokens)} tokens; {n_trained:,} of {n_all:,} parameters are trained")

# %%
some = sample_clips(train, "fallacy", limit=n_step_clips, seed=seed)
said = [write_description(words) for words in choose_words(read_planted(some), edges)]
prompts = describer.build_prompts(some)
items = [make_item(tokenizer, prompt, text) for prompt, text in zip(prompts, said, strict=True)]
names = tokenizer.convert_ids_to_tokens(items[0]["input_ids"])
n_prompt = len(prompts[0].input_ids)
written = [" ".join(part).replace("Ġ", "") for part in (names[:n_prompt], names[n_prompt:])]
print(f"{written[0]}\n\n→ {written[1]}")
print(f"\n{n_prompt} tokens of prompt, {len(names) - n_prompt} with a loss")

# %% [markdown]
# Now the step itself, without a trainer around it: loss, gradient, update. *Predict the loss of the first
# step: the model has 49,000 tokens to choose from, and has never seen such a prompt.*

# %%
batch = pad_batch(items, tokenizer.pad_token_id)
optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], SETTINGS.learning_rate)
losses = []
for _ in range(n_steps):
    loss = model(**batch).loss
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    losses.append(loss.item())
print("loss, nats a token:", ", ".join(f"{one:.2f}" for one in losses))

# %% [markdown]
# That was a step on the same few clips, to see that the loss can fall. The stored runs made many, each on
# other clips:

# %%
curves = {run["arm"]: run["losses"] for run in runs if run.get("losses")}
guess = np.log(3) * len(ATTRIBUTES) / np.mean([len(tokenizer(text).input_ids) + 1 for text in said])
if curves:
    fig, ax = plt.subplots(figsize=(8, 3))
    for arm, of_arm in sorted(curves.items(), key=lambda one: [*ARMS].index(one[0])):
        smooth = pd.Series(of_arm).rolling(10, min_periods=1).mean()
        ax.plot(smooth.index + 1, smooth, label=f"language model, {arm}", linewidth=1.4)
    ax.axhline(guess, color="black", linestyle=":", label="knows the form, guesses the words")
    ax.set(xlabel="step", ylabel="loss, nats a token", yscale="log")
    ax.set_yticks([0.5, 1, 2, 4, 8], ["0.5", "1", "2", "4", "8"])
    ax.minorticks_off()
    ax.set_title("training loss, mean of ten steps", pad=62)
    ax.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    plt.show()
    ends = ", ".join(f"{arm} {np.mean(of_arm[-10:]):.3f}" for arm, of_arm in curves.items())
    print(f"last ten steps: {ends}; the dotted line: {guess:.3f}")

# %% [markdown]
# The first fall is the model learning the *form*: seven words with commas between them. The dotted line is
# what a model pays that knows the form and guesses every word (about that: it is computed from the few
# descriptions above). Training was one pass over the clips and ends near this line. Only what lies below it
# can be hearing (or guessing from the text), and so little lies below it that the loss hardly tells; the
# scores below do.
#
# ## From probabilities to a description
#
# A trained adapter is loaded, if there is one. The model writes token by token, each time the likeliest
# (**greedy decoding**). Left free, a model may write anything. For scores, we let it choose only among tokens
# that begin one of the 2,187 possible descriptions (**constrained decoding**), so every answer has seven
# words, and guessing is worth 1/3.

# %%
is_trained = Path(stored_describer).is_dir()
if is_trained:
    describer.load(stored_describer)
print("A trained adapter is here." if is_trained else "No adapter here: the model below is untrained.")
chosen = test[:: len(test) // n_described][:n_described]
free, ruled = describer.describe(chosen), describer.describe(chosen, list_descriptions())
truth = choose_words(read_planted(chosen), edges)


# %%
def count_right(text, words):
    return f"{sum(a == b for a, b in zip(read_description(text), words, strict=True))} of {len(words)}"


table = pd.DataFrame(
    {"planted": [*map(write_description, truth)], "written freely": free, "under the rule": ruled}
)
table["right"] = [count_right(text, words) for text, words in zip(ruled, truth, strict=True)]
table.index = [clip.text for clip in chosen]
table

# %% [markdown]
# What does the model see before it writes its first word? The probabilities of the three words for the rate,
# for each of these clips:

# %%
with torch.inference_mode():
    prompts = [prompt.input_ids for prompt in describer.build_prompts(chosen)]
    last = torch.stack([model(torch.tensor([ids])).logits[0, -1] for ids in prompts])
first = [tokenizer(word, add_special_tokens=False).input_ids[0] for word in ATTRIBUTES[0].words]
probabilities = pd.DataFrame(last.softmax(dim=1)[:, first].numpy(), columns=ATTRIBUTES[0].words)
probabilities.assign(planted=[ATTRIBUTES[0].words[place] for place in truth[:, 0]])

# %% [markdown]
# ## Does it hear?
#
# A few clips prove nothing. `scripts/describe_prosody.py` has trained one model for each arm and let it
# describe all test clips, of sentences and voices that it has not met. The words of a sentence tell its
# class, and the class goes with a way of speaking: so even a deaf model can do better than 1/3, as the linear
# model on words alone does. (Did the language model on words alone?)
#
# *Predict: which attributes can be read from the words? Which does the model hear best? And will a linear
# model on the same clips and tokens be better or worse?*

# %%
linear = {"linear, words": "words", "linear, tokens": "words + the same tokens"}
linear |= {"linear, acoustics": "words + measured acoustics"}
wanted, finished = [*ARMS, *linear], list_finished(stored, "test")
shown = {arm: arm if arm in linear else f"language model, {arm}" for arm in wanted}
about = {shown[name]: text for name, text in ARMS.items()}
about |= {name: f"logistic regression for each attribute: {text}" for name, text in linear.items()}
units = stored["clips"]["test"]["units"]
sizes = f"{len(units['sentences'])} test clips of {len(set(units['sentences']))} sentences"
n_train = "/".join(sorted({str(run["n_train"]) for run in runs}))
print(f"Recipe “{recipe}”: {n_train} train clips; {sizes} and {len(set(units['voices']))} voices; one seed.")
print(f"Made by {record['made_by']} on {record['date']}.")
pd.Series(about, name="is given").to_frame()

# %%
if missing := [arm for arm in wanted if arm not in finished]:
    command = f'`python {record["made_by"]} --recipe {recipe} --arms "{missing[0]}"`'
    named = ", ".join(f"`{arm}`" for arm in missing)
    display(Markdown(f"**These arms were not run: {named}.** To run one: {command}."))

# %%
bootstrap = Bootstrap(n_resamples, seed)
scores = {
    part: {
        arm: score_descriptions(stored, arm, part, bootstrap=bootstrap) for arm in wanted if arm in finished
    }
    for part in ("test", "validation")
}
shares = {arm: [one.estimate for one in found.values()] for arm, found in scores["test"].items()}
table = pd.DataFrame.from_dict(shares, orient="index", columns=[*(one.name for one in ATTRIBUTES), "all"])
table["all, validation"] = [found["all"].estimate for found in scores["validation"].values()]
table.rename_axis("share of words right, test")

# %%
fig, ax = plt.subplots(figsize=(10.5, 4.2))
drawn = {shown[arm]: [one.values for one in found.values()] for arm, found in scores["test"].items()}
plots.studies.plot_attributes(ax, [*scores["test"][finished[0]]], drawn)
ax.set_title(f"{len(units['sentences'])} test clips; 95 % intervals over sentences and voices", pad=62)
figures = Path(run_dir) / "figures"
figures.mkdir(parents=True, exist_ok=True)
fig.savefig(figures / "10_attributes.png", dpi=110)
plt.show()

# %% [markdown]
# As always, the question is about *differences* on the same clips. What would contradict hearing: a model
# with tokens that is not above words alone, or not above the same model with the tokens of another clip.

# %%
pairs = [("tokens", "text"), ("tokens", "shuffled"), ("tokens", "matched"), ("own tokens", "tokens")]
pairs += [
    ("tokens", "linear, words"),
    ("linear, tokens", "linear, words"),
    ("linear, tokens", "tokens"),
    ("linear, tokens", "linear, acoustics"),
]
pairs = [(a, b) for a, b in pairs if {a, b} <= set(finished)]
gains, on_validation = (
    {f"{a} less {b}": score_descriptions(stored, a, part, b, bootstrap) for a, b in pairs}
    for part in ("test", "validation")
)

# %%
rows = {what: [str(found["all"]), str(on_validation[what]["all"])] for what, found in gains.items()}
pd.DataFrame.from_dict(rows, orient="index", columns=["all attributes, test", "all attributes, validation"])

# %%
for what, found in gains.items():
    by = {
        verdict: [name for name, one in found.items() if one.verdict == verdict and name != "all"]
        for verdict in ("above", "below")
    }
    told = "; ".join(f"{verdict}: {', '.join(some)}" for verdict, some in by.items() if some)
    print(f"{what}, by attribute: {told or 'none decided'}; all: {found['all'].verdict}.")

# %% [markdown]
# ## Human voices
#
# Of a human recording nobody knows what was "planted", but it can be measured: pitch, its range and its end,
# level, spectral tilt, letters per second, the longest pause. Each is taken relative to the speaker's mean,
# and words are given by thirds, as above. How well do such measured words agree with planted ones, where both
# are known?

# %%
planted, measured = np.array(stored["clips"]["test"]["words"]), np.array(record["measured"]["test"])
agreement = (planted == measured).mean(axis=0)
names = [one.name for one in ATTRIBUTES]
pd.DataFrame([agreement], columns=names, index=["measured word = planted word, test clips"])

# %% [markdown]
# Where this number is low, the measurement is a poor judge, and a low agreement with it below says little.
# Five recordings of one reader, described here:

# %%
human = encode_clips(load_corpus(human_dir), experiment.codec, cache_dir)
values = measure_attributes(human, clip_features(human, cache_dir, 1, progress=False))
told = choose_words(values, find_edges(values))
written = describer.describe(human, list_descriptions())
table = pd.DataFrame({"measured": [*map(write_description, told)], "written": written})
table["agree"] = [count_right(text, words) for text, words in zip(written, told, strict=True)]
display(table.set_index(pd.Index([clip.text for clip in human])))
sounds = {
    f"{clip.text}: {text}": load_audio(clip.audio, rate) for clip, text in zip(human, written, strict=True)
}
widgets.show_players(sounds, rate, columns=2)

# %% [markdown]
# Five clips are an anecdote. **EmoDB** has ten actors and seven emotions ([notebook
# 06](06_real_voices.ipynb)); its sentences are German, which the model has hardly learned, and occur in
# every emotion, so the text tells nothing. The stored runs have described a sample of it:

# %%
is_judged = "emodb" in stored["clips"]
human_arms = [arm for arm in wanted if arm in list_finished(stored, "emodb")] if is_judged else []
human_scores = {arm: score_descriptions(stored, arm, "emodb", bootstrap=bootstrap) for arm in human_arms}
if human_arms:
    fig, ax = plt.subplots(figsize=(10.5, 4))
    drawn = {shown[arm]: [one.values for one in found.values()] for arm, found in human_scores.items()}
    plots.studies.plot_attributes(ax, [*human_scores[human_arms[0]]], drawn)
    n = len(stored["clips"]["emodb"]["ids"])
    ax.set(ylabel="agreement with measured words")
    ax.set_title(f"EmoDB, {n} clips of people; 95 % intervals over voices", pad=62)
    fig.savefig(figures / "10_human.png", dpi=110)
    plt.show()

# %%
for other in ("text", "shuffled", "matched"):
    if {"tokens", other} <= set(human_arms):
        found = score_descriptions(stored, "tokens", "emodb", other, bootstrap)
        print(f"people, tokens less {other}, all attributes: {found['all']}")

# %% [markdown]
# And does it say what one expects of an emotion? The mean of the words written for each (0 low, 1 middle, 2
# high), less the mean over the emotions:

# %%
if "tokens" in human_arms:
    run = next(run for run in runs if run["arm"] == "tokens")
    letters = [Path(one).name[5] for one in stored["clips"]["emodb"]["ids"]]
    emotions = pd.Series(letters).map(EMOTIONS)
    means = pd.DataFrame(run["predictions"]["emodb"], columns=names).groupby(emotions.to_numpy()).mean()
    fig, ax = plt.subplots(figsize=(9, 3.4))
    deviation = (means - means.mean()).to_numpy()
    texts = [[f"{value:+.2f}" for value in row] for row in deviation]
    counts = emotions.value_counts()
    rows = [f"{name} ({counts[name]})" for name in means.index]
    plots.style.draw_table(ax, deviation, texts, (rows, names), "RdBu_r", (-1, 1))
    ax.set_title("mean word (0, 1, 2) of each emotion (clips), less the mean over emotions; no intervals")
    plt.show()

# %% [markdown]
# Boredom and sadness come out slow and flat, fear fast and lively, as one expects. That neutral comes out
# highest and anger soft is not what one expects: on people this model hears little, as the intervals say.
#
# ### Exercise 1 · Thirds of train (easy, 5 minutes)
#
# Give each of `values` its word, 0, 1 or 2, by the thirds of `train`.


# %%
def my_words(values, train):
    return None  # your code


exercises.check_thirds(my_words)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `np.quantile` finds the edges, `np.searchsorted` the place between them.
# </details>
# <details><summary>Solution</summary>
#
# ```python
# def my_words(values, train):
#     return np.searchsorted(np.quantile(train, (1 / 3, 2 / 3)), values)
# ```
# </details>
#
# ### Exercise 2 · The likeliest that is allowed (easy, 5 minutes)
#
# `logits` are the model's scores of every token of the vocabulary, a list of numbers; `allowed` lists the ids
# of the tokens that may come next. Which id does a greedy, constrained decoder write?


# %%
def my_choice(logits, allowed):
    return None  # your code


exercises.check_allowed(my_choice)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Look at the allowed ones only, and return the id, not its place in the list.
# </details>
# <details><summary>Solution</summary>
#
# ```python
# def my_choice(logits, allowed):
#     return max(allowed, key=lambda token: logits[token])
# ```
# </details>
#
# ### Exercise 3 · A model that always says the same (medium, 8 minutes)
#
# A model has learned nothing but which word of each attribute is most frequent in train. Both arguments are
# int arrays (clips, attributes) of words 0 to 2. Which share of the test words does it have right?


# %%
def my_share(train_words, test_words):
    return None  # your code


exercises.check_same_words(my_share)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `np.bincount(column, minlength=3).argmax()` is the most frequent word of one attribute.
# </details>
# <details><summary>Solution</summary>
#
# ```python
# def my_share(train_words, test_words):
#     most = [np.bincount(column, minlength=3).argmax() for column in train_words.T]
#     return (test_words == most).mean()
# ```
# </details>
#
# ## Limits
#
# - One seed of each arm, and a short training (the number of clips and steps is in the record). The intervals
#   cover sentences and voices, not the chance of the training, and one draw of *matched* tokens where it was
#   run.
# - Three degrees of seven attributes are a small language. The model has learned to fill in a form; whether
#   it could say in free words what it hears, nothing here tells.
# - Step 2 was left out, so the embeddings of the tokens have seen no speech but these train clips.
# - The descriptions come from planted values of synthetic voices. On people, what counts as right is itself a
#   measurement, of a quality that the table above shows.
#
# ## Summary

# %%
total = {arm: found["all"] for arm, found in scores["test"].items()}
decided = {what: found["all"] for what, found in gains.items() if what.startswith("tokens less")}
words = {"above": "is better than", "below": "is worse than", "not decided": "is not told apart from"}
lines = [
    f"- With tokens, the language model {words[one.verdict]} `{what.split(' less ')[1]}`: {one}."
    for what, one in decided.items()
]
if rival := gains.get("linear, tokens less tokens"):
    verdict = words[rival["all"].verdict]
    lines.append(f"- A linear model on the same tokens {verdict} the language model: {rival['all']}.")
lines += [
    f"- `{arm}` names {one.estimate:.3f} of the words right; guessing, 0.333." for arm, one in total.items()
]
if {"tokens", "text"} <= set(human_arms):
    found = score_descriptions(stored, "tokens", "emodb", "text", bootstrap)["all"]
    lines.append(f"- On people (EmoDB), with tokens it {words[found.verdict]} `text`: {found}.")
lines += [f"- `{arm}`: not run." for arm in missing]
Markdown("\n".join(lines) or "- Not decided: the arms have no record yet.")

# %%
record_metrics(
    run_dir,
    "10_generation",
    right_words={arm: one.values for arm, one in total.items()},
    differences={
        what: found["all"].numbers | {"verdict": found["all"].verdict} for what, found in gains.items()
    },
    agreement_on_people={arm: found["all"].values for arm, found in human_scores.items()},
    not_run=missing,
)

# %% [markdown]
# Next: what single tokens mean, in [11 · Token atlas](11_token_atlas.ipynb).
