"""The classifier of step 3 as an object: build it, predict clips or recordings, save it and load it again."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from peft import LoraConfig, PeftModel, TaskType
from transformers.pytorch_utils import Conv1D

from .artefact import check_codec, describe_codec, load_adapter, read_artefact, save_artefact
from .audio import AudioFiles, check_wav, load_audio
from .codec import SpeechCodec, load_codec
from .corpus import Clip
from .llm import hash_llm, load_llm
from .rows import Rows, read_rows, write_rows
from .training import batches_by_length, pad_batch, wrap_model
from .vocabulary import Prompt, PromptReport, Token, add_speech_tokens, encode_prompts

HEADS = ("score", "classifier")
"""What transformers calls the head of its classification models; PEFT trains and saves it by these names."""

KEPT = ("task", "label_names", "tokens", "llm_name", "llm_hash", "dtype", "quantization", "codec_facts")
"""Attributes of a classifier that its artefact keeps as they are."""


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
    dtype, quantization : with which the base model was loaded, see `load_llm`
    selection : Selection or dict, how the tokens were found; None if not given
    codec : SpeechCodec that turns recordings into codes; None until it is given or needed
    codec_facts : dict, which codec the tokens are codes of, see `describe_codec`; None: not known
    results : dict, "data" and "metrics" of the training, see `train_classifier`
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
    dtype: str = "float32"
    quantization: str | None = None
    selection: object = None
    codec: SpeechCodec | None = None
    codec_facts: dict | None = None
    results: dict = field(default_factory=dict)

    def encode(self, clips: Sequence[Clip]) -> tuple[list[Prompt], PromptReport]:
        """Build the prompts of clips as in training."""
        settings = self.settings
        return encode_prompts(self.tokenizer, clips, self.tokens, settings.max_length, settings.use_audio)

    def predict(
        self,
        clips: Sequence[Clip] | np.ndarray | AudioFiles,
        text: str | None = None,
        sample_rate: int | None = None,
        batch_size: int = 32,
    ) -> np.ndarray:
        """Compute the logits of clips or, where a text is given, those of one recording (`predict_wav`).

        Clips of similar length share a batch; padding changes logits by rounding alone (about 1e-5).

        Returns
        -------
        logits : float32 array, shape (n_clips, n_classes) in the order of the clips, or (n_classes,)
        """
        if text is not None:
            return self.predict_wav(clips, text, sample_rate)
        items = [{"input_ids": prompt.input_ids} for prompt in self.encode(clips)[0]]
        logits = np.empty((len(items), len(self.label_names)), dtype=np.float32)
        self.model.eval()
        for places in batches_by_length([len(item["input_ids"]) for item in items], batch_size):
            batch = pad_batch([items[place] for place in places], self.tokenizer.pad_token_id)
            with torch.inference_mode():
                outputs = self.model(**{name: value.to(self.model.device) for name, value in batch.items()})
            logits[places] = outputs.logits.float().cpu().numpy()
        return logits

    def predict_wav(
        self, wav: np.ndarray | AudioFiles, text: str, sample_rate: int | None = None
    ) -> np.ndarray:
        """Compute the logits of one recording, bit for bit those of ``predict([clip])`` of the same clip.

        Parameters
        ----------
        wav : float array, shape (n_samples,), full scale 1; or a sound file, or several that are joined. A
            classifier of words alone does not look at it
        text : str, what is said, written as the texts of the training were (lower case in the demo corpus)
        sample_rate : int, Hz, of an array; None: the codec's. Another one is resampled, as files always are

        Returns
        -------
        logits : float32 array, shape (n_classes,), in the order of `label_names`

        Raises
        ------
        FileNotFoundError, OSError, ValueError
            If the sound cannot be used, or the codec is not known or not that of the training.
        """
        codes = self._encode_wav(wav, sample_rate) if self.settings.use_audio else None
        return self.predict([Clip("recording", text, None, codes=codes)])[0]

    def _encode_wav(self, wav: np.ndarray | AudioFiles, sample_rate: int | None) -> np.ndarray:
        if self.codec is None:
            self.use_codec()
        rate = self.codec.sample_rate
        if not isinstance(wav, np.ndarray):
            wav = load_audio(wav, rate)
        elif not np.issubdtype(wav.dtype, np.floating):
            raise ValueError(f"wav: has dtype {wav.dtype}, expected floats between -1 and 1")
        elif sample_rate not in (None, rate):
            import librosa

            rates = {"orig_sr": sample_rate, "target_sr": rate}
            wav = librosa.resample(check_wav(wav), **rates, res_type="soxr_hq")
        return self.codec.encode(wav)

    def use_codec(self, codec: SpeechCodec | str | Path | None = None) -> None:
        """Take a codec for recordings: a loaded one, a folder or hub name; None loads that of the training.

        Raises
        ------
        ValueError
            If it is not the one that the tokens are codes of; the message names both.
        """
        facts, where = (
            self.codec_facts or describe_codec(None, self.selection) or {},
            f"classifier {self.task!r}",
        )
        if codec is None and not facts.get("name"):
            raise ValueError(
                f"{where}: does not name its codec; load it with codec=..., or call use_codec(...)"
            )
        if codec is None or isinstance(codec, str | Path):
            codec = load_codec(codec or facts["name"], n_layers=facts.get("n_layers"))
        check_codec(describe_codec(codec), facts, where)
        self.codec, self.codec_facts = codec, describe_codec(codec)

    def predict_labels(
        self, clips: Sequence[Clip], text: str | None = None, sample_rate: int | None = None
    ) -> list[str]:
        """Return the name of each clip's most likely label, or of the one recording's; see `predict`."""
        logits = np.atleast_2d(self.predict(clips, text, sample_rate))
        return [self.label_names[place] for place in logits.argmax(axis=1)]

    def save(self, folder: str | Path, codec: SpeechCodec | None = None, corpus: str | Path = "") -> None:
        """Save all but base model and codec; these are named, with their hashes (see `artefact`).

        Parameters
        ----------
        folder : made if it does not exist
        codec : the one that made the clips' codes. Without it the artefact has the hash that the selection
            knows, and who loads it must say which codec that is
        corpus : what the clips are from, for the model card

        Raises
        ------
        ValueError
            If the tokens were selected with another codec.
        """
        if codec is not None:
            self.codec, self.codec_facts = codec, describe_codec(codec, self.selection)
        self.codec_facts = self.codec_facts or describe_codec(None, self.selection)
        if corpus:
            self.results = {**self.results, "corpus": str(corpus)}
        about = {name: getattr(self, name) for name in KEPT}
        about |= {"device": self.model.device.type, "settings": asdict(self.settings)}
        rows = read_rows(self.model, self.ids)
        save_artefact(folder, about, rows, self.model, self.selection, self.results)

    @classmethod
    def from_pretrained(
        cls,
        folder: str | Path,
        base: str | Path | None = None,
        cache_dir: str | Path | None = None,
        codec: SpeechCodec | str | Path | None = None,
        device: str | None = None,
    ) -> "SpeechTokenClassifier":
        """Load what `save` wrote; on the same machine the logits equal those before saving bit for bit.

        Parameters
        ----------
        folder : folder of the artefact
        base : name or folder of the base model; None takes the name that was saved
        cache_dir : for `load_llm`
        codec : for recordings, see `use_codec`; None loads the one that the artefact names when it is needed
        device : torch device; None: the kind that it was saved on where there is one, else the CPU

        Raises
        ------
        FileNotFoundError, ValueError
            If a file is missing or of another format, or base model or codec are not those of the training;
            the message names what was used and what was given.
        """
        about, rows, selection, results = read_artefact(folder)
        kept, settings = {name: about[name] for name in KEPT}, FineTuneSettings(**about["settings"])
        kept["tokens"] = [tuple(token) for token in about["tokens"]]
        name = about["llm_name"] if base is None else base
        options = {"dtype": about["dtype"], "quantization": about["quantization"], "cache_dir": cache_dir}
        model, tokenizer = load_llm(name, "classification", len(about["label_names"]), **options)
        if (found := hash_llm(model)) != about["llm_hash"]:
            raise ValueError(
                f"{folder}: was trained upon {about['llm_name']} with hash {about['llm_hash']}, "
                f"but {name} has hash {found}"
            )
        frozen = replace(settings, train_rows=False)  # the rows as trained are written into the matrix
        wrapped, ids = wrap_classifier(model, tokenizer, kept["tokens"], rows, frozen)
        load_adapter(folder, wrapped)
        device = device or ("cuda" if about["device"] == "cuda" and torch.cuda.is_available() else "cpu")
        if about["quantization"] is None:
            wrapped.to(device)
        parts = {"model": wrapped, "tokenizer": tokenizer, "ids": ids, "settings": settings}
        loaded = cls(**parts, **kept, selection=selection, results=results)
        if codec is not None:
            loaded.use_codec(codec)
        return loaded


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
