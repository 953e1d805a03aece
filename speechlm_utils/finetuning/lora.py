"""The settings of step 3, and the base model with tokens, LoRA adapters and a head that is trained."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from peft import LoraConfig, PeftModel, TaskType
from transformers.pytorch_utils import Conv1D

from ..llm.embeddings import Rows, write_rows
from ..llm.trainer import wrap_model
from ..llm.vocabulary import add_speech_tokens
from ..tokens import Token

HEADS = ("score", "classifier")
"""What transformers calls the head of its classification models; PEFT trains and saves it by these names."""


@dataclass(frozen=True)
class FineTuneSettings:
    """Settings of step 3; the defaults are the paper's, `train_rows` and `words_first` are this project's.

    Attributes
    ----------
    learning_rate : float, falls linearly to 0 after the warm-up
    batch_size : int, clips
    n_epochs : int, passes over the train clips at most
    max_steps : int or None, steps; if given it replaces n_epochs
    warmup : float, share of the steps
    eval_steps : int or None, validate every so many steps; None: after each epoch
    patience : int, validations without a better macro-F1 before training stops
    max_length : int, tokens of a prompt
    use_audio : bool, False leaves out audio and its markers (text only)
    words_first : float from 0 to below 1, share of the steps before the tokens come: until then the audio
        part of every prompt is empty. Both parts have a schedule of their own, also with `use_audio` False
    collapse_repeats : bool, True writes a token that lasts over several frames once, see `kept_tokens`
    lora_rank, lora_alpha, lora_dropout : of the adapters; an update is scaled by alpha / rank
    lora_modules : names of the linear layers that get an adapter, in every block
    train_rows : bool, True trains the rows of markers and speech tokens along, False keeps them as given
    class_weights : bool, True weighs each class by the inverse of its share in train
    seed : int, of head, adapters, order of the clips and dropout
    """

    learning_rate: float = 1e-3
    batch_size: int = 32
    n_epochs: int = 10
    max_steps: int | None = None
    eval_steps: int | None = None
    warmup: float = 0.05
    patience: int = 3
    max_length: int = 256
    use_audio: bool = True
    words_first: float = 0.0
    collapse_repeats: bool = False
    lora_rank: int = 64
    lora_alpha: int = 16
    lora_dropout: float = 0.1
    lora_modules: tuple[str, ...] = ("q_proj", "v_proj")
    train_rows: bool = True
    class_weights: bool = True
    seed: int = 0

    def __post_init__(self):
        object.__setattr__(self, "lora_modules", tuple(self.lora_modules))  # JSON gives a list
        if not 0 <= self.words_first < 1:
            raise ValueError(f"words_first={self.words_first}: is a share of the steps, from 0 to below 1")


def wrap_classifier(
    model, tokenizer, tokens: Sequence[Token], rows: Rows | None, settings: FineTuneSettings
) -> tuple[PeftModel, dict[str, int]]:
    """Give a classification model the tokens with their rows, then LoRA and a head that is trained.

    The order matters: PEFT wraps what is there, and two adapters cannot train the same rows, so the rows of
    step 2 are written into the plain matrix first.

    Parameters
    ----------
    model, tokenizer : from `load_llm`; both are changed
    tokens : sequence of (layer, code)
    rows : dict, name -> row; None leaves them as drawn
    settings : FineTuneSettings

    Returns
    -------
    wrapped : PEFT model; ids : dict, name -> id of markers and speech tokens

    Raises
    ------
    ValueError
        If the model has no layer of a name in `settings.lora_modules`, or `rows` lack a token.
    """
    layers = _find_lora_layers(model, settings.lora_modules)
    _keep_head_in_float32(model)
    ids = add_speech_tokens(tokenizer, model, tokens, settings.seed)
    if rows is not None:
        write_rows(model, ids, rows)
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS,  # trains and saves the head as well
        r=settings.lora_rank,
        lora_alpha=settings.lora_alpha,
        lora_dropout=settings.lora_dropout,
        target_modules=list(settings.lora_modules),
        fan_in_fan_out=any(isinstance(layer, Conv1D) for layer in layers),  # GPT-2 keeps its matrices turned
        trainable_token_indices=list(ids.values()) if settings.train_rows else None,
    )
    return wrap_model(model, config), ids


def _find_lora_layers(model, names: Sequence[str]) -> list[torch.nn.Module]:
    """List the layers of these names; one that is missing raises ValueError, where PEFT may say nothing."""
    layers: dict[str, list[torch.nn.Module]] = {}
    for path, part in model.base_model.named_modules():
        if isinstance(part, torch.nn.Linear | Conv1D):
            layers.setdefault(path.rsplit(".", 1)[-1], []).append(part)
    if missing := [name for name in names if name not in layers]:
        kind = type(model).__name__
        raise ValueError(f"lora_modules: {kind} has no layer {missing}; its layers are {sorted(layers)}")
    return [layer for name in names for layer in layers[name]]


def _keep_head_in_float32(model) -> None:
    """Let a head of half precision be trained in float32: bfloat16 would round small steps away."""
    for name in HEADS:
        head = getattr(model, name, None)
        if head is not None and next(head.parameters()).dtype != torch.float32:
            head.float().register_forward_pre_hook(_cast_to_float32)


def _cast_to_float32(module: torch.nn.Module, args: tuple) -> tuple:
    return tuple(arg.float() for arg in args)
