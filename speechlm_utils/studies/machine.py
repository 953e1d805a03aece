"""What a run ran on, and the memory that it needed there."""

import contextlib
import platform
import resource
import sys
from collections.abc import Callable
from pathlib import Path

import torch

PROCESS, CPU = Path("/proc/self"), Path("/proc/cpuinfo")  # Linux


def name_device() -> str:
    """Name the GPU, if there is one, else the processor: its model where Linux tells it, else its kind."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    with contextlib.suppress(OSError):
        lines = CPU.read_text(encoding="utf-8").splitlines()
        if names := [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]:
            return names[0]
    return platform.machine()


def watch_memory() -> Callable[[], float | None]:
    """Begin to watch; the function that is returned says the largest memory held since then, GiB.

    It is that of the GPU if there is one, else the process's. Where the system tells only the largest that a
    process has ever held (not on Linux): None if it had held as much before.
    """
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        return lambda: torch.cuda.max_memory_allocated() / 2**30
    with contextlib.suppress(OSError):
        (PROCESS / "clear_refs").write_text("5")  # VmHWM begins anew; proc(5)
    before = _largest()

    def measure() -> float | None:
        largest = _largest()
        return largest if largest > before else None

    return measure


def _largest() -> float:
    """Return the largest memory of the process, GiB; without VmHWM that of a parent may be among it."""
    with contextlib.suppress(OSError):
        lines = (PROCESS / "status").read_text().splitlines()
        if found := [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]:
            return found[0] / 2**20
    unit = 2**30 if sys.platform == "darwin" else 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
