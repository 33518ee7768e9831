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
from apps.library.choices import Refresh
from apps.library.models import File, Scan, Video
from apps.library.services.facts import sync_facts
from apps.library.services.scan.collect import Batch, Collector, Overtaken
from apps.library.services.scan.compare import FORGET_DIGESTS, Comparison, FolderVisit
from apps.library.services.scan.identity import Found, Recognizer
from apps.library.services.scan.record import check_library_there

Guard = Callable[[], AbstractContextManager[Any]]

_KEPT = frozenset({"id", "created_at"})
_UPDATED = [field.name for field in File._meta.concrete_fields if field.name not in _KEPT]

_MOST_BYTES = 2**63 - 1  # sparse files can claim more than the column holds

_DIGESTS = """
    UPDATE library_folder folder
    SET digest = done.digest, file_count = done.file_count, size_bytes = done.size_bytes
    FROM unnest(%s::bigint[], %s::int[], %s::bytea[], %s::int[], %s::bigint[])
        AS done(id, look, digest, file_count, size_bytes)
    WHERE folder.id = done.id AND folder.looks = done.look
"""

# Rows whose paths others take, or that go elsewhere: out of the way, so that two can swap.
_DISPLACE = """
    UPDATE library_file
    SET displaced = id, missing_since = coalesce(missing_since, %s), updated_at = %s
    WHERE id = ANY(%s)
"""

_TRIES = 3


@dataclass(slots=True)
class Writer:
    """Brings files and videos up to date; each batch is one transaction under ``guard``."""

    scan: Scan
    comparison: Comparison
    recognizer: Recognizer
    guard: Guard
    now: datetime
    told: Callable[[str, bytes, str], None]
    refresh: frozenset[Refresh] = frozenset()

    def write(self, found: Sequence[Found]) -> None:
        """Write a batch; if PostgreSQL refuses it, halve it until only the bad row is left out.

        Raises RootOffline, DiskSilent and LibraryGone, with the batch unwritten.
        """
        complete = list(self.comparison.complete)
        try:
            batch = self._write(found, complete, tries=_TRIES)
        except (DataError, IntegrityError, Overtaken) as error:
            self._halve(found, error)
            return
        del self.comparison.complete[: len(complete)]
        self.comparison.counts.add(batch.counts)
        for failure in batch.failures:
            self.told(*failure)
        for difference, _result in found:
            self.comparison.finish_one(difference.folder)

    def _write(
        self, found: Sequence[Found], complete: Sequence[FolderVisit], *, tries: int
    ) -> Batch:
        recognized = self.recognizer.recognize(found)
        try:
            with self.guard():
                check_library_there(self.scan)
                batch = Collector(self.scan, self.now, self.refresh).collect(recognized)
                self._save(batch)
                self._keep_digests(complete)
        except (IntegrityError, Overtaken):  # another scan was at the same files: look once more
            self.recognizer.forget(recognized)
            if tries == 1:
                raise
            return self._write(found, complete, tries=tries - 1)
        return batch

    def _save(self, batch: Batch) -> None:
        with connection.cursor() as cursor:
            cursor.execute(FORGET_DIGESTS, [sorted(batch.left)])
            away = sorted(batch.placed | batch.displaced)
            cursor.execute(_DISPLACE, [self.now, self.now, away])
        Video.objects.bulk_create(batch.videos)
        File.objects.bulk_create(
            batch.files, update_conflicts=True, unique_fields=["id"], update_fields=_UPDATED
        )
        File.objects.filter(pk__in=batch.back).update(missing_since=None, updated_at=self.now)
        if batch.touched:
            sync_facts(sorted(batch.touched))
        audit.record(batch.entries)
        if batch.fresh:
            announce(sorted(batch.fresh), library_id=self.scan.library_id)

    def _keep_digests(self, complete: Sequence[FolderVisit]) -> None:
        kept = [visit for visit in complete if not visit.open_end]
        if kept:
            columns = zip(
                *[
                    (v.pk, v.look, v.digest, v.file_count, min(v.size_bytes, _MOST_BYTES))
                    for v in kept
                ],
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


def announce(video_ids: Sequence[int], *, library_id: int) -> None:
    """Tell who listens, once it is committed, of videos that are new or of new content."""
    tell = partial(
        signals.videos_scanned.send_robust, sender=Scan, video_ids=list(video_ids),
        library_id=library_id,
    )  # fmt: skip
    transaction.on_commit(tell)
