"""Which tokens of a prompt a prediction rests on: integrated gradients over the classifier's embeddings.

Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks" (arXiv 1703.01365), through captum. Its
`LayerIntegratedGradients` takes no mean embedding as baseline and adds up in half precision, so embeddings
are looked up here. All attributions add up to the score of the class less that at the baseline, but for an
error that every `Attribution` carries. Shapley values, whose sum is exact, are in `shapley`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from captum.attr import IntegratedGradients

from ..clips import Clip
from ..finetuning.classifier import SpeechTokenClassifier
from ..llm.prompts import Prompt
from ..llm.vocabulary import MARKERS
from ..tokens import list_occurrences
from ..torch_settings import quiet_transformers

STEPS_TOGETHER = 8  # prompts that are computed in one batch
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


@dataclass(frozen=True)
class Attribution:
    """What each token of a clip's prompt, by its name, adds to the score of a class, `target`.

    All of shape (n_positions,): kinds, "text", "audio" or "marker"; frames, where an audio token stands in
    the clip, -1 for the others; scores, in logits, positive speaks for the class. score and baseline_score
    are the logits of prompt and baseline.
    """

    clip: Clip
    names: list[str]
    kinds: np.ndarray
    frames: np.ndarray
    scores: np.ndarray
    target: int
    score: float
    baseline_score: float

    @property
    def gap(self) -> float:
        """What is to be explained: the score less that of the baseline."""
        return self.score - self.baseline_score

    @property
    def delta(self) -> float:
        """The completeness error: the sum of all scores less the gap."""
        return float(self.scores.sum() - self.gap)

    @property
    def relative_error(self) -> float:
        """The completeness error as a share of the gap."""
        return abs(self.delta) / max(abs(self.gap), 1e-6)

    def sums(self) -> dict[str, float]:
        """Add up the scores of words, of audio tokens and of markers."""
        return {kind: float(self.scores[self.kinds == kind].sum()) for kind in KINDS}


def attribute_clip(
    classifier: SpeechTokenClassifier,
    clip: Clip,
    target: int | None = None,
    n_steps: int = 32,
    filler: str | None = None,
) -> Attribution:
    """Attribute the logit of a class to the tokens of a clip's prompt.

    The baseline keeps the markers and has, in place of every word and every audio token, one and the same
    embedding that says nothing in particular, in a prompt of the same length.

    Parameters
    ----------
    target : int, the class; None takes the most probable one
    n_steps : int, points of the integral (Gauss-Legendre)
    filler : str, a piece of text that is one token, such as " the", whose embedding fills the baseline; None
        takes the mean embedding of the vocabulary
    """

    def integrate(asked: Question) -> torch.Tensor:
        how = {"n_steps": n_steps, "internal_batch_size": STEPS_TOGETHER}
        return IntegratedGradients(asked.read).attribute(asked.embedded, asked.baseline, **how)

    return ask(clip, pose(classifier, clip, target, filler), integrate)


def ask(clip: Clip, asked: Question, method: Callable[[Question], torch.Tensor]) -> Attribution:
    """Ask a method about a clip's prompt; its values (1, n_positions, any) are added up by position."""
    with quiet_transformers():  # it warns of padding, there is none
        with torch.inference_mode():
            ends = asked.read(torch.cat([asked.embedded, asked.baseline])).float().tolist()
        scores = method(asked).detach().float()[0].sum(dim=-1).cpu().numpy()
    return Attribution(clip, asked.names, asked.kinds, asked.frames, scores, asked.target, *ends)


def read_attention(classifier: SpeechTokenClassifier, clip: Clip) -> np.ndarray:
    """Read how the last position of a clip's prompt, which the head sees, divides its attention.

    Returns a float32 array (n_blocks, n_positions), mean over the heads; a block's weights add up to 1.
    """
    prompt, model = classifier.encode([clip])[0][0], classifier.model.eval()
    inner = model.get_base_model()
    before = inner.config._attn_implementation
    inner.set_attn_implementation("eager")  # the fused kinds do not keep their weights
    try:
        with torch.inference_mode():
            ids = torch.tensor([prompt.input_ids], device=model.device)
            found = model(input_ids=ids, attention_mask=torch.ones_like(ids), output_attentions=True)
    finally:
        inner.set_attn_implementation(before)
    return np.stack([block[0, :, -1].float().mean(dim=0).cpu().numpy() for block in found.attentions])
