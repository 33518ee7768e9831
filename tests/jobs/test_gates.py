"""Jobs that aren't started where the machine is in no state for them, and jobs that are put off."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.jobs import worker
from apps.jobs.api.serializers import represent_job
from apps.jobs.choices import JobState
from apps.jobs.models import Cluster, Job
from apps.jobs.pages.views import job_views
from apps.jobs.pages.waiting import Reasons
from apps.jobs.services import claims, gates, lifecycle, upkeep
from apps.jobs.services.batches import roll_up
from apps.jobs.services.clusters import clusters
from apps.jobs.services.ending import end
from apps.jobs.services.items import Item
from apps.jobs.services.lifecycle import enqueue
from tests.jobs import tasks

WARM = "the card is warm"


@pytest.fixture(autouse=True)
def _gate_is_open() -> Iterator[None]:
    yield
    tasks.gate_says.clear()


def claim(queue: str = "net") -> Job | None:
    return claims.claim(queue, worker="x:1")


def serve(host: str, queue: str = "net", **values: Any) -> Cluster:
    return Cluster.objects.create(host=host, pid=1, queue=queue, slots=1, **values)


def why(job: Job) -> str:
    crew = clusters()
    shut = gates.shut_everywhere(view.row for view in crew)
    served = {view.row.queue for view in crew}
    return Reasons([job], holds=[], served=served, shut=shut).why(job, now=timezone.now()).text


@pytest.mark.django_db
class TestGates:
    def test_what_the_gate_speaks_against_is_not_claimed(self) -> None:
        job, tasks.gate_says[:] = enqueue(tasks.gated), [WARM]
        assert (claim(), claims.is_due("net")) == (None, False)

        tasks.gate_says.clear()

        assert claims.is_due("net")
        assert claim() == job

    def test_other_kinds_go_on(self) -> None:
        tasks.gate_says[:] = [WARM]
        enqueue(tasks.gated)
        other = enqueue(tasks.count, {"to": 1})
        Job.objects.filter(pk=other.pk).update(queue="net")

        assert claim() == other

    def test_a_gate_that_fails_is_shut(self) -> None:
        tasks.gate_says[:] = ["fail"]
        enqueue(tasks.gated)

        assert claim() is None
        assert "couldn't be found out" in gates.closed("net")["tests.gated"]

    def test_a_cluster_knows_what_it_starts_none_of(self) -> None:
        tasks.gate_says[:] = [WARM]

        assert gates.closed("net") == {"tests.gated": WARM}
        assert gates.closed("cpu") == {}

    def test_it_is_the_reason_of_what_waits(self) -> None:
        job = enqueue(tasks.gated)
        serve("nas.1a2b", gates={"tests.gated": WARM})

        assert why(job) == WARM
        assert represent_job(job)["wait_reason"] == WARM
        assert job_views([job], now=timezone.now())[0].progress == WARM

    def test_only_if_no_machine_starts_it(self) -> None:
        job = enqueue(tasks.gated)
        serve("nas.1a2b", gates={"tests.gated": WARM})
        other = serve("den.3c4d")
        assert why(job) == "next, once a worker is free"

        Cluster.objects.filter(pk=other.pk).update(gates={"tests.gated": "on battery"})

        assert why(job) in (f"den: on battery; nas: {WARM}", f"nas: {WARM}; den: on battery")

    def test_one_that_stops_has_no_say(self) -> None:
        serve("nas.1a2b", gates={"tests.gated": WARM})
        serve("den.3c4d", stopping=True)

        assert gates.shut_everywhere(Cluster.objects.all()) == {("net", "tests.gated"): WARM}


def postponed() -> Job:
    job = enqueue(tasks.postpone, {"minutes": 10})
    assert worker.run_next("cpu") == job.pk
    job.refresh_from_db()
    return job


# The heartbeat has a connection of its own, so that rows must be committed to be seen.
@pytest.mark.django_db(transaction=True)
class TestPutOff:
    def test_it_waits_with_its_reason_and_no_attempt_is_counted(self) -> None:
        job = postponed()

        assert (job.state, job.attempt, job.worker) == (JobState.QUEUED, 0, job.worker)
        assert (job.wait_reason, job.lease_until) == ("the card is warm (84 °C)", None)
        assert job.run_at is not None
        assert timedelta(minutes=9) < job.run_at - timezone.now() <= timedelta(minutes=10)
        assert job.log_lines.get().message == "Put off: the card is warm (84 °C)"

    def test_everybody_is_told_why(self) -> None:
        job = postponed()
        (view,) = job_views([job], now=timezone.now())

        assert view.progress == "the card is warm (84 °C)"
        assert why(job) == "the card is warm (84 °C); looked at again in 10 min"
        assert represent_job(job)["wait_reason"] == "the card is warm (84 °C)"

    def test_its_start_forgets_the_reason(self) -> None:
        job = postponed()
        Job.objects.filter(pk=job.pk).update(run_at=timezone.now())
        assert upkeep.start_due() == 1

        again = claim("cpu")

        assert again == job
        assert (again.wait_reason, again.attempt) == ("", 1)

    def test_it_may_be_put_off_for_ever(self) -> None:
        job = enqueue(tasks.postpone, {"minutes": 0})
        for _ in range(job.max_attempts + 1):
            assert worker.run_next("cpu") == job.pk
            upkeep.start_due()

        job.refresh_from_db()
        assert (job.state, job.attempt) == (JobState.QUEUED, 0)

    @pytest.mark.parametrize("deed", [lifecycle.hurry, lifecycle.pause])
    def test_a_person_comes_first(self, deed: Any) -> None:
        job = deed(postponed())
        if job.state == JobState.PAUSED:
            job = lifecycle.resume(job)

        assert (job.run_at, job.wait_reason, job.state) == (None, "", JobState.QUEUED)


@pytest.mark.django_db
def test_a_job_may_need_a_batch() -> None:
    batch = lifecycle.start_batch(tasks.count, [Item("a", {"to": 1}), Item("b", {"to": 1})])
    join = enqueue(tasks.silent, after=[batch])
    first, second = claim("cpu"), claim("cpu")
    assert (first, second) == tuple(batch.children.order_by("pk"))
    assert claim("cpu") is None

    end(Job.objects.filter(parent=batch), JobState.SUCCEEDED)
    assert claim("cpu") is None
    roll_up()

    assert claim("cpu") == join


@pytest.mark.django_db
def test_of_a_batch_that_failed_whole_it_fails_too() -> None:
    batch = lifecycle.start_batch(tasks.count, [Item("a", {"to": 1})])
    join = enqueue(tasks.silent, after=[batch])

    end(Job.objects.filter(parent=batch), JobState.FAILED)
    roll_up()

    join.refresh_from_db()
    assert (join.state, join.error_type) == (JobState.FAILED, "needs_failed")
