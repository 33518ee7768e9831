"""Files that are still being written: left alone until size and time have stood still."""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from apps.disk.reader import Disk
from apps.disk.walk import Entry

# What is open for writing is waited for this long after the last change of its time: some programs
# never close a file that they are done with.
_OPEN_S = 60.0
# A server's clock may be ahead of ours this much; beyond that the date is just wrong.
_AHEAD_S = 600.0


class _Seen(Protocol):
    @property
    def name(self) -> bytes: ...
    @property
    def size_bytes(self) -> int: ...
    @property
    def mtime_ns(self) -> int: ...


@dataclass(slots=True)
class Arrivals:
    """Tells which files still arrive, and remembers them for a second look.

    ``settle_s`` is how long size and time must stand still; 0 takes everything as it is.
    ``folders`` are those, below the root, that have files which still arrive.
    """

    disk: Disk
    root: bytes
    settle_s: float
    folders: dict[bytes, None] = field(default_factory=dict)
    noted_at: float = 0.0
    _first: dict[bytes, tuple[int, int]] = field(default_factory=dict)

    def is_young(self, entry: Entry) -> bool:
        """Whether a file changed so lately that it has to be looked at more closely."""
        return self.settle_s > 0 and -_AHEAD_S < _age_s(entry) < max(_OPEN_S, self.settle_s)

    def judge(self, folder: bytes, young: Sequence[Entry]) -> Iterator[tuple[Entry, bool]]:
        """Each of a folder's young files, and whether it still arrives."""
        standing = []
        for entry in young:
            if self._stands_still(folder, entry):
                standing.append(entry)
            else:
                yield entry, True
        places = [os.path.join(self.root, folder, entry.name) for entry in standing]
        if places:
            yield from zip(standing, self.disk.busy(places), strict=True)

    def note(self, folder: bytes, file: _Seen) -> None:
        """Remember a file that still arrives, as it was seen."""
        self.folders[folder] = None
        self._first[os.path.join(folder, file.name)] = (file.size_bytes, file.mtime_ns)
        self.noted_at = time.monotonic()

    def take_folders(self) -> list[bytes]:
        """The folders to look at again; those that turn out to need a third look come anew."""
        folders = list(self.folders)
        self.folders.clear()
        return folders

    def _stands_still(self, folder: bytes, entry: Entry) -> bool:
        """By its time, or because it is as it was at the first look."""
        if _age_s(entry) >= self.settle_s:
            return True
        first = self._first.get(os.path.join(folder, entry.name))
        waited_s = time.monotonic() - self.noted_at
        return waited_s >= self.settle_s and first == (entry.size_bytes, entry.mtime_ns)


def _age_s(entry: Entry) -> float:
    return time.time() - entry.mtime_ns / 1e9
