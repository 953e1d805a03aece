"""Step 2: train the embeddings of the new tokens on unlabelled speech, all else frozen (arXiv 2512.07571)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from peft import TrainableTokensConfig

from ..clips import Clip
from ..llm.embeddings import read_embeddings
from ..llm.load import hash_llm
from ..llm.prompts import PromptReport, encode_prompts
from ..llm.spec import TrainSettings
from ..llm.trainer import find_scores, run_trainer, wrap_model
from ..llm.vocabulary import add_speech_tokens, embedding_matrices
from ..tokens import Token
from .causal_loss import CausalTrainer, audio_loss, check_logits, make_item, unigram_loss

N_JUDGED = 100
"""Training clips on which losses are measured where there are no validation clips."""


@dataclass(frozen=True)
class PretrainSettings(TrainSettings):
    """Settings of step 2; the defaults are the paper's but for `loss_on`.

    Attributes
    ----------
    loss_on : "audio" has the loss at the speech tokens and the end marker only; "all" at the words too, as
        the paper. Words have no embedding that is trained, they only teach the new ones what stands before
        words; without them the 49,152 logits are computed at fewer positions, which saves about 6 % of a step
    """

    learning_rate: float = 3e-4
    loss_on: str = "audio"

    def __post_init__(self):
        if self.loss_on not in ("audio", "all"):
            raise ValueError(f"loss_on={self.loss_on!r}: must be 'audio' or 'all'")


@dataclass(frozen=True)
class PretrainResult:
    """Trained embeddings and how they came to be; losses are nats per token.

    Attributes
    ----------
    embeddings : dict, name -> float32 array, shape (width,): markers first, then the tokens; then, where the
        output head is not tied, the same with "output:" before the name
    losses : float array, shape (n_steps,), of each step (its batch alone)
    loss_before, loss_after : at the speech tokens and the end marker of the validation clips (of the first
        `N_JUDGED` training clips if there are none), with the embeddings as sampled and as trained
    baseline : the same clips' unigram loss
    epoch_losses : the loss at each validation, mean over batches
    report : of the training prompts
    """

    embeddings: dict[str, np.ndarray]
    losses: np.ndarray
    loss_before: float
    loss_after: float
    baseline: float
    epoch_losses: list[float]
    report: PromptReport


def pretrain_token_embeddings(
    model,
    tokenizer,
    clips_by_split: Mapping[str, Sequence[Clip]],
    tokens: Sequence[Token],
    settings: PretrainSettings = PretrainSettings(),
    progress: bool = False,
) -> PretrainResult:
    """Add the tokens to the model and train their embeddings with the causal loss; nothing else moves.

    Parameters
    ----------
    model, tokenizer : causal model from `load_llm`; both are changed in place, the model keeps the embeddings
    clips_by_split : dict with "train" and, for early stopping and the losses that the result reports,
        "validation"; clips with codes, labels are not used
    progress : bool, a tqdm bar

    If an embedding of the old vocabulary, or another weight, is not bit-identical afterwards, RuntimeError.
    """
    check_logits(model)
    ids = add_speech_tokens(tokenizer, model, tokens, settings.seed)
    splits = {split: clips for split, clips in clips_by_split.items() if clips}
    encoded = {s: encode_prompts(tokenizer, clips, tokens, settings.prompt) for s, clips in splits.items()}
    prompts, report = encoded["train"]
    judged = encoded["validation"][0] if "validation" in encoded else prompts[:N_JUDGED]
    loss_before = audio_loss(model, judged, tokenizer.pad_token_id, settings.batch_size)
    old, old_hash = [weight.detach().clone() for weight in embedding_matrices(model)], hash_llm(model)
    items = {"train": [make_item(prompt, settings.loss_on) for prompt in prompts]}
    if "validation" in encoded:
        items["validation"] = [make_item(prompt, "audio") for prompt in judged]
    log = _train_embeddings(model, list(ids.values()), items, settings, tokenizer.pad_token_id, progress)
    _check_frozen(model, old, old_hash, ids)
    return PretrainResult(
        embeddings=read_embeddings(model, ids),
        losses=np.array(find_scores(log, "loss")),
        loss_before=loss_before,
        loss_after=audio_loss(model, judged, tokenizer.pad_token_id, settings.batch_size),
        baseline=unigram_loss(prompts, judged, n_kinds=len(tokens) + 1),
        epoch_losses=find_scores(log, "eval_loss"),
        report=report,
    )


def _train_embeddings(model, new: Sequence[int], items, settings, pad_id: int, progress: bool) -> list[dict]:
    """Wrap, train, and merge the trained embeddings into the model; return the Trainer's log."""
    ends = (model.get_input_embeddings(), model.get_output_embeddings())
    targets = [name for name, module in model.named_modules() if module in ends]
    if len(embedding_matrices(model)) == 1:
        targets = None  # the input embeddings, and a tied head follows
    wrapped = wrap_model(model, TrainableTokensConfig(token_indices=new, target_modules=targets))
    title = "training token embeddings" if progress else None
    log = run_trainer(wrapped, items, settings, pad_id, CausalTrainer, title)
    wrapped.merge_and_unload()
    for weight in model.parameters():
        weight.requires_grad_(weight.is_floating_point())  # weights in 4 bits are integers
    model.config.use_cache = True
    return log


def _check_frozen(model, old: Sequence[torch.Tensor], old_hash: str, ids: Mapping[str, int]) -> None:
    """Raise RuntimeError if an old embedding, or a weight of another layer, is not what it was."""
    for before, after in zip(old, embedding_matrices(model), strict=True):
        is_old = torch.ones(len(after), dtype=torch.bool)
        is_old[list(ids.values())] = False
        changed = (before[is_old].to(after.device) != after.detach()[is_old]).any(dim=1)
        if changed.any():
            place = int(torch.nonzero(is_old)[changed.cpu()][0])
            raise RuntimeError(f"embedding {place} of the old vocabulary was changed by the training")
    if hash_llm(model) != old_hash:
        raise RuntimeError(f"a frozen layer was changed: the model's hash is not {old_hash} any more")
