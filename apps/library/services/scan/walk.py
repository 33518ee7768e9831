"""Walking a tree as a stream of folders, each with a digest of what is in it. Plain Python.

The digest is over name, size, mtime, inode, device and type of every entry that isn't a folder, and
is seeded with the scan's rules, so that other rules or another file make another digest. It only
ever saves work: a digest that differs for no good reason costs a comparison with the catalogue.
Entries are not kept: nearly always the digest is all that is needed, and a folder that differs is
read again, which costs little beside opening its files.
"""

import marshal
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import xxhash

_REGULAR = stat.S_IFREG >> 12
_LINK = stat.S_IFLNK >> 12
_CHUNK = 4_096
_MOST_NS = 2**63 - 1  # what the catalogue can hold: the year 2262

_Raw = tuple[bytes, int, int, int, int, int]


class Entry(NamedTuple):
    """A directory entry that isn't a folder. ``kind`` is the type of file: ``st_mode >> 12``."""

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


@dataclass(slots=True)
class Listing:
    """A folder, by its path below the root; ``size`` is its number of entries that aren't folders.

    Where ``error`` (a reason code) isn't empty nothing is known of the folder and what is below.
    """

    root: bytes
    path: bytes
    digest: bytes = b""
    error: str = ""
    size: int = 0

    def entries(self) -> Iterator[Entry]:
        """The folder's entries that aren't folders, read anew. Raises OSError."""
        for chunk, _folders in _read(os.path.join(self.root, self.path)):
            yield from map(Entry._make, chunk)


def walk(
    root: bytes, start: bytes = b"", *, seed: bytes, skips: Callable[[bytes], bool]
) -> Iterator[Listing]:
    """List ``start`` (a path below ``root``) and all folders below it, following no links.

    ``skips`` is asked whether to leave out a folder, by its path below the root.
    """
    waiting = [start]
    while waiting:
        path = waiting.pop()
        listing, folders = _list(root, path, seed)
        yield listing
        prefix = path + b"/" if path else b""
        waiting.extend(child for name in reversed(folders) if not skips(child := prefix + name))


def mtime_ns(found: os.stat_result) -> int:
    """When a file was modified, as far as the catalogue can tell: a file may bear any date."""
    return min(max(found.st_mtime_ns, -_MOST_NS), _MOST_NS)


def _list(root: bytes, path: bytes, seed: bytes) -> tuple[Listing, list[bytes]]:
    digest = xxhash.xxh3_128(seed)
    folders: list[bytes] = []
    size = 0
    try:
        for chunk, more in _read(os.path.join(root, path)):
            # Version 2 of the format has no references, so that equal values give equal bytes.
            digest.update(marshal.dumps(chunk, 2))
            folders += more
            size += len(chunk)
    except OSError as error:
        return Listing(root, path, error=_reason(error)), []
    return Listing(root, path, digest.digest(), size=size), folders


def _reason(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "unreadable"
    gone = isinstance(error, FileNotFoundError | NotADirectoryError)
    return "vanished" if gone else "read_error"


def _read(folder: bytes) -> Iterator[tuple[list[_Raw], list[bytes]]]:
    """The folder's entries in chunks: those that aren't folders with their facts, and folders."""
    with os.scandir(folder) as scan:
        entries: list[_Raw] = []
        folders: list[bytes] = []
        for entry in scan:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
                continue
            try:
                s = entry.stat(follow_symlinks=False)
            except FileNotFoundError:  # went away since; the next scan sees a different folder
                continue
            entries.append(
                (entry.name, s.st_size, mtime_ns(s), s.st_ino, s.st_dev, s.st_mode >> 12)
            )
            if len(entries) == _CHUNK:
                yield entries, folders
                entries, folders = [], []
        yield entries, folders
