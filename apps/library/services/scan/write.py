"""Writing what a scan found into the catalogue, a batch at a time."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import DataError, IntegrityError, connection, transaction

from apps.core import audit
from apps.library import signals
from apps.library.models import File, Folder, Scan, Video
from apps.library.services.facts import sync_facts
from apps.library.services.scan.collect import Batch, Collector, Found
from apps.library.services.scan.compare import FORGET_DIGESTS, Comparison, FolderVisit

Guard = Callable[[], AbstractContextManager[Any]]

_KEPT = frozenset({"id", "created_at"})
_UPDATED = [field.name for field in File._meta.concrete_fields if field.name not in _KEPT]

_MOST_BYTES = 2**63 - 1  # sparse files can claim more than the column holds

_DIGESTS = """
    UPDATE library_folder folder
    SET digest = done.digest, file_count = done.file_count, size_bytes = done.size_bytes
    FROM unnest(%s::bigint[], %s::bytea[], %s::int[], %s::bigint[])
        AS done(id, digest, file_count, size_bytes)
    WHERE folder.id = done.id
"""

_MISSING = """
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

# Folders of the walked part that the walk did not come to, and all files in them.
_UNSEEN = """
    INSERT INTO pg_temp.scan_gone
    SELECT file.id, file.folder_id, file.name
    FROM library_folder folder JOIN library_file file ON file.folder_id = folder.id
    WHERE folder.id = ANY(%s) AND file.missing_since IS NULL
"""


@dataclass(slots=True)
class Writer:
    """Brings files and videos up to date; each batch is one transaction under ``guard``."""

    scan: Scan
    comparison: Comparison
    guard: Guard
    now: datetime
    told: Callable[[str, bytes, str], None]

    def write(self, found: Sequence[Found]) -> None:
        """Write a batch; if PostgreSQL refuses it, halve it until only the bad row is left out."""
        complete = list(self.comparison.complete)
        try:
            with self.guard():
                batch = Collector(self.scan, self.now).collect(found)
                self._save(batch)
                self._keep_digests(complete)
        except (DataError, IntegrityError) as error:
            self._halve(found, error)
            return
        del self.comparison.complete[: len(complete)]
        self.comparison.counts.add(batch.counts)
        for failure in batch.failures:
            self.told(*failure)
        for difference, _result in found:
            self.comparison.finish_one(difference.folder)

    def mark_missing(self, unseen_folders: Sequence[int]) -> int:
        """Mark what the walk found gone, and everything in folders that it did not come to."""
        with self.guard(), connection.cursor() as cursor:
            cursor.execute(FORGET_DIGESTS, [list(unseen_folders)])
            cursor.execute(_UNSEEN, [list(unseen_folders)])
            cursor.execute(_MISSING, {"now": self.now, "job": self.scan.job_id})
            videos = [row[0] for row in cursor.fetchall()]
            sync_facts(sorted({pk for pk in videos if pk}))
        return len(videos)

    def _save(self, batch: Batch) -> None:
        Folder.objects.filter(pk__in=batch.left).update(digest=None)
        Video.objects.bulk_create(batch.videos)
        File.objects.bulk_create(
            batch.files, update_conflicts=True, unique_fields=["id"], update_fields=_UPDATED
        )
        File.objects.filter(pk__in=batch.back).update(missing_since=None, updated_at=self.now)
        if batch.touched:
            sync_facts(sorted(batch.touched))
        audit.record(batch.entries)
        if batch.fresh:
            tell = partial(
                signals.videos_scanned.send_robust, sender=Scan,
                video_ids=sorted(batch.fresh), library_id=self.scan.library_id,
            )  # fmt: skip
            transaction.on_commit(tell)

    def _keep_digests(self, complete: Sequence[FolderVisit]) -> None:
        kept = [visit for visit in complete if not visit.open_end]
        if kept:
            columns = zip(
                *[(v.pk, v.digest, v.file_count, min(v.size_bytes, _MOST_BYTES)) for v in kept],
                strict=True,
            )
            with connection.cursor() as cursor:
                cursor.execute(_DIGESTS, [list(column) for column in columns])

    def _halve(self, found: Sequence[Found], error: Exception) -> None:
        if len(found) > 1:
            middle = len(found) // 2
            self.write(found[:middle])
            self.write(found[middle:])
            return
        for difference, _result in found:
            difference.folder.open_end = True
            self.comparison.counts.failed["not_stored"] += 1
            self.comparison.finish_one(difference.folder)
            self.told("not_stored", difference.path, str(error).splitlines()[0])
