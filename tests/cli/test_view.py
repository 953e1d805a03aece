"""A finished run opens without any package, on this machine alone."""

import os
import signal
import subprocess
import sys
import threading
from http.client import HTTPConnection
from pathlib import Path

import pytest

from speechlm_utils.cli.main import main
from speechlm_utils.cli.view import ADDRESS, make_server

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run_dir(tmp_path):
    folder = tmp_path / "runs" / "demo"
    (folder / "figures").mkdir(parents=True)
    (folder / "index.html").write_text("<h1>A run</h1>")
    (folder / "figures" / "01.png").write_bytes(b"pixels")
    (tmp_path / "secret.txt").write_text("not for you")
    return folder


@pytest.fixture
def server(run_dir):
    with make_server(run_dir) as one:
        thread = threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield one
        one.shutdown()
        thread.join()


def ask(port, path, host=None):
    connection = HTTPConnection(ADDRESS, port, timeout=10)
    connection.request("GET", path, headers={"Host": host} if host else {})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def test_pages_and_figures_are_served_here_alone(server):
    assert server.server_address[0] == "127.0.0.1"
    answer, body = ask(server.server_port, "/")
    assert (answer.status, body) == (200, b"<h1>A run</h1>")
    assert "connect-src 'none'" in answer.headers["Content-Security-Policy"]
    assert ask(server.server_port, "/figures/01.png")[1] == b"pixels"


@pytest.mark.parametrize("path", ["/../../secret.txt", "/%2e%2e/%2e%2e/secret.txt", "/figures/", "/none"])
def test_nothing_beside_the_run_is_served(server, path):
    answer, body = ask(server.server_port, path)
    assert answer.status == 404 and b"not for you" not in body


def test_another_name_of_this_machine_is_refused(server):
    assert ask(server.server_port, "/", host="evil.example:80")[0].status == 403
    assert ask(server.server_port, "/", host=f"localhost:{server.server_port}")[0].status == 200


@pytest.mark.parametrize(
    ("name", "message"), [("none", "no such folder"), (".", "holds no index.html, so no run was finished")]
)
def test_a_folder_without_a_run_is_told(run_dir, monkeypatch, capsys, name, message):
    monkeypatch.chdir(run_dir.parent)
    assert main(["open", name, "--no-browser"]) == 2
    assert message in capsys.readouterr().err


def test_a_port_that_is_taken_is_told(server, run_dir, capsys):
    assert main(["open", str(run_dir), "--port", str(server.server_port), "--no-browser"]) == 2
    assert f"port {server.server_port}: cannot be used here" in capsys.readouterr().err


def test_opens_with_nothing_installed(run_dir):
    """Python without any site packages: what the package itself needs is not needed to see a run."""
    code = "import sys; from speechlm_utils.cli.main import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-S", "-c", code, "open", str(run_dir), "--no-browser"]
    about = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, **about) as process:
        address = process.stdout.readline().split(" is at ")[1].split()[0]
        assert ask(int(address.rstrip("/").rsplit(":", 1)[1]), "/")[1] == b"<h1>A run</h1>"
        process.send_signal(signal.SIGINT)
        assert (process.wait(timeout=10), process.stderr.read()) == (0, "")
