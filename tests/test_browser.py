"""The live demo as a person meets it: JupyterLab and Voilà in a headless Chromium, used by keyboard.

Screenshots go to $SPEECHLM_SCREENSHOTS, or runs/browser.
"""

import contextlib
import re

import pytest
import soundfile
from browser_tools import (
    ROOT,
    TOKEN,
    add_cell,
    copy_notebook,
    find_browser,
    find_screenshot_folder,
    read_options,
    serve,
    write_stereo,
)

from speechlm_utils.audio import load_audio

SPOKEN = ROOT / "data" / "human" / "0870.flac"
SCREEN = {"width": 1300, "height": 1200}
NAME = "20_live_demo.ipynb"
START_MS, STEP_MS = 600_000, 180_000  # waits end when what they wait for is there
WATCH = """box => {
    addEventListener("keydown", () => { window.pressed = performance.now(); }, {once: true, capture: true});
    new MutationObserver(() => { window.changed = performance.now(); }).observe(
        box, {childList: true, subtree: true});
}"""  # the time from a key to the last change that it makes, by the page's own clock
BACKGROUND = "getComputedStyle(document.body).getPropertyValue('--jp-layout-color1').trim()"
COUNT = re.compile(r"([\d,]+) audio tokens selected")


@pytest.fixture(scope="module")
def microphone(tmp_path_factory):
    """What Chromium takes for its microphone: a reader's sentence, over and over."""
    path = tmp_path_factory.mktemp("microphone") / "spoken.wav"
    soundfile.write(path, load_audio(SPOKEN, 48000), 48000)
    return path


@pytest.fixture(scope="module")
def browser(microphone):
    path = find_browser()
    options = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    options.append(f"--use-file-for-fake-audio-capture={microphone}")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=STEP_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=options)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    """One run folder for both servers: what the first has fitted the second finds."""
    return tmp_path_factory.mktemp("run")


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport=SCREEN | {"height": 4000})
    context.set_default_timeout(STEP_MS)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def lab(browser, run_dir, tmp_path_factory):
    """The page of the notebook in JupyterLab, a control of notebook 02 added, with all its cells run."""
    folder = tmp_path_factory.mktemp("lab")
    add_cell(copy_notebook(NAME, folder, run_dir), "widgets.explore_penalties()")
    arguments = ["jupyterlab", "--no-browser", "--allow-root", "--port=PORT", "--ServerApp.port_retries=0"]
    arguments += [f"--IdentityProvider.token={TOKEN}", "--expose-app-in-browser", *read_options("lab")]
    with serve(arguments, folder, f"/api/status?token={TOKEN}") as address:
        context = browser.new_context(viewport=SCREEN)
        context.set_default_timeout(STEP_MS)
        page = context.new_page()
        page.goto(f"{address}/lab/tree/{NAME}?reset&token={TOKEN}")
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=START_MS)
        page.add_style_tag(content="#jupyterlab-splash {display: none !important}")  # it hides the pictures
        page.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext?.isReady")
        page.evaluate("jupyterapp.commands.execute('application:toggle-left-area')")
        page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
        page.get_by_text("Back to the contents").last.wait_for(timeout=START_MS)
        yield page
        context.close()


def find_control(page, name):
    """The output that holds a control with this label."""
    return page.locator(".jp-OutputArea-output").filter(has=page.get_by_label(name, exact=True)).last


def wait_for_line(control, pattern):
    """Wait until the status line has a text in it; returns the line."""
    from playwright.sync_api import expect

    line = control.get_by_role("status")
    expect(line).to_contain_text(pattern)
    return line.inner_text()


def expect_other_line(control, line):
    """Wait until the status line is another one, and not of work in progress."""
    from playwright.sync_api import expect

    expect(control.locator("[role=status][data-kind=fine]")).not_to_have_text(line)


def press(button):
    """Press a button by keyboard, once it is enabled: a key at a disabled one does nothing."""
    from playwright.sync_api import expect

    expect(button).to_be_enabled()
    button.press("Enter")


def upload(page, control, path):
    """Choose a file as a person would, who chooses it once more if nothing happens.

    On a busy machine, a minute of sound has been seen not to leave the page the first time.
    """
    from playwright.sync_api import expect

    line = control.get_by_role("status")
    before = line.inner_text()
    for wait in (30_000, STEP_MS):
        with page.expect_file_chooser() as chooser:
            press(control.get_by_role("button", name="or upload"))
        chooser.value.set_files(path)
        with contextlib.suppress(AssertionError):
            return expect(line).not_to_have_text(before, timeout=wait)
    raise AssertionError(f"{path.name}: was chosen twice, and nothing happened")


def measure_player(control):
    """Seconds of the sound in a control, once the browser can play it."""
    player = control.locator("audio").first
    player.wait_for(state="attached")
    ready = (
        "player => new Promise(done => { const look = () => player.readyState > 0 && player.duration > 0 ? "
    )
    ready += "done(player.duration) : player.addEventListener('loadeddata', look, {once: true}); look(); })"
    return player.evaluate(ready)


def take_pictures(page, name, control):
    """Screenshots of a control in both themes of JupyterLab."""
    control.evaluate("box => box.closest('.jp-Cell').scrollIntoView()")
    for theme in ("Light", "Dark"):
        page.evaluate(
            f"jupyterapp.commands.execute('apputils:change-theme', {{theme: 'JupyterLab {theme}'}})"
        )
        page.screenshot(path=find_screenshot_folder() / f"{name}_{theme.lower()}.png")
    set_theme(page, "Light")


def set_theme(page, theme):
    name = f"{{theme: 'JupyterLab {theme}'}}"
    page.evaluate(f"jupyterapp.commands.execute('apputils:change-theme', {name})")
    page.locator(f"body[data-jp-theme-light={str(theme == 'Light').lower()}]").wait_for(state="attached")
    page.wait_for_function(f"{BACKGROUND} {'==' if theme == 'Light' else '!='} 'white'")


def move_slider(page, control):
    """Press an arrow at the slider of C; returns count and picture before and after, and the seconds."""
    from playwright.sync_api import expect

    handle, status = control.get_by_role("slider").first, control.get_by_role("status")
    images = control.locator("img")
    before = status.inner_text(), images.first.get_attribute("src"), images.last.get_attribute("src")
    handle.focus()
    control.evaluate(WATCH)
    page.keyboard.press("ArrowRight")
    expect(status).not_to_have_text(before[0])  # what is sent last
    after = status.inner_text(), images.first.get_attribute("src"), images.last.get_attribute("src")
    return before, after, page.evaluate("(window.changed - window.pressed) / 1000")


def tab_to(page, handle, limit=4):
    """Press Tab until the handle of a slider has the focus."""
    for _ in range(limit):
        page.keyboard.press("Tab")
        if handle.evaluate("handle => handle === document.activeElement"):
            return
    pytest.fail(f"{limit} times Tab, and the slider has no focus")


def press_arrow(page, control, handle, key):
    """Press an arrow at a slider that has the focus, wait for other numbers and another picture.

    Returns by how much the slider has moved.
    """
    from playwright.sync_api import expect

    image, numbers = control.locator("img"), control.locator("pre")
    source, said, place = image.get_attribute("src"), numbers.inner_text(), read_place(handle)
    page.keyboard.press(key)
    expect(numbers).not_to_have_text(said)
    expect(image).not_to_have_attribute("src", source)
    return read_place(handle) - place


def read_place(handle):
    return float(handle.get_attribute("aria-valuenow"))


def read_count(line):
    return int(COUNT.search(line)[1].replace(",", ""))


# --- JupyterLab


def test_slider_moves_by_keyboard_and_count_and_figure_change(lab):
    control = find_control(lab, "task")
    before, after, seconds = move_slider(lab, control)
    print(f"from the key to the last change: {1000 * seconds:.0f} ms")
    assert read_count(after[0]) > read_count(before[0])
    assert after[1] != before[1] and after[2] != before[2]
    take_pictures(lab, "lasso", control)


def test_sliders_of_the_penalty_are_reached_by_tab_and_moved_by_arrows(lab):
    control = lab.locator(".jp-OutputArea-output").filter(has_text="angle (degrees)").first
    budget, angle = control.get_by_role("slider").all()
    budget.focus()
    assert press_arrow(lab, control, budget, "ArrowRight") > 0
    tab_to(lab, angle)
    assert press_arrow(lab, control, angle, "ArrowLeft") < 0


def test_picked_token_shows_its_card_and_can_be_heard(lab):
    control = find_control(lab, "token")
    assert measure_player(control) > 0.1
    before, card = wait_for_line(control, "speaks"), control.locator("img").get_attribute("src")
    control.get_by_label("token", exact=True).focus()
    control.get_by_label("token", exact=True).press("ArrowDown")
    expect_other_line(control, before)
    assert "speaks" in wait_for_line(control, "speaks")
    assert control.locator("img").get_attribute("src") != card
    assert measure_player(control) > 0.1
    take_pictures(lab, "token", control)


def test_stereo_upload_gets_a_prediction_and_a_player(lab, tmp_path):
    control = find_control(lab, "clip")
    upload(lab, control, write_stereo(tmp_path / "me.wav"))
    said = wait_for_line(control, "no words yet")
    assert "most probable" in said
    assert measure_player(control) == pytest.approx(1.5, abs=0.05)
    words = control.get_by_label("words")
    words.fill("we cannot go on like this")
    words.press("Enter")
    assert "no words yet" not in wait_for_line(control, re.compile(r"[1-9]\d* text and"))
    take_pictures(lab, "upload", control)
    before = control.locator("img").count()
    press(control.get_by_role("button", name="Explain the prediction"))
    wait_for_line(control, "the attribution is below")
    assert control.locator("img").count() == before + 1
    take_pictures(lab, "attribution", control)


def test_text_named_wav_gets_a_readable_message(lab, tmp_path):
    control = find_control(lab, "clip")
    poem = tmp_path / "poem.wav"
    poem.write_text("roses are red\n" * 40)
    upload(lab, control, poem)
    assert "poem.wav: cannot be read as audio" in wait_for_line(control, "poem.wav: cannot")
    assert not control.locator("img").count() and not control.locator("audio").count()
    take_pictures(lab, "text_named_wav", control)
    control.get_by_label("clip", exact=True).select_option(index=1)
    assert "true:" in wait_for_line(control, "true:")  # it goes on


def test_a_minute_of_stereo_is_read(lab, tmp_path):
    control = find_control(lab, "clip")
    upload(lab, control, write_stereo(tmp_path / "long.wav", seconds=60))
    assert "audio tokens are read" in wait_for_line(control, "no words yet")


def test_spoken_sentence_gets_words_and_a_prediction(lab):
    recorder = lab.locator(".speechlm-recorder").first
    recorder.get_by_role("button", name="Record").press("Enter")
    recorder.get_by_role("button", name="Stop").wait_for()
    lab.wait_for_timeout(4000)
    recorder.get_by_role("button", name="Stop").press("Enter")
    control = find_control(lab, "clip")
    control.get_by_text("words recognised, confidence").wait_for()
    assert "most probable" in control.get_by_role("status").filter(has_text="most probable").inner_text()
    assert len(control.get_by_label("words").input_value().split()) > 3
    assert control.get_by_role("link", name="Save the takes").get_attribute("download") == "takes.zip"
    take_pictures(lab, "recorded", control)


def test_tokens_of_what_was_said_lead_to_their_cards(lab):
    control = find_control(lab, "clip")
    before = control.locator("img").count(), control.locator("audio").count()
    control.get_by_label("token in it", exact=True).select_option(index=1)
    control.get_by_text("first here, then in other clips").wait_for()
    assert control.get_by_text("in this clip, at").count()
    assert control.locator("img").count() == before[0] + 1
    assert control.locator("audio").count() > before[1] + 1
    assert "speaks" in control.get_by_role("status").filter(has_text="first here").inner_text()
    take_pictures(lab, "tokens_of_a_clip", control)


def test_muted_tokens_move_the_prediction(lab):
    control = find_control(lab, "words of")
    before = control.locator("img").last.get_attribute("src")
    control.get_by_label("tokens in order").select_option(index=[0, 1, 2])
    press(control.get_by_role("button", name="Mute", exact=True))
    assert "moved most" in wait_for_line(control, "moved most")
    assert control.locator("img").last.get_attribute("src") != before
    take_pictures(lab, "what_if", control)


# --- Voilà


def test_voila_serves_the_controls_without_code(page, run_dir, tmp_path):
    copy_notebook(NAME, tmp_path, run_dir)
    arguments = ["voila", NAME, "--port=PORT", "--Voila.ip=127.0.0.1", *read_options("demo")]
    with serve(arguments, tmp_path, "/voila/static/voila.js") as address:
        page.goto(address, timeout=START_MS)
        control = find_control(page, "task")
        control.get_by_role("slider").first.wait_for(timeout=START_MS)
        before, after, _ = move_slider(page, control)
        assert read_count(after[0]) > read_count(before[0]) and after[1] != before[1]
        assert not page.get_by_text("explore_lasso").count()
        page.screenshot(path=find_screenshot_folder() / "voila.png", full_page=True)
