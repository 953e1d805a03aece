"""Editions for students and teachers: solutions go, or run and are checked; all else stays."""

import ast
import importlib.util
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).resolve().parents[1]
SPEC = importlib.util.spec_from_file_location("build_editions", ROOT / "scripts" / "build_editions.py")
editions = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(editions)
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))

EXERCISE = "def my_sum(a, b):\n    return None  # your code\n\n\ncheck_sum(my_sum)"
ANSWER = """<details><summary>Hint</summary>
Add.
</details>
<details><summary>Solution</summary>

```python
def my_sum(a, b):
    return a + b
```
That was all.
</details>

## More"""


@pytest.fixture
def notebook():
    return new_notebook(cells=[new_code_cell("x = 1"), new_code_cell(EXERCISE), new_markdown_cell(ANSWER)])


def read_sources(notebook):
    return [cell.source for cell in notebook.cells]


def test_students_get_the_hint_and_no_solution(notebook):
    sources = read_sources(editions.remove_solutions(notebook))
    assert sources[:2] == ["x = 1", EXERCISE]
    assert "Add." in sources[2] and "## More" in sources[2]
    assert "a + b" not in sources[2] and "That was all" not in sources[2]


def test_teachers_get_a_cell_that_runs_and_checks_the_solution(notebook):
    made = editions.execute_solutions(notebook)
    sources, told = read_sources(made), []
    assert sources[:2] == ["x = 1", EXERCISE] and sources[4] == "## More"
    exec(sources[3], {"check_sum": lambda answer: told.append(answer(2, 3))})
    assert told == [5]
    assert len({cell.id for cell in made.cells}) == len(made.cells)


def test_the_notebook_itself_stays_as_it_is(notebook):
    before = read_sources(notebook)
    editions.remove_solutions(notebook)
    editions.execute_solutions(notebook)
    assert read_sources(notebook) == before


def test_every_notebook_has_both_editions(tmp_path):
    written = editions.build_editions(ROOT / "notebooks", tmp_path)
    assert len(written) == 2 * len(NOTEBOOKS) > 20
    for path in NOTEBOOKS:
        source, student, teacher = (
            nbformat.read(one / path.name, as_version=4)
            for one in (path.parent, tmp_path / "student", tmp_path / "instructor")
        )
        n = sum(cell.source.count("<summary>Solution</summary>") for cell in source.cells)
        assert "<summary>Solution</summary>" not in "".join(read_sources(student))
        added = [cell.source for cell in teacher.cells if cell.metadata.get("tags") == ["solution"]]
        assert len(added) == n
        assert all("check_" in code and ast.parse(code) for code in added)
        assert sum(cell.cell_type == "code" for cell in student.cells) == sum(
            cell.cell_type == "code" for cell in source.cells
        )
