"""One object per notebook: the corpus with codes, and each step's artefact, loaded or made."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sklearn.base import clone
from sklearn.pipeline import Pipeline

from .clips import Clip, hash_corpus, label_ids, label_names, sample_clips
from .codec.base import SpeechCodec
from .codec.cache import encode_clips
from .codec.load import load_codec
from .codec.shipped import unpack_codes
from .corpus.load import load_corpus
from .llm.spec import LLMSpec, fingerprint_llm
from .selection.l1 import L1LogisticRegression
from .selection.path import find_C_for_count
from .selection.selection import Selection, list_differences, make_selection, read_settings
from .selection.selector import make_selector
from .tokens import token_name

if TYPE_CHECKING:
    from .finetuning.classifier import SpeechTokenClassifier
    from .pretraining.pretrain import PretrainSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Experiment:
    """A corpus, a codec, a language model and the folder of one run.

    Parameters
    ----------
    corpus_dir, codec_name : folder in the AudioFolder convention; folder or hub name, see `load_codec`
    run_dir : where the steps leave what the next ones need
    cache_dir : codes and acoustic features, shared by all runs
    seed : int
    clips_per_split : int, at most so many clips of a task in each split, see `sample_clips`; None for all
    llm : LLMSpec, the language model of steps 2 and 3
    tasks, columns : which columns of the corpus's table hold labels, and what others mean, see `load_corpus`
    n_jobs : int, processes that encode clips, of one thread each; -1 for one per core
    """

    corpus_dir: str | Path
    codec_name: str
    run_dir: str | Path
    cache_dir: str | Path
    seed: int = 0
    clips_per_split: int | None = None
    llm: LLMSpec = field(default_factory=LLMSpec)
    n_jobs: int = 2
    tasks: Sequence[str] | None = None
    columns: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def codec(self) -> SpeechCodec:
        """The speech tokenizer, loaded once; codes that the corpus brings along go into the cache."""
        codec = load_codec(self.codec_name)
        unpack_codes(self.corpus_dir, codec, self.cache_dir)
        return codec

    @cached_property
    def corpus(self) -> list[Clip]:
        """All clips of the corpus, without codes."""
        return load_corpus(self.corpus_dir, tasks=self.tasks, columns=self.columns)

    def clips(
        self, task: str | None = None, split: str | None = None, rms_dbfs: float | None = None
    ) -> list[Clip]:
        """Return the clips of a task and split (None: all) with codes, encoded or read from the cache.

        `rms_dbfs` brings every clip to this level before encoding.
        """
        splits = [split] if split else sorted({clip.split for clip in self.corpus})
        size = self.clips_per_split, self.seed
        some = [clip for name in splits for clip in sample_clips(self.corpus, task, name, *size)]
        return encode_clips(some, self.codec, self.cache_dir, rms_dbfs, n_jobs=self.n_jobs)

    def unlabelled(self, rms_dbfs: float | None = None) -> list[Clip]:
        """Return the clips for step 2: the unlabelled part, or train's where a corpus has none."""
        has_part = any(clip.split == "unlabelled" for clip in self.corpus)
        return self.clips(split="unlabelled" if has_part else "train", rms_dbfs=rms_dbfs)

    def selection(
        self,
        task: str,
        n_tokens: int = 75,
        rms_dbfs: float | None = None,
        refresh: bool = False,
        selector: Pipeline | None = None,
        C: float | None = None,
    ) -> Selection:
        """Load the task's selection from the run folder, or select about n_tokens on train and write it.

        A file made from other clips, another codec or another number of tokens is made again, and so is one
        that records other settings than those of a selector or C given here.

        Parameters
        ----------
        task, rms_dbfs : as in `clips`
        n_tokens : int, wanted; C is searched for it, unless it is given
        refresh : bool, True selects again whatever lies in the run folder
        selector : see `make_selector`, a clone is fitted; None takes its defaults, or what lies there
        """
        level = "" if rms_dbfs is None else f"_rms{rms_dbfs:g}"
        path = Path(self.run_dir) / f"selection_{task}_{n_tokens}{level}.json"
        train = self.clips(task, "train", rms_dbfs)
        if path.exists() and not refresh:
            selection = Selection.load(path)
            wanted = {"codec_hash": self.codec.hash, "corpus_hash": hash_corpus(train), "C": C}
            if selector is not None:
                layers = selector["counts"].layers or self.codec.spec.acoustic_layers
                wanted |= read_settings(selector) | {"layers": tuple(layers)}
            if not (other := list_differences(selection, wanted)):
                return selection
            log.warning("%s: was made with another %s; selecting again", path, ", ".join(other))
        selector = clone(selector or make_selector(L1LogisticRegression(random_state=self.seed)))
        y = label_ids(train, task, names := label_names(train, task))
        C = find_C_for_count(selector, train, y, n_tokens)[0] if C is None else C
        selector.set_params(l1__C=C).fit(train, y)
        selection = make_selection(selector, train, task, names, self.codec.hash)
        selection.save(path)
        return selection

    def token_embeddings(self, selection: Selection, settings: "PretrainSettings", as_found=False) -> dict:
        """Load the embeddings pre-trained for a selection, or train them: token name -> float32 (width,).

        Those of other tokens, clips, settings (unless `as_found`), codec or language model are trained again.
        """
        from .llm.checkpoints import resumable
        from .llm.embeddings import load_embeddings, read_origin
        from .llm.load import load_llm
        from .pretraining.pretrain import pretrain_token_embeddings as pretrain

        path, origin = self.embeddings_path(selection), self._describe_embeddings(selection, settings)
        if path.exists():
            found = read_origin(path) | ({"settings": origin["settings"]} if as_found else {})
            if not (other := [name for name, value in origin.items() if found.get(name) != value]):
                return load_embeddings(path)
            log.warning("%s: was made with other %s; training again", path, ", ".join(other))
        with resumable(path.with_suffix(".unfinished"), wait=True):
            llm, parts = load_llm(self.llm), {"train": self.unlabelled()}
            made = pretrain(*llm, parts, selection.tokens, settings, progress=True)
            self.save_embeddings(selection, settings, made.embeddings)
        return made.embeddings

    def save_embeddings(self, selection: Selection, settings: "PretrainSettings", embeddings: dict) -> None:
        """Keep embeddings, token name -> (width,), with what they were made from, for `token_embeddings`."""
        from .llm.embeddings import save_embeddings

        origin = self._describe_embeddings(selection, settings)
        save_embeddings(self.embeddings_path(selection), embeddings, origin)

    def _describe_embeddings(self, selection: Selection, settings: "PretrainSettings") -> dict[str, str]:
        tokens = " ".join(token_name(*token) for token in selection.tokens)
        made_from = {"tokens": tokens, "clips": hash_corpus(self.unlabelled()), "codec": self.codec.hash}
        return made_from | {"llm": fingerprint_llm(self.llm), "settings": repr(settings)}

    def embeddings_path(self, selection: Selection) -> Path:
        """Where the token embeddings of a selection lie."""
        return Path(self.run_dir) / f"token_embeddings_{selection.task}_{len(selection.tokens)}.safetensors"

    def find_classifier(self, task: str, max_steps: int = 40) -> "SpeechTokenClassifier":
        """Load the classifier of a task, or train a small one, `max_steps` of 8 clips, and keep it.

        The run folder's comes first, then the shipped one: the folder `classifier` beside the corpus. One of
        another task, labels, clips, texts, codec or language model is passed over; a log message says why.
        """
        from .finetuning.classifier import SpeechTokenClassifier
        from .finetuning.origin import list_foreign

        sizes = None, self.clips_per_split
        parts = [sample_clips(self.corpus, task, "train", size, self.seed) for size in sizes]
        own = Path(self.run_dir) / f"classifier_{task}"
        for folder in filter(Path.is_dir, (own, Path(self.corpus_dir).absolute().parent / "classifier")):
            try:
                found = SpeechTokenClassifier.from_pretrained(folder, base=self.llm.name, codec=self.codec)
            except (OSError, ValueError) as error:
                log.warning("%s: cannot be used here (%s)", folder, error)
                continue
            if not (other := list_foreign(found, task, parts)):
                return found
            log.warning("%s: is of another %s, so it is not used", folder, ", ".join(other))
        log.warning("no classifier of %s yet: training a small one, %d steps", task, max_steps)
        return self._train_small(task, max_steps, own)

    def _train_small(self, task: str, max_steps: int, folder: Path):
        from .finetuning.small import train_small
        from .llm.checkpoints import resumable

        parts = self.selection(task), self.clips(task, "train")
        with resumable(folder.with_suffix(".unfinished"), wait=True):
            classifier = train_small(*parts, max_steps, self.seed, self.llm)
            classifier.save(folder, codec=self.codec, corpus=self.corpus_dir)
        return classifier
