"""An experiment loads what an earlier step left in the run folder, or makes it."""

import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from tiny_llm import save_tiny_llm

from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.experiment import Experiment
from speechlm_utils.finetuning import origin
from speechlm_utils.finetuning.classifier import SpeechTokenClassifier
from speechlm_utils.llm.embeddings import load_embeddings
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.llm.vocabulary import MARKERS
from speechlm_utils.pretraining.pretrain import PretrainSettings
from speechlm_utils.selection.l1 import L1LogisticRegression
from speechlm_utils.selection.selector import make_selector


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


def test_token_embeddings_are_trained_once_and_then_loaded(experiment):
    selection, settings = experiment.selection("fallacy", 5), PretrainSettings(max_steps=1, batch_size=2)
    first = experiment.token_embeddings(selection, settings)
    path = experiment.embeddings_path(selection)
    written = path.stat().st_mtime_ns
    again = experiment.token_embeddings(selection, settings)
    assert again.keys() == first.keys() == load_embeddings(path).keys()
    assert path.stat().st_mtime_ns == written
    slower = replace(settings, learning_rate=1e-5)
    assert experiment.token_embeddings(selection, slower, as_found=True).keys() == first.keys()
    assert path.stat().st_mtime_ns == written
    other = replace(selection, tokens=[(8, 63), *selection.tokens[1:]])
    assert experiment.token_embeddings(other, settings).keys() != first.keys()


def test_selection_of_no_token_goes_on_with_the_words_alone_and_says_so(experiment, caplog):
    empty = experiment.selection("fallacy", 75, C=1e-4)
    assert empty.tokens == [] and "no token was selected" in caplog.text
    settings = PretrainSettings(max_steps=1, batch_size=2)
    assert set(experiment.token_embeddings(empty, settings)) == set(MARKERS)
    classifier = experiment.find_classifier("fallacy", max_steps=1)
    assert not classifier.settings.use_audio and "reads the words alone" in caplog.text
    clips = experiment.clips("fallacy", "test")
    assert np.isfinite(classifier.predict(clips)).all()
    assert experiment.find_classifier("fallacy").settings == classifier.settings


@pytest.mark.parametrize("C", [0, -1.0])
def test_penalty_that_makes_no_sense_is_told(experiment, C):
    with pytest.raises(ValueError, match="'C' parameter"):
        experiment.selection("fallacy", 5, C=C)


def make_own(layers=(3, 4), **settings):
    settings = {"solver": "saga", "threshold": "mean", "max_iter": 2000} | settings
    return make_selector(L1LogisticRegression(**settings), list(layers))


def test_selection_is_taken_as_it_lies_there_unless_it_is_to_be_refreshed(experiment):
    first = experiment.selection("fallacy", 5, selector=make_own(), C=0.5)
    assert (first.solver, first.C, first.layers) == ("saga", 0.5, (3, 4))
    later = experiment.selection("fallacy", 5)  # a step without settings of its own
    assert (later.solver, later.tokens, later.layers) == ("saga", first.tokens, (3, 4))
    assert experiment.selection("fallacy", 5, selector=make_own()).C == 0.5
    assert experiment.selection("fallacy", 5, refresh=True).solver == "liblinear"
    assert experiment.selection("fallacy", 5).layers == (2, 3, 4, 5, 6, 7, 8)


@pytest.mark.parametrize(
    "setting",
    [{"threshold": "nonzero"}, {"max_iter": 900}, {"C": 0.4}, {"solver": "skglm"}, {"layers": (5,)}],
)
def test_selection_that_records_other_settings_is_made_again(experiment, caplog, setting):
    own = {"solver": "liblinear"}
    first = experiment.selection("fallacy", 5, selector=make_own(**own), C=0.5)
    path = experiment.run_dir / "selection_fallacy_5.json"
    written = path.stat().st_mtime_ns
    assert experiment.selection("fallacy", 5, selector=make_own(**own), C=0.5).tokens == first.tokens
    assert path.stat().st_mtime_ns == written and not caplog.records

    (name, value), *_ = setting.items()
    C, own = setting.pop("C", 0.5), own | setting
    later = experiment.selection("fallacy", 5, selector=make_own(**own), C=C)
    assert getattr(later, name) == value == getattr(type(first).load(path), name)
    assert f"made with another {name}; selecting again" in caplog.text


def test_setting_that_a_file_does_not_record_is_not_taken_for_the_same(experiment):
    first = experiment.selection("fallacy", 5, selector=make_own(), C=0.5)
    replace(first, threshold=None).save(experiment.run_dir / "selection_fallacy_5.json")
    assert experiment.selection("fallacy", 5).threshold is None  # not asked for: as it lies there
    assert experiment.selection("fallacy", 5, selector=make_own()).threshold == "mean"


# --- the classifier: of the run folder, else beside the corpus, else trained small and kept


@pytest.fixture(scope="module")
def shared(tiny_corpus, tiny_codec_dir, tmp_path_factory):
    folder = tmp_path_factory.mktemp("experiment")
    corpus = shutil.copytree(tiny_corpus, folder / "data" / "corpus")  # so that nothing lies beside it
    llm = save_tiny_llm(folder / "llm")
    return Experiment(corpus, tiny_codec_dir, folder / "run", folder / "cache", llm=LLMSpec(llm), n_jobs=1)


@pytest.fixture(scope="module")
def trained(shared):
    return shared.find_classifier("fallacy", max_steps=1)


@pytest.fixture
def shipped(shared, trained):
    """A copy of the trained classifier beside the corpus."""
    folder = shared.corpus_dir.parent / "classifier"
    yield shutil.copytree(shared.run_dir / "classifier_fallacy", folder)
    shutil.rmtree(folder)


def watch_training(monkeypatch):
    monkeypatch.setattr(Experiment, "_train_small", lambda *args: "trained")


def test_a_small_one_is_trained_and_kept(shared, trained, monkeypatch):
    watch_training(monkeypatch)
    clips = shared.clips("fallacy", "test")
    again = shared.find_classifier("fallacy")
    np.testing.assert_array_equal(again.predict(clips), trained.predict(clips))
    assert again.codec is shared.codec and again.task == "fallacy"


def test_shipped_one_is_taken_where_the_run_has_none(shared, trained, shipped, monkeypatch, tmp_path):
    watch_training(monkeypatch)
    other = replace(shared, run_dir=tmp_path)
    clips = shared.clips("fallacy", "test")
    np.testing.assert_array_equal(other.find_classifier("fallacy").predict(clips), trained.predict(clips))


def test_that_of_the_run_comes_before_the_shipped_one(shared, shipped, monkeypatch):
    asked, found = [], SimpleNamespace(task="fallacy")
    load = staticmethod(lambda folder, base, codec: asked.append(folder) or found)
    monkeypatch.setattr(SpeechTokenClassifier, "from_pretrained", load)
    monkeypatch.setattr(origin, "list_foreign", lambda *args: [])
    assert shared.find_classifier("fallacy") is found
    assert asked == [shared.run_dir / "classifier_fallacy"]


def test_one_of_another_task_or_damaged_is_passed_over(shared, shipped, monkeypatch, tmp_path):
    watch_training(monkeypatch)
    (tmp_path / "classifier_topic").mkdir()
    (tmp_path / "classifier_topic" / "settings.json").write_text("{")
    assert replace(shared, run_dir=tmp_path).find_classifier("topic") == "trained"


def edit_table(shared, folder, old, new):
    """A copy of the corpus in which a part of its table is replaced."""
    corpus = shutil.copytree(shared.corpus_dir, folder / "data" / "corpus")
    table = (corpus / "metadata.csv").read_text(encoding="utf-8")
    assert old in table
    (corpus / "metadata.csv").write_text(table.replace(old, new), encoding="utf-8")
    return replace(shared, corpus_dir=corpus)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("authority", "prestige", "another set of labels, train part"),
        ("they don't say s01", "we do not say s01", "another train part"),
        ("authority", "emotion", "another set of labels, train part"),
    ],
)
def test_a_classifier_of_another_corpus_is_not_taken(
    shared, trained, monkeypatch, tmp_path, caplog, old, new, what
):
    """The task has the same name, the codec and the model are the same, and nothing would fail."""
    watch_training(monkeypatch)
    other = edit_table(shared, tmp_path, old, new)
    assert other.find_classifier("fallacy") == "trained" and what in caplog.text


def test_corrected_labels_of_the_test_part_change_no_classifier(shared, trained, monkeypatch, tmp_path):
    watch_training(monkeypatch)
    table = (shared.corpus_dir / "metadata.csv").read_text(encoding="utf-8")
    line = next(line for line in table.splitlines() if ",test," in line and ",emotion," in line)
    other = edit_table(shared, tmp_path, line, line.replace(",emotion,", ",authority,"))
    assert other.find_classifier("fallacy").task == "fallacy"


def test_another_language_model_or_unknown_clips_are_told(shared, trained, monkeypatch, tmp_path, caplog):
    watch_training(monkeypatch)
    llm = save_tiny_llm(tmp_path / "other", seed=5)
    assert replace(shared, llm=LLMSpec(llm)).find_classifier("fallacy") == "trained"
    assert "was trained upon" in caplog.text
    folder = shutil.copytree(shared.run_dir, tmp_path / "run")
    results = folder / "classifier_fallacy" / "results.json"
    results.write_text(results.read_text(encoding="utf-8").replace("sampled_from", "old"), encoding="utf-8")
    assert replace(shared, run_dir=folder).find_classifier("fallacy") == "trained"


@pytest.mark.parametrize("change", ["settings", "llm", "clips"])
def test_token_embeddings_made_otherwise_are_trained_again(experiment, tmp_path, caplog, change):
    selection, settings = experiment.selection("fallacy", 5), PretrainSettings(max_steps=1, batch_size=2)
    experiment.token_embeddings(selection, settings)
    if change == "settings":
        settings = replace(settings, learning_rate=1e-2)
    elif change == "llm":
        experiment = replace(experiment, llm=LLMSpec(save_tiny_llm(tmp_path / "other", seed=5)))
    else:
        experiment = replace(experiment)
        experiment.__dict__["corpus"] = [
            replace(c, text=f"{c.text} so") for c in load_corpus(experiment.corpus_dir)
        ]
    experiment.token_embeddings(selection, settings)
    assert f"was made with other {change}; training again" in caplog.text
