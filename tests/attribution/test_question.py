"""The prompt, its baseline and its kinds are those that the model uses."""

import numpy as np
import pytest
import torch
from tiny_llm import TOKENS

from speechlm_utils.attribution.question import AUDIO, MARKER, pose
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
