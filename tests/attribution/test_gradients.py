"""Integrated gradients on a tiny LLM that was trained to listen: what it rests on is known."""

import numpy as np
import pytest

from speechlm_utils.attribution.gradients import attribute_clip, read_attention
from speechlm_utils.attribution.question import MARKER


def test_scores_add_up_to_the_difference_from_the_baseline(trained, attributions):
    classifier, clips = trained
    logits = classifier.predict(clips)
    for one, logit in zip(attributions, logits, strict=True):
        assert one.relative_error < 0.01
        assert one.score == pytest.approx(logit.max(), abs=1e-4)
        assert sum(one.sums().values()) == pytest.approx(one.scores.sum(), abs=1e-4)
        assert np.all(one.scores[one.kinds == MARKER] == 0)  # they are the same in the baseline
    rough = attribute_clip(classifier, clips[0], n_steps=2)
    assert rough.relative_error > attributions[0].relative_error


def test_another_class_has_other_scores(trained, attributions):
    classifier, clips = trained
    other = (attributions[0].target + 1) % 3
    assert attribute_clip(classifier, clips[0], other, n_steps=16).sums()["audio"] < 0
    with pytest.raises(ValueError, match="target=3: the classes are numbered 0 to 2"):
        attribute_clip(classifier, clips[0], 3)


def test_the_baseline_can_be_a_word(trained):
    classifier, clips = trained
    mean, word = (attribute_clip(classifier, clips[0], n_steps=48, filler=f) for f in (None, "a"))
    assert word.score == pytest.approx(mean.score) and word.baseline_score != mean.baseline_score
    assert word.relative_error < 0.05
    with pytest.raises(ValueError, match="is 2 tokens, one is needed"):
        attribute_clip(classifier, clips[0], filler="<|audio|>"[:2])


def test_attention_of_a_block_adds_up_to_one(trained):
    classifier, clips = trained
    before = classifier.predict(clips[:3])
    found = read_attention(classifier, clips[0])
    assert found.shape == (2, len(classifier.encode(clips[:1])[0][0].input_ids))
    assert np.allclose(found.sum(axis=1), 1, atol=1e-5) and np.all(found >= 0)
    assert np.array_equal(classifier.predict(clips[:3]), before)
