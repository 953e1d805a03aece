"""Damage the files that the package reads, thousands of times, and see that every damage is told.

    python scripts/torture.py [--mutants 10000] [--seed 0] [--write]     (make torture)

A mutant is a good file with bytes flipped, cut, doubled, mixed with another's, or, where it is a text, with
words and values replaced by odd ones. Reading it must give a result, or raise an error of the documented
kinds (OSError, ValueError) within `SECONDS`, and write nothing outside the run folder. --write puts the
figures into docs/reliability.md.
"""

import argparse
import json
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reliability.md"
MARKS = "<!-- mutants -->", "<!-- end of mutants -->"
SECONDS = 20
ODD_WORDS = (
    b"", b"nan", b"NaN", b"-1", b"0", b"1e999", b"99999999999999999999", b"null", b"true", b"[]", b"{}", b"'",
    b"../../../../tmp/x", b"/etc/passwd", b"C:\\x", b"\0", b"\xff\xfe", "\u202e\u0641".encode(), b"<|audio|>",
    b"|", b",", b";", b"\n", b"\r", b"\t", b"train", b"x" * 3000, b"!!python/object/apply:os.system [id]",
    b'"', b"&a *a", b"$x$",
)  # fmt: skip


@dataclass
class Reader:
    """One kind of file: how a good one is read, and what came of its mutants."""

    name: str
    file: Path
    read: Callable[[], object]
    is_text: bool = False
    share: float = 1.0  # of the mutants that a reader gets
    outcomes: Counter = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def mutate(content: bytes, rng: np.random.Generator, is_text: bool, other: bytes) -> bytes:
    """Return a damaged copy: one to four changes."""
    mutant = bytearray(content)
    for _ in range(rng.integers(1, 5)):
        if not mutant:
            break
        at, n = int(rng.integers(len(mutant))), int(2 ** rng.integers(0, 9))
        kind = rng.integers(9 if is_text else 6)
        if kind == 0:
            mutant[at] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            mutant[at : at + n] = rng.bytes(min(n, len(mutant) - at))
        elif kind == 2:
            del mutant[at : len(mutant) if rng.random() < 0.3 else at + n]
        elif kind == 3:
            mutant[at:at] = mutant[at : at + n]
        elif kind == 4:
            start = int(rng.integers(len(other)))
            mutant[at : at + n] = other[start : start + n]
        elif kind == 5:
            width = int(rng.choice([1, 2, 4, 8]))
            value = rng.choice([0, 1, 127, 255, 2**15, 2**31 - 1, 2**31, 2**32 - 1, 2**63]) % 2 ** (8 * width)
            mutant[at : at + width] = int(value).to_bytes(width, str(rng.choice(["little", "big"])))
        else:  # a word, or what lies between two separators
            start = max(mutant.rfind(mark, 0, at) for mark in (b",", b":", b" ", b"\n", b'"')) + 1
            ends = [end for mark in (b",", b":", b"\n", b'"') if (end := mutant.find(mark, at)) >= 0]
            mutant[start : min(ends, default=len(mutant))] = ODD_WORDS[rng.integers(len(ODD_WORDS))]
    return bytes(mutant)


class WriteWatch:
    """Notes every file that is opened for writing, renamed or removed outside a folder."""

    def __init__(self, folder: Path):
        self.folder, self.is_on, self.seen = str(folder.resolve()), False, []
        sys.addaudithook(self._note)

    def _note(self, event: str, args: tuple) -> None:
        if not self.is_on or event not in ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir"):
            return
        if event == "open" and not (isinstance(args[1], str) and set(args[1]) & set("wax+")):
            return
        path, relative_to = args[0], args[-1]
        if not isinstance(path, str | Path) or str(path) == "/dev/null":
            return
        if "__pycache__" in str(path):
            return  # a module that is imported the first time
        if event in ("os.remove", "os.rmdir") and relative_to not in (None, -1):
            return  # within a folder that was opened before
        if not str(Path(path).resolve()).startswith(self.folder):
            self.seen.append(f"{event} {path}")


def _give_up(*_):
    raise TimeoutError(f"took more than {SECONDS} seconds")


def try_mutant(reader: Reader, mutant: bytes) -> None:
    """Read one mutant and note what came of it."""
    reader.file.write_bytes(mutant)
    signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(SECONDS)
    try:
        reader.read()
        outcome = "read"
    except TimeoutError as error:
        outcome = f"undocumented: {error}"
    except (OSError, ValueError) as error:
        outcome = "told" if str(error).strip() else f"undocumented: {type(error).__name__} without a message"
    except Exception as error:
        outcome = f"undocumented: {type(error).__name__}: {str(error)[:100]}"
    finally:
        signal.alarm(0)
    reader.outcomes[outcome.partition(":")[0]] += 1
    if outcome.startswith("undocumented") and len(reader.wrong) < 5:
        reader.wrong.append(outcome)


def torture(readers: list[Reader], n_mutants: int, seed: int, folder: Path) -> list[str]:
    """Try about n_mutants in all, and return what was written outside the folder."""
    watch, total = WriteWatch(folder), sum(reader.share for reader in readers)
    goods = {reader.name: reader.file.read_bytes() for reader in readers}
    before, tempfile.tempdir = tempfile.tempdir, str(folder)  # an upload is read from a temporary folder
    for number, reader in enumerate(readers):
        rng, good = np.random.default_rng([seed, number]), goods[reader.name]
        reader.read()  # the good one
        watch.is_on = True
        for _ in range(max(1, round(n_mutants * reader.share / total))):
            other = goods[readers[rng.integers(len(readers))].name]
            try_mutant(reader, mutate(good, rng, reader.is_text, other))
        watch.is_on = False
        reader.file.write_bytes(good)
    tempfile.tempdir = before
    return watch.seen


def make_readers(folder: Path) -> list[Reader]:
    """Write a good file of every kind into the folder; small ones, so that many mutants are tried."""
    from torture_files import make_files

    return [Reader(*row) for row in make_files(folder)]


def format_table(readers: list[Reader], n_outside: int, seed: int, seconds: float) -> str:
    """Lay out what was tried and found."""
    lines = ["| reader | mutants | read all the same | told | other errors |"]
    lines.append("| --- | --- | --- | --- | --- |")
    rows = [(reader.name, reader.outcomes) for reader in readers]
    for name, counts in [*rows, ("all", sum((counts for _, counts in rows), Counter()))]:
        cells = [name, sum(counts.values()), counts["read"], counts["told"], counts["undocumented"]]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    told = f"Seed {seed}, {seconds / 60:.0f} minutes; files written outside the run folder: {n_outside}."
    return "\n".join([*lines, "", told])


def main() -> int:
    """Run all mutants, print the table, and fail if one was not told."""
    keep = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=keep)
    parser.add_argument("--mutants", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true", help="put the figures into docs/reliability.md")
    args = parser.parse_args()
    sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        readers = make_readers(folder)
        outside = torture(readers, args.mutants, args.seed, folder)
    table = format_table(readers, len(outside), args.seed, time.monotonic() - start)
    print(table)
    wrong = [f"{reader.name}: {told}" for reader in readers for told in reader.wrong] + outside
    print("\n".join(wrong))
    if args.write:
        head, tail = PAGE.read_text(encoding="utf-8").split(MARKS[0])
        tail = tail.partition(MARKS[1])[2]
        PAGE.write_text(f"{head}{MARKS[0]}\n{table}\n{MARKS[1]}{tail}", encoding="utf-8")
    print(json.dumps({"undocumented": len(wrong)}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
