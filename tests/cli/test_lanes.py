"""Which notebook may start when, and what a failure stops."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from speechlm_utils.cli.lanes import ALONE, run_in_lanes
from speechlm_utils.notebook.catalogue import Notebook


def make(*numbers):
    return [Notebook(Path(f"{number}_x.ipynb"), number, "?") for number in numbers]


def go(numbers, run, n_lanes, go_on=lambda outcome: True):
    with ThreadPoolExecutor(n_lanes) as pool:
        return run_in_lanes(make(*numbers), run, pool, n_lanes, go_on)


def test_steps_follow_one_another_and_others_run_beside_them():
    running, seen, lock, both = set(), [], threading.Lock(), threading.Barrier(2, timeout=10)

    def run(notebook, lane):
        with lock:
            running.add(notebook.number)
            seen.append((notebook.number, frozenset(running)))
        if notebook.number in ("00", "07"):
            both.wait()  # neither ends before the other has begun
        if notebook.number in ALONE:
            assert running == {notebook.number}
        with lock:
            running.discard(notebook.number)
        return notebook.number

    found = go(("00", "01", "04", "05", "07", "11"), run, 2)
    assert (
        [notebook.number for notebook in found]
        == list(found.values())
        == ["00", "01", "04", "05", "07", "11"]
    )
    assert all(sum(number <= "05" for number in beside) <= 1 for _, beside in seen)
    steps = [number for number, _ in seen if number <= "05"]
    assert steps == sorted(steps) and [number for number, _ in seen][-2:] == ["04", "05"]


def test_one_lane_keeps_the_order():
    seen = []
    go(("00", "04", "11"), lambda notebook, lane: seen.append(notebook.number), 1)
    assert seen == ["00", "04", "11"]


def test_after_a_failure_no_other_starts():
    found = go(("01", "02", "03"), lambda one, lane: one.number, 1, lambda number: number != "02")
    assert list(found.values()) == ["01", "02"]


def test_an_error_of_the_runner_is_raised():
    def run(notebook, lane):
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        go(("01",), run, 2)
