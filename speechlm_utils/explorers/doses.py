"""Write a token into a clip, in a page: slide its dose, hear the clip, see pitch, level and classes move."""

from collections.abc import Mapping, Sequence

import numpy as np

from ..bootstrap import Interval
from ..clips import Clip
from ..interpretation.doses import DoseResponse, name_unit
from ..plots.style import show_name
from ..tokens import Token, show_token
from .page import Explorer
from .sounds import embed_sound

SAYS = {"above": "rises", "below": "falls", "not decided": "not decided", "": "not measured"}


def explore_doses(
    response: DoseResponse, wavs: Mapping[Token, Sequence[np.ndarray]], clip: Clip, notes: Mapping[Token, str]
) -> Explorer:
    """Return a menu of tokens and a slider over doses: the clip decoded, and curves over all clips.

    Parameters
    ----------
    wavs : token -> the clip decoded at each dose, see `measure_doses`
    notes : token -> what is known of it beforehand, such as its correlation with pitch; of some tokens
    """
    partner = dict(response.controls)
    controls = {control: token for token, control in partner.items()}
    tokens = []
    for token in response.tokens:
        stands = "selected"
        if token in controls:
            stands = f"control of {show_token(*controls[token])}, not selected"
        about = {"name": show_token(*token), "about": "; ".join(filter(None, (stands, notes.get(token))))}
        about["beside"] = show_token(*partner[token]) if token in partner else None
        about["sounds"] = [embed_sound(wav, clip.spec.sample_rate) for wav in wavs[token]]
        tokens.append(about | {"rows": [describe_row(response, token, name) for name in response.names]})
    measures = [{"name": show_name(name), "unit": name_unit(name)} for name in response.names]
    data = {"doses": [round(100 * dose) for dose in response.doses], "measures": measures, "tokens": tokens}
    seconds = len(wavs[response.tokens[0]][0]) / clip.spec.sample_rate
    about = {"text": clip.text, "id": clip.id, "n": response.values.shape[2], "what": f"{seconds:.1f} s of"}
    return Explorer("doses", "Write a token into a clip", data | {"clip": about})


def describe_row(response: DoseResponse, token: Token, name: str) -> dict:
    """Describe one curve: mean change, low, high at each dose (None: not measured), slope and verdict."""
    curve, slope = response.curve(token, name)[:, 1:], response.slope(token, name)
    control, told = response.controls.get(token), {}
    if control is not None:
        told["less"] = _say(response.slope(token, name, control))
    told |= {"slope": _write(slope.values), "says": _say(slope)}
    return told | {"curve": [_write(row) for row in curve]}


def _say(slope: Interval) -> str:
    return SAYS[slope.verdict if np.isfinite(slope.low) else ""]


def _write(row: Sequence[float]) -> list[float] | None:
    return [round(float(value), 2) for value in row] if np.isfinite(row).all() else None
