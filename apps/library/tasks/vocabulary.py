"""Keeping the vocabulary up to date."""

from datetime import datetime, timedelta

from django.utils import timezone

from apps.core.writes import writes
from apps.jobs.registry import periodic
from apps.library.services.vocabulary import LEARNT_FROM, learn_words

_OVERLAP = timedelta(minutes=10)  # of transactions that were under way
_learnt_at: list[datetime] = []  # by this process; a new one reads everything once
_writes_then: list[int] = []


@periodic("library.vocabulary", every_s=300)
def learn_new_words() -> None:
    """Take in the words of what changed since the last time."""
    now, counted = timezone.now(), writes(*LEARNT_FROM)
    if _learnt_at and _writes_then == [counted]:
        return  # to look for it would read whole tables
    learn_words(since=_learnt_at[-1] - _OVERLAP if _learnt_at else None)
    _learnt_at[:] = [now]
    _writes_then[:] = [] if counted is None else [counted]
