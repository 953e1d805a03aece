"""The files of a speech tokenizer: config.json with model.safetensors, or the released SpeechTokenizer.pt."""

import contextlib
import hashlib
import io
import json
import re
import warnings
from pathlib import Path

HUB_SUBFOLDER = "speechtokenizer_hubert_avg"
WEIGHT_FILES = ("model.safetensors", "SpeechTokenizer.pt")
CONFIG_KEYS = (
    *("n_filters", "strides", "dimension", "semantic_dimension", "bidirectional", "dilation_base"),
    *("residual_kernel_size", "n_residual_layers", "lstm_layers", "activation"),
    *("codebook_size", "n_q", "sample_rate"),
)
_TRAINING_ONLY = ("embed_avg", "cluster_size", "inited")  # k-means and moving averages: no part of encoding


def read_config(folder: Path) -> dict:
    """Read config.json; keys of the model's shape that are missing raise ValueError with their names."""
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: no valid JSON ({error})") from None
    if missing := [key for key in CONFIG_KEYS if key not in config]:
        raise ValueError(f"{path}: misses {missing}")
    return config


def make_model(config: dict):
    """Build speechtokenizer's model from a configuration, with its random initialisation, quietly."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # weight_norm and audio back-ends are deprecated inside the package
        from speechtokenizer import SpeechTokenizer

        return SpeechTokenizer(config)


def find_folder(name: str | Path) -> Path:
    """Find the folder that holds config.json; a hub name is downloaded (or taken from the hub's cache)."""
    folder = Path(name)
    if not folder.is_dir():
        if not re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*", str(name)):
            raise FileNotFoundError(f"{name}: no such folder, and not a hub name like 'fnlp/SpeechTokenizer'")
        folder = _download(str(name))
    for place in (folder, folder / HUB_SUBFOLDER):
        if (place / "config.json").is_file():
            return place
    raise FileNotFoundError(f"{folder}: no config.json in it")


def _download(name: str) -> Path:
    from huggingface_hub import snapshot_download

    wanted = [f"{HUB_SUBFOLDER}/*", "config.json", "*.safetensors"]
    try:
        return Path(snapshot_download(name, allow_patterns=wanted))
    except Exception as error:  # no network, unknown name, offline mode: all mean the same to the caller
        raise FileNotFoundError(f"{name}: no such folder, and not found on the hub ({error})") from error


def read_weights(folder: Path) -> tuple[Path, dict]:
    """Read the state dict, of either file format; a damaged file, or one with code, raises ValueError."""
    paths = [path for name in WEIGHT_FILES if (path := folder / name).is_file()]
    if not paths:
        raise FileNotFoundError(f"{folder}: neither {' nor '.join(WEIGHT_FILES)} in it")
    try:
        if paths[0].suffix == ".safetensors":
            from safetensors.torch import load_file

            return paths[0], load_file(paths[0])
        import torch

        return paths[0], torch.load(paths[0], map_location="cpu", weights_only=True)
    except Exception as error:  # each format has its own class for a damaged file
        raise ValueError(f"{paths[0]}: cannot be read as weights ({error})") from error


def load_weights(model, state: dict, path: Path) -> None:
    """Copy the weights into the model as float32; anything missing or unexpected raises with names."""
    import torch

    state = {key: value.float() for key, value in state.items()}
    for key in [key for key in model.state_dict() if key.endswith("_codebook.embed") and key in state]:
        stem, embed = key.removesuffix("embed"), state[key]
        state.setdefault(stem + "embed_avg", embed.clone())
        state.setdefault(stem + "cluster_size", torch.ones(len(embed)))
        state.setdefault(stem + "inited", torch.ones(1))
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise ValueError(f"{path}: weights do not fit config.json: {error}") from None


def hash_model(model, config: dict) -> str:
    """Hash configuration and weights (16 hex digits), without the buffers that only training uses."""
    digest = hashlib.sha256(json.dumps([config[key] for key in CONFIG_KEYS]).encode())
    for key, value in sorted(model.state_dict().items()):
        if not key.endswith(_TRAINING_ONLY):
            digest.update(key.encode() + value.detach().cpu().numpy().tobytes())
    return digest.hexdigest()[:16]
