"""Execute notebooks with papermill: which ones and which cells, in which kernel, and what came of it."""

import ast
import contextlib
import json
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import nbformat
import papermill
from ipykernel.kernelspec import write_kernel_spec
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError
from tqdm import tqdm

from ..corpus.load import load_corpus
from ..notebook import needs
from ..notebook.catalogue import Notebook
from . import pages

CORPUS = ("corpus_dir", "task")  # the parameters that say which corpus a notebook works on
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

    def describe_failure(self) -> str:
        """Say which notebook and cell failed, with which error, and where to look."""
        cell = "" if self.cell is None else f" in cell [{self.cell}]"
        return f"{self.name} failed{cell}: {self.error}\nSee the notebook as far as it came: {self.executed}"


def run_notebooks(
    notebooks: list[Notebook],
    plan: dict[str, dict[str, Any]],
    run_dir: Path,
    keep_going: bool = False,
    progress: bool = True,
) -> list[Result]:
    """Execute notebooks in order, each in a fresh kernel; stop after a failure unless told otherwise."""
    run_dir.mkdir(parents=True, exist_ok=True)
    results: list[Result] = []
    bar = tqdm(notebooks, desc="all notebooks", unit="notebook", disable=not progress)
    for notebook in bar:
        if not keep_going and any(result.status == "failed" for result in results):
            results.append(Result(notebook.path.name, "not run"))
            continue
        results.append(run_notebook(notebook, plan[notebook.path.name], run_dir, progress))
    return results


def run_notebook(
    notebook: Notebook, parameters: dict[str, Any], run_dir: Path, progress: bool = True
) -> Result:
    """Execute one notebook with this interpreter; write it, its page and its figures to the run folder.

    Cells that need what the corpus lacks are left out; a printed list, also in the notebook, says which.
    """
    chosen = choose_cells(notebook, parameters)
    executed = run_dir.resolve() / notebook.path.name
    executed.parent.mkdir(parents=True, exist_ok=True)
    start, failure = time.monotonic(), {}
    with own_kernel():
        try:
            papermill.execute_notebook(
                chosen,
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
            failure = {
                "error": "its Python process died, most often for want of memory; close other programs"
            }
    minutes = (time.monotonic() - start) / 60
    if executed.exists():
        pages.finish_notebook(executed, run_dir)
    return Result(notebook.path.name, "failed" if failure else "ok", minutes, str(executed), **failure)


def choose_cells(notebook: Notebook, parameters: dict[str, Any]) -> nbformat.NotebookNode:
    """Read a notebook without the cells that need what its corpus lacks; print which, and note it in there.

    The corpus is that of the parameter `corpus_dir`; a notebook without this parameter stays whole.
    """
    node = nbformat.read(notebook.path, as_version=4)
    declared = papermill.inspect_notebook(str(notebook.path))
    defaults = {name: ast.literal_eval(declared[name]["default"]) for name in CORPUS if name in declared}
    given = defaults | {name: parameters[name] for name in CORPUS if name in parameters}
    tagged = any(tag.startswith(needs.PREFIX) for cell in node.cells for tag in cell.metadata.get("tags", []))
    if tagged and "corpus_dir" in given:
        clips = load_corpus(notebook.path.parent / given["corpus_dir"])
        node.cells, told = needs.leave_out(node.cells, needs.find_missing(clips, given.get("task")))
        for line in told:
            tqdm.write(f"{notebook.path.stem}: left out {line}")
        if told:
            note = "\n".join(["**Left out of this run:**\n", *(f"- {line}" for line in told)])
            node.cells.insert(1, nbformat.v4.new_markdown_cell(note))
    return node


@contextlib.contextmanager
def own_kernel() -> Iterator[None]:
    """Make "python3" mean this interpreter, whatever kernels a user or a system has under that name."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        # Level 40 leaves out the kernel's remark that it talks to us without encryption, on this machine.
        write_kernel_spec(Path(folder) / "kernels" / "python3", extra_arguments=["--log-level=40"])
        os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [folder, before.get("JUPYTER_PATH")]))
        # tqdm draws widgets in any kernel but Spyder's, and a page shows a widget as it first was: at 0 %.
        os.environ["SPYDER_LIKE_TEXT_PROGRESS"] = "1"
        os.environ["SPEECHLM_STATIC"] = "1"  # remarks in place of controls, see widgets/panel.py
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def merge_results(results: list[Result], run_dir: Path) -> dict[str, Result]:
    """Join the results of this run with earlier ones in the same folder (`results.json`), by file name."""
    path = run_dir / "results.json"
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    merged = {one["name"]: Result(**one) for one in stored}
    merged |= {result.name: result for result in results if result.status != "not run"}
    path.write_text(json.dumps([asdict(one) for one in merged.values()], indent=1), encoding="utf-8")
    return merged
