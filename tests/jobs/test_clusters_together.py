"""Three clusters of one queue, as on three machines, on one database.

Each has a session, a host name and a network of its own; the database is reached through its Unix
socket, which all of them see.
"""

import os
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models.functions import Now

from apps.jobs.models import Cluster, Job
from apps.jobs.services import holds
from apps.jobs.services.lifecycle import Lane, enqueue
from tests.rigs.work import tasks
from tests.rigs.work.site import (
    Site,
    alive,
    effects,
    kill,
    make_effects,
    wait_for,
    wait_for_state,
    workers_of,
)

pytestmark = pytest.mark.django_db(transaction=True)

JOBS, KILLS = 300, 5


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    make_effects()
    site = Site(tmp_path / "site")
    site.start("scheduler")
    yield site
    site.close()


def another_machine(name: str) -> list[str]:
    """What starts a program with a host name and a network of its own."""
    if os.geteuid():
        pytest.skip("needs namespaces of its own (run as root)")
    return ["unshare", "--uts", "--net", "sh", "-c", f'hostname {name} && exec "$@"', "sh"]


def test_three_share_the_work_and_its_limits(site: Site) -> None:
    clusters = [site.start_cluster(through=another_machine(f"host{n}")) for n in range(3)]
    for cluster in clusters:
        wait_for(lambda cluster=cluster: len(workers_of(cluster)) == 2)
    holds.hold(kind="tests.rig_nothing")
    held = enqueue(tasks.nothing, priority=50)
    lane = Lane("mount:/shared", 2)
    in_lane = [enqueue(tasks.lane, {"seconds": 0.1}, lane=lane) for _ in range(20)]
    chance = random.Random(20_261_121)
    jobs = [enqueue(tasks.effect, {"seconds": chance.random() / 10}) for _ in range(JOBS)]

    for number in range(KILLS):
        after = (number + 1) * JOBS // (KILLS + 2)
        wait_for(lambda after=after: len(effects()) >= after)
        kill(chance.choice(alive([pid for cluster in clusters for pid in workers_of(cluster)])))

    every = Job.objects.exclude(pk=held.pk)
    wait_for(lambda: not every.active().exists(), limit_s=120)
    assert set(every.values_list("state", flat=True)) == {"succeeded"}
    assert [job for job, _worker in effects()] == sorted(job.pk for job in (*in_lane, *jobs))
    hosts = {worker.partition(".")[0] for _job, worker in effects()}
    assert hosts == {"host0", "host1", "host2"}
    assert max(Job.objects.get(pk=job.pk).summary["seen"] for job in in_lane) <= lane.limit
    held.refresh_from_db()
    assert (held.state, held.attempt) == ("queued", 0)
    holds.release(kind="tests.rig_nothing")
    wait_for_state(held, "succeeded")
    assert Cluster.objects.count() == 3


def test_the_urgent_and_the_long_waiting_go_first(site: Site) -> None:
    """By the order in which they were started; each of six may be held up while it claims one."""
    holds.hold(queue="cpu")
    low = [enqueue(tasks.nothing) for _ in range(30)]
    old = [enqueue(tasks.nothing) for _ in range(30)]
    high = [enqueue(tasks.nothing, priority=3) for _ in range(30)]
    Job.objects.filter(pk__in=[job.pk for job in old]).update(urgency=Now() - timedelta(hours=5))
    clusters = [site.start_cluster(through=another_machine(f"host{n}")) for n in range(3)]
    for cluster in clusters:
        wait_for(lambda cluster=cluster: len(workers_of(cluster)) == 2)

    holds.release(queue="cpu")

    wait_for(lambda: not Job.objects.active().exists())
    started = list(Job.objects.order_by("started_at").values_list("pk", flat=True))
    places = {pk: place for place, pk in enumerate(started)}
    for earlier, later in ((old, high), (high, low)):
        last = max(places[job.pk] for job in earlier)
        assert sum(places[job.pk] < last for job in later) <= 6
