# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
# ---

# %% [markdown]
# # 20 · Live demo
#
# **What happens to a prediction when you turn the knobs yourself?**
#
# About 1 minute on two CPU cores, no GPU, once the corpus is encoded (the first notebook that needs it does
# that). `make demo` shows this page without code, for a classroom.
#
# [contents](00_start_here.ipynb)
#
# You will
#
# - **turn** the penalty, and see which tokens survive;
# - **pick** a token, and hear it;
# - **say** something yourself, and see what the model makes of it;
# - **mute** and **swap** tokens, and watch the prediction move.
#
# Everything works with the keyboard: Tab goes from control to control, arrows change a value. The controls
# of this notebook need a kernel: open it by `make lab` or `make demo`. Without one, the pages of
# [02](02_select_tokens.ipynb), [05](05_finetune.ipynb) and [11](11_token_atlas.ipynb) have controls of their
# own.

# %%
from IPython.display import Markdown

from speechlm_utils import plots, widgets
from speechlm_utils.acoustics.features import clip_features
from speechlm_utils.attribution.figure import draw_attribution
from speechlm_utils.attribution.gradients import attribute_clip
from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.clips import sample_clips, task_names
from speechlm_utils.experiment import Experiment
from speechlm_utils.interpretation.card_parts import describe_tokens
from speechlm_utils.interpretation.evidence import Evidence
from speechlm_utils.interpretation.listening import gather_sounds
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.notebook.overview import list_versions
from speechlm_utils.notebook.record import record_metrics
from speechlm_utils.widgets.lasso_paths import LassoPaths, list_layer_sets

plots.apply_style()
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
Cs = [0.003, 0.004, 0.005, 0.006, 0.008, 0.01, 0.013, 0.017, 0.022, 0.03, 0.04, 0.06, 0.1]  # the slider
C = 0.008  # where the slider stands at first
n_card_clips = 200  # that tokens are measured on
n_resamples = 500  # for the intervals of a card
max_steps = 40  # where no classifier lies in the run folder or beside the corpus, a small one is trained
n_menu_clips = 16  # to choose from
filler = " the"  # what stands in the place of each token when its share is asked; see notebook 12
n_attribution_steps = 32  # points of the integral; the error that is left is shown

# %% [markdown]
# ## Which tokens does the lasso select?
#
# A clip of three seconds holds over a thousand codes. A small **C** is a strong penalty: few tokens have a
# coefficient. *Turn C: which layers lose their tokens first? Choose another task: how large must C be for as
# many tokens?* (That a token is selected is no proof that it helps: 75 tokens gain nothing on `topic`, see
# the test in [02](02_select_tokens.ipynb).)

# %%
experiment = Experiment(
    corpus_dir, codec_name, run_dir, cache_dir,
    seed, clips_per_split, LLMSpec(llm_name, llm_dtype, llm_quantization),
)  # fmt: skip
spec = experiment.codec.spec
paths, layer_sets = LassoPaths(experiment, Cs), list_layer_sets(experiment.codec.spec)
layers = spec.acoustic_layers

# %%
widgets.explore_lasso(paths, task, layers, C, task_names(experiment.corpus), layer_sets)

# %% [markdown]
# ## What is a token?
#
# Pick one of the tokens that were selected for the language model. Its card says what was measured where it
# occurs in clips that the selection has not seen, and the players play these moments. *Listen first: can you
# say what they have in common before you read the card?*

# %%
selection = experiment.selection(task)
heard = sample_clips(experiment.clips(task, "test"), task, limit=n_card_clips, seed=seed)
features = clip_features(heard, cache_dir, progress=False)

# %%
facts = describe_tokens(Evidence(selection, heard, features, bootstrap=Bootstrap(n_resamples, seed)))


# %%
def draw_card(figure, token):
    return plots.cards.draw_card(figure, facts, token)


def listen(token):
    return widgets.show_players(gather_sounds(heard, token), spec.sample_rate)


cards = selection, draw_card, listen
widgets.explore_tokens(*cards)

# %% [markdown]
# ## What does the model hear?
#
# Choose a clip of the test set, or upload a recording of yours: any sampling rate, mono or stereo, up to 60
# seconds. A recording needs its words: *Recognise the words* lets Whisper write them down (English; it says
# how sure it is), and you correct them, or type what is said. The grey band marks the true class, where it is
# known. *Explain the prediction* estimates what each word and each speech token adds to the score of the most
# probable class (integrated gradients: against a prompt whose tokens say nothing in particular). Read the
# bars as a ranking: [12](12_why_this_prediction.ipynb) shows how far their sum may be off.
#
# The last menu lists the selected tokens that occur in what was said: pick one to hear where, and to see its
# card. *Say a sentence twice, as differently as you can: which tokens come and go, and do their cards say
# why?*

# %%
classifier = experiment.find_classifier(task, max_steps)
test = experiment.clips(task, "test")

# %%
few = sample_clips(test, task, limit=n_menu_clips, seed=seed)
menu = {f"{clip.text} ({plots.show_name(clip.labels[task])}, {clip.id})": clip for clip in few}


# %%
def explain(figure, clip, wav):
    attribution = attribute_clip(classifier, clip, None, n_attribution_steps, filler)
    return draw_attribution(figure, attribution, classifier, wav)


widgets.explore_clips(classifier, menu, explain, cards=cards)

# %% [markdown]
# ## What if?
#
# The words stay, the tokens change. Choose tokens in the list (with Shift or Ctrl several), then mute, repeat
# or swap them; or give the words the prosody of another clip. *Predict first: will the most probable
# class change?*

# %%
widgets.explore_what_if(classifier, menu)

# %% [markdown]
# ## What this does not show
#
# - A few clips prove nothing. [02](02_select_tokens.ipynb) and [05](05_finetune.ipynb) count, with intervals.
# - A recording from another room, or of another kind of voice, is no test clip: the model has not learned
#   from anything like it.
#
# ## Summary
#
# - The penalty decides how many tokens are selected.
# - A prediction rests on the words and on a few dozen tokens, and each of them can be taken away.

# %%
path, _ = paths.get(task, layers)
selected = dict(zip(map(str, Cs), path.n_tokens.tolist(), strict=True))
record_metrics(
    run_dir,
    "20_live_demo",
    tokens_kept_over_C=selected,
    n_selected=len(selection.tokens),
    n_clips=len(menu),
    seed=seed,
)
Markdown("Back to the [contents](00_start_here.ipynb).")
