"""Worker processes that end with the process that they work for, however that one ends."""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable

LOKY = "LokyProcess"  # how joblib's own worker processes are called; a cluster looks after its workers itself
SECONDS = 0.2  # between two looks at the parent


class Tied:
    """A function for the workers of joblib, which end within `SECONDS` once this process is gone.

    A process that is killed cannot stop its workers. They would finish what they were given, hold its locks,
    and wait for five minutes for more.
    """

    def __init__(self, function: Callable):
        self.parent = Parent(os.getpid())  # first, so that a worker meets it before it loads the function
        self.function = function

    def __call__(self, *given, **options):
        """Call the function."""
        return self.function(*given, **options)


class Parent(int):
    """The id of a process; a worker that receives it is tied to that process from then on."""

    def __reduce__(self):
        return meet_parent, (int(self),)


_met: set[int] = set()


def meet_parent(process: int) -> Parent:
    """In a worker of joblib, start to watch the parent; a worker whose parent is gone ends at once."""
    if multiprocessing.current_process().name.startswith(LOKY) and process not in _met:
        _met.add(process)
        if os.getppid() != process:
            os._exit(1)
        threading.Thread(target=_wait_and_end, args=(process,), daemon=True).start()
    return Parent(process)


def _wait_and_end(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(SECONDS)
    os._exit(1)
