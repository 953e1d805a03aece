"""Which tokens of a prompt a prediction rests on: integrated gradients over the classifier's embeddings.

Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks" (arXiv 1703.01365), through captum. The
attributions of all tokens add up to the score of the class less its score at the baseline, but for an error
of the integration, which every `Attribution` carries. Shapley values, whose sum is exact, are in `shapley`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from captum.attr import IntegratedGradients

from ..clips import Clip
from ..finetuning.classifier import SpeechTokenClassifier
from ..torch_settings import quiet_transformers
from .question import KINDS, Question, pose

STEPS_TOGETHER = 8  # prompts that are computed in one batch


@dataclass(frozen=True)
class Attribution:
    """What each token of a clip's prompt adds to the score of a class.

    Attributes
    ----------
    names : the tokens of the prompt
    kinds : str array, shape (n_positions,), "text", "audio" or "marker"
    frames : int array, shape (n_positions,), where an audio token stands in the clip; -1 for the others
    scores : float array, shape (n_positions,), in logits; positive speaks for the class
    target : int, the class
    score, baseline_score : float, its logit for the prompt and for the baseline
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
