"""Which language model, and how it reads a clip: two records, passed on whole."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class LLMSpec:
    """A causal language model and how it is loaded, see `load_llm`.

    Attributes
    ----------
    name : "smollm2-135m", a hub name, or a folder
    dtype : "float32", "bfloat16", "float16" or "auto", of the frozen weights
    quantization : None, or "4bit"
    cache_dir : folder of the converted model; None takes the default
    """

    name: str | Path = "smollm2-135m"
    dtype: str = "float32"
    quantization: str | None = None
    cache_dir: str | Path | None = None


@dataclass(frozen=True)
class PromptFormat:
    """How a clip becomes a prompt, see `build_prompt`.

    Attributes
    ----------
    max_length : int, tokens of the whole prompt, markers included
    use_audio : bool, False leaves out the audio with its markers
    collapse_repeats : bool, write a token that lasts over consecutive frames once
    """

    max_length: int = 256
    use_audio: bool = True
    collapse_repeats: bool = False
