"""Children that one scan has done with serve the next: starting them is most of a small scan."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import pytest

from apps.disk import reader
from apps.ffmpeg import pool
from apps.ffmpeg.peer import Peer


class _WarmDisk(reader._Child):
    spare: ClassVar[list["_WarmDisk"]] = []
    done = True

    def ask(self, deed: str, arguments: dict[str, Any]) -> None:
        self.done = False
        super().ask(deed, arguments)

    def parts(self, timeout_s: float, waiting: Callable[[], None]) -> Iterator[Any]:
        try:
            yield from super().parts(timeout_s, waiting)
            self.done = True
        except OSError:
            self.done = True
            raise

    def end(self) -> None:
        if self.done:
            self.spare.append(self)
        else:
            super().end()

    @classmethod
    def take(cls) -> "_WarmDisk":
        return cls.spare.pop() if cls.spare else cls()


class _WarmPeer(Peer):
    spare: ClassVar[list["_WarmPeer"]] = []
    arguments: Sequence[str] = ()

    def end(self) -> int:
        if self.pending or self.gone:
            return super().end()
        self.spare.append(self)
        return 0

    @classmethod
    def take(cls, arguments: Sequence[str], *, timeout_s: float, now: float) -> "_WarmPeer":
        for peer in cls.spare:
            if peer.arguments == arguments and peer.answered < 1_000:
                cls.spare.remove(peer)
                return peer
        peer = cls(arguments, timeout_s=timeout_s, now=now)
        peer.arguments = list(arguments)
        return peer


@contextmanager
def warm_children() -> Iterator[None]:
    """Real ones, which end with the block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "_Child", _WarmDisk.take)
        patch.setattr(pool, "Peer", _WarmPeer.take)
        yield
    for disk in _WarmDisk.spare:
        reader._Child.end(disk)
    for peer in _WarmPeer.spare:
        Peer.end(peer)
    _WarmDisk.spare.clear()
    _WarmPeer.spare.clear()
