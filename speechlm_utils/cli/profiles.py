"""Profiles: the parameters that notebooks run with, and the check that notebooks know every one of them."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import papermill
import yaml

from ..notebook.catalogue import Notebook

DEMO_CORPUS = "../data/demo"
"""What the notebooks run on where no profile says otherwise, as seen from their folder."""

ANY_CORPUS = "13"
"""The notebook that runs every step on any corpus; the others speak of the demo corpus."""


@dataclass(frozen=True)
class Profile:
    """Parameters of the notebooks: common ones, and by number those of one notebook."""

    name: str
    common: dict[str, Any]
    by_number: dict[str, dict[str, Any]]


def load_profile(name: str, folder: Path) -> Profile:
    """Read a profile: its name in `notebooks/profiles`, or the path of a .yml file."""
    path = Path(name) if name.endswith((".yml", ".yaml")) else folder / "profiles" / f"{name}.yml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in (folder / "profiles").glob("*.yml")))
        raise FileNotFoundError(f"no profile {path}; known profiles: {known}")
    sections = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    if not isinstance(sections, dict) or not all(isinstance(s, dict | None) for s in sections.values()):
        raise ValueError(f"{path}: expected sections 'all:' and '\"02\":' with parameters, got {sections!r}")
    sections = {str(key).zfill(2) if key != "all" else key: values or {} for key, values in sections.items()}
    return Profile(path.stem, sections.pop("all", {}), sections)


def plan_parameters(notebooks: list[Notebook], profile: Profile, run_dir: Path) -> dict[str, dict[str, Any]]:
    """Work out the parameters of each notebook (by file name).

    A common parameter goes to the notebooks that declare it in their `parameters` cell, the run folder too.
    ValueError names profile, notebook and parameter where no notebook knows a section or a parameter.
    """
    orphans = set(profile.by_number) - {notebook.number for notebook in notebooks}
    if orphans:
        raise ValueError(f"profile {profile.name}: no notebook has the number {', '.join(sorted(orphans))}")
    declared = {one.path.name: set(papermill.inspect_notebook(str(one.path))) for one in notebooks}
    _refuse_unknown(profile, "all", profile.common, {name for names in declared.values() for name in names})
    plan = {}
    for notebook in notebooks:
        name, own = notebook.path.name, profile.by_number.get(notebook.number, {})
        _refuse_unknown(profile, name, own, declared[name])
        common = profile.common | {"run_dir": os.path.relpath(run_dir, notebook.path.parent)}
        plan[name] = {key: value for key, value in common.items() if key in declared[name]} | own
    return plan


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
