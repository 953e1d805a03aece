"""Does a token make the sound, or does it only go with it? Write it into more and more frames, and measure.

A dose is the share of a clip's frames into which a token is written, in its own layer; the other layers stay
as they were. Whatever then moves, in the decoded sound or in what a model says, the token has moved.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..acoustics.pitch import semitones, track_pitch
from ..bootstrap import Bootstrap, Interval, draw_weights
from ..clips import Clip
from ..codec_spec import CodecSpec
from ..tokens import Token, find_free_code, mark_tokens, show_token
from .association import MIN_CLIPS

DOSES = (0.0, 0.25, 0.5, 1.0)
SOUND = {"pitch": "semitones", "level": "dB", "voiced": "% points"}
"""What is measured in the decoded sound, and the unit of its change."""
PERCENT = "% points"
REFERENCE_HZ = 100.0  # pitch counts from it; only changes are shown
FLOOR = 1e-6  # of full scale: the level of digital silence


def write_token(codes: np.ndarray, token: Token, dose: float, seed: int = 0) -> np.ndarray:
    """Write a token into a share of the frames, in its layer: new codes (n_layers, n_frames).

    The frames come in a random order that the seed fixes: a larger dose holds all frames of a smaller one.
    """
    if not 0 <= dose <= 1:
        raise ValueError(f"dose={dose}: must be from 0 to 1, a share of the frames")
    (layer, code), written = token, np.array(codes)
    order = np.random.default_rng(seed).permutation(written.shape[1])
    written[layer - 1, order[: round(dose * len(order))]] = code
    return written


def remove_token(codes: np.ndarray, token: Token, selected: Sequence[Token]) -> np.ndarray:
    """Take a token away: new codes with a code of its layer in its place that is not selected, the first one.

    A model that counts selected tokens sees nothing there. What that code sounds like is arbitrary.
    """
    (layer, code), written = token, np.array(codes)
    row = written[layer - 1]
    row[row == code] = find_free_code(layer, [*selected, token])
    return written


def measure_sound(wav: np.ndarray, spec: CodecSpec) -> list[float]:
    """Measure what `SOUND` names: mean pitch of voiced frames (NaN if there are none), level, their share."""
    f0 = track_pitch(wav, spec)
    voiced = np.isfinite(f0)
    pitch = semitones(f0[voiced], REFERENCE_HZ).mean() if voiced.any() else np.nan
    level = 20 * np.log10(max(float(np.sqrt(np.mean(np.square(wav, dtype=float)))), FLOOR))
    return [float(pitch), level, 100 * float(voiced.mean())]


def measure_doses(
    clips: Sequence[Clip],
    tokens: Sequence[Token],
    decode: Callable[[np.ndarray], np.ndarray],
    classify: Callable[[Sequence[Clip]], np.ndarray],
    doses: Sequence[float] = DOSES,
    seed: int = 0,
) -> tuple[np.ndarray, dict[Token, list[np.ndarray]]]:
    """Write each token into each share of each clip's frames, decode, measure, and ask a classifier.

    Parameters
    ----------
    decode : codes (n_layers, n_frames) -> sound, or a piece of it: decoding takes time
    classify : clips -> probabilities, float array (n_clips, n_classes)
    doses : rising shares from 0 to 1

    Returns
    -------
    values : float array (n_tokens, n_doses, n_clips, 3 + n_classes): `SOUND`, then probabilities in percent
    wavs : token -> the first clip, decoded at each dose
    """
    known, values, heard = {}, [], {}  # codes -> sound and what was measured: dose 0 is the same for all
    for token in tokens:
        for dose in doses:
            edited = [replace(clip, codes=write_token(clip.codes, token, dose, seed)) for clip in clips]
            rows = []
            for clip in edited:
                if (key := clip.codes.tobytes()) not in known:
                    wav = decode(clip.codes)
                    known[key] = wav, measure_sound(wav, clip.spec)
                rows.append(known[key][1])
            heard.setdefault(token, []).append(known[edited[0].codes.tobytes()][0])
            values.append(np.hstack([rows, 100 * classify(edited)]))
    return np.reshape(values, (len(tokens), len(doses), len(clips), -1)), heard


@dataclass(frozen=True)
class DoseResponse:
    """What was measured of clips at each dose of each token.

    Attributes
    ----------
    tokens, doses, names : the axes of the values; names: `SOUND`, then classes
    values : float array (n_tokens, n_doses, n_clips, n_names); NaN where a clip had no pitch left; fewer than
        `MIN_CLIPS` known values make no interval
    controls : token -> the one that stands beside it as a control
    bootstrap : over clips
    """

    tokens: Sequence[Token]
    doses: Sequence[float]
    names: Sequence[str]
    values: np.ndarray
    controls: Mapping[Token, Token]
    bootstrap: Bootstrap = Bootstrap(1000)

    def curve(self, token: Token, name: str) -> np.ndarray:
        """Return dose in percent, mean change from dose 0, low, high: float array (n_doses, 4)."""
        values = self._find(token, name)
        found = [self._interval(one - values[0]).values for one in values]
        return np.column_stack([100 * np.asarray(self.doses), found])

    def slope(self, token: Token, name: str, less: Token | None = None) -> Interval:
        """Return the mean change per 100 percent of the frames, by a line through each clip's values.

        `less`: another token, whose slope in the same clip is subtracted.
        """
        values = self._find(token, name) - (0 if less is None else self._find(less, name))
        x = np.asarray(self.doses) - np.mean(self.doses)
        return self._interval(x @ values / (x @ x))

    def tabulate(self) -> pd.DataFrame:
        """List the slopes of all tokens that have a control, beside the control's and the difference."""
        rows = []
        for token, control in self.controls.items():
            for name in self.names:
                own, beside = self.slope(token, name), self.slope(control, name)
                less, row = self.slope(token, name, control), {"token": show_token(*token), "measured": name}
                row |= {"slope": own.estimate, "low": own.low, "high": own.high, "verdict": own.verdict}
                row |= {"control's slope": beside.estimate, "control's verdict": beside.verdict}
                row |= {"less its control": less.estimate, "verdict, less control": less.verdict}
                rows.append(row | {"clips": less.n})
        return pd.DataFrame(rows)

    def _find(self, token: Token, name: str) -> np.ndarray:
        return self.values[list(self.tokens).index(token), :, :, list(self.names).index(name)]

    def _interval(self, values: np.ndarray) -> Interval:
        values = values[np.isfinite(values)]
        if (n := len(values)) < MIN_CLIPS:
            return Interval(float(values.mean()) if n else np.nan, np.nan, np.nan, n, "clips")
        return self.bootstrap.interval(_draw(n, self.bootstrap) @ values / n, n, "clips")


@functools.lru_cache(maxsize=16)
def _draw(n_clips: int, bootstrap: Bootstrap) -> np.ndarray:
    return draw_weights(n_clips, bootstrap)  # the same resamples for every curve


def name_unit(name: str) -> str:
    """Return the unit in which what is called so changes; that of classes is % points, of probability."""
    return SOUND.get(name, PERCENT)


def pair_controls(
    tokens: Sequence[Token], matched: Sequence[Token], clips: Sequence[Clip]
) -> dict[Token, Token]:
    """Give each token the matched one of its layer that is nearest in count over the clips, none to two."""
    every = [*tokens, *matched]
    counts = dict(zip(every, sum(mark_tokens(clip.codes, every).sum(axis=1) for clip in clips), strict=True))
    left, pairs = list(matched), {}
    for token in tokens:
        same = [one for one in left if one[0] == token[0]]
        if not same:
            raise ValueError(f"token {tuple(token)}: no matched token of layer {token[0]} is left")
        pairs[token] = min(same, key=lambda one: abs(int(counts[one]) - int(counts[token])))
        left.remove(pairs[token])
    return pairs
