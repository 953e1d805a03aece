"""Names of tokens and their pairs are inverse."""

from speechlm_utils.tokens import parse_token, show_token, token_name


def test_names_and_pairs_are_inverse():
    assert token_name(3, 417) == "<|L3_0417|>" and show_token(3, 417) == "L3-0417"
    assert all(parse_token(token_name(*pair)) == pair for pair in [(1, 0), (8, 1023), (12, 2047), (2, 12345)])
