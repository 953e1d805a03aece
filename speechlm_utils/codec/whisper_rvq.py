"""The suite's own speech tokenizer: Whisper's encoder, residual vector quantisation, SEANet's decoder.

Quantiser and decoder are the classes of the `speechtokenizer` package; what differs from the released
SpeechTokenizer is the encoder. Layer 1 (semantic) codes the states of the last encoder block. The layers from
2 on (acoustic) code the states of an earlier block, averaged over some frames, less the mean state of the
frame's layer-1 code: what is left of the sound when the words' part is taken away. No code was taught labels,
pitch or energy.
"""

import json
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

from ..codec_spec import CodecSpec
from ..whisper.states import HOP, SAMPLE_RATE, WhisperEncoder, load_whisper_encoder
from . import weights
from .base import SpeechCodec
from .voiced_decoder import VoicedDecoder

MODEL_TYPE = "whisper_rvq"


@dataclass(frozen=True)
class WhisperRVQConfig:
    """What config.json says beside `model_type`.

    Attributes
    ----------
    encoder : a name of `find_whisper`
    acoustic_block : encoder block whose states layers 2 and on code, numbered from 1
    window : frames over which these states are averaged, odd
    dimension : of the vectors that are quantised, for the semantic layer as for the acoustic ones
    n_q : layers
    semantic_codes, acoustic_codes : codes of layer 1, and of each other layer
    n_filters, n_residual_layers, ratios : of the decoder
    """

    encoder: str
    acoustic_block: int = 2
    window: int = 11
    dimension: int = 64
    n_q: int = 8
    semantic_codes: int = 1024
    acoustic_codes: int = 256
    n_filters: int = 24
    n_residual_layers: int = 2
    ratios: tuple[int, ...] = (8, 5, 4, 2)

    def __post_init__(self):
        if self.window % 2 != 1:
            raise ValueError(f"window={self.window}: must be odd, so that it has a middle")

    @property
    def spec(self) -> CodecSpec:
        """What the codes mean."""
        return CodecSpec(SAMPLE_RATE, HOP, max(self.semantic_codes, self.acoustic_codes), self.n_q, (1,))


class WhisperRVQ(nn.Module):
    """Encoder, quantisers and decoder; see the module's text."""

    def __init__(self, config: WhisperRVQConfig, encoder: WhisperEncoder):
        from speechtokenizer.quantization import ResidualVectorQuantizer

        super().__init__()
        if not 1 <= config.acoustic_block <= encoder.n_blocks:
            raise ValueError(
                f"acoustic_block={config.acoustic_block}: the encoder has 1 to {encoder.n_blocks}"
            )
        self.config, self.encoder = config, encoder
        width, size = encoder.width, config.dimension
        self.project_semantic, self.project_acoustic = nn.Linear(width, size), nn.Linear(width, size)
        books = {"dimension": size, "kmeans_init": False}
        self.semantic = ResidualVectorQuantizer(n_q=1, bins=config.semantic_codes, **books)
        self.acoustic = ResidualVectorQuantizer(n_q=config.n_q - 1, bins=config.acoustic_codes, **books)
        self.mean_acoustic = nn.Embedding(config.semantic_codes, size)
        self.decoder = VoicedDecoder(
            SAMPLE_RATE,
            dimension=2 * size,
            n_filters=config.n_filters,
            n_residual_layers=config.n_residual_layers,
            ratios=list(config.ratios),
        )

    def project(self, wav):
        """Turn waveforms (n_wavs, n_samples) into what is quantised: semantic, acoustic.

        Both are tensors (n_wavs, n_frames, dimension).
        """
        acoustic, semantic = self.encoder(wav, (self.config.acoustic_block, self.encoder.n_blocks))
        return self.project_semantic(semantic), self.smooth(self.project_acoustic(acoustic))

    def smooth(self, vectors):
        """Average vectors (n_wavs, n_frames, size) over the window; beyond the ends they stay as they are."""
        half = self.config.window // 2
        padded = F.pad(vectors.transpose(1, 2), (half, half), mode="replicate")
        return F.avg_pool1d(padded, self.config.window, stride=1).transpose(1, 2)

    def encode(self, wav):
        """Encode waveforms (n_wavs, n_samples) to codes (n_q, n_wavs, n_frames)."""
        semantic, acoustic = self.project(wav)
        first = self.semantic.encode(semantic.transpose(1, 2))
        left = acoustic - self.mean_acoustic(first[0])
        return torch.cat([first, self.acoustic.encode(left.transpose(1, 2))])

    def read_vectors(self, layer: int, ids):
        """Return what codes (n_wavs, n_frames) add to the latent (n_wavs, 2 * dimension, n_frames)."""
        if layer == 1:
            return torch.cat(
                [self.semantic.decode(ids[None]), self.mean_acoustic(ids).transpose(1, 2)], dim=1
            )
        vectors = self.acoustic.decode(ids[None], st=layer - 2)
        return torch.cat([torch.zeros_like(vectors), vectors], dim=1)


def make_whisper_rvq(config: WhisperRVQConfig, encoder: WhisperEncoder) -> WhisperRVQ:
    """Build the model with its random initialisation, quietly; raises ValueError as the model does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # weight_norm and torch.jit are deprecated inside the package
        return WhisperRVQ(config, encoder)


class WhisperRVQCodec(SpeechCodec):
    """`WhisperRVQ` behind the common interface; every frame depends on the whole clip (up to 30 s)."""

    def __init__(self, model: WhisperRVQ, name="", device="cpu", n_layers=None):
        settings = asdict(model.config)
        for key in ("encoder", "n_filters", "n_residual_layers", "ratios"):  # weights count, not names
            del settings[key]
        parts = ("encoder.", "project_", "semantic.", "acoustic.", "mean_acoustic.")
        own_hash = weights.hash_model(model, sorted(settings.items()), parts)
        super().__init__(model, model.config.spec, own_hash, name, device, n_layers)

    def _encode(self, batch):
        return self.model.encode(batch[:, 0])

    def count_codes(self, layer: int) -> int:
        """Count the codes that a layer has."""
        return self.model.config.semantic_codes if layer == 1 else self.model.config.acoustic_codes

    def read_vectors(self, layer: int, ids):
        """Return what codes (1, n_frames) of a layer add to the latent: tensor (1, width, n_frames)."""
        return self.model.read_vectors(layer, ids)

    def _books(self):
        return [*self.model.semantic.vq.layers, *self.model.acoustic.vq.layers]


def load_whisper_rvq(folder: Path, config: dict, name="", device="cpu", n_layers=None) -> WhisperRVQCodec:
    """Load the tokenizer of a folder; the encoder's weights come from where its config.json says.

    Raises ValueError if a setting is unknown or missing, or the encoder is another than the one it was made
    with.
    """
    try:
        known = WhisperRVQConfig(
            **{k: v for k, v in config.items() if k not in ("model_type", "encoder_hash")}
        )
        wanted = config["encoder_hash"]
    except (TypeError, KeyError, ValueError) as error:
        raise ValueError(f"{folder / 'config.json'}: {error}") from None
    encoder = load_whisper_encoder(known.encoder)
    if (found := hash_encoder(encoder)) != wanted:
        what = f"the weights of {known.encoder!r} have hash {found}, the tokenizer was made with {wanted}"
        raise ValueError(f"{folder / 'config.json'}: {what}")
    model = make_whisper_rvq(known, encoder)
    path = weights.find_weights(folder, ("model.safetensors",))
    weights.check_sha256(path)
    weights.load_weights(model, path, given="encoder.")
    return WhisperRVQCodec(model, name, device, n_layers)


def save_whisper_rvq(model: WhisperRVQ, folder: Path) -> None:
    """Write config.json and model.safetensors, in half precision, without Whisper's own weights."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {
        key: value.half().contiguous()
        for key, value in model.state_dict().items()
        if not key.startswith("encoder.") and not key.endswith(weights.TRAINING_ONLY)
    }
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    config = {"model_type": MODEL_TYPE, **asdict(model.config), "encoder_hash": hash_encoder(model.encoder)}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def hash_encoder(encoder: WhisperEncoder) -> str:
    """Hash the encoder's weights (16 hex digits)."""
    return weights.hash_model(encoder, [])
