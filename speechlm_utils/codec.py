"""Turn speech into residual-VQ codes and back with SpeechTokenizer's model class.

The model's LSTM is bidirectional and unmasked, so padding a clip changes its codes: encode clips alone, or in
batches of exactly equal length.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .audio import check_wav
from .codec_files import find_folder, hash_model, load_weights, make_model, read_config, read_weights
from .counts import check_codes


class SpeechCodec:
    """A speech tokenizer: waveform -> codes (n_layers, n_frames) -> waveform.

    Attributes
    ----------
    model : speechtokenizer.SpeechTokenizer in eval mode
    sample_rate : int, Hz
    frame_rate : float, frames per second
    n_layers, codebook_size : int
    semantic_layers : tuple of int, the layers distilled towards content (numbered from 1)
    hash : str, of configuration and weights (16 hex digits); the same for both file formats
    """

    def __init__(self, model, config: dict, device: str = "cpu"):
        self.model = model.to(device).eval()
        self.device = device
        self.sample_rate = int(config["sample_rate"])
        self.hop = int(np.prod(config["strides"]))
        self.frame_rate = self.sample_rate / self.hop
        self.n_layers = int(config["n_q"])
        self.codebook_size = int(config["codebook_size"])
        self.semantic_layers = (1,)
        self.hash = hash_model(model, config)

    def encode(self, wav: np.ndarray) -> np.ndarray:
        """Encode one waveform, float (n_samples,) -> int16 codes (n_layers, ceil(n_samples / hop))."""
        return self.encode_batch([wav])[0]

    def encode_batch(self, wavs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Encode waveforms of exactly equal length; returns int16 codes (n_layers, n_frames) for each.

        Raises ValueError for unequal lengths, or a waveform that is empty or not finite.
        """
        import torch

        lengths = sorted({len(check_wav(wav)) for wav in wavs})
        if len(lengths) != 1:
            raise ValueError(f"a batch needs waveforms of one length, got lengths {lengths}")
        batch = torch.as_tensor(np.stack(wavs).astype(np.float32), device=self.device)
        with torch.inference_mode():
            codes = self.model.encode(batch[:, None])
        return list(codes.permute(1, 0, 2).cpu().numpy().astype(np.int16))

    def decode(self, codes: np.ndarray, layers: int | Sequence[int] | None = None) -> np.ndarray:
        """Decode codes to a waveform from all layers, or from some only.

        Parameters
        ----------
        codes : int array, shape (n_layers, n_frames)
        layers : None for all, an int for the first so many, or layer numbers from 1

        Returns
        -------
        wav : float32 array, shape (n_frames * hop,)

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
        with torch.inference_mode():
            vq = self.model.quantizer.vq.layers
            latent = sum(vq[layer - 1].decode(ids[layer - 1][None]) for layer in layers)
            return self.model.decoder(latent)[0, 0].cpu().numpy()


def load_codec(name: str | Path, device: str = "cpu") -> SpeechCodec:
    """Load a speech tokenizer.

    Parameters
    ----------
    name : folder with config.json and model.safetensors or SpeechTokenizer.pt (the released format, read
        without executing pickled code), or a hub name such as "fnlp/SpeechTokenizer"
    device : torch device

    Returns
    -------
    codec : SpeechCodec, float32; stored half precision is converted, training-only buffers may be missing

    Raises
    ------
    FileNotFoundError, ValueError
        If the folder or its files are missing, or configuration or weights do not fit; the message names it.
    """
    folder = find_folder(name)
    config = read_config(folder)
    path, state = read_weights(folder)
    model = make_model(config)
    load_weights(model, state, path)
    return SpeechCodec(model, config, device)
