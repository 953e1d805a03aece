"""The files of a codec: where its folder is, config.json, the weights and their checksums."""

import contextlib
import hashlib
import io
import json
import re
import warnings
from pathlib import Path

SPEECHTOKENIZER = "speechtokenizer"  # the `model_type` of a config.json that names none
HUB_SUBFOLDER = "speechtokenizer_hubert_avg"
WEIGHT_FILES = ("model.safetensors", "SpeechTokenizer.pt", "ckpt.dev")
"""SpeechTokenizer's weights: our own format, then the names that its two released variants have."""

HF_WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")
CHECKSUMS = "SHA256SUMS"
CONFIG_KEYS = (
    *("n_filters", "strides", "dimension", "semantic_dimension", "bidirectional", "dilation_base"),
    *("residual_kernel_size", "n_residual_layers", "lstm_layers", "activation"),
    *("codebook_size", "n_q", "sample_rate"),
)
_HUB_NAME = re.compile(r"([\w-][\w.-]*/[\w-][\w.-]*)(?::([\w-][\w./-]*))?")
_HUB_FILES = ("config.json", CHECKSUMS, "*.safetensors", "*.safetensors.index.json")
TRAINING_ONLY = ("embed_avg", "cluster_size", "inited")  # k-means and moving averages: no part of encoding


def read_config(folder: Path) -> dict:
    """Read config.json; no JSON object, or one without keys that it needs, raises ValueError."""
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: no valid JSON ({error})") from None
    if not isinstance(config, dict):
        raise ValueError(f"{path}: expected a JSON object, got {type(config).__name__}")
    is_ours = config.setdefault("model_type", SPEECHTOKENIZER) == SPEECHTOKENIZER
    if is_ours and (missing := [key for key in CONFIG_KEYS if key not in config]):
        raise ValueError(f"{path}: misses {missing}")
    return config


def make_model(config: dict):
    """Build speechtokenizer's model from a configuration, with its random initialisation, quietly."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # weight_norm and audio back-ends are deprecated inside the package
        from speechtokenizer import SpeechTokenizer

        return SpeechTokenizer(config)


def find_folder(name: str | Path) -> Path:
    """Find the folder that holds config.json; a hub name is downloaded (or taken from the hub's cache).

    A hub name may say which folder of the repository holds it: "fnlp/AnyGPT-speech-modules:speechtokenizer".
    """
    folder, inside = Path(name), None
    if not folder.is_dir():
        match = _HUB_NAME.fullmatch(str(name))
        if match is None:
            raise FileNotFoundError(f"{name}: no such folder, and not a hub name like 'fnlp/SpeechTokenizer'")
        inside, folder = match[2], _download(match[1], match[2])
    for place in [folder / inside] if inside else (folder, folder / HUB_SUBFOLDER):
        if (place / "config.json").is_file():
            return place
    where = f"{folder} or its folder {inside or HUB_SUBFOLDER!r}"
    raise FileNotFoundError(f"{name}: no config.json in {where}; name another: 'owner/name:folder'")


def _download(name: str, inside: str | None) -> Path:
    from huggingface_hub import snapshot_download

    wanted = [f"{inside}/*"] if inside else [f"{HUB_SUBFOLDER}/*", *_HUB_FILES]
    try:
        return Path(snapshot_download(name, allow_patterns=wanted))
    except Exception as error:  # no network, unknown name, offline mode: all mean the same to the caller
        raise FileNotFoundError(f"{name}: no such folder, and not found on the hub ({error})") from error


def find_weights(folder: Path, names: tuple[str, ...] = WEIGHT_FILES) -> Path:
    """Return the first of the weight files that the folder holds; none raises FileNotFoundError."""
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(f"{folder}: neither {' nor '.join(names)} in it")


def check_sha256(path: Path) -> None:
    """Compare a file with the checksum that is known of it, if there is one; another raises ValueError.

    Known are those of a SHA256SUMS (lines "<64 hex digits>  <file name>") beside the file, else those that
    the hub's cache names its large files by.
    """
    expected = _find_sha256(path)
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest() if expected else None
    if expected and found != expected.lower():
        raise ValueError(f"{path}: its SHA-256 is {found}, expected {expected}; fetch the file again")


def _find_sha256(path: Path) -> str | None:
    sums = path.with_name(CHECKSUMS)
    for number, line in enumerate(sums.read_text("utf-8").splitlines() if sums.is_file() else [], 1):
        match = re.fullmatch(r"([0-9a-fA-F]{64}) [ *](?:\./)?(.+)", line)
        if match is None and line.strip():
            raise ValueError(f"{sums}, line {number}: expected '<64 hex digits>  <file name>', got {line!r}")
        if match and match[2] == path.name:
            return match[1]
    digits = path.resolve().name if path.is_symlink() else ""
    return digits if re.fullmatch(r"[0-9a-f]{64}", digits) else None


def load_weights(model, path: Path, given: str | None = None) -> None:
    """Read a state dict, of either file format, into the model as float32.

    Weights whose names start with `given` are those that the model has already, and may not be in the file.

    A damaged file, or one with code in it, and names that are missing or unexpected raise ValueError.
    """
    import torch
    from safetensors.torch import load_file

    try:
        is_ours = path.suffix == ".safetensors"
        state = load_file(path) if is_ours else torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # each format has its own class for a damaged file
        raise ValueError(f"{path}: cannot be read as weights ({error})") from error
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise ValueError(f"{path}: cannot be read as weights (it is no plain dictionary of tensors)")
    state = {key: value.float() for key, value in state.items()}
    for key in [key for key in model.state_dict() if key.endswith("_codebook.embed") and key in state]:
        stem, embed = key.removesuffix("embed"), state[key]
        state.setdefault(stem + "embed_avg", embed.clone())
        state.setdefault(stem + "cluster_size", torch.ones(len(embed)))
        state.setdefault(stem + "inited", torch.ones(1))
    if given:
        state |= {key: value for key, value in model.state_dict().items() if key.startswith(given)}
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise ValueError(f"{path}: weights do not fit config.json: {error}") from None


def hash_model(model, settings, parts: tuple[str, ...] = ("",)) -> str:
    """Hash settings and weights (16 hex digits), without the buffers that only training uses.

    The weights are hashed as the model holds them, so that the file format makes no difference. Only those
    whose names start with one of `parts` count: a decoder says nothing about codes.
    """
    digest = hashlib.sha256(json.dumps(settings).encode())
    for key, value in sorted(model.state_dict().items()):
        if key.startswith(parts) and not key.endswith(TRAINING_ONLY):
            digest.update(key.encode() + value.detach().cpu().numpy().tobytes())
    return digest.hexdigest()[:16]
