"""What an attribution asks: a prompt as embeddings, a baseline that says nothing, a model that reads both.

Captum's `LayerIntegratedGradients` gives the same values where the baseline is a token; the mean embedding is
none, and half precision would add up its steps in half precision. So the embeddings are looked up here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..clips import Clip
from ..finetuning.classifier import SpeechTokenClassifier
from ..llm.prompts import Prompt
from ..llm.vocabulary import MARKERS
from ..tokens import list_occurrences
from ..torch_settings import quiet_transformers

MARKER, TEXT, AUDIO = "marker", "text", "audio"
KINDS = (TEXT, AUDIO, MARKER)


@dataclass(frozen=True)
class Question:
    """A clip's prompt, its baseline, and the class whose score is explained.

    `names`, `kinds`, `frames` and `target` are those of `Attribution`; `embedded` and `baseline` are float32
    tensors, shape (1, n_positions, width).
    """

    model: torch.nn.Module
    names: list[str]
    kinds: np.ndarray
    frames: np.ndarray
    embedded: torch.Tensor
    baseline: torch.Tensor
    target: int

    def read(self, embedded: torch.Tensor) -> torch.Tensor:
        """Compute the logits of the class, shape (n,), from embeddings (n, n_positions, width)."""
        return read_logits(self.model, embedded)[:, self.target]


def pose(
    classifier: SpeechTokenClassifier, clip: Clip, target: int | None = None, filler: str | None = None
) -> Question:
    """Make the question about a clip's prompt; arguments as in `attribute_clip`."""
    n_classes = len(classifier.label_names)
    if target is not None and not 0 <= target < n_classes:
        raise ValueError(f"target={target}: the classes are numbered 0 to {n_classes - 1}")
    prompt, model = classifier.encode([clip])[0][0], classifier.model.eval()
    kinds, frames = describe_positions(classifier, clip, prompt)
    names = classifier.tokenizer.convert_ids_to_tokens(prompt.input_ids)
    embedded = embed(model, prompt.input_ids)
    replaced = torch.tensor(kinds != MARKER, device=model.device)[None, :, None]
    baseline = torch.where(replaced, _find_neutral(classifier, filler), embedded)
    if target is None:
        with quiet_transformers(), torch.inference_mode():
            target = int(read_logits(model, embedded)[0].argmax())
    return Question(model, names, kinds, frames, embedded, baseline, target)


def read_logits(model: torch.nn.Module, embedded: torch.Tensor) -> torch.Tensor:
    """Compute logits (n, n_classes) from embeddings (n, n_positions, width)."""
    mask = torch.ones(embedded.shape[:2], dtype=torch.long, device=embedded.device)
    # without ids a classification model takes the last position: the end of the prompt, without padding
    return model(inputs_embeds=embedded.to(next(model.parameters()).dtype), attention_mask=mask).logits


def describe_positions(
    classifier: SpeechTokenClassifier, clip: Clip, prompt: Prompt
) -> tuple[np.ndarray, np.ndarray]:
    """Name the kind of every position of a prompt, and the frame of its audio tokens (-1 of the others)."""
    ids = np.array(prompt.input_ids)
    markers = classifier.tokenizer.convert_tokens_to_ids(list(MARKERS))
    is_audio = np.isin(ids, [i for i in classifier.ids.values() if i not in markers])
    frames = np.full(len(ids), -1)
    if is_audio.any():
        found = list_occurrences(clip.codes, classifier.tokens, classifier.settings.collapse_repeats)
        frames[is_audio] = [one.frame for one in found[: prompt.n_audio]]
    return np.select([is_audio, np.isin(ids, markers)], [AUDIO, MARKER], TEXT), frames


def embed(model: torch.nn.Module, input_ids: Sequence[int]) -> torch.Tensor:
    """Look up the embeddings that the model really uses, trained ones among them: (1, n_positions, width).

    In float32, also of a model in half precision: the steps of the integral are added up in it.
    """
    with torch.no_grad():
        return model.get_input_embeddings()(torch.tensor([input_ids], device=model.device)).detach().float()


def _find_neutral(classifier: SpeechTokenClassifier, filler: str | None) -> torch.Tensor:
    """Return the embedding of the filler, or the mean embedding: shape (width,)."""
    if filler is None:
        table = classifier.model.get_input_embeddings()
        weight = getattr(table, "original_module", getattr(table, "base_layer", table)).weight
        return weight.detach().float().mean(dim=0)
    ids = classifier.tokenizer(filler, add_special_tokens=False, split_special_tokens=True).input_ids
    if len(ids) != 1:
        raise ValueError(f"filler={filler!r}: is {len(ids)} tokens, one is needed")
    return embed(classifier.model, ids)[0, 0]
