"""Every notebook, found by glob: in step with its source, whole without the cells that a corpus has no data
for, and executed with the profile `ci`."""

import ast
import builtins
import importlib.util
from itertools import chain, combinations
from pathlib import Path

import nbformat
import pytest

from speechlm_utils.cli import notebooks as notebook_runner
from speechlm_utils.cli import profiles
from speechlm_utils.notebook import catalogue, needs

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "notebooks"
NOTEBOOKS = catalogue.find_notebooks(FOLDER)
IDS = [notebook.path.stem for notebook in NOTEBOOKS]


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
    if not NOTEBOOKS:
        pytest.skip("there are no notebooks yet")
    profiles.plan_parameters(NOTEBOOKS, profiles.load_profile(name, FOLDER), tmp_path)


# --- cells that need something of the corpus ----------------------------------------------------------------

ALL_NEEDS = {**needs.NEEDS, **needs.CORPUS_NEEDS}


def read_cells(notebook):
    """The cells of a notebook, and the needs that its tags name, in their order."""
    cells = nbformat.read(notebook.path, as_version=4).cells
    tags = [tag for cell in cells for tag in cell.metadata.get("tags", []) if tag.startswith(needs.PREFIX)]
    return cells, [tag.removeprefix(needs.PREFIX) for tag in dict.fromkeys(tags)]


def find_undefined(cells):
    """Names that code cells use but neither they nor an earlier one define; `%` magic is passed over."""
    known, undefined = {*dir(builtins), "get_ipython"}, []
    for cell in cells:
        if cell.cell_type == "code":
            lines = cell.source.splitlines()
            tree = ast.parse("\n".join(line for line in lines if not line.startswith("%")))
            known |= {name for node in ast.walk(tree) for name in list_defined(node)}
            loads = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
            undefined += [node.id for node in loads if node.id not in known]
    return undefined


def list_defined(node):
    """Names that a node of the syntax tree defines."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).split(".")[0] for alias in node.names]
    if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.ExceptHandler):
        return [node.name] if node.name else []
    if isinstance(node, ast.arg):
        return [node.arg]
    return [node.id] if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load) else []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=IDS)
def test_cells_that_remain_use_no_name_of_cells_that_are_left_out(notebook):
    cells, tagged = read_cells(notebook)
    assert set(tagged) <= set(ALL_NEEDS)
    for lacking in chain.from_iterable(combinations(tagged, n) for n in range(len(tagged) + 1)):
        kept, _ = needs.leave_out(cells, dict.fromkeys(lacking, "…"))
        assert not find_undefined(kept), f"without {lacking}"


def test_a_name_from_a_cell_that_is_left_out_is_found():
    cells = [nbformat.v4.new_code_cell(text) for text in ("import numpy as np", "a = np.ones(2)", "print(a)")]
    assert find_undefined(cells) == []
    assert find_undefined(cells[::2]) == ["a"]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=IDS)
def test_first_cell_of_a_need_says_what_is_missing(notebook):
    cells, tagged = read_cells(notebook)
    for need in tagged:
        code = [
            c for c in cells if needs.PREFIX + need in c.metadata.get("tags", []) and c.cell_type == "code"
        ]
        assert not code or f'require(experiment.corpus, "{need}"' in code[0].source, need


@pytest.mark.parametrize("notebook", [n for n in NOTEBOOKS if n.number <= "05"], ids=IDS[:6])
def test_text_for_any_corpus_does_not_speak_of_the_demo_corpus(notebook):
    kept, _ = needs.leave_out(read_cells(notebook)[0], dict.fromkeys(ALL_NEEDS, "…"))
    texts = [cell.source.lower() for cell in kept if cell.cell_type == "markdown"]
    assert not [
        text for text in texts for word in ("planted", "fallac", "`question`", "`topic`") if word in text
    ]


# --- execution ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=IDS)
def test_notebook_runs_with_profile_ci(notebook, ci_run_dir):
    plan = profiles.plan_parameters(NOTEBOOKS, profiles.load_profile("ci", FOLDER), ci_run_dir)
    result = notebook_runner.run_notebook(notebook, plan[notebook.path.name], ci_run_dir, progress=False)
    assert result.status == "ok", result.describe_failure()


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
