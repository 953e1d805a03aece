"""Explorers as a reader meets them: a page opened from disk in a headless Chromium, the network off."""

import pytest
from browser_tools import find_browser, find_screenshot_folder
from explorer_tools import find_faults

from speechlm_utils.explorers.page import render_page

WAIT_MS = 20_000


@pytest.fixture(scope="module")
def chromium():
    path = find_browser()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        one = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield one
        one.close()


@pytest.fixture
def read(chromium, tmp_path, request):
    """Open an explorer from disk; at the end a picture is taken, and no script may have failed."""
    context, failures = chromium.new_context(accept_downloads=True), []
    context.set_default_timeout(WAIT_MS)
    context.set_offline(True)
    page = context.new_page()
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on("console", lambda said: failures.append(said.text) if said.type == "error" else None)

    def open_page(explorer):
        (tmp_path / "page.html").write_text(render_page(explorer, "Title"), encoding="utf-8")
        page.goto((tmp_path / "page.html").as_uri())
        return page

    yield open_page
    page.screenshot(path=find_screenshot_folder() / f"explorer_{request.node.name}.png", full_page=True)
    faults = find_faults(page)
    context.close()
    assert not failures
    assert not faults
