"""What Whisper's encoder makes of a clip: one vector per 20 ms after each of its blocks.

Whisper pads every clip to 30 s. Here the spectrogram is that of the clip alone and positions are cut to its
length, so that a clip costs what it lasts.
"""

from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from ..torch_settings import quiet_transformers
from .checkpoint import WHISPER, find_whisper

SAMPLE_RATE = 16000  # of every Whisper model
MEL_HOP = 160  # samples; the second convolution halves the rate
HOP = 2 * MEL_HOP
FFT_SIZE = 400


class WhisperEncoder(nn.Module):
    """The encoder of a transformers Whisper model, for waveforms of any length.

    Its states depend on the whole clip, up to 30 s; longer waveforms are encoded in consecutive pieces of
    30 s. The spectrogram is cut off 80 dB below its own maximum (of each piece), but not divided by it: the
    level stays in it, as one constant added to every value.

    Parameters
    ----------
    model : transformers' WhisperModel, or its encoder alone
    """

    def __init__(self, model):
        from transformers import WhisperFeatureExtractor

        super().__init__()
        self.encoder = getattr(model, "encoder", model)
        filters = WhisperFeatureExtractor(feature_size=self.encoder.config.num_mel_bins).mel_filters
        self.register_buffer("filters", torch.tensor(filters.T, dtype=torch.float32), persistent=False)
        self.register_buffer("window", torch.hann_window(FFT_SIZE), persistent=False)

    @property
    def n_blocks(self) -> int:
        """Transformer blocks."""
        return len(self.encoder.layers)

    @property
    def width(self) -> int:
        """Numbers per state."""
        return self.encoder.config.d_model

    def forward(self, wav, blocks: tuple[int, ...]) -> list:
        """Return the states after some blocks, tensors (n_wavs, n_frames, width), of (n_wavs, n_samples).

        Blocks are numbered from 1; those of the last come after the encoder's final normalisation. There are
        ceil(n_samples / 320) frames; the last is filled up with silence.
        """
        if wrong := [block for block in blocks if not 1 <= block <= self.n_blocks]:
            raise ValueError(f"blocks={wrong}: the encoder has 1 to {self.n_blocks}")
        wav = F.pad(wav, (0, -wav.shape[-1] % HOP))
        longest = self.encoder.config.max_source_positions * HOP
        pieces = [self._encode(piece, blocks) for piece in wav.split(longest, dim=-1)]
        return [torch.cat(parts, dim=1) for parts in zip(*pieces, strict=True)]

    def _encode(self, wav, blocks: tuple[int, ...]) -> list:
        x, found = self.encoder, {}
        h = F.gelu(x.conv2(F.gelu(x.conv1(self.log_mel(wav))))).transpose(1, 2)
        h = h + x.embed_positions.weight[: h.shape[1]]
        for number, block in enumerate(x.layers[: max(blocks)], 1):
            h = block(h, None)
            found[number] = x.layer_norm(h) if number == self.n_blocks else h
        return [found[block] for block in blocks]

    def log_mel(self, wav):
        """Return Whisper's log-mel spectrogram (n_wavs, n_mels, n_samples / 160), 80 dB deep."""
        spectrum = torch.stft(wav, FFT_SIZE, MEL_HOP, window=self.window, return_complex=True)
        mel = (self.filters @ spectrum[..., :-1].abs().square()).clamp(min=1e-10).log10()
        return (torch.maximum(mel, mel.amax((1, 2), keepdim=True) - 8) + 4) / 4


def load_whisper_encoder(name: str | Path = WHISPER) -> WhisperEncoder:
    """Load the encoder of a Whisper model in float32, by a name of `find_whisper`."""
    from transformers import WhisperModel

    with quiet_transformers():
        model = WhisperModel.from_pretrained(find_whisper(name), dtype=torch.float32)
    return WhisperEncoder(model).eval().requires_grad_(False)
