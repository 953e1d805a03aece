"""Execute notebooks with papermill, in a kernel of their own, and keep what came of each."""

import json
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from ..files import write_json
from ..notebook.catalogue import Notebook
from . import pages
from .kernel import own_kernel
from .lanes import run_in_lanes

CELL_SECONDS = 1800  # a cell that takes longer has stalled; the longest, a fine-tuning run, takes minutes
END_SECONDS = 0.5  # that a kernel has for its end, after Ctrl-C, too


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
    """Run a notebook, with its bar in the lane's line, and with one thread if there are several lanes."""
    bar = {"desc": notebook.path.stem, "leave": False, "position": lane + 1}
    threads = {"OMP_NUM_THREADS": "1"} if n_lanes > 1 else {}
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
            config=Config(KernelManager={"shutdown_wait_time": END_SECONDS}),
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
    write_json(path, [asdict(one) for one in merged.values()])
    return merged
