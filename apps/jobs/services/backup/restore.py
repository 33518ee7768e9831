"""Restoring a backup: all of it or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import DataError, IntegrityError, connection, transaction
from django.utils import timezone

from apps.core import audit, context
from apps.core.errors import Conflict
from apps.jobs.choices import ACTIVE, FINISHED, JobState
from apps.jobs.models import Hold, Job, JobDependency, Schedule
from apps.jobs.services import ending, many, schedules
from apps.jobs.services.backup import fields
from apps.jobs.services.backup.lines import BadBackup, Source, read
from apps.jobs.services.waking import wake

_CHUNK = 1_000
# A worker that had it is gone; a batch goes on being the sum of its parts.
_COMES_BACK = {JobState.RUNNING: JobState.QUEUED, JobState.CANCELLING: JobState.CANCELLED}
_NEW_IDS = "SELECT nextval(pg_get_serial_sequence('jobs_job', 'id')) FROM generate_series(1, %s)"
_ELSEWHERE = {"uid", "state", "parent", "after", "requested_by", "finished_at"}


class RestoreConflict(Conflict):
    """Jobs changed while the backup was being restored; nothing was changed by it."""

    code = "restore_conflict"


@dataclass(slots=True)
class Restored:
    """How many came back; ``already_there`` were left alone, ``skipped`` have a twin at work.

    ``withheld`` are of kinds that only a superuser may bring back, or belong to such jobs.
    """

    jobs: int = 0
    already_there: int = 0
    skipped: int = 0
    withheld: int = 0
    schedules: int = 0
    holds: int = 0


def restore(source: Source, *, every_kind: bool) -> Restored:
    """Bring back what a backup holds and isn't here, in one transaction.

    What was at work is queued with its attempts as they were; what was being cancelled is
    cancelled. Jobs that are here by their uid, schedules by their name and holds are left alone, so
    that doing it twice changes nothing. A job whose work an active one does already is skipped, and
    so are its parts. What can't be scheduled, such as the removal of a library, was checked when it
    was asked for, which a file can't prove: it comes back only with ``every_kind``. So do kinds
    that nobody here knows; they wait for a worker that does. Raises BadBackup, TooLargeBackup,
    RestoreConflict.
    """
    head, jobs = read(source)
    restored = Restored()
    with _told(), transaction.atomic():
        _restore_orders(head, restored)
        work = _Work(restored, every_kind=every_kind)
        while some := list(islice(jobs, _CHUNK)):
            work.take(some)
        work.settle()
    return restored


class _Work:
    """Brings jobs back a thousand at a time."""

    def __init__(self, restored: Restored, *, every_kind: bool) -> None:
        self._restored = restored
        self._kinds = None if every_kind else {task.name for task in schedules.kinds()}
        self._withheld: set[UUID] = set()
        self._number = 0
        self._skipped: dict[UUID, int] = {}  # and who does the work instead
        self._queues: set[str] = set()
        self._waits = False

    def take(self, given: list[Any]) -> None:
        """Check some jobs and write those that are missing. Raises BadBackup."""
        first = self._number + 1
        rows = []
        for each in given:
            self._number += 1
            rows.append(fields.read_fields(each, fields.JOB, f"Job {self._number}"))
        try:
            self._write(rows, first)
        except DataError as error:
            text = f"Jobs {first} to {self._number} hold a value that can't be stored."
            raise BadBackup(text) from error

    def settle(self) -> None:
        """Count who waits for whom as things stand now, and wake the workers."""
        if self._waits:
            failed = JobDependency.objects.filter(
                needs__state__in=(JobState.FAILED, JobState.CANCELLED),
                job__state__in=(JobState.QUEUED, JobState.PAUSED),
            )
            ending.tell_dependants(
                list(failed.values_list("needs", flat=True).distinct()), succeeded=False
            )
            many.recount_waits()
        for queue in self._queues:
            wake(queue)

    def _write(self, rows: list[dict[str, Any]], first: int) -> None:
        known = _Known(rows)
        jobs, edges = [], []
        for number, (row, pk) in enumerate(zip(rows, _new_ids(len(rows)), strict=True), first):
            if row["uid"] in known.ids:
                self._restored.already_there += 1
                continue
            if self._is_withheld(row):
                self._withheld.add(row["uid"])
                self._restored.withheld += 1
                continue
            parent = self._find(row["parent"], known, number) if row["parent"] else None
            needed = [self._find(uid, known, number) for uid in row["after"]]
            twin = self._skipped.get(row["parent"]) or known.twin_of(row, parent)
            if twin:
                self._skipped[row["uid"]] = twin
                self._restored.skipped += 1
                continue
            jobs.append(_job(row, known, pk=pk, parent=parent, number=number))
            edges += [JobDependency(job_id=pk, needs_id=need) for need in dict.fromkeys(needed)]
            known.add(row, parent, pk)
        Job.objects.bulk_create(jobs)
        JobDependency.objects.bulk_create(edges)
        self._restored.jobs += len(jobs)
        self._queues.update(job.queue for job in jobs)
        self._waits = self._waits or bool(edges)

    def _is_withheld(self, row: dict[str, Any]) -> bool:
        if self._kinds is None:
            return False
        return row["kind"] not in self._kinds or not self._withheld.isdisjoint(
            [row["parent"], *row["after"]]
        )

    def _find(self, uid: UUID, known: "_Known", number: int) -> int:
        found = known.ids.get(uid) or self._skipped.get(uid)
        if not found:
            raise BadBackup(
                f"Job {number} refers to {uid}, neither before it in the file nor here."
            )
        return found


class _Known:
    """What of some rows is in the database already."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        uids = {row["uid"] for row in rows} | {row["parent"] for row in rows if row["parent"]}
        uids.update(uid for row in rows for uid in row["after"])
        # locked, so that none ends between being looked at and being waited for
        named = Job.objects.filter(uid__in=uids).select_for_update().order_by("pk")
        self.ids: dict[UUID, int] = dict(named.values_list("uid", "pk"))
        keys = {row["dedupe_key"] for row in rows} - {""}
        keyed = Job.objects.active().filter(dedupe_key__in=keys)
        self._keys: dict[str, int] = dict(keyed.values_list("dedupe_key", "pk"))
        parents = {self.ids[row["parent"]] for row in rows if row["parent"] in self.ids}
        parts = Job.objects.filter(parent__in=parents, item__in={row["item"] for row in rows})
        self._parts: dict[tuple[int | None, str], int] = {
            (whole, item): pk for whole, item, pk in parts.values_list("parent", "item", "pk")
        }
        names = {row["requested_by"] for row in rows}
        users = get_user_model()._default_manager.filter(username__in=names)
        self.users: dict[str, int] = dict(users.values_list("username", "pk"))

    def twin_of(self, row: dict[str, Any], parent: int | None) -> int | None:
        """The job that does the same work, or is the same part of the same batch."""
        if row["item"] and (parent, row["item"]) in self._parts:
            return self._parts[(parent, row["item"])]
        return self._keys.get(row["dedupe_key"]) if row["state"] in ACTIVE else None

    def add(self, row: dict[str, Any], parent: int | None, pk: int) -> None:
        self.ids[row["uid"]] = pk
        if row["dedupe_key"] and row["state"] in ACTIVE:
            self._keys[row["dedupe_key"]] = pk
        if row["item"]:
            self._parts[(parent, row["item"])] = pk


def _job(row: dict[str, Any], known: _Known, *, pk: int, parent: int | None, number: int) -> Job:
    if row["lane"] and not row["lane_limit"]:
        raise BadBackup(f"Job {number}: lane_limit: give at least 1 for the lane.")
    if row["is_batch"] and row["state"] == JobState.QUEUED:
        raise BadBackup(f"Job {number}: is_batch: what is queued hasn't been split yet.")
    state = row["state"] if row["is_batch"] else _COMES_BACK.get(row["state"], row["state"])
    values = {name: value for name, value in row.items() if name not in _ELSEWHERE}
    return Job(
        **values,
        pk=pk,
        uid=row["uid"],
        state=state,
        parent_id=parent,
        waits=len(row["after"]),
        requested_by_id=known.users.get(row["requested_by"]),
        finished_at=(row["finished_at"] or timezone.now()) if state in FINISHED else None,
    )


def _new_ids(number: int) -> list[int]:
    """Ids that are ours, so that rows can refer to one another before they are written."""
    with connection.cursor() as cursor:
        cursor.execute(_NEW_IDS, [number])
        return [pk for (pk,) in cursor.fetchall()]


def _restore_orders(head: dict[str, Any], restored: Restored) -> None:
    for what, given in (("Schedule", head.get("schedules")), ("Hold", head.get("holds"))):
        if not isinstance(given, list):
            raise BadBackup(f'There is no list "{what.lower()}s".')
    for number, each in enumerate(head["schedules"], 1):
        values = fields.read_fields(each, fields.SCHEDULE, f"Schedule {number}")
        if not Schedule.objects.filter(name=values["name"]).exists():
            schedule = Schedule(**values)
            with _placed(f"Schedule {number}"):
                schedules.plan(schedule)
            audit.create(schedule)
            restored.schedules += 1
    for number, each in enumerate(head["holds"], 1):
        values = fields.read_fields(each, fields.HOLD, f"Hold {number}")
        if bool(values["queue"]) == bool(values["kind"]):
            raise BadBackup(f"Hold {number} names neither or both of queue and kind.")
        if not Hold.objects.filter(queue=values["queue"], kind=values["kind"]).exists():
            audit.create(Hold(**values, by_id=context.current().user_id))
            restored.holds += 1


@contextmanager
def _placed(what: str) -> Iterator[None]:
    try:
        yield
    except schedules.BadSchedule as error:
        raise BadBackup(f"{what}: {error.field}: {error}") from error


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        text = "Other jobs came while the backup was being restored: do it again."
        raise RestoreConflict(text) from error
