"""The index page links what there is; values are shown briefly."""

import pytest
from notebook_tools import write_notebook

from speechlm_utils.cli import index
from speechlm_utils.notebook.catalogue import find_notebooks


def test_quiz_is_linked_where_it_was_written(tmp_path):
    write_notebook(tmp_path / "02_second.ipynb")
    notebooks = find_notebooks(tmp_path)
    page = index.write_index(notebooks, {}, tmp_path, "demo", {}).read_text(encoding="utf-8")
    assert "quiz.html" not in page
    (tmp_path / "quiz.html").write_text("a quiz")
    page = index.write_index(notebooks, {}, tmp_path, "demo", {}).read_text(encoding="utf-8")
    assert 'href="quiz.html"' in page


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.73219, "0.732"), (75, "75"), (12345.6, "12346"), (None, "–"), ("ok", "ok"), (True, "True")],
)
def test_values_are_shown_briefly(value, text):
    assert index.format_value(value) == text
