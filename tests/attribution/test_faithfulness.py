"""Attributions that are true pass both tests, false ones fail."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from speechlm_utils.attribution.faithfulness import compare_with_random_weights, correlate, run_deletion_test
from speechlm_utils.attribution.gradients import attribute_clip


def test_deleting_named_tokens_moves_the_score_more_than_random_ones(trained, attributions):
    classifier, clips = trained
    found = run_deletion_test(classifier, attributions, k=3)
    assert found.difference.verdict == "above"
    assert found.difference.estimate == pytest.approx(found.top - found.random)
    assert found.n_clips == found.numbers["n_groups"] == len(clips)
    with pytest.raises(ValueError, match="k=99: none of 24 clips has more audio tokens"):
        run_deletion_test(classifier, attributions, k=99)


def test_false_attributions_fail_the_deletion_test(trained, attributions):
    classifier, _ = trained
    upside_down = [replace(one, scores=-one.scores) for one in attributions]
    assert run_deletion_test(classifier, upside_down, k=3).difference.low < 0


@pytest.mark.parametrize("part", ["head", "all"])
def test_random_weights_leave_nothing_and_are_put_back(trained, attributions, part):
    classifier, clips = trained
    before = classifier.predict(clips[:6])
    again = partial(attribute_clip, classifier, n_steps=8)
    found = compare_with_random_weights(classifier, attributions[:6], again, part, n_models=12)
    assert found.shape == (12, 6) and abs(found.mean()) < 0.3
    assert np.array_equal(classifier.predict(clips[:6]), before)
    same = attribute_clip(classifier, clips[0], attributions[0].target, n_steps=8)
    assert correlate(attributions[0], same) > 0.9  # the same model, integrated less finely


def test_which_weights_are_random_must_be_said_right(trained, attributions):
    with pytest.raises(ValueError, match="part='tail': is neither"):
        compare_with_random_weights(trained[0], attributions, None, "tail")
