"""Putting one file in another's place, in the child: both are whole at every moment.

Files are known by size and time together: whoever makes one of the two sees to it that they differ.
A swap that was interrupted anywhere is finished by asking for it again.
"""

import ctypes
import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

Beat = Callable[[], None]

ASIDE = b".mh-part"  # what the first file has for a moment where there is no exchange

_EXCHANGE = 2
_AT_FDCWD = -100
_CANNOT = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)
_NO_LINKS = (*_CANNOT, errno.EPERM, errno.EMLINK)
_libc = ctypes.CDLL(None, use_errno=True)


class Mark(NamedTuple):
    """By what a file is known again."""

    size_bytes: int
    mtime_ns: int


def look(beat: Beat, *, path: bytes) -> Iterator[dict[str, Any] | None]:
    """What is at a path, if it is a plain file. Raises OSError."""
    beat()
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        yield None
        return
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "")
    yield {
        "size_bytes": found.st_size, "mtime_ns": found.st_mtime_ns, "inode": found.st_ino,
        "device": found.st_dev, "links": found.st_nlink, "mode": stat.S_IMODE(found.st_mode),
    }  # fmt: skip


def room(beat: Beat, *, folder: bytes) -> Iterator[tuple[int, bool]]:
    """Bytes that we may still write on a folder's file system, and whether names in it may change.

    Raises OSError, also where there is no such folder.
    """
    beat()
    system = os.statvfs(folder)
    writable = not system.f_flag & os.ST_RDONLY and os.access(folder, os.W_OK | os.X_OK)
    yield system.f_bavail * system.f_frsize, writable


def finish(
    beat: Beat, *, draft: bytes, like: bytes, like_times: bool = True
) -> Iterator[tuple[int, int]]:
    """Give a draft the rights, owner, extended attributes and times of another file, and have all
    of it on disk; return its mark. What may not be given or kept there is left. Raises OSError."""
    found = os.stat(like, follow_symlinks=False)
    descriptor = os.open(draft, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        beat()
        with suppress(OSError):
            os.fchown(descriptor, found.st_uid, found.st_gid)
        with suppress(OSError):
            os.fchmod(descriptor, stat.S_IMODE(found.st_mode) & 0o777)
        _copy_attributes(like, descriptor)
        size = os.fstat(descriptor).st_size
        if like_times:  # never exactly those of the file that it is told from
            same_size = size == found.st_size
            os.utime(descriptor, ns=(found.st_atime_ns, found.st_mtime_ns + 1_000_000 * same_size))
        os.fsync(descriptor)
        done = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    _sync(os.path.dirname(draft))
    yield done.st_size, done.st_mtime_ns


def swap(
    beat: Beat, *, first: bytes, first_mark: Any, second: bytes, second_mark: Any
) -> Iterator[bool]:
    """Two files of one file system change names; done already is done, too.

    ESTALE: another file than the two is at one of the paths; nothing was changed.
    """
    beat()
    one, two = Mark(*first_mark), Mark(*second_mark)
    aside = second + ASIDE
    found = (_mark(first), _mark(second), _mark(aside))
    if found == (two, one, None):
        yield False
        return
    if found == (one, two, None) and _exchange(first, second):
        if (_mark(first), _mark(second)) != (two, one):  # somebody was quicker by a moment
            _exchange(first, second)
            raise OSError(errno.ESTALE, "")
    else:
        _swap_by_links(first, one, second, two, aside)
    for folder in {os.path.dirname(first), os.path.dirname(second)}:
        _sync(folder)
    yield True


def remove(beat: Beat, *, path: bytes, mark: Any = None) -> Iterator[bool]:
    """Remove a file, given a mark only if it is that one (ESTALE); whether it was there."""
    beat()
    there = _mark(path)
    if there is None:
        yield False
        return
    if mark is not None and there != Mark(*mark):
        raise OSError(errno.ESTALE, "")
    os.unlink(path)
    _sync(os.path.dirname(path))
    with suppress(OSError):  # the trash of a folder goes with the last that was in it
        folder = Path(os.fsdecode(os.path.dirname(path)))
        if folder.name == ".mediahub-trash":
            folder.rmdir()
    yield True


def _exchange(first: bytes, second: bytes) -> bool:
    """At once, where the file system can."""
    if _libc.renameat2(_AT_FDCWD, first, _AT_FDCWD, second, _EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in _CANNOT:
        return False
    raise OSError(number, os.strerror(number))


def _swap_by_links(first: bytes, one: Mark, second: bytes, two: Mark, aside: bytes) -> None:
    """In three steps, each told from what is there; ``first`` is a whole file after each, but where
    there are no links for a moment only ``aside`` is."""
    there, beside, kept = _mark(first), _mark(second), _mark(aside)
    if (there, beside, kept) == (one, two, None):
        _set_aside(first, aside)
        there, kept = _mark(first), one
    if there in (one, None) and beside == two and kept == one:
        os.replace(second, first)
        there, beside = two, None
    if (there, beside, kept) != (two, None, one):
        raise OSError(errno.ESTALE, "")
    os.replace(aside, second)


def _set_aside(path: bytes, aside: bytes) -> None:
    try:
        os.link(path, aside, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        os.replace(path, aside)


def _mark(path: bytes) -> Mark | None:
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return Mark(found.st_size, found.st_mtime_ns)


def _copy_attributes(source: bytes, target: int) -> None:
    with suppress(OSError):
        for name in os.listxattr(source, follow_symlinks=False):
            with suppress(OSError):
                os.setxattr(target, name, os.getxattr(source, name, follow_symlinks=False))


def _sync(folder: bytes) -> None:
    with suppress(OSError):  # some file systems can't
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
