"""What a person should do something about: queues that stopped, a scheduler that is silent."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings

from apps.core.units import say_seconds
from apps.jobs.choices import JobState, Queue
from apps.jobs.models import Job
from apps.jobs.services.clusters import ClusterView
from apps.jobs.services.statistics import sampled_at

# The scheduler writes down each minute as soon as it is over.
_SCHEDULER_SILENT = timedelta(minutes=3)


def alarms(views: Iterable[ClusterView], *, now: datetime) -> list[str]:
    """Sentences, none if all is well."""
    listed = list(views)
    stuck = [
        f"{Queue(view.row.queue).label} workers on {view.row.host}: {view.trouble}"
        for view in listed
        if view.is_red
    ]
    return [*stuck, *_unserved(listed), *_silent_scheduler(now=now)]


def served(views: Iterable[ClusterView]) -> set[str]:
    """The queues that somebody works off."""
    return {view.row.queue for view in views if not view.row.stopping}


def _unserved(views: Iterable[ClusterView]) -> list[str]:
    idle = [queue for queue in settings.MEDIAHUB_QUEUES if queue not in served(views)]
    waiting = Job.objects.filter(state=JobState.QUEUED, waits=0)
    return [
        f"Jobs wait in the queue {Queue(queue).label}, which no worker serves."
        for queue in idle
        if waiting.filter(queue=queue).exists()
    ]


def _silent_scheduler(*, now: datetime) -> list[str]:
    last = sampled_at()
    if last is None or last > now - _SCHEDULER_SILENT:
        return []
    silence = say_seconds((now - last).total_seconds())
    consequence = "nothing is taken up again and no schedule is kept until it runs."
    return [f"The scheduler has not been heard of for {silence}: {consequence}"]
