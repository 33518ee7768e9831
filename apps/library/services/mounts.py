"""How many probes may run at once on one mount, over all processes of this machine."""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from django.conf import settings

_POLL_S = 0.5


@contextmanager
def probe_slots(device: int, *, limit: int, waiting: Callable[[], None]) -> Iterator[int]:
    """Take the mount's free slots, at least one; give the number taken.

    A slot is a lock on a file, which the kernel drops when its holder dies. While all are taken
    ``waiting`` is called about twice a second and may raise to give up.
    """
    folder: Path = settings.MEDIAHUB_DATA_DIR / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        while not (taken := _take(folder, device, limit, held)):
            waiting()
            time.sleep(_POLL_S)
        yield taken


def _take(folder: Path, device: int, limit: int, held: ExitStack) -> int:
    taken = 0
    for number in range(limit):
        file = (folder / f"mount-{device}-{number}").open("wb")
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
