"""Execution: pages, figures, numbers and a summary are written; failures are told."""

import json
import re
import sys

import nbformat
from notebook_tools import write_notebook

from speechlm_utils.cli.main import main

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
    assert page.count('class="ok"') == 2


def test_death_of_the_kernel_is_explained(repository, capsys):
    write_notebook(repository / "notebooks" / "02_dies.ipynb", "import os\nos._exit(1)")
    assert main(["run", "--profile", "quick"]) == 1
    assert "02_dies.ipynb failed: its Python process died" in capsys.readouterr().err
