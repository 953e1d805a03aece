"""The grid: every record once, also after an interruption, with any backend."""

import errno
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import joblib
import pytest

from speechlm_utils.studies.grid import Job, append_record, read_records, run_grid

JOBS = [Job("corpus", "task", arm, seed) for seed in range(3) for arm in ("text", "lasso")]


def run(job):
    return vars(job) | {"score": len(job.arm) + job.seed / 10}


def test_records_come_in_the_order_of_the_jobs_and_stand_in_the_file(tmp_path):
    path = tmp_path / "records.jsonl"
    records = run_grid(JOBS, run, path, progress=False)
    assert records == [run(job) for job in JOBS]
    assert sorted(map(Job.of, read_records(path))) == sorted(JOBS)


def test_only_what_is_missing_runs(tmp_path):
    path = tmp_path / "records.jsonl"
    append_record(path, vars(JOBS[2]) | {"score": "kept"})
    seen = []
    records = run_grid(JOBS, lambda job: seen.append(job) or run(job), path, progress=False)
    assert seen == [job for job in JOBS if job != JOBS[2]] and records[2]["score"] == "kept"


def test_line_that_was_cut_off_runs_again(tmp_path):
    path = tmp_path / "records.jsonl"
    run_grid(JOBS[:2], run, path, progress=False)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - 9])
    assert len(read_records(path)) == 1
    assert run_grid(JOBS, run, path, progress=False) == [run(job) for job in JOBS]
    assert len(read_records(path)) == len(JOBS)


def test_processes_give_the_same_records(tmp_path):
    alone = run_grid(JOBS, run, tmp_path / "one.jsonl", progress=False)
    with joblib.parallel_config("loky", inner_max_num_threads=1):
        assert run_grid(JOBS, run, tmp_path / "two.jsonl", 2, progress=False) == alone


def test_dask_gives_the_same_records(tmp_path):
    distributed = pytest.importorskip("distributed")
    cluster = distributed.LocalCluster(2, threads_per_worker=1, processes=False, dashboard_address=None)
    with cluster, distributed.Client(cluster), joblib.parallel_config("dask"):
        records = run_grid(JOBS, run, tmp_path / "dask.jsonl", 2, progress=False)
    assert records == [run(job) for job in JOBS]


def test_record_that_does_not_fit_is_told_and_runs_again(tmp_path, caplog):
    path = tmp_path / "records.jsonl"
    run_grid(JOBS, lambda job: run(job) | {"codec_hash": "old"}, path, progress=False)
    seen = []

    def again(job):
        seen.append(job)
        return run(job) | {"codec_hash": "new"}

    def fits(record):
        return record["codec_hash"] == "new" or record["seed"] == 2

    records = run_grid(JOBS, again, path, progress=False, fits=fits)
    assert seen == JOBS[:4] and [one["codec_hash"] for one in records] == ["new"] * 4 + ["old"] * 2
    assert "4 records were made from something else; running again" in caplog.text
    assert len(read_records(path)) == 10  # nothing is taken away
    assert run_grid(JOBS, again, path, progress=False, fits=fits) == records and len(seen) == 4


def test_second_grid_on_the_same_file_is_refused(tmp_path):
    def nested(job):
        with pytest.raises(BlockingIOError, match="another run is writing there"):
            run_grid(JOBS, run, tmp_path / "records.jsonl", progress=False)
        return run(job)

    assert len(run_grid(JOBS, nested, tmp_path / "records.jsonl", progress=False)) == len(JOBS)


def test_full_disk_is_told_and_costs_one_record(tmp_path, monkeypatch):
    path, real = tmp_path / "records.jsonl", os.fsync
    run_grid(JOBS[:3], run, path, progress=False)

    def fail(place):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no room on the disk; .*records.jsonl"):
        run_grid(JOBS, run, path, progress=False)
    monkeypatch.setattr(os, "fsync", real)
    assert run_grid(JOBS, run, path, progress=False) == [run(job) for job in JOBS]


SLOW = """
import sys, time
from pathlib import Path
from speechlm_utils.studies.grid import Job, run_grid
def run(job):
    time.sleep(0.15)
    return vars(job) | {"score": job.seed}
run_grid([Job("c", "t", "a", seed) for seed in range(12)], run, Path(sys.argv[1]), progress=False)
"""


def test_killed_grid_goes_on_and_ends_with_the_same_records(tmp_path):
    path, command = tmp_path / "killed.jsonl", [sys.executable, "-c", SLOW]
    child = subprocess.Popen([*command, str(path)])
    deadline = time.monotonic() + 60
    while len(read_records(path)) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    n_before = len(read_records(path))
    assert 3 <= n_before < 12
    subprocess.run([*command, str(path)], check=True)
    found = [json.dumps(one) for one in read_records(path)]
    assert len(found) == len(set(found)) == 12
    assert sorted(one["score"] for one in map(json.loads, found)) == list(range(12))


def test_the_run_of_the_study_script_reaches_other_processes():
    """A script is not a module that a worker could import: all that its run calls is sent along."""
    path = Path(__file__).resolve().parents[2] / "scripts" / "llm_study.py"
    spec = importlib.util.spec_from_file_location("a_script", path)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    found = joblib.Parallel(2)([joblib.delayed(getattr)(script.run, "__name__") for _ in range(2)])
    assert found == ["run", "run"]
