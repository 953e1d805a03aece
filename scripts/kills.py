"""Kill each step of the method at random moments, and see that the same command goes on and ends the same.

    python scripts/kills.py [--kills 20] [--seed 0] [--write]     (make torture)

Each step (encoding by one process, and by two as `speechlm encode --jobs 2` does, selection, pre-training,
fine-tuning, the study of the language model by its script) is done once undisturbed, and once more by a
process of its own with other hashes of strings: both must leave the same bytes. Then it is begun in new
folders, and killed (SIGKILL, or SIGINT as by Ctrl-C) at random moments, some times in a row; at last it may
end, and must leave those bytes, too. What was finished before a kill must be there after it, and no
worker process may be left. --write puts the figures into docs/reliability.md.
"""

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reliability.md"
MARKS = "<!-- kills -->", "<!-- end of kills -->"
IN_A_ROW = 3  # kills before a step may end
SECONDS = 120  # that a step may take
GRACE = 20  # seconds that workers have for their end: those that have just begun must first load a little
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]


@dataclass
class Step:
    """A step, how long it takes undisturbed, and what came of its kills."""

    name: str
    run: Callable[[Path], object]
    seconds: float = 0.0
    result: dict[str, str] = field(default_factory=dict)
    kills: int = 0
    rounds: int = 0
    equal: int = 0
    lost: int = 0
    left: int = 0  # processes that a kill of their parent left running
    stops: list[float] = field(default_factory=list)  # seconds from SIGINT to the end


def start(step: Step, folder: Path) -> int:
    """Do a step in a process of its own, which is a copy of this one; return its id."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])  # until the copy can take it
    if child := os.fork():
        while os.getpgid(child) != child:  # it is not yet what a signal to its group reaches
            time.sleep(0.001)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        return child
    code = 1
    try:
        os.setsid()  # its workers are of its group
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(os.open(folder.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
        step.run(folder)
        code = 0
    except KeyboardInterrupt:
        code = 130
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)


def wait(child: int, seconds: float) -> int | None:
    """Wait for the end of a process; None: it runs still."""
    end = time.monotonic() + seconds
    while True:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= end:
            return None
        time.sleep(0.002)


def list_group(group: int) -> list[int]:
    """List the processes of a group that have not ended; none where there is no /proc."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, of = path.read_text().rpartition(")")[2].split()[:3]
        except OSError:  # it has just ended
            continue
        if int(of) == group and state != "Z":
            found.append(int(path.parent.name))
    return found


def count_left(group: int) -> int:
    """Count the processes of a group that are there after some seconds of grace, and end them."""
    end = time.monotonic() + GRACE
    while (found := list_group(group)) and time.monotonic() < end:
        time.sleep(0.05)
    for process in found:
        os.kill(process, signal.SIGKILL)
    return len(found)


def finish(step: Step, folder: Path) -> dict[str, str]:
    """Let a step come to its end, and return the hashes of what it leaves."""
    code = wait(start(step, folder), SECONDS)
    if code != 0:
        raise RuntimeError(f"{step.name} ended with {code}: {folder.with_suffix('.log').read_text()[-3000:]}")
    return hash_files(folder)


def hash_files(folder: Path) -> dict[str, str]:
    """Hash all files but those whose names say that they mean nothing: locks, and what was not finished."""
    files = {p.relative_to(folder): p for p in folder.rglob("*") if p.is_file()}
    return {
        str(name): hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in files.items()
        if not any(part.startswith(".") or "unfinished" in part for part in name.parts)
    }


def list_finished(folder: Path) -> set[str]:
    """List what must not be lost: codes, and the lines of records."""
    lines = [line for path in folder.rglob("*.jsonl") for line in path.read_bytes().split(b"\n")[:-1]]
    return {str(path) for path in folder.rglob("[!.]*.npy")} | {line.decode() for line in lines}


def kill_some(step: Step, folder: Path, rng: np.random.Generator) -> None:
    """One round: begin, kill some times at random moments, let it end, compare."""
    before = list_finished(folder)
    for _ in range(IN_A_ROW):
        child, how = start(step, folder), signal.SIGKILL if rng.random() < 0.7 else signal.SIGINT
        if wait(child, rng.uniform(0, step.seconds)) is not None:
            break  # it was quicker
        if how == signal.SIGINT:
            os.killpg(child, how)  # a terminal tells the workers, too
        else:
            os.kill(child, how)
        begin = time.monotonic()
        wait(child, SECONDS)
        if how == signal.SIGINT:
            step.stops.append(time.monotonic() - begin)
        step.kills += 1
        step.left += count_left(child)
        found = list_finished(folder)
        step.lost += len(before - found)
        before = found
    result = finish(step, folder)
    step.lost += len(before - list_finished(folder))
    step.rounds += 1
    step.equal += result == step.result
    if result != step.result:
        names = [name for name in {*result, *step.result} if result.get(name) != step.result.get(name)]
        print(f"{step.name}: other bytes in {sorted(names)[:5]}", file=sys.stderr)


def torture(steps: list[Step], n_kills: int, seed: int, folder: Path) -> None:
    """Kill every step n_kills times."""
    for number, step in enumerate(steps):
        rng, begin = np.random.default_rng([seed, number]), time.monotonic()
        step.result = finish(step, folder / f"{step.name}_whole")
        step.seconds = time.monotonic() - begin
        while step.kills < n_kills:
            kill_some(step, folder / f"{step.name}_{step.rounds}", rng)


def repeat_elsewhere(steps: list[Step], folder: Path) -> list[str]:
    """Do all steps once more in a fresh process with other hashes of strings; list what ends otherwise."""
    command = [sys.executable, __file__, "--once", str(folder)]
    done = subprocess.run(command, env=os.environ | {"PYTHONHASHSEED": "7"}, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return [step.name for step in steps if hash_files(folder / f"{step.name}_again") != step.result]


def format_table(steps: list[Step], others: list[str], seed: int) -> str:
    """Lay out what was tried and found."""
    lines = [
        "| step | seconds | kills survived | ended with the same bytes | records lost | processes left |"
    ]
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for step in steps:
        cells = [step.name, f"{step.seconds:.1f}", step.kills, f"{step.equal} of {step.rounds}", step.lost]
        cells.append(step.left)
        lines.append(f"| {' | '.join(map(str, cells))} |")
    stops = [seconds for step in steps for seconds in step.stops]
    kills, lost, left = (sum(getattr(step, name) for step in steps) for name in ("kills", "lost", "left"))
    lines += [f"| all | | {kills} | | {lost} | {left} |", ""]
    again = f"all but {', '.join(others)}" if others else "all"
    slowest = f"the slowest end took {max(stops):.2f} s" if stops else "none was tried"
    lines.append(f"Seed {seed}. {len(stops)} of the kills were SIGINT, as Ctrl-C sends it: {slowest}.")
    lines.append(
        f"Done again by another process, undisturbed, {again} of the {len(steps)} steps left the same bytes."
    )
    return "\n".join(lines)


def main() -> int:
    """Kill every step, print the table, and fail if something was lost or ended otherwise."""
    from kill_work import make_steps

    keep = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=keep)
    parser.add_argument("--kills", type=int, default=20, help="of each step")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true", help="put the figures into docs/reliability.md")
    parser.add_argument("--once", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    if args.once:
        for name, run in make_steps(args.once).items():
            run(args.once / f"{name}_again")
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        steps = [Step(*pair) for pair in make_steps(folder).items()]
        torture(steps, args.kills, args.seed, folder)
        others = repeat_elsewhere(steps, folder)
    table = format_table(steps, others, args.seed)
    print(table)
    if args.write:
        head, tail = PAGE.read_text(encoding="utf-8").split(MARKS[0])
        tail = tail.partition(MARKS[1])[2]
        PAGE.write_text(f"{head}{MARKS[0]}\n{table}\n{MARKS[1]}{tail}", encoding="utf-8")
    failed = others or any(step.lost or step.left or step.equal < step.rounds for step in steps)
    print(json.dumps({"failed": bool(failed)}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
