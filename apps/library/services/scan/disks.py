"""The storage of several libraries, each asked by children of its own."""

from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from apps.disk.reader import Disk
from apps.library.services.storage import open_disk


class Disks:
    """Disks by library, so that one that hangs holds up no other; a context manager."""

    def __init__(self, *, waiting: Callable[[], None]) -> None:
        self._waiting = waiting
        self._disks: dict[int, Disk] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def of(self, library_id: int) -> Disk:
        if library_id not in self._disks:
            self._disks[library_id] = self._open.enter_context(open_disk(waiting=self._waiting))
        return self._disks[library_id]
