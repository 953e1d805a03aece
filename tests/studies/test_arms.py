"""The arms: known words only, the method itself without exceptions, the paper's own settings."""

import pytest

from speechlm_utils.studies.arms import ARMS, RECIPE
from speechlm_utils.studies.run import make_settings


@pytest.mark.parametrize("name", ARMS)
def test_words_of_an_arm_are_known(name):
    arm = ARMS[name]
    assert arm.words in ("text", "none", "prosody") and arm.audio in ("own", "shuffled", "count")
    assert arm.tokens in ("selected", "fdr", "matched", "random", "all", "none")
    assert arm.fused in ("", "MFCC", "encoder", "wavlm") and not (arm.fused and arm.tokens != "none")
    assert arm.n_tokens is None or (arm.tokens, arm.layers) == ("selected", "acoustic")
    assert arm.layers in ("acoustic", "all", "semantic") and arm.isolates
    tune, rows = make_settings(arm, 3)
    assert tune.seed == rows.seed == 3 and tune.use_audio == (arm.tokens != "none")
    assert tune.collapse_repeats == rows.collapse_repeats or arm.audio == "count"


def test_the_method_is_the_recipe_as_it_stands():
    tune, _ = make_settings(ARMS["lasso"], 0)
    assert {key: getattr(tune, key) for key in RECIPE} == RECIPE and tune.train_embeddings


def test_paper_has_the_papers_settings():
    tune, rows = make_settings(ARMS["paper"], 0)
    assert (tune.lora_rank, tune.lora_alpha, tune.lora_dropout) == (64, 16, 0.1)
    assert (tune.batch_size, tune.n_epochs, tune.max_steps, tune.patience) == (32, 10, None, 3)
    assert (rows.learning_rate, rows.n_epochs, rows.max_steps, rows.loss_on) == (3e-4, 5, None, "all")
