"""What came of a run: an index page with numbers and figures, and a summary in text."""

from html import escape
from pathlib import Path
from typing import Any

from ..notebook.catalogue import Notebook
from .notebooks import Result

INDEX_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem; color: #222
} table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .4rem .8rem .4rem 0;
border-bottom: 1px solid #ddd; vertical-align: top } .failed { color: #b00020 } .ok { color: #1b6e2e }
.figures { display: flex; flex-wrap: wrap; gap: .8rem } .figures img { height: 9rem; border: 1px solid #ddd }
"""


N_SHOWN = 4  # headline numbers of a notebook in the summary


def write_index(
    notebooks: list[Notebook], results: dict[str, Result], run_dir: Path, profile: str, metrics: dict
) -> Path:
    """Write `index.html`: a table of the notebooks with links, then the numbers and figures of each.

    Parameters
    ----------
    results : by file name, of this and earlier runs in the folder
    metrics : as `read_metrics` returns them
    """
    rows = "\n".join(_index_row(one, results.get(one.path.name)) for one in notebooks)
    details = "\n".join(_index_details(one, run_dir, metrics) for one in notebooks)
    head = "<tr><th>Notebook</th><th>Question</th><th>Minutes</th><th>Status</th></tr>"
    page = (
        f"<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'><title>{escape(profile)}</title>"
        f"<style>{INDEX_STYLE}</style></head><body>\n<h1>Run with the profile {escape(profile)}</h1>\n"
        f"<table>{head}\n{rows}\n</table>\n{details}\n</body></html>\n"
    )
    path = run_dir / "index.html"
    path.write_text(page, encoding="utf-8")
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
        name = f"<a href='{stem}.html'>{name}</a> <small>(<a href='{stem}.ipynb'>ipynb</a>)</small>"
        error = f"<br><small>{escape(result.error)}</small>" if result.error else ""
        status, minutes = (
            f"<span class='{result.status}'>{result.what}{error}</span>",
            f"{result.minutes:.1f}",
        )
    cells = [name, escape(notebook.question), minutes, status]
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _index_details(notebook: Notebook, run_dir: Path, metrics: dict[str, dict]) -> str:
    stem, numbers = notebook.path.stem, _headline(notebook, metrics)
    names = sorted(path.stem for path in (run_dir / "figures").glob(f"{stem}-*.png"))
    if not numbers and not names:
        return ""
    rows = "".join(f"<tr><td>{escape(k)}</td><td>{escape(v)}</td></tr>" for k, v in numbers)
    images = [f"<img src='figures/{name}.png' alt='{name}' loading='lazy'>" for name in names]
    thumbs = "".join(f"<a href='{stem}.html'>{image}</a>" for image in images)
    table = f"<table>{rows}</table>" if rows else ""
    return f"<h2>{escape(notebook.title)}</h2>{table}<div class='figures'>{thumbs}</div>"
