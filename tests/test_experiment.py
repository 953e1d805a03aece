"""An experiment loads what an earlier step left in the run folder, or makes it."""

from dataclasses import replace

import pytest
from tiny_llm import save_tiny_llm

from speechlm_utils.experiment import Experiment
from speechlm_utils.llm.embeddings import load_rows
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.pretraining.pretrain import PretrainSettings


@pytest.fixture
def experiment(tiny_corpus, tiny_codec_dir, tmp_path):
    llm = save_tiny_llm(tmp_path / "llm")
    return Experiment(tiny_corpus, tiny_codec_dir, tmp_path / "run", tmp_path / "cache", llm=LLMSpec(llm))


def test_unlabelled_clips_or_those_of_train(experiment):
    assert {clip.split for clip in experiment.unlabelled()} == {"unlabelled"}
    without = Experiment(**{name: getattr(experiment, name) for name in experiment.__dataclass_fields__})
    without.__dict__["corpus"] = [clip for clip in experiment.corpus if clip.split != "unlabelled"]
    found = without.unlabelled()
    assert {clip.split for clip in found} == {"train"} and all(clip.codes is not None for clip in found)


def test_rows_are_trained_once_and_then_loaded(experiment):
    selection = experiment.selection("fallacy", 5)
    rows = experiment.rows(selection, PretrainSettings(max_steps=1, batch_size=2))
    path = experiment.rows_path(selection)
    written = path.stat().st_mtime_ns
    assert experiment.rows(selection).keys() == rows.keys() == load_rows(path).keys()
    assert path.stat().st_mtime_ns == written
    other = replace(selection, tokens=[(8, 63), *selection.tokens[1:]])
    assert experiment.rows(other, PretrainSettings(max_steps=1)).keys() != rows.keys()


def test_selection_is_taken_as_it_lies_there_unless_it_is_wanted_anew(experiment):
    own = {"solver": "saga", "C": 0.5, "layers": [3, 4], "threshold": "mean", "max_iter": 2000}
    first = experiment.selection("fallacy", 5, **own)
    assert (first.solver, first.C, first.layers) == ("saga", 0.5, (3, 4))
    later = experiment.selection("fallacy", 5)  # a step without settings of its own
    assert (later.solver, later.tokens, later.layers) == ("saga", first.tokens, (3, 4))
    assert experiment.selection("fallacy", 5, layers=[3, 4]).solver == "saga"
    assert experiment.selection("fallacy", 5, anew=True, layers=[3, 4]).solver == "liblinear"
    assert experiment.selection("fallacy", 5, layers=[5]).layers == (5,)


@pytest.mark.parametrize(
    "setting", [{"threshold": "nonzero"}, {"max_iter": 900}, {"C": 0.4}, {"solver": "skglm"}]
)
def test_selection_that_records_other_settings_is_made_anew(experiment, caplog, setting):
    own = {"C": 0.5, "threshold": "mean", "max_iter": 1000}
    first = experiment.selection("fallacy", 5, **own)
    path = experiment.run_dir / "selection_fallacy_5.json"
    written = path.stat().st_mtime_ns
    assert experiment.selection("fallacy", 5, **own).tokens == first.tokens
    assert path.stat().st_mtime_ns == written and not caplog.records

    (name, value), *_ = setting.items()
    later = experiment.selection("fallacy", 5, **own | setting)
    assert getattr(later, name) == value == getattr(type(first).load(path), name)
    assert f"made with another {name}; selecting again" in caplog.text


def test_setting_that_a_file_does_not_record_is_not_taken_for_the_same(experiment):
    first = experiment.selection("fallacy", 5, C=0.5, threshold="mean")
    replace(first, threshold=None).save(experiment.run_dir / "selection_fallacy_5.json")
    assert experiment.selection("fallacy", 5).threshold is None  # not asked for: as it lies there
    assert experiment.selection("fallacy", 5, threshold="mean").threshold == "mean"
