"""What came of a run: an index page, and a summary in text."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import nbformat

from ..files import write_text
from ..notebook.catalogue import Notebook
from . import pages
from .notebooks import Result

N_SHOWN = 4  # headline numbers of a notebook in the summary


def write_index(
    notebooks: list[Notebook], results: dict[str, Result], run_dir: Path, profile: str, metrics: dict
) -> Path:
    """Write `index.html`: a table of the notebooks with links, then the numbers and figures of each.

    Results are by file name, of this and earlier runs in the folder; metrics as `read_metrics` returns them.
    """
    title = f"Run with the profile {escape(profile)}"
    head = [
        "<div class='stacked'>\n",
        "| Notebook | Question | Minutes | Status |",
        "| --- | --- | --- | --- |",
    ]
    rows = [_index_row(one, results.get(one.path.name)) for one in notebooks]
    lines = [f"# {title}\n", *head, *rows, "\n</div>"]
    if (run_dir / "quiz.html").is_file():
        lines.append("\n[Quiz: label clips by ear, and compare yourself with the model](quiz.html)")
    lines += [_index_details(one, run_dir, metrics) for one in notebooks]
    page = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("\n".join(lines))])
    path = run_dir / "index.html"
    write_text(path, pages.render_html(page, title))
    return path


def format_summary(notebooks: list[Notebook], results: list[Result], metrics: dict[str, dict]) -> str:
    """Lay out a run as a table in text: notebook, status, minutes, and its first headline numbers."""
    width = max(len(notebook.path.stem) for notebook in notebooks)
    lines = [f"\n{'notebook':{width}}  status   minutes  headline numbers"]
    for notebook, result in zip(notebooks, results, strict=True):
        numbers = _headline(notebook, metrics)[:N_SHOWN] if result.status == "ok" else []
        shown = ", ".join(f"{name} {text}" for name, text in numbers)
        line = f"{notebook.path.stem:{width}}  {result.status:7}  {result.minutes:7.1f}  {shown}"
        lines.append(line.rstrip())
    total = sum(result.minutes for result in results)
    return "\n".join([*lines, f"{'all':{width}}  {'':7}  {total:7.1f}"])


def format_value(value: Any) -> str:
    """Show a metric briefly: three significant digits, no trailing zeros."""
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    return "–" if value is None else str(value)


def _headline(notebook: Notebook, metrics: dict[str, dict]) -> list[tuple[str, str]]:
    files = [values for name, values in metrics.items() if name.startswith(notebook.number)]
    pairs = [pair for values in files for pair in values.items()]
    return [(name, format_value(value)) for name, value in pairs if not isinstance(value, dict | list)]


def _index_row(notebook: Notebook, result: Result | None) -> str:
    name, stem, status, minutes = escape(notebook.title), notebook.path.stem, "not run", ""
    if result:
        name = f"[{name}]({stem}.html) ([ipynb](./{stem}.ipynb))"
        error = f": {escape(result.error)}" if result.error else ""
        status = f"<span class='{result.status}'>{result.what}{error}</span>"
        minutes = f"{result.minutes:.1f}"
    return _write_row([name, escape(notebook.question), minutes, status])


def _write_row(cells: Sequence[str]) -> str:
    """Write a row of a Markdown table; a pipe within a cell does not end it."""
    return "| " + " | ".join(" ".join(cell.replace("|", "&#124;").split()) for cell in cells) + " |"


def _index_details(notebook: Notebook, run_dir: Path, metrics: dict[str, dict]) -> str:
    stem, numbers = notebook.path.stem, _headline(notebook, metrics)
    names = sorted(path.stem for path in (run_dir / "figures").glob(f"{stem}-*.png"))
    if not numbers and not names:
        return ""
    rows = [_write_row([escape(k), escape(v)]) for k, v in numbers]
    table = "\n".join(["| number | value |", "| --- | --- |", *rows]) if rows else ""
    look = "style='height:144px;width:auto' loading='lazy'"
    images = [f"<img src='figures/{name}.png' alt='{name}' {look}>" for name in names]
    return f"\n## {escape(notebook.title)}\n\n{table}\n\n<a href='{stem}.html'>{''.join(images)}</a>"
