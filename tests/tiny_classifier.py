"""A classifier of the tiny corpus, trained for some steps on the tiny language model."""

from speechlm_utils.clips import label_names
from speechlm_utils.finetuning.finetune import build_classifier, fine_tune
from speechlm_utils.llm.spec import LLMSpec

TASK = "fallacy"


def train(llm, clips, settings, selection=None):
    tokens = selection.tokens if selection else []
    names = label_names(clips["train"], TASK)
    classifier = build_classifier(TASK, names, tokens, settings, LLMSpec(llm))
    classifier.selection = selection
    return fine_tune(classifier, clips)
