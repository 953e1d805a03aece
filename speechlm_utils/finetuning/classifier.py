"""The classifier of step 3 as an object: predict clips or recordings, save it and load it again."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch

from ..audio import AudioFiles, load_audio
from ..clips import Clip
from ..codec.base import SpeechCodec
from ..codec.load import load_codec
from ..llm.batches import batch_items
from ..llm.embeddings import read_embeddings
from ..llm.load import hash_llm, load_llm
from ..llm.prompts import Prompt, PromptReport, encode_prompts
from ..llm.spec import LLMSpec
from ..llm.vocabulary import list_added_names
from ..selection.selection import Selection
from ..tokens import Token
from .artefact import load_adapter, read_artefact, save_artefact
from .fusion import read_features
from .hub import find_artefact
from .lora import FineTuneSettings, wrap_classifier

CODEC_FACTS = ("sample_rate", "frame_rate", "n_layers", "codebook_size")


@dataclass
class SpeechTokenClassifier:
    """A fine-tuned model with all it needs to classify clips; `save` and `from_pretrained` keep it.

    Attributes
    ----------
    model, tokenizer : PEFT model with head, whose config has the labels (`id2label`), and tokenizer
    task, tokens, settings : what is classified, list of (layer, code), FineTuneSettings
    llm : LLMSpec, of the base model, with its hash before anything was added
    selection : Selection, how the tokens were found; None if not given
    codec : SpeechCodec that turns recordings into codes; None until it is given or needed
    codec_facts : dict, which codec the tokens are codes of: name, hash, CodecSpec; None: not known
    results : dict, "data" and "metrics" of the training, see `fine_tune`
    """

    model: torch.nn.Module
    tokenizer: object
    task: str
    tokens: list[Token]
    settings: FineTuneSettings
    llm: LLMSpec
    selection: Selection | None = field(default=None, init=False)
    codec: SpeechCodec | None = field(default=None, init=False)
    codec_facts: dict | None = field(default=None, init=False)
    results: dict = field(default_factory=dict, init=False)

    @property
    def label_names(self) -> list[str]:
        """The classes, in the order of the logits."""
        return [name for _, name in sorted(self.model.config.id2label.items())]

    @property
    def ids(self) -> dict[str, int]:
        """Name -> id of markers and speech tokens."""
        names = list_added_names(self.tokens)
        return dict(zip(names, self.tokenizer.convert_tokens_to_ids(names), strict=True))

    def encode(self, clips: Sequence[Clip], silent: bool = False) -> tuple[list[Prompt], PromptReport]:
        """Build the prompts of clips as in training; `silent` leaves their audio part empty."""
        return encode_prompts(self.tokenizer, clips, [] if silent else self.tokens, self.settings.prompt)

    def make_items(self, clips: Sequence[Clip], silent: bool = False) -> tuple[list[dict], PromptReport]:
        """Build what `pad_batch` takes: prompts as `encode` does, with the features that a fusion reads."""
        prompts, report = self.encode(clips, silent)
        items = [{"input_ids": prompt.input_ids} for prompt in prompts]
        if n := self.settings.n_features:
            items = [item | {"features": read_features(c, n)} for item, c in zip(items, clips, strict=True)]
        return items, report

    def predict(self, clips: Sequence[Clip]) -> np.ndarray:
        """Compute the logits of clips: float32 array, shape (n_clips, n_classes) in the order of the clips.

        Clips of similar length share a batch; padding changes logits by rounding alone (about 1e-5). Equal
        prompts, as of the same words without tokens, are computed once.
        """
        items = self.make_items(clips)[0]
        keys = [(tuple(item["input_ids"]), np.asarray(item.get("features", ())).tobytes()) for item in items]
        distinct = dict(zip(keys, items, strict=True))
        logits = np.empty((len(distinct), self.model.config.num_labels), dtype=np.float32)
        some, pad_id = list(distinct.values()), self.tokenizer.pad_token_id
        for places, batch in batch_items(some, 32, pad_id, self.model.device):
            with torch.inference_mode():
                logits[places] = self.model.eval()(**batch).logits.float().cpu().numpy()
        number = {key: place for place, key in enumerate(distinct)}
        return logits[[number[key] for key in keys]]

    def predict_wav(self, wav: np.ndarray | AudioFiles, text: str) -> np.ndarray:
        """Compute the logits of one recording, bit for bit those of ``predict([clip])`` of the same clip.

        Parameters
        ----------
        wav : float array, shape (n_samples,), full scale 1, at the codec's sample rate; or a sound file, or
            several that are joined. A classifier of words alone does not look at it
        text : str, what is said, written as the texts of the training were (lower case in the demo corpus)
        """
        return self.predict([self.make_clip(wav, text)])[0]

    def make_clip(self, wav: np.ndarray | AudioFiles | None, text: str) -> Clip:
        """Make a clip of one recording, see `predict_wav`, with codes if this classifier hears."""
        clip = Clip("recording", text, None)
        if not self.settings.use_audio:
            return clip
        if wav is None:
            raise ValueError(f"classifier {self.task!r}: hears, so it needs the sound beside the text")
        if self.codec is None:
            self.use_codec()
        spec = self.codec.spec
        wav = wav if isinstance(wav, np.ndarray) else load_audio(wav, spec.sample_rate)
        if not np.issubdtype(wav.dtype, np.floating):
            raise ValueError(f"wav: has dtype {wav.dtype}, expected floats between -1 and 1")
        return replace(clip, codes=self.codec.encode(wav), spec=spec)

    def use_codec(self, codec: SpeechCodec | str | Path | None = None) -> None:
        """Take a codec for recordings: loaded, or a folder or hub name; None: that of the training.

        One that the tokens are not codes of raises ValueError, which names both.
        """
        known, where = self._known_codec() or {}, f"classifier {self.task!r}"
        if codec is None and not known.get("name"):
            raise ValueError(f"{where}: does not name its codec; load it with codec=... or use_codec(...)")
        if codec is None or isinstance(codec, str | Path):
            codec = load_codec(codec or known["name"], n_layers=known.get("n_layers"))
        if not known:
            raise ValueError(f"{where}: does not say which codec its tokens are codes of; save it with one")
        if codec.hash != known["hash"]:
            both = (known.get("name"), known["hash"]), (codec.name, codec.hash)
            own, other = (f"{name or 'a codec'} (hash {code})" for name, code in both)
            raise ValueError(f"{where}: its tokens are codes of {own}, each another sound in {other}")
        spec = {name: getattr(codec.spec, name) for name in CODEC_FACTS}
        self.codec, self.codec_facts = codec, {"name": codec.name, "hash": codec.hash} | spec

    def _known_codec(self) -> dict | None:
        """Say what is known of the codec of the tokens: all, or the hash that the selection has, or None."""
        return self.codec_facts or (self.selection and {"hash": self.selection.codec_hash})

    def save(self, folder: str | Path, codec: SpeechCodec | None = None, corpus: str | Path = "") -> None:
        """Save all but base model and codec; these are named, with their hashes (see `artefact`).

        `codec` made the clips' codes; another than the selection's raises ValueError. Without it the artefact
        has the selection's hash alone, and who loads it must say which codec that is. The model card names
        `corpus`.
        """
        self.codec_facts = self._known_codec() or (codec and {"hash": codec.hash})
        if codec is not None:
            self.use_codec(codec)
        if corpus:
            self.results = {**self.results, "corpus": str(corpus)}
        about = {name: getattr(self, name) for name in ("task", "label_names", "tokens", "codec_facts")}
        about |= {"llm_name": str(self.llm.name), "llm_hash": self.llm.hash, "dtype": self.llm.dtype}
        about |= {"quantization": self.llm.quantization, "device": self.model.device.type}
        about["settings"] = self.settings.to_record()
        embeddings = read_embeddings(self.model, self.ids)
        save_artefact(folder, about, embeddings, self.model, self.selection, self.results)

    @classmethod
    def from_pretrained(
        cls,
        folder: str | Path,
        base: str | Path | None = None,
        codec: SpeechCodec | str | Path | None = None,
    ) -> "SpeechTokenClassifier":
        """Load what `save` wrote; on the same machine the logits equal those before saving bit for bit.

        `folder` may be owner/name of the hub, see `hub.push_to_hub`. `base` is the name or folder of the base
        model, None the one that was saved; `codec` see `use_codec`. A classifier that was saved on a GPU goes
        there where there is one. A file of another format, and another base model or codec than the
        training's, raise ValueError.
        """
        folder = find_artefact(folder)
        about, embeddings, selection, results = read_artefact(folder)
        settings, tokens = FineTuneSettings.from_record(about["settings"]), [*map(tuple, about["tokens"])]
        llm = LLMSpec(about["llm_name"], about["dtype"], about["quantization"], about["llm_hash"])
        given = replace(llm, name=base or llm.name)
        model, tokenizer = load_llm(given, len(about["label_names"]))
        if (found := hash_llm(model)) != llm.hash:
            used = f"{folder}: was trained upon {llm.name} with hash {llm.hash}"
            raise ValueError(f"{used}, but {given.name} has hash {found}")
        model.config.id2label = dict(enumerate(about["label_names"]))
        frozen = replace(settings, train_embeddings=False)  # as trained they are written into the matrix
        model = wrap_classifier(model, tokenizer, tokens, embeddings, frozen)
        load_adapter(folder, model)
        if llm.quantization is None and about["device"] == "cuda" and torch.cuda.is_available():
            model.to("cuda")
        loaded = cls(model, tokenizer, about["task"], tokens, settings, llm)
        loaded.selection, loaded.codec_facts, loaded.results = selection, about["codec_facts"], results
        if codec is not None:
            loaded.use_codec(codec)
        return loaded
