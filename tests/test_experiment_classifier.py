"""A classifier is found in the run folder, else beside the corpus, else trained small and kept."""

import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from tiny_llm import save_tiny_llm

from speechlm_utils.experiment import Experiment
from speechlm_utils.finetuning.classifier import SpeechTokenClassifier
from speechlm_utils.llm.spec import LLMSpec


@pytest.fixture(scope="module")
def experiment(tiny_corpus, tiny_codec_dir, tmp_path_factory):
    folder = tmp_path_factory.mktemp("experiment")
    corpus = shutil.copytree(tiny_corpus, folder / "data" / "corpus")  # so that nothing lies beside it
    llm = save_tiny_llm(folder / "llm")
    return Experiment(corpus, tiny_codec_dir, folder / "run", folder / "cache", llm=LLMSpec(llm), n_jobs=1)


@pytest.fixture(scope="module")
def trained(experiment):
    return experiment.find_classifier("fallacy", max_steps=1)


@pytest.fixture
def shipped(experiment, trained):
    """A copy of the trained classifier beside the corpus."""
    folder = experiment.corpus_dir.parent / "classifier"
    yield shutil.copytree(experiment.run_dir / "classifier_fallacy", folder)
    shutil.rmtree(folder)


def watch_training(monkeypatch):
    monkeypatch.setattr(Experiment, "_train_small", lambda *args: "trained")


def test_a_small_one_is_trained_and_kept(experiment, trained, monkeypatch):
    watch_training(monkeypatch)
    clips = experiment.clips("fallacy", "test")
    again = experiment.find_classifier("fallacy")
    np.testing.assert_array_equal(again.predict(clips), trained.predict(clips))
    assert again.codec is experiment.codec and again.task == "fallacy"


def test_shipped_one_is_taken_where_the_run_has_none(experiment, trained, shipped, monkeypatch, tmp_path):
    watch_training(monkeypatch)
    other = replace(experiment, run_dir=tmp_path)
    clips = experiment.clips("fallacy", "test")
    np.testing.assert_array_equal(other.find_classifier("fallacy").predict(clips), trained.predict(clips))


def test_that_of_the_run_comes_before_the_shipped_one(experiment, shipped, monkeypatch):
    asked, found = [], SimpleNamespace(task="fallacy")
    load = staticmethod(lambda folder, codec: asked.append(folder) or found)
    monkeypatch.setattr(SpeechTokenClassifier, "from_pretrained", load)
    assert experiment.find_classifier("fallacy") is found
    assert asked == [experiment.run_dir / "classifier_fallacy"]


def test_one_of_another_task_or_damaged_is_passed_over(experiment, shipped, monkeypatch, tmp_path):
    watch_training(monkeypatch)
    (tmp_path / "classifier_topic").mkdir()
    (tmp_path / "classifier_topic" / "settings.json").write_text("{")
    assert replace(experiment, run_dir=tmp_path).find_classifier("topic") == "trained"
