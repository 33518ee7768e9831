"""One job for each item, under one parent."""

import pytest
from django.db import transaction

from apps.jobs import worker
from apps.jobs.choices import JobState
from apps.jobs.models import Job
from apps.jobs.services import batches, claims, lifecycle
from apps.jobs.services.batches import NothingToRetry
from apps.jobs.services.ending import end
from apps.jobs.services.lifecycle import Item, enqueue, start_batch
from tests.jobs import tasks

pytestmark = pytest.mark.django_db(transaction=True)


def start(*numbers: int) -> Job:
    return start_batch(tasks.count, [Item(f"item {n}", {"to": n}) for n in numbers])


def finish(batch: Job, item: int, state: JobState, **values: object) -> None:
    with transaction.atomic():
        end(batch.children.filter(item=f"item {item}"), state, **values)


def rolled_up(batch: Job) -> Job:
    batches.roll_up()
    batch.refresh_from_db()
    return batch


def test_its_progress_and_result_are_the_sum_of_its_items() -> None:
    batch = start(1, 2, 3)

    worker.run_next("cpu")
    assert (rolled_up(batch).done, batch.total, batch.state) == (1, 3, "running")
    worker.work_off("cpu")

    assert (rolled_up(batch).done, batch.state) == (3, "succeeded")
    assert batch.summary == {"counted": 6, "succeeded": 3}


def test_an_item_that_fails_stops_nothing_and_is_counted_by_reason() -> None:
    batch = start(1, 2, 3, 4)
    finish(batch, 1, JobState.FAILED, error_type="refused")
    finish(batch, 2, JobState.FAILED, error_type="odd")
    finish(batch, 3, JobState.FAILED, error_type="refused")
    worker.work_off("cpu")

    assert rolled_up(batch).state == "succeeded"
    assert batch.summary["failed"] == 3
    assert batch.summary["failed_by"] == {"refused": 2, "odd": 1}
    assert batches.reasons(batch) == [("refused", 2), ("odd", 1)]


def test_it_failed_if_every_item_did() -> None:
    batch = start(1)
    finish(batch, 1, JobState.FAILED, error_type="refused")

    assert (rolled_up(batch).state, batch.error_type) == ("failed", "all_failed")


def test_what_failed_is_retried_in_a_batch_of_its_own() -> None:
    batch = start(1, 2, 3)
    finish(batch, 1, JobState.FAILED, error_type="refused")
    finish(batch, 2, JobState.FAILED, error_type="odd")
    worker.work_off("cpu")
    rolled_up(batch)

    again = batches.retry_failed(batch, reason="refused")
    assert [child.item for child in again.children.all()] == ["item 1"]
    worker.work_off("cpu")
    assert rolled_up(again).summary == {"counted": 1, "succeeded": 1}

    every = lifecycle.retry(batch)
    assert {child.item for child in every.children.all()} == {"item 1", "item 2"}


def test_nothing_is_made_where_nothing_failed() -> None:
    batch = start(1)
    worker.work_off("cpu")
    rolled_up(batch)
    before = Job.objects.count()

    with pytest.raises(NothingToRetry) as raised:
        batches.retry_failed(batch)

    assert raised.value.code == "nothing_to_retry"
    assert Job.objects.count() == before


def test_an_empty_one_is_done() -> None:
    assert rolled_up(start()).state == "succeeded"


def test_items_are_made_once_however_often_the_work_is_split() -> None:
    batch = start(1, 2)

    lifecycle.add_items(batch, tasks.count, [Item("item 2"), Item("item 3")])

    assert sorted(batch.children.values_list("item", flat=True)) == ["item 1", "item 2", "item 3"]


def test_items_cancelled_with_a_job_that_failed_while_splitting_come_back_with_it() -> None:
    job = enqueue(tasks.count)
    claims.claim("cpu", worker="x:1")
    lifecycle.add_items(job, tasks.count, [Item("a")])
    with transaction.atomic():
        end(Job.objects.filter(pk=job.pk), JobState.FAILED)
    assert job.children.get().state == "cancelled"
    job.refresh_from_db()

    lifecycle.retry(job)

    assert job.children.get().state == "queued"
