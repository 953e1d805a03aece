"""Check the values of a profile's parameters, by pydantic, against what the notebooks declare and expect."""

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, StrictBool, StrictInt, StrictStr, ValidationError, create_model
from pydantic import StrictFloat as Real

LARGER_THAN_0 = ("C", "learning_rate", "batch_size", "max_steps", "n_epochs", "n_tokens", "clips_per_split")
"""Parameters that must be above zero; numbers named n_... must not be negative."""

RECORDS = {
    "l1": "selection/l1.py:L1LogisticRegression",
    "pretraining": "pretraining/pretrain.py:PretrainSettings",
    "finetuning": "finetuning/lora.py:FineTuneSettings",
}
"""Parameters that hold settings of a record or an estimator, and where it stands in the package."""

BASES = {"TrainSettings": "llm/spec.py"}
PACKAGE = Path(__file__).resolve().parents[1]

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
    """Return name -> default of the settings that a record or an estimator takes.

    They are read in its source, since importing it would take the seconds that torch takes.
    """
    file, _, name = place.partition(":")
    classes = {one.name: one for one in ast.parse((PACKAGE / file).read_text("utf-8")).body if _is_class(one)}
    found: dict[str, Any] = {}
    for base in classes[name].bases:
        if getattr(base, "id", "") in BASES:
            found |= _read_record(f"{BASES[base.id]}:{base.id}")
    for one in classes[name].body:
        if isinstance(one, ast.AnnAssign) and "ClassVar" not in ast.unparse(one.annotation):
            value = one.value
            if isinstance(value, ast.Call):  # field(default=..., repr=False)
                value = next((word.value for word in value.keywords if word.arg == "default"), value)
            found[one.target.id] = _read_default(ast.unparse(value) if value else "None")
        if isinstance(one, ast.FunctionDef) and one.name == "__init__":
            arguments, defaults = one.args.args[1:], one.args.defaults
            pairs = zip(reversed(arguments), reversed(defaults), strict=False)
            found |= {argument.arg: _read_default(ast.unparse(default)) for argument, default in pairs}
    return found


def _is_class(node: ast.AST) -> bool:
    return isinstance(node, ast.ClassDef)
