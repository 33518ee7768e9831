"""How long scans are remembered."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from apps.library.choices import ScanKind
from apps.library.models import Library, Scan

_SMALL_ONES = timedelta(days=7)
_KEPT = 20
_AT_ONCE = 1_000


def forget_old_scans(*, now: datetime) -> int:
    """Delete old scans with their findings, at most a thousand at once; returns how many.

    Small ones of the watch go after a week, the others after ``MEDIAHUB_JOB_HISTORY``; the last
    twenty of a library stay, however old.
    """
    kept: set[int] = set()
    for library in Library.objects.all():
        asked = library.scans.exclude(kind=ScanKind.WATCH).order_by("-pk")
        kept |= set(asked.values_list("pk", flat=True)[:_KEPT])
    small = Q(kind=ScanKind.WATCH, started_at__lt=now - _SMALL_ONES)
    other = ~Q(kind=ScanKind.WATCH) & Q(started_at__lt=now - settings.MEDIAHUB_JOB_HISTORY)
    old = Scan.objects.filter(small | other).exclude(pk__in=kept).order_by("pk")
    ids = list(old.values_list("pk", flat=True)[:_AT_ONCE])
    Scan.objects.filter(pk__in=ids).delete()
    return len(ids)
