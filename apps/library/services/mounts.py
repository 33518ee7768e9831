"""How many files of one mount are read at once and how fast, over all processes of a machine."""

import fcntl
import os
import struct
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from django.conf import settings

from apps.ffmpeg.pool import NoPace, Pace
from apps.library.models import Library

_POLL_S = 0.5
_LONGEST_AHEAD_S = 600.0


@contextmanager
def probe_slots(
    device: int, *, limit: int, waiting: Callable[[], None], lane: str = ""
) -> Iterator[int]:
    """Take the mount's free slots, at least one; give the number taken.

    A slot is a lock on a file, which the kernel drops when its holder dies. While all are taken
    ``waiting`` is called about twice a second and may raise to give up. A ``lane`` has slots of its
    own.
    """
    name = f"mount-{device}{lane and '-'}{lane}"
    with ExitStack() as held:
        while not (taken := _take(_folder() / name, limit, held)):
            waiting()
            time.sleep(_POLL_S)
        yield taken


class MountPace:
    """Lets all processes together open so many files a second on a mount, evenly.

    When the next one may be opened stands in a file of eight bytes; the monotonic clock is the
    same for all processes. A file that a restarted machine left is from the future: it is ignored.
    """

    def __init__(self, device: int, *, per_second: float) -> None:
        self._step_s = 1 / per_second
        path = _folder() / f"mount-{device}-pace"
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        weakref.finalize(self, os.close, self._fd)

    @property
    def next_at(self) -> float:
        (at,) = struct.unpack("d", os.pread(self._fd, 8, 0) or bytes(8))
        return float(at) if at < time.monotonic() + _LONGEST_AHEAD_S else 0.0

    def count(self) -> None:
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        try:
            at = max(self.next_at, time.monotonic()) + self._step_s
            os.pwrite(self._fd, struct.pack("d", at), 0)
        finally:
            fcntl.flock(self._fd, fcntl.LOCK_UN)


def mount_pace(library: Library, device: int) -> Pace:
    """How fast a library's files may be opened."""
    rate = library.files_per_second
    return MountPace(device, per_second=rate) if rate else NoPace()


def _folder() -> Path:
    folder: Path = settings.MEDIAHUB_DATA_DIR / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _take(path: Path, limit: int, held: ExitStack) -> int:
    taken = 0
    for number in range(limit):
        file = path.with_name(f"{path.name}-{number}").open("wb")
        if _lock(file):
            held.enter_context(file)
            taken += 1
        else:
            file.close()
    return taken


def _lock(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
