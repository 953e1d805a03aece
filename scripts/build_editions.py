"""Build two editions of every notebook: student/ without solutions, instructor/ with each solution executed.

    python scripts/build_editions.py             (make editions)
    python scripts/build_editions.py --to FOLDER

Both come from notebooks/*.ipynb and hold nothing else that differs. They lie beside notebooks/, so that the
paths in their parameters, and the links between them, stay right.
"""

import argparse
import ast
import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

ROOT = Path(__file__).resolve().parents[1]
SOLUTION = re.compile(r"<details><summary>Solution</summary>(.*?)</details>\n*", re.DOTALL)
CODE = re.compile(r"```python\n(.*?)```", re.DOTALL)
CHECK = "check_"  # what the name of a function that checks an exercise begins with


def remove_solutions(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook for students: exercises and hints stay, solutions go."""
    notebook = nbformat.from_dict(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = SOLUTION.sub("", cell.source).rstrip()
    notebook.cells = [cell for cell in notebook.cells if cell.source]
    return notebook


def execute_solutions(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook for teachers: a cell after each solution runs it, and checks it."""
    notebook, cells, exercise = nbformat.from_dict(notebook), [], ""
    for cell in notebook.cells:
        found = SOLUTION.search(cell.source) if cell.cell_type == "markdown" else None
        if found is None:
            cells.append(cell)
            exercise = cell.source if cell.cell_type == "code" and CHECK in cell.source else exercise
            continue
        rest, cell.source = cell.source[found.end() :], cell.source[: found.end()].rstrip()
        solved = f"{CODE.search(found[1])[1].rstrip()}\n\n\n{find_check(exercise)}"
        cells += [cell, new_code_cell(solved, id=f"{cell.id}-s", metadata={"tags": ["solution"]})]
        if rest.strip():
            cells.append(new_markdown_cell(rest, id=f"{cell.id}-r"))
    notebook.cells = cells
    return notebook


def find_check(exercise: str) -> str:
    """Return the statement of an exercise's cell that checks the answer."""
    checks = [
        ast.get_source_segment(exercise, node)
        for node in ast.parse(exercise).body
        if isinstance(node, ast.Expr) and re.match(rf"(exercises\.)?{CHECK}", ast.unparse(node))
    ]
    return checks[-1]


EDITIONS = {"student": remove_solutions, "instructor": execute_solutions}


def build_editions(notebooks: Path, to: Path) -> list[Path]:
    """Write every edition of the notebooks of a folder into a folder of its name; return the files."""
    written = []
    for edition, make in EDITIONS.items():
        (to / edition).mkdir(parents=True, exist_ok=True)
        for path in sorted(notebooks.glob("[0-9][0-9]_*.ipynb")):
            notebook = make(nbformat.read(path, as_version=4))
            nbformat.validate(notebook)
            nbformat.write(notebook, to / edition / path.name)
            written.append(to / edition / path.name)
    return written


def main() -> None:
    """Build the editions of this repository."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--to", type=Path, default=ROOT, metavar="FOLDER", help="where to (default: here)")
    written = build_editions(ROOT / "notebooks", parser.parse_args().to)
    print(f"wrote {len(written)} notebooks: {' and '.join(sorted({path.parent.name for path in written}))}")


if __name__ == "__main__":
    main()
