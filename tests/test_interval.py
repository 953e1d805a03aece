"""An interval says on which side of its reference it lies, and shows itself as text and HTML."""

from speechlm_utils.interval import Interval


def test_verdicts_against_the_reference():
    spans = {"above": (0.01, 0.2), "below": (-0.2, -0.01), "not decided": (0.0, 0.2)}
    for verdict, (low, high) in spans.items():
        assert Interval(0.1, low, high, 20, "clips").verdict == verdict
    assert Interval(0.6, 0.4, 0.8, 20, "clips", reference=0.5).verdict == "not decided"
    assert Interval(0.6, 0.4, 0.8, 20, "clips", reference=None).verdict == ""


def test_text_says_what_was_resampled_and_is_escaped_in_html():
    found = Interval(0.1, 0.05, 0.2, 40, "<voices>")
    assert str(found) == "+0.100 [+0.050, +0.200] (95% over 40 <voices>): above"
    assert "&lt;voices&gt;" in found._repr_html_() and found.values == [0.1, 0.05, 0.2]
    assert str(Interval(0.6, 0.4, 0.8, 9, "clips", None)) == "0.600 [0.400, 0.800] (95% over 9 clips)"
