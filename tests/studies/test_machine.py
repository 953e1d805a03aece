"""Memory: a run says what it held, and nothing where an earlier run of its process had held more."""

import platform
import subprocess
import sys

import pytest
import torch

from speechlm_utils.studies import machine
from speechlm_utils.studies.machine import name_device

SCRIPT = """
import numpy as np
from speechlm_utils.studies.machine import watch_memory

for megabytes in (400, 100, 800):
    measure = watch_memory()
    np.ones(megabytes * 2**17)
    print(measure())
"""


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU's memory is watched instead")
def test_memory_of_a_run_is_not_that_of_an_earlier_one():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    first, second, third = done.stdout.split()
    assert float(first) > 0.4 and (second == "None" or float(second) < float(first) - 0.2)
    assert float(third) - float(first) == pytest.approx(400 / 1024, abs=0.05)


def test_device_has_a_name(monkeypatch, tmp_path):
    assert name_device()
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr(machine, "CPU", tmp_path / "cpuinfo")
    assert name_device() == platform.machine()
    (tmp_path / "cpuinfo").write_text("processor : 0\nmodel name\t: Some CPU @ 2 GHz\n")
    assert name_device() == "Some CPU @ 2 GHz"
