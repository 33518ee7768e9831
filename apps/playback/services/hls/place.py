"""A session's folder: how web processes tell one another what is wanted and who makes it.

::

    <key>/lock            held (flock) by whose encoder makes segments; gone with its process
    <key>/wanted          stream and segment that a player asked for last, where it began, and by
                          its time, when
    <key>/failed          why the encoder gave up on what was wanted
    <key>/end             asks the owner to end the session
    <key>/<stream>/order  what to encode, and how (JSON)
    <key>/<stream>/init.mp4, 0.m4s, 1.m4s, …  complete as soon as they are there
"""

import fcntl
import hashlib
import os
import shutil
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

INIT = -1
_TRIES = 20


class Wanted(NamedTuple):
    """The segment that a player asked for last; ``at_ns`` is when, by the file system's clock.

    ``start_s`` is where the player had said that it would begin.
    """

    stream: str
    number: int
    start_s: float
    at_ns: int


class Lock:
    """The ownership of a session; ends with the process at the latest."""

    def __init__(self, fd: int, path: Path) -> None:
        self._fd, self._path = fd, path

    def holds(self) -> bool:
        """Whether the session's folder is still the one that was locked."""
        try:
            return os.fstat(self._fd).st_ino == os.stat(self._path).st_ino
        except FileNotFoundError:
            return False

    def release(self) -> None:
        os.close(self._fd)


class Place:
    """The folder of the session ``key`` below ``root``."""

    def __init__(self, root: Path, key: str) -> None:
        self.root = root
        self.key = key
        self.folder = root / key

    @staticmethod
    def key_of(viewer: str, token: str) -> str:
        """The session's name: tokens of one viewer are nothing to another."""
        return f"{_digest(viewer, 6)}-{_digest(token, 12)}"

    @property
    def viewer(self) -> str:
        return self.key.partition("-")[0]

    def want(self, stream: str, number: int, *, order: str, start_s: float = 0.0) -> int:
        """Ask for a segment; returns when this was, by the file system's clock."""
        for _ in range(_TRIES):
            # the session ends at this moment: begin it anew
            with suppress(FileNotFoundError, FileExistsError):
                (self.folder / stream).mkdir(parents=True, exist_ok=True)
                if not self.knows(stream):
                    _write(self.folder / stream / "order", order.encode())
                _write(self.folder / "wanted", f"{stream} {number} {start_s}".encode())
                return os.stat(self.folder / "wanted").st_mtime_ns
        raise FileNotFoundError(self.folder)

    def wanted(self) -> Wanted | None:
        try:
            with open(self.folder / "wanted", "rb") as file:
                stream, number, start_s = file.read().decode().split()
                at_ns = os.fstat(file.fileno()).st_mtime_ns
                return Wanted(stream, int(number), float(start_s), at_ns)
        except FileNotFoundError:
            return None

    def order(self, stream: str) -> str:
        return (self.folder / stream / "order").read_text()

    def knows(self, stream: str) -> bool:
        """Whether there is an order for the stream."""
        return (self.folder / stream / "order").exists()

    def path(self, stream: str, number: int) -> Path:
        name = "init.mp4" if number == INIT else f"{number}.m4s"
        return self.folder / stream / name

    def put(self, stream: str, number: int, content: bytes) -> None:
        _write(self.path(stream, number), content)

    def failure(self, *, since_ns: int) -> str:
        """Why what was wanted since then can't be made, ``""`` if nobody said so."""
        with suppress(FileNotFoundError), open(self.folder / "failed", "rb") as file:
            if os.fstat(file.fileno()).st_mtime_ns >= since_ns:
                return file.read().decode()
        return ""

    def fail(self, reason: str) -> None:
        _write(self.folder / "failed", reason.encode())

    def ask_to_end(self) -> None:
        with suppress(FileNotFoundError):
            (self.folder / "end").touch()

    def is_asked_to_end(self) -> bool:
        return (self.folder / "end").exists()

    def keep_only(self, stream: str, numbers: range) -> None:
        """Remove the stream's segments outside of ``numbers``."""
        for path in (self.folder / stream).glob("*.m4s"):
            if path.stem.isdigit() and int(path.stem) not in numbers:
                path.unlink(missing_ok=True)

    def drop(self, stream: str) -> None:
        """Remove a stream; it may be asked for again."""
        shutil.rmtree(self.folder / stream, ignore_errors=True)

    def touch(self) -> None:
        """Somebody still waits."""
        with suppress(FileNotFoundError):
            os.utime(self.folder / "wanted")

    def quiet_s(self) -> float:
        """Since when no player has asked for anything."""
        for name in (self.folder / "wanted", self.folder):
            with suppress(FileNotFoundError):
                return time.time() - os.stat(name).st_mtime
        return 0.0

    def try_lock(self) -> Lock | None:
        """Become the owner, if nobody is."""
        path = self.folder / "lock"
        try:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if (lock := Lock(fd, path)).holds():  # not one that was just removed
                return lock
        except OSError:
            pass
        os.close(fd)
        return None

    def remove(self) -> None:
        """Take the folder away, whatever is being written into it."""
        for _ in range(_TRIES):
            shutil.rmtree(self.folder, ignore_errors=True)
            if not self.folder.exists():
                return


def places(root: Path) -> list[Place]:
    """All sessions, running or left behind."""
    return [Place(root, folder.name) for folder in _folders(root)]


def _folders(root: Path) -> list[Path]:
    try:
        with os.scandir(root) as found:
            return [Path(entry.path) for entry in found if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []


def _digest(text: str, size: int) -> str:
    return hashlib.blake2b(text.encode(), digest_size=size).hexdigest()


def _write(path: Path, content: bytes) -> None:
    """Whoever looks sees all of it or nothing."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    draft.write_bytes(content)
    draft.rename(path)
