"""Some steps of the method are killed at random moments; `make torture` kills them more often."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
N_KILLS = os.environ.get("SPEECHLM_KILLS", "2")


def test_killed_steps_go_on_end_the_same_and_lose_nothing():
    command = [sys.executable, str(ROOT / "scripts" / "kills.py"), "--kills", N_KILLS, "--seed", "1"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    told = done.stdout + done.stderr
    assert done.returncode == 0 and json.loads(done.stdout.splitlines()[-1]) == {"failed": False}, told
    assert "all of the 6 steps left the same bytes" in told, told
    assert float(re.search(r"slowest end took ([\d.]+) s|none was tried", told)[1] or 0) < 2, told
