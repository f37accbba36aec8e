"""Renews what README.md and docs/explain.md show of the demo commands: `python -m tests.docs.paste_demo`.

The block below `<!-- demo output -->` holds the commands, each behind a `$`, and what they print. They are run as they
stand there, in the root of the repository. So is the command beside the picture of docs/explain.md, which makes it.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.docs.pages import ROOT

PAGE = ROOT / "README.md"
EXPLAIN = ROOT / "docs/explain.md"
PICTURE = ROOT / "docs/explain.png"

_BLOCK = re.compile(r"(?<=<!-- demo output -->\n```\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)


def demo_of(page: str) -> str:
    """The block of a page.

    Raises:
        ValueError: the page has none.
    """
    if not (block := _BLOCK.search(page)):
        raise ValueError("no block of demo output")
    return block[0]


def with_demo(page: str, demo: str) -> str:
    """`page` with its block replaced."""
    return _BLOCK.sub(lambda _: demo, page)


def rerun(demo: str) -> str:
    """The block with the same commands, and what they print now."""
    commands = re.findall(r"^\$ (.*)$", demo, re.MULTILINE)
    return "\n".join(f"$ {command}\n{printed(command)}\n" for command in commands)


def printed(command: str) -> str:
    """Standard output of the installed program, without the space that a reader cannot see.

    Raises:
        subprocess.CalledProcessError: the program ends with another code than 0.
    """
    program, *words = shlex.split(command)
    run = subprocess.run(
        [Path(sys.executable).with_name(program), *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        check=True,
    )
    return "\n".join(line.rstrip() for line in run.stdout.splitlines()).strip("\n")


def picture_command(place: Path) -> str:
    """The command beside the picture, which writes it to `place`."""
    (command,) = re.findall(
        r"^    (drasp .* --plot docs/explain\.png)$", EXPLAIN.read_text(encoding="utf-8"), re.MULTILINE
    )
    return command.replace("docs/explain.png", str(place))


def main() -> None:
    for place in (PAGE, EXPLAIN):
        page = place.read_text(encoding="utf-8")
        place.write_text(with_demo(page, rerun(demo_of(page))), encoding="utf-8")
    printed(picture_command(PICTURE))


if __name__ == "__main__":
    main()
