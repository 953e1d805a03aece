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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "all:\n  seed: 1\nall:\n  task: x\n",
            r"own\.yml, line 3: 'all' stands there twice, first in line 1",
        ),
        ("all:\n  seed: 1\n  seed: 2\n", r"line 3: 'seed' stands there twice, first in line 2"),
        ('2:\n  seed: 1\n"02":\n  seed: 2\n', "notebook 02 stands there twice"),
        ("all:\n\tseed: 1\n", "line 2: .*indent by spaces, not by tabs"),
        ('all:\n  corpus_dir: "C:\\Users\\me"\n', r"line 2: .*write paths with / or in 'single quotes'"),
        ("all:\n  task: [a\n", r"own\.yml, line \d: "),
        (
            "all: !!python/object/apply:os.system [ls]\n",
            r"own\.yml, line 1: could not determine a constructor",
        ),
        ("all:\n  ? [a, b]\n  : 1\n", r"own\.yml"),
        ("all: &a [*a]\n", "own"),
        ("just words", "expected sections"),
        ("all: 3", "expected sections"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_in_one_line(repository, text, message):
    write_notebook(repository / "notebooks" / "02_second.ipynb")
    path = repository / "own.yml"
    path.write_text(text)
    with pytest.raises(ValueError, match=message) as error:
        profile = profiles.load_profile(str(path), repository / "notebooks")
        profiles.plan_parameters(catalogue.find_notebooks(repository / "notebooks"), profile, repository)
    assert "own" in str(error.value)


def test_bytes_that_are_no_text(repository):
    (repository / "own.yml").write_bytes("all:\n  task: für".encode("latin-1"))
    with pytest.raises(ValueError, match=r"own\.yml: byte 14 is not UTF-8"):
        profiles.load_profile(str(repository / "own.yml"), repository / "notebooks")
    with pytest.raises(FileNotFoundError, match=r"the nearest is 'own\.yml'; known profiles: quick"):
        profiles.load_profile(str(repository / "Own.yml"), repository / "notebooks")


PATHS = 'run_dir = ""\nseed = 0\ncorpus_dir = ""\ncodec_name = ""\ncache_dir = ""'


def plan_paths(repository, path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    folder = repository / "notebooks"
    write_notebook(folder / "13_own.ipynb", parameters=PATHS)
    profile = profiles.load_profile(str(path), folder)
    return profiles.plan_parameters(catalogue.find_notebooks(folder), profile, repository / "runs/x")[
        "13_own.ipynb"
    ]


def test_paths_are_relative_to_the_profile(repository, tmp_path, monkeypatch):
    mine = tmp_path / "elsewhere"
    (mine / "clips").mkdir(parents=True)
    (repository / "data" / "tokenizer").mkdir(parents=True)
    text = "all: {corpus_dir: clips, codec_name: ../data/tokenizer, cache_dir: ../cache}"
    plan = plan_paths(repository, mine / "own.yml", text)
    found = {
        name: (repository / "notebooks" / value).resolve() for name, value in plan.items() if name != "seed"
    }
    assert found["corpus_dir"] == mine / "clips" and found["cache_dir"] == tmp_path / "cache"
    assert (
        found["codec_name"] == repository / "data" / "tokenizer" and found["run_dir"] == repository / "runs/x"
    )
    monkeypatch.setenv("HOME", str(mine))
    plan = plan_paths(
        repository, mine / "own.yml", "all: {corpus_dir: ~/clips, codec_name: fnlp/SpeechTokenizer}"
    )
    assert plan["corpus_dir"] == str(mine / "clips") and plan["codec_name"] == "fnlp/SpeechTokenizer"
    assert profiles.list_missing({"13": plan}, repository / "notebooks") == []


def test_paths_of_the_repository_s_profiles_are_relative_to_the_notebooks(repository):
    text = "all: {corpus_dir: ../data/gone, codec_name: ../data/tokenizr}"
    plan = plan_paths(repository, repository / "notebooks/profiles/own.yml", text)
    assert plan["corpus_dir"] == "../data/gone"
    (repository / "data" / "tokenizer").mkdir(parents=True)
    corpus, codec = profiles.list_missing({"13": plan}, repository / "notebooks")
    assert corpus == f"corpus_dir: '../data/gone' is not there ({repository / 'data/gone'})"
    assert "the nearest is 'tokenizer'" in codec
