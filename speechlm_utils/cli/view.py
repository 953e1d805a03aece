"""The command `speechlm open`: a finished run in the browser, by Python's own library alone.

The pages of a run hold their players and figures, so nothing of the package is needed to see and hear them:
neither torch nor anything else that it installs.
"""

import argparse
import webbrowser
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer

ADDRESS = "127.0.0.1"
POLICY = "frame-ancestors 'none'; connect-src 'none'; form-action 'none'"


def add_open_command(commands) -> None:
    """Add `open` to the subcommands of `speechlm`."""
    about = "open a finished run in the browser: pages, figures, players; needs no torch"
    one = commands.add_parser("open", help=about, description=about)
    one.add_argument("folder", type=Path, nargs="?", default=Path("runs/demo"), help="default: runs/demo")
    one.add_argument("--port", type=int, default=0, help="on this machine alone; default: any that is free")
    one.add_argument("--no-browser", action="store_true", help="print the address only")
    one.set_defaults(command=open_run)


class RunPages(SimpleHTTPRequestHandler):
    """Serve the files of one folder, in silence, to pages of this machine alone."""

    def send_head(self):
        """Refuse a name that leads here from elsewhere (DNS rebinding), and lists of folders."""
        name = self.headers.get("Host", "").rsplit(":", 1)[0]
        if name not in (ADDRESS, "localhost"):
            self.send_error(HTTPStatus.FORBIDDEN)
            return None
        return super().send_head()

    def list_directory(self, path):
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self):
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")  # a run that was repeated shows its new pages
        super().end_headers()

    def log_message(self, *args):
        pass


class LocalServer(ThreadingHTTPServer):
    """A server that asks no name server for its own name: without a network that takes seconds."""

    def server_bind(self):
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address


def make_server(folder: Path, port: int = 0) -> LocalServer:
    """Make a server of a run folder on this machine alone; a folder without pages raises an error."""
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder; a run writes one, see `speechlm run --help`")
    if not (folder / "index.html").is_file():
        raise FileNotFoundError(f"{folder}: holds no index.html, so no run was finished there")
    try:
        return LocalServer((ADDRESS, port), partial(RunPages, directory=str(folder)))
    except (OSError, OverflowError) as error:
        raise OSError(f"port {port}: cannot be used here ({error}); leave out --port") from None


def open_run(args: argparse.Namespace) -> int:
    """Serve a run folder until Ctrl-C, and open its index page."""
    with make_server(args.folder, args.port) as server:
        address = f"http://{ADDRESS}:{server.server_port}/"
        print(f"{args.folder} is at {address} until Ctrl-C", flush=True)
        if not args.no_browser:
            webbrowser.open(address)
        try:
            server.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            print()
    return 0
