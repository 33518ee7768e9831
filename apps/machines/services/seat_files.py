"""Seats on graphics cards as locks on files, which the kernel drops when their holders die."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings

from apps.jobs.places import here


def count_taken(card: str) -> int:
    """How many seats on a card of this machine are taken."""
    return sum(_is_taken(path) for path in _folder().glob(f"{_name(card)}.*"))


def sit_down(card: str) -> int:
    """Take the first free seat; it is free again when the file is closed. One at a time."""
    number = 0
    while True:
        fd = os.open(_folder() / f"{_name(card)}.{number}", os.O_RDWR | os.O_CREAT, 0o600)
        with suppress(BlockingIOError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return fd
        os.close(fd)
        number += 1


@contextmanager
def one_at_a_time(what: str) -> Iterator[None]:
    """For all processes that share the data folder."""
    fd = os.open(_folder() / what, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _is_taken(path: Path) -> bool:
    try:
        fd = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def _name(card: str) -> str:
    """With the host's name: machines may share the data folder."""
    host = here().rpartition(".")[0] or here()
    return "seat-" + re.sub(r"[^A-Za-z0-9-]", "_", f"{host}-{card}")


def _folder() -> Path:
    folder: Path = settings.MEDIAHUB_DATA_DIR / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
