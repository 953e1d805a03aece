"""Give the language model the selected speech tokens: their names and first embeddings.

A clip becomes `<|text|> TEXT <|text_end|> <|audio|> SELECTED TOKENS IN TIME ORDER <|audio_end|>`
(arXiv 2512.07571, step 2).
"""

from collections.abc import Sequence

import torch
from tokenizers import AddedToken

from ..tokens import Token, token_name

TEXT_START, TEXT_END = "<|text|>", "<|text_end|>"
AUDIO_START, AUDIO_END = "<|audio|>", "<|audio_end|>"
MARKERS = (TEXT_START, TEXT_END, AUDIO_START, AUDIO_END)
PAD_TOKEN = "<|pad|>"
RESERVED_PADS = ("<|finetune_right_pad_id|>", "<|reserved_special_token_0|>")
"""Tokens that a vocabulary sets aside for padding: Llama 3.1 and later have the first, 3.0 the second."""


def list_added_names(tokens: Sequence[Token]) -> list[str]:
    """List the names that join the vocabulary: four markers, then the tokens; one given twice raises."""
    names = [*MARKERS, *(token_name(layer, code) for layer, code in tokens)]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"tokens hold {repeated[0]} more than once")
    return names


def add_speech_tokens(tokenizer, model, tokens: Sequence[Token], seed: int = 0) -> dict[str, int]:
    """Add markers, a pad token and the speech tokens to the tokenizer, and embeddings of them to the model.

    They are sampled from the normal distribution that has the mean and the covariance of the old embeddings,
    so that each looks like that of a word and no two are alike; likewise in an untied output head. To be
    called before any adapter wraps the model; calling it again with the same tokens changes nothing.

    Returns name -> id of the markers and of the speech tokens, in this order.
    """
    names = list_added_names(tokens)
    ensure_pad_token(tokenizer, model)
    _add_names(tokenizer, model, names, seed)
    return {name: tokenizer.convert_tokens_to_ids(name) for name in names}


def ensure_pad_token(tokenizer, model) -> None:
    """Give the tokenizer a pad token that is not eos: a reserved one, or one that is added."""
    if tokenizer.pad_token is None or tokenizer.pad_token_id == tokenizer.eos_token_id:
        known = tokenizer.get_vocab()
        pad = next((name for name in RESERVED_PADS if name in known), PAD_TOKEN)
        _add_names(tokenizer, model, [pad], seed=0)
        tokenizer.pad_token = pad
    tokenizer.padding_side = "right"
    model.config.pad_token_id = tokenizer.pad_token_id


def _add_names(tokenizer, model, names: Sequence[str], seed: int) -> None:
    """Add special tokens and sample their embeddings; a model with embeddings to spare is not resized."""
    known = tokenizer.get_vocab()
    names = [name for name in names if name not in known]
    if not names:
        return
    # special, so that `split_special_tokens` keeps text that a user typed from becoming one of them
    tokenizer.add_tokens([AddedToken(name, special=True, normalized=False) for name in names])
    new = tokenizer.convert_tokens_to_ids(names)  # beyond len(tokenizer) where ids below were left out
    if max(new) >= model.get_input_embeddings().weight.shape[0]:
        model.resize_token_embeddings(max(new) + 1, mean_resizing=False)
    for number, weight in enumerate(embedding_matrices(model)):
        old = weight.detach()[: min(new)].float()
        generator = torch.Generator().manual_seed(seed + number)
        mixture = torch.randn(len(names), len(old), generator=generator).to(old.device)
        mean = old.mean(dim=0)  # random mixtures of the old ones have their mean and covariance
        with torch.no_grad():
            weight[new] = (mean + mixture @ (old - mean) / len(old) ** 0.5).to(weight.dtype)


def embedding_matrices(model) -> list[torch.Tensor]:
    """Return the input embeddings and, if they are not tied, those of the output head."""
    modules = (model.get_input_embeddings(), model.get_output_embeddings())
    return list({id(one.weight): one.weight for one in modules if one is not None}.values())
