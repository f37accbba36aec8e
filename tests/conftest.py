"""Rules for the whole suite: offline, one thread for torch's small sums, the same random examples every time."""

from __future__ import annotations

import socket
from typing import Any

import pytest
import torch
from hypothesis import settings

pytest_plugins = ["tests.hub_fixtures"]

# Two threads that wait for each other cost more than they save at the sizes of these tests.
torch.set_num_threads(1)

settings.register_profile("drasp", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("drasp")

_connect = socket.socket.connect
_getaddrinfo = socket.getaddrinfo


def _refuse_beyond_loopback(host: object) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if isinstance(name, str) and name not in ("", "localhost", "::1") and name[:4] != "127.":
        raise RuntimeError(f"a test tried to reach {name}; tests open no socket beyond loopback")


def _connect_here(self: socket.socket, address: Any) -> None:
    """Connects to this machine and to nothing else."""
    if self.family in (socket.AF_INET, socket.AF_INET6):
        _refuse_beyond_loopback(address[0])
    _connect(self, address)


def _look_up_here(host: Any, *arguments: Any, **options: Any) -> Any:
    """Looks up this machine and nothing else: a look-up is a packet, too, and offline it hangs for minutes."""
    _refuse_beyond_loopback(host)
    return _getaddrinfo(host, *arguments, **options)


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", _connect_here)
    monkeypatch.setattr(socket, "getaddrinfo", _look_up_here)
