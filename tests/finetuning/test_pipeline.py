"""The classifier behaves as transformers' pipelines do, with the scores that it has by itself."""

import numpy as np
import pytest
from scipy.special import softmax

from speechlm_utils.finetuning.classifier import SpeechTokenClassifier
from speechlm_utils.finetuning.pipeline import SpeechTokenPipeline


@pytest.fixture
def pipeline(saved):
    return SpeechTokenPipeline.from_pretrained(saved)


def test_scores_are_those_of_the_classifier(pipeline, clips):
    some = clips["test"]
    inputs = [{"audio": clip.audio, "text": clip.text} for clip in some]
    wanted = softmax(pipeline.classifier.predict(some), axis=1)
    for found in (pipeline(inputs), pipeline(inputs, batch_size=4), list(pipeline(one for one in inputs))):
        for scores, answer in zip(wanted, found, strict=True):
            np.testing.assert_allclose([one["score"] for one in answer], np.sort(scores)[::-1], atol=1e-5)
            assert answer[0]["label"] == pipeline.classifier.label_names[scores.argmax()]
    (best,) = pipeline(inputs[0], top_k=1)
    assert best["score"] == pytest.approx(wanted[0].max(), abs=1e-5)


def test_saves_what_the_classifier_saves(pipeline, clips, tiny_codec, tmp_path):
    pipeline.save_pretrained(tmp_path / "again", codec=tiny_codec)
    again = SpeechTokenClassifier.from_pretrained(tmp_path / "again")
    assert np.array_equal(again.predict(clips["test"]), pipeline.classifier.predict(clips["test"]))


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ("clip.wav", "expected a dict with 'text' and 'audio'"),
        ({"audio": "clip.wav"}, "expected a dict with 'text' and 'audio'"),
        ({"text": "so it goes"}, "needs the sound beside the text"),
        ({"text": "so it goes", "audio": "none.wav"}, "none.wav: no such sound file"),
    ],
)
def test_wrong_inputs_are_told(pipeline, inputs, message):
    with pytest.raises((ValueError, OSError), match=message):
        pipeline(inputs)
