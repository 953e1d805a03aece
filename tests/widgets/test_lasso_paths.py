"""Paths are fitted once, survive a restart in the run folder, and a damaged file is made anew."""

import numpy as np
import pytest

from speechlm_utils.codec_spec import CodecSpec
from speechlm_utils.experiment import Experiment
from speechlm_utils.selection.l1 import L1LogisticRegression
from speechlm_utils.selection.path import fit_l1_path
from speechlm_utils.selection.selector import make_selector
from speechlm_utils.widgets.lasso_paths import LassoPaths, list_layer_sets, load_path

CS = [0.5, 0.05]


@pytest.fixture
def experiment(tiny_corpus, tiny_codec_dir, tiny_clips, tmp_path):
    return Experiment(tiny_corpus, tiny_codec_dir, tmp_path / "run", tmp_path / "cache", n_jobs=1)


def forbid_fits(monkeypatch):
    monkeypatch.setattr(L1LogisticRegression, "fit", lambda *args: pytest.fail("fitted again"))


def test_path_is_that_of_the_train_clips(experiment):
    selector = make_selector(L1LogisticRegression(max_iter=500), (2, 3))
    path, names = LassoPaths(experiment, CS, selector).get("fallacy", (2, 3))
    train = experiment.clips("fallacy", "train")
    assert names == sorted({clip.labels["fallacy"] for clip in train})
    y = [names.index(clip.labels["fallacy"]) for clip in train]
    expected = fit_l1_path(selector, train, y, sorted(CS))
    np.testing.assert_array_equal(path.coefs, expected.coefs)
    assert path.Cs.tolist() == [0.05, 0.5] and path.tokens == expected.tokens


def test_second_asking_and_a_restart_fit_nothing(experiment, monkeypatch):
    first, names = (paths := LassoPaths(experiment, CS)).get("fallacy", (2,))
    forbid_fits(monkeypatch)
    assert paths.has("fallacy", [2]) and not paths.has("fallacy", [3])
    assert paths.get("fallacy", [2])[0] is first
    again, names_again = LassoPaths(experiment, CS).get("fallacy", (2,))
    np.testing.assert_array_equal(again.coefs, first.coefs)
    assert (again.tokens, again.n_words, names_again) == (first.tokens, first.n_words, names)
    np.testing.assert_array_equal(again.selected, first.selected)


def test_other_settings_and_damaged_files_are_fitted_anew(experiment):
    LassoPaths(experiment, CS).get("fallacy", (2,))
    LassoPaths(experiment, [0.05, 0.7]).get("fallacy", (2,))
    LassoPaths(experiment, CS, make_selector(L1LogisticRegression(threshold="mean"))).get("fallacy", (2,))
    files = sorted((experiment.run_dir / "paths").glob("fallacy_*.npz"))
    assert len(files) == 3
    for file in files:
        file.write_bytes(file.read_bytes()[:200])
        assert load_path(file) is None
    path, _ = LassoPaths(experiment, CS).get("fallacy", (2,))
    assert sum(load_path(file) is not None for file in files) == 1 and len(path.Cs) == 2


def test_unknown_task_is_named(experiment):
    with pytest.raises(ValueError, match="sarcasm"):
        LassoPaths(experiment, CS).get("sarcasm", (2,))


def test_layer_sets_name_each_set_once():
    assert list_layer_sets(CodecSpec(16000, 320, 64, 4, (1,))) == {
        "acoustic layers: 2, 3, 4": (2, 3, 4),
        "all layers: 1, 2, 3, 4": (1, 2, 3, 4),
        "semantic layers: 1": (1,),
    }
    assert "semantic layers" not in " ".join(list_layer_sets(CodecSpec(16000, 320, 64, 2)))
