"""A grid of runs: each finished record is appended to a file, and only what is missing is computed."""

import json
import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from joblib import Parallel, delayed
from tqdm import tqdm

from ..files import explain_full_disk, lock_folder
from ..processes import Tied

log = logging.getLogger(__name__)


@dataclass(frozen=True, order=True)
class Job:
    """One run."""

    corpus: str
    task: str
    arm: str
    seed: int

    @classmethod
    def of(cls, record: dict) -> "Job":
        """The job that made a record."""
        return cls(*(record[key] for key in ("corpus", "task", "arm", "seed")))


def run_grid(
    jobs: Iterable[Job],
    run: Callable[[Job], dict],
    path: Path,
    n_jobs: int = 1,
    progress: bool = True,
    fits: Callable[[dict], bool] = lambda record: True,
) -> list[dict]:
    """Run the jobs whose records the file lacks, and return the records of all jobs, in their order.

    `run` is called in processes of joblib's backend (n_jobs = 1: in this one); `joblib.parallel_config`
    chooses another, "dask" for example. Each record is one line of the file, written when it is there; after
    an interruption the same call goes on. A line that was cut off is left out, and its job runs again. While
    it runs, a second grid with the same file is refused. A record that does not fit, of another codec for
    example, stays in the file, and its job runs again, with a log message; of two the later one counts.
    """
    jobs = list(jobs)
    with lock_folder(path.parent, f".{path.name}.lock"):
        done = {Job.of(record): record for record in read_records(path)}
        if stale := [job for job in jobs if job in done and not fits(done[job])]:
            log.warning("%s: %d records were made from something else; running again", path, len(stale))
        done = {job: record for job, record in done.items() if job not in stale}
        missing = [job for job in jobs if job not in done]
        found = Parallel(n_jobs, return_as="generator_unordered")(delayed(Tied(run))(job) for job in missing)
        for record in tqdm(found, total=len(missing), unit="run", disable=not progress):
            append_record(path, record)
            done[Job.of(record)] = record
    return [done[job] for job in jobs]


def append_record(path: Path, record: dict) -> None:
    """Append a record as one line, synced to the disk; a line that was cut off before is ended first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with explain_full_disk(path), path.open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
        file.write(json.dumps(record).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read_records(path: Path) -> list[dict]:
    """Read the records of a file; of none if there is no file. Lines that are not whole are left out."""
    records = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return records
