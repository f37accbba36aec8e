"""Puts what the measurement scripts printed into the pages: `python -m tests.docs.paste_figures FOLDER`.

FOLDER holds one `NAME.md` for each run, such as `unseen_systems.md`. In the pages it replaces what stands between

    <!-- figures: NAME -->
    <!-- end of figures -->

Headings sink two levels. A block whose file is not in FOLDER is left as it is.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from drasp_cli.checkpoints.registry import SHIPPED, shipped_folder

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "docs/measurements.md", *(shipped_folder(name) / "README.md" for name in SHIPPED))

_BLOCK = re.compile(r"(<!-- figures: (\S+) -->\n).*?(<!-- end of figures -->)", re.DOTALL)


def with_figures(page: str, folder: Path) -> str:
    """`page` with the blocks renewed whose figures are in `folder`.

    Raises:
        ValueError: a block of the page has no end, or none is there at all.
    """
    if not (opened := page.count("<!-- figures: ")) or len(_BLOCK.findall(page)) != opened:
        raise ValueError("no block of figures, or one without an end")
    return _BLOCK.sub(lambda block: block[1] + _figures(folder / f"{block[2]}.md", block[0]) + block[3], page)


def _figures(file: Path, block: str) -> str:
    """Content for one block; the old one where `file` is not there."""
    if not file.exists():
        return block.partition("\n")[2].rpartition("<!--")[0]
    return "\n" + re.sub(r"^#", "###", file.read_text(encoding="utf-8").strip(), flags=re.MULTILINE) + "\n\n"


def main() -> None:
    folder = Path(sys.argv[1])
    for page in PAGES:
        page.write_text(with_figures(page.read_text(encoding="utf-8"), folder), encoding="utf-8")


if __name__ == "__main__":
    main()
