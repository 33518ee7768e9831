"""Writing what a scan found into the catalogue, a batch at a time."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
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
from apps.library.services.scan.identity import Found, Recognized, Recognizer
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
_BATCH = 256
_MOST_LATER = 5_000  # some 50 MB; what is beyond is written at once


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
    later: list[Found] = field(default_factory=list)

    def write(self, found: Sequence[Found]) -> None:
        """Write a batch; if PostgreSQL refuses it, halve it until only the bad row is left out.

        What stands in the place of a known file is put aside for ``write_replaced``: that file may
        still turn up elsewhere, and then it wasn't replaced.
        Raises RootOffline, DiskSilent and LibraryGone, with the batch unwritten.
        """
        self._write_all(found, most_later=_MOST_LATER)

    def write_replaced(self) -> None:
        """Write what was put aside, now that all else is known. Raises as ``write``."""
        later, self.later = self.later, []
        for at in range(0, len(later), _BATCH):
            self._write_all(later[at : at + _BATCH], most_later=0)

    def _write_all(self, found: Sequence[Found], *, most_later: int) -> None:
        complete = list(self.comparison.complete)
        try:
            batch, written, later = self._write(found, complete, most_later, tries=_TRIES)
        except (DataError, IntegrityError, Overtaken) as error:
            self._halve(found, error, most_later=most_later)
            return
        del self.comparison.complete[: len(complete)]
        self.later += later
        self.comparison.counts.add(batch.counts)
        for failure in batch.failures:
            self.told(*failure)
        for one in written:
            self.comparison.finish_one(one.difference.folder)

    def _write(
        self,
        found: Sequence[Found],
        complete: Sequence[FolderVisit],
        most_later: int,
        *,
        tries: int,
    ) -> tuple[Batch, list[Recognized], list[Found]]:
        recognized = self.recognizer.recognize(found)
        puts_off = len(self.later) < most_later
        later = [one for one in recognized if one.replaces and puts_off]
        written = [one for one in recognized if not (one.replaces and puts_off)]
        try:
            with self.guard():
                check_library_there(self.scan)
                batch = Collector(self.scan, self.now, self.refresh).collect(written)
                self._save(batch)
                self._keep_digests(complete)
        except (IntegrityError, Overtaken):  # another scan was at the same files: look once more
            self.recognizer.forget(recognized)
            if tries == 1:
                raise
            return self._write(found, complete, most_later, tries=tries - 1)
        except DataError:
            self.recognizer.forget(recognized)
            raise
        return batch, written, [(one.difference, one.result) for one in later]

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

    def _halve(self, found: Sequence[Found], error: Exception, *, most_later: int) -> None:
        if len(found) > 1:
            middle = len(found) // 2
            self._write_all(found[:middle], most_later=most_later)
            self._write_all(found[middle:], most_later=most_later)
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
