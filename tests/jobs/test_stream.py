"""Events on their way to listeners, through a real web server."""

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import F
from django.utils import timezone

from apps.accounts.choices import Role
from apps.jobs.choices import JobState
from apps.jobs.models import Job, JobEvent
from apps.jobs.services import events
from apps.jobs.stream import Wanted
from apps.jobs.stream.frames import batch
from apps.jobs.stream.hub import Hub
from tests.client import Api
from tests.factories import make_job, make_token, make_user
from tests.jobs.listening import PATIENCE_S, Ear, Web, remember_place, served, session_of
from tests.jobs.tasks import cut_off_others

_DATA = {"job", "kind", "state", "version", "progress", "parent", "requested_by", "queue", "at"}


@pytest.fixture(scope="module")
def running(django_db_setup: None) -> Iterator[Web]:
    with served() as server:
        yield server


@pytest.fixture(scope="module")
def wary(django_db_setup: None) -> Iterator[Web]:
    """Asks soon whether its listeners still may."""
    with served(check_s=0.2) as server:
        yield server


@pytest.fixture
def web(running: Web, transactional_db: None) -> Web:
    remember_place()
    return running


@pytest.fixture
def user(transactional_db: None) -> User:
    return make_user(Role.EDITOR)


@pytest.fixture
def ear(web: Web, user: User) -> Ear:
    return Ear(web.port, {"Authorization": f"Bearer {make_token(user)[1]}"})


def cookie_of(user: User) -> dict[str, str]:
    return {"Cookie": "=".join(session_of(user))}


def pause(job: Job) -> None:
    state = F("state")
    Job.objects.filter(pk=job.pk).update(state=state, version=F("version") + 1)


class TestStream:
    def test_a_change_is_heard_at_once(self, ear: Ear, user: User) -> None:
        with ear:
            ready = ear.hear()
            began = time.monotonic()
            job = make_job(requested_by=user, done=1, total=3)
            heard = ear.hear_job()
            took_s = time.monotonic() - began

        assert ready
        assert ready.name == "ready"
        assert ear.response.headers["Content-Type"] == "text/event-stream"
        assert ear.response.headers["Cache-Control"] == "no-store"
        assert ear.response.headers["X-Accel-Buffering"] == "no"
        assert set(heard.data) == _DATA
        assert heard.data["job"] == job.pk
        assert heard.data["progress"] == {"done": 1, "total": 3}
        assert heard.data["requested_by"] == user.pk
        assert heard.id == events.newest()
        assert took_s < 2

    def test_a_session_may_listen(self, web: Web, user: User) -> None:
        with Ear(web.port, cookie_of(user)) as ear:
            ear.hear()
            make_job()

            assert ear.hear_job().data["state"] == "queued"

    def test_comes_back_without_loss_or_doubling_after_a_restart(self, web: Web, ear: Ear) -> None:
        job = make_job()
        versions = []
        with ear:
            ear.hear()
            for _ in range(5):
                pause(job)
                versions.append(ear.hear_job().data["version"])
            assert web.stop() < 4  # five seconds are what streams could hold it up for
        pause(job)
        web.start()
        pause(job)
        with ear:
            versions += [ear.hear_job().data["version"] for _ in range(2)]
            pause(job)
            versions.append(ear.hear_job().data["version"])

        assert versions == list(range(2, 10))

    def test_goes_on_after_the_database_restarted(self, ear: Ear) -> None:
        job = make_job()
        with ear:
            ear.hear()
            pause(job)
            ear.hear_job()
            cut_off_others()
            pause(job)

            assert ear.hear_job().data["version"] == 3

    def test_who_reads_slowly_misses_nothing_and_delays_nobody(self, ear: Ear) -> None:
        job = make_job()
        events.put_in_order()
        begun = events.newest()
        slow = Ear(ear.port, ear.headers, last=begun)
        with slow, ear:
            ear.hear()
            for _ in range(30):
                _write_many(job, 1_000)
            began = time.monotonic()
            pause(job)
            while ear.hear_job().data["version"] < 2:
                continue
            took_s = time.monotonic() - began
            ids = [slow.hear_job().id for _ in range(30_001)]

        assert took_s < PATIENCE_S / 2
        written = JobEvent.objects.filter(pk__gt=begun).order_by("pk")
        assert ids == list(written.values_list("pk", flat=True))


@pytest.mark.django_db(transaction=True)
def test_the_reader_goes_on_after_any_error(monkeypatch: pytest.MonkeyPatch) -> None:
    faults = [ZeroDivisionError("unforeseen"), RuntimeError("another")]
    put_in_order = events.put_in_order

    def stumble() -> None:
        if faults and threading.current_thread().name == "events":
            raise faults.pop()
        put_in_order()

    def change() -> None:
        make_job()
        connection.close()

    async def listen() -> list[str]:
        hub = Hub(asyncio.get_running_loop())
        with hub.joined():
            async with asyncio.timeout(PATIENCE_S):
                while hub.after(0) is None:
                    await hub.news.wait()
                await asyncio.to_thread(change)
                while not (found := hub.after(0)):
                    await hub.news.wait()
        hub.ended = True
        assert hub._thread
        await asyncio.to_thread(hub._thread.join)
        return [event.state for one in found for event, _ in one.events]

    monkeypatch.setattr(events, "put_in_order", stumble)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(asyncio.run, listen()).result() == ["queued"]


class TestRight:
    """Who may no longer listen is shut out while listening."""

    @pytest.fixture
    def web(self, wary: Web, transactional_db: None) -> Web:
        remember_place()
        return wary

    @pytest.mark.parametrize("deed", ["log out", "new password", "deactivate", "take role"])
    def test_a_session_that_ends(self, web: Web, user: User, deed: str) -> None:
        with Ear(web.port, cookie_of(user)) as ear:
            _hear_a_while(ear)
            match deed:
                case "log out":
                    Session.objects.all().delete()
                case "new password":
                    user.set_password("another")
                    user.save()
                case "deactivate":
                    User.objects.update(is_active=False)
                case "take role":
                    user.groups.clear()

            assert ear.hear() is None

    def test_a_token_that_is_revoked(self, web: Web, user: User) -> None:
        token, secret = make_token(user)
        with Ear(web.port, {"Authorization": f"Bearer {secret}"}) as ear:
            _hear_a_while(ear)
            token.delete()

            assert ear.hear() is None

    def test_without_any_it_does_not_begin(self, web: Web) -> None:
        viewer = make_user(Role.VIEWER)
        with (
            Ear(web.port, {"Authorization": f"Bearer {make_token(viewer)[1]}"}) as refused,
            Ear(web.port, {}) as unknown,
        ):
            assert (refused.response.status, unknown.response.status) == (403, 401)


def _hear_a_while(ear: Ear) -> None:
    """Through some checks."""
    assert ear.hear()
    for _ in range(5):
        make_job()
        assert ear.hear()
        time.sleep(0.1)


def _write_many(job: Job, count: int) -> None:
    rows = [
        JobEvent(job_id=job.pk, state="queued", version=1, is_progress=False) for _ in range(count)
    ]
    JobEvent.objects.bulk_create(rows)


@pytest.mark.django_db
class TestAnswer:
    """What doesn't need an open stream: where none is possible, the answer ends and repeats."""

    def test_says_what_happened_after_an_id(self) -> None:
        first, second = make_job(), make_job()
        events.put_in_order()
        api = Api(make_user(Role.EDITOR))

        text = api.get("jobs/events/", last_event_id=events.newest() - 1).content.decode()

        assert text.startswith("retry: 1000\nid: ")
        assert f'"job":{second.pk},' in text
        assert f'"job":{first.pk},' not in text

    def test_from_now_on_there_is_nothing_yet(self) -> None:
        make_job()

        text = Api(make_user(Role.EDITOR)).get("jobs/events/").content.decode()

        assert f"id: {events.newest()}\nevent: ready\n" in text
        assert "event: job" not in text

    def test_what_is_forgotten_is_said(self) -> None:
        api = Api(make_user(Role.EDITOR))
        make_job()
        make_job()
        events.put_in_order()
        gone = events.newest() - 2
        events.forget_old(now=timezone.now() + timedelta(days=9))

        old = api.get("jobs/events/", last_event_id=gone).content.decode()
        never = api.get("jobs/events/", last_event_id=events.newest() + 1).content.decode()

        for text in (old, never):
            assert f"id: {events.newest()}\nevent: resync\n" in text

    @pytest.mark.parametrize(
        "query", ["job=x", "parent=-1", "last_event_id=1e3", "jobs=1", "job=" + "9" * 19]
    )
    def test_what_is_not_understood_is_refused(self, query: str) -> None:
        response = Api(make_user(Role.EDITOR)).get(f"jobs/events/?{query}")

        assert response.status_code == 400
        assert response["Content-Type"] == "application/problem+json"

    def test_filters(self) -> None:
        api = Api(make_user(Role.EDITOR))
        batch_job, other = make_job(JobState.RUNNING, is_batch=True), make_job()
        child = make_job(parent=batch_job)
        pause(child)
        events.put_in_order()

        def heard(**query: Any) -> list[int]:
            text = api.get("jobs/events/", last_event_id=start, **query).content.decode()
            return [job.pk for job in (batch_job, other, child) if f'"job":{job.pk},' in text]

        start = JobEvent.objects.order_by("pk")[0].pk - 1
        assert heard() == [batch_job.pk, other.pk, child.pk]
        assert heard(job=f"{other.pk},{child.pk}") == [other.pk, child.pk]
        assert heard(parent=batch_job.pk) == [child.pk]
        assert heard(parent=batch_job.pk, job=batch_job.pk) == [batch_job.pk, child.pk]
        assert heard(parent="none") == [batch_job.pk, other.pk]


def test_a_batch_is_cut_at_the_listeners_place() -> None:
    told = [events.Event(number, number % 2, "queued", 1, timezone.now()) for number in range(5, 9)]
    one = batch(told, before=4)

    assert one.frames(Wanted(), after=4) == one.whole
    assert one.frames(Wanted(), after=6).count(b"event: job") == 2
    assert one.frames(Wanted(jobs=frozenset({0})), after=6).startswith(b"id: 8\n")
    assert one.frames(Wanted(), after=8) == b""
