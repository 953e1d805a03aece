"""Turn speech into residual-VQ codes and back: one interface, and SpeechTokenizer behind it.

The other codecs (EnCodec, DAC, Mimi, X-Codec) are in `hf_codecs`; `load_codec` finds the right one.
"""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from hashlib import sha256 as make_sha256
from pathlib import Path

import numpy as np

from .audio import check_wav
from .codec_files import (
    CONFIG_KEYS,
    check_config,
    check_sha256,
    find_folder,
    find_weights,
    hash_model,
    load_weights,
    make_model,
    read_config,
    read_weights,
)
from .counts import check_codes


class SpeechCodec(ABC):
    """A speech tokenizer: waveform -> codes (n_layers, n_frames) -> waveform.

    A subclass says how its model encodes a batch (`_encode`) and decodes some layers (`_decode`).

    Parameters
    ----------
    model : torch module, float32
    sample_rate, hop, codebook_size : int, see below
    n_all : int, layers that the model has
    semantic_layers : layers trained towards content, numbered from 1
    model_hash : str, of configuration and weights
    name : folder or hub name
    device : torch device
    n_layers : int, use the first so many layers; None for all

    Attributes
    ----------
    name : str, folder or hub name, as given to `load_codec`; empty for a model made in memory
    model : in eval mode
    sample_rate : int, Hz; waveforms must have it (`load_audio` resamples)
    hop : int, samples per frame
    frame_rate : float, frames per second
    n_layers, codebook_size : int
    semantic_layers, acoustic_layers : tuples of int; () where no layer was trained towards content, then all
        are acoustic
    hash : str (16 hex digits), of configuration, weights and number of layers, for every file format the same
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


class SpeechTokenizerCodec(SpeechCodec):
    """SpeechTokenizer's model class; layer 1 is distilled from HuBERT.

    Its LSTM is bidirectional and unmasked: every frame depends on the whole clip, and so on any padding.
    """

    def __init__(self, model, config: dict, name="", device="cpu", n_layers=None):
        super().__init__(
            model,
            sample_rate=config["sample_rate"],
            hop=int(np.prod(config["strides"])),
            codebook_size=config["codebook_size"],
            n_all=int(config["n_q"]),
            semantic_layers=(1,),
            model_hash=hash_model(model, [config[key] for key in CONFIG_KEYS]),
            name=name,
            device=device,
            n_layers=n_layers,
        )

    def _encode(self, batch):
        return self.model.encode(batch, n_q=self.n_layers)

    def _decode(self, ids):
        books = self.model.quantizer.vq.layers
        return self.model.decoder(sum(books[layer - 1].decode(one) for layer, one in ids.items()))[0, 0]


@contextlib.contextmanager
def exact_float32():
    """Compute in full float32, without gradients: no TF32, no bfloat16, whatever torch is set to.

    Rounding moves a vector across the border between two codes. On a GPU, convolutions and LSTMs use TF32 by
    default, which keeps 10 bits of 23; codes would then depend on the machine. The settings are restored.
    """
    import torch

    backends = torch.backends
    others = [backends.cudnn.conv, backends.cudnn.rnn, backends.mkldnn.conv, backends.mkldnn.rnn]
    settings = [*others, backends.cuda.matmul, backends.mkldnn.matmul]
    before, matmul = [one.fp32_precision for one in settings], "highest"
    with contextlib.suppress(RuntimeError):  # it refuses to answer where only the newer settings were used
        matmul = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("highest")
        for one in others:
            one.fp32_precision = "ieee"
        with (
            torch.inference_mode(),
            torch.autocast("cuda", enabled=False),
            torch.autocast("cpu", enabled=False),
        ):
            yield
    finally:
        torch.set_float32_matmul_precision(matmul)
        for one, value in zip(settings, before, strict=True):
            one.fp32_precision = value


def load_codec(
    name: str | Path, device: str = "cpu", n_layers: int | None = None, sha256: str | None = None
) -> SpeechCodec:
    """Load a speech tokenizer.

    Parameters
    ----------
    name : folder, or hub name, of
        - SpeechTokenizer: config.json with model.safetensors, or with the released SpeechTokenizer.pt or
          ckpt.dev (read without executing pickled code). On the hub: "fnlp/SpeechTokenizer", and the variant
          with the snake activation, "fnlp/AnyGPT-speech-modules:speechtokenizer";
        - a codec of transformers, by the `model_type` of its config.json: EnCodec ("facebook/encodec_24khz"),
          DAC ("descript/dac_16khz"), Mimi ("kyutai/mimi"), X-Codec ("hf-audio/xcodec-hubert-librispeech") or
          Higgs Audio's ("bosonai/higgs-audio-v2-tokenizer")
    device : torch device
    n_layers : int, use the first so many layers; None for all that the model has (EnCodec: up to 32)
    sha256 : of the weight file, 64 hex digits; None compares with the folder's SHA256SUMS if there is one, or
        with what the hub's cache knows

    Returns
    -------
    codec : SpeechCodec, float32; stored half precision is converted, training-only buffers may be missing

    Raises
    ------
    FileNotFoundError, ValueError
        If the folder or its files are missing, the codec's class is not known, a checksum differs, or
        configuration or weights do not fit; the message names it.
    """
    folder = find_folder(name)
    config = read_config(folder)
    kind = config.get("model_type", "speechtokenizer")
    if kind != "speechtokenizer":
        from .hf_codecs import load_hf_codec

        return load_hf_codec(folder, kind, name, device, n_layers, sha256)
    check_config(folder / "config.json", config)
    path = find_weights(folder)
    check_sha256(path, sha256)
    model = make_model(config)
    load_weights(model, read_weights(path), path)
    return SpeechTokenizerCodec(model, config, name, device, n_layers)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute with one thread.

    Workers share the cores: with more than one thread each they would only wait for one another. And threads
    split sums, which rounds them otherwise, so that codes would depend on the number of cores.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
