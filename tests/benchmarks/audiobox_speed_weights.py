"""Makes Meta's folder with seeded weights of the published size, for `audiobox_speed`."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.meta_folder import meta_files, meta_tensors

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir()
    for name, content in meta_files(meta_tensors()).items():
        (folder / name).write_bytes(content)
