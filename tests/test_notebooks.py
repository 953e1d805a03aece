"""Every notebook, found by glob: in step with its source, executed with the profile `ci`, and its page."""

import importlib.util
import os
from pathlib import Path

import browser_tools
import nbformat
import page_tools
import pytest

from speechlm_utils.cli import profiles
from speechlm_utils.cli.index import write_index
from speechlm_utils.cli.notebooks import Result, merge_results, run_notebook
from speechlm_utils.explorers.quiz import write_quiz
from speechlm_utils.notebook import catalogue
from speechlm_utils.notebook.policy import format_policy
from speechlm_utils.notebook.record import read_metrics

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "notebooks"
NOTEBOOKS = catalogue.find_notebooks(FOLDER)
IDS = [notebook.path.stem for notebook in NOTEBOOKS]
MAX_LINES = 25  # of a code cell; imports and parameters are lists


def load_builder():
    """Import scripts/build_notebooks.py, which is no part of the package."""
    spec = importlib.util.spec_from_file_location("build_notebooks", ROOT / "scripts" / "build_notebooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def ci_run_dir(tmp_path_factory):
    """One run folder for all: a notebook finds what an earlier one wrote; alone it would make it."""
    return tmp_path_factory.mktemp("runs") / "ci"


def test_notebooks_are_what_their_sources_say_without_outputs():
    wrong = load_builder().find_differences(FOLDER)
    assert not wrong, f"run `make notebooks`: {sorted(path.name for path in wrong)}"


@pytest.mark.parametrize("name", sorted(path.stem for path in (FOLDER / "profiles").glob("*.yml")))
def test_profile_names_only_parameters_that_notebooks_declare(name, tmp_path):
    profiles.plan_parameters(NOTEBOOKS, profiles.load_profile(name, FOLDER), tmp_path)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=IDS)
def test_code_cells_are_short(notebook):
    cells = [cell for cell in nbformat.read(notebook.path, as_version=4).cells if cell.cell_type == "code"]
    code = [cell.source for cell in cells if "parameters" not in cell.metadata.get("tags", [])]
    assert not [text for text in code if len(text.splitlines()) > MAX_LINES and "import" not in text]


# --- execution ----------------------------------------------------------------------------------------------


def plan_ci(run_dir):
    return profiles.plan_parameters(NOTEBOOKS, profiles.load_profile("ci", FOLDER), run_dir)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=IDS)
def test_notebook_runs_with_profile_ci(notebook, ci_run_dir):
    result = run_notebook(notebook, plan_ci(ci_run_dir)[notebook.path.name], ci_run_dir)
    assert result.status == "ok", result.describe_failure()


# --- the pages ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def pages(ci_run_dir):
    """All pages of the run; a notebook that was not executed above is executed now.

    With $SPEECHLM_PAGES the pages of another run, for example runs/demo.
    """
    if other := os.environ.get("SPEECHLM_PAGES"):
        return sorted(Path(other).resolve().glob("*.html"))
    plan, results = plan_ci(ci_run_dir), []
    for notebook in NOTEBOOKS:
        executed = ci_run_dir / notebook.path.name
        if not executed.with_suffix(".html").exists():
            run_notebook(notebook, plan[notebook.path.name], ci_run_dir)
        results.append(Result(notebook.path.name, "ok", executed=str(executed)))
    write_quiz(ROOT / "data", ci_run_dir)
    found = merge_results(results, ci_run_dir)
    write_index(NOTEBOOKS, found, ci_run_dir, "ci", read_metrics(ci_run_dir))
    return sorted(ci_run_dir.glob("*.html"))


def test_pages_are_small_and_may_use_no_network(pages):
    assert len(pages) >= len(NOTEBOOKS) + 2  # the index and the quiz
    sizes = {path.name: path.stat().st_size for path in pages}
    assert not {name: size for name, size in sizes.items() if size > page_tools.LARGEST}
    without = [path.name for path in pages if format_policy() not in path.read_text("utf-8")[:4000]]
    assert not without


def test_pages_have_no_serious_fault_on_a_screen_and_on_a_phone(pages):
    """Scripts that fail, what axe-core finds, what is wider than the screen; the first paint is printed."""
    path, found, paints = browser_tools.find_browser(), {}, {}
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for page in pages:
            for screen in page_tools.SCREENS:
                faults, paints[page.stem, screen] = page_tools.inspect_page(chromium, page, screen)
                if faults:
                    found[page.stem, screen] = faults
        chromium.close()
    slowest = max(paints, key=paints.get)
    print(f"slowest first paint: {slowest[0]}, {paints[slowest]:.0f} ms")
    assert not found, "\n".join(f"{key}: {fault}" for key, faults in found.items() for fault in faults)


# --- the builder --------------------------------------------------------------------------------------------

SOURCE = """\
# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
# ---

# %% [markdown]
# # Title
# Is this text?

# %% tags=["parameters"] editable=true
seed = 0

# %%
# %matplotlib inline
seed + 1
"""


@pytest.fixture
def sources(tmp_path):
    """A notebook folder with one source, 00_x."""
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "00_x.py").write_text(SOURCE)
    return tmp_path


def test_rebuild_gives_the_same_bytes(sources):
    builder = load_builder()
    text = builder.build_notebook(sources / "source" / "00_x.py")
    assert text == builder.build_notebook(sources / "source" / "00_x.py")
    notebook = nbformat.reads(text, as_version=4)
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "code", "code"]
    assert notebook.cells[0].source == "# Title\nIs this text?"
    assert notebook.cells[1].metadata == {"tags": ["parameters"]}
    assert notebook.cells[2].source == "%matplotlib inline\nseed + 1"
    assert notebook.metadata.kernelspec.name == "python3"


def test_differences_are_seen_both_ways(sources):
    builder = load_builder()
    path = sources / "00_x.ipynb"
    (wrong,) = builder.find_differences(sources).items()
    assert wrong[0] == path
    path.write_text(wrong[1])
    assert builder.find_differences(sources) == {}

    notebook = nbformat.read(path, as_version=4)
    notebook.cells[2].outputs = [nbformat.v4.new_output("stream", text="1")]
    nbformat.write(notebook, path)
    (sources / "01_y.ipynb").write_text("{}")
    assert builder.find_differences(sources) == {path: wrong[1], sources / "01_y.ipynb": None}
