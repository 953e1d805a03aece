"""What came of a run: an index page with numbers and figures, and a summary in text."""

import html
from pathlib import Path
from typing import Any

INDEX_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem; color: #222
} table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .4rem .8rem .4rem 0;
border-bottom: 1px solid #ddd; vertical-align: top } .failed { color: #b00020 } .ok { color: #1b6e2e }
.figures { display: flex; flex-wrap: wrap; gap: .8rem } .figures img { height: 9rem; border: 1px solid #ddd }
"""


def write_index(notebooks: list, results: dict[str, Any], run_dir: Path, profile: str, metrics: dict) -> Path:
    """Write `index.html`: a table of the notebooks with links, then the numbers and figures of each.

    Parameters
    ----------
    notebooks : list of notebook_runner.Notebook, in order
    results : file name to notebook_runner.Result, of this and earlier runs in the folder
    run_dir : the run folder
    profile : name of the profile
    metrics : as `run.read_metrics` returns them
    """
    rows = "\n".join(_index_row(notebook, results.get(notebook.path.name)) for notebook in notebooks)
    details = "\n".join(_index_details(notebook, run_dir, metrics) for notebook in notebooks)
    head = "<tr><th>Notebook</th><th>Question</th><th>Minutes</th><th>Status</th></tr>"
    page = (
        f"<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'><title>{html.escape(profile)}</title>"
        f"<style>{INDEX_STYLE}</style></head><body>\n<h1>Run with the profile {html.escape(profile)}</h1>\n"
        f"<table>{head}\n{rows}\n</table>\n{details}\n</body></html>\n"
    )
    path = run_dir / "index.html"
    path.write_text(page, encoding="utf-8")
    return path


def format_summary(
    notebooks: list, results: list, metrics: dict[str, dict[str, Any]], n_shown: int = 4
) -> str:
    """Lay out a run as a table in text: notebook, status, minutes, and its first headline numbers."""
    width = max(len(notebook.path.stem) for notebook in notebooks)
    lines = [f"\n{'notebook':{width}}  status   minutes  headline numbers"]
    for notebook, result in zip(notebooks, results, strict=True):
        numbers = _headline(notebook, metrics)[:n_shown]
        shown = ", ".join(f"{name} {text}" for name, text in numbers) if result.status == "ok" else ""
        lines.append(
            f"{notebook.path.stem:{width}}  {result.status:7}  {result.minutes:7.1f}  {shown}".rstrip()
        )
    total = sum(result.minutes for result in results)
    return "\n".join([*lines, f"{'all':{width}}  {'':7}  {total:7.1f}"])


def format_value(value: Any) -> str:
    """Show a metric briefly: three significant digits, no trailing zeros."""
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    return "–" if value is None else str(value)


def _headline(notebook, metrics: dict) -> list[tuple[str, str]]:
    files = [values for name, values in metrics.items() if name.startswith(notebook.number)]
    return [
        (k, format_value(v)) for values in files for k, v in values.items() if not isinstance(v, dict | list)
    ]


def _index_row(notebook, result) -> str:
    status, minutes = (result.status, f"{result.minutes:.1f}") if result else ("not run", "")
    title, stem = html.escape(notebook.title), notebook.path.stem
    name = (
        f"<a href='{stem}.html'>{title}</a> <small>(<a href='{stem}.ipynb'>ipynb</a>)</small>"
        if result
        else title
    )
    if status == "failed":
        where = "" if result.cell is None else f" in cell [{result.cell}]"
        status = f"failed{where}<br><small>{html.escape(result.error)}</small>"
    kind = result.status if result else ""
    cells = [name, html.escape(notebook.question), minutes, f"<span class='{kind}'>{status}</span>"]
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _index_details(notebook, run_dir: Path, metrics: dict) -> str:
    numbers = _headline(notebook, metrics)
    images = sorted((run_dir / "figures").glob(f"{notebook.path.stem}-*.png"))
    if not numbers and not images:
        return ""
    rows = "".join(f"<tr><td>{html.escape(k)}</td><td>{html.escape(v)}</td></tr>" for k, v in numbers)
    table = f"<table>{rows}</table>" if rows else ""
    link = f"<a href='{notebook.path.stem}.html'>"
    thumbs = "".join(
        f"{link}<img src='figures/{image.name}' alt='{image.stem}' loading='lazy'></a>" for image in images
    )
    return f"<h2>{html.escape(notebook.title)}</h2>{table}<div class='figures'>{thumbs}</div>"
