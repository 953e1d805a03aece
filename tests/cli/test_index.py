"""The index page links what there is; values are shown briefly."""

import pytest
from browser_tools import find_browser
from notebook_tools import write_notebook

from speechlm_utils.cli import index
from speechlm_utils.cli.notebooks import Result
from speechlm_utils.notebook.catalogue import find_notebooks


def test_quiz_is_linked_where_it_was_written(tmp_path):
    write_notebook(tmp_path / "02_second.ipynb")
    notebooks = find_notebooks(tmp_path)
    page = index.write_index(notebooks, {}, tmp_path, "demo", {}).read_text(encoding="utf-8")
    assert "quiz.html" not in page
    (tmp_path / "quiz.html").write_text("a quiz")
    page = index.write_index(notebooks, {}, tmp_path, "demo", {}).read_text(encoding="utf-8")
    assert 'href="quiz.html"' in page


def test_pipe_in_the_name_of_a_number_does_not_end_its_cell(tmp_path):
    write_notebook(tmp_path / "02_second.ipynb")
    notebooks = find_notebooks(tmp_path)
    metrics = {notebooks[0].path.stem: {"mean |r|": 0.5}}
    page = index.write_index(notebooks, {}, tmp_path, "demo", metrics).read_text(encoding="utf-8")
    assert "<td>mean |r|</td>" in page.replace("&#124;", "|")


def test_a_phone_shows_the_cells_of_a_notebook_below_each_other(tmp_path):
    write_notebook(tmp_path / "02_second.ipynb")
    found = {"02_second.ipynb": Result("02_second.ipynb", "failed", 1.5, error="ValueError: " + "x" * 90)}
    page = index.write_index(find_notebooks(tmp_path), found, tmp_path, "demo", {})
    boxes = "[...document.querySelectorAll('.stacked td')].map(one => one.getBoundingClientRect())"
    path = find_browser()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for width, n_rows in ((390, 4), (1280, 1)):
            shown = chromium.new_page(viewport={"width": width, "height": 800})
            shown.goto(page.as_uri())
            cells = shown.evaluate(boxes)
            assert len(cells) == 4 and len({cell["top"] for cell in cells}) == n_rows
            assert all(cell["right"] <= width for cell in cells)
        chromium.close()


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.73219, "0.732"), (75, "75"), (12345.6, "12346"), (None, "–"), ("ok", "ok"), (True, "True")],
)
def test_values_are_shown_briefly(value, text):
    assert index.format_value(value) == text
