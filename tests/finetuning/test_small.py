"""The small classifier that stands in where no other lies ready."""

from speechlm_utils.clips import hash_texts
from speechlm_utils.finetuning.small import train_small
from speechlm_utils.llm.spec import LLMSpec


def test_it_reads_the_selected_tokens_and_knows_its_train_part(llm, clips, selection):
    classifier = train_small(selection, clips["train"], 1, 0, LLMSpec(str(llm)))
    assert classifier.selection is selection and classifier.tokens == list(selection.tokens)
    assert classifier.results["data"]["sampled_from"] == hash_texts(clips["train"])
    assert classifier.predict(clips["test"]).shape == (len(clips["test"]), len(selection.label_names))
