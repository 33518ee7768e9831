"""Questions about media servers and what is told to them."""

from datetime import datetime
from hashlib import blake2b
from typing import Any, Self

from django.apps import apps
from django.db import models
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from apps.mediaservers.choices import NoticeState


def key_of(path: bytes) -> bytes:
    """Stands for a file's path in indexes, which long paths outgrow."""
    return blake2b(path, digest_size=16).digest()


class MediaServerQuerySet(models.QuerySet["MediaServer"]):  # type: ignore[name-defined]
    def of_library(self, library_id: int) -> Self:
        """Those that are told of a library: all that name none, too."""
        return self.filter(Q(libraries=library_id) | Q(libraries__isnull=True))

    def with_counts(self) -> Self:
        """``waiting``: how many are to be told or looked up; ``failed``: how many have failed."""
        return self.annotate(
            waiting=_count(Q(next_at__isnull=False)), failed=_count(Q(state=NoticeState.FAILED))
        )


class NoticeQuerySet(models.QuerySet["Notice"]):  # type: ignore[name-defined]
    def open(self) -> Self:
        """What is still to be told or looked up."""
        return self.filter(next_at__isnull=False)

    def due(self, now: datetime) -> Self:
        """What has to be told or looked up by now."""
        return self.filter(next_at__lte=now)

    def about(self, path: bytes) -> Self:
        """What servers were told of one file."""
        return self.filter(key=key_of(path))

    def fresh(self) -> Self:
        """What was never tried to be told."""
        return self.open().filter(state=NoticeState.WAITING, attempts=0)


def _count(condition: Q) -> Coalesce:
    """Of each server's notices, by an index of its own instead of a join over all."""
    notices: Any = apps.get_model("mediaservers", "Notice").objects
    of_it = notices.filter(condition, server=OuterRef("pk")).order_by().values("server")
    return Coalesce(Subquery(of_it.annotate(n=Count("pk")).values("n")), 0)
