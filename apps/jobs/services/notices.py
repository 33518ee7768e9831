"""How a person's own jobs ended, until they have seen it."""

from datetime import UTC, datetime

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from apps.jobs.choices import FINISHED
from apps.jobs.models import Job, JobsSeen

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_SEE = """
INSERT INTO jobs_jobsseen (user_id, until) VALUES (%(user)s, least(%(now)s, now()))
ON CONFLICT (user_id) DO UPDATE SET until = greatest(jobs_jobsseen.until, excluded.until)
"""


def unseen(user: User) -> QuerySet[Job]:
    """Jobs that a person asked for and that ended since they last looked, the latest first.

    A batch is one of them, its items aren't. To whoever has never looked everything is new.
    """
    own = Job.objects.filter(requested_by=user.pk, parent__isnull=True, state__in=FINISHED)
    until = Subquery(JobsSeen.objects.filter(user=user.pk).values("until")[:1])
    new = own.filter(finished_at__gt=Coalesce(until, Value(_NEVER)))
    return new.order_by("-finished_at", "-pk")


def mark_seen(user: User, *, now: datetime) -> None:
    """Say that a person knows how jobs ended up to ``now``: when the list they saw was read.

    It never goes back, and never beyond the present.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SEE, {"user": user.pk, "now": now})
