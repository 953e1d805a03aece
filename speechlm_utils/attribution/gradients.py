"""Which tokens of a prompt a prediction rests on: integrated gradients over the classifier's embeddings.

Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks" (arXiv 1703.01365), through captum. The
attributions of all tokens add up to the score of the class less its score at the baseline, but for an error
of the integration, which every `Attribution` carries. Shapley values, whose sum is exact, are in `shapley`.
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
from ..tokens import find_kept
from ..torch_settings import quiet_transformers

MARKER, TEXT, AUDIO = "marker", "text", "audio"
KINDS = (TEXT, AUDIO, MARKER)


@dataclass(frozen=True)
class Attribution:
    """What each token of a clip's prompt adds to the score of a class.

    Attributes
    ----------
    names : list of str, the tokens of the prompt
    kinds : list of str, "text", "audio" or "marker" for each
    scores : float array, shape (n_positions,), in logits; positive speaks for the class
    frames : int array, shape (n_positions,), where an audio token stands in the clip; -1 for the others
    target : int, the class
    score, baseline_score : float, its logit for the prompt and for the baseline
    delta : float, completeness error: sum of `scores` less (`score` less `baseline_score`)
    """

    names: list[str]
    kinds: list[str]
    scores: np.ndarray
    frames: np.ndarray
    target: int
    score: float
    baseline_score: float
    delta: float

    def sums(self) -> dict[str, float]:
        """Add up the scores of words, of audio tokens and of markers."""
        kinds = np.array(self.kinds)
        return {kind: float(self.scores[kinds == kind].sum()) for kind in KINDS}

    @property
    def relative_error(self) -> float:
        """The completeness error as a share of what the scores should add up to."""
        return abs(self.delta) / max(abs(self.score - self.baseline_score), 1e-6)


def attribute_clip(
    classifier: SpeechTokenClassifier,
    clip: Clip,
    target: int | None = None,
    n_steps: int = 32,
    batch_size: int = 8,
    filler: str | None = None,
) -> Attribution:
    """Attribute the logit of a class to the tokens of a clip's prompt.

    The baseline keeps the markers and has, in place of every word and every audio token, one and the same
    vector that says nothing in particular, in a prompt of the same length.

    Parameters
    ----------
    classifier : SpeechTokenClassifier
    clip : with codes, if the classifier reads audio
    target : int, the class; None takes the most probable one
    n_steps : int, points of the integral (Gauss-Legendre)
    batch_size : int, points that are computed together
    filler : str, a piece of text that is one token, such as " the", whose row fills the baseline; None takes
        the mean of the rows of the vocabulary

    Raises
    ------
    ValueError
        If `target` is not one of the classes, or `filler` is not one token.
    """

    def integrate(asked: Question) -> torch.Tensor:
        return IntegratedGradients(asked.read).attribute(
            asked.embedded,
            asked.baseline,
            target=asked.target,
            n_steps=n_steps,
            internal_batch_size=batch_size,
        )

    return ask(classifier, clip, target, filler, integrate)


@dataclass(frozen=True)
class Question:
    """What a method of captum is asked about a prompt.

    Attributes
    ----------
    read : function from embeddings (n, n_positions, width) to logits (n, n_classes)
    embedded, baseline : float32 tensors, shape (1, n_positions, width)
    kinds : list of str, "text", "audio" or "marker" for each position
    target : int, the class
    """

    read: Callable[[torch.Tensor], torch.Tensor]
    embedded: torch.Tensor
    baseline: torch.Tensor
    kinds: list[str]
    target: int


def ask(
    classifier: SpeechTokenClassifier,
    clip: Clip,
    target: int | None,
    filler: str | None,
    method: Callable[[Question], torch.Tensor],
) -> Attribution:
    """Ask a method about a clip's prompt.

    Parameters
    ----------
    classifier, clip, target, filler : as in `attribute_clip`, with its errors
    method : returns values of shape (1, n_positions, any), which are added up for each position
    """
    prompt, asked = pose(classifier, clip, target, filler)
    with quiet_transformers(), torch.inference_mode():  # it warns of padding, there is none
        ends = asked.read(torch.cat([asked.embedded, asked.baseline]))[:, asked.target].float().cpu().numpy()
    with quiet_transformers():
        values = method(asked).detach().float()[0]
    scores = values.sum(dim=-1).cpu().numpy()
    score, baseline_score = map(float, ends)
    names = classifier.tokenizer.convert_ids_to_tokens(prompt.input_ids)
    _, frames = describe_positions(classifier, clip, prompt)
    delta = float(scores.sum() - (score - baseline_score))
    return Attribution(names, asked.kinds, scores, frames, asked.target, score, baseline_score, delta)


def pose(
    classifier: SpeechTokenClassifier, clip: Clip, target: int | None = None, filler: str | None = None
) -> tuple[Prompt, Question]:
    """Make a clip's prompt and the question about it; arguments and errors as in `attribute_clip`."""
    n_classes = len(classifier.label_names)
    if target is not None and not 0 <= target < n_classes:
        raise ValueError(f"target={target}: the classes are numbered 0 to {n_classes - 1}")
    prompt, model = classifier.encode([clip])[0][0], classifier.model.eval()
    kinds, _ = describe_positions(classifier, clip, prompt)
    embedded = embed(classifier, prompt.input_ids)
    baseline, read = make_baseline(classifier, embedded, kinds, filler), _make_reader(model)
    if target is None:
        with quiet_transformers(), torch.inference_mode():
            target = int(read(embedded)[0].argmax())
    return prompt, Question(read, embedded, baseline, kinds, target)


def read_path(
    classifier: SpeechTokenClassifier,
    clip: Clip,
    target: int | None = None,
    n_points: int = 129,
    batch_size: int = 16,
    filler: str | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Read the score of a class on the straight way that the integral takes, from baseline to prompt.

    Returns
    -------
    way : float array, shape (n_points,), 0 at the baseline, 1 at the prompt
    scores : float array, shape (n_points,), in logits
    """
    _, asked = pose(classifier, clip, target, filler)
    way = torch.linspace(0, 1, n_points, device=asked.embedded.device)
    with quiet_transformers(), torch.inference_mode():
        parts = [
            asked.read(torch.lerp(asked.baseline, asked.embedded, part[:, None, None]))[:, asked.target]
            for part in way.split(batch_size)
        ]
    return way.cpu().numpy(), torch.cat(parts).float().cpu().numpy()


def describe_positions(
    classifier: SpeechTokenClassifier, clip: Clip, prompt: Prompt
) -> tuple[list[str], np.ndarray]:
    """Name the kind of every position of a prompt, and the frame of the clip where its audio tokens stand.

    Returns
    -------
    kinds : list of str; frames : int array, shape (n_positions,), -1 where there is no audio token
    """
    ids = np.array(prompt.input_ids)
    markers = classifier.tokenizer.convert_tokens_to_ids(list(MARKERS))
    is_audio = np.isin(ids, [i for i in classifier.ids.values() if i not in markers])
    kinds = np.where(is_audio, AUDIO, np.where(np.isin(ids, markers), MARKER, TEXT)).tolist()
    frames = np.full(len(ids), -1)
    if is_audio.any():
        collapse = classifier.settings.collapse_repeats
        found, _ = find_kept(clip.codes, classifier.tokens, collapse)
        frames[is_audio] = found[: prompt.n_audio]
    return kinds, frames


def embed(classifier: SpeechTokenClassifier, input_ids: Sequence[int]) -> torch.Tensor:
    """Look up the embeddings that the model really uses, trained rows among them.

    Returns
    -------
    embedded : float32 tensor, shape (1, n_positions, width), also of a model in half precision: the steps of
        the integral are added up in it
    """
    ids = torch.tensor([list(input_ids)], device=classifier.model.device)
    with torch.no_grad():
        return classifier.model.get_input_embeddings()(ids).detach().float()


def make_baseline(
    classifier: SpeechTokenClassifier,
    embedded: torch.Tensor,
    kinds: Sequence[str],
    filler: str | None = None,
) -> torch.Tensor:
    """Put the filler's row, or the mean row, in the place of all but the markers; shaped like `embedded`."""
    table = classifier.model.get_input_embeddings()
    weight = getattr(table, "original_module", getattr(table, "base_layer", table)).weight
    if filler is None:
        row = weight.detach().float().mean(dim=0)
    else:
        ids = classifier.tokenizer(filler, add_special_tokens=False, split_special_tokens=True).input_ids
        if len(ids) != 1:
            raise ValueError(f"filler={filler!r}: is {len(ids)} tokens, one is needed")
        row = embed(classifier, ids)[0, 0]
    replaced = torch.tensor([kind != MARKER for kind in kinds], device=embedded.device)
    return torch.where(replaced[None, :, None], row, embedded)


def read_attention(classifier: SpeechTokenClassifier, clip: Clip) -> np.ndarray:
    """Read how the last position of a clip's prompt, which the head sees, divides its attention.

    Returns
    -------
    weights : float32 array, shape (n_blocks, n_positions), mean over the heads; a block's weights add up to 1
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


def _make_reader(model):
    """Return a function from embeddings (n, n_positions, width) to logits, without any padding."""

    dtype = next(model.parameters()).dtype

    def read(embedded: torch.Tensor) -> torch.Tensor:
        mask = torch.ones(embedded.shape[:2], dtype=torch.long, device=embedded.device)
        # without ids a classification model cannot know where the prompt ends and takes the last position,
        # which is the end: there is no padding
        return model(inputs_embeds=embedded.to(dtype), attention_mask=mask).logits

    return read
