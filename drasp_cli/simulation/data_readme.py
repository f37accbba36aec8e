"""The `README.md` of a simulated listening test: that it is simulated, by which command, and what its files are."""

from __future__ import annotations

from drasp_cli.simulation.layout import Wish
from drasp_cli.simulation.recordings import describe_recordings


def data_readme(files: str, command: str, clips: int, wish: Wish) -> str:
    """Its text.

    Args:
        files: Markdown for its end: a table of the files, and whose layout it is.
        command: the command line that makes the same again.
        clips: how many there are.
        wish: what was asked for.
    """
    return f"""# A simulated listening test

**Nothing here was heard or rated by a person.** The {clips} clips are synthetic, and their ratings are drawn from
psychometric functions. Good for trying a predictor, for training a small one and for comparing methods; not for
publishing numbers about real generators.

Made by

    {command}

(seed {wish.seed}; the same command with the same version of drasp, numpy, scipy and libsndfile makes the same bytes).
{describe_recordings(wish)}
{files}"""
