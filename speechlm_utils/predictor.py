"""The classifier of step 3 as an object: build it, predict clips with it, save it and load it again."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from peft import LoraConfig, TaskType
from transformers import set_seed

from .artefact import load_adapter, read_artefact, save_artefact
from .corpus import Clip
from .llm import SMOLLM2, hash_llm, load_llm
from .rows import Rows, read_rows, write_rows
from .training import batches_by_length, pad_batch, wrap_model
from .vocabulary import Prompt, PromptReport, Token, add_speech_tokens, encode_prompts


@dataclass(frozen=True)
class FineTuneSettings:
    """Settings of step 3; the defaults are the paper's, `train_rows` is this project's.

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
    lora_rank: int = 64
    lora_alpha: int = 16
    lora_dropout: float = 0.1
    lora_modules: tuple[str, ...] = ("q_proj", "v_proj")
    train_rows: bool = True
    class_weights: bool = True
    seed: int = 0

    def __post_init__(self):
        object.__setattr__(self, "lora_modules", tuple(self.lora_modules))  # JSON gives a list


@dataclass
class SpeechTokenClassifier:
    """A fine-tuned model with all it needs to classify clips; `save` and `from_pretrained` keep it.

    Attributes
    ----------
    model, tokenizer : PEFT model with head, and tokenizer with the speech tokens
    task : str
    label_names : list of str, in the order of the logits
    tokens : list of (layer, code)
    ids : dict, name -> id of markers and speech tokens
    settings : FineTuneSettings
    llm_name, llm_hash : of the base model, before anything was added
    selection : Selection or dict, how the tokens were found; None if not given
    """

    model: torch.nn.Module
    tokenizer: object
    task: str
    label_names: list[str]
    tokens: list[Token]
    ids: dict[str, int]
    settings: FineTuneSettings
    llm_name: str
    llm_hash: str
    selection: object = None

    def encode(self, clips: Sequence[Clip]) -> tuple[list[Prompt], PromptReport]:
        """Build the prompts of clips as in training."""
        settings = self.settings
        return encode_prompts(self.tokenizer, clips, self.tokens, settings.max_length, settings.use_audio)

    def predict(self, clips: Sequence[Clip], batch_size: int = 32) -> np.ndarray:
        """Compute the logits of clips.

        Clips of similar length share a batch; padding changes logits by rounding alone (about 1e-5).

        Returns
        -------
        logits : float32 array, shape (n_clips, n_classes), in the order of the clips
        """
        items = [{"input_ids": prompt.input_ids} for prompt in self.encode(clips)[0]]
        logits = np.empty((len(items), len(self.label_names)), dtype=np.float32)
        self.model.eval()
        for places in batches_by_length([len(item["input_ids"]) for item in items], batch_size):
            batch = pad_batch([items[place] for place in places], self.tokenizer.pad_token_id)
            with torch.inference_mode():
                outputs = self.model(**{name: value.to(self.model.device) for name, value in batch.items()})
            logits[places] = outputs.logits.float().cpu().numpy()
        return logits

    def predict_labels(self, clips: Sequence[Clip]) -> list[str]:
        """Return the name of each clip's most likely label."""
        return [self.label_names[place] for place in self.predict(clips).argmax(axis=1)]

    def save(self, folder: str | Path) -> None:
        """Save rows, adapter, head, selection and settings, but not the base model (see `artefact`)."""
        about = {
            "task": self.task,
            "label_names": self.label_names,
            "tokens": self.tokens,
            "llm_name": self.llm_name,
            "llm_hash": self.llm_hash,
            "dtype": str(self.model.dtype).removeprefix("torch."),
            "settings": asdict(self.settings),
        }
        save_artefact(folder, about, read_rows(self.model, self.ids), self.model, self.selection)

    @classmethod
    def from_pretrained(
        cls, folder: str | Path, base: str | Path | None = None, cache_dir: str | Path | None = None
    ) -> "SpeechTokenClassifier":
        """Load what `save` wrote; the logits equal those before saving.

        Parameters
        ----------
        folder : folder of the artefact
        base : name or folder of the base model; None takes the name that was saved
        cache_dir : for `load_llm`

        Raises
        ------
        FileNotFoundError, ValueError
            If a file is missing or of another format, or the base model is not the one it was trained upon.
        """
        about, rows, selection = read_artefact(folder)
        settings = FineTuneSettings(**about["settings"])
        name = about["llm_name"] if base is None else base
        frozen = replace(settings, train_rows=False)  # the rows as trained are written into the matrix
        args = (about["task"], about["label_names"], about["tokens"], rows, frozen)
        loaded = build_classifier(*args, name, cache_dir, about["dtype"])
        if loaded.llm_hash != about["llm_hash"]:
            raise ValueError(
                f"{folder}: was trained upon {about['llm_name']} with hash {about['llm_hash']}, "
                f"but {name} has hash {loaded.llm_hash}"
            )
        load_adapter(folder, loaded.model)
        loaded.settings, loaded.llm_name, loaded.selection = settings, about["llm_name"], selection
        return loaded


def build_classifier(
    task: str,
    names: Sequence[str],
    tokens: Sequence[Token],
    rows: Rows | None,
    settings: FineTuneSettings,
    llm_name: str = SMOLLM2,
    cache_dir: str | Path | None = None,
    dtype: str = "float32",
) -> SpeechTokenClassifier:
    """Build the untrained classifier: base model, tokens, their rows, then LoRA and a head.

    The order matters: PEFT wraps what is there, and two adapters cannot train the same rows, so the rows of
    step 2 are written into the plain matrix first.
    """
    if len(names) < 2:
        raise ValueError(f"task={task!r}: has the classes {list(names)}, at least two are needed")
    set_seed(settings.seed)
    model, tokenizer = load_llm(llm_name, "classification", len(names), dtype, cache_dir=cache_dir)
    llm_hash = hash_llm(model)
    ids = add_speech_tokens(tokenizer, model, tokens, settings.seed)
    if rows is not None:
        write_rows(model, ids, rows)
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS,  # trains and saves the head as well
        r=settings.lora_rank,
        lora_alpha=settings.lora_alpha,
        lora_dropout=settings.lora_dropout,
        target_modules=list(settings.lora_modules),
        trainable_token_indices=list(ids.values()) if settings.train_rows else None,
    )
    wrapped = wrap_model(model, config)
    name, tokens = str(llm_name), [tuple(token) for token in tokens]
    return SpeechTokenClassifier(wrapped, tokenizer, task, list(names), tokens, ids, settings, name, llm_hash)
