"""Renews the picture of docs/report.md: `python -m tests.docs.take_report`.

The commands of the page are run as they stand there, in the root of the repository, and Chromium takes the picture.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from tests.docs.pages import ROOT, indented_lines

PAGE = ROOT / "docs/report.md"
PICTURE = ROOT / "docs/report.png"
_SIZE = "1100,930"  # CSS pixels
_COLORS = 128  # more would not be seen, and make a larger file


def main() -> None:
    """Makes the scores, the report, and the picture."""
    (ROOT / "runs").mkdir(exist_ok=True)
    written = ""
    for command in indented_lines(PAGE):
        words = shlex.split(command)
        if words[0] == "drasp":
            subprocess.run([Path(sys.executable).parent / "drasp", *words[1:]], cwd=ROOT, check=True)
            written = words[words.index("-o") + 1]
    with tempfile.TemporaryDirectory() as folder:
        taken = Path(folder) / "taken.png"
        flags = ["--headless", "--no-sandbox", "--hide-scrollbars", f"--window-size={_SIZE}", f"--screenshot={taken}"]
        subprocess.run(["chromium", *flags, (ROOT / written).as_uri()], check=True)
        Image.open(taken).convert("RGB").quantize(_COLORS, dither=Image.Dither.NONE).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
