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
