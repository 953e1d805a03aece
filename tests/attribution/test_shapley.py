"""The credit of words and of audio adds up exactly."""

import numpy as np
import pytest
import torch

from speechlm_utils.attribution.gradients import AUDIO, TEXT, pose
from speechlm_utils.attribution.shapley import share_credit


def test_credit_of_words_and_audio_is_exact(trained, attributions):
    classifier, clips = trained
    credit, one = share_credit(classifier, clips[0]), attributions[0]
    assert sum(credit.values()) == pytest.approx(one.score - one.baseline_score, abs=1e-4)
    asked = pose(classifier, clips[0])

    def score(shown):
        is_shown = torch.tensor(np.isin(one.kinds, shown))[None, :, None]
        mixed = torch.where(is_shown, asked.embedded, asked.baseline)
        return classifier.model(inputs_embeds=mixed).logits[0, one.target].item()

    alone, beside = score([AUDIO]) - score([]), score([AUDIO, TEXT]) - score([TEXT])
    assert credit["audio"] == pytest.approx((alone + beside) / 2, abs=1e-4)
