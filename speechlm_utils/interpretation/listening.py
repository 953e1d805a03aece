"""Hear a token: the moments where it occurs, its frames side by side, and clips decoded without it.

`find_occurrences` draws the places; the functions here cut the sounds out, and decode edited codes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..acoustics.spectra import MEL_HOP, log_mel
from ..audio import SAMPLE_RATE, load_audio
from ..clips import Clip
from ..tokens import Token, codes_of, find_occurrences, mark_tokens

PEAK = 0.9  # of full scale: what players get stays below it


@dataclass(frozen=True)
class Moment:
    """A few seconds of a clip, and where in them a token occurs.

    Attributes
    ----------
    clip : Clip
    wav : float32 array, shape (n_samples,)
    start : float, seconds of the clip at which `wav` begins
    spans : float array, shape (n_spans, 2), begin and end of each occurrence in seconds of `wav`;
        neighbouring frames make one
    sample_rate : int
    """

    clip: Clip
    wav: np.ndarray = field(repr=False)
    start: float
    spans: np.ndarray
    sample_rate: int = SAMPLE_RATE


def find_moments(
    clips: Sequence[Clip],
    token: Token,
    limit: int = 3,
    seconds: float = 3.0,
    seed: int = 0,
    frame_rate: float = 50.0,
) -> list[Moment]:
    """Draw clips where a token occurs, voices in turn, and cut each about one of its moments.

    Parameters
    ----------
    clips : with codes and sound files
    token : (layer, code)
    limit : int, at most so many clips
    seconds : length of a piece, at most
    seed : of the draw
    frame_rate : float, the codec's frames per second
    """
    places = find_occurrences(clips, token, limit, seed)
    return [cut_moment(clip, frame, token, seconds, frame_rate) for clip, frame in places]


def cut_moment(
    clip: Clip, frame: int, token: Token, seconds: float = 3.0, frame_rate: float = 50.0
) -> Moment:
    """Cut the piece of a clip about a frame (all of a clip that is no longer), and mark the token in it."""
    wav = load_audio(clip.audio, SAMPLE_RATE)
    length = min(round(seconds * SAMPLE_RATE), len(wav))
    first = round((frame + 0.5) / frame_rate * SAMPLE_RATE) - length // 2
    first = int(np.clip(first, 0, len(wav) - length))
    marked = np.pad(mark_tokens(codes_of(clip), [token])[0], 1)
    edges = np.flatnonzero(np.diff(marked.astype(int))).reshape(-1, 2) / frame_rate - first / SAMPLE_RATE
    inside = (edges[:, 1] > 0) & (edges[:, 0] < length / SAMPLE_RATE)
    spans = edges[inside].clip(0, length / SAMPLE_RATE)
    return Moment(clip, wav[first : first + length], first / SAMPLE_RATE, spans)


def gather_sounds(
    clips: Sequence[Clip],
    token: Token,
    limit: int = 3,
    seconds: float = 3.0,
    n_snippets: int = 8,
    seed: int = 0,
    frame_rate: float = 50.0,
) -> dict[str, np.ndarray]:
    """Gather what plays a token: many short pieces in a row, then some clips about a moment of it.

    Parameters
    ----------
    clips, token, limit, seconds, seed, frame_rate : see `find_moments`
    n_snippets : int, pieces that are joined, see `join_snippets`

    Returns
    -------
    wavs : caption -> float32 array, shape (n_samples,), 16 kHz, scaled by `limit_peak`; empty where the token
        does not occur
    """
    places = find_occurrences(clips, token, n_snippets, seed)
    if not places:
        return {}
    wavs = {f"{len(places)} pieces joined": join_snippets(places, frame_rate=frame_rate)}
    for moment in find_moments(clips, token, limit, seconds, seed, frame_rate):
        at = ", ".join(f"{begin:.1f}" for begin in moment.spans[:4, 0])
        wavs[f"{moment.clip.id}: at {at} s"] = moment.wav
    return limit_peak(wavs)


def cut_frames(
    places: Sequence[tuple[Clip, int]], seconds: float = 0.3, frame_rate: float = 50.0
) -> np.ndarray:
    """Cut a short window about each frame: float32 array (n_places, n_samples), silence beyond the clip."""
    length = round(seconds * SAMPLE_RATE)
    windows = np.zeros((len(places), length), np.float32)
    for window, (clip, frame) in zip(windows, places, strict=True):
        wav = load_audio(clip.audio, SAMPLE_RATE)
        first = round((frame + 0.5) / frame_rate * SAMPLE_RATE) - length // 2
        begin, end = max(first, 0), min(first + length, len(wav))
        window[begin - first : end - first] = wav[begin:end]
    return windows


def replace_token(codes: np.ndarray, token: Token, code: int) -> np.ndarray:
    """Write another code of the same layer wherever a token occurs; returns a copy (n_layers, n_frames)."""
    edited = np.array(codes)
    edited[token[0] - 1, mark_tokens(codes, [token])[0]] = code
    return edited


def decode_variants(
    codec, codes: np.ndarray, token: Token, others: Mapping[str, int], drop_layer: bool = True
) -> dict[str, np.ndarray]:
    """Decode a clip as it is, with a token replaced, and without the token's layer.

    Parameters
    ----------
    codec : SpeechCodec
    codes : int array, shape (n_layers, n_frames)
    token : (layer, code)
    others : caption -> code of the same layer that takes its place
    drop_layer : bool, decode without the layer, too

    Returns
    -------
    wavs : "as encoded", the captions, "without layer N" -> float32 array, shape (n_samples,)

    Raises
    ------
    ValueError
        If the clip has no such token: nothing would be replaced.
    """
    layer = token[0]
    if not mark_tokens(codes, [token])[0].any():
        raise ValueError(f"token {tuple(token)}: does not occur in these codes, there is nothing to replace")
    wavs = {"as encoded": codec.decode(codes)}
    wavs |= {name: codec.decode(replace_token(codes, token, other)) for name, other in others.items()}
    rest = [one for one in range(1, min(len(codes), codec.spec.n_layers) + 1) if one != layer]
    if drop_layer and rest:
        wavs[f"without layer {layer}"] = codec.decode(codes, layers=rest)
    return wavs


def measure_change(
    wav: np.ndarray, edited: np.ndarray, marked: np.ndarray, sample_rate: int, frame_rate: float = 50.0
) -> tuple[float, float]:
    """Measure how much two sounds differ where a token occurs, and elsewhere.

    Parameters
    ----------
    wav, edited : float arrays, shape (n_samples,)
    marked : bool array, shape (n_frames,), frames of the token
    sample_rate, frame_rate : of the codec

    Returns
    -------
    inside, outside : float, mean absolute difference of the log-mel spectra (`probing.log_mel`, natural log)
        in windows centred on frames of the token, and in all others; NaN where there are none
    """
    n = min(len(wav), len(edited))
    change = np.abs(log_mel(wav[:n], sample_rate) - log_mel(edited[:n], sample_rate)).mean(axis=0)
    seconds = np.arange(len(change)) * MEL_HOP / sample_rate
    inside = np.asarray(marked)[np.minimum((seconds * frame_rate).astype(int), len(marked) - 1)]
    return tuple(float(change[side].mean()) if side.any() else float("nan") for side in (inside, ~inside))


def limit_peak(wavs: Mapping[str, np.ndarray], peak: float = PEAK) -> dict[str, np.ndarray]:
    """Scale sounds by one factor so that the loudest sample of all is at `peak`: nothing is clipped.

    How loud they are against each other stays as it is; silence stays silent.
    """
    highest = max((float(np.abs(wav).max(initial=0)) for wav in wavs.values()), default=0.0)
    factor = peak / highest if highest > 0 else 1.0
    return {name: np.asarray(wav) * np.float32(factor) for name, wav in wavs.items()}


def join_snippets(
    places: Sequence[tuple[Clip, int]],
    seconds: float = 0.2,
    gap_seconds: float = 0.15,
    frame_rate: float = 50,
) -> np.ndarray:
    """Cut a piece around each place, fade its edges, and join the pieces with silence between them.

    Parameters
    ----------
    places : (clip, frame) pairs, see `find_occurrences`
    seconds : length of a piece, centred on the frame (shorter at the edge of a clip)
    gap_seconds : silence after each piece
    frame_rate : float, frames per second

    Returns
    -------
    wav : float32 array, shape (n_samples,), 16 kHz; a single gap where there is no place
    """
    hop, half = round(SAMPLE_RATE / frame_rate), round(seconds * SAMPLE_RATE / 2)
    gap = np.zeros(round(gap_seconds * SAMPLE_RATE), np.float32)
    parts = [gap]
    for clip, frame in places:
        centre = frame * hop + hop // 2
        piece = load_audio(clip.audio, SAMPLE_RATE)[max(centre - half, 0) : centre + half].copy()
        fade = np.linspace(0, 1, min(160, len(piece) // 2), dtype=np.float32)
        piece[: len(fade)] *= fade
        piece[len(piece) - len(fade) :] *= fade[::-1]
        parts += [piece, gap]
    return np.concatenate(parts)
