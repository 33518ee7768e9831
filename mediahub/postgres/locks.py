"""Kernel locks on files. However its holder dies, the kernel drops the lock: none is ever stale.

A descriptor given to a child process carries the lock along: it is held until the last process that
has the descriptor is gone. Ours are closed on exec, so no child holds one by accident.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_POLL_S = 0.02


def try_lock(file: Path, *, shared: bool = False) -> int | None:
    """Lock a file, made if absent; return its descriptor, or None if another holds the lock."""
    descriptor = _open(file)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def lock_within(file: Path, *, seconds: float, shared: bool = False) -> int | None:
    """As ``try_lock``, but None only after ``seconds`` of trying."""
    deadline = time.monotonic() + seconds
    while (descriptor := try_lock(file, shared=shared)) is None and time.monotonic() < deadline:
        time.sleep(_POLL_S)
    return descriptor


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold a file's exclusive lock. Sleeps in the kernel, however long, until it is free."""
    descriptor = _open(file)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _open(file: Path) -> int:
    return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
