"""What was renamed: batches, newest first, and their lines."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet

from apps.renaming.choices import OPEN, BatchState, RenameState
from apps.renaming.models import Rename, RenameBatch

_KEPT_DAYS = 1  # of plans that nobody followed up
_COUNTED: dict[str, Any] = {
    "to_rename": Count("renames", filter=Q(renames__state__in=OPEN)),
    "renamed": Count("renames", filter=Q(renames__state=RenameState.DONE)),
    "refused": Count("renames", filter=Q(renames__state=RenameState.REFUSED)),
    "failed": Count("renames", filter=Q(renames__state=RenameState.FAILED)),
    "undone": Count("renames", filter=Q(renames__state=RenameState.UNDONE)),
}
COUNTS = tuple(_COUNTED)


def with_counts(batches: QuerySet[RenameBatch]) -> QuerySet[RenameBatch]:
    """Batches that know how many files have come how far."""
    return batches.annotate(**_COUNTED)


def lines_of(batch: RenameBatch, *, state: str = "", after: int = 0, limit: int) -> list[Rename]:
    """A batch's files, those with a problem first if no state is asked for, from one on."""
    lines = batch.renames.select_related("library")
    if state:
        lines = lines.filter(state=state)
    return list(lines.filter(pk__gt=after).order_by("pk")[:limit])


def samples_of(batch: RenameBatch, *, limit: int) -> list[Rename]:
    """Some that are left alone or failed, and then some of the others."""
    bad = Q(state__in=[RenameState.REFUSED, RenameState.FAILED])
    lines = batch.renames.select_related("library")
    first = list(lines.filter(bad).order_by("pk")[:limit])
    return [*first, *lines.exclude(bad).order_by("step", "pk")[:limit]]


@transaction.atomic
def forget_plans(*, now: datetime) -> int:
    """Drop plans that nobody followed up; what was done is kept."""
    left = RenameBatch.objects.select_for_update(skip_locked=True).filter(
        state__in=[BatchState.PLANNING, BatchState.READY],
        created_at__lt=now - timedelta(days=_KEPT_DAYS),
    )
    batches = list(left.values_list("pk", flat=True))
    drop_lines(batches)
    _, by_model = RenameBatch.objects.filter(pk__in=batches).delete()
    return by_model.get(RenameBatch._meta.label, 0)


def drop_lines(batches: Sequence[int]) -> None:
    """Forget plans of which nothing was done, however many files they have: in one statement."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM renaming_rename WHERE batch_id = ANY(%s)", [list(batches)])
