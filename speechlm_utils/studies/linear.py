"""What some linear arms read beside the codes: measured for those that need it, and for no others."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from ..acoustics.features import clip_features
from ..acoustics.summary import summarise_clips
from ..clips import Clip
from ..codec.base import SpeechCodec
from ..codec.cache import encode_clips
from ..evaluation.representations import measure_mfcc, measure_states
from ..evaluation.study_arms import LINEAR_ARMS, Beside
from .material import summarise_prosody, write_prosody
from .needs import ENCODERS

RMS_DBFS = -26.0  # of every clip in the arm `rms`
BLOCK = ENCODERS["encoder"][1]  # of the encoder, whose states are read


def measure_beside(
    names: Iterable[str], clips: Sequence[Clip], codec: SpeechCodec, cache_dir: str | Path, n_jobs: int = 1
) -> Beside:
    """Measure what the named arms need of clips with codes; words for prosody divide the train clips."""
    needs = {need for name in names for need in LINEAR_ARMS[name].needs}
    features, prosody, loud = {}, {}, {}
    if "measured" in needs:
        features["measured"] = summarise_clips(clips, cache_dir, n_jobs)
    if "MFCC" in needs:
        features["MFCC"] = {clip.id: measure_mfcc(clip) for clip in clips}
    if "encoder" in needs:
        features["encoder"] = measure_states(clips, BLOCK)
    if "prosody" in needs:
        found = [summarise_prosody(one) for one in clip_features(clips, cache_dir, n_jobs)]
        train = [one for one, clip in zip(found, clips, strict=True) if clip.split == "train"]
        prosody = {clip.id: text for clip, text in zip(clips, write_prosody(train, found), strict=True)}
    if "loud" in needs:
        loud = {clip.id: clip for clip in encode_clips(clips, codec, cache_dir, RMS_DBFS, n_jobs=n_jobs)}
    return Beside(features, prosody, loud)
