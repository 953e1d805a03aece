"""Prompts: the words of a clip and its selected tokens in time order, as ids that the LLM reads."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..clips import Clip
from ..tokens import Token, kept_tokens
from .vocabulary import MARKERS, TEXT_END, TEXT_START


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
