"""LoRA in the last blocks of a frozen language model: training that overfits, in seconds on a CPU.

What the blocks below the last ones compute does not change in training. So it is computed once, and each
run trains on it. The model is the real one, and so is the overfitting: few clips, their words alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from peft import LoraConfig
from torch.nn import functional

from ..clips import Clip, label_ids
from ..finetuning.lora import FineTuneSettings
from ..llm.prompts import encode_prompts
from ..llm.trainer import pad_batch, wrap_model
from ..llm.vocabulary import add_speech_tokens

OVERFIT = FineTuneSettings(3e-3, 8, 12, lora_rank=64, lora_alpha=64, lora_dropout=0.0, use_audio=False)
"""Settings that learn few clips by heart. Unlike in `fine_tune`, the learning rate stays, and nothing stops
the training early."""
BATCH = 16
"""Clips that run through the frozen part at once."""


@dataclass(frozen=True)
class FrozenClips:
    """Clips as the last blocks receive them.

    Attributes
    ----------
    hidden : float tensor, shape (n_clips, longest, width), zero behind the end of a prompt
    mask : int tensor, shape (n_clips, longest), 1 within the prompt
    labels : int tensor, shape (n_clips,)
    """

    hidden: torch.Tensor
    mask: torch.Tensor
    labels: torch.Tensor


def cut_model(model, tokenizer, clips_by_split, task: str, names: Sequence[str], n_blocks: int = 2):
    """Run the frozen part of the model once, and keep its last blocks only.

    Parameters
    ----------
    model, tokenizer : from `load_llm`; both are changed, the model beyond use for anything else
    clips_by_split : dict, split -> clips with a label of `task`; only their words are read
    names : of the classes
    n_blocks : int, blocks to keep

    Returns
    -------
    top : the last blocks, a model that takes `inputs_embeds`
    frozen : dict, split -> FrozenClips

    Raises
    ------
    ValueError
        If the model's blocks are no list `layers`, or the last ones alone do not give what the whole gives.
    """
    add_speech_tokens(tokenizer, model, [])
    top = model.base_model
    if len(getattr(top, "layers", ())) < n_blocks:
        raise ValueError(f"{type(top).__name__}: no list `layers` of at least {n_blocks} blocks")
    run = partial(_run_below, top, tokenizer, n_blocks)
    parts = {split: run(clips) for split, clips in clips_by_split.items()}
    top.layers = torch.nn.ModuleList(list(top.layers)[-n_blocks:])
    top.config.num_hidden_layers = n_blocks
    frozen = {}
    for split, (inputs, outputs) in parts.items():
        sizes = torch.tensor([len(one) for one in inputs])
        mask = (torch.arange(sizes.max()) < sizes[:, None]).long().to(top.device)
        hidden = torch.nn.utils.rnn.pad_sequence(inputs, batch_first=True)
        labels = torch.from_numpy(label_ids(clips_by_split[split], task, names)).to(top.device)
        frozen[split] = FrozenClips(hidden, mask, labels)
        with torch.inference_mode():
            again = _last_states(top, frozen[split], torch.arange(min(4, len(sizes))))
        if not torch.allclose(again, torch.stack(outputs[: len(again)]), rtol=1e-2, atol=1e-2):
            raise ValueError(f"{type(top).__name__}: its last blocks alone give something else")
    return top, frozen


@torch.no_grad()
def _run_below(body, tokenizer, n_blocks: int, clips: Sequence[Clip]) -> tuple[list, list]:
    """Return what enters the last blocks, (n_tokens, width) per clip, and what leaves them at its end."""
    inputs, outputs = [], []
    prompts = encode_prompts(tokenizer, clips, [], use_audio=False)[0]
    for start in range(0, len(prompts), BATCH):
        items = [{"input_ids": prompt.input_ids} for prompt in prompts[start : start + BATCH]]
        batch = pad_batch(items, tokenizer.pad_token_id)
        batch = {name: values.to(body.device) for name, values in batch.items()}
        states = body(**batch, output_hidden_states=True, use_cache=False).hidden_states
        for row, item in enumerate(items):
            size = len(item["input_ids"])  # the causal model has not seen the padding behind it
            inputs.append(states[-1 - n_blocks][row, :size].clone())
            outputs.append(states[-1][row, size - 1].clone())
    return inputs, outputs


def _last_states(top, clips: FrozenClips, chosen: torch.Tensor) -> torch.Tensor:
    """Run the last blocks on some clips: float tensor (n_chosen, width), at the last token of each."""
    mask = clips.mask[chosen]
    longest = int(mask.sum(dim=1).max())
    states = top(
        inputs_embeds=clips.hidden[chosen, :longest], attention_mask=mask[:, :longest], use_cache=False
    )
    return states.last_hidden_state[torch.arange(len(chosen)), mask.sum(dim=1) - 1]


def train_small_lora(
    top, frozen: dict[str, FrozenClips], settings: FineTuneSettings = OVERFIT, every_epoch: bool = True
) -> np.ndarray:
    """Train adapters and a linear head on "train", and follow the losses; the blocks come back untouched.

    Parameters
    ----------
    top, frozen : from `cut_model`, with the splits "train" and "validation"
    settings : FineTuneSettings; warm-up, patience and class weights are not used
    every_epoch : bool, False validates after the last epoch only

    Returns
    -------
    curves : float array, shape (3, n_epochs): mean training loss in each epoch, then loss and accuracy on
        validation after it (NaN where it was not validated)
    """
    with torch.random.fork_rng():
        torch.manual_seed(settings.seed)
        lora = {"r": settings.lora_rank, "lora_alpha": settings.lora_alpha}
        lora |= {"lora_dropout": settings.lora_dropout, "target_modules": list(settings.lora_modules)}
        wrapped = wrap_model(top, LoraConfig(**lora))
        n_classes = int(max(part.labels.max() for part in frozen.values())) + 1
        head = torch.nn.Linear(frozen["train"].hidden.shape[2], n_classes, device=top.device)
        try:
            return _run_epochs(wrapped, head, frozen, settings, every_epoch)
        finally:
            wrapped.unload()


def _run_epochs(wrapped, head, frozen, settings: FineTuneSettings, every_epoch: bool) -> np.ndarray:
    train, validation = frozen["train"], frozen["validation"]
    trained = [p for p in wrapped.parameters() if p.requires_grad] + list(head.parameters())
    optimizer = torch.optim.AdamW(trained, settings.learning_rate, weight_decay=0.0)
    curves = np.full((3, settings.n_epochs), np.nan)
    for epoch in range(settings.n_epochs):
        wrapped.train()
        losses = []
        for batch in torch.randperm(len(train.labels)).split(settings.batch_size):
            logits = head(_last_states(wrapped, train, batch).float())
            loss = functional.cross_entropy(logits, train.labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        curves[0, epoch] = np.mean(losses)
        if every_epoch or epoch == settings.n_epochs - 1:
            curves[1:, epoch] = _validate(wrapped, head, validation)
    return curves


@torch.no_grad()
def _validate(wrapped, head, clips: FrozenClips) -> tuple[float, float]:
    wrapped.eval()
    logits = head(_last_states(wrapped, clips, torch.arange(len(clips.labels))).float())
    loss = functional.cross_entropy(logits, clips.labels)
    return loss.item(), (logits.argmax(dim=1) == clips.labels).float().mean().item()


def change_settings(settings: FineTuneSettings, **changes) -> FineTuneSettings:
    """Return the settings with changes; a lower rank keeps alpha / rank, unless alpha is changed as well.

    With the same alpha, a lower rank would scale the update up, and two knobs would be turned at once.
    """
    if "lora_rank" in changes and "lora_alpha" not in changes:
        share = settings.lora_alpha / settings.lora_rank
        changes["lora_alpha"] = max(1, round(share * changes["lora_rank"]))
    return replace(settings, **changes)
