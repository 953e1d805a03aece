"""What all arms of a task read: clips with codes, selections, and measured prosody in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..acoustics.summary import measure_pauses
from ..clips import Clip, hash_corpus, label_ids, label_names
from ..codec_spec import CodecSpec
from ..evaluation.arms import Part, Recipe, fit_selector
from ..selection.selector import list_selected
from ..tokens import Token

LEVELS = ("very low", "low", "medium", "high", "very high")
PROSODY = {
    "pitch": "f0_hz",
    "loudness": "rms_db",
    "brightness": "tilt_db_oct",
    "rising": "f0_slope_st_s",
}
"""Words for measured features, clip by clip their median; "pitch range" and "pauses" join them."""


@dataclass(frozen=True)
class Material:
    """Clips of one task, and what was selected from them.

    Attributes
    ----------
    corpus, task : str
    label_names : list of str, in the order of the logits
    clips : split -> clips with codes, for train, validation and test
    unlabelled : clips with codes, for step 2
    selections : (layers, equal loudness) -> tokens, layers being "acoustic", "all" or "semantic"
    layers : name -> the numbers of these layers, see `name_layers`
    loud : as `clips` and, under "unlabelled", `unlabelled`, encoded at equal loudness; may be empty
    prosody : clip id -> its measured prosody in words; may be empty
    sizes : number -> about as many tokens of the acoustic layers; may be empty
    features : name -> clip id -> what an arm fuses, standardised on train (`standardise`); may be empty
    word_ends : clip id -> seconds at which its words end (`align_words`); may be empty
    codec_hash : str
    """

    corpus: str
    task: str
    label_names: list[str]
    clips: Mapping[str, Sequence[Clip]]
    unlabelled: Sequence[Clip]
    selections: Mapping[tuple[str, bool], Sequence[Token]]
    layers: Mapping[str, tuple[int, ...]]
    codec_hash: str
    loud: Mapping[str, Sequence[Clip]] = field(default_factory=dict)
    prosody: Mapping[str, str] = field(default_factory=dict)
    sizes: Mapping[int, Sequence[Token]] = field(default_factory=dict)
    features: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)
    word_ends: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        """Hash of the train clips: ids, texts, labels, codes."""
        return hash_corpus(self.clips["train"])


def name_layers(spec: CodecSpec) -> dict[str, tuple[int, ...]]:
    """Name the sets of layers that arms select from."""
    return {"acoustic": spec.acoustic_layers, "all": spec.layers, "semantic": spec.semantic_layers}


def select_tokens(clips: Sequence[Clip], task: str, layers: Sequence[int], n_tokens: int = 75) -> list[Token]:
    """Select about n_tokens of some layers beside the words, as step 1 does, on these train clips."""
    y = label_ids(clips, task, label_names(clips, task))
    part = Part(list(clips), y, [], Recipe(n_tokens, tuple(layers)))
    return list_selected(fit_selector(part, use_text=True))


def summarise_prosody(features: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Summarise the frames of one clip (`clip_features`): word -> value."""
    found = {word: _median(features[name]) for word, name in PROSODY.items()}
    f0 = features["f0_st"][np.isfinite(features["f0_st"])]
    found["pitch range"] = float(np.subtract(*np.quantile(f0, (0.9, 0.1)))) if f0.size else 0.0
    found["pauses"] = measure_pauses(features["rms_db"])
    return found


def write_prosody(train: Sequence[Mapping[str, float]], clips: Sequence[Mapping[str, float]]) -> list[str]:
    """Write each clip's prosody in words; the five levels divide the train clips into equal parts."""
    words = list(train[0])
    edges = {word: np.quantile([one[word] for one in train], (0.2, 0.4, 0.6, 0.8)) for word in words}
    return [
        ", ".join(f"{word}: {LEVELS[int(np.searchsorted(edges[word], one[word]))]}" for word in words)
        for one in clips
    ]


def _median(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else 0.0
