"""Rules for the whole suite: offline, one thread for torch's small sums, the same random examples every time."""

from __future__ import annotations

import socket
from typing import Any

import pytest
import torch
from hypothesis import settings

# Two threads that wait for each other cost more than they save at the sizes of these tests.
torch.set_num_threads(1)

settings.register_profile("drasp", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("drasp")

_connect = socket.socket.connect


def _loopback_only(self: socket.socket, address: Any) -> None:
    """Connects to this machine and to nothing else."""
    host = address[0] if isinstance(address, tuple) else ""
    if self.family in (socket.AF_INET, socket.AF_INET6) and host not in ("localhost", "::1") and host[:4] != "127.":
        raise RuntimeError(f"a test tried to reach {address}; tests open no socket beyond loopback")
    _connect(self, address)


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", _loopback_only)
