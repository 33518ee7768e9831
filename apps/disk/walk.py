"""Walking a tree as a stream of folders, each with a digest of what is in it.

The digest is over name, size, mtime, inode, device and type of every entry that isn't a folder, and
is seeded with the scan's rules, so that other rules or another file make another digest. It only
ever saves work: a digest that differs for no good reason costs a comparison with the catalogue.
Entries are not kept: nearly always the digest is all that is needed, and a folder that differs is
read again, which costs little beside opening its files.

The root's own device counts as 0 in it: network shares and some file systems get another number
each time they are mounted.
"""

import errno
import marshal
import os
import stat
from collections.abc import Callable, Iterator
from typing import NamedTuple

import xxhash

_REGULAR = stat.S_IFREG >> 12
_LINK = stat.S_IFLNK >> 12
FOLDER = stat.S_IFDIR >> 12
_CHUNK = 4_096
_BEAT_ENTRIES = 16  # a slow share may take a second for them
MOST_NS = 2**63 - 1  # what the catalogue can hold: the year 2262
# What these folders hold can't be known; elsewhere what wasn't seen is gone.
UNKNOWN = frozenset({"unreadable", "read_error"})
_GONE = (errno.ENOENT, errno.ENOTDIR)
_FORBIDDEN = (errno.EACCES, errno.EPERM)


class Entry(NamedTuple):
    """A directory entry that isn't a folder. ``kind`` is the type of file: ``st_mode >> 12``;
    ``device`` is 0 on the root's own.
    """

    name: bytes
    size_bytes: int
    mtime_ns: int
    inode: int
    device: int
    kind: int

    @property
    def is_regular(self) -> bool:
        return self.kind == _REGULAR

    @property
    def is_link(self) -> bool:
        return self.kind == _LINK


class Listing(NamedTuple):
    """A folder, by its path below the root; ``size`` is its number of entries that aren't folders.

    Where ``error`` (a reason code) isn't empty nothing is known of the folder and what is below.
    """

    path: bytes
    digest: bytes = b""
    error: str = ""
    size: int = 0


Beat = Callable[[], None]


def walk(
    root: bytes,
    start: bytes = b"",
    *,
    device: int,
    seed: bytes,
    skips: Callable[[bytes], bool],
    beat: Beat,
    shallow: bool = False,
) -> Iterator[Listing]:
    """List ``start`` (a path below ``root``) and, unless ``shallow``, all folders below it.

    Follows no links. ``skips`` is asked whether to leave out a folder, by its path below the root;
    ``device`` is the root's; ``beat`` is called now and then in long folders.
    """
    waiting = [start]
    while waiting:
        path = waiting.pop()
        listing, folders = _list(root, path, device, seed, beat)
        yield listing
        if shallow:
            return
        prefix = path + b"/" if path else b""
        waiting.extend(child for name in reversed(folders) if not skips(child := prefix + name))


def entries(
    root: bytes, path: bytes, *, device: int, beat: Beat
) -> Iterator[list[tuple[object, ...]]]:
    """A folder's entries that aren't folders, as plain tuples, in chunks. Raises OSError."""
    for chunk, _folders in _read(os.path.join(root, path), device, beat):
        yield chunk


def mtime_ns(found: os.stat_result) -> int:
    """When a file was modified, as far as the catalogue can tell: a file may bear any date."""
    return storable_ns(found.st_mtime_ns)


def storable_ns(time_ns: int) -> int:
    """A time, or the nearest that the catalogue can hold."""
    return min(max(time_ns, -MOST_NS), MOST_NS)


def reason_of(number: int | None) -> str:
    """The reason code for an errno."""
    if number in _FORBIDDEN:
        return "unreadable"
    return "vanished" if number in _GONE else "read_error"


def _list(
    root: bytes, path: bytes, device: int, seed: bytes, beat: Beat
) -> tuple[Listing, list[bytes]]:
    digest = xxhash.xxh3_128(seed)
    folders: list[bytes] = []
    size = 0
    try:
        for chunk, more in _read(os.path.join(root, path), device, beat):
            # Version 2 of the format has no references, so that equal values give equal bytes.
            digest.update(marshal.dumps(chunk, 2))
            folders += more
            size += len(chunk)
    except OSError as error:
        return Listing(path, error=reason_of(error.errno)), []
    return Listing(path, digest.digest(), size=size), folders


def _read(
    folder: bytes, device: int, beat: Beat
) -> Iterator[tuple[list[tuple[object, ...]], list[bytes]]]:
    """The folder's entries in chunks: those that aren't folders with their facts, and folders."""
    with os.scandir(folder) as scan:
        found: list[tuple[object, ...]] = []
        folders: list[bytes] = []
        for number, entry in enumerate(scan):
            if not number % _BEAT_ENTRIES:
                beat()
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
                continue
            try:
                s = entry.stat(follow_symlinks=False)
            except FileNotFoundError:  # went away since; the next scan sees a different folder
                continue
            time = s.st_mtime_ns
            if not -MOST_NS <= time <= MOST_NS:
                time = storable_ns(time)
            elsewhere = 0 if s.st_dev == device else s.st_dev
            found.append((entry.name, s.st_size, time, s.st_ino, elsewhere, s.st_mode >> 12))
            if len(found) == _CHUNK:
                yield found, folders
                found, folders = [], []
        yield found, folders
