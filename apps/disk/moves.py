"""Giving files other names, in the child: nothing is ever overwritten, and all can be repeated.

A move that was interrupted anywhere is finished by asking for it again. Only names change: files
stay on the file system that they are on.
"""

import ctypes
import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

Beat = Callable[[], None]

_NO_REPLACE = 1
_AT_FDCWD = -100
_PART = 1_000
# what a file system says that can't rename without replacing
_CANNOT = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)
_libc = ctypes.CDLL(None, use_errno=True)


class Move(NamedTuple):
    """Paths below ``root``. The file is known by its inode or else by its size and time; a move
    without those (``inode`` -1) takes what is there.

    ``again``: it was begun before, so that the file may have both names, or the new one already.
    """

    root: bytes
    old: bytes
    new: bytes
    inode: int = -1
    size_bytes: int = -1
    mtime_ns: int = 0
    again: bool = False


def move(beat: Beat, *, moves: Sequence[Sequence[Any]]) -> Iterator[list[int]]:
    """For each move 0 or an errno. ESTALE: another file is there; EEXIST: the name is taken;
    ELOOP: a folder is a link; ENOTSUP: the file system can't do it without risk.
    """
    done: list[int] = []
    folders: dict[bytes, None] = {}
    for one in map(Move._make, moves):
        beat()
        try:
            _move(one, folders)
        except OSError as error:
            done.append(error.errno or errno.EIO)
        else:
            done.append(0)
    for folder in folders:
        beat()
        _sync(folder)
    yield done


def names(beat: Beat, *, folder: bytes) -> Iterator[list[bytes]]:
    """All names in a folder, of files and folders; nothing where there is none. Raises OSError."""
    part: list[bytes] = []
    try:
        with os.scandir(folder) as found:
            for entry in found:
                part.append(entry.name)
                if len(part) == _PART:
                    beat()
                    yield part
                    part = []
    except (FileNotFoundError, NotADirectoryError):
        pass
    yield part


def make_folders(beat: Beat, *, root: bytes, path: bytes) -> Iterator[bool]:
    """Make the folders of a path below a root that is there. Raises OSError (ELOOP: one is a link,
    ENOENT: there is no such root)."""
    beat()
    os.stat(root)
    made: dict[bytes, None] = {}
    _make_folders(root, path, made)
    for folder in made:
        _sync(folder)
    yield bool(made)


def _move(one: Move, folders: dict[bytes, None]) -> None:
    old, new = os.path.join(one.root, one.old), os.path.join(one.root, one.new)
    there = _look(old)
    if there is None or not _is_meant(there, one):
        arrived = _look(new)
        if arrived is None or not one.again or not _is_meant(arrived, one):
            raise OSError(errno.ENOENT if there is None else errno.ESTALE, "")
        folders |= {os.path.dirname(old): None, os.path.dirname(new): None}
        return
    _make_folders(one.root, os.path.dirname(one.new), folders)
    if one.again and _has_both_names(old, new, there):
        os.unlink(old)  # the link was made, and then it was interrupted
    else:
        _rename(old, new, there)
    folders |= {os.path.dirname(old): None, os.path.dirname(new): None}


def _look(path: bytes) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _is_meant(found: os.stat_result, one: Move) -> bool:
    if not stat.S_ISREG(found.st_mode):
        return False
    same = (found.st_size, found.st_mtime_ns) == (one.size_bytes, one.mtime_ns)
    return one.inode in (-1, found.st_ino) or same


def _make_folders(root: bytes, path: bytes, folders: dict[bytes, None]) -> None:
    """Each in turn, so that none is a link that leads out of the library."""
    place = root
    for name in path.split(b"/") if path else []:
        parent, place = place, os.path.join(place, name)
        with suppress(FileExistsError):
            os.mkdir(place)
            folders[parent] = None
        if stat.S_ISLNK(os.lstat(place).st_mode):
            raise OSError(errno.ELOOP, "")


def _rename(old: bytes, new: bytes, there: os.stat_result) -> None:
    try:
        _rename_no_replace(old, new)
    except FileExistsError:
        if not _is_same_entry(old, new, there):
            raise
        os.replace(old, new)  # one entry: only the case of its name changes
    except OSError as error:
        if error.errno not in _CANNOT:
            raise
        _link(old, new, there)


def _rename_no_replace(old: bytes, new: bytes) -> None:
    if _libc.renameat2(_AT_FDCWD, old, _AT_FDCWD, new, _NO_REPLACE) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _link(old: bytes, new: bytes, there: os.stat_result) -> None:
    """Where the file system has no such rename: a link to nothing that is there fails, too."""
    try:
        os.link(old, new, follow_symlinks=False)
    except FileExistsError:
        if not _is_same_entry(old, new, there):
            raise
        os.replace(old, new)
        return
    except OSError as error:
        if error.errno in (*_CANNOT, errno.EPERM):
            raise OSError(errno.ENOTSUP, "") from error
        raise
    os.unlink(old)


def _has_both_names(old: bytes, new: bytes, there: os.stat_result) -> bool:
    """Whether the file has two entries, and not one that answers to both names."""
    other = _look(new)
    same = other is not None and os.path.samestat(there, other)
    return same and there.st_nlink > 1 and _is_listed(old) and _is_listed(new)


def _is_same_entry(old: bytes, new: bytes, there: os.stat_result) -> bool:
    """Whether some file system finds one entry under both names."""
    other = _look(new)
    same = other is not None and os.path.samestat(there, other)
    return same and _is_listed(old) and not _is_listed(new)


def _is_listed(path: bytes) -> bool:
    folder, name = os.path.split(path)
    with os.scandir(folder) as found:
        return any(entry.name == name for entry in found)


def _sync(folder: bytes) -> None:
    """So that no crash forgets the names. Some file systems can't."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
