"""Opens a file that somebody else may have prepared or may be changing."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from apps.ffmpeg.messages import FileStat
from apps.ffmpeg.reasons import MediaRefused, Reason, refused_by_system

_HEAD_BYTES = 4096
_SMALLEST_BYTES = 32  # no container holds a stream in less


@dataclass(frozen=True, slots=True)
class Source:
    """A regular file, open for reading."""

    path: bytes
    fd: int
    stat: FileStat

    def read_head(self) -> bytes:
        """Its first 4 KiB. Raises MediaRefused."""
        try:
            return os.pread(self.fd, _HEAD_BYTES, 0)
        except OSError as error:
            raise refused_by_system(error) from error

    def check_size(self) -> None:
        """Raises MediaRefused when there is too little to be media."""
        if self.stat.size == 0:
            raise MediaRefused(Reason.EMPTY)
        if self.stat.size < _SMALLEST_BYTES:
            raise MediaRefused(Reason.TOO_SMALL)

    def check_unchanged(self) -> None:
        """Raises MediaRefused if the path now has another file, or this one was written to."""
        try:
            now = os.stat(self.path)
        except OSError as error:
            raise refused_by_system(error) from error
        if _file_stat(now) != self.stat:
            raise MediaRefused(Reason.CHANGED_WHILE_READING)


@contextmanager
def open_source(path: bytes) -> Iterator[Source]:
    """Open the regular file at ``path``; anything else (FIFO, device, folder) is never opened.

    Raises MediaRefused.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise MediaRefused(Reason.NOT_A_FILE)
        # O_NONBLOCK: should a FIFO have taken the file's place, opening it doesn't wait
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError as error:
        raise refused_by_system(error) from error
    except ValueError as error:  # a NUL in the path
        raise MediaRefused(Reason.NOT_A_FILE) from error
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise MediaRefused(Reason.NOT_A_FILE)
        yield Source(path, fd, _file_stat(found))
    finally:
        os.close(fd)


def _file_stat(found: os.stat_result) -> FileStat:
    return FileStat(found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev)
