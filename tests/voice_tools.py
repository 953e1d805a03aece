"""A person who records a corpus in a page, for tests: Chromium's fake microphone plays a rising tone."""

import contextlib

import numpy as np
import soundfile
from browser_tools import find_browser

from speechlm_utils.explorers.page import render_page
from speechlm_utils.explorers.voice import record_corpus

RATE = 48000  # Hz
WAIT_MS = 20_000


@contextlib.contextmanager
def open_recorder(folder, sentences, labels):
    """Open a page with the recorder from disk, the network off; yields it, and no script may have failed."""
    t = np.arange(4 * RATE) / RATE
    soundfile.write(folder / "rising.wav", 0.3 * np.sin(2 * np.pi * (200 + 100 * t) * t), RATE)
    (folder / "page.html").write_text(render_page(record_corpus(sentences, labels), "Title"))
    options = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    options.append(f"--use-file-for-fake-audio-capture={folder / 'rising.wav'}")
    path, failures = find_browser(), []
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=options)
        context = chromium.new_context(accept_downloads=True)
        context.set_default_timeout(WAIT_MS)
        context.set_offline(True)
        page = context.new_page()
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on("console", lambda said: failures.append(said.text) if said.type == "error" else None)
        page.goto((folder / "page.html").as_uri())
        yield page
        chromium.close()
    assert not failures


def record_take(page, seconds=0.4):
    """Press Record, wait, press Stop; returns when the take stands in the table."""
    n = page.locator("tbody tr").count()
    page.get_by_role("button", name="Record").press("Enter")
    page.get_by_role("button", name="Stop").wait_for()
    page.wait_for_timeout(1000 * seconds)
    page.get_by_role("button", name="Stop").press("Enter")
    page.locator("tbody tr").nth(n).wait_for()


def save_takes(page, folder):
    """Save the ZIP into a folder; returns its path."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Save own.zip").press("Enter")
    assert download.value.suggested_filename == "own.zip"
    download.value.save_as(folder / "own.zip")
    return folder / "own.zip"
