"""Profiles: parameters reach the notebooks that declare them, and nothing else is accepted."""

import pytest
from notebook_tools import write_notebook

from speechlm_utils.cli import profiles
from speechlm_utils.notebook import catalogue


def test_parameters_reach_the_notebooks_that_declare_them(repository):
    folder = repository / "notebooks"
    write_notebook(folder / "01_first.ipynb", parameters="seed = 0")
    write_notebook(folder / "02_second.ipynb")
    profile = profiles.load_profile("quick", folder)
    plan = profiles.plan_parameters(catalogue.find_notebooks(folder), profile, repository / "runs" / "quick")
    assert plan["01_first.ipynb"] == {"seed": 3}
    assert plan["02_second.ipynb"] == {"seed": 3, "run_dir": "../runs/quick", "clip_seconds": 1.5}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '"02":\n  clip_second: 1',
            "quick, 02_second.ipynb: unknown parameter clip_second; known: .*clip_seconds",
        ),
        ("all:\n  sede: 1", "quick, all: unknown parameter sede"),
        ('"07":\n  seed: 1', "no notebook has the number 07"),
        ("- seed", "expected sections"),
    ],
)
def test_profile_that_fits_no_notebook_is_refused(repository, text, message):
    folder = repository / "notebooks"
    write_notebook(folder / "02_second.ipynb")
    (folder / "profiles" / "quick.yml").write_text(text)
    with pytest.raises(ValueError, match=message):
        profile = profiles.load_profile("quick", folder)
        profiles.plan_parameters(catalogue.find_notebooks(folder), profile, repository / "runs")


def test_numbers_of_notebooks_need_no_quotes_and_profiles_may_be_paths(repository):
    path = repository / "mine.yml"
    path.write_text("2:\n  seed: 1\n")
    profile = profiles.load_profile(str(path), repository / "notebooks")
    assert (profile.name, profile.common, profile.by_number) == ("mine", {}, {"02": {"seed": 1}})
