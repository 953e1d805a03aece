"""What a page of a run may do, said in its head: show itself and what lies beside it, and use no network."""

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self' 'unsafe-inline'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' file: data: blob:",
        "media-src 'self' file: data: blob:",
        "font-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
)
"""A content security policy: it holds in every browser, whatever stands in the page."""


def format_policy() -> str:
    """Write the policy as the element that comes first in a page's head."""
    return f'<meta http-equiv="Content-Security-Policy" content="{POLICY}" />'
