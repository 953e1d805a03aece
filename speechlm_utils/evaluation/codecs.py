"""Compare codecs by what the lasso finds in their codes; as a control, a codec that has learned nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import hypergeom

from ..clips import Clip
from ..codec_spec import CodecSpec, shared_spec
from ..selection.bag_of_words import sum_counts
from ..torch_settings import exact_float32, one_thread, quiet_transformers


@dataclass(frozen=True)
class TokenSource:
    """Tokens to select from: clips with the codes of one codec, and the layers that take part."""

    clips: list[Clip]
    layers: tuple[int, ...]

    @property
    def spec(self) -> CodecSpec:
        """Of the codec."""
        return shared_spec(self.clips)

    def count_occurring(self) -> np.ndarray:
        """Count the tokens of each layer that occur in the clips at all: int array, shape (n_layers,)."""
        return (sum_counts(self.clips, self.layers) > 0).sum(axis=1)

    def describe(self) -> dict[str, float]:
        """Return the flood in numbers: frames and bits a second, vocabulary, tokens that occur, per clip."""
        n_frames = np.mean([clip.codes.shape[1] for clip in self.clips])
        n_layers, rate, size = len(self.layers), self.spec.frame_rate, self.spec.codebook_size
        return {
            "frames/s": rate,
            "bits/s": n_layers * rate * float(np.log2(size)),
            "vocabulary": n_layers * size,
            "occurring": int(self.count_occurring().sum()),
            "tokens per clip": n_frames * n_layers,
        }


def chance_per_layer(source: TokenSource, n_tokens: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return how many tokens each layer supplies if n_tokens are sampled blindly from those that occur.

    Mean, low and high, arrays (n_layers,), of the hypergeometric distribution; 95 % lie between low and high.
    """
    occurring = source.count_occurring()
    total = int(occurring.sum())
    n_sampled = min(n_tokens, total)
    low, high = (hypergeom.ppf(q, total, occurring, n_sampled).astype(float) for q in (0.025, 0.975))
    return n_sampled * occurring / total, low, high


def make_untrained_encodec(
    folder: str | Path, wavs: Sequence[np.ndarray], spec: CodecSpec, seed: int = 0
) -> Path:
    """Write a small EnCodec with random weights: a control that can know nothing but what any filter passes.

    Its codebooks are made of vectors that the random encoder gives for the waveforms, layer by layer of what
    the one before leaves over; otherwise a handful of codes would stand for everything. A code is the mean of
    two such vectors: of a frame that is itself a code nothing would be left, and later layers would fall
    silent. Frames have 320 samples. The files do not depend on the number of threads. The folder is returned,
    for `load_codec`; waveforms have shape (n_samples,); of the spec, sample rate, number of layers, and
    codebook size (a power of two) count.
    """
    import torch
    from transformers import EncodecConfig, EncodecModel

    frame_rate, bits = -(-spec.sample_rate // 320), spec.codebook_size.bit_length() - 1
    config = EncodecConfig(
        sampling_rate=spec.sample_rate,
        target_bandwidths=[(spec.n_layers + 0.5) * frame_rate * bits / 1000],  # kbit/s; room for rounding
        codebook_size=spec.codebook_size,
        num_filters=4,
        hidden_size=64,
        num_lstm_layers=1,
    )
    with torch.random.fork_rng(), one_thread(), exact_float32():
        torch.manual_seed(seed)
        model = EncodecModel(config).eval()
        batches = [torch.as_tensor(wav, dtype=torch.float32)[None, None] for wav in wavs]
        _standardise(model, batches)
        left = torch.cat([model.encoder(batch) for batch in batches], dim=2)
        for layer in model.quantizer.layers:
            distinct = torch.unique(left[0].round(decimals=3), dim=1)  # silence gives one vector many times
            places = torch.randint(distinct.shape[1], (2, spec.codebook_size))
            layer.codebook.embed.copy_(distinct[:, places].mean(dim=1).T)
            left = left - layer.decode(layer.encode(left))
    with quiet_transformers():
        model.save_pretrained(folder)
    return Path(folder)


def _standardise(model, batches: Sequence) -> None:
    """Scale the encoder's last layer so that its vectors have mean 0 and deviation 1 in every dimension.

    With random weights a large constant would drown what differs between frames, and rounding would choose
    the codes.
    """
    import torch

    vectors = torch.cat([model.encoder(batch) for batch in batches], dim=2)
    mean, deviation = vectors.mean(dim=(0, 2)), vectors.std(dim=(0, 2)).clamp_min(1e-9)
    last = model.encoder.layers[-1].conv
    last.bias.copy_((last.bias - mean) / deviation)
    last.weight = last.weight / deviation[:, None, None]  # through its weight norm
