"""A saved classifier on the Hugging Face hub: put it there, find it there."""

import json
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from huggingface_hub import HfApi, snapshot_download

from ..codec.base import SpeechCodec
from ..files import write_json

if TYPE_CHECKING:
    from .classifier import SpeechTokenClassifier

FILES = ["*.json", "*.safetensors", "README.md", "adapter/*.json", "adapter/*.safetensors"]


def push_to_hub(
    classifier: "SpeechTokenClassifier",
    repo_id: str,
    codec: SpeechCodec | None = None,
    corpus: str | Path = "",
    private: bool = True,
) -> str:
    """Save a classifier, see `SpeechTokenClassifier.save`, and upload it; returns its address.

    Base model and codec stay where they are. Folders of this machine are named without the path to them; who
    loads such a classifier says where theirs are (`base`, `codec`). `huggingface_hub` asks for the login.
    """
    api = HfApi()
    with tempfile.TemporaryDirectory() as folder:
        classifier.save(folder, codec, Path(corpus).name if corpus else "")
        path = Path(folder) / "settings.json"
        about = json.loads(path.read_text(encoding="utf-8"))
        about["llm_name"] = _drop_path(about["llm_name"])
        if about["codec_facts"] and "name" in about["codec_facts"]:
            about["codec_facts"]["name"] = _drop_path(about["codec_facts"]["name"])
        write_json(path, about)
        api.create_repo(repo_id, private=private, exist_ok=True)
        message = f"Classifier of {classifier.task}"
        return str(api.upload_folder(repo_id=repo_id, folder_path=folder, commit_message=message))


def _drop_path(name: str) -> str:
    return Path(name).name if Path(name).is_absolute() or name.startswith(".") else name


def find_artefact(name: str | Path) -> Path:
    """Return the folder of a saved classifier: one of this machine, or owner/name of the hub, downloaded."""
    if Path(name).exists() or not re.fullmatch(r"[\w-][\w.-]*/[\w.-]+", str(name)):
        return Path(name)
    try:
        return Path(snapshot_download(str(name), allow_patterns=FILES))
    except (OSError, ValueError) as error:  # all errors of the hub are one or the other
        reason = str(error).strip().split("\n")[0]
        raise FileNotFoundError(f"{name}: no such folder, and not found on the hub ({reason})") from error
