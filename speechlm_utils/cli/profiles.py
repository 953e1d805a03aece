"""Profiles: the parameters that notebooks run with, and the check that notebooks know every one of them."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import papermill
import yaml

DEFAULTS = {
    "corpus_dir": "../data/demo",
    "codec_name": "../data/codec",
    "llm_name": "smollm2-135m",
    "cache_dir": "../runs/cache",
    "seed": 0,
}
"""What every notebook starts from when no profile says otherwise; paths are relative to the notebooks."""


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


def plan_parameters(notebooks: list, profile: Profile, run_dir: Path) -> dict[str, dict[str, Any]]:
    """Work out the parameters of each notebook (by file name) and refuse what no notebook knows.

    A common parameter goes to the notebooks that declare it in their `parameters` cell, the run folder too.

    Raises
    ------
    ValueError
        If a section belongs to no notebook, if a notebook does not declare a parameter of its section, or if
        no notebook declares a common one; the message names profile, notebook and parameter.
    """
    declared = {
        notebook.path.name: set(papermill.inspect_notebook(str(notebook.path))) for notebook in notebooks
    }
    orphans = set(profile.by_number) - {notebook.number for notebook in notebooks}
    if orphans:
        raise ValueError(f"profile {profile.name}: no notebook has the number {', '.join(sorted(orphans))}")
    _refuse_unknown(profile, "all", profile.common, set().union(*declared.values()))
    plan = {}
    for notebook in notebooks:
        known = declared[notebook.path.name]
        own = profile.by_number.get(notebook.number, {})
        _refuse_unknown(profile, notebook.path.name, own, known)
        common = profile.common | {"run_dir": os.path.relpath(run_dir, notebook.path.parent)}
        plan[notebook.path.name] = {k: v for k, v in common.items() if k in known} | own
    return plan


def _refuse_unknown(profile: Profile, where: str, given: dict[str, Any], known: set[str]) -> None:
    unknown = sorted(set(given) - known)
    if unknown:
        names = f"unknown parameter {', '.join(unknown)}; known: {', '.join(sorted(known))}"
        raise ValueError(f"profile {profile.name}, {where}: {names}")
