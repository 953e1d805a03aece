"""Look at every clip of a corpus before anything is computed, and say what is wrong with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import joblib
import numpy as np
import soundfile
from tqdm import tqdm

from ..audio import AudioHeader, find_cut, list_parts, read_header
from ..clips import Clip
from .report import CorpusReport, make_report
from .table import name_files

BLOCK = 2**18  # samples decoded at a time: an hour of sound needs no more memory than a sentence
FULL_SCALE = 0.999
N_JOBS = 2  # files decoded at a time


@dataclass(frozen=True)
class Limits:
    """What a usable clip may be like; a number outside is a finding.

    Attributes
    ----------
    min_seconds : shorter clips are errors; 0.1 s is less than a syllable
    max_seconds : longer clips are errors: what is longer than two minutes is most likely a recording that
        was not cut
    silence_dbfs : clips of a lower RMS level (dB re full scale) are errors. Speech lies at -35 to -15; below
        -60 there is no voice, or it lies on a channel that cancels the other
    clipped_share : a larger share of samples at full scale is a warning: loudness and spectrum mislead
    min_rate_hz : a lower sampling rate is a warning: what is missing above half of it does not come back
    text_required : True makes an empty text an error, False a warning (a corpus without transcripts)
    """

    min_seconds: float = 0.1
    max_seconds: float = 120.0
    silence_dbfs: float = -60.0
    clipped_share: float = 0.001
    min_rate_hz: int = 16000
    text_required: bool = True

    def __post_init__(self):
        low, high = self.min_seconds, self.max_seconds
        if not 0 <= low < high:
            raise ValueError(f"min_seconds={low}, max_seconds={high}: need 0 <= min < max")
        if not 0 <= self.clipped_share <= 1:
            raise ValueError(f"clipped_share={self.clipped_share}: must lie between 0 and 1")


@dataclass(frozen=True)
class Sound(AudioHeader):
    """A header, with the faults that only decoding finds ("cut_off", "not_finite"), and what is measured.

    Attributes
    ----------
    energy : float, sum of the squared samples of the mono sound
    n_clipped : int, samples with a channel at full scale
    """

    energy: float = 0.0
    n_clipped: int = 0

    @property
    def seconds(self) -> float:
        """Length as the header says."""
        return self.n_samples / self.sample_rate if self.sample_rate else 0.0


def inspect_corpus(
    clips: Sequence[Clip],
    limits: Limits | None = None,
    inspect: str = "full",
    folder: str | Path | None = None,
    progress: bool = False,
) -> CorpusReport:
    """Look for what makes clips unusable; nothing is raised and nothing changed.

    Errors: `missing`, `not_a_file`, `empty_file` (0 bytes), `unreadable` (no audio, or of an unknown kind),
    `cut_off` (the header promises more than there is), `no_samples`, `not_finite` (NaN or infinite samples),
    `silent`, `too_short`, `too_long`, `empty_text`. Warnings: `clipped`, `low_rate`. A clip of several files
    is judged as a whole where length, level and clipping are concerned; a bad part makes it unusable.

    Parameters
    ----------
    clips : clips; two with the same id raise ValueError
    limits : Limits; None takes the defaults
    inspect : "full", or "headers": quick, finds the first six kinds, and the limits are not used
    folder : file names in the findings are relative to it; None gives them as they are
    progress : bool, show a bar over the files
    """
    if inspect not in ("headers", "full"):
        raise ValueError(f"inspect={inspect!r}: must be 'headers' or 'full'")
    limits, decode = limits or Limits(), inspect == "full"
    tolerated = ("clipped", "low_rate") if limits.text_required else ("clipped", "low_rate", "empty_text")
    paths = list(dict.fromkeys(path for clip in clips for path in list_parts(clip.audio)))
    jobs = (joblib.delayed(_inspect_file)(path, decode) for path in paths)
    # threads: libsndfile and NumPy let go of the interpreter's lock, and no process has to start
    parallel = joblib.Parallel(n_jobs=N_JOBS if decode else 1, prefer="threads", return_as="generator")
    bar = tqdm(parallel(jobs), total=len(paths), desc="inspect", unit="file", disable=not progress)
    sounds = dict(zip(paths, bar, strict=True))
    findings, seconds = [], {}
    for clip in clips:
        name, parts = name_files(clip.audio, folder), [sounds[path] for path in list_parts(clip.audio)]
        seconds[clip.id] = sum(part.seconds for part in parts)
        for kind, reason in _judge_clip(clip, name, parts, limits if decode else None):
            level = "warning" if kind in tolerated else "error"
            findings.append((clip.id, name, level, kind, reason))
    return make_report(clips, findings, seconds, [sound.sample_rate for sound in sounds.values()])


def _inspect_file(path: Path, decode: bool) -> Sound:
    sound = Sound(**vars(read_header(path)))
    if sound.fault or not decode:
        return sound
    n_samples, n_clipped, energy, n_bad, first_bad, error = 0, 0, 0.0, 0, 0, ""
    try:
        with soundfile.SoundFile(path) as file:
            for block in file.blocks(BLOCK // file.channels, dtype="float32", always_2d=True):
                finite = np.isfinite(block).all(axis=1)
                if not n_bad and not finite.all():
                    first_bad = n_samples + int(finite.argmin())
                n_bad += int((~finite).sum())
                mono = block[finite].mean(axis=1, dtype=np.float64)
                energy += float(mono @ mono)
                n_clipped += int((np.abs(block).max(axis=1) >= FULL_SCALE).sum())
                n_samples += len(block)
    except (soundfile.SoundFileError, RuntimeError) as failure:
        error = str(failure)
    if cut := find_cut(sound, n_samples, error):
        return replace(sound, fault="cut_off", reason=cut)
    if n_bad:
        what = f"{n_bad} samples are NaN or infinite, the first is sample {first_bad}; write the file again"
        return replace(sound, fault="not_finite", reason=f"{path}: {what}")
    return replace(sound, energy=energy, n_clipped=n_clipped)


def _judge_clip(
    clip: Clip, name: str, parts: Sequence[Sound], limits: Limits | None
) -> Iterator[tuple[str, str]]:
    """Yield (kind, reason) of all that is wrong with one clip; limits None looks at the files alone."""
    for i, part in enumerate(parts, 1):
        if part.fault:
            place = f" (part {i} of {len(parts)} of clip {clip.id})" if len(parts) > 1 else ""
            yield part.fault, part.reason + place
    if limits is None:
        return
    if not any(part.fault for part in parts):
        for kind, reason in _judge_sound(parts, limits):
            yield kind, f"{name}: {reason}"
    if not clip.text.strip():
        yield "empty_text", f"{name}: has no text; write down what is said, or set text_required=False"


def _judge_sound(parts: Sequence[Sound], limits: Limits) -> Iterator[tuple[str, str]]:
    """Yield (kind, reason) of what the limits say about a clip whose files are all in order."""
    seconds = sum(part.seconds for part in parts)
    power = sum(part.energy / part.sample_rate for part in parts) / seconds
    clipped = sum(part.n_clipped / part.sample_rate for part in parts) / seconds
    level = 10 * np.log10(power) if power > 0 else -np.inf
    rate = min(part.sample_rate for part in parts)
    if seconds < limits.min_seconds:
        yield "too_short", f"lasts {seconds:.3f} s, less than min_seconds={limits.min_seconds:g}; cut again"
    if seconds > limits.max_seconds:
        yield "too_long", f"lasts {seconds:.1f} s, more than max_seconds={limits.max_seconds:g}; cut again"
    if level < limits.silence_dbfs:
        advice = "record it again, or look which channel and which seconds were cut"
        yield "silent", f"its level is {level:.1f} dBFS, below silence_dbfs={limits.silence_dbfs:g}; {advice}"
    if clipped > limits.clipped_share:
        limit = f"more than clipped_share={limits.clipped_share:.2%}"
        yield "clipped", f"{clipped:.2%} of its samples are at full scale, {limit}; take a quieter copy"
    if rate < limits.min_rate_hz:
        what = f"sampled at {rate} Hz, below min_rate_hz={limits.min_rate_hz}"
        yield "low_rate", f"{what}; nothing above {rate // 2} Hz is left, take the original recording"
