"""Files that come and go beside a source. In the child only, for disks may hang."""

import errno
import os
from contextlib import suppress
from typing import Any

from apps.ffmpeg.cutting.orders import CutFailed

_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


class PlaceTaken(CutFailed):
    """There is a file of that name already; it was left as it is."""

    code = "place_taken"
    status = 409


def mark_of(path: bytes) -> dict[str, int] | None:
    """By what a file is known again, or nothing if there is none. Raises OSError."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return None
    return {"inode": found.st_ino, "size": found.st_size, "mtime_ns": found.st_mtime_ns}


def free_bytes(folder: bytes) -> int:
    """0 where there is no such folder. Raises OSError."""
    try:
        found = os.statvfs(folder)
    except FileNotFoundError:
        return 0
    return found.f_bavail * found.f_frsize


def place(unfinished: bytes, target: bytes) -> None:
    """Give a finished file its name, at once and for good. Raises PlaceTaken, OSError."""
    with open(unfinished, "rb") as finished:
        os.fsync(finished.fileno())
    try:
        os.link(unfinished, target, follow_symlinks=False)
    except FileExistsError:
        raise PlaceTaken(f"There is a file {os.fsdecode(target)!r} already.") from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(target):
            raise PlaceTaken(f"There is a file {os.fsdecode(target)!r} already.") from None
        os.replace(unfinished, target)
    with suppress(FileNotFoundError):
        os.unlink(unfinished)
    _flush_folder(os.path.dirname(target))


def remove(path: bytes, mark: dict[str, Any] | None = None) -> None:
    """Remove a file, given a mark only if it is still that. Raises CutFailed, OSError."""
    if mark is not None and mark_of(path) not in (None, mark):
        raise CutFailed(f"{os.fsdecode(path)!r} has changed meanwhile: it was not removed.")
    with suppress(FileNotFoundError):
        os.unlink(path)
        _flush_folder(os.path.dirname(path))


def _flush_folder(folder: bytes) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # some file systems can't
            os.fsync(handle)
    finally:
        os.close(handle)
