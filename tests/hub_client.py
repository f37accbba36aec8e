"""The real huggingface-hub client, as a program started with other environment variables would have it.

The client reads its environment when it is imported. So it is taken out of `sys.modules` and imported anew by whoever
needs it next; nothing inside it is touched.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Xet is another protocol, which the local Hub does not speak; the last two would print or ask something else.
_ALWAYS = {"HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_UPDATE_CHECK": "1"}


@contextmanager
def environment(home: Path, endpoint: str, **more: str) -> Iterator[None]:
    """Runs the block with a client that has these settings, and no others of its own.

    Args:
        home: HF_HOME.
        endpoint: HF_ENDPOINT.
        more: other variables.
    """
    before = dict(os.environ)
    ours = [name for name in os.environ if name.startswith(("HF_", "HUGGING"))]
    for name in ours:
        del os.environ[name]
    os.environ.update(_ALWAYS | {"HF_HOME": str(home), "HF_ENDPOINT": endpoint} | more)
    _forget()
    try:
        yield
    finally:
        _forget()
        os.environ.clear()
        os.environ.update(before)


def _forget() -> None:
    client = sys.modules.get("huggingface_hub")
    if client is not None:
        client.close_session()
    for name in [name for name in sys.modules if name.split(".")[0] == "huggingface_hub"]:
        del sys.modules[name]
