"""How much of a library is to be checked now, so that all of it is once within its period."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Sum

from apps.library.models import Library

_LEAST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Share:
    """``size_bytes`` of the longest unchecked files, and all that were checked before ``overdue``.

    The latter are there only if earlier shares were not done.
    """

    size_bytes: int
    overdue: datetime


def share_due(library: Library, *, last_at: datetime | None, now: datetime) -> Share | None:
    """What to check since the last share was asked for at ``last_at``; None if it's too early.

    After a time in which the machine was off the share is as much larger. The library must have
    a period (``verify_every_days``).
    """
    days = library.verify_every_days
    if not days:
        return None
    period = timedelta(days=days)
    passed = min(now - last_at, period) if last_at else _LEAST
    if passed < _LEAST:
        return None
    total = library.files.to_verify().aggregate(total=Sum("size_bytes"))["total"] or 0
    return Share(size_bytes=int(total * (passed / period)), overdue=now - period)
