"""The house keeps its order: imports run downwards, files stay small, every module has its test file."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "speechlm_utils"
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")
IDS = [path.relative_to(PACKAGE).with_suffix("").as_posix() for path in FILES]


def read_picture():
    """Room -> row, as CONTRIBUTING.md draws them."""
    rows = re.findall(r"^(\d) \| (.+)$", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.MULTILINE)
    return {room: int(row) for row, rooms in rows for room in rooms.split()}


def find_room(path):
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def list_imported(path):
    """Rooms of the package that a file imports from, at its head or within a function."""
    here = path.relative_to(PACKAGE).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            above = here[: len(here) - node.level]
            module = (*above, *(node.module.split(".") if node.module else ()))
            yield from ((*module, alias.name)[0] for alias in node.names)


def test_picture_shows_every_room():
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    alone = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    assert set(read_picture()) == folders | alone
    assert len(folders | alone) <= 30 and len(alone) <= 12


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_imports_run_downwards(path):
    rows, room = read_picture(), find_room(path)
    wrong = {other for other in list_imported(path) if other != room and rows[other] >= rows[room]}
    assert not wrong, f"{room} stands in row {rows[room]} of CONTRIBUTING.md and imports from {sorted(wrong)}"


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_files_are_short_and_have_a_test_file_of_their_name(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 200
    test = ROOT / "tests" / path.relative_to(PACKAGE).with_name(f"test_{path.name}")
    assert test.is_file(), f"no {test.relative_to(ROOT)}"


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_public_functions_take_at_most_six_parameters(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            n = len([one for one in given if one.arg not in ("self", "cls")])
            assert n <= 6, f"{node.name} takes {n} parameters"
