"""Run notebooks side by side: which may start when, and what is done about a failure."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, wait
from typing import TypeVar

from tqdm import tqdm

from ..notebook.catalogue import Notebook

STEPS = ("00", "01", "02", "03", "04", "05")
"""The steps of the method: each uses what the ones before it have left."""
ALONE = ("04", "05")
"""They train a language model on all cores. Beside another program each thread would wait for the slowest."""
Outcome = TypeVar("Outcome")


def run_in_lanes(
    notebooks: Sequence[Notebook],
    run: Callable[[Notebook, int], Outcome],
    pool: Executor,
    n_lanes: int,
    go_on: Callable[[Outcome], bool],
) -> dict[Notebook, Outcome]:
    """Run notebooks, `n_lanes` at a time: steps one after another, others beside them, at last `ALONE`.

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
    """Return which notebook may start now, if any: of the steps the next one, those of `ALONE` last."""
    if n_lanes == 1:
        return next(iter(waiting), None)
    busy = {notebook.number for notebook, _ in running}
    beside = [one for one in waiting if one.number not in ALONE]
    if busy & set(ALONE) or (busy and not beside):
        return None
    ready = (one for one in beside or waiting if one.number not in STEPS or not busy & set(STEPS))
    return next(ready, None)
