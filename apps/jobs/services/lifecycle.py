"""What happens to jobs from outside: asked for, cancelled, retried, paused, resumed, hurried."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from apps.core import context
from apps.core.errors import Conflict, MediaHubError
from apps.jobs.choices import ACTIVE, FINISHED, UNSUCCESSFUL, JobState
from apps.jobs.models import ONE_OF_A_KEY, Job, JobDependency
from apps.jobs.policy import policy_of
from apps.jobs.registry import Task
from apps.jobs.services import batches, many
from apps.jobs.services.items import Item, Lane, insert_children, target_of
from apps.jobs.services.waking import wake


class WrongState(Conflict):
    """The job's state doesn't allow what was asked; nothing was changed."""

    code = "wrong_state"


class BatchInBatch(MediaHubError):
    """A part of a batch can't be one itself: what is done to a batch reaches its parts only."""

    code = "batch_in_batch"


def enqueue(
    task: Task,
    params: dict[str, Any] | None = None,
    *,
    target: models.Model | None = None,
    after: Sequence[Job] = (),
    lane: Lane | None = None,
    dedupe_key: str = "",
    priority: int = 0,
    delay: timedelta = timedelta(),
) -> Job:
    """Ask for work: write the job's row and wake a worker when the transaction commits.

    With a ``dedupe_key``, an active job of the same key is returned instead of a second one. What
    is named in ``after`` has to succeed first.
    """
    job = _draft(task, params or {}, target=target, lane=lane, priority=priority)
    job.dedupe_key = dedupe_key
    if delay or priority:
        _place(job, delay)
    while True:
        twin = _twin(dedupe_key)
        if twin:
            return twin
        try:
            with transaction.atomic():
                _insert(job, after)
        except IntegrityError as error:
            cause: Any = error.__cause__
            if cause.diag.constraint_name != ONE_OF_A_KEY:
                raise
            # else another was faster
        else:
            return job


def start_batch(
    task: Task,
    items: Iterable[Item],
    *,
    title_params: dict[str, Any] | None = None,
    target: models.Model | None = None,
    priority: int = 0,
) -> Job:
    """Ask for a batch: a job of ``task`` for each item, under one parent. All or nothing."""
    with transaction.atomic():
        parent = _draft(task, title_params or {}, target=target, lane=None, priority=priority)
        batches.open_parent(parent)
        add_items(parent, task, items)
    return parent


def add_items(parent: Job, task: Task, items: Iterable[Item]) -> None:
    """Give a batch children. Those that it has already aren't made again. Raises BatchInBatch."""
    if parent.parent_id:
        raise BatchInBatch(f"Job {parent.pk} is part of a batch: it can't be split again.")
    template = _draft(task, {}, target=None, lane=None, priority=parent.priority)
    template.parent, template.requested_by_id = parent, parent.requested_by_id
    insert_children(template, task, items)


def add_last(parent: Job, task: Task, item: Item) -> None:
    """Give a batch a child that starts when all that it has now have succeeded; but once only.

    Call it in the transaction that made those. Raises BatchInBatch.
    """
    if parent.children.filter(item=item.name).exists():
        return
    if parent.parent_id:
        raise BatchInBatch(f"Job {parent.pk} is part of a batch: it can't be split again.")
    child = _draft(task, item.params, target=item.target, lane=item.lane, priority=parent.priority)
    child.parent, child.item = parent, item.name
    child.requested_by_id = parent.requested_by_id
    _insert(child, list(parent.children.all()))


def cancel(job: Job) -> Job:
    """End a job: at once if it waits, when its worker hears of it if it runs. Raises WrongState."""
    return _do("cancel", job, already=(JobState.CANCELLING,))


def pause(job: Job) -> Job:
    """Hold a job: a waiting one at once, a running one as soon as its worker hears of it.

    What it has done is kept; resumed, it goes on from there. Raises WrongState.
    """
    return _do("pause", job, already=(JobState.PAUSED,))


def resume(job: Job) -> Job:
    """Let a held job go on. Raises WrongState."""
    return _do("resume", job, already=(JobState.QUEUED,))


def hurry(job: Job) -> Job:
    """Put a job before all that wait. Raises WrongState."""
    return _do("hurry", job, already=ACTIVE)


def retry(job: Job) -> Job:
    """Run a finished job once more; of a batch a new one is made of what failed in it.

    Raises WrongState, also when another job does the same work by now or one that it needs failed.
    """
    if job.is_batch and job.state in FINISHED:
        return batches.retry_failed(job)
    if job.state in FINISHED:
        twin = _twin(job.dedupe_key)
        if twin:
            raise WrongState(f"Job {twin.pk} does the same work already: wait for it or cancel it.")
        needed = job.after.filter(state__in=UNSUCCESSFUL).first()
        if needed:
            raise WrongState(f"Job {needed.pk}, which this one needs, did not succeed: retry that.")
    return _do("retry", job, already=())


def active_for(target: models.Model) -> QuerySet[Job]:
    """Jobs under way about one object."""
    return Job.objects.filter(
        target_type=target._meta.label_lower, target_id=target.pk, state__in=ACTIVE
    ).order_by("-pk")


def _do(deed: str, job: Job, *, already: Sequence[JobState]) -> Job:
    changed = many.control(deed, Job.objects.filter(pk=job.pk))
    job.refresh_from_db()
    if not changed and job.state not in already and not (deed == "pause" and job.pause_requested):
        raise WrongState(f"Job {job.pk} is {job.state}: it can't be {_DONE[deed]}.")
    return job


_DONE = {
    "cancel": "cancelled", "pause": "paused", "resume": "resumed", "hurry": "hurried",
    "retry": "run again",
}  # fmt: skip


def _draft(
    task: Task,
    params: dict[str, Any],
    *,
    target: models.Model | None,
    lane: Lane | None,
    priority: int,
) -> Job:
    """An unsaved job."""
    job = Job(
        kind=task.name, queue=task.queue, unit=task.unit, params=params, priority=priority,
        max_attempts=policy_of(task.name).attempts, requested_by_id=context.current().user_id,
    )  # fmt: skip
    if lane:
        job.lane, job.lane_limit = lane.name, lane.limit
    job.target_type, job.target_id = target_of(task, params, target)
    return job


def _place(job: Job, delay: timedelta) -> None:
    """Where a job stands in the queue that doesn't start at once or has a priority of its own."""
    from_now = Now() + delay if delay else Now()
    job.run_at = from_now if delay else None
    job.urgency = from_now - timedelta(minutes=job.priority * settings.MEDIAHUB_JOB_AGEING_MINUTES)


def _insert(job: Job, after: Sequence[Job]) -> None:
    """Prerequisites are locked, so that none ends between being counted and being waited for."""
    needed = list(
        Job.objects.filter(pk__in=[n.pk for n in after]).select_for_update().order_by("pk")
    )
    job.waits = sum(need.state != JobState.SUCCEEDED for need in needed)
    job.save(force_insert=True)
    JobDependency.objects.bulk_create(JobDependency(job=job, needs=need) for need in needed)
    failed = [need for need in needed if need.state in UNSUCCESSFUL]
    if failed:
        raise WrongState(f"Job {failed[0].pk}, which the new one needs, did not succeed.")
    wake(job.queue)
    job.refresh_from_db(fields=["run_at", "urgency"])  # the database's clock said when


def _twin(dedupe_key: str) -> Job | None:
    """The active job of a key."""
    if not dedupe_key:
        return None
    twin: Job | None = Job.objects.active().filter(dedupe_key=dedupe_key).first()
    return twin
