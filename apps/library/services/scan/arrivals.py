"""Files that are still being written: left alone until size and time have stood still."""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self

from django.conf import settings

from apps.disk.reader import Disk
from apps.disk.walk import Entry
from apps.disk.watch_mounts import file_system_of, tells_of_changes
from apps.library.models import Library

# What is open for writing is waited for this long after the last change of its time: some programs
# never close a file that they are done with.
_OPEN_S = 60.0
# A server's clock may differ from ours this much; beyond that the date is just wrong.
_SKEW_S = 600.0
_MOST_NAMED = 100


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
    ``folders`` are those, below the root, that have files which still arrive. Without ``own_clock``
    another machine dates the files, so that only a second look tells whether one stands still.
    Files that are ``watched`` were seen to stand still, though their dates be ahead.
    """

    disk: Disk
    root: bytes
    settle_s: float
    own_clock: bool = True
    watched: bool = False
    folders: dict[bytes, None] = field(default_factory=dict)
    noted_at: float = 0.0
    _first: dict[bytes, tuple[int, int, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, library: Library, disk: Disk, *, watched: bool) -> Self:
        """Those of a scan that begins."""
        root = library.root_bytes
        file_system = file_system_of(root, Path("/proc/self/mountinfo").read_bytes())
        own_clock = watched or tells_of_changes(file_system)
        return cls(disk, root, settings.MEDIAHUB_SETTLE_SECONDS, own_clock, watched)

    def is_young(self, entry: Entry) -> bool:
        """Whether a file changed so lately that it has to be looked at more closely."""
        old_s = max(_OPEN_S if self.own_clock else _SKEW_S, self.settle_s)
        return self.settle_s > 0 and -_SKEW_S < _age_s(entry) < old_s

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
        self.noted_at = time.monotonic()
        seen = (file.size_bytes, file.mtime_ns, self.noted_at)
        self._first[os.path.join(folder, file.name)] = seen

    def take_folders(self) -> list[bytes]:
        """The folders to look at again; those that turn out to need a third look come anew."""
        folders = list(self.folders)
        self.folders.clear()
        return folders

    def named(self) -> list[str]:
        """The folders as text that can be stored. A slash ends a name if all below is meant: where
        folders are too many to be named, or one's name is no text.
        """
        if len(self.folders) > _MOST_NAMED:
            return ["/"]
        return sorted({_name(path) for path in self.folders})

    def _stands_still(self, folder: bytes, entry: Entry) -> bool:
        """By its time, or because it is as it was at the first look."""
        age_s = _age_s(entry)
        if (self.own_clock and age_s >= self.settle_s) or (self.watched and age_s < 0):
            return True
        first = self._first.get(os.path.join(folder, entry.name))
        if first is None:
            return False
        *seen, noted_at = first
        waited_s = time.monotonic() - noted_at
        return waited_s >= self.settle_s and seen == [entry.size_bytes, entry.mtime_ns]


def _age_s(entry: Entry) -> float:
    return time.time() - entry.mtime_ns / 1e9


def _name(path: bytes) -> str:
    """A folder's, or that of the nearest one above whose name is text."""
    end = ""
    while True:
        try:
            return path.decode() + end
        except UnicodeDecodeError:
            path, end = os.path.dirname(path), "/"
