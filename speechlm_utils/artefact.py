"""Keep a fine-tuned classifier in a small folder, without the base model.

The folder holds `settings.json` (task, label names, tokens, template, base model with its hash),
`rows.safetensors` (rows by token name), `adapter/` (LoRA), `head.safetensors` and, if there is one,
`selection.json`. `SpeechTokenClassifier.save` and `.from_pretrained` are the way to use it.
"""

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from peft import PeftModel, get_peft_model_state_dict, set_peft_model_state_dict
from safetensors.torch import load_file, save_file

from .files import write_json
from .rows import Rows, load_rows, save_rows
from .training import ADAPTER
from .vocabulary import MARKERS

FORMAT = 1
TEMPLATE = "{} text {} {} audio {}".format(*MARKERS)
ADAPTER_FILE, HEAD_FILE = "adapter/adapter_model.safetensors", "head.safetensors"


def save_artefact(
    folder: str | Path, about: Mapping, rows: Rows, model: PeftModel, selection: object = None
) -> None:
    """Write the folder; an older artefact in it is overwritten.

    Parameters
    ----------
    folder : made if it does not exist
    about : dict for `settings.json`; format, template and library versions are added
    rows : dict, name -> row, as they are now, whether they were trained along or not
    model : its LoRA weights and its head are saved, neither embeddings nor the base model
    selection : object with `save(path)`, or dict, or None
    """
    folder = Path(folder)
    (folder / "adapter").mkdir(parents=True, exist_ok=True)
    save_rows(folder / "rows.safetensors", rows)
    weights = _adapter_weights(model)
    for file, is_lora in ((ADAPTER_FILE, True), (HEAD_FILE, False)):
        part = {name: tensor for name, tensor in weights.items() if (".lora_" in name) == is_lora}
        save_file(part, folder / file, metadata={"format": "pt"})
    config = {**model.peft_config[ADAPTER].to_dict(), "trainable_token_indices": None, "inference_mode": True}
    write_json(folder / "adapter" / "adapter_config.json", config)
    _save_selection(selection, folder / "selection.json")
    versions = {name: version(name) for name in ("torch", "transformers", "peft")}
    write_json(
        folder / "settings.json", {"format": FORMAT, "template": TEMPLATE, **about, "versions": versions}
    )


def read_artefact(folder: str | Path) -> tuple[dict, dict[str, np.ndarray], dict | None]:
    """Read settings, rows and selection (None if there is none) of a folder.

    Raises
    ------
    FileNotFoundError, ValueError
        If a file is missing or the format is not known; the message names the file.
    """
    folder = Path(folder)
    path = folder / "settings.json"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file; is its folder a saved classifier?")
    about = json.loads(path.read_text(encoding="utf-8"))
    if (about.get("format"), about.get("template")) != (FORMAT, TEMPLATE):
        raise ValueError(
            f"{path}: format {about.get('format')!r} with template {about.get('template')!r}, "
            f"known is {FORMAT} with {TEMPLATE!r}"
        )
    selection = folder / "selection.json"
    found = json.loads(selection.read_text(encoding="utf-8")) if selection.is_file() else None
    return about, load_rows(folder / "rows.safetensors"), found


def load_adapter(folder: str | Path, model: PeftModel) -> None:
    """Put the folder's LoRA weights and head into a model that was built with the same settings.

    Raises
    ------
    FileNotFoundError, ValueError
        If a file is missing, or the weights are not exactly those that the model has.
    """
    weights = {}
    for file in (ADAPTER_FILE, HEAD_FILE):
        path = Path(folder) / file
        if not path.is_file():
            raise FileNotFoundError(f"{path}: no such file")
        weights.update(load_file(path))
    shapes = {name: tensor.shape for name, tensor in weights.items()}
    wanted = {name: tensor.shape for name, tensor in _adapter_weights(model).items()}
    wrong = {name for name in {*shapes, *wanted} if shapes.get(name) != wanted.get(name)}
    if wrong:
        name = min(wrong)
        raise ValueError(f"{folder}: {name} has shape {shapes.get(name)}, the model needs {wanted.get(name)}")
    set_peft_model_state_dict(model, weights)
    model.eval()


def _adapter_weights(model: PeftModel) -> dict[str, torch.Tensor]:
    """Return LoRA weights and head by name, without rows."""
    weights = get_peft_model_state_dict(model, save_embedding_layers=False)
    return {k: v.detach().cpu().contiguous() for k, v in weights.items() if "token_adapter" not in k}


def _save_selection(selection: object, path: Path) -> None:
    """Write the selection as it saves itself, or a dict as JSON; without one, remove an older file."""
    if selection is None:
        path.unlink(missing_ok=True)
    elif hasattr(selection, "save"):
        selection.save(path)
    else:
        write_json(path, selection)
