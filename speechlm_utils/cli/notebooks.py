"""Execute notebooks with papermill: which ones, in which kernel, and what came of it."""

import contextlib
import json
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import papermill
from ipykernel.kernelspec import write_kernel_spec
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError
from tqdm import tqdm

from ..notebook.catalogue import Notebook
from . import pages

CELL_SECONDS = 1800  # a cell that takes longer has stalled; the longest, a fine-tuning run, takes minutes


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
    notebooks: list[Notebook], plan: dict[str, dict[str, Any]], run_dir: Path, keep_going: bool = False
) -> list[Result]:
    """Execute notebooks in order, each in a fresh kernel; stop after a failure unless told otherwise."""
    results: list[Result] = []
    for notebook in tqdm(notebooks, desc="all notebooks", unit="notebook"):
        if not keep_going and any(result.status == "failed" for result in results):
            results.append(Result(notebook.path.name, "not run"))
        else:
            results.append(run_notebook(notebook, plan[notebook.path.name], run_dir))
    return results


def run_notebook(
    notebook: Notebook, parameters: dict[str, Any], run_dir: Path, progress: bool = True
) -> Result:
    """Execute one notebook with this interpreter; write it, its page and its figures to the run folder."""
    executed = run_dir.resolve() / notebook.path.name
    executed.parent.mkdir(parents=True, exist_ok=True)
    start, failure = time.monotonic(), {}
    with own_kernel():
        try:
            papermill.execute_notebook(
                str(notebook.path),
                str(executed),
                parameters,
                kernel_name="python3",
                cwd=str(notebook.path.resolve().parent),
                progress_bar={"desc": notebook.path.stem, "leave": False} if progress else False,
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


@contextlib.contextmanager
def own_kernel() -> Iterator[None]:
    """Make "python3" mean this interpreter, whatever kernels a user or a system has under that name."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        # Level 40 leaves out the kernel's remark that it talks to us without encryption, on this machine.
        write_kernel_spec(Path(folder) / "kernels" / "python3", extra_arguments=["--log-level=40"])
        path = os.pathsep.join(filter(None, [folder, before.get("JUPYTER_PATH")]))
        # tqdm draws widgets in any kernel but Spyder's, and a page shows a widget as it first was: at 0 %.
        # SPEECHLM_STATIC has remarks in place of controls, see widgets/panel.py.
        os.environ |= {"JUPYTER_PATH": path, "SPYDER_LIKE_TEXT_PROGRESS": "1", "SPEECHLM_STATIC": "1"}
        try:
            yield
        finally:
            os.environ.clear()
            os.environ |= before


def merge_results(results: list[Result], run_dir: Path) -> dict[str, Result]:
    """Join the results of this run with earlier ones in the same folder (`results.json`), by file name."""
    path = run_dir / "results.json"
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    merged = {one["name"]: Result(**one) for one in stored}
    merged |= {result.name: result for result in results if result.status != "not run"}
    path.write_text(json.dumps([asdict(one) for one in merged.values()], indent=1), encoding="utf-8")
    return merged
