"""The process that touches a library's storage: ``python -m apps.disk.child``.

It may hang with the disk; ``reader.Disk`` starts, asks and kills it. A request is a name with
arguments. Answers are frames ``(kind, value)``: any number of ``"part"`` and ``"alive"``, then
``"end"``, or ``"error"`` with an errno. It ends when stdin does.
"""

import gc
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from apps.disk import frames, moves, small, swaps, walk
from apps.disk.leases import open_for_writing
from apps.disk.rules import Rules

_BEAT_S = 0.5
_PART = 256  # folders
_PART_S = 0.2


Beat = Callable[[], None]


def main() -> None:
    """Serve until stdin ends."""
    answers = _Answers(os.dup(1))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    gc.disable()  # a walk makes millions of tuples and no cycles
    signal.signal(signal.SIGIO, signal.SIG_IGN)  # a lease that somebody else breaks
    with suppress(frames.PeerGone):
        answers.beat()  # from now on silence means that the disk is silent
        while True:
            name, arguments = frames.read(0)
            answers.give(_DEEDS[name], arguments)


class _Answers:
    """The pipe to whoever asked."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._said_at = 0.0

    def give(self, deed: Callable[..., Iterator[Any]], arguments: dict[str, Any]) -> None:
        try:
            for part in deed(self.beat, **arguments):
                self._say("part", part)
        except OSError as error:
            self._say("error", error.errno or 0)
        else:
            self._say("end", None)

    def beat(self) -> None:
        """Tell that we are alive, in long silences."""
        if time.monotonic() - self._said_at > _BEAT_S:
            self._say("alive", None)

    def _say(self, kind: str, value: Any) -> None:
        frames.write(self._fd, (kind, value))
        self._said_at = time.monotonic()


def _root(_beat: Beat, *, path: bytes) -> Iterator[tuple[int, bool]]:
    """Device, and whether the folder is empty."""
    device = os.stat(path).st_dev
    with os.scandir(path) as found:
        yield device, next(found, None) is None


def _walk(
    beat: Beat,
    *,
    root: bytes,
    start: bytes,
    device: int,
    shallow: bool,
    rules: dict[str, Any],
) -> Iterator[list[tuple[Any, ...]]]:
    made = Rules.of(**rules)
    part: list[tuple[Any, ...]] = []
    began = time.monotonic()
    for listing in walk.walk(
        root, start, device=device, seed=made.seed, skips=made.skips_folder, beat=beat,
        shallow=shallow,
    ):  # fmt: skip
        part.append(tuple(listing))
        if len(part) == _PART or time.monotonic() - began > _PART_S:
            yield part
            part, began = [], time.monotonic()
    yield part


def _entries(
    beat: Beat, *, root: bytes, path: bytes, device: int
) -> Iterator[list[tuple[object, ...]]]:
    yield from walk.entries(root, path, device=device, beat=beat)


def _stats(beat: Beat, *, paths: list[bytes]) -> Iterator[list[Any]]:
    """For each path (size, mtime, inode, device, kind), or an errno."""
    found = []
    for path in paths:
        found.append(_stat(path))
        beat()
    yield found


def _stat(path: bytes) -> tuple[int, ...] | int:
    try:
        s = os.lstat(path)
    except OSError as error:
        return error.errno or 0
    return s.st_size, walk.mtime_ns(s), s.st_ino, s.st_dev, s.st_mode >> 12


def _busy(beat: Beat, *, paths: list[bytes]) -> Iterator[list[bool]]:
    """For each path whether somebody on this machine has it open for writing, where that shows."""
    found = []
    for path in paths:
        found.append(open_for_writing(path) is True)
        beat()
    yield found


def _listed(beat: Beat, *, folder: bytes, names: list[bytes]) -> Iterator[list[bool]]:
    """Which of the names a folder really shows: some file systems find ``A`` as ``a``, too."""
    wanted, shown = set(names), set[bytes]()
    if folder:
        with os.scandir(folder) as found:
            for entry in found:
                beat()
                if entry.name in wanted:
                    shown.add(entry.name)
    yield [name in shown for name in names]


def _real(beat: Beat, *, path: bytes) -> Iterator[bytes]:
    """The path with every link followed, a step at a time."""
    real = b"/"
    for part in path.split(b"/"):
        beat()
        step = os.path.normpath(os.path.join(real, part))  # nothing above it is a link
        real = os.path.realpath(step) if Path(os.fsdecode(step)).is_symlink() else step
    yield real


_DEEDS: dict[str, Callable[..., Iterator[Any]]] = {
    "root": _root,
    "walk": _walk,
    "entries": _entries,
    "stats": _stats,
    "busy": _busy,
    "listed": _listed,
    "real": _real,
    "names": moves.names,
    "contents": small.contents,
    "move": moves.move,
    "make_folders": moves.make_folders,
    "look": swaps.look,
    "room": swaps.room,
    "finish": swaps.finish,
    "swap": swaps.swap,
    "remove": swaps.remove,
}

if __name__ == "__main__":
    main()
