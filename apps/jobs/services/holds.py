"""Queues and kinds that are held: nothing of them is started until they are released."""

from django.conf import settings
from django.db import connection, transaction

from apps.core import audit, context
from apps.core.errors import MediaHubError
from apps.jobs.models import Hold
from apps.jobs.registry import find_task
from apps.jobs.services.waking import wake


class UnclearHold(MediaHubError):
    """Neither or both of queue and kind are named, or a queue that doesn't exist."""

    code = "unclear_hold"


class NotHeld(MediaHubError):
    """The queue or kind isn't held; nothing was changed."""

    code = "not_held"
    status = 404


def holds() -> list[Hold]:
    """What is held, the oldest first, with who did it."""
    return list(Hold.objects.select_related("by").order_by("since", "pk"))


@transaction.atomic
def hold(*, queue: str = "", kind: str = "", reason: str = "") -> Hold:
    """Start nothing more of a queue, or of a kind. What runs already runs on.

    One that is held already stays as it is. Raises UnclearHold, UnknownTask.
    """
    _check(queue, kind)
    _one_at_a_time()
    there = Hold.objects.filter(queue=queue, kind=kind).first()
    if there:
        return there
    by = context.current().user_id
    return audit.create(Hold(queue=queue, kind=kind, reason=reason[:200], by_id=by))


@transaction.atomic
def release(*, queue: str = "", kind: str = "") -> None:
    """Let a queue or kind go on, and wake its workers. Raises NotHeld."""
    _one_at_a_time()
    held = Hold.objects.filter(queue=queue, kind=kind).first()
    if held is None:
        raise NotHeld(f"{queue or kind or 'Nothing'} isn't held.")
    audit.delete(held)
    for woken in [queue] if queue else settings.MEDIAHUB_QUEUES:
        wake(woken)


def _check(queue: str, kind: str) -> None:
    if bool(queue) == bool(kind):
        raise UnclearHold("Name either a queue or a kind of job.")
    if queue and queue not in settings.MEDIAHUB_QUEUES:
        known = ", ".join(settings.MEDIAHUB_QUEUES)
        raise UnclearHold(f"There is no queue {queue}. Known: {known}.")
    if kind:
        find_task(kind)


def _one_at_a_time() -> None:
    """Two who hold the same at once would meet at the constraint."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE jobs_hold IN SHARE ROW EXCLUSIVE MODE")
