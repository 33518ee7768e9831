"""Our side of the disk children."""

import fcntl
import os
import selectors
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import apps
from apps.core import process
from apps.core.errors import MediaHubError
from apps.disk import frames
from apps.disk.moves import Move
from apps.disk.swaps import Mark
from apps.disk.walk import Entry, Listing

_SOURCES = Path(apps.__file__).parents[1]
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}
_START_S = 30.0  # to load Python, on a busy machine
_TURN_S = 0.25
_PIPE_BYTES = 1 << 20  # lets the walk run ahead a little
_REAP_S = 0.5
_STATS_AT_ONCE = 512
_MOVES_AT_ONCE = 64


class DiskSilent(MediaHubError):
    """A disk or share does not answer; whoever waited for it was freed."""

    code = "disk_silent"
    status = 503
    passing = True


class RootSeen(NamedTuple):
    """A root's ``st_dev``, and whether there is nothing in it."""

    device: int
    empty: bool


class Stat(NamedTuple):
    """What ``lstat`` says of a path; ``kind`` as in Entry."""

    size_bytes: int
    mtime_ns: int
    inode: int
    device: int
    kind: int


class Disk:
    """Asks about files and folders in children; a context manager.

    Each method raises DiskSilent when nothing was heard for ``timeout_s`` and, if it says so,
    OSError for what the system said. ``waiting`` is called several times a second meanwhile; what
    it raises ends the wait. After the first silence nothing more is asked. Use it from one thread.
    """

    def __init__(self, *, timeout_s: float, waiting: Callable[[], None] = lambda: None) -> None:
        self._timeout_s = timeout_s
        self._waiting = waiting
        # a walk is answered while questions about what it found are asked
        self._children: dict[str, _Child] = {}
        self.silent = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the children. The disk may be used again."""
        for child in self._children.values():
            child.end()
        self._children.clear()

    def root(self, path: bytes) -> RootSeen:
        """Raises OSError."""
        (seen,) = self._ask("root", path=path)
        return RootSeen(*seen)

    def walk(
        self,
        root: bytes,
        start: bytes,
        *,
        device: int,
        rules: dict[str, Any],
        shallow: bool = False,
    ) -> Iterator[Listing]:
        """See ``walk.walk``; ``rules`` are the arguments of ``Rules.of``."""
        for part in self._ask(
            "walk", root=root, start=start, device=device, shallow=shallow, rules=rules
        ):
            yield from map(Listing._make, part)

    def entries(self, root: bytes, path: bytes, *, device: int) -> Iterator[Entry]:
        """A folder's entries that aren't folders. Raises OSError."""
        for part in self._ask("entries", root=root, path=path, device=device):
            yield from map(Entry._make, part)

    def stats(self, paths: Sequence[bytes]) -> list[Stat | int]:
        """What ``lstat`` says of each path: a Stat or an errno."""
        found: list[Stat | int] = []
        for at in range(0, len(paths), _STATS_AT_ONCE):
            (part,) = self._ask("stats", paths=list(paths[at : at + _STATS_AT_ONCE]))
            found += [one if isinstance(one, int) else Stat(*one) for one in part]
        return found

    def busy(self, paths: Sequence[bytes]) -> list[bool]:
        """Whether somebody on this machine has a file open for writing, where that shows."""
        found: list[bool] = []
        for at in range(0, len(paths), _STATS_AT_ONCE):
            (part,) = self._ask("busy", paths=list(paths[at : at + _STATS_AT_ONCE]))
            found += part
        return found

    def listed(self, folder: bytes, names: Sequence[bytes]) -> list[bool]:
        """Which of the names a folder really shows. Raises OSError."""
        (shown,) = self._ask("listed", folder=folder, names=list(names))
        return list(shown)

    def real(self, path: bytes) -> bytes:
        """The path with every link followed."""
        (real,) = self._ask("real", path=path)
        return bytes(real)

    def names(self, folder: bytes) -> Iterator[bytes]:
        """All names in a folder, of files and folders; none where there is none. Raises OSError."""
        for part in self._ask("names", folder=folder):
            yield from part

    def contents(self, paths: Sequence[bytes], *, most_bytes: int) -> Iterator[bytes | int]:
        """What is in each of some small files, or an errno, see ``small.contents``."""
        yield from self._ask("contents", paths=list(paths), most_bytes=most_bytes)

    def move(self, moves: Sequence[Move]) -> list[int]:
        """Give files other names, see ``moves.move``: for each 0 or an errno."""
        done: list[int] = []
        for at in range(0, len(moves), _MOVES_AT_ONCE):
            (part,) = self._ask(
                "move", moves=[tuple(one) for one in moves[at : at + _MOVES_AT_ONCE]]
            )
            done += part
        return done

    def make_folders(self, root: bytes, path: bytes) -> None:
        """Make the folders of a path below a root that is there. Raises OSError."""
        for _ in self._ask("make_folders", root=root, path=path):
            pass

    def look(self, path: bytes) -> dict[str, int] | None:
        """Size, time and the like of a plain file, see ``swaps.look``. Raises OSError."""
        (found,) = self._ask("look", path=path)
        return found  # type: ignore[no-any-return]

    def room(self, folder: bytes) -> tuple[int, bool]:
        """Free bytes, and whether names in it may be changed. Raises OSError."""
        (found,) = self._ask("room", folder=folder)
        return found[0], found[1]

    def finish(self, draft: bytes, *, like: bytes, like_times: bool = True) -> Mark:
        """Give a draft another file's rights and times, and have it on disk. Raises OSError."""
        (mark,) = self._ask("finish", draft=draft, like=like, like_times=like_times)
        return Mark(*mark)

    def swap(self, first: bytes, first_mark: Mark, second: bytes, second_mark: Mark) -> None:
        """Let two files change names, see ``swaps.swap``. Raises OSError."""
        for _ in self._ask(
            "swap", first=first, first_mark=tuple(first_mark),
            second=second, second_mark=tuple(second_mark),
        ):  # fmt: skip
            pass

    def remove(self, path: bytes, mark: Mark | None = None) -> bool:
        """Remove a file, given a mark only if it is that; whether it was there. Raises OSError."""
        (was_there,) = self._ask("remove", path=path, mark=mark and tuple(mark))
        return bool(was_there)

    def _ask(self, deed: str, **arguments: Any) -> Iterator[Any]:
        if self.silent:  # not twice the same long wait
            raise DiskSilent(_SENTENCE)
        role = "walk" if deed == "walk" else "ask"
        child = self._children.get(role) or self._children.setdefault(role, _Child())
        complete = False
        try:
            child.ask(deed, arguments)
            yield from child.parts(self._timeout_s, self._waiting)
            complete = True
        except DiskSilent:
            self.silent = True
            raise
        except OSError:
            complete = True
            raise
        finally:
            if not complete:  # what it would still answer belongs to nobody
                self._children.pop(role, None)
                child.end()


_SENTENCE = "The disk or network share does not answer."


class _Child:
    """One process, with one request at a time."""

    def __init__(self) -> None:
        command = [sys.executable, "-X", "utf8", "-m", "apps.disk.child"]
        self._process = process.spawn(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=_ENVIRONMENT, cwd=_SOURCES,
        )  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to_child = self._process.stdin.fileno()
        self._from_child = self._process.stdout.fileno()
        os.set_blocking(self._from_child, False)
        with suppress(OSError):  # a kindness of the kernel, not needed
            fcntl.fcntl(self._from_child, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._buffer = bytearray()
        self._frames: deque[tuple[str, Any]] = deque()
        self._ready = False
        self._heard_at = time.monotonic()

    def ask(self, deed: str, arguments: dict[str, Any]) -> None:
        try:
            frames.write(self._to_child, (deed, arguments))
        except frames.PeerGone:
            raise DiskSilent(_SENTENCE) from None

    def parts(self, timeout_s: float, waiting: Callable[[], None]) -> Iterator[Any]:
        while True:
            kind, value = self._next(timeout_s, waiting)
            match kind:
                case "part":
                    yield value
                case "error":
                    raise OSError(value, os.strerror(value))
                case "end":
                    return

    def _next(self, timeout_s: float, waiting: Callable[[], None]) -> tuple[str, Any]:
        asked_at = time.monotonic()
        while not self._frames:
            until = max(asked_at, self._heard_at) + (timeout_s if self._ready else _START_S)
            if time.monotonic() > until or not self._receive():
                raise DiskSilent(_SENTENCE)
            if not self._frames:
                waiting()
        return self._frames.popleft()

    def _receive(self) -> bool:
        """Wait a moment for frames; False if the child has ended."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._from_child, selectors.EVENT_READ)
            if not selector.select(_TURN_S):
                return True
        part = os.read(self._from_child, _PIPE_BYTES)
        self._buffer += part
        self._frames.extend(frames.take_all(self._buffer))
        self._ready, self._heard_at = True, time.monotonic()
        return bool(part) or bool(self._frames)

    def end(self) -> None:
        process.kill(self._process, patience_s=_REAP_S)
