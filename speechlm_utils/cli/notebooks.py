"""Execute notebooks with papermill, in a kernel of their own; what came of it: an index page, a summary."""

import json
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from html import escape
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError

from ..notebook.catalogue import Notebook
from . import pages
from .kernel import own_kernel
from .lanes import LAST_STEP, run_in_lanes

CELL_SECONDS = 1800  # a cell that takes longer has stalled; the longest, a fine-tuning run, takes minutes
N_SHOWN = 4  # headline numbers of a notebook in the summary


@dataclass(frozen=True)
class Result:
    """What came of one notebook: status is "ok", "failed" or "not run"."""

    name: str
    status: str
    minutes: float = 0.0
    executed: str = ""
    cell: int | None = None
    error: str = ""

    @property
    def what(self) -> str:
        """The status, with the cell that failed."""
        return self.status + ("" if self.cell is None else f" in cell [{self.cell}]")

    def describe_failure(self) -> str:
        """Say which notebook and cell failed, with which error, and where to look."""
        return f"{self.name} {self.what}: {self.error}\nSee the notebook as far as it came: {self.executed}"


def run_notebooks(
    notebooks: list[Notebook],
    plan: dict[str, dict[str, Any]],
    run_dir: Path,
    keep_going: bool = False,
    n_lanes: int = 1,
) -> list[Result]:
    """Execute notebooks, each in a fresh kernel, `n_lanes` at a time (see `run_in_lanes`).

    After a failure no other starts, unless told otherwise; those that were not run are results, too.
    """
    run = partial(_run_in_lane, plan, run_dir, n_lanes)
    with ProcessPoolExecutor(n_lanes, get_context("spawn")) as pool:
        found = run_in_lanes(notebooks, run, pool, n_lanes, lambda one: keep_going or one.status != "failed")
    return [found.get(notebook, Result(notebook.path.name, "not run")) for notebook in notebooks]


def _run_in_lane(plan: dict[str, dict], run_dir: Path, n_lanes: int, notebook: Notebook, lane: int) -> Result:
    """Run a notebook, with its bar in the lane's line; only the steps may use more than one thread."""
    bar = {"desc": notebook.path.stem, "leave": False, "position": lane + 1}
    threads = {"OMP_NUM_THREADS": "1"} if n_lanes > 1 and notebook.number > LAST_STEP else {}
    with own_kernel(threads):
        return _execute(notebook, plan[notebook.path.name], run_dir, bar)


def run_notebook(notebook: Notebook, parameters: dict[str, Any], run_dir: Path) -> Result:
    """Execute one notebook with this interpreter; write it, its page and its figures to the run folder."""
    with own_kernel():
        return _execute(notebook, parameters, run_dir)


def _execute(notebook: Notebook, parameters: dict, run_dir: Path, bar: dict | bool = False) -> Result:
    executed = run_dir.resolve() / notebook.path.name
    executed.parent.mkdir(parents=True, exist_ok=True)
    start, failure = time.monotonic(), {}
    try:
        papermill.execute_notebook(
            str(notebook.path),
            str(executed),
            parameters,
            kernel_name="python3",
            cwd=str(notebook.path.resolve().parent),
            progress_bar=bar,
            start_timeout=180,
            execution_timeout=CELL_SECONDS,
        )
    except PapermillExecutionError as error:
        failure = {"cell": error.exec_count, "error": f"{error.ename}: {error.evalue}"}
    except CellTimeoutError:
        failure = {"error": f"a cell ran longer than {CELL_SECONDS} seconds"}
    except DeadKernelError:
        failure = {"error": "its Python process died, most often for lack of memory; close programs"}
    minutes = (time.monotonic() - start) / 60
    if executed.exists():
        pages.finish_notebook(executed, run_dir)
    return Result(notebook.path.name, "failed" if failure else "ok", minutes, str(executed), **failure)


def merge_results(results: list[Result], run_dir: Path) -> dict[str, Result]:
    """Join the results of this run with earlier ones in the same folder (`results.json`), by file name."""
    path = run_dir / "results.json"
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    merged = {one["name"]: Result(**one) for one in stored}
    merged |= {result.name: result for result in results if result.status != "not run"}
    path.write_text(json.dumps([asdict(one) for one in merged.values()], indent=1), encoding="utf-8")
    return merged


def write_index(
    notebooks: list[Notebook], results: dict[str, Result], run_dir: Path, profile: str, metrics: dict
) -> Path:
    """Write `index.html`: a table of the notebooks with links, then the numbers and figures of each.

    Results are by file name, of this and earlier runs in the folder; metrics as `read_metrics` returns them.
    """
    title = f"Run with the profile {escape(profile)}"
    lines = [f"# {title}\n", "| Notebook | Question | Minutes | Status |", "| --- | --- | --- | --- |"]
    lines += [_index_row(one, results.get(one.path.name)) for one in notebooks]
    lines += [_index_details(one, run_dir, metrics) for one in notebooks]
    page = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("\n".join(lines))])
    path = run_dir / "index.html"
    path.write_text(pages.render_html(page, title), encoding="utf-8")
    return path


def format_summary(notebooks: list[Notebook], results: list[Result], metrics: dict[str, dict]) -> str:
    """Lay out a run as a table in text: notebook, status, minutes, and its first headline numbers."""
    width = max(len(notebook.path.stem) for notebook in notebooks)
    lines = [f"\n{'notebook':{width}}  status   minutes  headline numbers"]
    for notebook, result in zip(notebooks, results, strict=True):
        numbers = _headline(notebook, metrics)[:N_SHOWN] if result.status == "ok" else []
        shown = ", ".join(f"{name} {text}" for name, text in numbers)
        line = f"{notebook.path.stem:{width}}  {result.status:7}  {result.minutes:7.1f}  {shown}"
        lines.append(line.rstrip())
    total = sum(result.minutes for result in results)
    return "\n".join([*lines, f"{'all':{width}}  {'':7}  {total:7.1f}"])


def format_value(value: Any) -> str:
    """Show a metric briefly: three significant digits, no trailing zeros."""
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    return "–" if value is None else str(value)


def _headline(notebook: Notebook, metrics: dict[str, dict]) -> list[tuple[str, str]]:
    files = [values for name, values in metrics.items() if name.startswith(notebook.number)]
    pairs = [pair for values in files for pair in values.items()]
    return [(name, format_value(value)) for name, value in pairs if not isinstance(value, dict | list)]


def _index_row(notebook: Notebook, result: Result | None) -> str:
    name, stem, status, minutes = escape(notebook.title), notebook.path.stem, "not run", ""
    if result:
        name = f"[{name}]({stem}.html) ([ipynb](./{stem}.ipynb))"
        error = f": {escape(result.error)}" if result.error else ""
        status = f"<span class='{result.status}'>{result.what}{error}</span>"
        minutes = f"{result.minutes:.1f}"
    cells = [name, escape(notebook.question), minutes, status]
    return "| " + " | ".join(" ".join(cell.replace("|", "&#124;").split()) for cell in cells) + " |"


def _index_details(notebook: Notebook, run_dir: Path, metrics: dict[str, dict]) -> str:
    stem, numbers = notebook.path.stem, _headline(notebook, metrics)
    names = sorted(path.stem for path in (run_dir / "figures").glob(f"{stem}-*.png"))
    if not numbers and not names:
        return ""
    rows = [f"| {escape(k)} | {escape(v)} |" for k, v in numbers]
    table = "\n".join(["| number | value |", "| --- | --- |", *rows]) if rows else ""
    images = [f"<img src='figures/{name}.png' alt='{name}' height='144' loading='lazy'>" for name in names]
    return f"\n## {escape(notebook.title)}\n\n{table}\n\n<a href='{stem}.html'>{''.join(images)}</a>"
