"""Which layers of a codec would you keep? An experiment of notebook 01: choose some, and read from them."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from ..clips import Clip
from ..codec.base import SpeechCodec
from ..codec.probing import probe_layers
from ..codec.report import TARGETS
from .feedback import tell

READABLE = 0.05
"""A target that all layers together read no better than this (R²) judges no choice of layers."""

Part = tuple[Sequence[Clip], Sequence[dict]]


class LayerReader:
    """Linear probes that read pitch and energy from some layers, each choice of layers fitted once.

    Parameters
    ----------
    train, test : clips with codes, and their features as `clip_features` returns them
    codebook_size : int
    targets : names of features
    """

    def __init__(self, train: Part, test: Part, codebook_size: int, targets: Sequence[str] = TARGETS):
        self.codebook_size, self.known = codebook_size, {}
        codes = [np.concatenate([clip.codes for clip in clips], axis=1) for clips, _ in (train, test)]
        self.frames = {
            target: [
                (x, np.concatenate([one[target] for one in features]))
                for x, (_, features) in zip(codes, (train, test), strict=True)
            ]
            for target in targets
        }

    def read(self, layers: Sequence[int]) -> dict[str, float]:
        """Return R² on the test clips, by target."""
        layers = tuple(sorted(layers))
        if layers not in self.known:
            self.known[layers] = {
                target: probe_layers(*frames, layers, codebook_size=self.codebook_size)
                for target, frames in self.frames.items()
            }
        return self.known[layers]

    def find_fewest(self, n_layers: int, wanted: dict[str, float]) -> int:
        """Return the smallest number of layers from which every target is read as well as wanted."""
        for size in range(1, n_layers):
            for layers in combinations(range(1, n_layers + 1), size):
                if self.lacks(layers, wanted) == []:
                    return size
        return n_layers

    def lacks(self, layers: Sequence[int], wanted: dict[str, float]) -> list[str]:
        """List the targets that `layers` read less well than wanted."""
        found = self.read(layers)
        return [target for target, value in wanted.items() if found[target] < value]


def check_layers(
    answer: Sequence[int] | None, train: Part, test: Part, codec: SpeechCodec, share: float = 0.9
) -> bool | None:
    """Check the fewest layers that read pitch and energy nearly as well as all of them; print what they read.

    Parameters
    ----------
    answer : layers, numbered from 1; None is not attempted
    train, test : as for `LayerReader`
    codec : SpeechCodec
    share : float, of the R² of all layers that is wanted for each target
    """
    name, n_layers = "Which layers", codec.spec.n_layers
    if answer is None:
        return tell(name, None)
    layers = list(np.atleast_1d(answer))
    if not layers or len(set(layers)) < len(layers) or not set(layers) <= set(range(1, n_layers + 1)):
        return tell(name, False, f"Give different layers from 1 to {n_layers}, for example (1, 2, 3).")
    reader = LayerReader(train, test, codec.spec.codebook_size)
    found, best = reader.read(layers), reader.read(range(1, n_layers + 1))
    for target, title in (("f0_st", "pitch"), ("rms_db", "energy")):
        print(f"{title:6} R² {found[target]:.2f} from your layers, {best[target]:.2f} from all {n_layers}")
    wanted = {target: share * value for target, value in best.items() if value > READABLE}
    if not wanted:
        return tell(name, False, "Not even all layers read them here: take more clips.")
    if lacking := reader.lacks(layers, wanted):
        titles = " and ".join({"f0_st": "pitch", "rms_db": "energy"}[target] for target in lacking)
        return tell(name, False, f"Your layers read less than {share:.0%} of what can be read of {titles}.")
    fewest = reader.find_fewest(n_layers, wanted)
    if len(layers) > fewest:
        return tell(name, False, f"They read enough, but {fewest} would do: each more is a flood of codes.")
    few, all_codes = (n * codec.spec.frame_rate for n in (len(layers), n_layers))
    rate = f"{few:g} codes a second instead of {all_codes:g}"
    content = sorted(set(layers) & set(codec.spec.semantic_layers))
    more = ", with the layer of content among them" if content else ", without the layer of content"
    return tell(name, True, rate + more + ".")
