"""The settings of step 3, and the base model with tokens, LoRA adapters and a head that is trained."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import ClassVar

import torch
from peft import LoraConfig, PeftModel, TaskType
from transformers.pytorch_utils import Conv1D

from ..llm.embeddings import TokenEmbeddings, write_embeddings
from ..llm.spec import PromptFormat, TrainSettings
from ..llm.trainer import wrap_model
from ..llm.vocabulary import add_speech_tokens
from ..tokens import Token
from .fusion import add_fusion_head

HEADS = ("score", "classifier")  # what transformers and PEFT call the head of a classification model
RECORDED_AS = {"text_only_warmup": "words_first", "train_embeddings": "train_rows"}
"""Settings that have an older name in saved classifiers and in reference results."""


@dataclass(frozen=True)
class FineTuneSettings(TrainSettings):
    """Settings of step 3; the defaults are the paper's (it has no text-only warm-up).

    Attributes
    ----------
    use_audio : bool, False leaves out audio and its markers (text only)
    text_only_warmup : float from 0 to below 1, share of the steps before the tokens come: until then the
        audio part of every prompt is empty. Both parts have their own schedule, also with `use_audio` False
    lora_rank, lora_alpha, lora_dropout : of the adapters; an update is scaled by alpha / rank
    lora_modules : names of the linear layers that get an adapter, in every block
    train_embeddings : bool, True trains those of markers and speech tokens along, False keeps them as given
    class_weights : bool, True weighs each class by the inverse of its share in train
    n_features : int, of every clip, that the head reads beside the prompt's state, see `FusionHead`; 0: none
    """

    learning_rate: float = 1e-3
    n_epochs: int = 10
    use_audio: bool = True
    text_only_warmup: float = 0.0
    lora_rank: int = 64
    lora_alpha: int = 16
    lora_dropout: float = 0.1
    lora_modules: tuple[str, ...] = ("q_proj", "v_proj")
    train_embeddings: bool = True
    class_weights: bool = True
    n_features: int = 0
    metric: ClassVar[str] = "macro_f1_all"

    def __post_init__(self):
        object.__setattr__(self, "lora_modules", tuple(self.lora_modules))  # JSON gives a list
        if not 0 <= self.text_only_warmup < 1:
            raise ValueError(f"text_only_warmup={self.text_only_warmup}: is a share, from 0 to below 1")

    @property
    def prompt(self) -> PromptFormat:
        return replace(super().prompt, use_audio=self.use_audio)

    def to_record(self) -> dict:
        """Return the settings as files hold them, without where it was reported; `from_record` reads them."""
        found = {name: value for name, value in asdict(self).items() if not name.startswith("report_")}
        return {RECORDED_AS.get(name, name): value for name, value in found.items()}

    @classmethod
    def from_record(cls, record: Mapping) -> "FineTuneSettings":
        names = {old: name for name, old in RECORDED_AS.items()}
        try:
            return cls(**{names.get(key, key): value for key, value in record.items()})
        except TypeError as error:
            raise ValueError(f"settings of a classifier: {error}") from None


def wrap_classifier(
    model, tokenizer, tokens: Sequence[Token], embeddings: TokenEmbeddings | None, settings: FineTuneSettings
) -> PeftModel:
    """Give a classification model, in place, tokens with their embeddings, LoRA and a head that is trained.

    Embeddings None stay as sampled. Those of step 2 are written into the plain matrix first, as two adapters
    cannot train the same ones. A layer that the model lacks, or a token without embedding, raises ValueError.
    """
    _find_lora_layers(model, settings.lora_modules)  # before anything is changed
    _keep_head_in_float32(model)
    if settings.n_features:
        name = next(name for name in HEADS if hasattr(model, name))
        add_fusion_head(model, name, settings.n_features)
    ids = add_speech_tokens(tokenizer, model, tokens, settings.seed)
    if embeddings is not None:
        write_embeddings(model, ids, embeddings)
    trained = list(ids.values()) if settings.train_embeddings else None
    config = make_lora(model, settings, TaskType.SEQ_CLS, trained)  # trains and saves the head as well
    return wrap_model(model, config)


def make_lora(
    model, settings: FineTuneSettings, task_type: TaskType, trained: list[int] | None
) -> LoraConfig:
    """Make LoRA of the settings for a model, which lacks none of the layers (else ValueError).

    `trained` are ids of tokens whose embeddings are trained along.
    """
    layers = _find_lora_layers(model, settings.lora_modules)
    return LoraConfig(
        task_type=task_type,
        r=settings.lora_rank,
        lora_alpha=settings.lora_alpha,
        lora_dropout=settings.lora_dropout,
        target_modules=list(settings.lora_modules),
        fan_in_fan_out=any(isinstance(layer, Conv1D) for layer in layers),  # GPT-2 keeps its matrices turned
        trainable_token_indices=trained,
    )


def _find_lora_layers(model, names: Sequence[str]) -> list[torch.nn.Module]:
    """Find a layer of each name; one that is missing raises ValueError, where PEFT may say nothing."""
    parts = model.base_model.named_modules()
    layers = {p.rsplit(".", 1)[-1]: part for p, part in parts if isinstance(part, torch.nn.Linear | Conv1D)}
    if missing := [name for name in names if name not in layers]:
        kind = type(model).__name__
        raise ValueError(f"lora_modules: {kind} has no layer {missing}; its layers are {sorted(layers)}")
    return [layers[name] for name in names]


def _keep_head_in_float32(model) -> None:
    """Let a head of half precision be trained in float32: bfloat16 would round small steps away."""
    for name in HEADS:
        head = getattr(model, name, None)
        if head is not None and next(head.parameters()).dtype != torch.float32:
            head.float().register_forward_pre_hook(lambda _, args: tuple(arg.float() for arg in args))
