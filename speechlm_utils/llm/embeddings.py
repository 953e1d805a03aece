"""Token embeddings by name: read them from a model, write them into another, keep them in a file."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save_file
from torch.nn.functional import normalize

from ..files import write_atomically
from .vocabulary import embedding_matrices

TokenEmbeddings = Mapping[str, np.ndarray]
"""Name of a token -> its embedding, float32 array, shape (width,)."""

OUTPUT = "output:"
"""Before the name of a token: its embedding in an output head that is not tied to the input embeddings."""

ORIGIN = "origin"


def read_embeddings(model, ids: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Read the embeddings of tokens, through the adapter where one wraps the model.

    Where a head is not tied, its embeddings are there, too, with "output:" before the name.
    """
    places = torch.tensor(list(ids.values()), device=model.device)
    with torch.no_grad():
        found = [model.get_input_embeddings()(places)]
        found += [head[places] for head in embedding_matrices(model)[1:]]
    values = torch.cat(found).float().cpu().numpy()
    names = [*ids, *(OUTPUT + name for name in ids)]
    return dict(zip(names, values, strict=False))


def write_embeddings(model, ids: Mapping[str, int], embeddings: TokenEmbeddings) -> None:
    """Write embeddings into a model that no adapter wraps; those of other tokens stay.

    Output embeddings are left out where there is no untied head, as in a classifier. An embedding that is
    missing, or has another width than the model, raises a ValueError that names it.
    """
    matrix, *heads = embedding_matrices(model)
    _write(matrix, ids, embeddings)
    if heads and any(name.startswith(OUTPUT) for name in embeddings):
        _write(heads[0], {OUTPUT + name: place for name, place in ids.items()}, embeddings)


def _write(weight: torch.Tensor, ids: Mapping[str, int], embeddings: TokenEmbeddings) -> None:
    for name, place in ids.items():
        if name not in embeddings:
            raise ValueError(f"embeddings hold no {name}: {len(embeddings)} are given, {len(ids)} needed")
        value, width = torch.as_tensor(embeddings[name]), weight.shape[1]
        if value.shape != (width,):
            shape = tuple(value.shape)
            raise ValueError(f"embedding of {name} has shape {shape}, the model's width is {width}")
        with torch.no_grad():
            weight[place] = value.to(weight)


def save_embeddings(
    path: str | Path, embeddings: TokenEmbeddings, origin: Mapping[str, str] | None = None
) -> None:
    """Save embeddings as float32 safetensors, by token name; `origin` says what they were made from."""
    values = {k: np.ascontiguousarray(v, dtype=np.float32) for k, v in embeddings.items()}
    with write_atomically(path) as part:
        # one entry: several would come in another order each time, and equal embeddings in unequal files
        save_file(values, part, metadata={ORIGIN: json.dumps(dict(origin))} if origin else None)


def read_origin(path: str | Path) -> dict[str, str]:
    """Read what a file of embeddings says it was made from; {} where it does not say."""
    try:
        with safe_open(path, "numpy") as file:
            found = file.metadata() or {}
        return json.loads(found[ORIGIN]) if ORIGIN in found else found  # older files have an entry for each
    except (SafetensorError, ValueError) as error:
        raise ValueError(f"{path}: not a safetensors file of token embeddings ({error})") from error


def load_embeddings(path: str | Path) -> dict[str, np.ndarray]:
    """Load token embeddings by name; a missing or broken file raises an error that names it."""
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(f"{path}: not a safetensors file of token embeddings ({error})") from error


def nearest_tokens(
    embeddings: TokenEmbeddings, model, tokenizer, n_nearest: int = 5, among: Sequence[int] | None = None
) -> dict[str, list[tuple[str, float]]]:
    """Find each embedding's nearest tokens of the vocabulary by cosine, after the mean is taken off all.

    Searched are the ids `among`; None takes every token that is not in `embeddings`.
    """
    embeddings = {name: value for name, value in embeddings.items() if not name.startswith(OUTPUT)}
    if among is None:
        own = set(tokenizer.convert_tokens_to_ids(list(embeddings)))
        among = [place for place in range(len(tokenizer)) if place not in own]
    with torch.no_grad():
        places = torch.tensor(list(among), device=model.device)
        others = model.get_input_embeddings()(places).float().cpu()
    mean = others.mean(dim=0)
    wanted = torch.from_numpy(np.stack(list(embeddings.values())))
    cosines = normalize(wanted - mean, dim=1) @ normalize(others - mean, dim=1).T
    values, order = cosines.topk(min(n_nearest, len(others)), dim=1)
    return {
        name: [(tokenizer.decode([among[k]]), float(v)) for k, v in zip(at.tolist(), near, strict=True)]
        for name, at, near in zip(embeddings, order, values, strict=True)
    }
