"""Rows of embeddings by token name: read them from a model, write them into another, keep them in a file."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from ..files import write_atomically

Rows = Mapping[str, np.ndarray]

OUTPUT = "output:"
"""Before the name of a token: its row in an output head that is not tied to the input rows."""


def read_rows(model, ids: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Read the input rows of tokens, through the adapter where one wraps the model.

    Parameters
    ----------
    model : transformers or PEFT model
    ids : dict, name -> id

    Returns
    -------
    rows : dict, name -> float32 array, shape (width,)
    """
    embedding = model.get_input_embeddings()
    places = torch.tensor(list(ids.values()), device=model.device)
    with torch.no_grad():
        values = embedding(places).float().cpu().numpy()
    return dict(zip(ids, values, strict=True))


def read_output_rows(model, ids: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Read the rows of an untied output head of a model that no adapter wraps; empty if there is none.

    Returns
    -------
    rows : dict, "output:" and name -> float32 array, shape (width,)
    """
    head = _find_untied_head(model)
    if head is None:
        return {}
    values = head.weight.detach()[list(ids.values())].float().cpu().numpy()
    return {OUTPUT + name: row for name, row in zip(ids, values, strict=True)}


def write_rows(model, ids: Mapping[str, int], rows: Rows) -> None:
    """Write rows into the input embeddings of a model that no adapter wraps; other rows stay.

    Rows of an output head ("output:" before the name) are written where the model has an untied one, and left
    out where it has none, as in a classifier.

    Raises
    ------
    ValueError
        If `rows` lack a name of `ids`, or hold only some of the output rows, or a row has another width than
        the model.
    """
    _write(model.get_input_embeddings().weight, ids, rows)
    head = _find_untied_head(model)
    if head is not None and any(name.startswith(OUTPUT) for name in rows):
        _write(head.weight, {OUTPUT + name: place for name, place in ids.items()}, rows)


def _find_untied_head(model):
    """Return the output head if it has rows of its own, else None."""
    head = model.get_output_embeddings()
    return None if head is None or head.weight is model.get_input_embeddings().weight else head


def _write(weight: torch.Tensor, ids: Mapping[str, int], rows: Rows) -> None:
    for name in ids:
        if name not in rows:
            raise ValueError(f"rows hold no {name}: {len(rows)} are given, {len(ids)} needed")
        if np.shape(rows[name]) != (weight.shape[1],):
            raise ValueError(
                f"row of {name} has shape {np.shape(rows[name])}, the model's width is {weight.shape[1]}"
            )
    values = torch.from_numpy(np.stack([rows[name] for name in ids]))
    with torch.no_grad():
        weight[list(ids.values())] = values.to(weight)


def save_rows(path: str | Path, rows: Rows) -> None:
    """Save rows as float32 safetensors, keyed by token name such as "<|L3_0417|>"; folders are made."""
    with write_atomically(path) as part:
        save_file({name: np.ascontiguousarray(row, dtype=np.float32) for name, row in rows.items()}, part)


def load_rows(path: str | Path) -> dict[str, np.ndarray]:
    """Load rows by token name; float32 arrays, shape (width,).

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file, or it is no safetensors file; the message names it.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file of rows")
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(f"{path}: not a safetensors file of rows ({error})") from error


def nearest_tokens(
    rows: Rows, model, tokenizer, n_nearest: int = 5, among: Sequence[int] | None = None
) -> dict[str, list[tuple[str, float]]]:
    """Find each row's nearest tokens of the vocabulary by cosine, after the mean row is taken off all.

    Parameters
    ----------
    rows : dict, name -> array, shape (width,)
    model, tokenizer : with the vocabulary to search
    n_nearest : int
    among : ids to search; None takes every token that is not in `rows`

    Returns
    -------
    nearest : dict, name -> [(token, cosine), ...], nearest first
    """
    rows = {name: row for name, row in rows.items() if not name.startswith(OUTPUT)}
    if among is None:
        own = {tokenizer.convert_tokens_to_ids(name) for name in rows}
        among = [place for place in range(len(tokenizer)) if place not in own]
    with torch.no_grad():
        places = torch.tensor(list(among), device=model.device)
        others = model.get_input_embeddings()(places).float().cpu()
    mean = others.mean(dim=0)
    others = torch.nn.functional.normalize(others - mean, dim=1)
    wanted = torch.nn.functional.normalize(torch.from_numpy(np.stack(list(rows.values()))) - mean, dim=1)
    values, order = (wanted @ others.T).topk(min(n_nearest, len(others)), dim=1)
    return {
        name: [(tokenizer.decode([among[k]]), float(v)) for k, v in zip(at.tolist(), cosines, strict=True)]
        for name, at, cosines in zip(rows, order, values, strict=True)
    }
