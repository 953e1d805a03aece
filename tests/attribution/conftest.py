"""A classifier on a tiny LLM that was trained to listen, and attributions of its predictions."""

import pytest
from tiny_llm import TOKENS, make_clips, save_tiny_llm

from speechlm_utils.attribution.gradients import attribute_clip
from speechlm_utils.finetuning.finetune import build_classifier, fine_tune
from speechlm_utils.finetuning.lora import FineTuneSettings
from speechlm_utils.llm.spec import LLMSpec


@pytest.fixture(scope="package")
def trained(tmp_path_factory):
    """A classifier that reads classes from tokens alone: texts are the same in all classes."""
    folder = save_tiny_llm(tmp_path_factory.mktemp("llm"))
    settings = FineTuneSettings(1e-2, 6, 6, lora_rank=4, lora_dropout=0.0)
    clips = {"train": make_clips(60), "test": make_clips(24, seed=7)}
    classifier = build_classifier("task", list("abc"), TOKENS, settings, LLMSpec(folder))
    result = fine_tune(classifier, clips)
    assert result.metrics["test"]["macro_f1_all"] == 1
    return classifier, clips["test"]


@pytest.fixture(scope="package")
def attributions(trained):
    classifier, clips = trained
    return [attribute_clip(classifier, clip, n_steps=48) for clip in clips]
