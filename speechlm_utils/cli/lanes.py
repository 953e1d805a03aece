"""Run notebooks side by side: which may start when, and what is done about a failure."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, wait
from typing import TypeVar

from tqdm import tqdm

from ..notebook.catalogue import Notebook

LAST_STEP = "05"
"""Notebooks up to this number are the steps of the method: each uses what those before it have left."""
Outcome = TypeVar("Outcome")


def run_in_lanes(
    notebooks: Sequence[Notebook],
    run: Callable[[Notebook, int], Outcome],
    pool: Executor,
    n_lanes: int,
    go_on: Callable[[Outcome], bool],
) -> dict[Notebook, Outcome]:
    """Run notebooks, `n_lanes` at a time: the steps one after another, beside them whichever comes next.

    Parameters
    ----------
    notebooks : in order
    run : called by the pool with a notebook and the number of its lane, from 0
    pool : Executor, of processes: papermill changes the working folder of the process it runs in
    n_lanes : int
    go_on : told an outcome, says whether others may still start

    Returns
    -------
    outcomes : notebook -> what `run` returned, in the given order; one that was not started is missing
    """
    waiting, running, found, free = list(notebooks), {}, {}, list(range(n_lanes))
    bar = tqdm(total=len(notebooks), desc="all notebooks", unit="notebook")
    with bar:
        while waiting or running:
            while free and (notebook := _find_ready(waiting, running.values())):
                waiting.remove(notebook)
                lane = free.pop(0)
                running[pool.submit(run, notebook, lane)] = notebook, lane
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                notebook, lane = running.pop(future)
                free.append(lane)
                found[notebook] = future.result()
                bar.update()
                if not go_on(found[notebook]):
                    waiting.clear()
    return {notebook: found[notebook] for notebook in notebooks if notebook in found}


def _find_ready(waiting: Sequence[Notebook], running) -> Notebook | None:
    """Return the next step if none is running, else the next notebook that is no step."""
    is_step_running = any(notebook.number <= LAST_STEP for notebook, _ in running)
    ready = (one for one in waiting if not (is_step_running and one.number <= LAST_STEP))
    return next(ready, None)
