"""Marking what a walk didn't see, or asking when that is a large share of the library."""

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from apps.disk.reader import Disk, Stat
from apps.disk.rules import Rules
from apps.disk.walk import Entry
from apps.library.models import Library, Scan
from apps.library.services.facts import sync_facts
from apps.library.services.scan.compare import FORGET_DIGESTS
from apps.library.services.scan.write import Guard

_BATCH = 512
_MOST_TOLD = 1_000
_AT_ONCE = timedelta(minutes=10)

# Folders of the walked part that the walk did not come to, and all files in them.
_UNSEEN = """
    INSERT INTO pg_temp.scan_gone
    SELECT file.id, file.folder_id, file.name, file.device
    FROM library_folder folder JOIN library_file file ON file.folder_id = folder.id
    WHERE folder.id = ANY(%s) AND file.missing_since IS NULL
    ON CONFLICT (file_id) DO NOTHING
"""

# What another scan, or this one by a move, has taken elsewhere meanwhile isn't gone.
_NO_LONGER = """
    DELETE FROM pg_temp.scan_gone gone WHERE NOT EXISTS (
        SELECT FROM library_file file
        WHERE file.id = gone.file_id AND file.folder_id = gone.folder_id
            AND file.name = gone.name AND file.missing_since IS NULL)
"""

# A disk mounted below the root, of which everything is gone, was unmounted.
_LOST_MOUNTS = """
    DELETE FROM pg_temp.scan_gone gone
    WHERE gone.device IN (
        SELECT device FROM pg_temp.scan_gone WHERE device NOT IN (%(root)s, %(before)s)
        GROUP BY device
        HAVING count(*) = (
            SELECT count(*) FROM library_file file WHERE file.library_id = %(library)s
                AND file.device = scan_gone.device AND file.missing_since IS NULL))
    RETURNING folder_id
"""

_LISTED = """
    SELECT gone.file_id, folder.path, gone.name
    FROM pg_temp.scan_gone gone JOIN library_folder folder ON folder.id = gone.folder_id
    WHERE gone.file_id > %s ORDER BY gone.file_id LIMIT %s
"""

_MARK = """
    WITH gone AS (
        UPDATE library_file file SET missing_since = %(now)s, updated_at = %(now)s
        FROM pg_temp.scan_gone listed
        WHERE file.id = listed.file_id AND file.folder_id = listed.folder_id
            AND file.name = listed.name AND file.missing_since IS NULL
        RETURNING file.id, file.video_id, file.path
    ), noted AS (
        INSERT INTO core_auditentry
            (at, action, object_type, object_id, object_name, changes, job_id, request_id)
        SELECT %(now)s, 'changed', 'library.file', id, left(path, 300),
            jsonb_build_object('missing_since', jsonb_build_array(NULL, %(now)s::text)),
            %(job)s, ''
        FROM gone
    )
    SELECT video_id FROM gone
"""


@dataclass(frozen=True, slots=True)
class Gone:
    """What a walk of ``library`` didn't see; works on the comparison's temporary table.

    ``told`` is called with a reason, a path and a sentence.
    """

    library: Library
    scan: Scan
    disk: Disk
    rules: Rules
    device: int
    guard: Guard
    now: datetime
    told: Callable[[str, bytes, str], None]

    def settle(self, unseen_folders: Sequence[int], *, accepted: bool) -> tuple[int, int]:
        """Mark files as missing; returns how many, and how many were held back to ask first.

        Each is looked for once more before. Raises DiskSilent, with nothing marked.
        """
        with connection.cursor() as cursor:
            cursor.execute(_UNSEEN, [list(unseen_folders)])
            cursor.execute(_NO_LONGER)
        if not self._count():
            return 0, 0
        self._leave_lost_mounts()
        limit = None if accepted else self._limit()
        held = self._look_again(limit)
        if limit is not None and held > limit:
            self._tell_held()
            return 0, self._count()
        return self._mark(unseen_folders), 0

    def _limit(self) -> int:
        """How many more files may go without asking: what the watch saw go lately counts, too."""
        percent = self.library.gone_percent or settings.MEDIAHUB_GONE_PERCENT
        since = max(self.library.scanned_at or self.now - _AT_ONCE, self.now - _AT_ONCE)
        lately = self.library.files.filter(missing_since__gt=since).count()
        known = self.library.files.present().count() + lately
        return max(known * percent // 100, settings.MEDIAHUB_GONE_FILES - 1) - lately

    def _count(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_temp.scan_gone")
            return int(cursor.fetchone()[0])

    def _look_again(self, limit: int | None) -> int:
        """Take from the list what is there after all; stop at more than ``limit`` that isn't."""
        gone = 0
        for rows in self._listed():
            there = self._there(rows)
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM pg_temp.scan_gone WHERE file_id = ANY(%s)", [there])
            gone += len(rows) - len(there)
            if limit is not None and gone > limit:
                break
        return gone

    def _there(self, rows: Sequence[tuple[int, bytes, bytes]]) -> list[int]:
        """Which of the files are there after all, where the walk should have seen them."""
        root = self.library.root_bytes
        seen = self.disk.stats([os.path.join(root, path, name) for _pk, path, name in rows])
        return [
            pk
            for (pk, path, name), stat in zip(rows, seen, strict=True)
            if _may_be_there(stat) and not self._is_left_out(path, name, stat)
        ]

    def _is_left_out(self, path: bytes, name: bytes, stat: Stat | int) -> bool:
        """By the rules, or because a link is on the way: such files are gone by intention."""
        entry = Entry(name, *stat) if isinstance(stat, Stat) else None
        parts = path.split(b"/")
        above = [b"/".join(parts[:n]) for n in range(1, len(parts) + 1)] if path else []
        if any(self.rules.skips_folder(one) for one in above):
            return True
        if entry is not None and self.rules.refusal(path, entry):
            return True
        root = self.disk.real(self.library.root_bytes)
        return self.disk.real(os.path.join(root, path)) != os.path.join(root, path).rstrip(b"/")

    def _listed(self) -> Iterator[list[tuple[int, bytes, bytes]]]:
        last = 0
        while True:
            with connection.cursor() as cursor:
                cursor.execute(_LISTED, [last, _BATCH])
                rows = [(pk, bytes(path), bytes(name)) for pk, path, name in cursor.fetchall()]
            if not rows:
                return
            yield rows
            last = rows[-1][0]

    def _leave_lost_mounts(self) -> None:
        before = self.device if self.library.device is None else self.library.device
        values = {"root": self.device, "before": before, "library": self.library.pk}
        with connection.cursor() as cursor:
            cursor.execute(_LOST_MOUNTS, values)
            folders = {pk for (pk,) in cursor.fetchall()}
        for folder in self.library.folders.filter(pk__in=sorted(folders)[:_MOST_TOLD]):
            self.told("mount_gone", bytes(folder.path), "A disk below the root was unmounted.")

    def _tell_held(self) -> None:
        told = 0
        for rows in self._listed():
            for _pk, path, name in rows:
                self.told("gone", os.path.join(path, name), "")
            told += len(rows)
            if told >= _MOST_TOLD:
                return

    def _mark(self, unseen_folders: Sequence[int]) -> int:
        with self.guard(), connection.cursor() as cursor:
            cursor.execute(FORGET_DIGESTS, [list(unseen_folders)])
            cursor.execute(_MARK, {"now": self.now, "job": self.scan.job_id})
            videos = [row[0] for row in cursor.fetchall()]
            sync_facts(sorted({pk for pk in videos if pk}))
        return len(videos)


def _may_be_there(seen: Stat | int) -> bool:
    """Unless the system says for certain that there is nothing."""
    return isinstance(seen, Stat) or seen not in {errno.ENOENT, errno.ENOTDIR}
