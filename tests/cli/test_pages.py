"""Pages work offline; formulas, widgets and figures are made readable."""

import base64
import io
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
import soundfile
from browser_tools import find_browser
from explorer_tools import find_faults
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from speechlm_utils.cli import pages
from speechlm_utils.notebook.policy import format_policy

PIXEL = base64.b64encode(b"not really a png").decode()


def make_page(*markdown, outputs=()):
    """Render a notebook of Markdown cells and one code cell."""
    cells = [*map(new_markdown_cell, markdown), new_code_cell("1", outputs=list(outputs))]
    return pages.render_html(new_notebook(cells=cells), "02_x")


def test_page_loads_nothing_from_the_network():
    page = make_page("# Title\n\n$x$ and ![figure](data:image/png;base64,AAAA)")
    loads = re.findall(r"<(?:script|link|img|iframe)\b[^>]*(?:src|href)=\"?(?:https?:)?//[^>]*>", page)
    assert not loads
    assert not re.findall(r"(?:@import|url\(|import\(|from )\s*['\"]?https?://[^)'\"]*", page)
    assert "<script src" not in page


def test_page_has_dark_colours_for_screens_that_ask_for_them():
    page = make_page("# Title")
    dark = page.split('<style media="screen and (prefers-color-scheme: dark)">')[1].split("</style>")[0]
    assert "--jp-layout-color0: #111;" in dark
    assert page.index("--jp-layout-color0: white") < page.index(dark)  # the later one counts


def test_page_says_before_anything_else_that_it_may_use_no_network():
    page = make_page("# Title")
    head = page[page.index("<head>") :]
    assert head.startswith(f"<head>\n{format_policy()}")


PROBE = """<p id="script">no</p><script>
document.getElementById("script").textContent = "ran";
window.blocked = [];
document.addEventListener("securitypolicyviolation", event => window.blocked.push(event.effectiveDirective));
fetch("http://127.0.0.1:9/x").catch(() => {});
new WebSocket("ws://127.0.0.1:9/x");
</script>
<img src="http://127.0.0.1:9/x.png"><iframe src="http://127.0.0.1:9/"></iframe>
<img id="inside" src="data:image/png;base64,PIXEL"><img id="beside" src="beside.png">
<audio id="sound" src="data:audio/wav;base64,SOUND"></audio>"""


def test_browser_shows_what_is_in_the_page_and_beside_it_and_asks_no_network(tmp_path):
    from playwright.sync_api import sync_playwright

    wav, png = io.BytesIO(), io.BytesIO()
    soundfile.write(wav, np.zeros(800), 8000, format="WAV")
    plt.imsave(png, np.zeros((3, 5)))
    probe = PROBE.replace("SOUND", base64.b64encode(wav.getvalue()).decode())
    probe = probe.replace("PIXEL", base64.b64encode(png.getvalue()).decode())
    (tmp_path / "beside.png").write_bytes(png.getvalue())
    (tmp_path / "x.html").write_text(make_page("# Title").replace("</body>", f"{probe}</body>"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        page, asked = browser.new_page(), []
        page.on("request", lambda request: asked.append(request))
        page.goto((tmp_path / "x.html").as_uri())
        page.wait_for_function("window.blocked.length >= 4 && document.getElementById('sound').duration > 0")
        blocked = page.evaluate("window.blocked")
        widths = page.evaluate("['inside', 'beside'].map(id => document.getElementById(id).naturalWidth)")
        assert page.locator("#script").text_content() == "ran"
        reasons = {request.failure for request in asked if request.url.startswith("http")}
        browser.close()
    assert {"connect-src", "img-src", "frame-src"} <= set(blocked) and widths == [5, 5]
    assert reasons <= {"csp"}  # what was asked for did not leave the browser


def test_formulas_become_mathml_and_code_and_prices_stay():
    page = make_page(r"Let $x_i * y_i$, $$\min_w \|w\|_1$$ and `$HOME` cost $5 and $6.")
    assert page.count("<math") == 2
    assert 'display="block"' in page
    assert "$HOME" in page
    assert "$5 and $6" in page
    assert "FORMULA" not in page
    assert "<em>" not in page


def test_formula_that_cannot_be_read_stays_as_typed(monkeypatch):
    monkeypatch.setattr(pages, "to_mathml", lambda *args, **kwargs: 1 / 0)
    assert r"$\frac{1}$" in make_page(r"$\frac{1}$")


def test_links_between_notebooks_lead_to_pages():
    page = make_page("[next](03_tokens.ipynb) [part](03_tokens.ipynb#more) [other](../README.md)")
    assert 'href="03_tokens.html"' in page
    assert 'href="03_tokens.html#more"' in page


def test_widgets_are_stripped_and_bars_keep_their_text():
    outputs = [
        new_output(
            "display_data", {pages.WIDGET: {"model_id": "1"}, "text/plain": "interactive(children=...)"}
        ),
        new_output("display_data", {pages.WIDGET: {"model_id": "2"}, "text/plain": "100%|██████| 3/3"}),
        new_output("display_data", {"image/png": PIXEL, "text/plain": "<Figure>"}),
    ]
    notebook = new_notebook(cells=[new_code_cell("1", outputs=outputs)], metadata={"widgets": {"state": {}}})
    pages.strip_widgets(notebook)
    assert "widgets" not in notebook.metadata
    texts = [output.data["text/plain"] for output in notebook.cells[0].outputs]
    assert texts == [pages.WIDGET_NOTE, "100%|██████| 3/3", "<Figure>"]


def test_figure_takes_its_text_from_the_heading_above_it():
    figure = new_output("display_data", {"image/png": PIXEL})
    cells = [
        new_markdown_cell("# Top\n## The path"),
        new_code_cell("1"),
        new_code_cell("2", outputs=[figure]),
    ]
    notebook = new_notebook(cells=cells)
    pages.describe_figures(notebook)
    assert 'alt="The path"' in pages.render_html(notebook, "02_x")


def test_figures_of_an_earlier_run_go(tmp_path):
    shown = new_output("display_data", {"image/png": PIXEL})
    two = new_notebook(cells=[new_code_cell("1", outputs=[shown, shown])])
    one = new_notebook(cells=[new_code_cell("1", outputs=[shown])])
    pages.write_figures(two, "02_x", tmp_path)
    pages.write_figures(one, "02_x", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["02_x-01.png"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_has_no_serious_fault_of_accessibility(tmp_path, scheme):
    path = find_browser()
    from playwright.sync_api import sync_playwright

    code = new_code_cell("x = 3 in [3]  # a comment", execution_count=1)
    code.outputs = [new_output("execute_result", {"text/plain": "True"}, execution_count=1)]
    cells = [new_markdown_cell("# Title\n\nA [link](https://example.org) in a text.\n\n$x$"), code]
    (tmp_path / "page.html").write_text(pages.render_html(new_notebook(cells=cells), "02_x"))
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = chromium.new_page(color_scheme=scheme)
        page.goto((tmp_path / "page.html").as_uri())
        faults = find_faults(page)
        chromium.close()
    assert not faults
