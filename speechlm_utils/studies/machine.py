"""What a run ran on, and the memory that it needed there."""

import platform
import resource
from collections.abc import Callable

import torch


def name_device() -> str:
    """Name the GPU, if there is one, else the processor's kind."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else platform.machine()


def watch_memory() -> Callable[[], float | None]:
    """Begin to watch; the function that is returned says the largest memory held since then, GiB.

    It is that of the GPU if there is one, else the process's. Of a process only the largest ever is known:
    None if an earlier run of the same process has held as much.
    """
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        return lambda: torch.cuda.max_memory_allocated() / 2**30
    before = _largest()

    def measure() -> float | None:
        largest = _largest()
        return largest if largest > before else None

    return measure


def _largest() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
