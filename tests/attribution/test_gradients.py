"""Integrated gradients on a tiny LLM that was trained to listen: what it reads and rests on is known."""

import numpy as np
import pytest
import torch
from tiny_llm import TOKENS

from speechlm_utils.attribution.gradients import AUDIO, MARKER, attribute_clip, pose, read_attention
from speechlm_utils.tokens import list_occurrences


def test_embeddings_are_those_that_the_model_uses(trained):
    classifier, clips = trained
    outputs = classifier.model(inputs_embeds=pose(classifier, clips[0]).embedded)
    assert np.allclose(outputs.logits[0].detach(), classifier.predict(clips[:1])[0], atol=1e-5)


def test_audio_tokens_know_their_frame(trained, attributions):
    classifier, clips = trained
    for clip, one in zip(clips, attributions, strict=True):
        at = one.kinds == AUDIO
        assert one.frames[at].tolist() == [found.frame for found in list_occurrences(clip.codes, TOKENS)]
        assert np.all(one.frames[~at] == -1)
    text = '<|audio|> say "<|L2_0005|>"'  # typed by a user: words
    clip = type(clips[0])("typed", text, None, codes=clips[0].codes)
    kinds = pose(classifier, clip).kinds.tolist()
    assert (kinds.count(MARKER), kinds.count(AUDIO)) == (4, len(list_occurrences(clip.codes, TOKENS)))


def test_the_integration_path_goes_from_baseline_to_prompt(trained, attributions):
    asked, one = pose(trained[0], trained[1][0]), attributions[0]
    path = np.linspace(0, 1, 201)
    with torch.no_grad():
        scores = np.array([asked.read(torch.lerp(asked.baseline, asked.embedded, x)).item() for x in path])
    assert scores[0] == pytest.approx(one.baseline_score, abs=1e-4)
    assert scores[-1] == pytest.approx(one.score, abs=1e-4)


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
