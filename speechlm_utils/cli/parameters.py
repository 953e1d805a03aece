"""Check the values of a profile's parameters, by pydantic, against what the notebooks declare and expect."""

import ast
import importlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from inspect import signature
from typing import Annotated, Any

from pydantic import ConfigDict, Field, StrictBool, StrictInt, StrictStr, ValidationError, create_model
from pydantic import StrictFloat as Real

LARGER_THAN_0 = ("C", "learning_rate", "batch_size", "max_steps", "n_epochs", "n_tokens", "clips_per_split")
"""Parameters that must be above zero; numbers named n_... must not be negative."""

RECORDS = {
    "l1": "speechlm_utils.selection.l1:L1LogisticRegression",
    "pretraining": "speechlm_utils.pretraining.pretrain:PretrainSettings",
    "finetuning": "speechlm_utils.finetuning.lora:FineTuneSettings",
}
"""Parameters that hold settings of a record or an estimator, which is imported when one is given."""

Number = StrictInt | Real


def check_values(where: str, given: Mapping[str, Any], declared: Mapping[str, str]) -> None:
    """Check given parameters; `declared` holds each one's default as it stands in the notebook.

    ValueError begins with `where`, and names the parameter, its value, what is expected and, for a number
    that YAML takes for a text ("1e-3"), how to write it.
    """
    types = {name: _find_type(name, _read_default(declared.get(name, "None"))) for name in given}
    _validate(where, types, given)
    for name, values in given.items():
        if name in RECORDS and isinstance(values, dict) and values:
            known = _read_record(RECORDS[name])
            if unknown := sorted(set(values) - set(known)):
                raise ValueError(
                    f"{where}, {name}: unknown {unknown[0]!r}; known: {', '.join(sorted(known))}"
                )
            types = {key: _find_type(key, known[key]) for key in values}
            _validate(f"{where}, {name}", types, values)


def _validate(where: str, types: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    model = create_model(
        "Parameters", __config__=ConfigDict(extra="forbid"), **{f"p_{k}": (t, ...) for k, t in types.items()}
    )
    try:
        model.model_validate({f"p_{name}": value for name, value in values.items()})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).removeprefix("p_")
        raise ValueError(f"{where}: {name}={values[name]!r}: {_explain(first)}") from None


def _explain(error: dict) -> str:
    """Say what is expected instead of a value, and how to write it."""
    value, message = error["input"], error["msg"].removeprefix("Input ")
    if isinstance(value, str) and "string" not in error["type"] and (number := _as_number(value)) is not None:
        return f"is a text to YAML; write {number}"
    if "string" in error["type"]:
        shown = "yes or no" if isinstance(value, bool) else repr(value)
        return f"{message}; YAML reads {shown} here, so put the word in quotes"
    return message


def _as_number(text: str) -> str | None:
    try:
        number = float(text)
    except ValueError:
        return None
    mantissa, _, exponent = text.strip().lower().partition("e")
    if not exponent:
        return repr(int(number) if number.is_integer() and "." not in text else number)
    mantissa += "" if "." in mantissa else ".0"  # YAML wants point and sign
    return f"{mantissa}e{exponent if exponent[0] in '+-' else '+' + exponent}"


def _read_default(source: str) -> Any:
    try:
        return ast.literal_eval(source)
    except (ValueError, SyntaxError):
        return None


def _find_type(name: str, default: Any) -> Any:
    """Return the type of a parameter by its default and its name."""
    above = 0 if name in LARGER_THAN_0 else None
    least = 0 if name.startswith("n_") or name == "seed" else None
    limits = Field(gt=above, ge=least)
    if isinstance(default, bool):
        return StrictBool
    if isinstance(default, str):
        return StrictStr
    if isinstance(default, int):
        return Annotated[StrictInt, limits] | None
    if isinstance(default, float):
        return Annotated[Number, limits] | None
    if isinstance(default, dict):
        return dict[StrictStr, Any]
    if isinstance(default, list | tuple) and default and all(isinstance(one, int | float) for one in default):
        kind = Number if any(isinstance(one, float) for one in default) else StrictInt
        return list[Annotated[kind, Field(gt=0 if name.rstrip("s") in LARGER_THAN_0 else None)]]
    if isinstance(default, list | tuple):
        return list[StrictStr] if default and all(isinstance(one, str) for one in default) else list
    return (Annotated[Number, limits] | None) if above is not None or least is not None else Any


def _read_record(place: str) -> dict[str, Any]:
    """Return name -> default of the settings that a record or an estimator takes."""
    module, _, name = place.partition(":")
    record = getattr(importlib.import_module(module), name)
    if is_dataclass(record):
        return {field.name: field.default for field in fields(record)}
    return {name: one.default for name, one in signature(record).parameters.items()}
