"""What `drasp convert laion-clap` takes for a file of the size and content of LAION's: 2.4 GB, mostly an optimizer's.

The weights are seeded. Memory is the largest resident set; it counts the pages of the mapped file that were read, which
the system takes back when it needs them.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.children import DRASP, run
from tests.benchmarks.report import Report, parser

MIB = 1 << 20


def main() -> None:
    given = parser(__doc__).parse_args()
    with TemporaryDirectory() as folder:
        root = Path(folder)
        python = str(Path(DRASP).with_name("python"))  # a child: torch in this process would count in its memory
        run(python, "-m", "tests.benchmarks.clap_speed_weights", str(root), "--optimizer")
        report = Report(
            "Converting LAION-CLAP", {"weights": "seeded, 197 M parameters, and Adam's two moments of each"}
        )
        source, out = root / "music.pt", root / "seeded"
        child = run(DRASP, "convert", "laion-clap", str(source), str(out), "--tokenizer", str(root))
        rows = [
            ["the file, MiB", source.stat().st_size / MIB],
            ["its weights in the folder, MiB", (out / "model.safetensors").stat().st_size / MIB],
            ["largest resident size, what was read of the mapped file included, MiB", child.peak_mib],
            ["processor time, s", child.cpu],
        ]
        report.table("Conversion", ["figure", "value"], rows, decimals=0)
        report.save(given.json)


if __name__ == "__main__":
    main()
