"""Clips decoded by threads, ahead of the networks, each once and handed over in order.

Ctrl-C may end the main thread's work between any two steps of Python code. That thread therefore waits for nothing but
a `SimpleQueue`, and enters a lock as such and not by its condition. `Queue` and the entering and waiting of a
`Condition` are written in Python: an interrupt inside of them leaves their lock taken for good, and threads behind it.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from drasp_cli.audio.stream import AudioFacts, open_shared
from drasp_cli.audio.windows import WindowSpec
from drasp_cli.datatypes import Clip, Window
from drasp_cli.errors import AudioError


class OpenClip:
    """One clip's windows on their way from the thread that decodes them: iterate over it, then read the rest.

    Attributes:
        clip: as it was named.
        facts: for each spec, once all windows have been taken; None when the clip failed.
        error: why it failed.
    """

    def __init__(self, clip: Clip, room: _Room) -> None:
        self.clip = clip
        self.facts: tuple[AudioFacts, ...] | None = None
        self.error: AudioError | None = None
        self._room = room
        self._windows: queue.SimpleQueue[tuple[int, Window] | None] = queue.SimpleQueue()  # None behind the last
        self._is_read = False
        self._failure: BaseException | None = None

    def __iter__(self) -> Iterator[tuple[int, Window]]:
        """(place of the spec, window), as `SharedAudio` gives them; raises what nobody expected of the decoder."""
        room = self._room
        with room.lock:
            self._is_read = True
            room.changed.notify_all()
        while (item := self._windows.get()) is not None:
            with room.lock:
                room.windows -= 1
                room.changed.notify_all()
            yield item
        if self._failure is not None:
            raise self._failure

    def decode(self, specs: Sequence[WindowSpec]) -> None:
        """Decodes the clip, or as much of it as anybody wants; runs in a worker thread."""
        try:
            with open_shared(self.clip, specs) as windows:
                for item in windows:
                    if not self._put(item):
                        return
                self.facts = windows.facts
        except AudioError as error:
            self.error = error
        except BaseException as error:  # noqa: BLE001 - carried to the caller's thread, which raises it
            self._failure = error
        self._windows.put(None)

    def _put(self, item: tuple[int, Window]) -> bool:
        """Leaves a window as soon as there is room; False when nobody will take it any more."""
        room = self._room

        def has_room() -> bool:
            is_awaited = self._is_read and self._windows.empty()
            return room.is_closed or room.windows < room.limit or is_awaited

        with room.lock:
            room.changed.wait_for(has_room)
            if not room.is_closed:
                self._windows.put(item)
                room.windows += 1
            return not room.is_closed


@dataclass
class _Room:
    """Where windows wait for the caller: at most `limit` over all clips, and one more of the clip that is being read.

    That one more is what makes it go on when later clips have taken all the room: clips are begun in order, so the
    clip that is read is always one of those that are being decoded.

    Attributes:
        limit: windows that may wait.
        windows: that do.
        is_closed: nobody takes any more.
        lock: held by whoever changes any of this.
        changed: told when it was.
    """

    limit: int
    windows: int = 0
    is_closed: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)
    changed: threading.Condition = field(init=False)

    def __post_init__(self) -> None:
        self.changed = threading.Condition(self.lock)


def decode_ahead(
    clips: Iterable[Clip], specs: Sequence[WindowSpec], *, workers: int, ahead: int
) -> Generator[OpenClip, None, None]:
    """Opens clips in order; take all windows of each before the next one.

    Args:
        clips: read as they are needed.
        specs: the windows wanted of each clip.
        workers: threads that decode.
        ahead: windows that may wait, beyond the one that each thread has in hand; also how many clips are begun ahead
            of the caller, which are at least `workers`.
    """
    room = _Room(ahead)
    todo: queue.SimpleQueue[OpenClip | None] = queue.SimpleQueue()
    threads = [threading.Thread(target=_work, args=(todo, specs, room), daemon=True) for _ in range(workers)]
    for thread in threads:
        thread.start()
    begun: deque[OpenClip] = deque()
    source = iter(clips)
    try:
        while True:
            while len(begun) < max(workers + 1, ahead) and (clip := next(source, None)) is not None:
                begun.append(OpenClip(clip, room))
                todo.put(begun[-1])
            if not begun:
                return
            yield begun.popleft()
    finally:
        with room.lock:
            room.is_closed = True
            room.changed.notify_all()
        for _ in threads:
            todo.put(None)
        for thread in threads:
            thread.join()


def _work(todo: queue.SimpleQueue[OpenClip | None], specs: Sequence[WindowSpec], room: _Room) -> None:
    while (opened := todo.get()) is not None and not room.is_closed:
        opened.decode(specs)
