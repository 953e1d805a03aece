"""Which notebook may start when, and what a failure stops."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from speechlm_utils.cli.lanes import EARLY, NEEDS, run_in_lanes
from speechlm_utils.notebook.catalogue import Notebook


def make(*numbers):
    return [Notebook(Path(f"{number}_x.ipynb"), number, "?") for number in numbers]


def go(numbers, run, n_lanes, go_on=lambda outcome: True):
    with ThreadPoolExecutor(n_lanes) as pool:
        return run_in_lanes(make(*numbers), run, pool, n_lanes, go_on)


def test_a_notebook_starts_after_those_that_it_needs_and_others_run_beside_it():
    running, seen, ended, lock, both = set(), [], set(), threading.Lock(), threading.Barrier(2, timeout=10)

    def run(notebook, lane):
        with lock:
            running.add(notebook.number)
            seen.append(notebook.number)
            assert ended >= set(NEEDS.get(notebook.number, ()))
        if notebook.number in EARLY[:2]:
            both.wait()  # neither ends before the other has begun
        with lock:
            running.discard(notebook.number)
            ended.add(notebook.number)
        return notebook.number

    numbers = ["00", "01", "02", "03", "04", "05", "07", "11", "13"]
    found = go(numbers, run, 2)
    assert [notebook.number for notebook in found] == list(found.values()) == numbers
    assert set(seen[:2]) == {"00", "02"}
    assert seen.index("04") < seen.index("05")


def test_what_is_not_in_the_run_is_not_waited_for():
    assert list(go(("03", "05"), lambda notebook, lane: notebook.number, 2).values()) == ["03", "05"]


def test_needs_come_before_in_the_order_of_one_lane():
    assert all(need < number for number, needs in NEEDS.items() for need in needs)


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
