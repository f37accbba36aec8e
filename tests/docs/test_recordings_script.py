"""docs/recordings/fetch.sh: what it refuses. What it fetches needs the Debian mirror, which tests do not."""

from __future__ import annotations

import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "docs" / "recordings" / "fetch.sh"


class Garbage(BaseHTTPRequestHandler):
    """A mirror on which every file holds the same few bytes."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"no package at all")

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def mirror():
    server = HTTPServer(("127.0.0.1", 0), Garbage)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def fetch(*arguments: object, mirror: str = "http://127.0.0.1:9") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DEBIAN_MIRROR": mirror, "no_proxy": "127.0.0.1"}
    command = ["sh", str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("arguments", [(), ("singing", "out"), ("speech",)])
def test_wrong_use_is_told(arguments):
    told = fetch(*arguments)
    assert told.returncode == 2
    assert told.stderr.startswith("usage: ")


@pytest.mark.parametrize("kind", ["speech", "music", "test-music"])
def test_a_package_with_another_checksum_is_not_unpacked(tmp_path, mirror, kind):
    told = fetch(kind, tmp_path / "out", mirror=mirror)
    assert told.returncode != 0
    assert "did NOT match" in told.stderr
    assert [path for path in (tmp_path / "out").iterdir() if path.is_dir()] == []


def test_a_mirror_that_does_not_answer_is_an_error(tmp_path):
    told = fetch("speech", tmp_path / "out")
    assert told.returncode != 0
    assert "curl" in told.stderr
