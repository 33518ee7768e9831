"""A long film by several workers: parts as jobs, and what comes of it when they are killed."""

import os
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from apps.jobs.models import Job
from apps.jobs.services import batches
from apps.jobs.services.lifecycle import cancel, retry
from apps.jobs.worker import run_next
from apps.library.models import Library
from apps.library.services.storage import open_disk
from apps.transcodes.models import Transcode
from apps.transcodes.services.sweep import give_up
from apps.transcodes.tasks.asking import request_one
from apps.transcodes.tasks.trash import tidy_up
from tests.transcodes.conftest import Profile, in_catalogue, on_disk, video_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _short_films_count_as_long(settings: Any) -> None:
    settings.MEDIAHUB_TRANSCODE_CHUNK_MINUTES = 0.4 / 60
    settings.MEDIAHUB_QUEUES = {**settings.MEDIAHUB_QUEUES, "cpu": 2}
    settings.MEDIAHUB_GUARDS = False


def _asked(profile: Profile) -> Job:
    Job.objects.all().delete()  # what the scan has asked for
    _, job = request_one(video_of("hevc.mp4"), profile(place="replace"))
    run_next("cpu")
    job.refresh_from_db()
    return job


def _work() -> None:
    while run_next("cpu"):
        pass


@pytest.mark.usefixtures("transactional_db")
def test_parts_are_jobs_of_one_and_joined_at_the_end(
    library: Library, profile: Profile, root: Path
) -> None:
    job = _asked(profile)

    kinds = list(job.children.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["transcodes.part", "transcodes.part", "transcodes.join"]
    assert job.children.get(kind="transcodes.join").waits == 2
    _work()
    batches.roll_up()
    job.refresh_from_db()
    transcode = Transcode.objects.with_state().get()
    assert (job.state, transcode.state) == ("succeeded", "done")
    assert transcode.proof["frames"] == 25
    assert video_of("hevc.mp4").video_codec == "h264"
    left = {path for path in on_disk(root) if "trash" not in path}
    assert left == in_catalogue()


@pytest.mark.usefixtures("transactional_db")
def test_what_cannot_be_finished_leaves_nothing_behind(
    library: Library, profile: Profile, root: Path
) -> None:
    job = _asked(profile)
    run_next("cpu")  # the first part
    film = root / "a folder" / "hevc.mp4"
    film.write_bytes(film.read_bytes() + b"changed")

    _work()
    batches.roll_up()

    transcode = Transcode.objects.get()
    assert transcode.error_code == "source_changed"
    job.refresh_from_db()
    assert job.state != "running"
    Transcode.objects.update(updated_at=job.created_at.replace(year=2020))
    from apps.jobs.services.lifecycle import enqueue

    enqueue(tidy_up)
    while run_next("disk"):
        pass
    assert on_disk(root) == {"a folder/hevc.mp4", "a folder/xvid.avi", "a folder/h264.mp4"}
    assert os.stat(film).st_size > transcode.source_bytes


@pytest.mark.usefixtures("transactional_db")
def test_parts_that_are_gone_are_encoded_when_the_rest_is_tried_again(
    library: Library, profile: Profile, root: Path
) -> None:
    """Cancelled after the first part, and swept: the new batch has only jobs for the others."""
    job = _asked(profile)
    run_next("cpu")
    cancel(job)
    _work()
    batches.roll_up()
    transcode = Transcode.objects.get()
    Transcode.objects.update(updated_at=job.created_at.replace(year=2020))
    with open_disk() as disk:
        assert give_up(transcode.pk, disk=disk, guard=transaction.atomic)
    assert {path for path in on_disk(root) if ".mediahub" in path} == set()

    job.refresh_from_db()
    again = retry(job)
    _work()
    batches.roll_up()

    again.refresh_from_db()
    transcode.refresh_from_db()
    assert (again.state, transcode.outcome, transcode.job_id) == ("succeeded", "done", again.pk)
    assert {path for path in on_disk(root) if "trash" not in path} == in_catalogue()
