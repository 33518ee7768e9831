"""Batches of artifacts: one job a video, under one parent for each library."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from apps.artifacts import tasks
from apps.artifacts.models import Artifact, Leftover
from apps.jobs.models import Job
from apps.jobs.services.batches import roll_up
from apps.jobs.worker import run_next, work_off
from apps.library.models import Library, Video
from apps.library.services.libraries import add_library
from apps.library.services.scan import scan_library
from tests.factories import NOON
from tests.media import media

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def library(tmp_path: Path, settings: Any) -> Library:
    default = {**settings.STORAGES["default"], "OPTIONS": {"location": tmp_path / "artifacts"}}
    settings.STORAGES = {**settings.STORAGES, "default": default}
    settings.MEDIAHUB_ARTIFACT_KINDS = ["sprite", "phash"]
    root = tmp_path / "root"
    root.mkdir()
    shutil.copy(media("h264.mp4"), root / "one.mp4")
    shutil.copy(media("portrait.mp4"), root / "two.mp4")
    return add_library(root)


def batch() -> Job:
    roll_up()
    return Job.objects.get(kind="artifacts.generate")


def test_a_scan_asks_for_what_its_videos_lack(library: Library) -> None:
    scan_library(library, now=NOON)
    assert batch().target_id == library.pk

    work_off("cpu")

    done = batch()
    assert (done.state, done.done, done.total) == ("succeeded", 2, 2)
    assert done.summary == {"succeeded": 2, "made": 4}
    assert Artifact.objects.made().count() == 4


def test_a_batch_under_way_takes_in_what_is_new(library: Library) -> None:
    scan_library(library, now=NOON)
    run_next("cpu")  # the batch is split
    shutil.copy(media("rotated90.mp4"), Path(library.root) / "three.mp4")
    scan_library(library, now=NOON)

    assert batch().children.count() == 3
    work_off("cpu")
    assert batch().summary == {"succeeded": 3, "made": 6}


def test_what_failed_is_made_again_when_it_is_asked_for(library: Library) -> None:
    scan_library(library, now=NOON)
    work_off("cpu")
    roll_up()
    Artifact.objects.filter(kind="sprite").update(state="failed", error="undecodable")
    tasks.request_lacking.call()
    assert Job.objects.active().count() == 0

    again = tasks.request_again(Artifact.objects.failed("undecodable", kinds=["sprite"]))

    assert again is not None
    work_off("cpu")
    roll_up()
    again.refresh_from_db()
    assert again.summary == {"succeeded": 2, "made": 2}
    assert tasks.request_again(Artifact.objects.failed("any", kinds=["sprite"])) is None


def test_what_is_made_again_is_no_more_than_was_asked_for(library: Library) -> None:
    scan_library(library, now=NOON)
    work_off("cpu")
    one = Artifact.objects.filter(kind="sprite").first()
    assert one
    Artifact.objects.exclude(video=one.video_id).filter(kind="sprite").delete()

    tasks.request_again(Artifact.objects.filter(pk=one.pk))
    work_off("cpu")

    assert Artifact.objects.filter(kind="sprite").get().parameters


def test_what_no_scan_told_of_is_found(library: Library, settings: Any) -> None:
    scan_library(library, now=NOON)
    work_off("cpu")
    roll_up()
    settings.MEDIAHUB_ARTIFACT_KINDS = ["sprite", "phash", "chapters"]

    tasks.request_lacking.call()
    tasks.request_lacking.call()

    assert Job.objects.active().filter(kind="artifacts.generate").count() == 1


def test_orphans_are_deleted_by_and_by(library: Library) -> None:
    scan_library(library, now=NOON)
    work_off("cpu")
    Video.objects.all().delete()
    tasks.request_due_clean.call()
    assert not Job.objects.filter(kind="artifacts.clean").exists()
    Leftover.objects.update(due_at=NOON - timedelta(days=400))

    tasks.request_due_clean.call()
    work_off("disk")

    assert Job.objects.get(kind="artifacts.clean").summary["deleted"] == 2
    assert not Leftover.objects.exists()


def test_covers_come_first(library: Library, settings: Any) -> None:
    settings.MEDIAHUB_ARTIFACT_KINDS = ["cover", "chapters"]
    scan_library(library, now=NOON)

    run_next("cpu")
    run_next("cpu")
    run_next("cpu")

    assert [one.kind for one in Artifact.objects.all()] == ["cover", "cover"]
    work_off("cpu")
    assert Artifact.objects.count() == 4
