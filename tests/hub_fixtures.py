"""A local Hub and the client's folder, for tests that reach it with the real client."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub_client import environment
from tests.hub_server import LocalHub


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """HF_HOME of the tests of a module."""
    return tmp_path_factory.mktemp("hf-home")


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[LocalHub]:
    """The Hub of the tests of a module, which the client asks."""
    with LocalHub() as hub, environment(home, hub.endpoint):
        yield hub


@pytest.fixture
def hub(server: LocalHub, home: Path) -> LocalHub:
    """A Hub as it should be, and an empty cache."""
    shutil.rmtree(home, ignore_errors=True)
    server.requests.clear()
    server.spoiled = False
    return server
