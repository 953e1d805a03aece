"""Sounds as data URIs, small enough to lie in a page by the dozen."""

import base64
import io
from collections.abc import Sequence

import numpy as np
import soundfile

from ..audio import list_parts, load_audio
from ..clips import Clip
from ..interpretation.listening import join_pieces, limit_peak
from ..tokens import Token, find_occurrences

SMALL = 60_000  # bytes
COMPRESSION = 0.8  # 0: large, 1: small; Opus is a third smaller, and takes fifteen times as long to write


def embed_sound(wav: np.ndarray, sample_rate: int) -> str:
    """Write a sound (n_samples,), full scale at 1, as a data URI: Ogg Vorbis, some 4 kB a second."""
    file, wav = io.BytesIO(), np.clip(np.asarray(wav, dtype=np.float32), -1, 1)
    soundfile.write(file, wav, sample_rate, "VORBIS", format="OGG", compression_level=COMPRESSION)
    return _write_uri(file.getvalue())


def embed_clip(clip: Clip) -> str:
    """Embed the sound of a clip: a small Ogg file as it is, another sound written anew."""
    parts = list_parts(clip.audio)
    if len(parts) == 1 and parts[0].suffix == ".ogg" and parts[0].stat().st_size < SMALL:
        return _write_uri(parts[0].read_bytes())
    sample_rate = soundfile.info(parts[0]).samplerate
    return embed_sound(load_audio(parts, sample_rate), sample_rate)


def embed_tokens(
    clips: Sequence[Clip], tokens: Sequence[Token], n_pieces: int = 4, seed: int = 0
) -> dict[Token, str]:
    """Embed what plays each token: a few short pieces around it, one voice after the other, joined.

    Tokens that occur in no clip are left out.
    """
    places = {token: find_occurrences(clips, token, n_pieces, seed) for token in tokens}
    wavs = limit_peak({token: join_pieces(some) for token, some in places.items() if some})
    return {token: embed_sound(wav, clips[0].spec.sample_rate) for token, wav in wavs.items()}


def _write_uri(content: bytes) -> str:
    return f"data:audio/ogg;base64,{base64.b64encode(content).decode()}"
