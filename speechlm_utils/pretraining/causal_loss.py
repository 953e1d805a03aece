"""The causal loss at the positions that have labels, and the baseline that a model without context gets."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch.nn import functional

from ..llm.batches import IGNORED, batch_items
from ..llm.distributed import SplitTrainer, share_of_mean
from ..llm.prompts import Prompt
from ..llm.trainer import ADAPTER


def make_item(prompt: Prompt, loss_on: str) -> dict:
    """Turn a prompt into an item for the Trainer; positions without loss are IGNORED."""
    n_silent = 0 if loss_on == "all" else len(prompt.input_ids) - len(audio_targets(prompt))
    labels = [IGNORED] * n_silent + prompt.input_ids[n_silent:]
    return {"input_ids": prompt.input_ids, "labels": labels}


def audio_targets(prompt: Prompt) -> list[int]:
    """Return the ids of a prompt's speech tokens and of the end marker after them."""
    return prompt.input_ids[-(prompt.n_audio + 1) :]


class CausalTrainer(SplitTrainer):
    """A Trainer that computes logits only where there is a label, and no gradient of frozen embeddings.

    Loss and gradient equal the model's own; with SmolLM2-135M a step takes about an eighth less CPU time.
    """

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        causal = self.accelerator.unwrap_model(model).get_base_model()
        # DDP averages gradients, and FSDP gathers weights, only for what runs inside the model's forward
        before, causal.forward = causal.forward, lambda **batch: token_losses(causal, batch)
        try:
            losses = model(**inputs)
        finally:
            causal.forward = before
        loss = share_of_mean(losses, losses.numel())
        return (loss, {"loss": loss}) if return_outputs else loss


def token_losses(causal, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Compute the loss at each labelled position, nats; shape (n_labelled,)."""
    hidden = causal.base_model(batch["input_ids"], attention_mask=batch["attention_mask"]).last_hidden_state
    targets = batch["labels"][:, 1:]
    is_target = targets != IGNORED
    logits = _compute_logits(causal, hidden[:, :-1][is_target])
    return functional.cross_entropy(logits.float(), targets[is_target], reduction="none")


def _compute_logits(causal, hidden: torch.Tensor) -> torch.Tensor:
    """Apply the head, and what some models do after it: Granite divides, Cohere multiplies, Gemma 2 caps."""
    config, logits = causal.config.get_text_config(), _apply_head(causal.get_output_embeddings(), hidden)
    logits = logits / (getattr(config, "logits_scaling", None) or 1)
    logits = logits * (getattr(config, "logit_scale", None) or 1)
    cap = getattr(config, "final_logit_softcapping", None)
    return cap * torch.tanh(logits / cap) if cap else logits


def _apply_head(head, hidden: torch.Tensor) -> torch.Tensor:
    """Compute logits. PEFT's own forward copies the matrix and computes a gradient for all of it."""
    if not hasattr(head, "trainable_tokens_delta"):
        return head(hidden)
    ids = torch.tensor(head.token_indices[ADAPTER], device=hidden.device)
    bias = head.base_layer.bias
    trained = head.trainable_tokens_delta[ADAPTER].to(hidden.dtype)  # float32, also in half precision
    old = functional.linear(hidden, head.base_layer.weight, bias)
    new = functional.linear(hidden, trained, None if bias is None else bias[ids])
    return old.index_copy_(1, ids, new)


def check_logits(causal) -> None:
    """Raise ValueError if a causal model computes logits from its hidden states in a way not known here."""
    ids = torch.arange(8, device=causal.device)[None]
    with torch.inference_mode():
        whole = causal.eval()(input_ids=ids).logits[0]
        ours = _compute_logits(causal, causal.base_model(ids).last_hidden_state[0])
    if not torch.allclose(whole.float(), ours.float(), rtol=0.02, atol=0.02):
        what = "its logits are not those of its output head on the last hidden states"
        raise ValueError(f"{type(causal).__name__}: {what}; step 2 does not know this model")


def audio_loss(model, prompts: Sequence[Prompt], pad_id: int, batch_size: int) -> float:
    """Compute the mean loss, nats per token, at the speech tokens and the end marker, without an adapter."""
    return float(np.concatenate(_list_losses(model, prompts, pad_id, batch_size)).mean())


def audio_losses(model, prompts: Sequence[Prompt], pad_id: int, batch_size: int) -> np.ndarray:
    """Compute the mean loss of each prompt, as `audio_loss` does: float array, shape (n_prompts,)."""
    return np.array([one.mean() for one in _list_losses(model, prompts, pad_id, batch_size)])


def _list_losses(model, prompts, pad_id: int, batch_size: int) -> list[np.ndarray]:
    """List the losses at the speech tokens and the end marker of each prompt."""
    items, found = [make_item(prompt, "audio") for prompt in prompts], [np.empty(0)] * len(prompts)
    for places, batch in batch_items(items, batch_size, pad_id, model.device):
        with torch.inference_mode():
            losses = token_losses(model.eval(), batch).double()
        counts = (batch["labels"][:, 1:] != IGNORED).sum(dim=1).tolist()
        for place, one in zip(places, losses.split(counts), strict=True):
            found[place] = one.cpu().numpy()
    return found


def unigram_loss(train: Sequence[Prompt], judged: Sequence[Prompt], n_kinds: int) -> float:
    """Compute the loss, nats per token, of predicting audio (and its end) by the tokens' shares in `train`.

    Each of the `n_kinds` kinds of them is counted once more than it occurs.
    """
    seen = np.concatenate([audio_targets(prompt) for prompt in train])
    wanted = np.concatenate([audio_targets(prompt) for prompt in judged])
    counts = np.bincount(seen, minlength=wanted.max() + 1)[wanted] + 1
    return float(-np.log(counts / (len(seen) + n_kinds)).mean())
