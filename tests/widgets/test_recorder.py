"""The recorder: Chromium's fake microphone is heard as it is, and a refusal is a readable sentence."""

import base64
import io
import json

import numpy as np
import pytest
import soundfile
from browser_tools import find_browser, find_screenshot_folder
from explorer_tools import find_faults

from speechlm_utils.widgets.recorder import Recorder

RATE = 16000
PAGE = """<!DOCTYPE html><html lang="en"><head><title>t</title><style>{css}</style></head>
<body><main id="here"></main><script type="module">
{module}
const data = {data};
const model = {{ get: (name) => data[name] }};
model.set = (name, value) => {{ data[name] = value; }};
model.save_changes = () => {{
  const bytes = new Uint8Array(data.recording.buffer);
  window.recorded = btoa(bytes.reduce((text, one) => text + String.fromCharCode(one), ""));
}};
widget.render({{ model, el: document.getElementById("here") }});
</script></body></html>"""


@pytest.fixture(scope="module")
def microphone(tmp_path_factory):
    """A file that Chromium plays, over and over, in place of a microphone: a tone of 440 Hz."""
    path = tmp_path_factory.mktemp("microphone") / "tone.wav"
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 440 * np.arange(48000) / 48000), 48000)
    return path


@pytest.fixture
def page(request, microphone, tmp_path):
    path = find_browser()
    from playwright.sync_api import sync_playwright

    options = ["--no-sandbox", "--use-fake-device-for-media-stream", request.param]
    options.append(f"--use-file-for-fake-audio-capture={microphone}")
    data = {"seconds": 2.0, "sample_rate": RATE}
    module = Recorder._esm.replace("export default", "const widget =")
    text = PAGE.format(css=Recorder._css, module=module, data=json.dumps(data))
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=options)
        one = chromium.new_page()
        one.goto((tmp_path / "page.html").as_uri())
        yield one
        one.screenshot(path=find_screenshot_folder() / f"recorder_{request.param.strip('-')}.png")
        chromium.close()


@pytest.mark.parametrize("page", ["--use-fake-ui-for-media-stream"], indirect=True)
def test_what_the_microphone_hears_arrives_as_wav(page):
    assert "nothing leaves this machine" in page.locator("[aria-live]").inner_text()
    assert not find_faults(page)
    page.get_by_role("button", name="Record").press("Enter")
    page.get_by_role("button", name="Stop").wait_for()
    page.wait_for_timeout(700)
    assert page.get_by_role("meter").evaluate("one => one.value") > 0.05
    page.wait_for_function("window.recorded")  # it stops by itself after two seconds
    wav, rate = soundfile.read(io.BytesIO(base64.b64decode(page.evaluate("window.recorded"))))
    assert rate == RATE and 1.5 < len(wav) / rate < 3
    spectrum = np.abs(np.fft.rfft(wav))
    assert np.fft.rfftfreq(len(wav), 1 / rate)[spectrum.argmax()] == pytest.approx(440, abs=3)
    assert page.get_by_role("button", name="Record again").count() == 1


@pytest.mark.parametrize("page", ["--deny-permission-prompts"], indirect=True)
def test_a_refusal_is_a_readable_sentence(page):
    page.get_by_role("button", name="Record").press("Enter")
    page.get_by_text("may not use the microphone. Allow it").wait_for()
    assert page.get_by_role("button", name="Record").count() == 1
    assert not find_faults(page)


def test_the_kernel_gets_bytes_of_what_comes_from_the_page():
    recorder, heard = Recorder(), []
    recorder.observe(lambda change: heard.append(change["new"]), "recording")
    recorder.set_state({"recording": memoryview(b"RIFF")})  # as ipywidgets hands binary parts over
    assert heard == [b"RIFF"]
