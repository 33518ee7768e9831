"""Who may encode: so many sessions at once, over all web processes, and no more."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apps.core.errors import MediaHubError
from apps.playback.services.hls.place import Lock, Place, places

_QUIET_S = 2.0


class SessionsFull(MediaHubError):
    """As many streams as are allowed are being made already."""

    code = "sessions_full"
    status = 503
    retry_after_s = 5

    def __init__(self, most: int, *, makes_way: bool) -> None:
        super().__init__(
            f"{most} streams are being converted already; try again when somebody has finished."
        )
        self.makes_way = makes_way


def claim(place: Place, *, most: int, idle_s: float) -> Lock | None:
    """Own the session, or None if somebody does.

    Leftovers of dead processes are removed on the way. When there are ``most`` sessions already,
    one of the same viewer that no player has asked anything of for a moment is told to end, since
    they have gone on to this one. Raises SessionsFull either way; ``makes_way`` says whether it is
    worth trying again at once.
    """
    with _mutex(place.root):
        active = _sweep(place.root, idle_s=idle_s, but=place)
        if len(active) < most:
            return place.try_lock()
        if place.key in {one.key for one in active}:
            return None
    own = [one for one in active if one.viewer == place.viewer and one.quiet_s() >= _QUIET_S]
    if own:
        max(own, key=Place.quiet_s).ask_to_end()
    raise SessionsFull(most, makes_way=bool(own))


def withdraw(place: Place) -> None:
    """Remove a session that didn't get its turn."""
    with _mutex(place.root):
        if lock := place.try_lock():
            place.remove()
            lock.release()


def end(place: Place, lock: Lock) -> None:
    """Remove a session of one's own: nobody can begin it anew in the meantime."""
    with _mutex(place.root):
        if lock.holds():
            place.remove()
        lock.release()


def sweep(root: Path, *, idle_s: float) -> None:
    """Remove what killed processes left behind."""
    if root.exists():
        with _mutex(root):
            _sweep(root, idle_s=idle_s)


def _sweep(root: Path, *, idle_s: float, but: Place | None = None) -> list[Place]:
    """The sessions that somebody owns; old ones that nobody does are removed."""
    active: list[Place] = []
    for one in places(root):
        lock = one.try_lock()
        if lock is None:
            active.append(one)
            continue
        if one.quiet_s() > idle_s and (but is None or one.key != but.key):
            one.remove()
        lock.release()
    return active


@contextmanager
def _mutex(root: Path) -> Iterator[None]:
    root.mkdir(parents=True, exist_ok=True)
    fd = os.open(root.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
