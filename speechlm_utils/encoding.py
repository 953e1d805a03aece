"""Add codes to clips; codes are cached on disk by the hashes of sound file and codec."""

import contextlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from .audio import hash_file, load_audio, normalise_rms
from .codec import SpeechCodec
from .corpus import Clip
from .counts import check_codes
from .files import write_atomically

log = logging.getLogger(__name__)


def encode_clips(
    clips: Sequence[Clip],
    codec: SpeechCodec,
    cache_dir: str | Path,
    rms_dbfs: float | None = None,
    progress: bool = True,
    on_error: str = "strict",
) -> list[Clip]:
    """Add codes to the clips, each encoded alone; what the cache holds is not encoded again.

    Parameters
    ----------
    clips : records
    codec : SpeechCodec
    cache_dir : folder; one file per clip, named by the hashes of sound file and codec, written atomically
    rms_dbfs : float, bring every clip to this RMS level first (dB re full scale), or None
    progress : bool, show a bar over the clips that have to be encoded
    on_error : "strict" raises at an unusable sound file, "skip" drops the clip with its labels and logs it

    Returns
    -------
    clips : list of Clip with int16 codes (n_layers, n_frames), in the given order

    Raises
    ------
    FileNotFoundError, OSError, ValueError
        The message names the sound file.
    """
    if on_error not in ("strict", "skip"):
        raise ValueError(f"on_error={on_error!r}: must be 'strict' or 'skip'")
    folder = Path(cache_dir) / "codes" / codec.hash
    level = "" if rms_dbfs is None else f"_rms{rms_dbfs:g}"
    codes, todo = {}, []
    for clip in clips:
        with _tolerate(on_error):
            path = folder / f"{hash_file(clip.audio)}{level}.npy"
            codes[clip.id] = _read_codes(path, codec)
            if codes[clip.id] is None:
                todo.append((clip, path))
    for clip, path in tqdm(todo, desc="encode", unit="clip", disable=not progress or not todo):
        with _tolerate(on_error):
            wav = load_audio(clip.audio, codec.sample_rate)
            codes[clip.id] = codec.encode(wav if rms_dbfs is None else normalise_rms(wav, rms_dbfs))
            with write_atomically(path) as part:
                np.save(part, codes[clip.id])
    return [replace(clip, codes=codes[clip.id]) for clip in clips if codes.get(clip.id) is not None]


@contextlib.contextmanager
def _tolerate(on_error: str):
    try:
        yield
    except (OSError, ValueError) as error:
        if on_error == "strict":
            raise
        log.warning("dropped with its labels: %s", error)


def _read_codes(path: Path, codec: SpeechCodec) -> np.ndarray | None:
    """Read cached codes; None if there are none, or a file that was cut off or is not ours."""
    try:
        codes = np.load(path, allow_pickle=False)
        check_codes(codes, codec.codebook_size)
    except (OSError, ValueError, EOFError):
        return None
    return codes if codes.dtype == np.int16 and len(codes) == codec.n_layers else None
