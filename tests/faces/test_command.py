"""``manage.py faces``."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.core.models import AuditEntry
from apps.faces.models import FaceLibrary, Track
from apps.jobs.models import Job
from tests.faces.factories import make_identity, make_track
from tests.factories import make_library, make_performer

pytestmark = pytest.mark.django_db


def _said(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("faces", *arguments, "--json", stdout=out)
    said: dict[str, Any] = json.loads(out.getvalue())
    return said


def test_switches_a_library_on_and_off() -> None:
    library = make_library(name="Films")

    assert _said("on", "Films") == {"library": "Films", "enabled": True}
    assert FaceLibrary.objects.get(library=library).enabled
    assert _said("status")["libraries"] == "Films"
    assert _said("off", str(library.pk)) == {"library": "Films", "enabled": False}
    assert AuditEntry.objects.filter(object_type="faces.facelibrary").count() == 2
    with pytest.raises(CommandError, match="Nowhere"):
        _said("on", "Nowhere")


def test_says_what_was_found() -> None:
    make_track(identity=make_identity(make_performer(), track_count=1))

    said = _said("status")

    assert (said["faces"], said["identities"], said["named"], said["waiting"]) == (1, 1, 1, 1)


def test_asks_for_jobs() -> None:
    make_library(name="Films")

    jobs = [
        _said("find", "--q", "rating:5")["job"],
        _said("group")["job"],
        _said("wipe", "--library", "Films", "--yes")["job"],
        _said("wipe", "--everything", "--yes")["job"],
    ]

    kinds = dict(Job.objects.values_list("pk", "kind"))
    assert [kinds[job["id"]] for job in jobs] == [
        "faces.find", "faces.regroup", "faces.wipe", "faces.wipe",
    ]  # fmt: skip


def test_tells_what_grouping_would_change() -> None:
    make_track()

    assert _said("group", "--dry-run")["faces"] == 1
    assert Track.objects.get().identity is None


def test_wipes_nothing_without_a_yes() -> None:
    with pytest.raises(CommandError, match="--yes"):
        _said("wipe", "--everything")

    assert not Job.objects.exists()
