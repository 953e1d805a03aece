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
    word_ends: np.ndarray | None = None,
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
    word_ends : float array (n_words,), the frames at which the words of the text end. An interleaved prompt
        needs them: each word is followed by the tokens from its start on, and the audio part is empty
    """
    words = tokenizer(text, add_special_tokens=False, split_special_tokens=True).input_ids
    occurrences, sounds, markers = [], [], MARKERS[:2]
    if format.use_audio:
        if codes is None:
            raise ValueError("codes=None: a prompt with audio needs the clip's codes; encode_clips adds them")
        occurrences = list_occurrences(codes, tokens, format.collapse_repeats)
        sounds, markers = tokenizer.convert_tokens_to_ids([one.name for one in occurrences]), MARKERS
    room = format.max_length - len(markers)
    if room < 2:
        least = len(markers) + 2
        raise ValueError(f"max_length={format.max_length}: must be at least {least}, {least - 2} are markers")
    n_text = min(len(words), max(room // 2, room - len(sounds)))
    n_audio = min(len(sounds), room - n_text)
    text_start, text_end, *around = tokenizer.convert_tokens_to_ids(list(markers))
    words_in, sounds_in = words[:n_text], sounds[:n_audio]
    if format.interleaved and format.use_audio:
        starts = _find_starts(tokenizer, text, word_ends)[:n_text]
        words_in = _interleave(words_in, starts, sounds_in, [one.frame for one in occurrences[:n_audio]])
        sounds_in = []
    ids = [text_start, *words_in, text_end, *around[:1], *sounds_in, *around[1:]]
    return Prompt(ids, n_text, n_audio, len(words) - n_text, len(sounds) - n_audio)


def _find_starts(tokenizer, text: str, word_ends: np.ndarray | None) -> list[float]:
    """Return for each text token where its word starts, which is where the word before it ends."""
    n_words = len(text.split())
    if word_ends is None or len(word_ends) != n_words:
        found = None if word_ends is None else len(word_ends)
        raise ValueError(f"word_ends: {found} for {n_words} words; an interleaved prompt needs one for each")
    starts = [-np.inf, *word_ends]
    options = {"add_special_tokens": False, "split_special_tokens": True, "return_offsets_mapping": True}
    ends = [end for _, end in tokenizer(text, **options).offset_mapping]
    return [starts[max(len(text[:end].split()) - 1, 0)] for end in ends]


def _interleave(words: list[int], starts: list[float], sounds: list[int], frames: list[int]) -> list[int]:
    """Merge ids of words and sounds by time; a word comes before the sounds of its first frame."""
    timed = [(start, 0, id) for start, id in zip(starts, words, strict=True)]
    timed += [(frame, 1, id) for frame, id in zip(frames, sounds, strict=True)]
    return [id for *_, id in sorted(timed, key=lambda one: one[:2])]


def encode_prompts(
    tokenizer, clips: Sequence[Clip], tokens: Sequence[Token], format: PromptFormat = PromptFormat()
) -> tuple[list[Prompt], PromptReport]:
    """Build the prompts of clips, in their order, and report what was cut; a ValueError names the clip."""
    if not clips:
        raise ValueError("clips: none given")
    prompts = []
    for clip in clips:
        try:
            ends = _count_frames(clip) if format.interleaved else None
            prompts.append(build_prompt(tokenizer, clip.text, clip.codes, tokens, format, ends))
        except ValueError as error:
            raise ValueError(f"clip {clip.id}: {error}") from error
    counted = ("n_text", "n_audio", "n_text_cut", "n_audio_cut")
    totals = {name: sum(getattr(p, name) for p in prompts) for name in counted}
    n_cut = sum(p.n_text_cut + p.n_audio_cut > 0 for p in prompts)
    return prompts, PromptReport(len(prompts), n_cut, max(len(p.input_ids) for p in prompts), **totals)


def _count_frames(clip: Clip) -> np.ndarray | None:
    """Return the frames at which the words of a clip end, None where it does not say."""
    return None if clip.word_ends is None else np.asarray(clip.word_ends) * clip.spec.frame_rate
