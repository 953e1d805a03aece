"""Compare codecs by what the lasso finds in their codes; as a control, a codec that has learned nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import hypergeom

from ..clips import Clip
from ..codec.base import SpeechCodec
from ..selection.bag_of_words import count_matrix
from ..selection.selector import L1Selector
from ..selection.stability import split_folds
from ..torch_settings import exact_float32, one_thread, quiet_transformers
from .linear import fit_linear

RIDGE_CS = (1e-4, 1e-3, 1e-2)


@dataclass(frozen=True)
class TokenSource:
    """Tokens to choose from: clips with the codes of one codec, and the layers that take part.

    Attributes
    ----------
    clips : list of Clip with codes
    layers : tuple of int, numbered from 1
    codebook_size : int, codes per layer
    frame_rate : float, frames per second
    semantic_layers : tuple of int, of the codec
    """

    clips: list[Clip]
    layers: tuple[int, ...]
    codebook_size: int
    frame_rate: float
    semantic_layers: tuple[int, ...] = ()

    @classmethod
    def from_codec(
        cls, codec: SpeechCodec, clips: Sequence[Clip], layers: Sequence[int] | None = None
    ) -> "TokenSource":
        """Make the source of a codec's clips, with all its layers or with those given."""
        spec, layers = codec.spec, codec.spec.layers if layers is None else layers
        return cls(list(clips), tuple(layers), spec.codebook_size, spec.frame_rate, spec.semantic_layers)

    @property
    def settings(self) -> dict:
        """Its parameters for `L1Selector`, `fit_linear` and `find_C_for_count`."""
        return {"layers": self.layers, "codebook_size": self.codebook_size}

    @property
    def bits_per_second(self) -> float:
        """What a second of codes costs to write down."""
        return len(self.layers) * self.frame_rate * float(np.log2(self.codebook_size))

    def count_occurring(self) -> np.ndarray:
        """Count the tokens of each layer that occur in the clips at all: int array, shape (n_layers,)."""
        total = np.asarray(count_matrix(self.clips, **self.settings).sum(axis=0)).reshape(
            len(self.layers), -1
        )
        return (total > 0).sum(axis=1)

    def describe(self) -> dict[str, float]:
        """Return the flood in numbers: frames and bits a second, vocabulary, tokens that occur, per clip."""
        n_frames = np.mean([clip.codes.shape[1] for clip in self.clips])
        return {
            "frames/s": self.frame_rate,
            "bits/s": self.bits_per_second,
            "vocabulary": len(self.layers) * self.codebook_size,
            "occurring": int(self.count_occurring().sum()),
            "tokens per clip": n_frames * len(self.layers),
        }


def chance_per_layer(source: TokenSource, n_tokens: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return how many tokens each layer supplies if n_tokens are drawn blindly from those that occur.

    Returns
    -------
    expected, low, high : float arrays, shape (n_layers,), mean and 95 % range (hypergeometric)
    """
    occurring = source.count_occurring()
    total = int(occurring.sum())
    n_drawn = min(n_tokens, total)
    low, high = (hypergeom.ppf(q, total, occurring, n_drawn).astype(float) for q in (0.025, 0.975))
    return n_drawn * occurring / total, low, high


def predict_out_of_fold(
    source: TokenSource,
    y: np.ndarray,
    groups: np.ndarray,
    C: float | None,
    n_folds: int = 5,
    Cs: Sequence[float] = RIDGE_CS,
    n_inner_folds: int = 3,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Predict every clip by a model that has seen neither it nor its sentence, from words + selected tokens.

    Within each fold's train part, tokens are selected anew, and a linear model (l2, its own C by grouped
    cross-validation) is fitted on the words and on them. The lasso's loss is a sum over clips; with fewer of
    them the same balance needs a larger C, so it is multiplied by all clips / clips of the part.

    Parameters
    ----------
    source : TokenSource
    y, groups : arrays, shape (n_clips,)
    C : float, of the selection on all clips; None reads the words alone
    n_folds, seed : of the outer folds, the same for every source
    Cs, n_inner_folds : of the linear model

    Returns
    -------
    predictions : array like y
    n_kept : int array, shape (n_folds,), tokens selected in each fold
    """
    y = np.asarray(y)
    predictions, n_kept = np.empty_like(y), []
    for train, test in split_folds(y, groups, n_folds, seed):
        part, held_out = ([source.clips[i] for i in places] for places in (train, test))
        tokens = []
        if C is not None:
            selector = L1Selector(C * len(y) / len(train), seed=seed, **source.settings)
            tokens = selector.fit(part, y[train]).tokens_
        options = {"Cs": Cs, "n_folds": n_inner_folds, "seed": seed}
        model = fit_linear(part, y[train], tokens, **source.settings, **options)
        predictions[test] = model.predict(held_out)
        n_kept.append(len(tokens))
    return predictions, np.array(n_kept)


def make_untrained_encodec(
    folder: str | Path,
    wavs: Sequence[np.ndarray],
    sample_rate: int = 16000,
    n_layers: int = 8,
    codebook_size: int = 1024,
    seed: int = 0,
) -> Path:
    """Write a small EnCodec with random weights: a control that can know nothing but what any filter passes.

    Its codebooks are made of vectors that the random encoder gives for the waveforms, layer by layer of what
    the one before leaves over; otherwise a handful of codes would stand for everything. A code is the mean of
    two such vectors: of a frame that is itself a code nothing would be left, and later layers would fall
    silent. Frames have 320 samples. The files do not depend on the number of threads.

    Parameters
    ----------
    folder : where to write config.json and model.safetensors; `load_codec` reads it
    wavs : float arrays, shape (n_samples,)
    sample_rate, n_layers, codebook_size : of the codec; codebook_size a power of two
    seed : of weights and codebooks

    Returns
    -------
    folder : Path
    """
    import torch
    from transformers import EncodecConfig, EncodecModel

    frame_rate, bits = -(-sample_rate // 320), int(codebook_size).bit_length() - 1
    config = EncodecConfig(
        sampling_rate=sample_rate,
        target_bandwidths=[(n_layers + 0.5) * frame_rate * bits / 1000],  # kbit/s; room for rounding
        codebook_size=codebook_size,
        num_filters=8,
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
            places = torch.randint(distinct.shape[1], (2, codebook_size))
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
