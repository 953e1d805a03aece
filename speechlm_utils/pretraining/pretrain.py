"""Step 2: train the rows of the new tokens on unlabelled speech, all else frozen (arXiv 2512.07571)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from peft import TrainableTokensConfig

from ..clips import Clip
from ..llm.embeddings import (
    OUTPUT,
    load_rows,
    nearest_tokens,
    read_output_rows,
    read_rows,
    save_rows,
    write_rows,
)
from ..llm.load import hash_llm
from ..llm.prompts import PromptReport, encode_prompts
from ..llm.trainer import find_scores, run_trainer, wrap_model
from ..llm.vocabulary import add_speech_tokens
from ..tokens import Token
from .causal_loss import RowTrainer, audio_loss, check_logits, make_item, unigram_loss

__all__ = [
    "PretrainResult",
    "PretrainSettings",
    "audio_loss",
    "load_rows",
    "nearest_tokens",
    "pretrain_rows",
    "read_rows",
    "save_rows",
    "unigram_loss",
    "write_rows",
]


@dataclass(frozen=True)
class PretrainSettings:
    """Settings of step 2; the defaults are the paper's but for `loss_on`.

    Attributes
    ----------
    learning_rate : float, falls linearly to 0 after the warm-up
    batch_size : int, clips
    n_epochs : int, passes over the clips at most
    max_steps : int or None, steps; if given it replaces n_epochs
    warmup : float, share of the steps
    eval_steps : int or None, validate every so many steps; None: after each epoch
    patience : int, validations without a better loss before training stops
    max_length : int, tokens of a prompt
    loss_on : "audio" has the loss at the speech tokens and the end marker only; "all" at the words too, as
        the paper. Words have no row that is trained, they only teach the rows what stands before words;
        without them the 49,152 logits are computed at fewer positions, which saves about 6 % of a step
    collapse_repeats : bool, True writes a token that lasts over several frames once, see `kept_tokens`
    seed : int
    """

    learning_rate: float = 3e-4
    batch_size: int = 32
    n_epochs: int = 5
    max_steps: int | None = None
    eval_steps: int | None = None
    warmup: float = 0.05
    patience: int = 3
    max_length: int = 256
    loss_on: str = "audio"
    collapse_repeats: bool = False
    seed: int = 0

    def __post_init__(self):
        if self.loss_on not in ("audio", "all"):
            raise ValueError(f"loss_on={self.loss_on!r}: must be 'audio' or 'all'")


@dataclass(frozen=True)
class PretrainResult:
    """Trained rows and how they came to be; losses are nats per token.

    Attributes
    ----------
    names : list of str, markers first, then the tokens
    rows : float32 array, shape (n_new, width), in the order of `names`
    losses : float array, shape (n_steps,), training loss of each step (its batch alone)
    loss_before, loss_after : float, at the speech tokens and the end marker of the validation clips (of the
        training clips if there are none), with the rows as drawn and as trained
    baseline : float, the same clips' unigram loss
    epoch_losses : list of float, the loss at each validation, mean over batches; empty without
        validation clips
    report : PromptReport of the training prompts
    settings : PretrainSettings
    output_rows : float32 array like `rows`, those of an output head that is not tied; None if it is
    """

    names: list[str]
    rows: np.ndarray
    losses: np.ndarray
    loss_before: float
    loss_after: float
    baseline: float
    epoch_losses: list[float]
    report: PromptReport
    settings: PretrainSettings
    output_rows: np.ndarray | None = None

    @property
    def rows_by_name(self) -> dict[str, np.ndarray]:
        """Name -> row as `save_rows`, `write_rows`, `fine_tune` take it; "output:NAME" of an untied head."""
        rows = dict(zip(self.names, self.rows, strict=True))
        if self.output_rows is not None:
            rows |= {OUTPUT + name: row for name, row in zip(self.names, self.output_rows, strict=True)}
        return rows


def pretrain_rows(
    model,
    tokenizer,
    clips: Sequence[Clip],
    tokens: Sequence[Token],
    settings: PretrainSettings | None = None,
    validation: Sequence[Clip] = (),
    progress: bool = False,
) -> PretrainResult:
    """Add the tokens to the model and train their rows with the causal loss; nothing else moves.

    Parameters
    ----------
    model, tokenizer : causal model from `load_llm`; both are changed in place, the model keeps the rows
    clips : with codes; labels are not used
    tokens : sequence of (layer, code)
    settings : PretrainSettings
    validation : clips for early stopping and for the losses that the result reports
    progress : bool, a tqdm bar

    Raises
    ------
    RuntimeError
        If a row of the old vocabulary, or another weight, is not bit-identical afterwards.
    ValueError
        If the model computes its logits in a way that is not known here (`check_logits`).
    """
    settings = settings or PretrainSettings()
    check_logits(model)
    ids = add_speech_tokens(tokenizer, model, tokens, settings.seed)
    how = {"max_length": settings.max_length, "collapse_repeats": settings.collapse_repeats}
    prompts, report = encode_prompts(tokenizer, clips, tokens, **how)
    held_out = encode_prompts(tokenizer, validation, tokens, **how)[0] if validation else []
    judged = held_out or prompts
    loss_before = audio_loss(model, judged, tokenizer.pad_token_id, settings.batch_size)
    old_rows, old_hash = [weight.detach().clone() for weight in _matrices(model)], hash_llm(model)
    log = _train_rows(model, tokenizer, ids, prompts, held_out, settings, progress)
    _check_frozen(model, old_rows, old_hash, ids)
    rows, output_rows = read_rows(model, ids), read_output_rows(model, ids)
    return PretrainResult(
        names=list(ids),
        rows=np.stack(list(rows.values())),
        losses=np.array(find_scores(log, "loss")),
        loss_before=loss_before,
        loss_after=audio_loss(model, judged, tokenizer.pad_token_id, settings.batch_size),
        baseline=unigram_loss(prompts, judged, n_kinds=len(tokens) + 1),
        epoch_losses=find_scores(log, "eval_loss"),
        report=report,
        settings=settings,
        output_rows=np.stack(list(output_rows.values())) if output_rows else None,
    )


def _train_rows(model, tokenizer, ids, prompts, held_out, settings, progress) -> list[dict]:
    """Wrap, train, and merge the trained rows into the model; return the Trainer's log."""
    is_tied = len(_matrices(model)) == 1
    targets = None if is_tied else _name_matrices(model)  # None: the input rows, and a tied head follows
    config = TrainableTokensConfig(token_indices=list(ids.values()), target_modules=targets)
    wrapped = wrap_model(model, config)
    log = run_trainer(
        wrapped,
        [make_item(prompt, settings.loss_on) for prompt in prompts],
        [make_item(prompt, "audio") for prompt in held_out],
        settings,
        tokenizer.pad_token_id,
        metric="loss",
        trainer_class=RowTrainer,
        progress="training rows" if progress else None,
    )
    wrapped.merge_and_unload()
    for weight in model.parameters():
        weight.requires_grad_(weight.is_floating_point())  # weights in 4 bits are integers
    model.config.use_cache = True
    return log


def _matrices(model) -> list[torch.Tensor]:
    """Return the input rows and, in an untied model, the output head's."""
    modules = (model.get_input_embeddings(), model.get_output_embeddings())
    return list({id(module.weight): module.weight for module in modules}.values())


def _name_matrices(model) -> list[str]:
    """Return the module names of input rows and output head."""
    modules = (model.get_input_embeddings(), model.get_output_embeddings())
    return [name for name, module in model.named_modules() if any(module is m for m in modules)]


def _check_frozen(model, old_rows: Sequence[torch.Tensor], old_hash: str, ids: Mapping[str, int]) -> None:
    """Raise RuntimeError if an old row, or a weight of another layer, is not what it was."""
    for before, after in zip(old_rows, _matrices(model), strict=True):
        is_old = torch.ones(len(after), dtype=torch.bool)
        is_old[list(ids.values())] = False
        changed = (before[is_old].to(after.device) != after.detach()[is_old]).any(dim=1)
        if changed.any():
            row = int(torch.nonzero(is_old)[changed.cpu()][0])
            raise RuntimeError(f"row {row} of the old vocabulary was changed by the training of the new rows")
    if hash_llm(model) != old_hash:
        raise RuntimeError(f"a frozen layer was changed: the model's hash is not {old_hash} any more")
