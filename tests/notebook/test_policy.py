"""The policy of a page lets it use what stands in it, and no network."""

import re

from speechlm_utils.notebook.policy import POLICY, format_policy


def test_policy_names_no_network():
    rules = dict(rule.split(" ", 1) for rule in POLICY.split("; "))
    assert rules["default-src"] == "'none'" and not {"connect-src", "frame-src", "object-src"} & set(rules)
    assert not re.search(r"https?:|\*|unsafe-eval", POLICY)


def test_policy_is_one_element_of_the_head():
    assert format_policy() == f'<meta http-equiv="Content-Security-Policy" content="{POLICY}" />'
