"""The notebooks are found from wherever one stands."""

import shutil

import pytest

from speechlm_utils.notebook import catalogue


def test_the_repository_is_found_from_below_and_its_absence_is_said(repository, monkeypatch):
    (repository / "a" / "b").mkdir(parents=True)
    assert catalogue.find_notebook_folder(repository / "a" / "b") == repository / "notebooks"
    shutil.rmtree(repository / "notebooks")
    monkeypatch.setattr(catalogue, "__file__", str(repository / "x" / "y" / "z.py"))
    with pytest.raises(FileNotFoundError, match="run this inside the repository"):
        catalogue.find_notebook_folder(repository)


def test_data_of_the_repository_is_found_from_any_folder(repository, tmp_path_factory, monkeypatch):
    (repository / "data" / "demo").mkdir(parents=True)
    (repository / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(repository / "deep" / "er")
    assert catalogue.find_own("data/demo") == str(repository / "data" / "demo")
    assert catalogue.find_own("data/gone") == "data/gone" and catalogue.find_own("some/hub") == "some/hub"
    (repository / "deep/er/data/demo").mkdir(parents=True)
    assert catalogue.find_own("data/demo") == "data/demo"
