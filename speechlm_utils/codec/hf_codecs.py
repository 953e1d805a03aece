"""Codecs of transformers behind the interface of `base`: EnCodec, DAC, Mimi, X-Codec, Higgs Audio's.

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
            hop=getattr(config, "frame_size", None) or config.hop_length,
            codebook_size=config.codebook_size,
            n_layers=getattr(config, "n_codebooks", None) or config.num_quantizers,
            semantic_layers=tuple(range(1, getattr(config, "num_semantic_quantizers", 0) + 1)),
        )
        own_hash = hash_model(model, [config.model_type, _own_settings(config)])
        super().__init__(model, spec, own_hash, name, device, n_layers)

    def _encode(self, batch):
        import torch

        missing = 0 if self.fills_last_frame else -batch.shape[-1] % self.spec.hop
        codes = self._ask_model(torch.nn.functional.pad(batch, (0, missing)))
        return codes.transpose(0, 1)  # (n_wavs, n_layers, n_frames)

    def _ask_model(self, batch):
        """Return codes (n_wavs, n_layers or more, n_frames), by the smallest bandwidth that has so many."""
        count = self.model.quantizer.get_num_quantizers_for_bandwidth
        enough = (b for b in self.model.config.target_bandwidths if count(b) >= self.spec.n_layers)
        return self.model.encode(batch, bandwidth=min(enough)).audio_codes

    def _books(self):
        return self.model.quantizer.layers


class Encodec(HFCodec):
    """EnCodec, the mono models that read a clip as a whole (24 kHz, causal, 75 frames/s, up to 32 layers).

    transformers' own default is the lowest bandwidth, two layers; here it is all, see `n_layers`.
    """

    class_name = "EncodecModel"

    def __init__(self, model, name="", **options):
        config = model.config
        odd = [f"{config.audio_channels} channels"] if config.audio_channels != 1 else []
        odd += [f"chunks of {config.chunk_length_s:g} s"] if config.chunk_length_s is not None else []
        odd += ["loudness taken out of the codes"] if config.normalize else []
        if odd:
            use = "use a mono one that reads a clip whole, such as 'facebook/encodec_24khz'"
            raise ValueError(f"{name}: an EnCodec with {', '.join(odd)}, as the 48 kHz model has; {use}")
        super().__init__(model, name, **options)

    def _ask_model(self, batch):
        return super()._ask_model(batch)[0]  # (chunks, n_wavs, n_layers, n_frames), of which there is one


class Dac(HFCodec):
    """Descript's codec (16, 24 or 44.1 kHz); where a stride is odd, its decoder gives a few samples less."""

    class_name = "DacModel"
    fills_last_frame = False

    def _ask_model(self, batch):
        return self.model.encode(batch, n_quantizers=self.spec.n_layers).audio_codes

    def _books(self):
        return self.model.quantizer.quantizers

    def read_vectors(self, layer, ids):
        book = self._books()[layer - 1]
        return book.out_proj(book.codebook(ids).transpose(1, 2))  # looked up in fewer dimensions


class Mimi(HFCodec):
    """Mimi (24 kHz, 12.5 frames/s, 2,048 codes a layer); layer 1 is distilled from WavLM.

    Its semantic and its acoustic layers quantise the same vectors side by side: layer 2 does not code what
    layer 1 leaves over.
    """

    class_name = "MimiModel"

    def _ask_model(self, batch):
        n_layers = max(self.spec.n_layers, self.model.config.num_semantic_quantizers)
        return self.model.encode(batch, num_quantizers=n_layers, use_streaming=False).audio_codes

    def _books(self):
        return [book for part in self._parts() for book in part.layers]

    def _parts(self):
        quantizer = self.model.quantizer
        return quantizer.semantic_residual_vector_quantizer, quantizer.acoustic_residual_vector_quantizer

    def _decode(self, ids):
        n_semantic, latent = self.model.config.num_semantic_quantizers, 0
        for part, is_semantic in zip(self._parts(), (True, False), strict=True):
            layers = [layer for layer in ids if (layer <= n_semantic) == is_semantic]
            if layers:
                vectors = sum(self.read_vectors(layer, ids[layer]) for layer in sorted(layers))
                latent = latent + (part.output_proj(vectors) if part.output_proj else vectors)
        return self.model.decoder(latent).audio_values[0, 0]


class Xcodec(HFCodec):
    """X-Codec (16 kHz, 50 frames/s, 8 layers): HuBERT's and acoustic vectors are fused before layer 1."""

    class_name = "XcodecModel"
    fills_last_frame = False

    def _books(self):
        return self.model.quantizer.quantizers

    def _sound(self, latent):
        return self.model.acoustic_decoder(self.model.fc2(latent.transpose(1, 2)).transpose(1, 2))


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


def load_hf_codec(folder: Path, kind: str, name, device="cpu", n_layers=None) -> HFCodec:
    """Load a codec of transformers from a folder; `load_codec` calls it and says what may go wrong."""
    if kind not in HF_CODECS:
        known = ", ".join(sorted([*HF_CODECS, "speechtokenizer"]))
        raise ValueError(f"{folder}/config.json: model_type {kind!r} is no codec known here; known: {known}")
    codec_class = HF_CODECS[kind]
    for weights in sorted(folder.glob("*.safetensors")) or [find_weights(folder, HF_WEIGHT_FILES)]:
        check_sha256(weights)
    read = getattr(transformers, codec_class.class_name).from_pretrained
    options = {"local_files_only": True, "weights_only": True, "output_loading_info": True}
    try:
        with quiet_transformers():
            model, info = read(folder, dtype="float32", **options)
    except Exception as error:  # each format has its own class for a damaged file
        raise ValueError(f"{folder}: no weights of {codec_class.class_name} ({error})") from error
    if lost := sorted(info["missing_keys"]) + sorted(map(str, info["mismatched_keys"])):
        raise ValueError(f"{folder}: its weights lack {lost[:5]}; they would be drawn at random")
    return codec_class(model, name, device=device, n_layers=n_layers)


def _own_settings(config) -> dict:
    """Return the settings that a configuration's class itself declares, nested ones too, sorted by name."""
    generic = {field.name for field in dataclasses.fields(transformers.PreTrainedConfig)}
    own = {field.name for field in dataclasses.fields(config)} - generic
    found = {name: getattr(config, name, None) for name in sorted(own)}
    is_config = transformers.PreTrainedConfig
    return {name: _own_settings(one) if isinstance(one, is_config) else one for name, one in found.items()}
