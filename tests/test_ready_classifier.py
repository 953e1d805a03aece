"""A classifier is found in the run folder, else among those shipped, else trained small and kept."""

import numpy as np
import pytest
from tiny_llm import save_tiny_llm

from speechlm_utils.experiment import Experiment
from speechlm_utils.ready_classifier import find_classifier


@pytest.fixture(scope="module")
def experiment(tiny_corpus, tiny_codec_dir, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ready")
    llm = save_tiny_llm(folder / "llm")
    return Experiment(tiny_corpus, tiny_codec_dir, folder / "run", folder / "cache", str(llm), n_jobs=1)


@pytest.fixture(scope="module")
def trained(experiment):
    return find_classifier(experiment, "fallacy", max_steps=1)


def forbid_training(monkeypatch):
    name = "speechlm_utils.ready_classifier._train_small"
    monkeypatch.setattr(name, lambda *args: pytest.fail("trained again"))


def test_a_small_one_is_trained_and_kept(experiment, trained, monkeypatch):
    forbid_training(monkeypatch)
    clips = experiment.clips("fallacy", "test")
    again = find_classifier(experiment, "fallacy")
    np.testing.assert_array_equal(again.predict(clips), trained.predict(clips))
    assert again.codec is experiment.codec and again.task == "fallacy"


def test_shipped_one_is_taken_where_the_run_has_none(experiment, trained, monkeypatch, tmp_path):
    forbid_training(monkeypatch)
    other = Experiment(
        experiment.corpus_dir, experiment.codec_name, tmp_path, experiment.cache_dir, experiment.llm_name
    )
    shipped = [tmp_path / "not there", experiment.run_dir / "classifier_fallacy"]
    assert find_classifier(other, "fallacy", shipped).label_names == trained.label_names


def test_one_of_another_task_or_damaged_is_passed_over(experiment, trained, monkeypatch, tmp_path):
    monkeypatch.setattr("speechlm_utils.ready_classifier._train_small", lambda *args: "trained")
    (tmp_path / "classifier_topic").mkdir()
    (tmp_path / "classifier_topic" / "settings.json").write_text("{")
    other = Experiment(
        experiment.corpus_dir, experiment.codec_name, tmp_path, experiment.cache_dir, experiment.llm_name
    )
    shipped = [experiment.run_dir / "classifier_fallacy"]
    assert find_classifier(other, "topic", shipped) == "trained"
