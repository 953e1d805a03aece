"""A decoder with a voice: SEANet's, driven by harmonics of a pitch that is read from the latent.

Transposed convolutions alone must learn to keep the phase of a voice over many frames of 20 ms, which takes
them days of training; until then they whisper. Here a small head reads pitch and voicing from the latent, a
pulse train of that pitch and noise enter SEANet's decoder at every rate, and the decoder shapes them: the
source-filter model of speech (Wang et al., arXiv 1904.12088, Neural source-filter waveform models). The head
was taught tracked pitch. That says nothing about the codes, which are fixed before any decoder is trained.
"""

import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

MIDDLE_HZ = 150.0  # the head predicts octaves above it
RANGE_HZ = (55.0, 550.0)


@dataclass(frozen=True)
class Voice:
    """Pitch and voicing of frames.

    Attributes
    ----------
    f0 : tensor (n_wavs, n_frames), Hz, also where unvoiced
    voiced : tensor (n_wavs, n_frames), from 0 to 1
    """

    f0: torch.Tensor
    voiced: torch.Tensor


class PitchHead(nn.Module):
    """Read octaves above `MIDDLE_HZ` and voicing's logit from the latent: tensor (n_wavs, 2, n_frames)."""

    def __init__(self, width: int, size: int = 96, kernel: int = 7):
        super().__init__()
        convolutions = [
            nn.Conv1d(width if i == 0 else size, size, kernel, padding=kernel // 2) for i in range(3)
        ]
        self.body = nn.Sequential(*(part for one in convolutions for part in (one, nn.ELU())))
        self.last = nn.Conv1d(size, 2, 1)

    def forward(self, latent):
        return self.last(self.body(latent))


class VoicedDecoder(nn.Module):
    """Turn a latent (n_wavs, dimension, n_frames) into sound (n_wavs, 1, n_frames * hop).

    Parameters
    ----------
    sample_rate : Hz
    seanet : options of SEANetDecoder; "dimension", "n_filters" and "ratios" must be among them
    """

    def __init__(self, sample_rate: int, **seanet):
        from speechtokenizer.modules import SEANetDecoder
        from speechtokenizer.modules.conv import SConvTranspose1d

        super().__init__()
        self.sample_rate, self.hop = sample_rate, math.prod(seanet["ratios"])
        self.pitch = PitchHead(seanet["dimension"])
        self.filter = SEANetDecoder(lstm=0, **seanet)
        self._joins = [isinstance(layer, SConvTranspose1d) for layer in self.filter.model]
        self.sources, left = nn.ModuleList(), self.hop
        width = 2 ** len(seanet["ratios"]) * seanet["n_filters"]
        for ratio in seanet["ratios"]:
            left, width = left // ratio, width // 2
            kernel, padding = (2 * left, left // 2) if left > 1 else (7, 3)
            self.sources.append(nn.Conv1d(2, width, kernel, left, padding))

    def forward(self, latent, voice: Voice | None = None, noise=None):
        """Decode. Voice None is read from the latent; noise (n_wavs, n_samples) None is always the same."""
        voice = voice or self.read_voice(latent)
        source = self.make_source(voice, noise)
        sources = iter(self.sources)
        for layer, is_joined in zip(self.filter.model, self._joins, strict=True):
            latent = layer(latent)
            if is_joined:
                latent = latent + next(sources)(source)
        return latent

    def read_voice(self, latent) -> Voice:
        """Read pitch and voicing from the latent; a frame is voiced or not."""
        octaves, logit = self.pitch(latent).unbind(dim=1)
        return Voice((MIDDLE_HZ * 2**octaves).clamp(*RANGE_HZ), (logit > 0).to(octaves))

    def make_source(self, voice: Voice, noise=None):
        """Make pulses of the voice's pitch, and noise, of deviation 1: tensor (n_wavs, 2, n_samples)."""
        f0, voiced = (self._spread(one) for one in (voice.f0, voice.voiced))
        cycles = torch.cumsum((f0 / self.sample_rate).double(), dim=1)
        if noise is None:
            generator = torch.Generator().manual_seed(0)
            noise = torch.randn(1, f0.shape[1], generator=generator).to(f0).expand_as(f0)
        pulses = voiced * sum_harmonics(cycles, (0.45 * self.sample_rate / f0).floor()).to(f0)
        return torch.stack([pulses, noise], dim=1)

    def _spread(self, frames):
        """Interpolate values of frames (n_wavs, n_frames) to samples."""
        return F.interpolate(frames[:, None], scale_factor=self.hop, mode="linear", align_corners=False)[:, 0]


def sum_harmonics(cycles, n):
    """Sum cosines of the first n harmonics, scaled to deviation 1.

    `cycles` is the phase of the first one in cycles, `n` (of the same shape) how many fit below half the
    sample rate; the sum has a closed form (Dirichlet's kernel).
    """
    half = torch.pi * (cycles - cycles.round())
    below = half.sin()
    safe = torch.where(below.abs() < 1e-4, torch.ones_like(below), below)
    kernel = torch.where(below.abs() < 1e-4, n.to(below), ((2 * n + 1) * half).sin() / (2 * safe) - 0.5)
    return kernel * (2 / n.clamp_min(1)).sqrt()
