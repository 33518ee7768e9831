"""What jobs about faces are doing, for the line above the lists."""

from typing import Any

from django.utils import timezone

from apps.jobs.models import Job
from apps.jobs.pages.views import job_views

# what only follows a verdict is done in a moment: to tell of it would be a flicker
_TOLD = (
    "faces.find", "faces.find_images", "faces.embed", "faces.regroup", "faces.wipe",
    "faces.wipe_person", "faces.undo",
)  # fmt: skip
_FINDING = ("faces.find", "faces.find_images")
_MOST_COUNTED = 100


def working(user: Any) -> dict[str, Any]:
    """``running`` is the job that matters most (one at work before those that wait), ready to
    print; ``others`` how many more there are; ``is_finding`` whether people may yet come."""
    rows = Job.objects.active().filter(kind__in=_TOLD, parent=None)
    found = list(rows.order_by("started_at", "pk")[:_MOST_COUNTED])  # what waits has none: last
    shown = job_views(found[:1], now=timezone.now())
    return {
        "running": shown[0] if shown else None,
        "others": max(0, len(found) - 1),
        "is_finding": any(job.kind in _FINDING for job in found),
        "may_see_jobs": user.has_perm("jobs.view_job"),
    }
