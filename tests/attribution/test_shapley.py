"""Shapley values add up exactly, and name what matters."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from speechlm_utils.attribution.gradients import AUDIO, MARKER, TEXT, pose
from speechlm_utils.attribution.shapley import sample_shapley, share_credit


def test_shapley_values_add_up_and_repeat(trained, attributions):
    classifier, clips = trained
    before = torch.random.get_rng_state()
    one, again, other = (sample_shapley(classifier, clips[0], n_permutations=6, seed=s) for s in (0, 0, 1))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert one.target == attributions[0].target and one.frames.tolist() == attributions[0].frames.tolist()
    assert abs(one.delta) < 1e-4 and one.sums()["marker"] == 0
    assert np.array_equal(one.scores, again.scores) and not np.array_equal(one.scores, other.scores)


def test_shapley_of_a_token_is_its_mean_gain_over_all_orders(trained):
    classifier, clips = trained
    clip = replace(clips[0], text="a", codes=clips[0].codes[:, :0])  # one word and no audio: one player
    one = sample_shapley(classifier, clip, n_permutations=1)
    at = one.kinds != MARKER
    assert at.sum() == 1 and one.scores[at][0] == pytest.approx(one.score - one.baseline_score, abs=1e-5)


def test_credit_of_words_and_audio_is_exact(trained, attributions):
    classifier, clips = trained
    credit, one = share_credit(classifier, clips[0]), attributions[0]
    assert sum(credit.values()) == pytest.approx(one.score - one.baseline_score, abs=1e-4)
    assert credit["marker"] == 0
    asked = pose(classifier, clips[0])

    def score(shown):
        is_shown = torch.tensor(np.isin(one.kinds, shown))[None, :, None]
        mixed = torch.where(is_shown, asked.embedded, asked.baseline)
        return classifier.model(inputs_embeds=mixed).logits[0, one.target].item()

    alone, beside = score([AUDIO]) - score([]), score([AUDIO, TEXT]) - score([TEXT])
    assert credit["audio"] == pytest.approx((alone + beside) / 2, abs=1e-4)
