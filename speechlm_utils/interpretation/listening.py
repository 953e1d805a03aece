"""Hear a token: the moments where it occurs, its frames side by side, and clips decoded without it.

`find_occurrences` samples the places; the functions here cut the sounds out, at the codec's sample rate, and
decode edited codes.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..acoustics.spectra import MEL_HOP, log_mel
from ..audio import load_audio
from ..clips import Clip
from ..codec.base import SpeechCodec
from ..codec_spec import CodecSpec
from ..tokens import Token, find_occurrences, find_spans, mark_tokens

PEAK = 0.9  # of full scale: what players get stays below it
GAP_SECONDS, FADE_SECONDS, N_PIECES = 0.15, 0.01, 8
MARGIN = 0.3  # seconds


@dataclass(frozen=True)
class Moment:
    """A few seconds of a clip, float32 array (n_samples,), and where in them a token occurs.

    `spans`: float array (n_spans, 2), begin and end in seconds of `wav`; consecutive frames make one.
    """

    clip: Clip
    wav: np.ndarray = field(repr=False)
    spans: np.ndarray


def find_moments(
    clips: Sequence[Clip], token: Token, limit: int = 3, seconds: float = 3.0, seed: int = 0
) -> list[Moment]:
    """Sample at most `limit` clips where a token occurs, voices in turn, and cut each about one moment."""
    return [cut_moment(*place, token, seconds) for place in find_occurrences(clips, token, limit, seed)]


def cut_moment(clip: Clip, frame: int, token: Token, seconds: float = 3.0) -> Moment:
    """Cut the piece of a clip about a frame (all of a clip that is no longer), and mark the token in it."""
    rate, wav = clip.spec.sample_rate, _load(clip.audio, clip.spec.sample_rate)
    length = min(round(seconds * rate), len(wav))
    first = min(max(round((frame + 0.5) * clip.spec.hop) - length // 2, 0), len(wav) - length)
    spans = (find_spans(clip.codes, token) * clip.spec.hop - first).clip(0, length) / rate
    return Moment(clip, wav[first : first + length], spans[spans[:, 0] < spans[:, 1]])


def gather_sounds(
    clips: Sequence[Clip], token: Token, limit: int = 3, seconds: float = 3.0, seed: int = 0
) -> dict[str, np.ndarray]:
    """Gather what plays a token: short pieces in a row, then some clips about a moment (`find_moments`).

    Returns caption -> float32 array (n_samples,), scaled by `limit_peak`; {} if the token is in no clip.
    """
    places = find_occurrences(clips, token, N_PIECES, seed)
    if not places:
        return {}
    wavs = {f"{len(places)} pieces joined": join_pieces(places)}
    for moment in find_moments(clips, token, limit, seconds, seed):
        at = ", ".join(f"{begin:.1f}" for begin in moment.spans[:4, 0])
        wavs[f"{moment.clip.id}: at {at} s"] = moment.wav
    return limit_peak(wavs)


def cut_spans(clip: Clip, wav: np.ndarray, token: Token, limit: int = 3) -> dict[str, np.ndarray]:
    """Cut the first moments of a token out of a clip's sound (n_samples,), with `MARGIN` before and after.

    Unlike `find_moments` it needs no sound file. Returns caption -> float array (n_samples,).
    """
    rate, cuts = clip.spec.sample_rate, {}
    for begin, end in find_spans(clip.codes, token)[:limit] / clip.spec.frame_rate:
        first, last = (round(max(at, 0) * rate) for at in (begin - MARGIN, end + MARGIN))
        cuts[f"in this clip, at {begin:.2f} s"] = wav[first:last]
    return cuts


def cut_frames(places: Sequence[tuple[Clip, int]], seconds: float = 0.3) -> np.ndarray:
    """Cut a short window about each frame: float32 array (n_places, n_samples), silence beyond the clip."""
    cuts = (_cut(clip, frame, seconds) for clip, frame in places)
    return np.stack([np.pad(piece, missing) for piece, missing in cuts])


def join_pieces(places: Sequence[tuple[Clip, int]], seconds: float = 0.2) -> np.ndarray:
    """Cut a piece around each (clip, frame), fade its edges, and join the pieces with silence between them.

    A piece is shorter at the edge of a clip; the sound (n_samples,) is empty where there is no place.
    """
    parts = []
    for clip, frame in places:
        rate, piece = clip.spec.sample_rate, _cut(clip, frame, seconds)[0].copy()
        fade = np.linspace(0, 1, min(round(FADE_SECONDS * rate), len(piece) // 2), dtype=np.float32)
        piece[: len(fade)] *= fade
        piece[len(piece) - len(fade) :] *= fade[::-1]
        gap = np.zeros(round(GAP_SECONDS * rate), np.float32)
        parts += [piece, gap] if parts else [gap, piece, gap]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


@functools.lru_cache(maxsize=128)
def _load(audio: Path | tuple[Path, ...], sample_rate: int) -> np.ndarray:
    """Load a sound that many pieces are cut from; nobody may write to it."""
    wav = load_audio(audio, sample_rate)
    wav.flags.writeable = False
    return wav


def _cut(clip: Clip, frame: int, seconds: float) -> tuple[np.ndarray, tuple[int, int]]:
    """Cut what a clip has of a window about a frame; also the samples that lie before and after the clip."""
    wav, length = _load(clip.audio, clip.spec.sample_rate), round(seconds * clip.spec.sample_rate)
    first = round((frame + 0.5) * clip.spec.hop) - length // 2
    piece, before = wav[max(first, 0) : first + length], max(-first, 0)
    return piece, (before, length - before - len(piece))


def decode_variants(
    codec: SpeechCodec, codes: np.ndarray, token: Token, others: Mapping[str, int]
) -> dict[str, np.ndarray]:
    """Decode a clip as it is, with a token replaced, and without the token's layer.

    `others`: caption -> code of the same layer that takes the token's place. Returns "as encoded", the
    captions, "without layer N" -> float32 array, shape (n_samples,).
    """
    layer, at = token[0], mark_tokens(codes, [token])[0]
    if not at.any():
        raise ValueError(f"token {tuple(token)}: does not occur in these codes, there is nothing to replace")
    wavs = {"as encoded": codec.decode(codes)}
    for name, other in others.items():
        edited = np.array(codes)
        edited[layer - 1, at] = other
        wavs[name] = codec.decode(edited)
    if rest := [one for one in codec.spec.layers[: len(codes)] if one != layer]:
        wavs[f"without layer {layer}"] = codec.decode(codes, layers=rest)
    return wavs


def measure_change(
    wav: np.ndarray, edited: np.ndarray, marked: np.ndarray, spec: CodecSpec
) -> tuple[float, float]:
    """Measure how much two sounds (n_samples,) differ in the marked frames (n_frames,), and elsewhere.

    Returns the mean absolute difference of the log-mel spectra (`log_mel`, natural log) in windows centred on
    marked frames, and in all others; NaN where there are none.
    """
    n = min(len(wav), len(edited))
    change = np.abs(log_mel(wav[:n], spec.sample_rate) - log_mel(edited[:n], spec.sample_rate)).mean(axis=0)
    frames = (np.arange(len(change)) * MEL_HOP / spec.sample_rate * spec.frame_rate).astype(int)
    inside = np.asarray(marked)[np.minimum(frames, len(marked) - 1)]
    return tuple(float(change[side].mean()) if side.any() else float("nan") for side in (inside, ~inside))


def limit_peak(wavs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Scale sounds by one factor, which keeps how loud they are among each other, to a peak of `PEAK`."""
    highest = max((float(np.abs(wav).max(initial=0)) for wav in wavs.values()), default=0.0)
    factor = PEAK / highest if highest > 0 else 1.0
    return {name: np.asarray(wav) * np.float32(factor) for name, wav in wavs.items()}
