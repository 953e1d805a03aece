"""Run notebooks side by side: which may start when, and what is done about a failure."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, wait
from typing import TypeVar

from tqdm import tqdm

from ..notebook.catalogue import Notebook

NEEDS = {"03": ("02",), "04": ("02",), "05": ("04",), "11": ("02",), "14": ("02",), "20": ("02",)}
"""Which notebooks read what others leave in the run folder: the selection of 02, the embeddings of 04."""
EARLY = ("00", "02", "13", "04", "05", "14", "12")
"""Those that start first, if they can: the first figure, the longest chain, and 13, for which 05 leaves too
little memory; then the longest ones, so that short ones fill the end."""
Outcome = TypeVar("Outcome")


def run_in_lanes(
    notebooks: Sequence[Notebook],
    run: Callable[[Notebook, int], Outcome],
    pool: Executor,
    n_lanes: int,
    go_on: Callable[[Outcome], bool],
) -> dict[Notebook, Outcome]:
    """Run notebooks, `n_lanes` at a time, each after those that it needs; `EARLY` ones first.

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
            while free and (notebook := _find_ready(waiting, running.values(), n_lanes)):
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


def _find_ready(
    waiting: Sequence[Notebook], running: Iterable[tuple[Notebook, int]], n_lanes: int
) -> Notebook | None:
    """Return which notebook may start now, if any; with one lane they keep their order."""
    if n_lanes == 1:
        return next(iter(waiting), None)
    to_come = {notebook.number for notebook in waiting} | {notebook.number for notebook, _ in running}
    ready = [one for one in waiting if not to_come & set(NEEDS.get(one.number, ()))]
    early = {number: place for place, number in enumerate(EARLY)}
    return min(ready, key=lambda one: early.get(one.number, len(early)), default=None)
