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
from apps.library.services.scan.roots import check_same_disk
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

# Files of disks that were mounted below the root.
_ELSEWHERE = """
    SELECT DISTINCT folder.id, folder.path
    FROM pg_temp.scan_gone gone JOIN library_folder folder ON folder.id = gone.folder_id
    WHERE gone.device <> 0
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
            (at, action, object_type, object_id, object_name, changes, job_id, request_id,
             row_count)
        SELECT %(now)s, 'changed', 'library.file', id, left(path, 300),
            jsonb_build_object('missing_since', jsonb_build_array(NULL, %(now)s::text)),
            %(job)s, '', 0
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

    def settle(
        self, unseen_folders: Sequence[int], *, accepted: bool, hold_all: bool
    ) -> tuple[int, int]:
        """Mark files as missing; returns how many, and how many were held back to ask first.

        Each is looked for once more before, and then the root. ``hold_all`` while a question is
        open. Raises RootOffline and DiskSilent, with nothing marked.
        """
        with connection.cursor() as cursor:
            cursor.execute(_UNSEEN, [list(unseen_folders)])
            cursor.execute(_NO_LONGER)
        if not self._count():
            return 0, 0
        self._leave_lost_mounts()
        limit = None if accepted else -1 if hold_all else self._limit()
        gone = self._look_again(limit)
        check_same_disk(self.disk, self.library.root_bytes, device=self.device, expect_files=False)
        if limit is not None and gone > max(limit, 0):
            self._tell_held()
            return 0, self._count()
        return self._mark(unseen_folders), 0

    def _limit(self) -> int:
        """How many more files may go without asking: what the watch saw go lately counts, too."""
        percent = self.library.gone_percent or settings.MEDIAHUB_GONE_PERCENT
        since = max(self.library.scanned_at or self.now - _AT_ONCE, self.now - _AT_ONCE)
        lately = self.library.files.filter(missing_since__gt=since, displaced=0).count()
        known = self.library.files.present().count() + lately
        return max(known * percent // 100, settings.MEDIAHUB_GONE_FILES - 1) - lately

    def _count(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_temp.scan_gone")
            return int(cursor.fetchone()[0])

    def _look_again(self, limit: int | None) -> int:
        """Take from the list what is there after all; stop at more than ``limit`` that isn't.

        Returns how many aren't there; what the rules leave out by now doesn't count.
        """
        gone = 0
        for rows in self._listed():
            there, left_out = self._there(rows)
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM pg_temp.scan_gone WHERE file_id = ANY(%s)", [there])
            gone += len(rows) - len(there) - left_out
            if limit is not None and gone > limit:
                break
        return gone

    def _there(self, rows: Sequence[tuple[int, bytes, bytes]]) -> tuple[list[int], int]:
        """Which files are there after all, and how many are, but left out by intention."""
        root = self.library.root_bytes
        seen = self.disk.stats([os.path.join(root, path, name) for _pk, path, name in rows])
        standing = [
            (pk, self._is_left_out(path, name, stat))
            for (pk, path, name), stat in zip(rows, seen, strict=True)
            if _may_be_there(stat)
        ]
        there = [pk for pk, left_out in standing if not left_out]
        return there, len(standing) - len(there)

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
        """Files of a disk below the root that isn't mounted now aren't gone."""
        with connection.cursor() as cursor:
            cursor.execute(_ELSEWHERE)
            folders = [(pk, bytes(path)) for pk, path in cursor.fetchall()]
        lost = [(pk, path) for pk, path in folders if self._device_at(path) == self.device]
        for _pk, path in lost[:_MOST_TOLD]:
            self.told("mount_gone", path, "A disk below the root was unmounted.")
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM pg_temp.scan_gone WHERE device <> 0 AND folder_id = ANY(%s)",
                [[pk for pk, _path in lost]],
            )

    def _device_at(self, path: bytes) -> int:
        """Of the folder, or the nearest above that is there."""
        while path:
            (seen,) = self.disk.stats([os.path.join(self.library.root_bytes, path)])
            if isinstance(seen, Stat):
                return seen.device
            path = os.path.dirname(path)
        return self.device

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
