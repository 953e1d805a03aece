"""Add codes to clips; codes are cached on disk by the hashes of sound file and codec."""

import logging
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from tqdm import tqdm

from ..audio import hash_file, list_parts
from ..clips import Clip
from .backends import Job, encode_jobs
from .base import SpeechCodec
from .code_files import code_folder, read_codes

log = logging.getLogger(__name__)


def encode_clips(
    clips: Sequence[Clip],
    codec: SpeechCodec,
    cache_dir: str | Path,
    rms_dbfs: float | None = None,
    n_jobs: int | None = 1,
    on_error: str = "strict",
) -> list[Clip]:
    """Add codes, int16 (n_layers, n_frames), and the codec's spec; what the cache holds is not encoded again.

    Parameters
    ----------
    cache_dir : folder; one file per sound, named by the hashes of sound and codec, written atomically
    rms_dbfs : float, bring every clip to this RMS level first (dB re full scale), or None
    n_jobs : int, processes, see `encode_jobs`; codes are the same with any number
    on_error : "strict" raises at an unusable sound file, "skip" drops the clip with its labels and logs it

    Raises
    ------
    FileNotFoundError, OSError, ValueError
        The message names the sound file.
    """
    paths = fill_cache(clips, codec, cache_dir, rms_dbfs, n_jobs, on_error).paths
    return [
        replace(clip, codes=read_codes(path, codec.spec), spec=codec.spec)
        for clip in clips
        if (path := paths.get(clip.id))
    ]


@dataclass
class EncodingReport:
    """What `fill_cache` found, did and left out."""

    on_error: str  # see `encode_clips`
    paths: dict[str, Path] = field(default_factory=dict)  # of the codes of each clip id that was not skipped
    n_frames: dict[Path, int] = field(default_factory=dict)
    encoded: list[Path] = field(default_factory=list)  # written in this run; the others were there
    skipped: dict[str, str] = field(default_factory=dict)  # clip id -> why it has no codes
    seconds: float = 0.0  # that the encoding took

    def skip(self, clip_id: str, error: Exception) -> None:
        """Note why a clip is left out, or raise the error."""
        if self.on_error == "strict":
            raise error
        log.warning("dropped with its labels: %s", error)
        self.paths.pop(clip_id, None)
        self.skipped[clip_id] = str(error)


def fill_cache(
    clips: Sequence[Clip],
    codec: SpeechCodec,
    cache_dir: str | Path,
    rms_dbfs: float | None = None,
    n_jobs: int | None = 1,
    on_error: str = "strict",
) -> EncodingReport:
    """Encode what the cache lacks, and hold no codes in memory: `encode_clips` for a corpus of any size.

    The parameters are those of `encode_clips`. A run that was interrupted is repeated with the same call, and
    computes only what is missing.
    """
    if on_error not in ("strict", "skip"):
        raise ValueError(f"on_error={on_error!r}: must be 'strict' or 'skip'")
    report, folder = EncodingReport(on_error), code_folder(cache_dir, codec.hash).absolute()
    jobs = _find_missing(clips, codec, folder, rms_dbfs, report)
    start = time.perf_counter()
    if jobs:
        bar = tqdm(total=len(jobs), desc="encode", unit="clip", leave=False)
        with bar, closing(encode_jobs(jobs, codec, n_jobs)) as outcomes:
            for path, outcome in outcomes:
                _note_outcome(report, path, outcome, codec)
                bar.update()
    report.seconds = time.perf_counter() - start
    return report


def _find_missing(
    clips: Sequence[Clip], codec: SpeechCodec, folder: Path, rms_dbfs: float | None, report: EncodingReport
) -> list[Job]:
    """Note in the report what the cache holds, and return a job for each sound without codes."""
    level, jobs = "" if rms_dbfs is None else f"_rms{rms_dbfs:g}", {}
    for clip in clips:
        try:
            path = report.paths[clip.id] = folder / f"{hash_file(clip.audio)}{level}.npy"
        except (OSError, ValueError) as error:
            report.skip(clip.id, error)
            continue
        if path in report.n_frames or path in jobs:
            continue  # the same sound under another id
        if (codes := read_codes(path, codec.spec)) is None:
            jobs[path] = Job(tuple(part.absolute() for part in list_parts(clip.audio)), path, rms_dbfs)
        else:
            report.n_frames[path] = codes.shape[1]
    return list(jobs.values())


def _note_outcome(report: EncodingReport, path: Path, outcome: int | Exception, codec: SpeechCodec) -> None:
    """Note the frames of codes that were written, or why the clips of this sound have none."""
    if isinstance(outcome, Exception):
        for clip_id in [clip_id for clip_id, its_path in report.paths.items() if its_path == path]:
            report.skip(clip_id, outcome)
    elif read_codes(path, codec.spec) is None:
        raise OSError(f"{path}: was encoded, but cannot be read here; all workers need one shared disk")
    else:
        report.n_frames[path] = outcome
        report.encoded.append(path)
