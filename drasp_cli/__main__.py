"""`python -m drasp_cli`: the installed program, by the Python that it is run with."""

from __future__ import annotations

from drasp_cli.cli.app import main

if __name__ == "__main__":
    main()
