"""Keeping the vocabulary up to date."""

from datetime import datetime, timedelta

from django.utils import timezone

from apps.jobs.registry import periodic
from apps.library.services.vocabulary import learn_words

_OVERLAP = timedelta(minutes=10)  # of transactions that were under way
_learnt_at: list[datetime] = []  # by this process; a new one reads everything once


@periodic("library.vocabulary", every_s=300)
def learn_new_words() -> None:
    """Take in the words of what changed since the last time."""
    now = timezone.now()
    learn_words(since=_learnt_at[-1] - _OVERLAP if _learnt_at else None)
    _learnt_at[:] = [now]
