"""Find what the splits of a corpus share: texts, groups (debates, sentences), speakers, sound files."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import pandas as pd

from ..audio import hash_file, list_parts
from ..clips import Clip
from ..words import normalise_text
from .splits import order_splits

COLUMNS = ["what", "split_a", "split_b", "shared", "clips_a", "clips_b", "examples"]
N_EXAMPLES = 3


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

    def __str__(self) -> str:
        lines = [
            f"{row.what}: {row.shared} in {row.split_a} and {row.split_b} ({row.clips_a} and {row.clips_b} "
            f"clips), for example {', '.join(map(repr, row.examples))}"
            for row in self.leaks.itertuples()
        ]
        for what, n in self.unknown.items():
            lines += [f"{what}: unknown for {n} clips, which could not be checked"] * (n > 0)
        return "\n".join(lines) or "no text, group, speaker or sound file lies in two splits"

    def write(self, path: str | Path) -> None:
        """Write the table as CSV; examples are joined by " | "."""
        self.table.assign(examples=self.table.examples.str.join(" | ")).to_csv(path, index=False)


def find_leakage(clips: Sequence[Clip]) -> LeakageReport:
    """Find texts, groups, speakers and sound files that lie in more than one split.

    A shared text or file is a test that was seen in training. A shared group or speaker is weaker, and may be
    what you want (known voices) or not; a score on such a split says nothing about new ones. Files are the
    same if their names or their bytes are; files that do not exist are compared by name.
    """
    name_of = name_by_bytes(clips)
    kinds = {
        "text": lambda clip: [normalise_text(clip.text)],
        "group": lambda clip: [clip.group],
        "speaker": lambda clip: [clip.speaker],
        "sound file": lambda clip: [name_of.get(file, str(file)) for file in list_files(clip)],
    }
    rows, unknown = [], {}
    for what, read in kinds.items():
        values = [(clip.split, clip.id, value) for clip in clips for value in read(clip) if value]
        found = pd.DataFrame(values, columns=["split", "id", "value"])
        unknown[what] = len(clips) - found.id.nunique()
        for a, b in combinations(order_splits(clips), 2):
            in_a, in_b = found[found.split == a], found[found.split == b]
            in_a, in_b = in_a[in_a.value.isin(in_b.value)], in_b[in_b.value.isin(in_a.value)]
            shared = in_a.value.unique().tolist()
            rows.append((what, a, b, len(shared), in_a.id.nunique(), in_b.id.nunique(), shared[:N_EXAMPLES]))
    return LeakageReport(pd.DataFrame(rows, columns=COLUMNS), unknown)


def name_by_bytes(clips: Sequence[Clip]) -> dict[Path, str]:
    """Name the files that have the size of another, each as the first of equal bytes; others are not read."""
    sizes = {file: file.stat().st_size for clip in clips for file in list_files(clip) if file.is_file()}
    n_files, first = Counter(sizes.values()), {}
    alike = [file for file, size in sizes.items() if n_files[size] > 1]
    return {file: first.setdefault(hash_file(file), str(file)) for file in alike}


def list_files(clip: Clip) -> tuple[Path, ...]:
    """Return the sound files of a clip, none where it has no sound."""
    return list_parts(clip.audio) if clip.audio else ()
