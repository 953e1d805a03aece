"""What an inspection of a corpus found, as tables and text, and the clips that are left."""

import csv
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from ..clips import Clip, task_names
from ..files import write_atomically
from .splits import SPLITS

log = logging.getLogger(__name__)

N_SHOWN = 5  # findings named in an error


class UnusableClipsError(ValueError, OSError):
    """Clips of a corpus cannot be used; the message names the first of them and their number."""


class MissingClipsError(UnusableClipsError, FileNotFoundError):
    """The same, and the first of them has a sound file that is not there."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with one clip.

    Attributes
    ----------
    clip : str, id of the clip
    file_name : str, its sound file, or several joined by "|"
    level : str, "error" (the clip cannot be used) or "warning" (it can, but may mislead)
    kind : str, for example "missing"; see `inspect_corpus`
    reason : str, a sentence that names the file and says what to do
    """

    clip: str
    file_name: str
    level: str
    kind: str
    reason: str


@dataclass(frozen=True)
class CorpusReport:
    """What an inspection found.

    Attributes
    ----------
    findings : tuple of Finding, in the order of the clips
    seconds : dict, clip id -> length in seconds as the headers say (0 for a part that cannot be read)
    sample_rates : dict, Hz -> number of sound files
    n_speakers : int, in all splits together; a clip without a speaker's name is not counted
    splits : DataFrame, a row for each split: `clips`, `unusable`, `hours`, `speakers`, `groups`
    classes : DataFrame, a row for each (task, label), a column for each split: number of clips
    """

    findings: tuple[Finding, ...]
    seconds: dict[str, float]
    sample_rates: dict[int, int]
    n_speakers: int
    splits: pd.DataFrame
    classes: pd.DataFrame

    @property
    def errors(self) -> list[Finding]:
        """The findings that make a clip unusable."""
        return [finding for finding in self.findings if finding.level == "error"]

    @property
    def warnings(self) -> list[Finding]:
        """The findings that leave a clip usable."""
        return [finding for finding in self.findings if finding.level == "warning"]

    def to_frame(self) -> pd.DataFrame:
        """Return all findings as a table: `clip`, `file_name`, `level`, `kind`, `reason`."""
        columns = list(Finding.__dataclass_fields__)
        return pd.DataFrame([asdict(finding) for finding in self.findings], columns=columns)

    def summary(self) -> str:
        """Write what a reader of a notebook should know, in a few lines and two tables."""
        n_clips, n_unusable = len(self.seconds), len({finding.clip for finding in self.errors})
        hours = sum(self.seconds.values()) / 3600
        rates = ", ".join(f"{n} at {rate} Hz" for rate, n in self.sample_rates.items()) or "none readable"
        lines = [
            f"{n_clips} clips, {hours:.2f} hours, {self.n_speakers} speakers; sound files: {rates}",
            f"errors: {_count_kinds(self.errors)} ({n_unusable} clips cannot be used)",
            f"warnings: {_count_kinds(self.warnings)}",
            "",
            self.splits.to_string(float_format="{:.2f}".format),
        ]
        return "\n".join([*lines, "", self.classes.to_string()] if len(self.classes) else lines)


def _count_kinds(findings: Sequence[Finding]) -> str:
    counts = Counter(finding.kind for finding in findings)
    return ", ".join(f"{n} {kind}" for kind, n in counts.most_common()) or "none"


def make_report(
    clips: Sequence[Clip], findings: Sequence[Finding], seconds: dict[str, float], rates: Sequence[int]
) -> CorpusReport:
    """Count clips, hours, speakers and labels, and join them with the findings.

    Parameters
    ----------
    clips : records; two with the same id raise ValueError
    findings : of these clips
    seconds : clip id -> length
    rates : Hz of each sound file; 0 where it could not be read
    """
    if repeated := [name for name, n in Counter(clip.id for clip in clips).items() if n > 1]:
        raise ValueError(f"{len(repeated)} clip ids occur twice, the first is {repeated[0]!r}")
    unusable = {finding.clip for finding in findings if finding.level == "error"}
    found = {clip.split for clip in clips}
    order = [*(split for split in SPLITS if split in found), *sorted(found - set(SPLITS))]
    rows = {}
    for split in order:
        part = [clip for clip in clips if clip.split == split]
        rows[split] = {
            "clips": len(part),
            "unusable": sum(clip.id in unusable for clip in part),
            "hours": sum(seconds[clip.id] for clip in part) / 3600,
            "speakers": len({clip.speaker for clip in part if clip.speaker}),
            "groups": len({clip.group for clip in part}),
        }
    return CorpusReport(
        findings=tuple(findings),
        seconds=dict(seconds),
        sample_rates=dict(sorted(Counter(rate for rate in rates if rate).items())),
        n_speakers=len({clip.speaker for clip in clips if clip.speaker}),
        splits=pd.DataFrame.from_dict(rows, orient="index"),
        classes=_count_classes(clips, order),
    )


def _count_classes(clips: Sequence[Clip], splits: Sequence[str]) -> pd.DataFrame:
    counts = Counter((task, label, clip.split) for clip in clips for task, label in clip.labels.items())
    pairs = [
        (task, label)
        for task in task_names(clips)
        for label in sorted({label for name, label, _ in counts if name == task})
    ]
    table = [[counts[task, label, split] for split in splits] for task, label in pairs]
    index = pd.MultiIndex.from_frame(pd.DataFrame(pairs, columns=["task", "label"]))
    return pd.DataFrame(table, index=index, columns=list(splits))


def keep_usable(
    clips: Sequence[Clip],
    report: CorpusReport,
    on_error: str = "strict",
    path: str | Path | None = None,
) -> list[Clip]:
    """Return the clips that the report has no error of; a record goes or stays with its labels.

    Parameters
    ----------
    clips : records that the report is about
    report : CorpusReport
    on_error : "strict" raises if there is an error, "skip" drops these clips and logs each
    path : CSV file (file_name, kind, reason) for all errors, one row each; written in both cases, and without
        a row where all is well. Warnings stand in `report.to_frame()` alone

    Returns
    -------
    clips : list of Clip, never empty

    Raises
    ------
    ValueError
        If there are errors (strict), no clip is left (skip), or a clip is not in the report. The first two
        are also an OSError, and a FileNotFoundError where a missing file comes first.
    """
    if on_error not in ("strict", "skip"):
        raise ValueError(f"on_error={on_error!r}: must be 'strict' or 'skip'")
    if unknown := [clip.id for clip in clips if clip.id not in report.seconds]:
        raise ValueError(f"{len(unknown)} clips are not in the report, the first is {unknown[0]!r}")
    ids = {clip.id for clip in clips}
    errors = [finding for finding in report.errors if finding.clip in ids]
    if path is not None:
        _write_findings(Path(path), errors)
    unusable = {finding.clip for finding in errors}
    if errors and on_error == "strict":
        advice = "Repair them, or drop these clips with their labels by on_error='skip'."
        raise _make_error(errors, len(clips), advice)
    for finding in errors:
        log.warning("dropped with its labels: %s (%s)", finding.reason, finding.kind)
    kept = [clip for clip in clips if clip.id not in unusable]
    if clips and not kept:
        raise _make_error(errors, len(clips), "No clip is left: look at folder, table and limits.")
    return kept


def _make_error(errors: Sequence[Finding], n_clips: int, advice: str) -> UnusableClipsError:
    kind = MissingClipsError if errors[0].kind == "missing" else UnusableClipsError
    n_unusable = len({finding.clip for finding in errors})
    lines = [f"{n_unusable} of {n_clips} clips cannot be used, {len(errors)} findings:"]
    lines += [f"  {finding.reason} ({finding.kind})" for finding in errors[:N_SHOWN]]
    if len(errors) > N_SHOWN:
        lines.append(
            f"  and {len(errors) - N_SHOWN} more; name a CSV file for the report to have all of them"
        )
    return kind("\n".join([*lines, advice]))


def _write_findings(path: Path, findings: Sequence[Finding]) -> None:
    rows = [(finding.file_name, finding.kind, finding.reason) for finding in findings]
    with write_atomically(path) as part, open(part, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("file_name", "kind", "reason"), *rows])
