"""What jobs about faces are doing, for the line above the lists."""

from typing import Any

from django.utils import timezone

from apps.jobs.choices import JobState
from apps.jobs.models import Job
from apps.jobs.pages.views import job_views

# what only follows a verdict is done in a moment: to tell of it would be a flicker
_TOLD = (
    "faces.find", "faces.find_images", "faces.embed", "faces.regroup", "faces.wipe",
    "faces.wipe_person", "faces.undo",
)  # fmt: skip
# what follows on what people say: told by the lists that come anew when it is done
_FOLLOWING = ("faces.follow", "faces.recognise", "faces.name")
_FINDING = ("faces.find", "faces.find_images")
_MOST_COUNTED = 100


def working(user: Any) -> dict[str, Any]:
    """``running`` is the job that matters most (one at work before those that wait), ready to
    print; ``others`` how many more there are; ``is_finding`` whether people may yet come;
    ``last_done`` what last followed on people's words."""
    rows = Job.objects.active().filter(kind__in=_TOLD, parent=None)
    found = list(rows.order_by("started_at", "pk")[:_MOST_COUNTED])  # what waits has none: last
    shown = job_views(found[:1], now=timezone.now())
    return {
        "running": shown[0] if shown else None,
        "others": max(0, len(found) - 1),
        "last_done": _last_done(),
        "is_finding": any(job.kind in _FINDING for job in found),
        "may_see_jobs": user.has_perm("jobs.view_job"),
    }


def _last_done() -> int:
    """The job's id, or 0: another one means that the lists are otherwise now."""
    ended = Job.objects.filter(state=JobState.SUCCEEDED, parent=None, finished_at__isnull=False)
    rows = ended.order_by("-finished_at", "-pk").values_list("pk", "kind")[:_MOST_COUNTED]
    return next((pk for pk, kind in rows if kind in _FOLLOWING), 0)
