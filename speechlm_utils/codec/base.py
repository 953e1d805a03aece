"""The interface of every speech tokenizer: a waveform becomes codes, codes become a waveform."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from hashlib import sha256 as make_sha256
from pathlib import Path

import numpy as np

from ..audio import check_wav
from ..codec_spec import CodecSpec
from ..tokens import check_codes
from ..torch_settings import exact_float32, one_thread


class SpeechCodec(ABC):
    """A speech tokenizer: waveform -> codes (n_layers, n_frames) -> waveform.

    A subclass says how its model encodes a batch (`_encode`) and decodes some layers (`_decode`).

    Parameters
    ----------
    model : torch module, float32
    sample_rate, hop, codebook_size : int, see below
    n_all : int, layers that the model has
    semantic_layers : layers trained towards content, numbered from 1
    model_hash : str, of what codes depend on: configuration and weights
    name : folder or hub name
    device : torch device
    n_layers : int, use the first so many layers; None for all

    Attributes
    ----------
    name : str, folder or hub name, as given to `load_codec`; empty for a model made in memory
    model : in eval mode
    spec : CodecSpec, all of the following, as coded clips carry it
    sample_rate : int, Hz; waveforms must have it (`load_audio` resamples)
    hop : int, samples per frame
    frame_rate : float, frames per second
    n_layers, codebook_size : int
    semantic_layers, acoustic_layers : tuples of int; () where no layer was trained towards content, then all
        are acoustic
    hash : str (16 hex digits), of what codes depend on (configuration, weights, number of layers), for every
        file format the same
    """

    encodes_batches = True
    """False: `encode_batch` encodes one waveform at a time, since others beside it could change its codes."""

    def __init__(
        self,
        model,
        *,
        sample_rate: int,
        hop: int,
        codebook_size: int,
        n_all: int,
        semantic_layers: Sequence[int],
        model_hash: str,
        name: str | Path = "",
        device: str = "cpu",
        n_layers: int | None = None,
    ):
        if n_layers is not None and not 1 <= n_layers <= n_all:
            raise ValueError(
                f"n_layers={n_layers}: must be from 1 to {n_all}, which {name or 'the codec'} has"
            )
        if codebook_size > 2**15:
            raise ValueError(
                f"{name}: {codebook_size} codes per layer; codes are kept as int16, below 32,768"
            )
        self.model, self.device, self.name = model.to(device).eval(), device, str(name)
        self.sample_rate, self.hop, self.codebook_size = int(sample_rate), int(hop), int(codebook_size)
        self.frame_rate = self.sample_rate / self.hop
        self.n_layers = n_all if n_layers is None else n_layers
        layers = range(1, self.n_layers + 1)
        self.semantic_layers = tuple(layer for layer in layers if layer in semantic_layers)
        self.acoustic_layers = tuple(layer for layer in layers if layer not in semantic_layers)
        self.spec = CodecSpec(
            self.sample_rate, self.hop, self.codebook_size, self.n_layers, self.semantic_layers
        )
        self.hash = model_hash
        if self.n_layers < n_all:  # else the cache would mix codes of more and of fewer layers
            self.hash = make_sha256(f"{model_hash}, {self.n_layers} layers".encode()).hexdigest()[:16]

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
            codes = self._encode(batch[:, None])[: self.n_layers]
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

        codes = check_codes(codes, self.codebook_size)
        if layers is None or isinstance(layers, int | np.integer):
            layers = range(1, (len(codes) if layers is None else layers) + 1)
        if not layers or not all(1 <= layer <= min(len(codes), self.n_layers) for layer in layers):
            raise ValueError(
                f"layers={list(layers)}: must be numbers from 1 to {min(len(codes), self.n_layers)}"
            )
        ids = torch.as_tensor(codes.astype(np.int64), device=self.device)
        with exact_float32():
            return self._decode({int(layer): ids[layer - 1][None] for layer in layers}).cpu().numpy()

    @abstractmethod
    def _encode(self, batch):
        """Encode a tensor (n_wavs, 1, n_samples) to codes (at least n_layers, n_wavs, n_frames)."""

    @abstractmethod
    def _decode(self, ids: dict):
        """Decode layer -> codes (1, n_frames), the sum of these layers only, to a tensor (n_samples,)."""
