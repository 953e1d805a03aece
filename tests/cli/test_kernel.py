"""The environment of a kernel is this interpreter's, and leaves nothing behind."""

import json
import os
import sys
from pathlib import Path

from speechlm_utils.cli.kernel import own_kernel


def test_python3_is_this_interpreter_and_the_environment_comes_back(monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", "lure")
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "1000")
    monkeypatch.delenv("MALLOC_MMAP_THRESHOLD_", raising=False)
    before = dict(os.environ)
    with own_kernel({"OMP_NUM_THREADS": "1"}):
        first, last = os.environ["JUPYTER_PATH"].split(os.pathsep)
        spec = json.loads(Path(first, "kernels", "python3", "kernel.json").read_text())
        assert spec["argv"][0] == sys.executable and last == "lure"
        assert os.environ["MALLOC_TRIM_THRESHOLD_"] == "1000"  # a user's own value counts
        assert os.environ["MALLOC_MMAP_THRESHOLD_"] == str(2**26)
        assert os.environ["OMP_NUM_THREADS"] == "1" and os.environ["SPEECHLM_STATIC"] == "1"
    assert dict(os.environ) == before and not Path(first).exists()
