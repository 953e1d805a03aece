"""Look at every clip of a corpus before anything is computed, and say what is wrong with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import joblib
import numpy as np
import soundfile
from tqdm import tqdm

from ..audio import list_parts
from ..clips import Clip
from ..containers.header import AudioHeader, find_cut, open_sound, read_header
from .report import CorpusReport, make_report
from .table import name_files

BLOCK = 2**18  # samples decoded at a time: an hour of sound needs no more memory than a sentence
FULL_SCALE = 0.999
N_JOBS = 2  # files decoded at a time
MIN_SECONDS = 0.1  # less than a syllable
MAX_SECONDS = 120.0  # what is longer is most likely a recording that was not cut
SILENCE_DBFS = -60.0  # RMS; speech lies at -35 to -15, and below this no voice, or channels that cancel
CLIPPED_SHARE = 0.001  # of samples at full scale, above which loudness and spectrum mislead
MIN_RATE_HZ = 16000  # what is missing above half of it does not come back
TOLERATED = ("clipped", "low_rate", "wrong_length")  # warnings; the other kinds are errors


@dataclass(frozen=True)
class Sound(AudioHeader):
    """A header, with the faults that only decoding finds ("cut_off", "not_finite"), and what is measured.

    Attributes
    ----------
    energy : float, sum of the squared samples of the mono sound; total : their sum
    n_clipped : int, samples with a channel at full scale
    """

    energy: float = 0.0
    total: float = 0.0
    n_clipped: int = 0


def inspect_corpus(
    clips: Sequence[Clip],
    inspect: str = "full",
    folder: str | Path | None = None,
    progress: bool = False,
) -> CorpusReport:
    """Look for what makes clips unusable; nothing is raised and nothing changed.

    Errors: `missing`, `not_a_file`, `empty_file` (0 bytes), `unreadable` (no audio, or of an unknown kind),
    `cut_off` (the header promises more than there is), `no_samples`, `not_finite` (NaN or infinite samples),
    `silent`, `too_short`, `too_long`, `empty_text`. Warnings: `clipped`, `low_rate`, and `wrong_length`: the
    header promises less than there is, which is read to its end. A clip of several files
    is judged as a whole where length, level and clipping are concerned; a bad part makes it unusable.

    Parameters
    ----------
    clips : clips; two with the same id raise ValueError
    inspect : "full", or "headers": quick, finds the first six kinds, and what is too short or too long
    folder : file names in the findings are relative to it; None gives them as they are
    progress : bool, show a bar over the files
    """
    if inspect not in ("headers", "full"):
        raise ValueError(f"inspect={inspect!r}: must be 'headers' or 'full'")
    decode = inspect == "full"
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
        for kind, reason in _judge_clip(clip, name, parts, decode):
            level = "warning" if kind in TOLERATED else "error"
            findings.append((clip.id, name, level, kind, reason))
    return make_report(clips, findings, seconds, [sound.sample_rate for sound in sounds.values()])


def _inspect_file(path: Path, decode: bool) -> Sound:
    sound = Sound(**vars(read_header(path)))
    if sound.fault or not decode:
        return sound
    n_samples, n_clipped, energy, total, n_bad, first_bad, error = 0, 0, 0.0, 0.0, 0, 0, ""
    try:
        with open_sound(sound) as file:
            for block in file.blocks(BLOCK // file.channels, dtype="float32", always_2d=True):
                finite = np.isfinite(block).all(axis=1)
                if not n_bad and not finite.all():
                    first_bad = n_samples + int(finite.argmin())
                n_bad += int((~finite).sum())
                mono = block[finite].mean(axis=1, dtype=np.float64)
                energy, total = energy + float(mono @ mono), total + float(mono.sum())
                n_clipped += int((np.abs(block).max(axis=1) >= FULL_SCALE).sum())
                n_samples += len(block)
    except (soundfile.SoundFileError, RuntimeError) as failure:
        error = str(failure)
    if cut := find_cut(sound, n_samples, error):
        return replace(sound, fault="cut_off", reason=cut)
    if n_bad:
        what = f"{n_bad} samples are NaN or infinite, the first is sample {first_bad}; write the file again"
        return replace(sound, fault="not_finite", reason=f"{path}: {what}")
    return replace(sound, energy=energy, total=total, n_clipped=n_clipped)


def _judge_clip(clip: Clip, name: str, parts: Sequence[Sound], decoded: bool) -> Iterator[tuple[str, str]]:
    """Yield (kind, reason) of all that is wrong with one clip."""
    for i, part in enumerate(parts, 1):
        if part.fault:
            place = f" (part {i} of {len(parts)} of clip {clip.id})" if len(parts) > 1 else ""
            yield part.fault, part.reason + place
        elif part.repair:
            yield "wrong_length", f"{part.path}: {part.repair.note}; it was read to its end"
    if not any(part.fault for part in parts):
        judges = (_judge_length, _judge_sound) if decoded else (_judge_length,)
        for judge in judges:
            for kind, reason in judge(parts):
                yield kind, f"{name}: {reason}"
    if decoded and not clip.text.strip():
        yield "empty_text", f"{name}: has no text; write down what is said"


def _judge_length(parts: Sequence[Sound]) -> Iterator[tuple[str, str]]:
    """Yield (kind, reason) of what is too short or too long, which the headers tell."""
    seconds = sum(part.seconds for part in parts)
    if seconds < MIN_SECONDS:
        yield "too_short", f"lasts {seconds:.3f} s, less than {MIN_SECONDS:g}; cut again"
    if seconds > MAX_SECONDS:
        yield "too_long", f"lasts {seconds:.1f} s, more than {MAX_SECONDS:g}; cut again"


def _judge_sound(parts: Sequence[Sound]) -> Iterator[tuple[str, str]]:
    """Yield (kind, reason) of what lies outside the limits in a clip whose files are all in order."""
    seconds = sum(part.seconds for part in parts)
    power = sum(part.energy / part.sample_rate for part in parts) / seconds
    offset = sum(part.total / part.sample_rate for part in parts) / seconds
    varying = power - offset**2  # of a constant voltage nothing is heard
    clipped = sum(part.n_clipped / part.sample_rate for part in parts) / seconds
    level = 10 * np.log10(power) if power > 0 else -np.inf
    rate = min(part.sample_rate for part in parts)
    if SILENCE_DBFS <= level and varying <= 10 ** (SILENCE_DBFS / 10):
        yield "silent", f"it is constant ({offset:.3f} of full scale), so nothing is heard; record it again"
    if level < SILENCE_DBFS:
        advice = "record it again, or look which channel and which seconds were cut"
        yield "silent", f"its level is {level:.1f} dBFS, below {SILENCE_DBFS:g}; {advice}"
    if clipped > CLIPPED_SHARE:
        yield "clipped", f"{clipped:.2%} of its samples are at full scale; take a quieter copy"
    if rate < MIN_RATE_HZ:
        what = f"sampled at {rate} Hz, below {MIN_RATE_HZ}"
        yield "low_rate", f"{what}; nothing above {rate // 2} Hz is left, take the original recording"
