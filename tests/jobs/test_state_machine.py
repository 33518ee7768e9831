"""Random histories of jobs: whatever workers and people do, and whenever workers die, the real
services do as the model says, and nobody is stuck.

``HYPOTHESIS_PROFILE=long`` runs many more and longer ones than the usual test run does.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from apps.core.errors import MediaHubError
from apps.jobs import context, worker
from apps.jobs.choices import Queue
from apps.jobs.context import JobContext, LeaseLost
from apps.jobs.models import Job
from apps.jobs.registry import task
from apps.jobs.services import batches, beats, claims, crashes, holds, lifecycle, many, upkeep
from apps.jobs.services.batches import NothingToRetry, RetriedAlready
from apps.jobs.services.lifecycle import Item, Lane, WrongState
from tests.jobs.model import (
    ACTIVE,
    ATTEMPTS,
    CANCELLED,
    CANCELLING,
    CRASHES,
    FAILED,
    FINISHED,
    PAUSED,
    RUNNING,
    SUCCEEDED,
    UNSUCCESSFUL,
    WAITING,
    Expected,
    Model,
)  # fmt: skip

pytestmark = pytest.mark.django_db

_EXAMPLES = {"long": 3_000, "longer": 30_000}.get(os.environ.get("HYPOTHESIS_PROFILE", ""), 30)
_PROFILE = settings(
    max_examples=_EXAMPLES,
    stateful_step_count=60 if _EXAMPLES > 30 else 40,
    deadline=None,
    derandomize=_EXAMPLES == 30,
    database=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)
_QUEUE = "cpu"
_QUIET = ("SAVEPOINT", "ROLLBACK", "RELEASE")

_any = st.integers(0, 50)
_some = st.lists(_any, min_size=1, max_size=4)
_deeds = st.sampled_from(["cancel", "pause", "resume", "retry", "hurry"])
_endings = st.sampled_from(["succeed", "succeed", "refuse", "pass", "break", "interrupt", "stop"])
_keys = st.sampled_from(["", "", "", "a", "b"])
_lanes = st.sampled_from(["", "", "", "one", "two"])


class Refused(MediaHubError):
    code = "refused"


class Passing(MediaHubError):
    code = "passing"
    passing = True


class Killed(BaseException):
    """Nothing after it is done, as after SIGKILL."""


_order: dict[str, Any] = {}


@task("tests.model", title="Model", queue=Queue.CPU)
def obey(job: JobContext) -> dict[str, Any]:
    """Does what the order says: makes children, then ends in some way."""
    if _order["items"] is not None:
        job.split(part, [Item(f"item {number}") for number in range(_order["items"])])
    return _end(job)


@task("tests.part", title="Part", queue=Queue.CPU)
def part(job: JobContext) -> dict[str, Any]:
    return _end(job)


def _end(job: JobContext) -> dict[str, Any]:
    match _order["ending"]:
        case "refuse":
            raise Refused("That can't be done.")
        case "pass":
            raise Passing("That can't be done now.")
        case "break":
            raise ZeroDivisionError("unforeseen")
        case "interrupt":
            raise context.JobInterrupted("The worker is shutting down.")
        case "stop" if job.job.state == CANCELLING:
            raise context.JobCancelled("A person cancelled the job.")
        case "stop" if job.job.pause_requested:
            raise context.JobPaused("A person paused the job.")
    return {"pieces": 2}


@dataclass(slots=True)
class Holder:
    """A worker with a job, as it was claimed."""

    name: str
    job: Job


class Jobs(RuleBasedStateMachine):
    """In a transaction that is rolled back."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.holders: list[Holder] = []
        self.zombies: list[Holder] = []
        self.fences: dict[int, int] = {}
        self.workers = 0
        self._transaction = transaction.atomic()
        self._transaction.__enter__()

    def teardown(self) -> None:
        try:
            self._drain()
        finally:
            transaction.set_rollback(True)
            self._transaction.__exit__(None, None, None)

    # What people ask for

    @initialize(
        jobs=st.lists(st.tuples(_keys, _lanes, st.lists(_any, max_size=2)), min_size=3, max_size=6),
        items=st.integers(0, 3),
    )
    def begin(self, jobs: list[tuple[str, str, list[int]]], items: int) -> None:
        for key, lane, needs in jobs:
            self.enqueue(key, 0, False, lane, needs)
        self.start_batch(items, "")

    @rule(
        key=_keys,
        priority=st.integers(-2, 2),
        delayed=st.sampled_from([False, False, False, True]),
        lane=_lanes,
        needs=st.lists(_any, max_size=2),
    )
    def enqueue(self, key: str, priority: int, delayed: bool, lane: str, needs: list[int]) -> None:
        needed = {job.id for number in needs for job in self._pick(number)}
        twin = self.model.twin(key)
        hopeless = not twin and any(self.model.jobs[n].state in UNSUCCESSFUL for n in needed)
        asked = lifecycle_enqueue(key, priority, delayed, lane, needed)
        if hopeless:
            with pytest.raises(WrongState):
                asked()
            return
        job = asked()
        if twin:
            assert job.pk == twin.id
            return
        self.model.jobs[job.pk] = Expected(
            job.pk, "tests.model", key=key, is_delayed=delayed, needs=frozenset(needed),
            lane=lane and f"mount:{lane}", lane_limit=_LIMITS.get(lane, 0),
        )  # fmt: skip
        self.model.count_waits(self.model.jobs[job.pk])

    @rule(items=st.integers(0, 3), lane=_lanes)
    def start_batch(self, items: int, lane: str) -> None:
        made = (Item(f"item {n}", lane=_lane(lane)) for n in range(items))
        batch = lifecycle.start_batch(part, made)
        self.model.jobs[batch.pk] = Expected(batch.pk, "tests.part", state=RUNNING, is_batch=True)
        self._learn_of_children(batch.pk, lane)

    @rule(deed=_deeds, number=_any)
    def do(self, deed: str, number: int) -> None:
        for job in self._pick(number, deed):
            if deed == "retry" and job.is_batch and job.state in FINISHED:
                self._retry_failed(job)
                continue
            before = job.state
            getattr(self.model, deed)([job])
            with suppress(WrongState):
                getattr(lifecycle, deed)(Job.objects.get(pk=job.id))
            note(f"{deed} {job.id}: {before} -> {job.state}")

    @rule(deed=_deeds, numbers=_some)
    def do_to_many(self, deed: str, numbers: list[int]) -> None:
        chosen = {job.id: job for number in numbers for job in self._pick(number)}
        note(f"{deed} {sorted(chosen)}")
        getattr(self.model, deed)(chosen.values())
        many.control(deed, Job.objects.filter(pk__in=chosen))

    @rule(deed=_deeds, state=st.sampled_from(sorted(ACTIVE | FINISHED)))
    def do_to_all_in_a_state(self, deed: str, state: str) -> None:
        """As the board does: to what matches a filter, parts of batches not among it."""
        chosen = [j for j in self.model.jobs.values() if j.state == state and j.parent is None]
        getattr(self.model, deed)(chosen)
        many.control(deed, Job.objects.roots().filter(state=state))

    @rule(what=st.sampled_from(["cpu", "tests.model", "tests.part"]))
    def hold_or_release(self, what: str) -> None:
        named = {"queue": what} if what == _QUEUE else {"kind": what}
        if what in self.model.holds:
            holds.release(**named)
        else:
            holds.hold(**named)
        self.model.holds ^= {what}

    def _retry_failed(self, batch: Expected) -> None:
        failed = [c for c in self.model.children(batch.id) if c.state in UNSUCCESSFUL]
        if not failed:
            with pytest.raises(NothingToRetry):
                lifecycle.retry(Job.objects.get(pk=batch.id))
            return
        key = f"retry:{batch.id}"
        if self.model.twin(key):
            with pytest.raises(RetriedAlready):
                lifecycle.retry(Job.objects.get(pk=batch.id))
            return
        again = batches.retry_failed(Job.objects.get(pk=batch.id))
        self.model.jobs[again.pk] = Expected(
            again.pk, batch.kind, state=RUNNING, is_batch=True, key=key
        )
        self._learn_of_children(again.pk, "")
        items = {c.item for c in self.model.children(again.pk)}
        assert items == {c.item for c in failed}

    # What workers do

    @rule()
    def claim(self) -> None:
        self._claim()

    @rule(number=_any, done=st.integers(0, 9))
    def beat(self, number: int, done: int) -> None:
        for holder in self._holder(number):
            self._beat(holder, done)

    @rule(number=_any, ending=_endings, items=st.one_of(st.none(), st.none(), st.integers(0, 3)))
    def work(self, number: int, ending: str, items: int | None) -> None:
        for holder in self._holder(number):
            self._work(holder, ending, items)

    @rule(
        number=_any, ending=_endings, items=st.one_of(st.none(), st.integers(0, 2)),
        queries=st.integers(1, 14),
    )  # fmt: skip
    def die_at_work(self, number: int, ending: str, items: int | None, queries: int) -> None:
        """At a query of the work or of writing its end down; nobody has noticed yet."""
        for holder in self._holder(number):
            job, as_heard = self.model.jobs[holder.job.pk], copy(holder.job)
            with _killed_at(queries), suppress(Killed):
                _obey(holder.job, ending, items)
            if items is not None:
                self._learn_of_children(job.id, "")
            if Job.objects.held(job.id, holder.job.fence).exists():
                note(f"{holder.name} died before its end was written")
                return
            self.holders.remove(holder)
            self._ended(job, as_heard, ending, items)

    @rule(number=_any, how=st.sampled_from(["worker", "silent"]))
    def find_dead(self, number: int, how: str) -> None:
        """The sentinel sees a worker's end, or upkeep a lease that has run out."""
        for holder in self._holder(number):
            self._bury(holder, how)

    @rule(number=_any)
    def give_back(self, number: int) -> None:
        for holder in self._holder(number):
            self._lose(holder)
            crashes.give_back(holder.name)
            self.model.back(self.model.jobs[holder.job.pk], later=False, counts=False)

    @rule(number=_any, ending=_endings, items=st.one_of(st.none(), st.integers(0, 4)))
    def zombie_wakes(self, number: int, ending: str, items: int | None) -> None:
        """A worker that lost its lease, though it lives: nothing that it does has an effect."""
        if not self.zombies:
            return
        zombie = self.zombies[number % len(self.zombies)]
        running = JobContext(zombie.job)
        assert beats.beat(zombie.job, []) is None
        with pytest.raises(LeaseLost), running.guard():
            raise AssertionError("a worker without a lease may write")
        _obey(zombie.job, ending, items)

    @rule()
    def roll_up(self) -> None:
        self._roll_up()

    @rule()
    def time_passes(self) -> None:
        """Whatever was delayed or backed off is due."""
        Job.objects.filter(run_at__isnull=False).update(run_at=Now() - timedelta(seconds=1))
        upkeep.start_due()
        for job in self.model.jobs.values():
            job.is_delayed = False

    @rule()
    def recount(self) -> None:
        assert many.recount_waits() == 0

    # What has to be so after each step

    @invariant()
    def as_the_model_says(self) -> None:
        rows = {job.pk: job for job in Job.objects.all()}
        assert rows.keys() == self.model.jobs.keys()
        for number, job in self.model.jobs.items():
            row = rows[number]
            said = (row.state, row.attempt, row.crashes, row.quarantined, row.is_batch)
            assert said == (job.state, job.attempt, job.crashes, job.quarantined, job.is_batch), row
            assert row.pause_requested == job.pause_requested, row
            assert (row.lease_until is not None) == bool(job.holder), row
            assert row.error_type == job.error, row
            if job.state in WAITING:
                assert row.waits == job.waits, row
            assert row.fence >= self.fences.get(number, 0)
            self.fences[number] = row.fence

    @invariant()
    def one_holder_each(self) -> None:
        held = sorted(holder.job.pk for holder in self.holders)
        assert held == sorted(job.id for job in self.model.jobs.values() if job.holder)
        lanes = [job.lane for job in self.model.jobs.values() if job.holder and job.lane]
        assert all(lanes.count(f"mount:{name}") <= limit for name, limit in _LIMITS.items())

    @invariant()
    def nobody_waits_for_what_failed(self) -> None:
        for job in self.model.jobs.values():
            if job.state in WAITING:
                assert not any(self.model.jobs[n].state in UNSUCCESSFUL for n in job.needs), job

    # How it is done

    def _pick(self, number: int, deed: str = "") -> list[Expected]:
        """A job, preferably one to which the deed can be done."""
        jobs = list(self.model.jobs.values())
        states = {"retry": FINISHED, "resume": {PAUSED}, "": ACTIVE | FINISHED}
        jobs = [job for job in jobs if job.state in states.get(deed, ACTIVE)] or jobs
        return [jobs[number % len(jobs)]] if jobs else []

    def _holder(self, number: int) -> list[Holder]:
        """A worker with a job; one takes a job if none has any."""
        if not self.holders:
            self._claim()
        return [self.holders[number % len(self.holders)]] if self.holders else []

    def _claim(self) -> Holder | None:
        may = self.model.may_start(_QUEUE)
        first = Job.objects.filter(pk__in=[job.id for job in may]).order_by("urgency", "pk").first()
        self.workers += 1
        name = f"somewhere:{self.workers}"
        assert claims.is_due(_QUEUE) == bool(may)
        job = claims.claim(_QUEUE, worker=name)
        assert job == first
        if job is None:
            return None
        self.model.start(self.model.jobs[job.pk], name)
        holder = Holder(name, job)
        self.holders.append(holder)
        return holder

    def _beat(self, holder: Holder, done: int) -> None:
        job = self.model.jobs[holder.job.pk]
        holder.job.done = done
        asked = beats.beat(holder.job, [])
        assert asked is not None
        assert (asked.state, asked.pause) == (job.state, job.pause_requested)
        holder.job.state, holder.job.pause_requested = asked.state, asked.pause

    def _work(self, holder: Holder, ending: str, items: int | None) -> None:
        job = self.model.jobs[holder.job.pk]
        if ending == "stop":
            self._beat(holder, done=1)
        self.holders.remove(holder)
        as_heard = copy(holder.job)  # when it is over, the worker's own says how it ended
        _obey(holder.job, ending, items)
        self._learn_of_children(job.id, "")
        self._ended(job, as_heard, ending, items)

    def _ended(self, job: Expected, row: Job, ending: str, items: int | None) -> None:
        note(f"{job.id} {ending} {items}")
        match ending:
            case "refuse":
                self.model.end(job, FAILED, error="refused")
            case "break":
                self.model.end(job, FAILED, error="ZeroDivisionError")
            case "pass":
                self.model.passing_failure(job, "passing")
            case "interrupt":
                self.model.put_back(job, later=False, counts=False)
            case "stop" if row.state == CANCELLING:
                self.model.end(job, CANCELLED)
            case "stop" if row.pause_requested:
                self.model.paused(job)
            case _ if items is not None and job.kind == "tests.model":
                self.model.split(job)
            case _:
                self.model.end(job, SUCCEEDED)
                job.sums = {"pieces": 2}

    def _bury(self, holder: Holder, how: str) -> None:
        self._lose(holder)
        if how == "worker":
            assert crashes.release_worker(holder.name, exit_code=-9, command="ffmpeg -i x") == 1
        else:
            assert crashes.release_silent(Job.objects.held(holder.job.pk, holder.job.fence)) == 1
        self.model.lost(self.model.jobs[holder.job.pk], died=how == "worker")
        if how == "worker":
            row = Job.objects.get(pk=holder.job.pk)
            assert row.evidence["worker"] == holder.name
            assert (row.evidence["signal"], row.evidence["command"]) == ("SIGKILL", "ffmpeg -i x")

    def _lose(self, holder: Holder) -> None:
        self.holders.remove(holder)
        self.zombies.append(holder)

    def _learn_of_children(self, parent: int, lane: str) -> None:
        known = {child.item for child in self.model.children(parent)}
        made = list(Job.objects.filter(parent=parent).order_by("pk"))
        assert len({child.item for child in made}) == len(made)
        for child in made:
            if child.item not in known:
                self.model.jobs[child.pk] = Expected(
                    child.pk, "tests.part", parent=parent, item=child.item,
                    lane=child.lane, lane_limit=child.lane_limit,
                    is_hurried=child.priority == many.HURRIED,  # as its parent was
                )  # fmt: skip

    def _roll_up(self) -> None:
        batches.roll_up()
        for batch in self.model.roll_up():
            children = self.model.children(batch.id)
            row = Job.objects.get(pk=batch.id)
            assert row.done == row.total == len(children)
            for state in FINISHED:
                number = sum(child.state == state for child in children)
                assert row.summary.get(state, 0) == number
            pieces = sum(child.sums.get("pieces", 0) for child in children)
            if pieces:
                assert row.summary["pieces"] == pieces
            failed = sum(row.summary.get("failed_by", {}).values())
            assert failed == sum(child.state == FAILED for child in children)

    def _drain(self) -> None:
        """With a worker that behaves, everything ends but what is paused, or waits for that."""
        for holder in list(self.holders):
            self._bury(holder, "worker")
        for what in sorted(self.model.holds):
            self.hold_or_release(what)
        for _turn in range(10 * len(self.model.jobs) + 10):
            self.time_passes()
            self._roll_up()
            holder = self._claim()
            if holder is None and not self.model.open_batches():
                break
            if holder is not None:
                self._work(holder, "succeed", None)
            elif all(self._is_paused(batch.id) for batch in self.model.open_batches()):
                break
        self.as_the_model_says()
        for job in self.model.jobs.values():
            assert job.state in FINISHED or self._is_paused(job.id), f"{job} is stuck"

    def _is_paused(self, number: int) -> bool:
        """It, or something that it waits for."""
        job = self.model.jobs[number]
        needed = [*job.needs, *(c.id for c in self.model.children(number) if job.is_batch)]
        return job.state == PAUSED or (
            job.state in ACTIVE and any(self._is_paused(other) for other in needed)
        )


_LIMITS = {"one": 1, "two": 2}


def _lane(name: str) -> Lane | None:
    return Lane(f"mount:{name}", _LIMITS[name]) if name else None


def lifecycle_enqueue(
    key: str, priority: int, delayed: bool, lane: str, needed: set[int]
) -> Callable[[], Job]:
    return lambda: lifecycle.enqueue(
        obey, dedupe_key=key, priority=priority, delay=timedelta(hours=delayed),
        lane=_lane(lane), after=list(Job.objects.filter(pk__in=needed)),
    )  # fmt: skip


def _obey(job: Job, ending: str, items: int | None) -> None:
    _order.update(ending=ending, items=items)
    worker.run(job)


@contextmanager
def _killed_at(queries: int) -> Iterator[None]:
    left = queries

    def kill(execute: Any, sql: Any, *arguments: Any) -> Any:
        nonlocal left
        if not str(sql).startswith(_QUIET):
            left -= 1
            if left <= 0:
                raise Killed
        return execute(sql, *arguments)

    with connection.execute_wrapper(kill):
        yield


def test_jobs_do_as_the_model_says(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.MEDIAHUB_JOB_ATTEMPTS = ATTEMPTS
    settings.MEDIAHUB_JOB_CRASHES = CRASHES
    settings.MEDIAHUB_JOB_RETRY_SECONDS = settings.MEDIAHUB_JOB_RETRY_MOST_SECONDS = 3_600
    # between jobs a worker looks whether its connection still works; here all is one transaction
    monkeypatch.setattr(connection, "close_if_unusable_or_obsolete", lambda: None)
    run_state_machine_as_test(Jobs, settings=_PROFILE)
