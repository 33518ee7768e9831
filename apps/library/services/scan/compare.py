"""Finding out what differs from the catalogue, many folders at a time.

The walk is copied into a temporary table and joined with the known files there, so that neither the
folders nor the files cost a query each, and memory holds one batch whatever the library's size.
Both temporary tables live as long as the connection; ``prepare`` makes them anew for each scan.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from django.db import connection

from apps.disk.reader import Disk
from apps.disk.rules import Rules
from apps.disk.walk import Entry, Listing
from apps.library.models import Folder, Library
from apps.library.querysets import folder_key
from apps.library.services.scan.arrivals import Arrivals
from apps.library.services.scan.counts import Counts

# Failures that may pass by themselves: such files are looked at again in every scan.
PASSING_REASONS = (
    "changed_while_reading", "crashed", "prober_missing", "read_error", "timed_out", "unreadable",
    "vanished",
)  # fmt: skip
_TOLD_REASONS = ("link", "not_a_file")

_PREPARE = """
    DROP TABLE IF EXISTS pg_temp.scan_walked, pg_temp.scan_gone;
    CREATE TEMP TABLE scan_walked (
        folder_id bigint, name bytea, size_bytes bigint, mtime_ns bigint,
        inode numeric(20), device numeric(20), arriving boolean
    );
    CREATE TEMP TABLE scan_gone (
        file_id bigint PRIMARY KEY, folder_id bigint, name bytea, device numeric(20)
    );
"""

_SEEN = """
    UPDATE library_folder SET seen_at = greatest(seen_at, %s)
    WHERE library_id = %s AND key = ANY(%s)
    RETURNING key, id, digest, file_count, size_bytes
"""

# Until all of a folder's differences are in the catalogue: it may look again as it did before.
# The count of looks keeps another scan that looked before from storing what it saw.
FORGET_DIGESTS = """
    UPDATE library_folder SET digest = NULL, looks = looks + 1 WHERE id = ANY(%s)
    RETURNING id, looks
"""

_DIFFERENT = """
    SELECT w.folder_id, w.name, w.size_bytes, w.mtime_ns, w.inode, w.device,
           f.missing_since IS NOT NULL,
           f.size_bytes = w.size_bytes AND f.mtime_ns = w.mtime_ns AND f.inode = w.inode
               AND f.probe_state <> 'pending' AND f.probe_error <> ALL(%(passing)s),
           f.video_id IS NOT NULL OR f.probe_state = 'failed', w.arriving
    FROM pg_temp.scan_walked w
    LEFT JOIN library_file f
        ON f.folder_id = w.folder_id AND f.name = w.name AND f.displaced = 0
    WHERE %(rescan)s OR f.id IS NULL OR f.missing_since IS NOT NULL
        OR f.size_bytes <> w.size_bytes OR f.mtime_ns <> w.mtime_ns OR f.inode <> w.inode
        OR f.probe_state = 'pending' OR f.probe_error = ANY(%(passing)s)
"""

_GONE = """
    INSERT INTO pg_temp.scan_gone
    SELECT f.id, f.folder_id, f.name, f.device FROM library_file f
    WHERE f.folder_id = ANY(%s) AND f.missing_since IS NULL AND NOT EXISTS (
        SELECT FROM pg_temp.scan_walked w WHERE w.folder_id = f.folder_id AND w.name = f.name)
    ON CONFLICT (file_id) DO UPDATE SET name = excluded.name  -- a second look at the folder
    RETURNING folder_id
"""


class Need(Enum):
    """What a file that differs needs."""

    PROBE = "probe"
    RETURN = "return"  # only the mark that it is missing has to go


@dataclass(slots=True)
class FolderVisit:
    """A folder of which something differs.

    ``look`` numbers this comparison, ``waiting`` counts its files that aren't in the catalogue yet,
    and one for the comparison. With ``open_end`` the folder's digest isn't kept, so that the next
    scan compares it again: files are gone from it, still arrive, or failed for a reason that may
    pass. Of an ``unread`` folder the second look failed, so that it can't be said what is gone.
    """

    pk: int
    path: bytes
    digest: bytes
    look: int = 0
    waiting: int = 1
    open_end: bool = False
    unread: bool = False
    file_count: int = 0
    size_bytes: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """A file on disk that isn't in the catalogue as it is."""

    folder: FolderVisit
    name: bytes
    size_bytes: int
    mtime_ns: int
    inode: int
    device: int
    need: Need = Need.PROBE

    @property
    def path(self) -> bytes:
        return self.folder.path + b"/" + self.name if self.folder.path else self.name


@dataclass(slots=True)
class Comparison:
    """Compares listings in batches. ``complete`` collects folders that need only their digest;
    ``device`` is the root's. A second look at folders (``again``) counts only what is new in it.
    """

    library: Library
    disk: Disk
    rules: Rules
    counts: Counts
    arrivals: Arrivals
    now: datetime
    rescan: bool
    told: Callable[[str, bytes], None]
    device: int = 0
    again: bool = False
    complete: list[FolderVisit] = field(default_factory=list)

    def prepare(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_PREPARE)

    def differences(self, listings: Sequence[Listing]) -> Iterator[Difference]:
        """What differs in these folders, after counting what doesn't."""
        visits = self._visit([listing for listing in listings if not listing.error])
        if not visits:
            return
        self._copy(visits)
        yield from self._join([visit for visit, _listing in visits])

    def _visit(self, listings: Sequence[Listing]) -> list[tuple[FolderVisit, Listing]]:
        """Mark folders as seen, count those with an equal digest, return the others."""
        keys = {folder_key(listing.path): listing for listing in listings}
        known = self._known(list(keys))
        new = [
            Folder(library=self.library, path=listing.path, key=key, seen_at=self.now)
            for key, listing in sorted(keys.items())
            if key not in known
        ]
        if new:  # another scan may have come first, and with its digest
            Folder.objects.bulk_create(new, ignore_conflicts=True)
            known |= self._known([bytes(folder.key) for folder in new])
        self.counts.folders += 0 if self.again else len(keys)
        changed = []
        for key, (pk, digest, file_count, size_bytes) in known.items():
            listing = keys[key]
            if digest == listing.digest and not self.rescan:
                self.counts.unchanged += file_count
                self.counts.bytes += size_bytes
            else:
                changed.append((FolderVisit(pk, listing.path, listing.digest), listing))
        return changed

    def _known(self, keys: list[bytes]) -> dict[bytes, tuple[int, bytes | None, int, int]]:
        """What the catalogue has of these folders, which are marked as seen on the way."""
        with connection.cursor() as cursor:
            cursor.execute(_SEEN, [self.now, self.library.pk, keys])
            rows = cursor.fetchall()
        return {
            bytes(key): (pk, digest and bytes(digest), count, size)
            for key, pk, digest, count, size in rows
        }

    def _copy(self, visits: Sequence[tuple[FolderVisit, Listing]]) -> None:
        """Copy the files that the library takes in; count and tell the others."""
        by_id = {visit.pk: visit for visit, _listing in visits}
        with connection.cursor() as cursor:
            cursor.execute(FORGET_DIGESTS, [list(by_id)])
            for pk, looks in cursor.fetchall():
                by_id[pk].look = looks
            cursor.execute("TRUNCATE pg_temp.scan_walked")
            with cursor.copy("COPY pg_temp.scan_walked FROM STDIN") as copy:
                for visit in by_id.values():
                    try:
                        for entry, arriving in self._taken(visit):
                            visit.file_count += 1
                            visit.size_bytes += entry.size_bytes
                            copy.write_row((visit.pk, *entry[:5], arriving))
                    except OSError:
                        visit.open_end = visit.unread = True

    def _taken(self, visit: FolderVisit) -> Iterator[tuple[Entry, bool]]:
        """The files that the library takes in, and whether one still arrives. Raises OSError."""
        young: list[Entry] = []
        for entry in self.disk.entries(self.library.root_bytes, visit.path, device=self.device):
            if reason := self.rules.refusal(visit.path, entry):
                self._leave_out(visit, entry, reason)
            elif self.arrivals.is_young(entry):
                young.append(entry)
            else:
                yield entry, False
        yield from self.arrivals.judge(visit.path, young)

    def _leave_out(self, visit: FolderVisit, entry: Entry, reason: str) -> None:
        if not self.again:
            self.counts.skipped[reason] += 1
            if reason in _TOLD_REASONS:
                self.told(reason, os.path.join(visit.path, entry.name))

    def _join(self, visits: Sequence[FolderVisit]) -> Iterator[Difference]:
        by_id = {visit.pk: visit for visit in visits}
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE pg_temp.scan_walked")
            cursor.execute(_GONE, [[visit.pk for visit in visits if not visit.unread]])
            for (pk,) in cursor.fetchall():
                by_id[pk].open_end = True
        different = 0
        with connection.chunked_cursor() as cursor:
            cursor.execute(_DIFFERENT, {"passing": list(PASSING_REASONS), "rescan": self.rescan})
            for row in cursor:
                different += 1
                *found, same, settled, arriving = row
                difference = self._difference(by_id[row[0]], found, as_known=same and settled)
                if arriving and not same:
                    self.leave_arriving(difference)
                    continue
                difference.folder.waiting += 1
                yield difference
        if not self.again:
            walked = sum(visit.file_count for visit in visits)
            self.counts.unchanged += walked - different
            self.counts.bytes += sum(visit.size_bytes for visit in visits)
        for visit in visits:
            self.finish_one(visit)

    def leave_arriving(self, difference: Difference) -> None:
        """Leave a file alone that is still being written, to come back to it."""
        difference.folder.open_end = True
        self.counts.skipped["arriving"] += 1
        self.arrivals.note(difference.folder.path, difference)

    def finish_one(self, visit: FolderVisit) -> None:
        """One thing less to wait for in a folder."""
        visit.waiting -= 1
        if not visit.waiting:
            self.complete.append(visit)

    def _difference(
        self, folder: FolderVisit, found: Sequence[Any], *, as_known: bool
    ) -> Difference:
        _pk, name, size, mtime, inode, device, missing = found
        return Difference(
            folder=folder, name=bytes(name), size_bytes=size, mtime_ns=mtime, inode=int(inode),
            device=int(device),
            need=Need.RETURN if missing and as_known and not self.rescan else Need.PROBE,
        )  # fmt: skip
