"""Removing libraries: what people wrote stays where a file of another library still bears it."""

import pytest

from apps.jobs.choices import JobState
from apps.jobs.context import JobContext, LeaseLost
from apps.jobs.models import Job
from apps.jobs.registry import find_task
from apps.library.models import File, Folder, Library, Video
from apps.library.services import library_edits
from apps.library.services.library_edits import remove_library
from tests.factories import (
    NOON,
    make_file,
    make_job,
    make_library,
    make_studio,
    make_tag,
    make_video,
)

pytestmark = pytest.mark.django_db


class Killed(Exception):
    pass


@pytest.fixture
def library() -> Library:
    return make_library(root="/srv/films")


def test_a_video_with_a_file_elsewhere_stays(library: Library) -> None:
    tag, other = make_tag(), make_library(root="/srv/other")
    video = make_video(library=library, rating=90, tags=[tag])
    make_video(library=library, tags=[tag])
    copy = make_file(library=other, video=video)

    assert remove_library(library) == {"videos": 1}

    (kept,) = Video.objects.all()
    assert (kept.pk, kept.rating, kept.library_id, kept.primary_file_id, kept.path) == (
        video.pk, 90, other.pk, copy.pk, copy.path,
    )  # fmt: skip
    tag.refresh_from_db()
    assert tag.video_count == 1


def test_so_does_one_whose_other_file_is_missing(library: Library) -> None:
    video = make_video(library=library)
    make_file(library=make_library(root="/srv/other"), video=video, missing_since=NOON)

    assert remove_library(library) == {"videos": 0}

    video.refresh_from_db()
    assert video.missing_since == NOON


def test_one_of_another_library_loses_only_its_file_here(library: Library) -> None:
    video = make_video(library=make_library(root="/srv/other"))
    make_file(library=library, video=video)

    remove_library(library)

    assert list(File.objects.values_list("video", flat=True)) == [video.pk]


@pytest.mark.parametrize("batches", [0, 1, 2])
def test_a_worker_that_lost_its_job_removes_nothing_more(
    library: Library, batches: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_edits, "_BATCH", 1)
    for _ in range(2):
        make_file(library=library, video=make_video(library=library))
    job = make_job(JobState.RUNNING, kind="library.remove", params={"library_id": library.pk})
    running = JobContext(job)
    reported = []

    def lose(done: int, _total: int | None = None, /, **_facts: object) -> None:
        reported.append(done)
        if len(reported) == batches:
            Job.objects.update(fence=job.fence + 1)

    if batches == 0:
        Job.objects.update(fence=job.fence + 1)
    monkeypatch.setattr(running, "report", lose)
    with pytest.raises(LeaseLost):
        find_task(job.kind).work(running, **job.params)

    assert Library.objects.filter(pk=library.pk).exists()
    assert len(reported) == batches
    assert library.files.count() == 4 - batches


@pytest.mark.parametrize("kills", [1, 2, 3])
def test_goes_on_where_it_was_killed(
    library: Library, kills: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_edits, "_BATCH", 2)
    studio, stays = make_studio(), make_video()
    for number in range(4):
        video = make_video(library=library, studio=studio)
        make_file(library=library, video=video)
        if number == 3:
            File.objects.filter(video=video).delete()  # what an earlier version left

    def killed(done: int, _total: int | None, **_counts: int) -> None:
        if done == kills:
            raise Killed

    with pytest.raises(Killed):
        remove_library(library, report=killed)
    remove_library(library)

    assert list(Video.objects.all()) == [stays]
    assert list(Library.objects.all()) == [stays.library]
    assert not Folder.objects.exclude(library=stays.library).exists()
    studio.refresh_from_db()
    assert studio.video_count == 0
