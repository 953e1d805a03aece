"""What a codec's codes mean: rates, codebook size and layers, in one record that travels with coded clips."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class CodecSpec:
    """The facts about a speech tokenizer that its codes cannot be read without.

    Attributes
    ----------
    sample_rate : int, Hz
    hop : int, samples per frame
    codebook_size : int, codes per layer
    n_layers : int
    semantic_layers : tuple of int, layers trained towards content, numbered from 1; () if there are none
    """

    sample_rate: int
    hop: int
    codebook_size: int
    n_layers: int
    semantic_layers: tuple[int, ...] = ()

    @property
    def frame_rate(self) -> float:
        """Frames per second."""
        return self.sample_rate / self.hop

    @property
    def layers(self) -> tuple[int, ...]:
        """All layers, numbered from 1."""
        return tuple(range(1, self.n_layers + 1))

    @property
    def acoustic_layers(self) -> tuple[int, ...]:
        """The layers that are not semantic."""
        return tuple(layer for layer in self.layers if layer not in self.semantic_layers)


def shared_spec(clips: Iterable) -> CodecSpec:
    """Return the one CodecSpec of coded clips.

    Raises
    ------
    ValueError
        If there is no clip, a clip has no codes or no spec (the message names it), or two clips differ.
    """
    spec = None
    for clip in clips:
        if clip.codes is None or clip.spec is None:
            raise ValueError(f"clip {clip.id}: has no codes of a known codec; encode_clips adds both")
        if spec not in (None, clip.spec):
            raise ValueError(f"clip {clip.id}: comes from another codec ({clip.spec}) than the rest ({spec})")
        spec = clip.spec
    if spec is None:
        raise ValueError("no clip is given, so it is not known which codec its codes come from")
    return spec
