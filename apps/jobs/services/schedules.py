"""Jobs that are asked for at certain times, in the time zone of the settings."""

import inspect
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any

from cronsim import CronSim, CronSimError
from cronsim.explain import explain
from django.apps import apps
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from apps.core import audit
from apps.core.errors import MediaHubError
from apps.jobs.choices import JobState
from apps.jobs.models import Job, Schedule
from apps.jobs.registry import Task, UnknownTask, all_tasks, find_task
from apps.jobs.services import lifecycle

logger = logging.getLogger(__name__)

_SET_BACK = timedelta(hours=1)
_FIELDS = {
    "minute": ("minute", "0 to 59"),
    "hour": ("hour", "0 to 23"),
    "day-of-month": ("day of the month", "1 to 31, or L for the last"),
    "month": ("month", "1 to 12, or JAN to DEC"),
    "day-of-week": ("weekday", "0 (Sunday) to 6, or SUN to SAT"),
}


class BadSchedule(MediaHubError):
    """The times can't be read, or the kind can't be asked for like this. ``field`` names it."""

    code = "bad_schedule"

    def __init__(self, text: str, *, field: str) -> None:
        super().__init__(text)
        self.field = field


def describe(schedule: Schedule) -> str:
    """When it is due, in words: "At 03:00 every day"."""
    try:
        next_time(schedule.cron, after=timezone.now())
    except BadSchedule:
        return schedule.cron
    return explain(schedule.cron)


def next_time(cron: str, *, after: datetime) -> datetime:
    """The first time of a cron text after another, by the clock on the wall. Raises BadSchedule.

    A time that the change to summer time leaves out comes at the next one that there is; one that
    the change back repeats comes once. That doesn't hold for what is due every hour or minute.
    """
    if len(cron.split()) != len(_FIELDS):
        text = "Give five fields: minute, hour, day of the month, month, weekday, as in 0 3 * * *."
        raise BadSchedule(text, field="cron")
    local = after.astimezone(timezone.get_default_timezone())
    try:
        return next(CronSim(cron, local))
    except CronSimError as error:
        name, known = _FIELDS[str(error).removeprefix("Bad ")]
        text = f"The {name} can't be read: give {known}; also *, a-b, a,b and */n."
        raise BadSchedule(text, field="cron") from error
    except StopIteration as error:
        raise BadSchedule("That day never comes.", field="cron") from error


def kinds() -> list[Task]:
    """What can be scheduled."""
    return [task for task in all_tasks() if task.schedulable]


def check(kind: str, params: Mapping[str, Any]) -> Task:
    """The task, if it can be scheduled with these params. Raises BadSchedule."""
    task = _find(kind)
    _check_names(task, params)
    _check_target(task, params)
    return task


def _find(kind: str) -> Task:
    try:
        task = find_task(kind)
    except UnknownTask as error:
        near = get_close_matches(kind, [known.name for known in kinds()], n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise BadSchedule(f"There is no kind of job {kind}.{hint}", field="kind") from error
    if not task.schedulable:
        raise BadSchedule(f"{kind} can't be scheduled: ask for it by hand.", field="kind")
    return task


def _check_names(task: Task, params: Mapping[str, Any]) -> None:
    taken = list(inspect.signature(task.work).parameters.values())[1:]
    if any(each.kind is each.VAR_KEYWORD for each in taken):
        return
    names = [each.name for each in taken]
    if unknown := sorted(set(params) - set(names)):
        takes = f"it takes {', '.join(names)}" if names else "it takes none"
        raise BadSchedule(f"{task.name} takes no {', '.join(unknown)}: {takes}.", field="params")
    needed = [each.name for each in taken if each.default is each.empty]
    if lacking := [name for name in needed if params.get(name) is None]:
        raise BadSchedule(f"{task.name} needs {', '.join(lacking)}.", field="params")


def _check_target(task: Task, params: Mapping[str, Any]) -> None:
    name, label = task.target or ("", "")
    pk = params.get(name)
    if pk is None:
        return
    model = apps.get_model(label)
    is_id = isinstance(pk, int) and not isinstance(pk, bool) and 0 < pk < 2**63
    if not is_id or not model._default_manager.filter(pk=pk).exists():
        text = f"{name}: there is no {model._meta.verbose_name} of this id."
        raise BadSchedule(text, field="params")


def plan(schedule: Schedule) -> None:
    """Set when an unsaved or locked schedule is due next. Raises BadSchedule."""
    due = next_time(schedule.cron, after=_database_now())
    schedule.next_at = due if schedule.enabled else None


@transaction.atomic
def create(schedule: Schedule) -> Schedule:
    """Save a new schedule, due from now on. Raises BadSchedule."""
    check(schedule.kind, schedule.params)
    plan(schedule)
    return audit.create(schedule)


@transaction.atomic
def update(
    schedule: Schedule, values: Mapping[str, Any], *, expected_version: int | None = None
) -> Schedule:
    """Change a schedule; what it failed of last is forgotten.

    One whose kind is gone can be changed as long as it stays disabled. Raises BadSchedule,
    StaleEdit, RowGone.
    """
    stored = audit.update(schedule, values, expected_version=expected_version)
    if stored.enabled:
        check(stored.kind, stored.params)
    plan(stored)
    stored.last_error = ""
    stored.save(update_fields=["next_at", "last_error"])
    return stored


def delete(schedule: Schedule, *, expected_version: int | None = None) -> None:
    """Delete a schedule; a job that it asked for goes on. Raises StaleEdit, RowGone."""
    audit.delete(schedule, expected_version=expected_version)


def run_now(schedule: Schedule) -> Job:
    """Ask for its job at once, or return the one that is still under way. Raises BadSchedule."""
    job = _enqueue(schedule)
    Schedule.objects.filter(pk=schedule.pk).update(last_job=job)
    return job


def run_due() -> int:
    """Ask for what is due, each once however many schedulers there are; return how many.

    Times that were missed count as one. What can't be asked for, or waits for a paused job, says so
    in ``last_error`` until its next time.
    """
    _follow_clock_back()
    number = 0
    while _run_one():
        number += 1
    return number


@transaction.atomic
def _run_one() -> bool:
    due = Schedule.objects.filter(enabled=True, next_at__lte=Now()).order_by("next_at", "pk")
    schedule = due.select_for_update(skip_locked=True).first()
    if schedule is None:
        return False
    now = _database_now()
    error, job = "", None
    try:
        with transaction.atomic():
            job = _enqueue(schedule)
        if job.state == JobState.PAUSED:
            error = f"Job {job.pk} of it is paused: nothing is started meanwhile."
    except MediaHubError as failure:
        error = str(failure)
    except Exception as failure:
        logger.exception("schedule %s", schedule.name)
        error = f"{type(failure).__name__}: {failure}"
    ran = {"last_at": now, "last_error": error, "last_job": job or schedule.last_job}
    Schedule.objects.filter(pk=schedule.pk).update(next_at=_next_or_never(schedule, now), **ran)
    return True


def _enqueue(schedule: Schedule) -> Job:
    task = check(schedule.kind, schedule.params)
    return lifecycle.enqueue(
        task, schedule.params, dedupe_key=f"schedule:{schedule.pk}", priority=schedule.priority
    )


def _next_or_never(schedule: Schedule, now: datetime) -> datetime | None:
    try:
        return next_time(schedule.cron, after=now)
    except BadSchedule:  # written past the services
        return None


def _follow_clock_back() -> None:
    """Plan anew what ran or was edited in a future that a clock set back has taken away."""
    soon = Now() + _SET_BACK
    ahead = Q(last_at__gt=soon) | Q(created_at__gt=soon) | Q(updated_at__gt=soon)
    for schedule in Schedule.objects.filter(ahead, enabled=True):
        due = _next_or_never(schedule, _database_now())
        Schedule.objects.filter(pk=schedule.pk, next_at__gt=due).update(next_at=due)


def _database_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        now: datetime = cursor.fetchone()[0]
    return now
