"""How exchanges with servers went: kept with the server and with each notice."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F

from apps.mediaservers.choices import NoticeState
from apps.mediaservers.clients import ServerError
from apps.mediaservers.models import MediaServer, Notice

GIVE_UP_AFTER = timedelta(days=3)
_FIRST_PAUSE_S = 30
_LONGEST_PAUSE_S = 3_600

# Only if nothing more has happened to the file since it was read: else what is new is to be told.
_WRITE = """
    UPDATE mediaservers_notice notice SET
        state = result.state, there = coalesce(result.there, notice.there),
        attempts = notice.attempts + result.told, looks = result.looks, reason = result.reason,
        outcome = result.outcome, next_at = result.next_at,
        told_at = CASE WHEN result.told = 1 THEN %(now)s ELSE notice.told_at END,
        ended_at = CASE WHEN result.next_at IS NULL THEN %(now)s END, job_id = %(job)s
    FROM unnest(%(id)s::bigint[], %(changes)s::int[], %(was)s::text[], %(state)s::text[],
            %(there)s::text[], %(told)s::int[], %(looks)s::int[], %(reason)s::text[],
            %(outcome)s::text[], %(next)s::timestamptz[])
        AS result (id, changes, was, state, there, told, looks, reason, outcome, next_at)
    WHERE notice.id = result.id AND notice.changes = result.changes AND notice.state = result.was
"""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a notice as it was read. Without ``next_at`` it is over."""

    notice: Notice
    state: NoticeState
    outcome: str
    reason: str = ""
    next_at: datetime | None = None
    there: str | None = None
    told: bool = False
    looks: int = 0


def write(results: Sequence[Result], *, now: datetime, job_id: int | None) -> None:
    """Keep what became of notices; those of which more has happened since are left to be told."""
    rows: dict[str, Any] = {
        "id": [each.notice.pk for each in results],
        "changes": [each.notice.changes for each in results],
        "was": [each.notice.state for each in results],
        "state": [str(each.state) for each in results],
        "there": [each.there for each in results],
        "told": [int(each.told) for each in results],
        "looks": [each.looks for each in results],
        "reason": [each.reason for each in results],
        "outcome": [each.outcome for each in results],
        "next": [each.next_at for each in results],
    }
    if results:
        with connection.cursor() as cursor:
            cursor.execute(_WRITE, {**rows, "now": now, "job": job_id})


def answered(server: MediaServer, outcome: str, *, now: datetime) -> None:
    """That a server did as it was asked."""
    MediaServer.objects.filter(pk=server.pk).update(
        asked_at=now, answered_at=now, failing_since=None, failures=0, reason="", outcome=outcome,
        not_before=None,
    )  # fmt: skip


def failed(
    server: MediaServer, error: ServerError, *, now: datetime, job_id: int | None
) -> datetime:
    """That a server can't be asked: all that it is to be told waits, longer each time, at most an
    hour; what has waited for three days has failed. Returns when it is asked again."""
    again = now + _pause(server.failures)
    MediaServer.objects.filter(pk=server.pk).update(
        asked_at=now, failing_since=server.failing_since or now, failures=F("failures") + 1,
        reason=error.reason, outcome=str(error), not_before=again,
    )  # fmt: skip
    notices = server.notices.open()
    notices.filter(next_at__lte=again).update(
        reason=error.reason, outcome=str(error), next_at=again, job_id=job_id
    )
    stale = notices.filter(made_at__lt=now - GIVE_UP_AFTER)
    stale.update(state=NoticeState.FAILED, next_at=None, ended_at=now)
    return again


def _pause(failures: int) -> timedelta:
    """By chance a bit more or less, lest several servers of one machine come at once."""
    seconds = min(_FIRST_PAUSE_S * 2 ** min(failures, 10), _LONGEST_PAUSE_S)
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311 - no secret
