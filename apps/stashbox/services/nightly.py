"""Whether boxes are asked every night about what is new: hashes of pictures are made after videos
have come, and boxes that knew nothing then may know them by these."""

from django.db import transaction
from django.db.models import QuerySet

from apps.jobs.models import Schedule
from apps.jobs.services import schedules

_KIND = "stashbox.identify"
_NAME = "Identify what is new"
_CRON = "30 3 * * *"


def is_nightly() -> bool:
    """Whether a schedule asks about all videos, at whatever time."""
    return _of_all().filter(enabled=True).exists()


@transaction.atomic
def set_nightly(*, wanted: bool) -> None:
    """Switch the schedules that ask on or off, and make one if there is none."""
    if wanted == is_nightly():
        return
    there = list(_of_all().order_by("pk"))
    for schedule in there:
        schedules.update(schedule, {"enabled": wanted})
    if not there:
        schedules.create(Schedule(name=_NAME, kind=_KIND, cron=_CRON))


def _of_all() -> QuerySet[Schedule]:
    return Schedule.objects.filter(kind=_KIND, params={})
