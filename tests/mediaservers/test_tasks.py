"""Jobs that tell, what scans have told, and what is due."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.jobs.choices import JobState
from apps.jobs.models import Job
from apps.jobs.worker import work_off
from apps.library.signals import videos_scanned
from apps.mediaservers.choices import NoticeState
from apps.mediaservers.models import MediaServer, Notice
from apps.mediaservers.tasks import forget_old, request_due, request_scanned
from tests.factories import NOON, make_library, make_video
from tests.mediaservers.conftest import server_of
from tests.mediaservers.factories import make_notice, make_server
from tests.mediaservers.standin import TOKEN, Answer, StandIn

THERE = "/media/films/a.mkv"


@pytest.mark.django_db(transaction=True)
class TestJobs:
    def test_what_is_due_is_one_job_a_server_and_its_outcome_is_there(
        self, jellyfin: StandIn
    ) -> None:
        notice = make_notice(server_of(jellyfin), b"/srv/films/a.mkv")
        make_notice(make_server(enabled=False))

        request_due.call()
        request_due.call()
        work_off("net")

        job = Job.objects.get()
        assert (job.state, job.summary) == (
            JobState.SUCCEEDED, {"told": 1, "confirmed": 0, "failed": 0},
        )  # fmt: skip
        assert job.params == {"server_id": notice.server_id}
        notice.refresh_from_db()
        assert (notice.state, notice.there, notice.job_id) == (NoticeState.TOLD, THERE, job.pk)

    def test_a_server_that_cannot_be_told_fails_its_job_with_the_reason_once(
        self, jellyfin: StandIn
    ) -> None:
        server = server_of(jellyfin)
        make_notice(server, b"/srv/films/a.mkv")
        jellyfin.trouble = [Answer(401)]

        request_due.call()
        work_off("net")
        request_due.call()

        job = Job.objects.get()
        assert (job.state, job.attempt) == (JobState.FAILED, 1)
        assert job.error_message.startswith("Jellyfin does not know the token.")
        assert TOKEN not in str(job.__dict__)
        MediaServer.objects.update(not_before=timezone.now() - timedelta(seconds=1))
        request_due.call()
        work_off("net")
        assert Notice.objects.get().state == NoticeState.TOLD


@pytest.mark.django_db
class TestScans:
    def test_they_are_told_only_to_those_who_want_it(self) -> None:
        library = make_library(root="/srv/films")
        old, new = make_video(library=library), make_video(library=library)
        old.files.update(created_at=NOON - timedelta(days=9))
        make_server()
        server = make_server(tell_scans=True, libraries=[library])
        make_server(tell_scans=True, libraries=[make_library()])

        videos_scanned.send(sender=None, video_ids=[old.pk, new.pk], library_id=library.pk)
        work_off("disk")

        notices = Notice.objects.all()
        assert {notice.server for notice in notices} == {server}
        files = [(old.primary_file, "modified"), (new.primary_file, "created")]
        assert {(bytes(each.path), each.size_bytes, each.change) for each in notices} == {
            (file.location, file.size_bytes, change) for file, change in files
        }

    def test_if_nobody_wants_it_there_is_no_job(self) -> None:
        make_server()
        assert request_scanned([1], library_id=make_library().pk) is None
        assert not Job.objects.exists()


@pytest.mark.django_db
def test_what_is_long_over_is_forgotten() -> None:
    make_notice(state=NoticeState.FAILED, ended_at=timezone.now() - timedelta(days=999))
    forget_old.call()
    assert not Notice.objects.exists()
