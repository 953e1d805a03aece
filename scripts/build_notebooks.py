"""Build notebooks/NN_name.ipynb from notebooks/source/NN_name.py (jupytext percent format), without outputs.

    python scripts/build_notebooks.py            write what has changed
    python scripts/build_notebooks.py --check    write nothing; exit 1 if a notebook is not what its source
    says

A rebuild gives the same bytes: the identity of a cell comes from the notebook's name and the cell's place.
"""

import argparse
import hashlib
import sys
from pathlib import Path

import jupytext
import nbformat

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
CELL_METADATA = ("tags",)  # the rest is an editor's business


def build_notebook(source: Path) -> str:
    """Turn one percent script into the text of a notebook."""
    script = jupytext.read(source, fmt="py:percent")
    cells = [_build_cell(cell, f"{source.stem}-{place}") for place, cell in enumerate(script.cells)]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=METADATA)
    nbformat.validate(notebook)
    return nbformat.writes(notebook) + "\n"


def _build_cell(cell: nbformat.NotebookNode, key: str) -> nbformat.NotebookNode:
    make = {
        "code": nbformat.v4.new_code_cell,
        "markdown": nbformat.v4.new_markdown_cell,
        "raw": nbformat.v4.new_raw_cell,
    }[cell.cell_type]
    metadata = {name: cell.metadata[name] for name in CELL_METADATA if name in cell.metadata}
    return make(cell.source, id=hashlib.sha256(key.encode()).hexdigest()[:8], metadata=metadata)


def find_differences(folder: Path = FOLDER) -> dict[Path, str | None]:
    """Map every notebook that is not what its source says to its right text; None: it has no source."""
    right = {folder / f"{source.stem}.ipynb": build_notebook(source) for source in sorted(_sources(folder))}
    wrong = {path: text for path, text in right.items() if _read(path) != text}
    return wrong | {path: None for path in sorted(folder.glob("*.ipynb")) if path not in right}


def _sources(folder: Path) -> list[Path]:
    return list((folder / "source").glob("[0-9][0-9]_*.py"))


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def main() -> int:
    """Build or check; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing, exit 1 if something is out of step"
    )
    check = parser.parse_args().check
    wrong = find_differences()
    for path, text in wrong.items():
        if text is None:
            print(f"{path.name} has no source in notebooks/source: move it there as a .py, or delete it")
        elif check:
            print(f"{path.name} is not what its source says: run `make notebooks`")
        else:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.name}")
    return int(bool(wrong) if check else None in wrong.values())


if __name__ == "__main__":
    sys.exit(main())
