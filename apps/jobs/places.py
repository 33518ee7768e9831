"""Where we are: a name for this machine, container included, under which workers are known."""

import os
import socket
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from pathlib import Path


@cache
def here() -> str:
    """``nas.3f2a``: the host's name, and four digits that tell boots and containers apart.

    Processes are told apart by their number within one of these, so that a worker whose number is
    gone here is known to be dead.
    """
    marks = [socket.gethostname()]
    with suppress(OSError):
        marks.append(Path("/proc/sys/kernel/random/boot_id").read_text())
        marks.append(str(os.stat("/proc/self/ns/pid").st_ino))
    digest = blake2b("\n".join(marks).encode(), digest_size=2).hexdigest()
    return f"{socket.gethostname()[:60]}.{digest}"


def worker_name() -> str:
    """``nas.3f2a:4711``: this process as ``Job.worker`` names it."""
    return f"{here()}:{os.getpid()}"


def is_alive(worker: str) -> bool:
    """Whether a worker of this place lives; of other places we can't tell, and say that it does."""
    place, _, pid = worker.rpartition(":")
    if place != here():
        return True
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"
