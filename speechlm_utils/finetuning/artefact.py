"""Keep a fine-tuned classifier in one folder, without the base model and the codec.

The folder holds `settings.json` (task, label names, tokens, template, base model and codec with their
hashes, versions), `rows.safetensors` (rows by token name), `adapter/` (LoRA), `head.safetensors`,
`results.json` (clips and scores), `README.md` (the model card) and, if there is one, `selection.json`.
`SpeechTokenClassifier.save` and `.from_pretrained` are the way to use it.
"""

import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from peft import PeftModel, get_peft_model_state_dict, set_peft_model_state_dict
from safetensors.torch import load_file, save_file

from ..files import write_json
from ..llm.embeddings import Rows, load_rows, save_rows
from ..llm.trainer import ADAPTER
from ..llm.vocabulary import MARKERS
from .model_card import write_model_card

FORMAT = 2
TEMPLATE = "{} text {} {} audio {}".format(*MARKERS)
ADAPTER_FILE, HEAD_FILE = "adapter/adapter_model.safetensors", "head.safetensors"
CODEC_FACTS = ("sample_rate", "frame_rate", "n_layers", "codebook_size")


def save_artefact(
    folder: str | Path,
    about: Mapping,
    rows: Rows,
    model: PeftModel,
    selection: object = None,
    results: Mapping | None = None,
) -> None:
    """Write the folder; an older artefact in it is overwritten.

    Parameters
    ----------
    folder : made if it does not exist
    about : dict for `settings.json`; format, template and versions are added
    rows : dict, name -> row, as they are now, whether they were trained along or not
    model : its LoRA weights and its head are saved, neither embeddings nor the base model
    selection : object with `save(path)`, or dict, or None
    results : dict for `results.json`: "data" and "metrics", see `classifier.train_classifier`
    """
    folder = Path(folder)
    (folder / "adapter").mkdir(parents=True, exist_ok=True)
    (folder / "settings.json").unlink(missing_ok=True)  # written last: without it a folder is no artefact
    save_rows(folder / "rows.safetensors", rows)
    weights = _adapter_weights(model)
    for file, is_lora in ((ADAPTER_FILE, True), (HEAD_FILE, False)):
        part = {name: tensor for name, tensor in weights.items() if (".lora_" in name) == is_lora}
        save_file(part, folder / file, metadata={"format": "pt"})
    config = {**model.peft_config[ADAPTER].to_dict(), "trainable_token_indices": None, "inference_mode": True}
    write_json(folder / "adapter" / "adapter_config.json", config)
    _save_selection(selection, folder / "selection.json")
    write_json(folder / "results.json", results or {})
    about = {"format": FORMAT, "template": TEMPLATE, **about, "versions": _list_versions()}
    write_model_card(folder, about, results or {})
    write_json(folder / "settings.json", about)


def read_artefact(folder: str | Path) -> tuple[dict, dict[str, np.ndarray], dict | None, dict]:
    """Read settings, rows, selection (None if there is none) and results of a folder.

    Raises
    ------
    FileNotFoundError, ValueError
        If a file is missing or the format is not known; the message names the file.
    """
    folder = Path(folder)
    path = folder / "settings.json"
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: no such file; is its folder a saved classifier, completely written?"
        )
    about = _read_json(path)
    if (about.get("format"), about.get("template")) != (FORMAT, TEMPLATE):
        raise ValueError(
            f"{path}: format {about.get('format')!r} with template {about.get('template')!r}, "
            f"known is {FORMAT} with {TEMPLATE!r}"
        )
    selection = folder / "selection.json"
    found = _read_json(selection) if selection.is_file() else None
    return about, load_rows(folder / "rows.safetensors"), found, _read_json(folder / "results.json")


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


def describe_codec(codec: object, selection: object = None) -> dict | None:
    """Write down which codec the tokens are codes of.

    Parameters
    ----------
    codec : SpeechCodec, or None if only the selection tells its hash
    selection : Selection or dict with "codec_hash", or None

    Returns
    -------
    facts : dict with "name", "hash" and `CODEC_FACTS` as far as they are known; None if nothing is

    Raises
    ------
    ValueError
        If the tokens were selected with another codec.
    """
    is_dict = isinstance(selection, Mapping)
    selected = selection.get("codec_hash") if is_dict else getattr(selection, "codec_hash", None)
    if codec is None:
        return {"hash": selected} if selected else None
    facts = {"name": codec.name, "hash": codec.hash}
    facts |= {name: getattr(codec.spec, name) for name in CODEC_FACTS}
    if selected not in (None, facts["hash"]):
        check_codec(facts, {"hash": selected}, "selection")
    return facts


def check_codec(given: Mapping, used: Mapping | None, where: str | Path) -> None:
    """Raise ValueError, naming both, unless the codec that is given is the one that was used.

    Parameters
    ----------
    given, used : as `describe_codec` returns them
    where : what was made with the codec, for the message
    """
    if not used:
        raise ValueError(
            f"{where}: does not say which codec its tokens are codes of; save it again with codec=..."
        )
    if given["hash"] != used["hash"]:
        raise ValueError(
            f"{where}: its tokens are codes of {_name_codec(used)}, the codec given is {_name_codec(given)}; "
            "the same (layer, code) means another sound there"
        )


def _name_codec(facts: Mapping) -> str:
    return f"{facts.get('name') or 'a codec'} (hash {facts['hash']})"


def _list_versions() -> dict[str, str]:
    names = ("speechlm-utils", "torch", "transformers", "peft", "tokenizers", "numpy")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}


def _read_json(path: Path) -> dict:
    """Read a JSON file; a missing or damaged one is named."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: no valid JSON ({error})") from None


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
