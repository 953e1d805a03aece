"""Fusion: features alone can tell the class, they are saved along, and a clip without them is named."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_llm import make_clips, save_tiny_llm

from speechlm_utils.clips import label_ids
from speechlm_utils.finetuning.classifier import SpeechTokenClassifier
from speechlm_utils.finetuning.finetune import build_classifier, fine_tune
from speechlm_utils.finetuning.fusion import FusionHead, read_features
from speechlm_utils.finetuning.lora import FineTuneSettings
from speechlm_utils.llm.spec import LLMSpec

SETTINGS = FineTuneSettings(
    learning_rate=2e-2, batch_size=8, n_epochs=6, use_audio=False, lora_rank=2, n_features=3
)


def tell(clips, rng):
    """Give each clip features of which the first three tell its class; its words do not."""
    y = label_ids(clips, "task", "abc")
    rows = np.eye(3)[y] + 0.1 * rng.normal(size=(len(y), 3))
    return [replace(clip, text="x", features=row) for clip, row in zip(clips, rows, strict=True)]


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    rng = np.random.default_rng(0)
    clips = {split: tell(make_clips(24, split=split), rng) for split in ("train", "validation", "test")}
    llm = LLMSpec(save_tiny_llm(tmp_path_factory.mktemp("llm")))
    return fine_tune(build_classifier("task", "abc", [], SETTINGS, llm), clips), clips


def test_planted_features_are_used(result):
    assert result[0].metrics["test"]["macro_f1_all"] == 1.0


def test_saved_and_loaded_it_predicts_the_same(result, tmp_path):
    found, clips = result
    found.classifier.save(tmp_path / "fused")
    loaded = SpeechTokenClassifier.from_pretrained(tmp_path / "fused")
    assert np.array_equal(loaded.predict(clips["test"]), found.logits["test"])


def test_each_clip_of_a_batch_has_its_own_features():
    head = FusionHead(4, 3, 2)
    states, head.features = torch.zeros(2, 5, 4), torch.tensor([[1.0, 0, 0], [0, 1, 0]])
    both = head(states)
    head.features = head.features[1:]
    assert both.shape == (2, 5, 2) and torch.allclose(both[1:], head(states[1:]))


def test_clip_without_its_features_is_named():
    (clip,) = make_clips(1)
    with pytest.raises(ValueError, match="clip train0: has features None, the classifier reads 3"):
        read_features(clip, 3)
    with pytest.raises(ValueError, match=r"has features \(2,\)"):
        read_features(replace(clip, features=np.zeros(2)), 3)
