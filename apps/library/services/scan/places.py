"""What is at the paths of known rows now."""

import errno
import os
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import takewhile

from apps.disk.reader import DiskSilent, Stat
from apps.library.models import File, Library
from apps.library.services.scan.compare import Difference
from apps.library.services.scan.crew import Crew
from apps.library.services.scan.roots import (
    RootOffline,
    check_root,
    check_same_disk,
    looks_known,
)

_NOTHING = {errno.ENOENT, errno.ENOTDIR}


class Place(Enum):
    """What is at a row's path."""

    HERE = "the file itself"
    LEFT = "nothing, or another file"
    UNKNOWN = "nobody can tell"


@dataclass(slots=True)
class Places:
    """Looks at the paths of rows, of any libraries, for one batch of findings.

    ``own`` is the library that is scanned and ``device`` its root's; ``now`` the content that the
    batch has read at the paths of known rows.
    """

    crew: Crew
    own: Library
    device: int
    now: Mapping[int, str]
    _stats: dict[int, Stat | int] = field(default_factory=dict)
    _places: dict[int, Place] = field(default_factory=dict)
    _online: dict[int, bool] = field(default_factory=dict)

    def look(self, rows: Sequence[File]) -> None:
        """Look at many paths at once. Raises DiskSilent for the scan's own library only."""
        by_library: dict[int, list[File]] = defaultdict(list)
        for row in rows:
            if not row.displaced:
                by_library[row.library_id].append(row)
        for library_id, wanted in by_library.items():
            try:
                stats = self.crew.disk(library_id).stats([row.location for row in wanted])
            except DiskSilent:
                if library_id == self.own.pk:
                    raise
            else:
                self._stats |= zip([row.pk for row in wanted], stats, strict=True)

    def of(self, row: File, difference: Difference) -> Place:
        """What is at a row's path, as seen from a finding of the same content and size.

        Raises RootOffline if the scan's own root has gone away.
        """
        if row.displaced:
            return Place.LEFT
        if row.pk not in self._places:
            self._places[row.pk] = self._find(row)
        place = self._places[row.pk]
        renamed = place is Place.HERE and self._is_renamed_in_case(row, difference)
        return Place.LEFT if renamed else place

    def is_same_inode(self, row: File, difference: Difference) -> bool:
        """Whether a row's path and a finding are one file on disk."""
        stat = self._stats.get(row.pk)
        same = isinstance(stat, Stat) and (stat.device, stat.inode)
        return same == (difference.device or self.device, difference.inode)

    def _find(self, row: File) -> Place:
        stat = self._stats.get(row.pk)
        if not isinstance(stat, Stat):
            # in this order: a disk that goes meanwhile takes its files away first
            gone = stat in _NOTHING and self._is_online(row.library)
            return Place.LEFT if gone else Place.UNKNOWN
        if row.pk in self.now:
            return Place.HERE if self.now[row.pk] == row.content else Place.LEFT
        if (stat.size_bytes, stat.mtime_ns, stat.inode) == (
            row.size_bytes, row.mtime_ns, int(row.inode),
        ):  # fmt: skip
            return Place.HERE
        is_other = stat.size_bytes != row.size_bytes or self._holds_other(row)
        if is_other is None or not self._is_online(row.library, afresh=True):
            return Place.UNKNOWN
        return Place.LEFT if is_other else Place.HERE

    def _holds_other(self, row: File) -> bool | None:
        content = self.crew.checks.read_row(row, own=self.own).content
        return content != row.content if content else None

    def _is_renamed_in_case(self, row: File, difference: Difference) -> bool:
        """Whether the row's path only still works because the file system minds no case."""
        old = os.path.join(bytes(row.folder.path), bytes(row.name))
        if row.library_id != self.own.pk or old == difference.path:
            return False
        if _folded(old) != _folded(difference.path):
            return False
        pairs = zip(old.split(b"/"), difference.path.split(b"/"), strict=True)
        same = [ours for ours, _ in takewhile(lambda pair: pair[0] == pair[1], pairs)]
        changed = old.split(b"/")[len(same)]
        folder = os.path.join(self.own.root_bytes, *same)
        try:
            return self.crew.disk(self.own.pk).listed(folder, [changed]) == [False]
        except OSError:
            return False

    def _is_online(self, library: Library, *, afresh: bool = False) -> bool:
        """Since all paths were looked at. The scan's own library has to be: raises RootOffline."""
        if library.pk == self.own.pk and (afresh or library.pk not in self._online):
            disk = self.crew.disk(library.pk)
            check_same_disk(disk, library.root_bytes, device=self.device, expect_files=True)
            self._online[library.pk] = True
        if library.pk not in self._online:
            try:
                disk = self.crew.disk(library.pk)
                device = check_root(disk, library.root_bytes, expect_files=True)
                same = device == library.device or looks_known(disk, library)
                self._online[library.pk] = same
            except (DiskSilent, RootOffline):
                self._online[library.pk] = False
        return self._online[library.pk]


def _folded(name: bytes) -> str:
    text = name.decode("utf-8", "surrogateescape")
    return unicodedata.normalize("NFC", text).casefold()
