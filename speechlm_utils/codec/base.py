"""The interface of every speech tokenizer: a waveform becomes codes, codes become a waveform."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256 as make_sha256
from pathlib import Path

import numpy as np

from ..audio import check_wav
from ..codec_spec import CodecSpec
from ..tokens import check_codes
from ..torch_settings import exact_float32, one_thread


class SpeechCodec(ABC):
    """A speech tokenizer: waveform -> codes (n_layers, n_frames) -> waveform.

    A subclass says how its model encodes a batch (`_encode`), where its codebooks are (`_books`), and how the
    sum of their vectors becomes sound (`_sound`), where that is not by `model.decoder`.

    Parameters
    ----------
    model : torch module, float32
    spec : CodecSpec, of all the model's layers
    model_hash : str, of what codes depend on: configuration and weights
    name : folder or hub name, as given to `load_codec`; empty for a model made in memory
    device : torch device
    n_layers : int, use the first so many layers; None for all

    Attributes
    ----------
    spec : CodecSpec, of the layers in use; waveforms must have its sample rate (`load_audio` resamples)
    hash : str (16 hex digits), of what codes depend on (configuration, weights, number of layers), for every
        file format the same
    batch_size : int, so many clips of exactly equal length are encoded together for the cache. Quicker on a
        GPU where a corpus is cut into equal pieces; but sums are rounded otherwise than for a clip alone, so
        where two codes are almost equally near the other may win. 1, as it is at first, keeps codes bit-equal
    """

    batch_size = 1
    encodes_batches = True
    """False: `encode_batch` encodes one waveform at a time, since others beside it could change its codes."""

    def __init__(
        self, model, spec: CodecSpec, model_hash: str, name="", device="cpu", n_layers: int | None = None
    ):
        n_used = spec.n_layers if n_layers is None else n_layers
        if not 1 <= n_used <= spec.n_layers:
            raise ValueError(f"{name}: n_layers={n_layers}: must be from 1 to {spec.n_layers}")
        if spec.codebook_size > 2**15:
            raise ValueError(f"{name}: {spec.codebook_size} codes per layer do not fit into int16")
        self.model, self.device, self.name = model.to(device).eval(), device, str(name)
        semantic = tuple(layer for layer in spec.semantic_layers if layer <= n_used)
        self.spec, self.hash = replace(spec, n_layers=n_used, semantic_layers=semantic), model_hash
        if n_used < spec.n_layers:  # else the cache would mix codes of more and of fewer layers
            self.hash = make_sha256(f"{model_hash}, {n_used} layers".encode()).hexdigest()[:16]

    def __reduce__(self):
        """Travel to another process by name, without the weights: `load_once` loads the codec there."""
        from .load import load_once

        if not self.name:
            raise ValueError("codec.name is empty: use a codec of load_codec, or one process (n_jobs=1)")
        name = str(Path(self.name).absolute()) if Path(self.name).is_dir() else self.name
        return load_once, (name, self.hash, self.spec.n_layers, str(self.device), self.batch_size)

    def encode(self, wav: np.ndarray) -> np.ndarray:
        """Encode one waveform, float (n_samples,) -> int16 codes (n_layers, n_frames).

        There are ceil(n_samples / hop) frames. Raises ValueError for a waveform that is empty or not finite.
        """
        return self._encode_together([check_wav(wav)])[0]

    def encode_batch(self, wavs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Encode waveforms of exactly equal length; returns int16 codes (n_layers, n_frames) for each.

        Padding would change codes, so unequal lengths raise ValueError, as does an empty or not finite one.
        """
        lengths = sorted({len(check_wav(wav)) for wav in wavs})
        if len(lengths) != 1:
            raise ValueError(f"a batch needs waveforms of one length, got lengths {lengths}")
        return self._encode_together(wavs) if self.encodes_batches else [self.encode(wav) for wav in wavs]

    def _encode_together(self, wavs: Sequence[np.ndarray]) -> list[np.ndarray]:
        import torch

        batch = torch.as_tensor(np.stack(wavs).astype(np.float32), device=self.device)
        with one_thread(), exact_float32():
            codes = self._encode(batch[:, None])[: self.spec.n_layers]
        return list(codes.permute(1, 0, 2).cpu().numpy().astype(np.int16))

    def decode(self, codes: np.ndarray, layers: int | Sequence[int] | None = None) -> np.ndarray:
        """Decode codes to a waveform from all layers, or from some only.

        Parameters
        ----------
        codes : int array, shape (n_layers, n_frames)
        layers : None for all, an int for the first so many, or layer numbers from 1

        Returns
        -------
        wav : float32 array, shape (n_frames * hop,); DAC's decoder gives a few samples less

        Raises
        ------
        ValueError
            If a code or a layer is out of range; the message names it.
        """
        import torch

        codes = check_codes(codes, self.spec.codebook_size)
        n_layers = min(len(codes), self.spec.n_layers)
        if layers is None or isinstance(layers, int | np.integer):
            layers = range(1, (len(codes) if layers is None else layers) + 1)
        if not layers or not all(1 <= layer <= n_layers for layer in layers):
            raise ValueError(f"layers={list(layers)}: must be numbers from 1 to {n_layers}")
        for layer in layers:
            largest, n_codes = codes[layer - 1].max(initial=0), self.count_codes(layer)
            if largest >= n_codes:
                raise ValueError(f"code {largest} in layer {layer}, which has {n_codes} codes")
        ids = torch.as_tensor(codes.astype(np.int64), device=self.device)
        with one_thread(), exact_float32():
            return self._decode({int(layer): ids[layer - 1][None] for layer in layers}).cpu().numpy()

    @abstractmethod
    def _encode(self, batch):
        """Encode a tensor (n_wavs, 1, n_samples) to codes (at least n_layers, n_wavs, n_frames)."""

    def count_codes(self, layer: int) -> int:
        """Count the codes that a layer has; the spec's codebook size is that of the largest layer."""
        return self.spec.codebook_size

    def read_vectors(self, layer: int, ids):
        """Return what codes (1, n_frames) of a layer add to the latent: tensor (1, width, n_frames)."""
        return self._books()[layer - 1].decode(ids)

    @abstractmethod
    def _books(self):
        """Return the quantiser of each layer."""

    def _decode(self, ids: dict):
        """Decode layer -> codes (1, n_frames), the sum of these layers only, to a tensor (n_samples,)."""
        return self._sound(sum(self.read_vectors(layer, one) for layer, one in ids.items()))[0, 0]

    def _sound(self, latent):
        """Turn latent vectors (1, width, n_frames) into sound, tensor (1, 1, n_samples)."""
        return self.model.decoder(latent)
