"""The child processes of a scan."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from apps.disk.reader import Disk
from apps.ffmpeg.pool import MediaPool
from apps.library.services.media import media_pool
from apps.library.services.scan.checks import Checks
from apps.library.services.storage import open_disk


class Crew:
    """Children for disks, for probing and for checks of single files; a context manager.

    They start when they are needed. Starting them is most of a small scan, so that whoever scans
    again and again keeps a crew; it serves one scan at a time. ``waiting`` is called while they are
    waited for, and may raise.
    """

    def __init__(self) -> None:
        self.waiting: Callable[[], None] = _nothing
        self.checks = Checks(media_pool(children=1), self._wait, self.disk)
        self._pools: dict[int, MediaPool] = {}
        self._disks: dict[int, Disk] = {}

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
        """End the children."""
        self.waiting = _nothing
        for pool in (self.checks.pool, *self._pools.values()):
            pool.close()
        for disk in self._disks.values():
            disk.close()
        self._pools.clear()
        self._disks.clear()

    def begin(self, waiting: Callable[[], None]) -> None:
        """Before each scan: a disk that didn't answer the last one may do so again."""
        self.waiting = waiting
        self.checks.begin()
        for library_id in [pk for pk, disk in self._disks.items() if disk.silent]:
            self._disks.pop(library_id).close()

    def disk(self, library_id: int) -> Disk:
        """Each library has its own, so that one that hangs holds up no other."""
        if library_id not in self._disks:
            self._disks[library_id] = open_disk(waiting=self._wait)
        return self._disks[library_id]

    def pool(self, children: int) -> MediaPool:
        return self._pools.setdefault(children, media_pool(children=children))

    def _wait(self) -> None:
        self.waiting()


def _nothing() -> None:
    """Nobody waits."""
