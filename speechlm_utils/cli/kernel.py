"""The kernel in which notebooks are executed: this interpreter, in an environment for pages."""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from ipykernel.kernelspec import write_kernel_spec

MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**26), "MALLOC_TRIM_THRESHOLD_": str(2**29)}
"""Arrays up to 64 MiB come from memory that the process keeps: to ask the system for it anew, page by page,
costs a model on a CPU up to a tenth of its time. Read by glibc; without effect elsewhere."""


@contextlib.contextmanager
def own_kernel(more: Mapping[str, str] = MappingProxyType({})) -> Iterator[None]:
    """Make "python3" mean this interpreter, whatever kernels a user or a system has under that name.

    `more`: other variables of its environment.
    """
    before = dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        # Level 40 leaves out the kernel's remark that it talks to us without encryption, on this machine.
        write_kernel_spec(Path(folder) / "kernels" / "python3", extra_arguments=["--log-level=40"])
        path = os.pathsep.join(filter(None, [folder, before.get("JUPYTER_PATH")]))
        # tqdm draws widgets in any kernel but Spyder's, and a page shows a widget as it first was: at 0 %.
        # SPEECHLM_STATIC has remarks in place of controls, see widgets/panel.py.
        page = {"JUPYTER_PATH": path, "SPYDER_LIKE_TEXT_PROGRESS": "1", "SPEECHLM_STATIC": "1"}
        os.environ |= MEMORY | before | page | dict(more)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ |= before
