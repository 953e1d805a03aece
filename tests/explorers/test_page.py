"""The page of an explorer holds all that it needs, whatever its data."""

import json
import re

from explorer_tools import embed_tone

from speechlm_utils.explorers.page import Explorer, render_page
from speechlm_utils.notebook.policy import format_policy

CELL = {"id": "a", "text": "</script><b>no & “yes”</b>"}
DATA = {"names": ["a"], "models": {"words": [[[0]]]}, "clips": [CELL]}


def test_page_loads_nothing():
    page = render_page(Explorer("confusion", "A matrix", DATA), "Title <1>")
    assert page.index(format_policy()) < page.index("<title>")
    assert not re.findall(r"(?:src|href)=[\"']?(?!data:|#)", page)
    assert not re.findall(r"@import|url\(|https?://(?!www\.w3\.org)", page)
    assert "<title>Title &lt;1&gt;</title>" in page and "<h1>Title &lt;1&gt;</h1>" in page
    assert "export default" not in page


def test_data_cannot_end_the_script():
    shown = Explorer("confusion", "A matrix", DATA)._repr_html_()
    assert shown.count("</script>") == 1
    data = re.search(r"const data = (.*);\n", shown)[1]
    assert json.loads(data) == DATA


def test_two_explorers_of_a_page_have_names_of_their_own():
    one = Explorer("confusion", "A matrix", DATA)
    names = re.findall(r'<section[^>]* id="([^"]+)"', one._repr_html_() + one._repr_html_())
    assert len(set(names)) == 2


def test_words_are_shown_as_they_are(read):
    page = read(Explorer("confusion", "A matrix", DATA))
    page.get_by_role("button", name="true a, predicted a: 1").click()
    assert "“</script><b>no & “yes”</b>” (a)" in page.locator("[data-list]").inner_text()


def test_text_form_is_short():
    data = {"clips": [{"sound": embed_tone()}]}
    assert len(repr(Explorer("confusion", "A matrix", data))) < 100
