"""A Jupyter or Voilà server on a port of its own, and a headless Chromium to look at it, for tests."""

import contextlib
import io
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import numpy as np
import pytest
import soundfile
from ipykernel.kernelspec import write_kernel_spec
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from speechlm_utils.cli import profiles
from speechlm_utils.notebook import catalogue

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "notebooks"
TOKEN = "only-for-this-test"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SERVER_SECONDS = 300


def find_browser():
    """Path of a Chromium; without one the test is skipped, but in continuous integration it fails."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found:
        return found
    reason = "no Chromium: install it (Debian: apt-get install chromium), or set CHROMIUM=/path/to/it"
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(reason, pytrace=False)
    return pytest.skip(reason)


def find_screenshot_folder():
    """Where screenshots go: $SPEECHLM_SCREENSHOTS, or runs/browser."""
    folder = Path(os.environ.get("SPEECHLM_SCREENSHOTS") or ROOT / "runs" / "browser")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def copy_notebook(name, folder, run_dir):
    """Copy a notebook with the parameters of the profile ci and absolute paths; returns the copy."""
    notebooks = catalogue.find_notebooks(FOLDER)
    parameters = profiles.plan_parameters(notebooks, profiles.load_profile("ci", FOLDER), run_dir)[name]
    for key, value in parameters.items():
        if isinstance(value, str) and value.startswith(".."):
            parameters[key] = str((FOLDER / value).resolve())
    node = parameterize_notebook(load_notebook_node(str(FOLDER / name)), parameters)
    nbformat.write(node, folder / name)
    return folder / name


def add_cell(path, source):
    """Put a code cell before the last cell of a notebook."""
    node = nbformat.read(path, as_version=4)
    node.cells.insert(-1, nbformat.v4.new_code_cell(source))
    nbformat.write(node, path)


def make_environment(folder):
    """Environment of a server: its settings in a folder of its own, and this interpreter as "python3"."""
    write_kernel_spec(folder / "share" / "kernels" / "python3")
    own = {"JUPYTER_PATH": folder / "share", "IPYTHONDIR": folder / "ipython"}
    for name in ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR"):
        own[f"JUPYTER_{name}"] = folder / name.lower()
    for name in ("SETTINGS", "WORKSPACES"):
        own[f"JUPYTERLAB_{name}_DIR"] = folder / name.lower()
    settings = folder / "settings" / "@jupyterlab"
    write(settings / "notebook-extension" / "tracker.jupyterlab-settings", '{"windowingMode": "none"}')
    write(settings / "apputils-extension" / "notification.jupyterlab-settings", '{"fetchNews": "false"}')
    inherited = {key: value for key, value in os.environ.items() if key != "SPEECHLM_STATIC"}
    return inherited | {key: str(value) for key, value in own.items()}


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def find_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextlib.contextmanager
def serve(arguments, folder, address="/"):
    """Run a server module with `arguments` ("PORT" is replaced) in a folder; yields its address.

    Its output is kept in server.log, and its end shown if it does not come up.
    """
    port, log = find_port(), folder / "server.log"
    command = [sys.executable, "-m", *(argument.replace("PORT", str(port)) for argument in arguments)]
    with open(log, "w") as stream:
        process = subprocess.Popen(
            command, cwd=folder, env=make_environment(folder), stdout=stream, stderr=subprocess.STDOUT
        )
    try:
        wait_for_server(f"http://127.0.0.1:{port}{address}", process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for_server(url, process, log):
    """Ask until the server answers."""
    end = time.monotonic() + SERVER_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=SERVER_SECONDS):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    pytest.fail(f"the server did not come up:\n{log.read_text()[-3000:]}", pytrace=False)


def read_options(target):
    """The options that the Makefile gives to the program of a target."""
    told = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=True)
    return [word for word in shlex.split(told.stdout.splitlines()[-1]) if word.startswith("--")]


def write_stereo(path, seconds=1.5, rate=44100):
    """Write a stereo WAV of a gliding tone; returns its path."""
    t = np.arange(int(seconds * rate)) / rate
    wav = 0.3 * np.sin(2 * np.pi * (150 + 60 * t) * t) * (1 + 0.5 * np.sin(2 * np.pi * 4 * t))
    file = io.BytesIO()
    soundfile.write(file, np.stack([wav, 0.6 * wav], axis=1), rate, format="WAV")
    path.write_bytes(file.getvalue())
    return path
