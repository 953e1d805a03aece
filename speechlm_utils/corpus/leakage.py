"""Find what the splits of a corpus share: texts, groups (debates, sentences), speakers, sound files."""

import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import pandas as pd

from ..clips import Clip
from .splits import SPLITS

COLUMNS = ("what", "split_a", "split_b", "shared", "clips_a", "clips_b", "examples")


@dataclass(frozen=True)
class LeakageReport:
    """What splits share.

    Attributes
    ----------
    table : DataFrame, one row for each kind and pair of splits: `what` ("text", "group", "speaker",
        "sound file"), `split_a`, `split_b`, `shared` (distinct values in both), `clips_a` and `clips_b`
        (clips of each split that have a shared value), `examples` (a list of up to three values)
    unknown : dict, kind -> number of clips that have no such value and so cannot be checked
    """

    table: pd.DataFrame
    unknown: dict[str, int]

    @property
    def leaks(self) -> pd.DataFrame:
        """The rows of the table in which something is shared."""
        return self.table[self.table.shared > 0]

    def count(self, what: str, split_a: str, split_b: str) -> dict[str, int]:
        """Return `shared`, `clips_a` and `clips_b` of one kind and pair; KeyError if there is no such row."""
        found = self.table[
            (self.table.what == what) & (self.table.split_a == split_a) & (self.table.split_b == split_b)
        ]
        if found.empty:
            raise KeyError(f"no row {what!r}, {split_a!r}, {split_b!r}")
        return {name: int(found.iloc[0][name]) for name in ("shared", "clips_a", "clips_b")}

    def __str__(self) -> str:
        lines = [
            f"{row.what}: {row.shared} in {row.split_a} and {row.split_b} ({row.clips_a} and {row.clips_b} "
            f"clips), for example {', '.join(map(repr, row.examples))}"
            for row in self.leaks.itertuples()
        ]
        lines += [
            f"{what}: unknown for {n} clips, which could not be checked"
            for what, n in self.unknown.items()
            if n
        ]
        return "\n".join(lines) or "no text, group, speaker or sound file lies in two splits"

    def write(self, path: str | Path) -> Path:
        """Write the table as CSV; examples are joined by " | "."""
        path = Path(path)
        joined = self.table.assign(examples=[" | ".join(one) for one in self.table.examples])
        joined.to_csv(path, index=False)
        return path


def find_leakage(clips: Sequence[Clip], compare_bytes: bool = True, n_examples: int = 3) -> LeakageReport:
    """Find texts, groups, speakers and sound files that lie in more than one split.

    A shared text or file is a test that was seen in training. A shared group or speaker is weaker, and may be
    what you want (known voices) or not; a score on such a split says nothing about new ones.

    Parameters
    ----------
    clips : records of two or more splits
    compare_bytes : bool, also find files of different names and equal bytes. Only files of equal size in
        different splits are read; files that do not exist are compared by name
    n_examples : int, values shown of each leak

    Returns
    -------
    report : LeakageReport
    """
    digests = hash_shared_sizes(clips) if compare_bytes else {}

    def list_sounds(clip: Clip) -> list[str]:
        return [digests.get(file, file) for file in map(str, _list_files(clip))]

    kinds: dict[str, Callable[[Clip], list[str]]] = {
        "text": lambda clip: [normalise_text(clip.text)],
        "group": lambda clip: [clip.group],
        "speaker": lambda clip: [clip.speaker],
        "sound file": list_sounds,
    }
    rows, unknown = [], {}
    for what, list_values in kinds.items():
        values = [[value for value in list_values(clip) if value] for clip in clips]
        unknown[what] = sum(not one for one in values)
        rows += _compare_splits(what, clips, values, n_examples)
    return LeakageReport(pd.DataFrame(rows, columns=list(COLUMNS)), unknown)


def normalise_text(text: str) -> str:
    """Reduce a text to what makes it the same sentence: no case, no punctuation, single spaces (NFKC).

    Letters of every script stay. Apostrophes vanish, so that "don't" and "dont" agree; other punctuation and
    symbols part words.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    kept = ("" if c in "'’ʼ`" else " " if unicodedata.category(c)[0] in "PSZC" else c for c in folded)
    return " ".join("".join(kept).split())


def hash_shared_sizes(clips: Sequence[Clip]) -> dict[str, str]:
    """Name files by their bytes where a file of another split has the same size: path -> name.

    Of files with equal bytes the first path is the name of all.
    """
    sizes: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for clip in clips:
        for file in _list_files(clip):
            if file.is_file():
                sizes[file.stat().st_size][str(file)].add(clip.split)
    names, first = {}, {}
    for files in sizes.values():
        if len(files) > 1 and len(set().union(*files.values())) > 1:
            for file in files:
                digest = hashlib.sha256(Path(file).read_bytes()).hexdigest()
                names[file] = first.setdefault(digest, file)
    return names


def _list_files(clip: Clip) -> list[Path]:
    audio = clip.audio if isinstance(clip.audio, tuple) else (clip.audio,)
    return [Path(file) for file in audio if file is not None]


def _compare_splits(
    what: str, clips: Sequence[Clip], values: list[list[str]], n_examples: int
) -> list[tuple]:
    """Make the table's rows of one kind, for all pairs of splits in their usual order."""
    held: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for i, clip in enumerate(clips):
        for value in values[i]:
            held[clip.split][value].append(i)
    found = {clip.split for clip in clips}
    order = [*(s for s in SPLITS if s in found), *sorted(found - set(SPLITS))]
    rows = []
    for a, b in combinations(order, 2):
        shared = [value for value in held[a] if value in held[b]]
        n_a, n_b = (len({i for value in shared for i in held[split][value]}) for split in (a, b))
        rows.append((what, a, b, len(shared), n_a, n_b, shared[:n_examples]))
    return rows
