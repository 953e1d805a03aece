"""Load a speech tokenizer by folder or hub name; SpeechTokenizer behind the common interface.

The interface is in `base`, the codecs of transformers (EnCodec, DAC, Mimi, X-Codec) are in `hf_codecs`.
"""

import functools
import math
from pathlib import Path

from ..codec_spec import CodecSpec
from ..torch_settings import require_device
from . import weights
from .base import SpeechCodec


class SpeechTokenizerCodec(SpeechCodec):
    """SpeechTokenizer's model class; layer 1 is distilled from HuBERT.

    Its LSTM is bidirectional and unmasked: every frame depends on the whole clip, and so on any padding.
    """

    def __init__(self, model, config: dict, name="", device="cpu", n_layers=None):
        spec = CodecSpec(
            sample_rate=config["sample_rate"],
            hop=math.prod(config["strides"]),
            codebook_size=config["codebook_size"],
            n_layers=config["n_q"],
            semantic_layers=(1,),
        )
        settings = [config[key] for key in weights.CONFIG_KEYS]
        own_hash = weights.hash_model(model, settings, ("encoder.", "quantizer."))
        super().__init__(model, spec, own_hash, name, device, n_layers)

    def _encode(self, batch):
        return self.model.encode(batch, n_q=self.spec.n_layers)

    def _books(self):
        return self.model.quantizer.vq.layers


def load_codec(name: str | Path, device: str = "cpu", n_layers: int | None = None) -> SpeechCodec:
    """Load a speech tokenizer; its weights are compared with a checksum if one is known (`check_sha256`).

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

    Returns
    -------
    codec : SpeechCodec, float32; stored half precision is converted, training-only buffers may be missing

    Raises
    ------
    FileNotFoundError, ValueError
        If the folder or its files are missing, the codec's class is not known, a checksum differs, or
        configuration or weights do not fit; the message names it.
    """
    require_device(device)
    folder = weights.find_folder(name)
    config = weights.read_config(folder)
    if config["model_type"] == "whisper_rvq":
        from .whisper_rvq import load_whisper_rvq  # transformers, only where it is needed

        return load_whisper_rvq(folder, config, name, device, n_layers)
    if config["model_type"] != weights.SPEECHTOKENIZER:
        from .hf_codecs import load_hf_codec  # transformers, only where it is needed

        return load_hf_codec(folder, config["model_type"], name, device, n_layers)
    path, model = weights.find_weights(folder), weights.make_model(config)
    weights.check_sha256(path)
    weights.load_weights(model, path)
    return SpeechTokenizerCodec(model, config, name, device, n_layers)


@functools.lru_cache(maxsize=1)
def load_once(name: str, codec_hash: str, n_layers: int, device: str, batch_size: int = 1) -> SpeechCodec:
    """Load a codec in a worker, once per process; another one under the same name raises ValueError."""
    codec = load_codec(name, device, n_layers)
    if codec.hash != codec_hash:
        here = f"a worker finds a codec with hash {codec.hash} there"
        raise ValueError(f"{name}: {here}, the one to use has {codec_hash}; give all machines the same files")
    codec.batch_size = batch_size
    return codec
