"""Executed notebooks for reading: tidied, as HTML pages that need no network, their figures as files."""

import base64
import re
from pathlib import Path

import nbformat
from latex2mathml.converter import convert as to_mathml
from nbconvert import HTMLExporter
from nbconvert.preprocessors import CoalesceStreamsPreprocessor

from ..files import write_text
from ..notebook.policy import format_policy

WIDGET = "application/vnd.jupyter.widget-view+json"
WIDGET_NOTE = "[An interactive control stands here when the notebook is open in JupyterLab.]"

OFFLINE_TEMPLATE = """\
{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js_requirejs -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block jupyter_widgets -%}{%- endblock -%}
{%- block html_head_css -%}
{%- set dark = '<style media="screen and (prefers-color-scheme: dark)">' -%}
{{ resources.include_css('static/theme-dark.css') | replace('<style type="text/css">', dark) }}
<style>
body { --jp-mirror-editor-comment-color: #336a6a; --jp-mirror-editor-number-color: #006b00;
  --jp-mirror-editor-operator-color: #7a00cc; }
.jp-InputPrompt, .jp-OutputPrompt { opacity: 1 !important; }
@media (max-width: 40rem) {
  .stacked :is(table, tbody, tr, td) { display: block; width: auto; text-align: left !important; }
  .stacked thead { display: none; }
  .stacked tr { padding: .5em 0; }
  .stacked td { border: 0; padding: .1em .5em; overflow-wrap: anywhere; }
  .stacked td:nth-child(3):not(:empty)::after { content: " minutes"; }
}
.jp-RenderedMarkdown :is(p, li) a { text-decoration: underline !important; }
@media screen and (prefers-color-scheme: dark) {
  body { --jp-mirror-editor-comment-color: #7fb8b8; --jp-mirror-editor-number-color: #7ccf7c;
    --jp-mirror-editor-operator-color: #cf8bff; }
}
</style>
{%- endblock -%}
{%- block data_png scoped -%}
{%- set width = output | get_metadata('width', 'image/png') -%}
<div class="jp-RenderedImage jp-OutputArea-output">
<img src="data:image/png;base64,{{ output.data['image/png'] }}" {% if width %}width="{{ width }}"{% endif %}
alt="{{ output | get_metadata('alt', 'image/png') | escape_html }}"></div>
{%- endblock -%}
"""
"""The stock page less the scripts that it would load from the network; formulas become MathML instead.

It also has no place for the text of a figure (`describe_figures`), no dark colours for those who like
them, no table whose cells go below each other on a phone, and its prompts, comments and links in a text
are too pale for weak eyes (WCAG AA)."""

CODE = re.compile(r"(```.*?```|~~~.*?~~~|`[^`\n]+`)", re.DOTALL)
FORMULA = re.compile(
    r"\$\$(?P<display>.+?)\$\$|(?<![\\$\w])\$(?P<inline>[^\s$](?:[^$\n]*[^\s$\\])?)\$(?![\d$])", re.DOTALL
)


def finish_notebook(path: Path, run_dir: Path) -> None:
    """Tidy an executed notebook; write it again, its page (.html) beside it, its figures in `figures/`."""
    notebook = nbformat.read(path, as_version=4)
    strip_widgets(notebook)
    notebook, _ = CoalesceStreamsPreprocessor().preprocess(notebook, {})  # bars: their last state
    write_text(path, nbformat.writes(notebook) + "\n")
    describe_figures(notebook)
    write_figures(notebook, path.stem, run_dir / "figures")
    write_text(path.with_suffix(".html"), render_html(notebook, path.stem))


def strip_widgets(notebook: nbformat.NotebookNode) -> None:
    """Remove the state of widgets, which upsets viewers; a note stands in for each control."""
    notebook.metadata.pop("widgets", None)
    for output in _outputs(notebook):
        data = output.get("data", {})
        if data.pop(WIDGET, None) is not None and set(data) <= {"text/plain"}:
            # A finished bar of tqdm has a readable text of its own; a slider only a Python expression.
            plain = data.get("text/plain", "")
            data["text/plain"] = plain if "%|" in plain else WIDGET_NOTE


def describe_figures(notebook: nbformat.NotebookNode) -> None:
    """Give every figure without a text for those who cannot see it the heading that it stands under."""
    heading = "Figure"
    for cell in notebook.cells:
        lines = cell.source.splitlines() if cell.cell_type == "markdown" else []
        heading = next((line.lstrip("# ") for line in reversed(lines) if line.startswith("#")), heading)
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                output.metadata.setdefault("image/png", {}).setdefault("alt", heading)


def write_figures(notebook: nbformat.NotebookNode, stem: str, folder: Path) -> None:
    """Write the PNG figures of a notebook to a folder, numbered in order; those of an earlier run go."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{stem}-*.png"):
        old.unlink()
    shown = [output.get("data", {}) for output in _outputs(notebook)]
    images = [data["image/png"] for data in shown if "image/png" in data]
    for number, image in enumerate(images, 1):
        (folder / f"{stem}-{number:02d}.png").write_bytes(base64.b64decode(image))


def render_html(notebook: nbformat.NotebookNode, title: str) -> str:
    """Render an executed notebook as one page that loads nothing from the network."""
    notebook = nbformat.from_dict(notebook)  # a copy: the formulas of the notebook itself stay as they are
    notebook.metadata["title"] = title
    formulas: list[str] = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _set_formulas_aside(cell.source, formulas)
    page, _ = HTMLExporter(raw_template=OFFLINE_TEMPLATE).from_notebook_node(notebook)
    page = re.sub(r"FORMULA(\d+)END", lambda match: formulas[int(match[1])], page)
    page = page.replace("<head>", f"<head>\n{format_policy()}", 1)
    return re.sub(r'href="(\d\d_\w+)\.ipynb', r'href="\1.html', page)  # previous and next stay within the run


def _outputs(notebook: nbformat.NotebookNode) -> list:
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def _set_formulas_aside(text: str, formulas: list[str]) -> str:
    # Behind a placeholder, Markdown cannot mistake the stars and underscores of a formula for its own.
    def replace(match: re.Match) -> str:
        formula, display = match["display"] or match["inline"], "block" if match["display"] else "inline"
        try:
            mathml = to_mathml(formula, display=display)
        except Exception:  # whatever the converter cannot read stays as typed; the page must not fail for it
            return match[0]
        formulas.append(mathml)
        return f"FORMULA{len(formulas) - 1}END"

    parts = CODE.split(text)  # odd places hold code, where a dollar is a dollar
    return "".join(part if i % 2 else FORMULA.sub(replace, part) for i, part in enumerate(parts))
