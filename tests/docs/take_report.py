"""Renews the picture of docs/report.md: `python -m tests.docs.take_report`.

The commands of the page are run as they stand there, in the root of the repository, and Chromium takes the picture. The
ranking that it shows is kept in it as a text, so that `test_demo` sees when it has grown old.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.docs.pages import ROOT, indented_lines
from tests.docs.paste_demo import printed

PAGE = ROOT / "docs/report.md"
PICTURE = ROOT / "docs/report.png"
RANKING = "ranking"  # key of the text
_SIZE = "1100,930"  # CSS pixels
_COLORS = 128  # more would not be seen, and make a larger file


def commands() -> list[list[str]]:
    """The page's commands of drasp, each as its words: one that scores, and one that makes the report."""
    return [words for line in indented_lines(PAGE) if (words := shlex.split(line))[0] == "drasp"]


def ranking(scores: Path) -> str:
    """What the top of a report of these scores says, in words."""
    return printed(shlex.join(["drasp", "rank-systems", str(scores), "--format", "table"]))


def main() -> None:
    """Makes the scores, the report, and the picture."""
    (ROOT / "runs").mkdir(exist_ok=True)
    written = []
    for words in commands():
        subprocess.run([Path(sys.executable).parent / "drasp", *words[1:]], cwd=ROOT, check=True)
        written.append(ROOT / words[words.index("-o") + 1])
    scores, report = written
    kept = PngInfo()
    kept.add_text(RANKING, ranking(scores))
    with tempfile.TemporaryDirectory() as folder:
        taken = Path(folder) / "taken.png"
        flags = ["--headless", "--no-sandbox", "--hide-scrollbars", f"--window-size={_SIZE}", f"--screenshot={taken}"]
        subprocess.run(["chromium", *flags, report.as_uri()], check=True)
        Image.open(taken).convert("RGB").quantize(_COLORS, dither=Image.Dither.NONE).save(
            PICTURE, optimize=True, pnginfo=kept
        )


if __name__ == "__main__":
    main()
