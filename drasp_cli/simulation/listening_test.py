"""A whole simulated listening test of any layout: clips, their causes, their ratings, and the files that hold them.

wish -plan-> plans -render-> clips + causes -rate-> ratings -write-> folder -> Ceiling
"""

from __future__ import annotations

import multiprocessing
import shlex
import signal
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import soundfile

from drasp_cli.errors import OutputError, SimulationError, WishError
from drasp_cli.simulation.aes_natural import AesNaturalLayout
from drasp_cli.simulation.ceiling import Ceiling, measure_ceiling
from drasp_cli.simulation.layout import SPLITS, Layout, Plan, Wish
from drasp_cli.simulation.musiceval import MusicEvalLayout
from drasp_cli.simulation.rating import Judged, rate_clips
from drasp_cli.simulation.recordings import find_recordings

LAYOUTS: Final[Mapping[str, Layout[Any, Any]]] = MappingProxyType(
    {"musiceval": MusicEvalLayout(), "aes-natural": AesNaturalLayout()}
)
"""Name -> layout."""
SAMPLE_RATES: Final = (16000, 22050, 24000, 32000, 44100, 48000)
SECONDS: Final = (2.0, 60.0)
"""Shortest and longest clips that can be asked for."""


def simulate(
    out: Path,
    *,
    clips: int,
    systems: int = 31,
    prompts: int | None = None,
    seed: int,
    layout: str = "musiceval",
    sample_rate: int | None = None,
    seconds: float = 10.0,
    speech: Path | None = None,
    music: Path | None = None,
    workers: int,
    on_clip: Callable[[], None],
) -> Ceiling:
    """Make a simulated listening test in the folder `out`.

    Args:
        out: a folder that is empty or does not exist.
        clips: number of clips in all splits together.
        systems: number of simulated generators; at least 3, one per split.
        prompts: number of prompts; at least 3. None is the layout's own number; one without prompts takes nothing else.
        seed: of everything, 0 or more. The same arguments give the same bytes, whatever `workers` is.
        layout: one of `LAYOUTS`.
        sample_rate: in Hz, one of `SAMPLE_RATES`; None is the layout's own.
        seconds: length of the clips, within `SECONDS`; some are shorter, see `layout.SHORTER`.
        speech: a folder of recorded speech without faults, which is then heard in most of the clips with speech.
        music: the same for music; in a layout without prompts only, because nobody wrote any for it.
        workers: number of processes; 1 works in this one.
        on_clip: called after each finished clip, here.

    Returns:
        The correlation of the latent scores with the mean ratings.

    Raises:
        WishError: an argument is impossible, or they do not go together.
        SimulationError: `out` holds something already; a folder of recordings cannot serve.
        OutputError: `out` cannot be written.
    """
    if layout not in LAYOUTS:
        raise WishError(f"layout is '{layout}'; expected one of: {', '.join(LAYOUTS)}")
    chosen = LAYOUTS[layout]
    if prompts is not None and chosen.prompts is None:
        raise WishError(f"{prompts} prompts; the layout {layout} has none")
    if music is not None and chosen.prompts is not None:
        raise WishError(f"recorded music for the layout {layout}; only synthetic music can fit its prompts")
    wish = Wish(
        clips,
        systems,
        chosen.prompts if prompts is None else prompts,
        seed,
        chosen.sample_rate if sample_rate is None else sample_rate,
        seconds,
        None if speech is None else str(speech),
        None if music is None else str(music),
    )
    _check(out, wish, workers)
    plans = chosen.plan(wish)
    try:
        (out / "wav").mkdir(parents=True, exist_ok=True)
        made: list[Judged] = []
        with closing(_render_all(chosen, plans, wish, out / "wav", workers)) as rendered:
            for causes in rendered:
                made.append(causes)
                on_clip()
        rated, ratings = rate_clips(made, chosen.panel, seed)
        chosen.write(out, rated, ratings, wish, _command(wish, layout))
    except OSError as error:
        raise OutputError(f"{out}: cannot be written: {error.strerror or error}") from error
    return measure_ceiling(rated)


def _command(wish: Wish, layout: str) -> str:
    """The command line that makes this test."""
    prompts = "" if wish.prompts is None else f"--prompts {wish.prompts} "
    return (
        f"drasp simulate OUT --clips {wish.clips} --systems {wish.systems} {prompts}--seed {wish.seed} "
        f"--layout {layout} --sample-rate {wish.sample_rate} --seconds {wish.seconds:g}"
        + "".join(f" --{kind} {shlex.quote(folder)}" for kind, folder in wish.recordings.items())
    )


def _check(out: Path, wish: Wish, workers: int) -> None:
    if wish.sample_rate not in SAMPLE_RATES:
        expected = ", ".join(str(rate) for rate in SAMPLE_RATES)
        raise WishError(f"sample rate is {wish.sample_rate} Hz; expected one of: {expected}")
    if not SECONDS[0] <= wish.seconds <= SECONDS[1]:
        raise WishError(f"clips of {wish.seconds:g} s; expected {SECONDS[0]:g} to {SECONDS[1]:g} s")
    for what, count in (("systems", wish.systems), ("prompts", wish.prompts)):
        if count is not None and count < len(SPLITS):
            raise WishError(f"{count} {what}; expected at least {len(SPLITS)}, one for each of train, dev and test")
    if wish.clips < wish.systems:
        raise WishError(f"{wish.clips} clips for {wish.systems} systems; expected at least one clip per system")
    if wish.seed < 0:
        raise WishError(f"seed is {wish.seed}; expected 0 or more")
    for folder in wish.recordings.values():
        find_recordings(folder)
    if workers < 1:
        raise WishError(f"{workers} workers; expected at least 1")
    if out.exists() and not out.is_dir():
        raise SimulationError(f"{out} is a file; expected an empty or a new folder")
    if out.is_dir() and any(out.iterdir()):
        raise SimulationError(f"{out} is not empty; expected an empty or a new folder")


def _render_to(task: tuple[Layout[Any, Any], Plan, Path, Wish]) -> Judged:
    layout, plan, folder, wish = task
    clip = layout.render(plan, wish)
    soundfile.write(folder / plan.name, clip.samples, wish.sample_rate, subtype="PCM_16")
    causes: Judged = clip.causes
    return causes


def _leave_interrupts_alone() -> None:
    """Ctrl-C goes to every process of the terminal; only the first one is to act on it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _render_all(
    layout: Layout[Any, Any], plans: Sequence[Plan], wish: Wish, folder: Path, workers: int
) -> Generator[Judged, None, None]:
    """The causes of each clip in the order of the plans, as their files are written."""
    tasks = [(layout, plan, folder, wish) for plan in plans]
    if workers == 1:
        yield from map(_render_to, tasks)
        return
    # "spawn": a forked child would inherit the threads' locks of whatever progress bar the caller shows.
    pool = ProcessPoolExecutor(
        min(workers, len(tasks)), mp_context=multiprocessing.get_context("spawn"), initializer=_leave_interrupts_alone
    )
    try:
        yield from pool.map(_render_to, tasks, chunksize=4)
    except BrokenProcessPool as error:
        raise SimulationError("a worker process was killed, perhaps for want of memory; try fewer workers") from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
