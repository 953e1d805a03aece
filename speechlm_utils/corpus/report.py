"""What an inspection of a corpus found, as tables and text, and the clips that can be used."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ..clips import Clip, find_repeated, label_names, task_names
from ..files import write_atomically
from .splits import order_splits

log = logging.getLogger(__name__)

COLUMNS = ["clip", "file_name", "level", "kind", "reason"]  # of the findings
N_SHOWN = 5  # findings named in an error


class UnusableClipsError(ValueError, OSError):
    """Clips of a corpus cannot be used; the message names the first of them and their number."""


class MissingClipsError(UnusableClipsError, FileNotFoundError):
    """The same, and the first of them has a sound file that is not there."""


@dataclass(frozen=True)
class CorpusReport:
    """What an inspection found.

    Attributes
    ----------
    findings : DataFrame, a row for each thing that is wrong, in the order of the clips: `clip` (id),
        `file_name` (several joined by "|"), `level` ("error": the clip cannot be used; "warning": it can, but
        may mislead), `kind` (see `inspect_corpus`), `reason` (names the file and says what to do)
    seconds : dict, clip id -> length in seconds as the headers say (0 for a part that cannot be read)
    sample_rates : dict, Hz -> number of sound files
    n_speakers : int, in all splits together; a clip without a speaker's name is not counted
    splits : DataFrame, a row for each split: `clips`, `unusable`, `hours`, `speakers`, `groups`
    classes : DataFrame, a row for each (task, label), a column for each split: number of clips
    """

    findings: pd.DataFrame
    seconds: dict[str, float]
    sample_rates: dict[int, int]
    n_speakers: int
    splits: pd.DataFrame
    classes: pd.DataFrame

    @property
    def errors(self) -> pd.DataFrame:
        """The findings that make a clip unusable."""
        return self.findings[self.findings.level == "error"]

    @property
    def warnings(self) -> pd.DataFrame:
        """The findings that leave a clip usable."""
        return self.findings[self.findings.level == "warning"]

    def summary(self) -> str:
        """Write what a reader of a notebook should know, in a few lines and two tables."""
        errors, warnings = (
            ", ".join(f"{n} {kind}" for kind, n in Counter(some.kind).most_common()) or "none"
            for some in (self.errors, self.warnings)
        )
        hours = sum(self.seconds.values()) / 3600
        rates = ", ".join(f"{n} at {rate} Hz" for rate, n in self.sample_rates.items()) or "none readable"
        lines = [
            f"{len(self.seconds)} clips, {hours:.2f} hours, {self.n_speakers} speakers; sound files: {rates}",
            f"errors: {errors} ({self.errors['clip'].nunique()} clips cannot be used)",
            f"warnings: {warnings}",
            "",
            self.splits.to_string(float_format="{:.2f}".format),
        ]
        return "\n".join([*lines, "", self.classes.to_string()] if len(self.classes) else lines)


def make_report(
    clips: Sequence[Clip], findings: Sequence[tuple], seconds: dict[str, float], rates: Sequence[int]
) -> CorpusReport:
    """Count clips, hours, speakers and labels, and join them with the findings.

    `findings` are rows of `COLUMNS`, `rates` the Hz of each sound file (0 where it could not be read). Two
    clips with the same id raise ValueError.
    """
    if repeated := find_repeated(clip.id for clip in clips):
        raise ValueError(f"{len(repeated)} clip ids occur twice, the first is {repeated[0]!r}")
    found = pd.DataFrame(findings, columns=COLUMNS)
    unusable = set(found["clip"][found.level == "error"])
    how = {"clips": "size", "unusable": "sum", "hours": "sum", "speakers": "nunique", "groups": "nunique"}
    rows = [
        (clip.split, clip.id, clip.id in unusable, seconds[clip.id] / 3600, clip.speaker or None, clip.group)
        for clip in clips
    ]
    table, order = pd.DataFrame(rows, columns=["split", *how]), order_splits(clips)
    return CorpusReport(
        findings=found,
        seconds=dict(seconds),
        sample_rates=dict(sorted(Counter(rate for rate in rates if rate).items())),
        n_speakers=table.speakers.nunique(),
        splits=table.groupby("split").agg(how).reindex(order).rename_axis(None),
        classes=_count_classes(clips, order),
    )


def _count_classes(clips: Sequence[Clip], splits: Sequence[str]) -> pd.DataFrame:
    counts = Counter((task, label, clip.split) for clip in clips for task, label in clip.labels.items())
    pairs = [(task, label) for task in task_names(clips) for label in label_names(clips, task)]
    table = {split: [counts[*pair, split] for pair in pairs] for split in splits}
    return pd.DataFrame(table, index=pd.MultiIndex.from_tuples(pairs, names=["task", "label"]))


def keep_usable(
    clips: Sequence[Clip], report: CorpusReport, on_error: str = "strict", path: str | Path | None = None
) -> list[Clip]:
    """Return the clips, never none, that the report has no error of; a clip goes or stays with its labels.

    Parameters
    ----------
    clips, report : the clips, and what was found about them
    on_error : "strict" raises if there is an error, "skip" drops these clips and logs each
    path : CSV file (file_name, kind, reason) for all errors, one row each; written in both cases, and without
        a row where all is well. Warnings stand in `report.findings` alone

    Raises
    ------
    ValueError
        If there are errors (strict), or no clip is left (skip). It is also an OSError, and a
        FileNotFoundError where a missing file comes first.
    """
    if on_error not in ("strict", "skip"):
        raise ValueError(f"on_error={on_error!r}: must be 'strict' or 'skip'")
    errors = report.errors
    if path is not None:
        with write_atomically(path) as part:
            errors[["file_name", "kind", "reason"]].to_csv(part, index=False)
    if len(errors) and on_error == "strict":
        advice = "Repair them, or drop these clips with their labels by on_error='skip'."
        raise _make_error(errors, len(clips), advice)
    for finding in errors.itertuples():
        log.warning("dropped with its labels: %s (%s)", finding.reason, finding.kind)
    unusable = set(errors["clip"])
    usable = [clip for clip in clips if clip.id not in unusable]
    if not usable:
        raise _make_error(errors, len(clips), "No clip is left: look at folder and table.")
    return usable


def _make_error(errors: pd.DataFrame, n_clips: int, advice: str) -> UnusableClipsError:
    lines = [f"{errors['clip'].nunique()} of {n_clips} clips cannot be used, {len(errors)} findings:"]
    lines += [f"  {finding.reason} ({finding.kind})" for finding in errors[:N_SHOWN].itertuples()]
    if more := len(errors[N_SHOWN:]):
        lines.append(f"  and {more} more; name a CSV file for the report to have all of them")
    kind = MissingClipsError if errors.kind.iloc[0] == "missing" else UnusableClipsError
    return kind("\n".join([*lines, advice]))
