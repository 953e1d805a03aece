"""Give the language model the kept speech tokens: their names, their rows, and the prompts made of them.

A clip becomes `<|text|> TEXT <|text_end|> <|audio|> KEPT TOKENS IN TIME ORDER <|audio_end|>`
(arXiv 2512.07571, step 2). Rows are the vectors of an embedding matrix, one per token of the vocabulary.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import AddedToken

from .corpus import Clip
from .counts import token_name

TEXT_START, TEXT_END = "<|text|>", "<|text_end|>"
AUDIO_START, AUDIO_END = "<|audio|>", "<|audio_end|>"
MARKERS = (TEXT_START, TEXT_END, AUDIO_START, AUDIO_END)
PAD_TOKEN = "<|pad|>"

Token = tuple[int, int]


@dataclass(frozen=True)
class Prompt:
    """One clip as the language model reads it.

    Attributes
    ----------
    input_ids : list of int, length n_text + n_audio + the markers
    n_text, n_audio : int, tokens of the text and of the audio that are in, markers not counted
    n_text_cut, n_audio_cut : int, tokens that `max_length` left no room for
    """

    input_ids: list[int]
    n_text: int
    n_audio: int
    n_text_cut: int = 0
    n_audio_cut: int = 0


@dataclass(frozen=True)
class PromptReport:
    """What a set of prompts holds and what was cut from it (counts of tokens, markers not counted)."""

    n_prompts: int
    n_cut: int
    n_text: int
    n_audio: int
    n_text_cut: int
    n_audio_cut: int
    longest: int

    def __str__(self) -> str:
        means = (
            f"{self.n_text / self.n_prompts:.1f} text and {self.n_audio / self.n_prompts:.1f} audio tokens"
        )
        cut = f"{self.n_text_cut} text and {self.n_audio_cut} audio tokens"
        return (
            f"{self.n_prompts} prompts, {means} each on average, longest {self.longest}; "
            f"{self.n_cut} were cut, by {cut} in all"
        )


def kept_tokens(codes: np.ndarray, tokens: Sequence[Token], collapse_repeats: bool = False) -> list[str]:
    """List the kept tokens of one clip in time order: frame by frame, in a frame layer by layer.

    Parameters
    ----------
    codes : int array, shape (n_layers, n_frames)
    tokens : sequence of (layer, code), layers numbered from 1
    collapse_repeats : bool, True lists a token that lasts over several frames once, at the first of them

    Returns
    -------
    names : list of str such as "<|L3_0417|>"
    """
    codes = np.asarray(codes)
    frames, layers = find_kept(codes, tokens, collapse_repeats)
    return [
        token_name(int(layer), int(codes[layer - 1, frame]))
        for frame, layer in zip(frames, layers, strict=True)
    ]


def find_kept(
    codes: np.ndarray, tokens: Sequence[Token], collapse_repeats: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Find where the kept tokens of one clip stand, in the order of `kept_tokens`, whose arguments it takes.

    Returns
    -------
    frames : int array, shape (n_kept,); layers : int array, shape (n_kept,), numbered from 1
    """
    codes = np.asarray(codes)
    _check_layers(tokens, len(codes))
    is_kept = np.zeros(codes.shape, dtype=bool)
    for layer in {layer for layer, _ in tokens}:
        is_kept[layer - 1] = np.isin(codes[layer - 1], [code for at, code in tokens if at == layer])
    if collapse_repeats:
        is_kept[:, 1:] &= codes[:, 1:] != codes[:, :-1]
    frames, rows = np.nonzero(is_kept.T)
    return frames, rows + 1


def _check_layers(tokens: Sequence[Token], n_layers: int) -> None:
    for layer, code in tokens:
        if not 1 <= layer <= n_layers:
            raise ValueError(f"token (layer {layer}, code {code}): the codes have layers 1 to {n_layers}")


def list_added_names(tokens: Sequence[Token]) -> list[str]:
    """List the names that join the vocabulary: four markers, then the tokens as given, no token twice."""
    names = [*MARKERS, *(token_name(layer, code) for layer, code in tokens)]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"tokens hold {repeated[0]} more than once")
    return names


def add_speech_tokens(tokenizer, model, tokens: Sequence[Token], seed: int = 0) -> dict[str, int]:
    """Add markers, a pad token and the speech tokens to the tokenizer, and rows for them to the model.

    Rows of the new tokens are drawn from the normal distribution that has the mean and the covariance of
    the old rows, so that each looks like a row of a word and no two are alike. In an untied output head the
    same is done with its own rows. To be called before any adapter wraps the model; calling it again with
    the same tokens changes nothing.

    Parameters
    ----------
    tokenizer, model : as `load_llm` returns them; both are changed in place
    tokens : sequence of (layer, code)
    seed : int, of the draw

    Returns
    -------
    ids : dict, name -> id of the markers and of the speech tokens, in this order
    """
    names = list_added_names(tokens)
    ensure_pad_token(tokenizer, model)
    known = tokenizer.get_vocab()
    _add_rows(tokenizer, model, [name for name in names if name not in known], seed)
    return {name: tokenizer.convert_tokens_to_ids(name) for name in names}


def ensure_pad_token(tokenizer, model) -> None:
    """Give the tokenizer a pad token of its own if it has none or shares it with eos; rows follow."""
    if tokenizer.pad_token is None or tokenizer.pad_token_id == tokenizer.eos_token_id:
        _add_rows(tokenizer, model, [PAD_TOKEN], seed=0)
        tokenizer.pad_token = PAD_TOKEN
    tokenizer.padding_side = "right"
    model.config.pad_token_id = tokenizer.pad_token_id
    if getattr(model, "generation_config", None) is not None:
        model.generation_config.pad_token_id = tokenizer.pad_token_id


def _add_rows(tokenizer, model, names: Sequence[str], seed: int) -> None:
    """Add special tokens and draw their rows; a model with spare rows (padded vocabulary) is not resized."""
    known = tokenizer.get_vocab()
    names = [name for name in names if name not in known]
    if not names:
        return
    # special, so that `split_special_tokens` keeps text that a user typed from becoming one of them
    tokenizer.add_tokens([AddedToken(name, special=True, normalized=False) for name in names])
    new = tokenizer.convert_tokens_to_ids(names)  # beyond len(tokenizer) where ids below were left out
    if max(new) >= model.get_input_embeddings().weight.shape[0]:
        model.resize_token_embeddings(max(new) + 1, mean_resizing=False)
    modules = (model.get_input_embeddings(), model.get_output_embeddings())
    matrices = [module.weight for module in modules if module is not None]
    for number, weight in enumerate({id(w): w for w in matrices}.values()):
        with torch.no_grad():
            drawn = _draw_rows(weight[: min(new)], len(names), seed + number)
            weight[new] = drawn.to(weight.dtype)


def _draw_rows(old: torch.Tensor, n_rows: int, seed: int) -> torch.Tensor:
    """Draw rows with mean and covariance of the old ones, as random mixtures of them; (n_rows, width)."""
    old = old.float()
    mixture = torch.randn(n_rows, len(old), generator=torch.Generator().manual_seed(seed)).to(old.device)
    mean = old.mean(dim=0)
    return mean + mixture @ (old - mean) / len(old) ** 0.5


def build_prompt(
    tokenizer,
    text: str,
    codes: np.ndarray | None,
    tokens: Sequence[Token],
    max_length: int = 256,
    use_audio: bool = True,
    collapse_repeats: bool = False,
) -> Prompt:
    """Build the prompt of one clip; markers that stand in the text are read as plain letters.

    If text and audio together exceed the budget (max_length less the markers), each is entitled to half of
    it, and what one leaves unused the other gets; the end of the longer part is cut. In the reference
    scripts the audio, which comes last, is cut first.

    Parameters
    ----------
    tokenizer : with the tokens added (`add_speech_tokens`)
    text : str
    codes : int array, shape (n_layers, n_frames); not needed with use_audio=False
    tokens : sequence of (layer, code), kept in the prompt
    max_length : int, tokens of the whole prompt
    use_audio : bool, False leaves out the audio with its markers
    collapse_repeats : bool, see `kept_tokens`

    Raises
    ------
    ValueError
        If `codes` are missing, or `max_length` leaves no room for the markers and a token of each part.
    """
    words = tokenizer(text, add_special_tokens=False, split_special_tokens=True).input_ids
    if not use_audio:
        kept_words = words[: _room(max_length, n_markers=2)]
        start, end = tokenizer.convert_tokens_to_ids([TEXT_START, TEXT_END])
        return Prompt([start, *kept_words, end], len(kept_words), 0, len(words) - len(kept_words))
    if codes is None:
        raise ValueError("codes=None: a prompt with audio needs the clip's codes; encode_clips adds them")
    sounds = tokenizer.convert_tokens_to_ids(kept_tokens(codes, tokens, collapse_repeats))
    room = _room(max_length, n_markers=4)
    n_text = min(len(words), max(room // 2, room - len(sounds)))
    n_audio = min(len(sounds), room - n_text)
    text_start, text_end, audio_start, audio_end = tokenizer.convert_tokens_to_ids(list(MARKERS))
    ids = [text_start, *words[:n_text], text_end, audio_start, *sounds[:n_audio], audio_end]
    return Prompt(ids, n_text, n_audio, len(words) - n_text, len(sounds) - n_audio)


def _room(max_length: int, n_markers: int) -> int:
    if max_length < n_markers + 2:
        raise ValueError(
            f"max_length={max_length}: must be at least {n_markers + 2}, {n_markers} are markers"
        )
    return max_length - n_markers


def encode_prompts(
    tokenizer,
    clips: Sequence[Clip],
    tokens: Sequence[Token],
    max_length: int = 256,
    use_audio: bool = True,
    collapse_repeats: bool = False,
) -> tuple[list[Prompt], PromptReport]:
    """Build the prompts of clips, in their order, and report what was cut; arguments as in `build_prompt`.

    Raises
    ------
    ValueError
        If there is no clip, or a clip has no codes; the message names the clip.
    """
    if not clips:
        raise ValueError("clips: none given")
    prompts, how = [], (max_length, use_audio, collapse_repeats)
    for clip in clips:
        try:
            prompts.append(build_prompt(tokenizer, clip.text, clip.codes, tokens, *how))
        except ValueError as error:
            raise ValueError(f"clip {clip.id}: {error}") from error
    totals = {name: sum(getattr(p, name) for p in prompts) for name in ("n_text", "n_audio")}
    cuts = {name: sum(getattr(p, name) for p in prompts) for name in ("n_text_cut", "n_audio_cut")}
    n_cut = sum(p.n_text_cut + p.n_audio_cut > 0 for p in prompts)
    longest = max(len(p.input_ids) for p in prompts)
    return prompts, PromptReport(len(prompts), n_cut, **totals, **cuts, longest=longest)
