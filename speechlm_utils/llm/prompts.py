"""Prompts: the words of a clip and its selected tokens in time order, as ids that the LLM reads."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..clips import Clip
from ..tokens import Token, list_occurrences
from .spec import PromptFormat
from .vocabulary import MARKERS


@dataclass(frozen=True)
class Prompt:
    """One clip as the language model reads it: ids with markers, and how many tokens are in or were cut."""

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
    longest: int
    n_text: int
    n_audio: int
    n_text_cut: int
    n_audio_cut: int

    def __str__(self) -> str:
        text, audio = self.n_text / self.n_prompts, self.n_audio / self.n_prompts
        return (
            f"{self.n_prompts} prompts, {text:.1f} text and {audio:.1f} audio tokens each on average, "
            f"longest {self.longest}; "
            f"{self.n_cut} were cut, by {self.n_text_cut} text and {self.n_audio_cut} audio tokens in all"
        )


def build_prompt(
    tokenizer,
    text: str,
    codes: np.ndarray | None,
    tokens: Sequence[Token],
    format: PromptFormat = PromptFormat(),
) -> Prompt:
    """Build the prompt of one clip; markers that stand in the text are read as plain letters.

    If text and audio together exceed the budget (max_length less the markers), each is entitled to half of
    it, and what one leaves unused the other gets; the end of the longer part is cut. In the reference
    scripts the audio, which comes last, is cut first.

    Parameters
    ----------
    tokenizer : with the tokens added (`add_speech_tokens`)
    codes : int array, shape (n_layers, n_frames); not needed without audio
    tokens : those that the prompt holds
    format : one without room for markers and a token of each part raises ValueError
    """
    words = tokenizer(text, add_special_tokens=False, split_special_tokens=True).input_ids
    sounds, markers = [], MARKERS[:2]
    if format.use_audio:
        if codes is None:
            raise ValueError("codes=None: a prompt with audio needs the clip's codes; encode_clips adds them")
        names = [one.name for one in list_occurrences(codes, tokens, format.collapse_repeats)]
        sounds, markers = tokenizer.convert_tokens_to_ids(names), MARKERS
    room = format.max_length - len(markers)
    if room < 2:
        least = len(markers) + 2
        raise ValueError(f"max_length={format.max_length}: must be at least {least}, {least - 2} are markers")
    n_text = min(len(words), max(room // 2, room - len(sounds)))
    n_audio = min(len(sounds), room - n_text)
    text_start, text_end, *around = tokenizer.convert_tokens_to_ids(list(markers))
    ids = [text_start, *words[:n_text], text_end, *around[:1], *sounds[:n_audio], *around[1:]]
    return Prompt(ids, n_text, n_audio, len(words) - n_text, len(sounds) - n_audio)


def encode_prompts(
    tokenizer, clips: Sequence[Clip], tokens: Sequence[Token], format: PromptFormat = PromptFormat()
) -> tuple[list[Prompt], PromptReport]:
    """Build the prompts of clips, in their order, and report what was cut; a ValueError names the clip."""
    if not clips:
        raise ValueError("clips: none given")
    prompts = []
    for clip in clips:
        try:
            prompts.append(build_prompt(tokenizer, clip.text, clip.codes, tokens, format))
        except ValueError as error:
            raise ValueError(f"clip {clip.id}: {error}") from error
    counted = ("n_text", "n_audio", "n_text_cut", "n_audio_cut")
    totals = {name: sum(getattr(p, name) for p in prompts) for name in counted}
    n_cut = sum(p.n_text_cut + p.n_audio_cut > 0 for p in prompts)
    return prompts, PromptReport(len(prompts), n_cut, max(len(p.input_ids) for p in prompts), **totals)
