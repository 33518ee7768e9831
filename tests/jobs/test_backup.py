"""The queue as a file, and back."""

import io
import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from apps.jobs.choices import FINISHED, JobState
from apps.jobs.models import Hold, Job, JobDependency, Schedule
from apps.jobs.services import schedules
from apps.jobs.services.backup import (
    BadBackup,
    Restored,
    TooLargeBackup,
    backup,
    lines,
    restore,
    write,
)
from apps.jobs.services.holds import hold
from apps.jobs.services.lifecycle import enqueue
from tests.factories import NOON, make_job, make_user
from tests.jobs import tasks

pytestmark = pytest.mark.django_db


def written() -> bytes:
    return "".join(backup()).encode()


def read(data: bytes, *, every_kind: bool = True) -> Restored:
    return restore(io.BytesIO(data), every_kind=every_kind)


def forget_all() -> None:
    for model in (Schedule, Hold, JobDependency):
        model.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM jobs_job")


def changed(**values: Any) -> bytes:
    """A backup of one job with other values; those that are ``...`` are left out."""
    Job.objects.all().delete()
    make_job(kind="tests.count")
    data = json.loads(written())
    given = data["jobs"][0] | values
    data["jobs"] = [{name: value for name, value in given.items() if value is not ...}]
    forget_all()
    return json.dumps(data).encode()


def make_queue() -> dict[str, Job]:
    """A bit of everything."""
    user = make_user(username="anna")
    batch = make_job(JobState.RUNNING, is_batch=True, lease_until=None, requested_by=user)
    needed = enqueue(tasks.count, {"to": 1}, dedupe_key="first", priority=7)
    jobs = {
        "batch": batch,
        "part done": make_job(
            JobState.SUCCEEDED, parent=batch, item="a", summary={"made": 2}, finished_at=NOON
        ),
        "part failed": make_job(
            JobState.FAILED, parent=batch, item="b", error_type="refused", error_message="No."
        ),
        "part waiting": make_job(parent=batch, item="c", lane="mount:/a", lane_limit=2),
        "needed": needed,
        "needing": enqueue(tasks.count, {"to": 2}, after=[needed]),
        "paused": make_job(JobState.PAUSED),
        "running": make_job(JobState.RUNNING, attempt=2, crashes=1, evidence={"signal": "SIGKILL"}),
        "about to pause": make_job(JobState.RUNNING, pause_requested=True),
        "splitting": make_job(JobState.RUNNING, is_batch=True),
        "cancelling": make_job(JobState.CANCELLING),
        "of nobody": make_job(kind="plugin.gone", params={"name": "é \\u0000 \n"}),
    }
    make_job(JobState.SUCCEEDED)
    schedules.create(Schedule(name="nightly", kind="tests.hang", cron="0 3 * * *"))
    hold(queue="gpu", reason="too warm")
    return jobs


class TestRoundTrip:
    def test_brings_back_what_was_active_and_what_it_is_part_of(self) -> None:
        jobs = make_queue()
        data = written()
        forget_all()

        restored = read(data)

        assert restored == Restored(jobs=12, schedules=1, holds=1)
        back = {name: Job.objects.get(uid=job.uid) for name, job in jobs.items()}
        assert {name: str(job.state) for name, job in back.items()} == {
            "batch": "running", "part done": "succeeded", "part failed": "failed",
            "part waiting": "queued", "needed": "queued", "needing": "queued", "paused": "paused",
            "running": "queued", "about to pause": "paused", "splitting": "queued",
            "cancelling": "cancelled", "of nobody": "queued",
        }  # fmt: skip
        assert {job.parent for name, job in back.items() if "part" in name} == {back["batch"]}
        assert back["batch"].requested_by == jobs["batch"].requested_by
        assert back["part done"].summary == {"made": 2}
        assert back["part waiting"].lane_limit == 2
        assert (back["needing"].waits, list(back["needing"].after.all())) == (1, [back["needed"]])
        assert (back["needed"].urgency, back["needed"].priority) == (jobs["needed"].urgency, 7)
        assert (back["running"].attempt, back["running"].crashes) == (2, 1)
        assert back["running"].lease_until is None
        assert not back["splitting"].is_batch
        assert back["of nobody"].params == {"name": "é \\u0000 \n"}
        nightly = Schedule.objects.get()
        assert nightly.next_at
        assert nightly.next_at > timezone.now()
        assert Hold.objects.get().reason == "too warm"

    def test_twice_changes_nothing(self) -> None:
        make_queue()
        data = written()
        before = list(Job.objects.order_by("pk").values())

        assert read(data) == Restored(already_there=12)
        assert list(Job.objects.order_by("pk").values()) == before

    def test_can_be_laid_out_anew(self) -> None:
        make_queue()
        data = json.dumps(json.loads(written()), indent=4).encode()
        forget_all()

        assert read(data).jobs == 12

    def test_a_part_that_is_tried_again_keeps_its_ended_batch(self) -> None:
        batch = make_job(JobState.SUCCEEDED, is_batch=True, parent=make_job(JobState.SUCCEEDED))
        part = make_job(parent=batch, item="a")
        data = written()
        forget_all()

        assert read(data).jobs == 2
        back = Job.objects.get(uid=part.uid).parent
        assert back
        assert (back.uid, back.state, back.parent) == (batch.uid, JobState.SUCCEEDED, None)

    def test_many_cost_the_queries_of_few(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for number in range(40):
            enqueue(tasks.count, {"to": number})
        with django_assert_num_queries(5):
            data = written()
        forget_all()

        with django_assert_num_queries(6):
            read(data)


class TestTwins:
    def test_a_job_whose_work_another_does_is_skipped_with_its_parts(self) -> None:
        old = enqueue(tasks.count, {"to": 1}, dedupe_key="same")
        make_job(parent=old, item="a")
        needing = enqueue(tasks.count, {"to": 2}, after=[old])
        data = written()
        forget_all()
        new = enqueue(tasks.count, {"to": 1}, dedupe_key="same")

        assert read(data) == Restored(jobs=1, skipped=2)
        assert list(Job.objects.get(uid=needing.uid).after.all()) == [new]

    def test_the_same_part_of_a_batch_is_skipped(self) -> None:
        batch = make_job(JobState.RUNNING, is_batch=True, lease_until=None)
        part = make_job(parent=batch, item="a")
        data = written()
        Job.objects.filter(pk=part.pk).update(uid=uuid4())

        assert read(data) == Restored(already_there=1, skipped=1)

    def test_what_needs_a_job_that_failed_meanwhile_fails(self) -> None:
        needed = enqueue(tasks.count, {"to": 1})
        needing = enqueue(tasks.count, {"to": 2}, after=[needed])
        data = written()
        needing.delete()
        Job.objects.update(state=JobState.FAILED, finished_at=NOON)

        read(data)

        assert Job.objects.get(uid=needing.uid).error_type == "needs_failed"

    def test_what_needs_a_job_that_succeeded_meanwhile_waits_no_more(self) -> None:
        needed = enqueue(tasks.count, {"to": 1})
        needing = enqueue(tasks.count, {"to": 2}, after=[needed])
        data = written()
        needing.delete()
        Job.objects.update(state=JobState.SUCCEEDED, finished_at=NOON)

        read(data)

        assert Job.objects.get(uid=needing.uid).waits == 0


@pytest.mark.django_db(transaction=True)
def test_a_slow_reader_keeps_no_transaction_open() -> None:
    make_job(params={"a": "x" * 200_000})
    text = backup()

    head = next(text)
    assert not connection.in_atomic_block
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE state LIKE 'idle in%' AND datname = current_database()"
        )
        assert cursor.fetchone() == (0,)
    Job.objects.all().delete()

    assert len(json.loads(head + "".join(text))["jobs"]) == 1


def test_more_than_can_be_restored_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    make_job(params={"a": "x" * 2_000})
    monkeypatch.setattr(write, "MOST_BYTES", 2_000)

    with pytest.raises(TooLargeBackup):
        backup()


def test_what_cannot_be_scheduled_comes_back_only_if_that_is_said() -> None:
    gone = make_job(kind="plugin.gone")
    make_job(kind="tests.count", parent=gone, item="a")
    removal = make_job(JobState.PAUSED, kind="library.remove")
    for kind in ("tests.count", "library.scan"):
        JobDependency.objects.create(job=make_job(kind=kind), needs=removal)
    make_job(kind="library.scan", dedupe_key="a")
    data = written()
    forget_all()

    assert read(data, every_kind=False) == Restored(jobs=1, withheld=5)
    assert Job.objects.get().dedupe_key == "a"
    assert read(data) == Restored(jobs=5, already_there=1)


class TestRefusal:
    @pytest.mark.parametrize(
        ("values", "text"),
        [
            ({"state": "done"}, "Job 1: state: give one of"),
            ({"state": ["queued"]}, "Job 1: state"),
            ({"queue": "tape"}, "Job 1: queue"),
            ({"kind": "x" * 61}, "Job 1: kind"),
            ({"params": []}, "Job 1: params"),
            ({"max_attempts": 0}, "Job 1: max_attempts"),
            ({"max_attempts": True}, "Job 1: max_attempts"),
            ({"priority": 10**30}, "Job 1: priority"),
            ({"attempt": 1.5}, "Job 1: attempt"),
            ({"uid": "1"}, "Job 1: uid"),
            ({"created_at": "yesterday"}, "Job 1: created_at"),
            ({"created_at": "2026-01-01T00:00:00"}, "Job 1: created_at"),
            ({"created_at": "9999-12-31T23:59:59-14:00"}, "Job 1: created_at"),
            ({"urgency": "0001-01-01T00:00:00+14:00"}, "Job 1: urgency"),
            ({"urgency": "1799-12-31T23:59:59+00:00"}, "Job 1: urgency"),
            ({"run_at": "2201-01-01T00:00:00+00:00"}, "Job 1: run_at"),
            ({"is_batch": True}, "Job 1: is_batch"),
            ({"after": "x"}, "Job 1: after"),
            ({"after": [str(uuid4())]}, "Job 1 refers to"),
            ({"parent": str(uuid4())}, "Job 1 refers to"),
            ({"lane": "mount:/", "lane_limit": 0}, "Job 1: lane_limit"),
            ({"extra": 1}, "Job 1 has a field that isn't known: extra"),
            ({"uid": ...}, "Job 1 lacks uid"),
            ({"params": {"a": "\0"}}, "character 0"),
            ({"params": {"a": "\ud800"}}, "no JSON that can be stored"),
            ({"params": {"a": float("inf")}}, "no JSON"),
        ],
    )
    def test_of_a_job_says_where(self, values: dict[str, Any], text: str) -> None:
        data = changed(**values)

        with pytest.raises(BadBackup, match=text):
            read(data)
        assert not Job.objects.exists()

    @pytest.mark.parametrize(
        "data",
        [
            b"", b"x", b"[]", b"{}", b"null", b"\xff", b"[" * 100_000, b'{"format": "other"}',
            b'{"format": "mediahub-jobs", "version": 2}',
            b'{"format": "mediahub-jobs", "version": 1}',
            b'{"format": "mediahub-jobs", "version": 1, "jobs": []}',
            b'{"format": "mediahub-jobs", "version": 1, "schedules": [], "holds": {}, "jobs": []}',
            b'{"format": "mediahub-jobs", "version": 1, "schedules": [1], "holds": [], "jobs": []}',
            b'{"format": "mediahub-jobs", "version": 1, "schedules": [], "holds": [], "jobs": [1]}',
        ],
    )  # fmt: skip
    def test_of_what_is_no_backup(self, data: bytes) -> None:
        with pytest.raises(BadBackup):
            read(data)

    def test_is_of_all_or_nothing(self) -> None:
        for _ in range(3):
            make_job()
        schedules.create(Schedule(name="nightly", kind="tests.hang", cron="0 3 * * *"))
        data = written()
        forget_all()

        for broken in (data.removesuffix(b"]}\n"), data + b"x", data.replace(b'"disk"', b'"x"')):
            with pytest.raises(BadBackup):
                read(broken)
        assert not Job.objects.exists()
        assert not Schedule.objects.exists()

    def test_of_an_unreadable_schedule_and_an_unclear_hold(self) -> None:
        schedules.create(Schedule(name="nightly", kind="tests.hang", cron="0 3 * * *"))
        hold(queue="gpu")
        data = written()
        forget_all()

        with pytest.raises(BadBackup, match="Schedule 1: cron: The hour"):
            read(data.replace(b"0 3 * * *", b"0 33 * * *"))
        with pytest.raises(BadBackup, match="Hold 1 names neither"):
            read(data.replace(b'"gpu"', b'""'))

    def test_of_too_much(self, monkeypatch: pytest.MonkeyPatch) -> None:
        make_job(params={"a": "x" * 2_000})
        data = written()
        forget_all()

        for name, error in (
            ("MOST_BYTES", TooLargeBackup),
            ("_MOST_LINE_BYTES", BadBackup),
            ("_MOST_WHOLE_BYTES", BadBackup),
        ):
            given = json.dumps(json.loads(data)).encode() if "WHOLE" in name else data
            with monkeypatch.context() as patch:
                patch.setattr(lines, name, 1_000)
                with pytest.raises(error):
                    read(given)


_texts = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=20)
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | _texts
    | st.floats(allow_nan=False, allow_infinity=False, width=32),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
_jobs = st.lists(
    st.fixed_dictionaries(
        {
            "state": st.sampled_from(JobState.values),
            "params": st.dictionaries(_texts, _values, max_size=3),
            "priority": st.integers(-(2**15) + 1, 2**15 - 1),
            "is_batch": st.booleans(),
            "attempt": st.integers(0, 5),
            "parent": st.none() | st.integers(0, 5),
            "after": st.lists(st.integers(0, 5), max_size=2),
            "key": st.sampled_from(["", "", "a"]),
        }
    ),
    max_size=6,
)


@given(_jobs)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_queue_comes_back_as_it_was(drawn: list[dict[str, Any]]) -> None:
    forget_all()
    made: list[Job] = []
    for values in drawn:
        parent, after, key = values.pop("parent"), values.pop("after"), values.pop("key")
        active = values["state"] not in FINISHED
        key = f"key {len(made)}" if key and active else ""
        values["is_batch"] &= values["state"] != JobState.QUEUED
        job = make_job(
            values.pop("state"), **values, dedupe_key=key,
            parent=made[parent] if parent is not None and parent < len(made) else None,
            item=str(len(made)),
        )  # fmt: skip
        # what needs a job that comes back cancelled fails, as it does without a backup
        open_states = (JobState.QUEUED, JobState.PAUSED, JobState.RUNNING)
        needed = {made[n] for n in after if n < len(made) and made[n].state in open_states}
        JobDependency.objects.bulk_create(JobDependency(job=job, needs=need) for need in needed)
        made.append(job)
    data = written()
    first = json.loads(data)["jobs"]
    forget_all()

    restored = read(data)
    again = json.loads(written())["jobs"]

    assert restored.jobs == len(first)
    by_uid = {job["uid"]: job for job in again}
    gone = {job["uid"] for job in first if job["uid"] not in by_uid}
    assert all(job["state"] in (*FINISHED, "cancelling") for job in first if job["uid"] in gone)
    for job in first:
        if job["uid"] in by_uid:
            back = by_uid[job["uid"]]
            assert {n: back[n] for n in ("params", "attempt", "urgency", "created_at")} == {
                n: job[n] for n in ("params", "attempt", "urgency", "created_at")
            }
            assert set(back["after"]) <= set(job["after"])
