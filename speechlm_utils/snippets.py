"""Hear a token: short pieces of several clips, each cut around a frame where the token fires."""

from collections.abc import Sequence

import numpy as np

from .association import codes_of, mark_tokens
from .audio import SAMPLE_RATE, load_audio
from .corpus import Clip


def find_occurrences(
    clips: Sequence[Clip], token: tuple[int, int], n_snippets: int, seed: int = 0
) -> list[tuple[Clip, int]]:
    """Draw clips that carry a token, speakers in turn, and one frame of it in each.

    Parameters
    ----------
    clips : with codes
    token : (layer, code)
    n_snippets : int, at most so many clips
    seed : int

    Returns
    -------
    places : list of (clip, frame), a clip at most once
    """
    rng, by_speaker = np.random.default_rng(seed), {}
    for i in rng.permutation(len(clips)):
        frames = np.flatnonzero(mark_tokens(codes_of(clips[i]), [token])[0])
        if frames.size:
            by_speaker.setdefault(clips[i].speaker, []).append((clips[i], int(rng.choice(frames))))
    places = []
    while len(places) < n_snippets and any(by_speaker.values()):
        places += [found.pop() for _, found in sorted(by_speaker.items()) if found]
    return places[:n_snippets]


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
        piece = load_audio(clip.audio)[max(centre - half, 0) : centre + half].copy()
        fade = np.linspace(0, 1, min(160, len(piece) // 2), dtype=np.float32)
        piece[: len(fade)] *= fade
        piece[len(piece) - len(fade) :] *= fade[::-1]
        parts += [piece, gap]
    return np.concatenate(parts)
