"""Keep a fine-tuned classifier in one folder, without the base model and the codec.

The folder holds `settings.json` (task, label names, tokens, template, base model and codec with their
hashes, versions), `rows.safetensors` (token embeddings by name), `adapter/` (LoRA), `head.safetensors`,
`results.json` (clips and scores), `README.md` (the model card) and, if there is one, `selection.json`.
`SpeechTokenClassifier.save` and `.from_pretrained` are the way to use it.
"""

import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import torch
from peft import PeftModel, get_peft_model_state_dict, set_peft_model_state_dict
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from ..files import replace_files, write_json, write_text
from ..llm.embeddings import TokenEmbeddings, load_embeddings, save_embeddings
from ..llm.trainer import ADAPTER
from ..llm.vocabulary import MARKERS
from ..selection.selection import Selection
from .model_card import format_model_card

FORMAT = 2
TEMPLATE = "{} text {} {} audio {}".format(*MARKERS)
ADAPTER_FILE, HEAD_FILE = "adapter/adapter_model.safetensors", "head.safetensors"
EMBEDDINGS_FILE = "rows.safetensors"  # token embeddings, rows of the embedding matrix


class About(BaseModel):
    """What `settings.json` must hold; more is let pass."""

    model_config = ConfigDict(strict=True, extra="allow")

    task: str
    label_names: Annotated[list[str], Field(min_length=2)]
    tokens: list[Annotated[list[int], Field(min_length=2, max_length=2)]]
    settings: dict[str, Any]
    codec_facts: dict[str, Any] | None
    llm_name: str
    llm_hash: str | None
    dtype: Literal["float32", "bfloat16", "float16", "auto"]
    quantization: Literal["4bit"] | None
    device: str


PACKAGES = ("speechlm-utils", "torch", "transformers", "peft", "tokenizers", "numpy")


def save_artefact(
    folder: str | Path,
    about: Mapping,
    embeddings: TokenEmbeddings,
    model: PeftModel,
    selection: Selection | None,
    results: Mapping,
) -> None:
    """Write the folder; an older artefact in it stays until all of the new one is on the disk.

    `about` is for `settings.json`, to which format, template and versions are added, `results` for
    `results.json`; of the model LoRA weights and head are saved.
    """
    with replace_files(folder, "settings.json", ["selection.json"]) as part:
        (part / "adapter").mkdir()
        save_embeddings(part / EMBEDDINGS_FILE, embeddings)
        files = {ADAPTER_FILE: {}, HEAD_FILE: {}}
        for name, tensor in _adapter_weights(model).items():
            files[ADAPTER_FILE if ".lora_" in name else HEAD_FILE][name] = tensor
        for file, weights in files.items():
            save_file(weights, part / file, metadata={"format": "pt"})
        own = {"trainable_token_indices": None, "inference_mode": True}
        write_json(part / "adapter" / "adapter_config.json", model.peft_config[ADAPTER].to_dict() | own)
        if selection is not None:
            selection.save(part / "selection.json")
        write_json(part / "results.json", results)
        versions = {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
        about = {"format": FORMAT, "template": TEMPLATE, **about, "versions": versions}
        write_text(part / "README.md", format_model_card(about, results))
        write_json(part / "settings.json", about)


def read_artefact(folder: str | Path) -> tuple[dict, dict[str, np.ndarray], Selection | None, dict]:
    """Read settings, token embeddings, selection (None if there is none) and results of a folder.

    A missing file raises FileNotFoundError, a damaged one or another format ValueError, with its name.
    """
    folder = Path(folder)
    path = folder / "settings.json"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: missing; is its folder a saved classifier, completely written?")
    about = _read_json(path)
    if (found := (about.get("format"), about.get("template"))) != (FORMAT, TEMPLATE):
        shown = "format {!r} with template {!r}".format(*found)
        raise ValueError(f"{path}: {shown}, known is {FORMAT} with {TEMPLATE!r}")
    try:
        About.model_validate(about)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"{path}: {place}: {first['msg']}; save the classifier again") from None
    selection = folder / "selection.json"
    found = Selection.load(selection) if selection.is_file() else None
    return about, load_embeddings(folder / EMBEDDINGS_FILE), found, _read_json(folder / "results.json")


def load_adapter(folder: str | Path, model: PeftModel) -> None:
    """Put the folder's LoRA weights and head into a model that was built with the same settings.

    Token embeddings stay the model's own, so that a training can go on from a classifier of words alone. A
    missing file raises FileNotFoundError, weights that are not exactly the model's raise ValueError.
    """
    weights = _read_weights(Path(folder) / ADAPTER_FILE) | _read_weights(Path(folder) / HEAD_FILE)
    shapes = {name: tensor.shape for name, tensor in weights.items()}
    wanted = {name: tensor.shape for name, tensor in _adapter_weights(model).items()}
    if wrong := [name for name in {*shapes, *wanted} if shapes.get(name) != wanted.get(name)]:
        name = min(wrong)
        raise ValueError(f"{folder}: {name} has shape {shapes.get(name)}, the model needs {wanted.get(name)}")
    own = get_peft_model_state_dict(model)  # with token embeddings, where they are trained
    set_peft_model_state_dict(model, {k: v for k, v in own.items() if "token_adapter" in k} | weights)
    model.eval()


def _read_weights(path: Path) -> dict[str, torch.Tensor]:
    """Read a file of weights; a damaged one is named."""
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(f"{path}: not a safetensors file of weights ({error})") from error


def _read_json(path: Path) -> dict:
    """Read a JSON file; a damaged one is named."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: no valid JSON ({error})") from None
    if not isinstance(found, dict):
        raise ValueError(f"{path}: expected an object, got {str(found)[:40]!r}")
    return found


def _adapter_weights(model: PeftModel) -> dict[str, torch.Tensor]:
    """Return LoRA weights and head by name, without token embeddings."""
    weights = get_peft_model_state_dict(model, save_embedding_layers=False)
    return {k: v.detach().cpu().contiguous() for k, v in weights.items() if "token_adapter" not in k}
