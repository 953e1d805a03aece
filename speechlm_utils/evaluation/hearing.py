"""Hear clips in noise: their codes from the noisy sound, their words from a recogniser that hears it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from ..audio import load_audio
from ..clips import Clip
from ..codec.base import SpeechCodec
from ..whisper.recogniser import Recogniser
from ..whisper.states import SAMPLE_RATE, WhisperEncoder
from ..words import write_plainly
from .noise import add_noise, make_noise


class QuickRecogniser(Recogniser):
    """A recogniser that pads clips to 12 s in place of Whisper's 30 s, for a quarter of the time.

    Whisper was not trained so: more words are wrong, and now and then it repeats itself without end
    (`max_tokens` ends that). For experiments with bad transcripts, not for good ones. A longer clip pads its
    batch to its own length.
    """

    seconds, max_tokens = 12.0, 60

    def _encode(self, wavs: list[np.ndarray]) -> tuple:
        from transformers.modeling_outputs import BaseModelOutput

        encoder = WhisperEncoder(self.model.model).to(self.device).eval()
        n_samples = max(int(self.seconds * SAMPLE_RATE), *map(len, wavs))
        padded = [np.pad(wav, (0, n_samples - len(wav))).astype(np.float32) for wav in wavs]
        (states,) = encoder(torch.tensor(np.stack(padded), device=self.device), (encoder.n_blocks,))
        return BaseModelOutput(states), {}


def load_noisy(
    clip: Clip, snr_db: float | None, spectrum: np.ndarray, sample_rate: int, seed: int = 0
) -> np.ndarray:
    """Load a clip and add noise of a spectrum, see `make_noise`; None adds none: float32 (n_samples,).

    The noise depends on clip, level and seed alone, so that a clip always meets the same.
    """
    wav = load_audio(clip.audio, sample_rate)
    if snr_db is None:
        return wav
    rng = np.random.default_rng([seed, round(10 * snr_db) % 2**16, *clip.id.encode()])
    return add_noise(wav, make_noise(len(wav), spectrum, rng), snr_db)


def hear_clips(
    clips: Sequence[Clip],
    levels: Sequence[float | None],
    spectrum: np.ndarray,
    models: tuple[SpeechCodec, Recogniser | None],
    seed: int = 0,
) -> list[Clip]:
    """Return each clip as it is heard at its level (dB; None adds no noise): its codes and its text.

    Without a recogniser, its words stay the true ones.
    """
    codec, recogniser = models
    rate, spec = codec.spec.sample_rate, codec.spec
    wavs = [load_noisy(clip, level, spectrum, rate, seed) for clip, level in zip(clips, levels, strict=True)]
    texts = [clip.text for clip in clips]
    if recogniser is not None:
        texts = [write_plainly(text) for text, _ in recogniser.recognise(wavs, sample_rate=rate)]
    return [
        replace(clip, codes=codec.encode(wav), spec=spec, text=text)
        for clip, wav, text in zip(clips, wavs, texts, strict=True)
    ]
