"""Shapley values of all words and all audio tokens: what each side adds, averaged over both orders.

Their sum is exact, where that of integrated gradients has an error.
"""

import torch

from ..clips import Clip
from ..finetuning.classifier import SpeechTokenClassifier
from ..torch_settings import quiet_transformers
from .gradients import AUDIO, TEXT, pose


def share_credit(
    classifier: SpeechTokenClassifier, clip: Clip, target: int | None = None, filler: str | None = None
) -> dict[str, float]:
    """Divide the score of a class between all words and all audio tokens: exact Shapley values of the two.

    What one side adds alone and what it adds beside the other, averaged. The model reads four prompts, with
    the baseline of `attribute_clip` in place of what is absent. Returns "text" and "audio" -> logits, whose
    sum is the score less the baseline's, but for rounding.
    """
    asked = pose(classifier, clip, target, filler)
    device = asked.embedded.device
    is_text, is_audio = (torch.tensor(asked.kinds == kind, device=device)[:, None] for kind in (TEXT, AUDIO))
    present = torch.stack([is_text & False, is_text, is_audio, is_text | is_audio])
    with quiet_transformers(), torch.inference_mode():
        shown = torch.where(present, asked.embedded, asked.baseline)
        nothing, words, sound, both = asked.read(shown).float().tolist()
    return {
        TEXT: ((words - nothing) + (both - sound)) / 2,
        AUDIO: ((sound - nothing) + (both - words)) / 2,
    }
