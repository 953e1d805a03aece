"""The command line, profiles, execution and pages, on small notebooks made here."""

import base64
import json
import re
import shutil
import sys

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from speechlm_utils.cli import index, pages, profiles
from speechlm_utils.cli.main import main
from speechlm_utils.notebook import catalogue
from speechlm_utils.notebook.record import read_metrics, record_metrics

PARAMETERS = 'run_dir = "../runs/lab"\nseed = 0\nclip_seconds = 3.0'
PIXEL = base64.b64encode(b"not really a png").decode()


def write_notebook(path, *codes, title="A title", parameters=PARAMETERS):
    """A notebook with a title, a question, a parameters cell and code cells."""
    cells = [new_markdown_cell(f"# {title}\n\n**What is asked?**\n\n2 minutes, two CPU cores")]
    cells += [new_code_cell(parameters, metadata={"tags": ["parameters"]}), *map(new_code_cell, codes)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository with profiles and no notebooks yet; the working directory is its root."""
    folder = tmp_path / "notebooks"
    (folder / "profiles").mkdir(parents=True)
    (folder / "profiles" / "quick.yml").write_text('all:\n  seed: 3\n"02":\n  clip_seconds: 1.5\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- profiles and choices -----------------------------------------------------------------------------------


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


def test_unknown_profile_and_unknown_notebook_are_named(repository, capsys):
    write_notebook(repository / "notebooks" / "02_second.ipynb")
    assert main(["run", "--profile", "slow"]) == 2
    assert "slow.yml; known profiles: quick" in capsys.readouterr().err
    assert main(["run", "--profile", "quick", "--only", "9"]) == 2
    assert "no notebook with number 09; there are: 02" in capsys.readouterr().err


def test_list_shows_title_and_question(repository, capsys):
    write_notebook(repository / "notebooks" / "02_second.ipynb", title="The second")
    assert main(["list"]) == 0
    assert capsys.readouterr().out == "02  The second\n    What is asked?\n"


def test_help_teaches_with_examples(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    assert "speechlm run --profile demo --only 02 03" in capsys.readouterr().out


# --- execution ----------------------------------------------------------------------------------------------

DRAW = """\
import matplotlib.pyplot as plt
plt.plot([1, 2, seed])
plt.show()"""
PROGRESS = """\
import sys
from tqdm.auto import tqdm
for _ in tqdm(range(3), desc="steps"):
    pass
print(sys.executable)"""
MEASURE = """\
from speechlm_utils.notebook.record import record_metrics
record_metrics(run_dir, "01_good", macro_f1=0.73219, n_tokens=75)"""


def test_run_writes_pages_figures_numbers_and_a_summary(repository, capsys, monkeypatch):
    """One pass over everything: a notebook that works, one that fails, one that is then not run."""
    folder = repository / "notebooks"
    write_notebook(folder / "01_good.ipynb", DRAW, PROGRESS, MEASURE, title="Good <one>")
    write_notebook(folder / "02_bad.ipynb", "total = 1", "total / 0")
    write_notebook(folder / "03_after.ipynb")
    lure = repository / "lure" / "kernels" / "python3"
    lure.mkdir(parents=True)  # another kernel of this name, as a system may have
    (lure / "kernel.json").write_text(
        json.dumps({"argv": ["false"], "display_name": "x", "language": "python"})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(repository / "lure"))

    assert main(["run", "--profile", "quick"]) == 1
    captured = capsys.readouterr()
    run_dir = repository / "runs" / "quick"

    assert re.search(r"01_good +ok +\d+\.\d  macro_f1 0\.732, n_tokens 75", captured.out)
    assert re.search(r"02_bad +failed", captured.out)
    assert re.search(r"03_after +not run", captured.out)
    assert "Open runs/quick/index.html" in captured.out
    assert "02_bad.ipynb failed in cell [4]: ZeroDivisionError: division by zero" in captured.err
    assert str(run_dir / "02_bad.ipynb") in captured.err

    executed = nbformat.read(run_dir / "01_good.ipynb", as_version=4)
    texts = "".join(output.get("text", "") for cell in executed.cells for output in cell.get("outputs", []))
    assert sys.executable in texts  # this interpreter, not the lure
    assert "steps: 100%" in texts  # text, not a widget
    assert "steps:   0%" not in texts
    assert len(list((run_dir / "figures").glob("01_good-*.png"))) == 1

    page = (run_dir / "index.html").read_text()
    for text in ("Good &lt;one&gt;", "0.732", "figures/01_good-01.png", "ZeroDivisionError"):
        assert text in page


def test_keep_going_and_later_runs_fill_the_same_index(repository, capsys):
    folder = repository / "notebooks"
    write_notebook(folder / "01_bad.ipynb", "raise ValueError('no')")
    write_notebook(folder / "02_good.ipynb")
    assert main(["run", "--profile", "quick", "--keep-going"]) == 1
    assert re.search(r"02_good +ok", capsys.readouterr().out)
    write_notebook(folder / "01_bad.ipynb")
    assert main(["run", "--profile", "quick", "--only", "1"]) == 0
    page = (repository / "runs" / "quick" / "index.html").read_text()
    assert page.count("class='ok'") == 2


def test_death_of_the_kernel_is_explained(repository, capsys):
    write_notebook(repository / "notebooks" / "02_dies.ipynb", "import os\nos._exit(1)")
    assert main(["run", "--profile", "quick"]) == 1
    assert "02_dies.ipynb failed: its Python process died" in capsys.readouterr().err


CORPUS = 'corpus_dir = "../data/demo"\nrun_dir = "../runs/lab"'


def test_only_notebook_13_runs_on_another_corpus(repository, capsys):
    folder = repository / "notebooks"
    for name in ("02_lesson", "13_own"):
        write_notebook(folder / f"{name}.ipynb", parameters=CORPUS)
    (folder / "profiles" / "mine.yml").write_text("all:\n  corpus_dir: ../data/mine\n")
    said = "notebooks 02 speak of the demo corpus; notebook 13 runs every step on yours"
    assert main(["run", "--profile", "mine"]) == 0
    captured = capsys.readouterr().out
    assert said in captured and "13_own" in captured and "02_lesson" not in captured
    assert main(["run", "--profile", "mine", "--only", "02", "13"]) == 2
    assert said in capsys.readouterr().err


# --- numbers ------------------------------------------------------------------------------------------------


def test_metrics_come_back_as_plain_values(tmp_path):
    record_metrics(
        tmp_path, "02_x", f1=np.float32(0.5), n=np.int64(3), path=np.arange(2), missing=float("nan")
    )
    assert read_metrics(tmp_path) == {"02_x": {"f1": 0.5, "n": 3, "path": [0, 1], "missing": None}}
    assert [path.name for path in (tmp_path / "metrics").iterdir()] == ["02_x.json"]


def test_metric_of_a_strange_type_is_named(tmp_path):
    with pytest.raises(TypeError, match="metric model is a object"):
        record_metrics(tmp_path, "02_x", model=object())


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.73219, "0.732"), (75, "75"), (12345.6, "12346"), (None, "–"), ("ok", "ok"), (True, "True")],
)
def test_values_are_shown_briefly(value, text):
    assert index.format_value(value) == text


# --- pages --------------------------------------------------------------------------------------------------


def make_page(*markdown, outputs=()):
    """Render a notebook of Markdown cells and one code cell."""
    cells = [*map(new_markdown_cell, markdown), new_code_cell("1", outputs=list(outputs))]
    return pages.render_html(new_notebook(cells=cells), "02_x")


def test_page_loads_nothing_from_the_network():
    page = make_page("# Title\n\n$x$ and ![figure](data:image/png;base64,AAAA)")
    loads = re.findall(r"<(?:script|link|img|iframe)\b[^>]*(?:src|href)=\"?(?:https?:)?//[^>]*>", page)
    assert not loads
    assert not re.findall(r"(?:@import|url\(|import\(|from )\s*['\"]?https?://[^)'\"]*", page)
    assert "<script src" not in page


def test_formulas_become_mathml_and_code_and_prices_stay():
    page = make_page(r"Let $x_i * y_i$, $$\min_w \|w\|_1$$ and `$HOME` cost $5 and $6.")
    assert page.count("<math") == 2
    assert 'display="block"' in page
    assert "$HOME" in page
    assert "$5 and $6" in page
    assert "FORMULA" not in page
    assert "<em>" not in page


def test_formula_that_cannot_be_read_stays_as_typed(monkeypatch):
    monkeypatch.setattr(pages, "to_mathml", lambda *args, **kwargs: 1 / 0)
    assert r"$\frac{1}$" in make_page(r"$\frac{1}$")


def test_links_between_notebooks_lead_to_pages():
    page = make_page("[next](03_tokens.ipynb) [part](03_tokens.ipynb#more) [other](../README.md)")
    assert 'href="03_tokens.html"' in page
    assert 'href="03_tokens.html#more"' in page


def test_widgets_are_stripped_and_bars_keep_their_text():
    outputs = [
        new_output(
            "display_data", {pages.WIDGET: {"model_id": "1"}, "text/plain": "interactive(children=...)"}
        ),
        new_output("display_data", {pages.WIDGET: {"model_id": "2"}, "text/plain": "100%|██████| 3/3"}),
        new_output("display_data", {"image/png": PIXEL, "text/plain": "<Figure>"}),
    ]
    notebook = new_notebook(cells=[new_code_cell("1", outputs=outputs)], metadata={"widgets": {"state": {}}})
    pages.strip_widgets(notebook)
    assert "widgets" not in notebook.metadata
    texts = [output.data["text/plain"] for output in notebook.cells[0].outputs]
    assert texts == [pages.WIDGET_NOTE, "100%|██████| 3/3", "<Figure>"]


def test_figure_takes_its_text_from_the_heading_above_it():
    figure = new_output("display_data", {"image/png": PIXEL})
    cells = [
        new_markdown_cell("# Top\n## The path"),
        new_code_cell("1"),
        new_code_cell("2", outputs=[figure]),
    ]
    notebook = new_notebook(cells=cells)
    pages.describe_figures(notebook)
    assert 'alt="The path"' in pages.render_html(notebook, "02_x")


def test_figures_of_an_earlier_run_go(tmp_path):
    shown = new_output("display_data", {"image/png": PIXEL})
    two = new_notebook(cells=[new_code_cell("1", outputs=[shown, shown])])
    one = new_notebook(cells=[new_code_cell("1", outputs=[shown])])
    pages.write_figures(two, "02_x", tmp_path)
    pages.write_figures(one, "02_x", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["02_x-01.png"]


def test_the_repository_is_found_from_below_and_its_absence_is_said(repository, monkeypatch):
    (repository / "a" / "b").mkdir(parents=True)
    assert catalogue.find_notebook_folder(repository / "a" / "b") == repository / "notebooks"
    shutil.rmtree(repository / "notebooks")
    monkeypatch.setattr(catalogue, "__file__", str(repository / "x" / "y" / "z.py"))
    with pytest.raises(FileNotFoundError, match="run this inside the repository"):
        catalogue.find_notebook_folder(repository)
