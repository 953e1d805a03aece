"""Codecs of transformers behind the interface of `speech_codec`: EnCodec, DAC, Mimi, X-Codec, Higgs Audio's.

A frame is a whole number of samples (`hop`), and a clip becomes ceil(n_samples / hop) frames: EnCodec and
Mimi fill up the last frame themselves, for the others zeros are appended, as their feature extractors do.
"""

import dataclasses
from pathlib import Path

import transformers

from ..codec_spec import CodecSpec
from ..torch_settings import quiet_transformers
from .base import SpeechCodec
from .weights import HF_WEIGHT_FILES, check_sha256, find_weights, hash_model


class HFCodec(SpeechCodec):
    """A codec of transformers: what differs between the classes is in the five that follow."""

    class_name = ""  # in transformers
    encodes_batches = False  # Mimi is made for one clip, and EnCodec's rounding in a batch changes codes
    fills_last_frame = True  # the model does it; else zeros are appended

    def __init__(self, model, name="", device="cpu", n_layers=None):
        config = model.config
        spec = CodecSpec(
            sample_rate=getattr(config, "sampling_rate", None) or config.sample_rate,
            hop=self._find_hop(config),
            codebook_size=config.codebook_size,
            n_layers=self._count_layers(model),
            semantic_layers=tuple(range(1, getattr(config, "num_semantic_quantizers", 0) + 1)),
        )
        own_hash = hash_model(model, [config.model_type, _own_settings(config)])
        super().__init__(model, spec, own_hash, name, device, n_layers)

    def _find_hop(self, config) -> int:
        return config.hop_length

    def _count_layers(self, model) -> int:
        return model.config.num_quantizers

    def _encode(self, batch):
        import torch

        missing = 0 if self.fills_last_frame else -batch.shape[-1] % self.spec.hop
        codes = self._ask_model(torch.nn.functional.pad(batch, (0, missing)))
        return codes.transpose(0, 1)  # (n_wavs, n_layers, n_frames)

    def _ask_model(self, batch):
        """Return codes, shape (n_wavs, at least n_layers, n_frames)."""
        return self.model.encode(batch, bandwidth=self._find_bandwidth()).audio_codes

    def _find_bandwidth(self) -> float:
        """Return the smallest bandwidth, kbit/s, that writes n_layers or more; the surplus is cut off."""
        count = self.model.quantizer.get_num_quantizers_for_bandwidth
        return min(b for b in self.model.config.target_bandwidths if count(b) >= self.spec.n_layers)


class Encodec(HFCodec):
    """EnCodec, the mono models that read a clip as a whole (24 kHz, causal, 75 frames/s, up to 32 layers).

    transformers' own default is the lowest bandwidth, two layers; here it is all, see `n_layers`.
    """

    class_name = "EncodecModel"

    def __init__(self, model, name="", **options):
        config, odd = model.config, []
        if config.audio_channels != 1:
            odd.append(f"{config.audio_channels} channels")
        if config.chunk_length_s is not None:
            odd.append(f"chunks of {config.chunk_length_s:g} s")
        if config.normalize:
            odd.append("loudness taken out of the codes")
        if odd:
            raise ValueError(
                f"{name}: an EnCodec with {', '.join(odd)}, as the 48 kHz model has, does not write one row "
                "of frames per clip; use a mono one that reads it whole, such as 'facebook/encodec_24khz'"
            )
        super().__init__(model, name, **options)

    def _ask_model(self, batch):
        return super()._ask_model(batch)[0]  # (chunks, n_wavs, n_layers, n_frames), of which there is one

    def _decode(self, ids):
        books = self.model.quantizer.layers
        return self.model.decoder(sum(books[layer - 1].decode(one) for layer, one in ids.items()))[0, 0]


class Dac(HFCodec):
    """Descript's codec (16, 24 or 44.1 kHz); where a stride is odd, its decoder gives a few samples less."""

    class_name = "DacModel"
    fills_last_frame = False

    def _count_layers(self, model) -> int:
        return model.config.n_codebooks

    def _ask_model(self, batch):
        return self.model.encode(batch, n_quantizers=self.spec.n_layers).audio_codes

    def _decode(self, ids):
        books = self.model.quantizer.quantizers
        vectors = (
            books[i - 1].out_proj(books[i - 1].codebook(one).transpose(1, 2)) for i, one in ids.items()
        )
        return self.model.decoder(sum(vectors))[0, 0]


class Mimi(HFCodec):
    """Mimi (24 kHz, 12.5 frames/s, 2,048 codes a layer); layer 1 is distilled from WavLM.

    Its semantic and its acoustic layers quantise the same vectors side by side: layer 2 does not code what
    layer 1 leaves over.
    """

    class_name = "MimiModel"

    def _find_hop(self, config) -> int:
        return round(config.sampling_rate / config.frame_rate)

    def _ask_model(self, batch):
        least = self.model.config.num_semantic_quantizers
        return self.model.encode(
            batch, num_quantizers=max(self.spec.n_layers, least), use_streaming=False
        ).audio_codes

    def _decode(self, ids):
        quantizer, n_semantic = self.model.quantizer, self.model.config.num_semantic_quantizers
        parts = (
            (quantizer.semantic_residual_vector_quantizer, range(1, n_semantic + 1)),
            (quantizer.acoustic_residual_vector_quantizer, range(n_semantic + 1, self.spec.n_layers + 1)),
        )
        latent = 0
        for part, layers in parts:
            vectors = [part.layers[i].decode(ids[layer]) for i, layer in enumerate(layers) if layer in ids]
            if vectors:
                latent = latent + (part.output_proj(sum(vectors)) if part.output_proj else sum(vectors))
        return self.model.decoder(latent).audio_values[0, 0]


class Xcodec(HFCodec):
    """X-Codec (16 kHz, 50 frames/s, 8 layers): HuBERT's and acoustic vectors are fused before layer 1."""

    class_name = "XcodecModel"
    fills_last_frame = False

    def _decode(self, ids):
        books = self.model.quantizer.quantizers
        latent = sum(books[layer - 1].decode(one) for layer, one in ids.items())
        return self.model.acoustic_decoder(self.model.fc2(latent.transpose(1, 2)).transpose(1, 2))[0, 0]


class Higgs(Xcodec):
    """The codec of Higgs Audio 2, a relative of X-Codec (24 kHz, 25 frames/s, 8 layers)."""

    class_name = "HiggsAudioV2TokenizerModel"


HF_CODECS = {
    "encodec": Encodec,
    "dac": Dac,
    "mimi": Mimi,
    "xcodec": Xcodec,
    "higgs_audio_v2_tokenizer": Higgs,
}
"""By the `model_type` in config.json."""


def load_hf_codec(folder: Path, kind: str, name, device="cpu", n_layers=None, sha256=None) -> HFCodec:
    """Load a codec of transformers from a folder; `load_codec` calls it.

    Raises
    ------
    ValueError
        If `kind` is not known, a checksum differs, or the weights are damaged, incomplete or do not fit.
    """
    path = folder / "config.json"
    if kind not in HF_CODECS:
        known = ", ".join(sorted([*HF_CODECS, "speechtokenizer"]))
        raise ValueError(f"{path}: model_type {kind!r} is no codec known here; known: {known}")
    codec_class = HF_CODECS[kind]
    for weights in sorted(folder.glob("*.safetensors")) or [find_weights(folder, HF_WEIGHT_FILES)]:
        check_sha256(weights, sha256)
    model_class = getattr(transformers, codec_class.class_name)
    options = {"local_files_only": True, "weights_only": True, "output_loading_info": True}
    try:
        with quiet_transformers():
            model, info = model_class.from_pretrained(folder, dtype="float32", **options)
    except Exception as error:  # each format has its own class for a damaged file
        raise ValueError(
            f"{folder}: cannot be read as weights of {codec_class.class_name} ({error})"
        ) from error
    lost = sorted(info["missing_keys"]) + sorted(map(str, info["mismatched_keys"]))
    if lost:
        raise ValueError(f"{folder}: its weights lack {lost[:5]}; they would be drawn at random")
    return codec_class(model, name, device=device, n_layers=n_layers)


def _own_settings(config) -> dict:
    """Return the settings that a configuration's class itself declares, nested ones too, sorted by name."""
    generic = {field.name for field in dataclasses.fields(transformers.PreTrainedConfig)}
    found = {}
    for field in dataclasses.fields(config):
        value = getattr(config, field.name, None)
        if field.name not in generic:
            is_config = isinstance(value, transformers.PreTrainedConfig)
            found[field.name] = _own_settings(value) if is_config else value
    return dict(sorted(found.items()))
