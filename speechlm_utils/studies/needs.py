"""What some arms need beside codes and tokens, made once: features, ends of words, other sizes."""

from collections.abc import Iterable
from dataclasses import replace

from tqdm import tqdm

from ..audio import load_audio
from ..clips import Clip
from ..evaluation.representations import RATE, WAVLM, load_encoder, measure_mfcc, measure_states, standardise
from ..whisper.alignment import align_words
from ..whisper.checkpoint import WHISPER
from ..whisper.recogniser import Recogniser
from .arms import ARMS
from .material import Material, select_tokens

ENCODERS = {"encoder": (WHISPER, 2), "wavlm": (WAVLM, 6)}
"""What an arm fuses: encoder, and after which of its blocks."""


def complete_material(material: Material, names: Iterable[str], progress: bool = True) -> Material:
    """Add what the named arms need and the material lacks; the same object where that is nothing.

    `wavlm-fusion` needs the weights of `WAVLM`, from the hub or its cache.
    """
    arms, found = [ARMS[name] for name in names], {}
    fused = {arm.fused for arm in arms} - {""} - set(material.features)
    if fused:
        features = {name: _measure(name, material, progress) for name in sorted(fused)}
        found["features"] = {**material.features, **features}
    sizes = {arm.n_tokens for arm in arms} - {None} - set(material.sizes)
    if sizes:
        train, layers = material.clips["train"], material.layers["acoustic"]
        selected = {n: select_tokens(train, material.task, layers, n) for n in sorted(sizes)}
        found["sizes"] = {**material.sizes, **selected}
    if any("interleaved" in arm.tune for arm in arms) and not material.word_ends:
        found["word_ends"] = _align(material, progress)
    return replace(material, **found) if found else material


def _measure(name: str, material: Material, progress: bool) -> dict:
    clips = [clip for some in material.clips.values() for clip in some]
    if name == "MFCC":
        values = {clip.id: measure_mfcc(clip) for clip in tqdm(clips, desc="MFCC", disable=not progress)}
    else:
        encoder, block = ENCODERS[name]
        values = measure_states(clips, block, load_encoder(encoder), progress)
    return standardise(values, material.clips["train"], clips)


def _align(material: Material, progress: bool) -> dict:
    recogniser, every = Recogniser(), {clip.id: clip for clip in _list_clips(material)}
    clips = tqdm(every.values(), desc="words", unit="clip", disable=not progress)
    return {clip.id: align_words(recogniser, load_audio(clip.audio, RATE), clip.text) for clip in clips}


def _list_clips(material: Material) -> list[Clip]:
    return [*(clip for some in material.clips.values() for clip in some), *material.unlabelled]
