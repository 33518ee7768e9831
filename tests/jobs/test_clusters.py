"""What the rows of the clusters say about them."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.jobs.choices import JobState
from apps.jobs.models import Cluster
from apps.jobs.services.clusters import ClusterView, clusters, forget_clusters
from tests.factories import NOON, make_job

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def make_cluster(pid: int = 10, *, age_s: int = 2, canary_s: int = 5, **values: Any) -> Cluster:
    values = {
        "host": "nas.1a2b", "queue": "disk", "slots": 2, "started_at": NOON - HOUR,
        "workers": [{"pid": pid + 1, "memory_bytes": 90_000_000}, {"pid": pid + 2}],
        **values,
    }  # fmt: skip
    return Cluster.objects.create(
        pid=pid, seen_at=NOON - timedelta(seconds=age_s),
        canary_at=NOON - timedelta(seconds=canary_s), **values,
    )  # fmt: skip


def busy(pid: int) -> None:
    make_job(JobState.RUNNING, worker=f"nas.1a2b:{pid}")


def only() -> ClusterView:
    (view,) = clusters(now=NOON)
    return view


def test_shows_each_worker_with_its_job_and_memory() -> None:
    make_cluster()
    job = make_job(JobState.RUNNING, worker="nas.1a2b:11")
    make_job(JobState.SUCCEEDED, worker="nas.1a2b:12")

    view = only()

    assert [(w.pid, w.memory_bytes, w.job) for w in view.workers] == [
        (11, 90_000_000, job), (12, None, None),
    ]  # fmt: skip
    assert (view.is_red, view.trouble, view.busy) == (False, "", 1)


@pytest.mark.parametrize(
    ("values", "at_work", "trouble"),
    [
        ({"age_s": 29}, 0, ""),
        ({"age_s": 31}, 0, "Not heard of"),
        ({"age_s": 31, "stopping": True}, 0, "Not heard of"),
        ({"canary_s": 39}, 1, ""),
        ({"canary_s": 41}, 1, "have taken nothing"),
        ({"canary_s": 41}, 2, ""),  # nobody is free to answer
        ({"canary_s": 41, "stopping": True}, 0, ""),
        ({"slots": 3}, 0, "Only 2 of 3 workers"),
        ({"slots": 3, "started_at": NOON - timedelta(seconds=9)}, 0, ""),
        ({"slots": 3, "restarted_at": NOON - timedelta(seconds=9)}, 0, ""),
    ],
)
def test_is_red_when_it_cannot_be_relied_upon(
    values: dict[str, Any], at_work: int, trouble: str
) -> None:
    make_cluster(**values)
    for number in range(at_work):
        busy(11 + number)

    view = only()

    assert trouble in view.trouble
    assert view.is_red == bool(trouble)


@pytest.mark.parametrize("host", ["nas.1a2b", "nas.9f9f"])  # the same boot, and after the next
def test_one_that_was_replaced_is_forgotten(host: str) -> None:
    make_cluster(10, age_s=300)
    other = make_cluster(20, queue="cpu", age_s=300)
    new = make_cluster(30, host=host, started_at=NOON - timedelta(minutes=1))

    assert {view.row for view in clusters(now=NOON)} == {other, new}
    assert forget_clusters(now=NOON) == 1
    assert set(Cluster.objects.all()) == {other, new}


def test_a_dead_host_is_forgotten_after_a_day() -> None:
    cluster = make_cluster(age_s=23 * 3600)
    forget_clusters(now=NOON)
    kept = list(Cluster.objects.all())

    forget_clusters(now=NOON + 2 * HOUR)

    assert kept == [cluster]
    assert not Cluster.objects.exists()


def test_many_cost_the_queries_of_one(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for number in range(5):
        make_cluster(number * 10)
        busy(number * 10 + 1)

    with django_assert_num_queries(2):
        assert sum(view.busy for view in clusters(now=NOON)) == 5
