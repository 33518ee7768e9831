"""Why jobs that wait aren't started, in words."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from apps.core.units import say_seconds
from apps.jobs.choices import AT_WORK, JobState
from apps.jobs.models import Hold, Job, JobDependency
from apps.jobs.pages.views import job_title
from apps.jobs.registry import all_tasks

_NEEDED = 3


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a job waits; ``needs`` are unfinished jobs that it waits for."""

    text: str
    needs: Sequence[int] = ()


class Reasons:
    """Answers for many jobs with two queries, those for lanes and for dependencies.

    ``shut`` says of queues and kinds why no machine starts any (``gates.shut_everywhere``).
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        *,
        holds: Iterable[Hold],
        served: Collection[str],
        shut: Mapping[tuple[str, str], str],
    ) -> None:
        self._shut = shut
        self._held = {hold.queue or hold.kind: hold for hold in holds}
        self._served = served
        self._known = {task.name for task in all_tasks()}
        self._busy = _busy_lanes({job.lane for job in jobs if job.lane})
        self._needs = _needs([job.pk for job in jobs if job.waits])

    def why(self, job: Job, *, now: datetime) -> Reason:
        """What stands in the way first of all."""
        if job.waits:
            return Reason("needs", self._needs.get(job.pk, ())[:_NEEDED])
        if job.run_at and job.run_at > now:
            left = say_seconds((job.run_at - now).total_seconds())
            if job.wait_reason:
                return Reason(f"{job.wait_reason}; looked at again in {left}")
            return Reason(
                f"tried again in {left}" if job.attempt else f"not before {left} from now"
            )
        return Reason(self._obstacle(job) or "next, once a worker is free")

    def _obstacle(self, job: Job) -> str:
        """What keeps it although its time has come."""
        for name, said in ((job.queue, f"the queue {job.queue}"), (job.kind, job_title(job.kind))):
            if name in self._held:
                return f"{said} is paused"
        if job.kind not in self._known:
            return f"nothing installed here does {job.kind}"
        if job.queue not in self._served:
            return f"no worker serves the queue {job.queue}"
        if reason := self._shut.get((job.queue, job.kind)):
            return reason
        others = self._busy.get(job.lane, 0) if job.lane else 0
        if others and others >= job.lane_limit:
            return f"{say_lane(job.lane)} is busy with {others} other{'s' if others > 1 else ''}"
        return ""


def say_lane(lane: str) -> str:
    """``mount:/media/a`` is ``the disk at /media/a``."""
    kind, _, name = lane.partition(":")
    return {"mount": f"the disk at {name}", "host": f"the host {name}"}.get(kind, lane)


def _busy_lanes(lanes: set[str]) -> dict[str, int]:
    at_work = Job.objects.filter(state__in=AT_WORK, lane__in=lanes)
    return dict(at_work.order_by().values_list("lane").annotate(number=Count("pk")))


def _needs(jobs: Sequence[int]) -> dict[int, list[int]]:
    links = JobDependency.objects.filter(job__in=jobs).exclude(needs__state=JobState.SUCCEEDED)
    found: dict[int, list[int]] = {}
    for job, needed in links.order_by("needs").values_list("job", "needs"):
        found.setdefault(job, []).append(needed)
    return found
