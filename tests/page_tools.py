"""What tests ask of whole pages: how large they are, how soon they show, what is wrong in them."""

from explorer_tools import find_faults

LARGEST = 6_000_000  # bytes
SCREENS = {"light": {"width": 1280, "height": 900}, "dark": {"width": 390, "height": 844}}
WAIT_MS = 60_000
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
WIDTH = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
CODE = ".highlight"
PLACES = {"light": [".jp-OutputArea-output", ".speechlm-page"], "dark": [".speechlm-explorer"]}


def inspect_page(chromium, path, screen):
    """Open a page from disk, the network off; returns its faults, a line each, and ms to the first paint."""
    context = chromium.new_context(color_scheme=screen, viewport=SCREENS[screen])
    context.set_default_timeout(WAIT_MS)
    context.set_offline(True)
    page, faults = context.new_page(), []
    page.on("pageerror", lambda error: faults.append(f"script: {error}"))
    page.on("console", lambda said: faults.append(f"console: {said.text}") if said.type == "error" else None)
    page.goto(path.as_uri())
    paint = page.evaluate(PAINT)
    if (beyond := page.evaluate(WIDTH)) > 0:
        faults.append(f"{beyond} pixels wider than a screen of {SCREENS[screen]['width']}")
    faults += find_page_faults(page, screen)
    context.close()
    return faults, paint


def find_page_faults(page, screen):
    """Let axe-core look at the page; at contrasts, which take long, only where pages differ.

    Contrasts of text and code are the same in all pages (tests/cli/test_pages.py): here those of the outputs
    are looked at, and in dark colours those of explorers, which bring their own.
    """
    faults = []
    if screen == "light":
        code = {"exclude": [[CODE]]} if page.locator(CODE).count() else None
        faults += find_faults(page, code, {"rules": {"color-contrast": {"enabled": False}}})
    places = [one for one in PLACES[screen] if page.locator(one).count()]
    if places:
        faults += find_faults(page, {"include": [[one] for one in places]}, {"runOnly": ["color-contrast"]})
    return faults
