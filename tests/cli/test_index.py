"""The numbers of the index page and the summary."""

import pytest

from speechlm_utils.cli import index


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.73219, "0.732"), (75, "75"), (12345.6, "12346"), (None, "–"), ("ok", "ok"), (True, "True")],
)
def test_values_are_shown_briefly(value, text):
    assert index.format_value(value) == text
