"""Workers end with the process that started them, and do the same work as without."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from joblib import Parallel, delayed

from speechlm_utils.processes import Tied

SECONDS = 60
SLOW = """
import os, sys, time
from pathlib import Path
from joblib import Parallel, delayed
from speechlm_utils.processes import Tied
def work(i):
    Path(sys.argv[1], str(os.getpid())).touch()
    time.sleep(100)
Parallel(2)(delayed(Tied(work))(i) for i in range(4))
"""


def test_result_is_that_of_the_function():
    assert Tied(max)(1, 2, key=lambda one: -one) == 1
    assert Parallel(1)(delayed(Tied(divmod))(i, 2) for i in (3, 4)) == [(1, 1), (2, 0)]
    assert os.getpid() > 0  # this process is no worker, and goes on


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
def test_workers_of_a_killed_process_end(tmp_path):
    child = subprocess.Popen([sys.executable, "-c", SLOW, str(tmp_path)])
    wait_until(lambda: len(list(tmp_path.iterdir())) == 2)
    workers = [int(path.name) for path in tmp_path.iterdir()]
    assert all(map(is_running, workers))
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    wait_until(lambda: not any(map(is_running, workers)))


def wait_until(is_so):
    end = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


def is_running(process):
    """Whether there is a process of this id that has not ended (a zombie has)."""
    try:
        told = Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False
    return told.rpartition(")")[2].split()[0] != "Z"
