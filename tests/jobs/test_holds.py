"""Queues and kinds that are held."""

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from apps.core.context import Actor, acting
from apps.core.models import AuditEntry
from apps.jobs.models import JOB_CHANNEL, Hold
from apps.jobs.registry import UnknownTask
from apps.jobs.services import claims
from apps.jobs.services.holds import NotHeld, UnclearHold, hold, holds, release
from apps.jobs.services.lifecycle import enqueue
from tests.factories import make_user
from tests.jobs import tasks


@pytest.mark.django_db
@pytest.mark.parametrize("held", [{"queue": "cpu"}, {"kind": tasks.count.name}])
def test_nothing_of_it_is_started_until_it_is_released(held: dict[str, str]) -> None:
    job = enqueue(tasks.count, {"to": 1})
    hold(**held, reason="the fans are loud")
    while_held = claims.claim("cpu", worker="test:1")
    release(**held)

    assert while_held is None
    assert claims.claim("cpu", worker="test:1") == job


@pytest.mark.django_db
def test_the_audit_says_who_held_and_released() -> None:
    user = make_user()
    with acting(Actor(user_id=user.pk)):
        made = hold(queue="disk", reason="moving disks")
        assert hold(queue="disk") == made
        assert [(each.by, each.reason) for each in holds()] == [(user, "moving disks")]
        release(queue="disk")

    entries = AuditEntry.objects.filter(object_type="jobs.hold").order_by("pk")
    assert [(e.action, e.user, e.object_name) for e in entries] == [
        ("created", user, "disk is paused"), ("deleted", user, "disk is paused"),
    ]  # fmt: skip


@pytest.mark.django_db
def test_what_is_unclear_is_refused() -> None:
    for unclear in ({}, {"queue": "cpu", "kind": "tests.count"}, {"queue": "tape"}):
        with pytest.raises(UnclearHold):
            hold(**unclear)
    with pytest.raises(UnknownTask):
        hold(kind="no.such")
    with pytest.raises(NotHeld):
        release(queue="cpu")
    assert not Hold.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("held", [{"queue": "cpu"}, {"kind": tasks.count.name}])
def test_its_workers_are_woken_when_it_is_released(held: dict[str, str]) -> None:
    hold(**held)
    connection.ensure_connection()
    with psycopg.connect(settings.DATABASES["default"]["URL"], autocommit=True) as listener:
        listener.execute("SET search_path TO public")
        listener.execute(f"LISTEN {JOB_CHANNEL}")

        release(**held)

        told = {each.payload for each in listener.notifies(timeout=2, stop_after=1)}
    assert told & {"cpu", "disk"}
