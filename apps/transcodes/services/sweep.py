"""What kills leave behind: drafts without work, names half changed, rows whose job is over."""

from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.core.progress import Guard
from apps.disk.reader import Disk
from apps.jobs.choices import ACTIVE, JobState
from apps.library.services.scan.roots import RootOffline, check_known_disk
from apps.transcodes.choices import Outcome, Step
from apps.transcodes.models import Transcode
from apps.transcodes.services.drafts import drop_drafts


def left_behind() -> list[int]:
    """Transcodes that aren't over although no job works on them."""
    return list(_left().order_by("pk").values_list("pk", flat=True))


def give_up(pk: int, *, disk: Disk, guard: Guard) -> bool | None:
    """End one of them that has nothing half done; false if names are half changed: those have to
    be finished by its own work. None if somebody works on it by now."""
    with guard():
        # held, lest its work begins anew while drafts go
        rows = _left().select_for_update(of=("self",))
        transcode = rows.select_related("library", "profile", "job").filter(pk=pk).first()
        if transcode is None:
            return None
        if transcode.step in (Step.PLACING, Step.PLACED, Step.RESTORING):
            return False
        _end(transcode, disk)
    return True


def _left() -> QuerySet[Transcode]:
    """What has failed to be finished is tried again each hour."""
    over = Q(job__isnull=True) | ~Q(job__state__in=ACTIVE)
    now = timezone.now()
    grace = Q(updated_at__lt=now - timedelta(minutes=1))  # asked for a moment ago
    ended = Q(updated_at__lt=now - timedelta(hours=1)) & ~Q(outcome=Outcome.OPEN)
    unfinished = Q(step__in=[Step.WRITING, Step.CHECKED, Step.PLACING, Step.RESTORING])
    left: QuerySet[Transcode] = Transcode.objects.filter(over)
    return left.filter((Q(outcome=Outcome.OPEN) & grace) | (unfinished & ended))


def _end(transcode: Transcode, disk: Disk) -> None:
    values: dict[str, Any] = {"updated_at": timezone.now()}
    try:
        if transcode.target is not None:
            check_known_disk(disk, transcode.library, expect_files=True)
            drop_drafts(disk, transcode)
        values["step"] = Step.NONE
    except RootOffline:
        pass  # what was written is removed when the disk is back
    job = transcode.job
    cancelled = job is not None and job.state == JobState.CANCELLED
    told = {
        "error_code": job.error_type if job else "lost",
        "error_message": job.error_message if job else "Its job is gone: ask for it again.",
    }
    ended = Outcome.CANCELLED if cancelled else Outcome.FAILED
    if transcode.outcome == Outcome.OPEN:
        values |= {"outcome": ended, "finished_at": timezone.now()}
        values |= {} if cancelled else told
    Transcode.objects.filter(pk=transcode.pk).update(**values)
