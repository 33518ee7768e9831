"""Which files are checked, and in which order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q

from apps.library.models import File, Library
from apps.library.querysets import FileQuerySet
from apps.library.services.verify.period import Share

_PAGE = 200


@dataclass(frozen=True, slots=True)
class Scope:
    """Files of a library: all, or these, those in a folder, a share.

    Those checked since ``since`` are done. ``folder`` is relative to the root, which is ``b""``.
    """

    library: Library
    since: datetime
    file_ids: Sequence[int] | None = None
    folder: bytes = b""
    share: Share | None = None

    def count(self) -> int | None:
        """How many files there are; None for a share, which is measured in bytes."""
        return None if self.share else self._rows().count()

    def files(self) -> Iterator[File]:
        """The longest unchecked first, each at most once; in pages, for this may take days."""
        if self.share is None:
            yield from self._pages(self._rows())
            return
        yield from self._pages(self._rows().filter(verified_at__lt=self.share.overdue))
        left = self.share.size_bytes
        for file in self._pages(self._rows()):
            yield file
            left -= file.size_bytes
            if left <= 0:
                return

    def _rows(self) -> FileQuerySet:
        files = self.library.files.to_verify()
        if self.file_ids is not None:
            files = files.filter(pk__in=self.file_ids)
        if self.folder:
            files = files.filter(folder__in=self.library.folders.within(self.folder))
        return files.filter(Q(verified_at__isnull=True) | Q(verified_at__lt=self.since))

    def _pages(self, rows: FileQuerySet) -> Iterator[File]:
        rows = rows.select_related("folder", "library").defer("streams", "chapters", "facts")
        yield from _walk(rows.filter(verified_at__isnull=True).order_by("pk"), dated=False)
        yield from _walk(rows.order_by(F("verified_at").asc(nulls_first=True), "pk"), dated=True)


def _walk(rows: FileQuerySet, *, dated: bool) -> Iterator[File]:
    """Rows by keyset: those that were dealt with leave the question, others are passed once."""
    beyond = Q(verified_at__isnull=False) if dated else Q()
    while page := list(rows.filter(beyond)[:_PAGE]):
        yield from page
        last = page[-1]
        later = Q(verified_at__gt=last.verified_at) if dated else Q()
        same = Q(verified_at=last.verified_at, pk__gt=last.pk) if dated else Q(pk__gt=last.pk)
        beyond = later | same
