"""Write requirements.lock: the exact version of everything the project needs, as installed here.

    python scripts/write_lock.py      (make lock)

Start from the names in pyproject.toml and follow what they require, so that a package that merely happens to
be installed does not slip in. What only Linux needs (torch's CUDA libraries) gets a marker, so that a Mac can
use the file.
"""

import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = ("dev", "scale")
HEADER = """\
# Exact versions for `make run` and `make test`, written by scripts/write_lock.py: do not edit.
# Packages that must be installed without their dependencies stand in requirements-nodeps.txt.
"""
MAC = {"sys_platform": "darwin", "platform_system": "Darwin"}


def read_requirements(root: Path = ROOT) -> list[str]:
    """Read the requirements of the project and of its extras from pyproject.toml, with the build backend."""
    pyproject = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    project = pyproject["project"]
    extras = [line for extra in EXTRAS for line in project["optional-dependencies"][extra]]
    return [*project["dependencies"], *extras, *pyproject["build-system"]["requires"]]


def follow_requirements(lines: list[str], environment: dict[str, str]) -> set[str]:
    """Collect the names of all packages that the lines need, directly or not, in an environment."""
    todo = [(Requirement(line), "") for line in lines]
    seen: set[tuple[str, str]] = set()
    while todo:
        requirement, parent_extra = todo.pop()
        if requirement.marker and not requirement.marker.evaluate(environment | {"extra": parent_extra}):
            continue
        name = canonicalize_name(requirement.name)
        for extra in {"", *requirement.extras}:
            if (name, extra) not in seen:
                seen.add((name, extra))
                todo += [(Requirement(line), extra) for line in _requires(name)]
    return {name for name, _ in seen}


def _requires(name: str) -> list[str]:
    try:
        return distribution(name).requires or []
    except PackageNotFoundError:  # a package of another system; one that is missing here fails at its version
        return []


def write_lock(root: Path = ROOT) -> str:
    """Return the text of the lock file for what is installed in this environment."""
    lines = read_requirements(root)
    here = follow_requirements(lines, {})
    anywhere = follow_requirements(lines, MAC) if sys.platform == "linux" else here
    pins = []
    for name in sorted(here):
        marker = "" if name in anywhere else ' ; sys_platform == "linux"'
        pins.append(f"{name}=={distribution(name).version}{marker}")
    return HEADER + "\n".join(pins) + "\n"


if __name__ == "__main__":
    (ROOT / "requirements.lock").write_text(write_lock(), encoding="utf-8")
