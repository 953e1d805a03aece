"""Profiles: the parameters that notebooks run with, and the check that notebooks know every one of them."""

import os
from collections.abc import Hashable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import papermill
import yaml

from ..files import name_nearest
from ..notebook.catalogue import Notebook
from .parameters import check_values

DEMO_CORPUS = "../data/demo"
"""What the notebooks run on where no profile says otherwise, as seen from their folder."""

ANY_CORPUS = "13"
"""The notebook that runs every step on any corpus; the others speak of the demo corpus."""


@dataclass(frozen=True)
class Profile:
    """Parameters of the notebooks: common ones, and by number those of one notebook.

    `home` is the folder that paths are relative to, None for a profile of the repository, whose paths are
    relative to the notebooks.
    """

    name: str
    common: dict[str, Any]
    by_number: dict[str, dict[str, Any]]
    home: Path | None = None


class _StrictSafeLoader(yaml.SafeLoader):
    """YAML's safe loader that refuses a key that stands there twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for place, (key, (mark, _)) in enumerate(zip(keys, node.value, strict=True)):
            if key in keys[:place]:
                line = node.value[keys.index(key)][0].start_mark.line + 1
                what = f"{key!r} stands there twice, first in line {line}; join them"
                raise yaml.MarkedYAMLError(None, None, what, mark.start_mark)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> Any:
    """Read a YAML file; ValueError names file and line, and what to do about tabs and backslashes."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        return yaml.load(text, Loader=_StrictSafeLoader)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or " ".join(str(error).split())
        shown = text.splitlines()[mark.line : mark.line + 1] if mark else []
        if any("\t" in one for one in shown):
            problem += "; indent by spaces, not by tabs"
        elif any("\\" in one for one in shown):
            problem += "; write paths with / or in 'single quotes'"
        raise ValueError(f"{path}{line}: {problem}") from None
    except RecursionError:
        raise ValueError(f"{path}: nested too deeply") from None


def load_profile(name: str, folder: Path) -> Profile:
    """Read a profile: its name in `notebooks/profiles`, or the path of a .yml file."""
    own = folder / "profiles"
    path = Path(name).expanduser() if name.endswith((".yml", ".yaml")) else own / f"{name}.yml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in own.glob("*.yml")))
        raise FileNotFoundError(f"no profile {path}{name_nearest(path)}; known profiles: {known}")
    sections = read_yaml(path) or {}
    if not isinstance(sections, dict) or not all(isinstance(s, dict | None) for s in sections.values()):
        raise ValueError(f"{path}: expected sections 'all:' and '\"02\":' with parameters, got {sections!r}")
    numbers = ["all" if key == "all" else str(key).zfill(2) for key in sections]
    if repeated := [number for number in numbers if numbers.count(number) > 1]:
        raise ValueError(f"{path}: notebook {repeated[0]} stands there twice; join the two")
    sections = dict(zip(numbers, (values or {} for values in sections.values()), strict=True))
    home = None if path.resolve().parent == own.resolve() else path.resolve().parent
    return Profile(path.stem, sections.pop("all", {}), sections, home)


def plan_parameters(notebooks: list[Notebook], profile: Profile, run_dir: Path) -> dict[str, dict[str, Any]]:
    """Work out the parameters of each notebook (by file name).

    A common parameter goes to the notebooks that declare it in their `parameters` cell, the run folder too.
    ValueError names profile, notebook and parameter where no notebook knows a section or a parameter.
    """
    orphans = set(profile.by_number) - {notebook.number for notebook in notebooks}
    if orphans:
        raise ValueError(f"profile {profile.name}: no notebook has the number {', '.join(sorted(orphans))}")
    declared = {one.path.name: _read_declared(one.path) for one in notebooks}
    _refuse_unknown(profile, "all", profile.common, {name for names in declared.values() for name in names})
    plan = {}
    for notebook in notebooks:
        name, own = notebook.path.name, profile.by_number.get(notebook.number, {})
        _refuse_unknown(profile, name, own, set(declared[name]))
        check_values(f"profile {profile.name}, {name}", own, declared[name])
        common = {key: value for key, value in profile.common.items() if key in declared[name]}
        check_values(f"profile {profile.name}, all", common, declared[name])
        place = partial(_place_path, profile=profile, notebooks=notebook.path.parent)
        common, own = ({key: place(key, value) for key, value in some.items()} for some in (common, own))
        run_to = {"run_dir": os.path.relpath(run_dir, notebook.path.parent)}
        plan[name] = common | (run_to if "run_dir" in declared[name] else {}) | own
    return plan


def _read_declared(path: Path) -> dict[str, str]:
    """Return the parameters that a notebook declares, with their defaults as they stand there."""
    return {name: one["default"] for name, one in papermill.inspect_notebook(str(path)).items()}


def _place_path(name: str, value: Any, profile: Profile, notebooks: Path) -> Any:
    """Write a path as the notebooks see it: it is relative to the profile, unless only they find it."""
    is_path = name.endswith(("_dir", "_page")) or (name in ("codec_name", "llm_name") and "/" in str(value))
    if not is_path or not isinstance(value, str) or not value:
        return value
    path = Path(value).expanduser()
    if profile.home is None or path.is_absolute():
        return str(path) if value.startswith("~") else value
    own = profile.home / path
    if own.exists() or not (name.endswith("_name") or (notebooks / path).exists()):
        return os.path.relpath(own, notebooks)
    return value


def list_missing(plan: dict[str, dict[str, Any]], folder: Path) -> list[str]:
    """Name the corpora and the codec and model folders of a plan that are not there, each once."""
    told: dict[str, None] = {}
    for parameters in plan.values():
        for name in ("corpus_dir", "codec_name", "llm_name"):
            value = str(parameters.get(name, ""))
            is_path = name == "corpus_dir" or value.startswith((".", "/", "~"))
            if value and is_path and not (path := Path(os.path.normpath(folder / value))).exists():
                told[f"{name}: {value!r} is not there ({path}){name_nearest(path)}"] = None
    return list(told)


def _refuse_unknown(profile: Profile, where: str, given: dict[str, Any], known: set[str]) -> None:
    if unknown := sorted(set(given) - known):
        names = f"unknown parameter {', '.join(unknown)}; known: {', '.join(sorted(known))}"
        raise ValueError(f"profile {profile.name}, {where}: {names}")


def keep_to_corpus(notebooks: list[Notebook], plan: dict[str, dict[str, Any]], asked: bool) -> list[Notebook]:
    """Leave out, and say so, the notebooks that speak of the demo corpus where the plan has another one.

    If these were asked for by number, or no other is left, it raises ValueError.
    """

    def read_corpus(one: Notebook) -> Path:
        name = plan[one.path.name].get("corpus_dir", DEMO_CORPUS)
        return (one.path.parent / name).resolve()

    demo = (notebooks[0].path.parent / DEMO_CORPUS).resolve()
    rest = [one for one in notebooks if one.number == ANY_CORPUS or read_corpus(one) == demo]
    if numbers := ", ".join(one.number for one in notebooks if one not in rest):
        told = f"notebooks {numbers} speak of the demo corpus; {ANY_CORPUS} alone runs every step on yours"
        if asked or not rest:
            raise ValueError(told)
        print(told)
    return rest
