"""Identifying from the shell, by jobs, and when scans find new videos."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.core.errors import MediaHubError
from apps.jobs.choices import JobState
from apps.jobs.models import Job, JobLogLine
from apps.jobs.worker import work_off
from apps.library.models import Library
from apps.library.signals import videos_scanned
from apps.stashbox import tasks
from apps.stashbox.choices import MatchState
from apps.stashbox.models import StashBox, StashMatch
from apps.stashbox.services.boxes import settings_of_all
from apps.stashbox.tasks import request_accept, request_identify
from tests.factories import make_video
from tests.stashbox.factories import make_match
from tests.stashbox.standin import StandIn
from tests.stashbox.test_identify import LOOKUP, known


def command(*arguments: str) -> Any:
    out = io.StringIO()
    call_command("identify", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.mark.django_db
class TestCommand:
    def test_asks_about_the_videos_that_a_query_finds(
        self, standin: StandIn, box: StashBox
    ) -> None:
        known(standin.data, make_video("Beach"))
        known(standin.data, make_video("Forest"))

        told = command("--q", "title:beach", "--box", "stand-in")

        assert (told["asked"], told["applied"], told["failed"]) == (1, 1, {})
        assert command("--box", str(box.pk))["asked"] == 1
        assert command("--again")["asked"] == 2

    def test_tells_people(self, standin: StandIn, box: StashBox) -> None:
        known(standin.data, make_video())
        out = io.StringIO()

        call_command("identify", stdout=out)

        assert "1 asked about" in out.getvalue()
        assert "1 applied" in out.getvalue()

    @pytest.mark.parametrize("box_name", ["nowhere", "999", "²"])
    def test_a_box_that_is_not_there(self, db: None, box_name: str) -> None:
        with pytest.raises(CommandError, match="No stash-box is named"):
            command("--box", box_name)

    def test_a_box_that_fails_is_a_failure(self, standin: StandIn, box: StashBox) -> None:
        make_video()
        StashBox.objects.update(sealed_key="")

        with pytest.raises(CommandError, match="Stand-in"):
            command()


@pytest.mark.django_db(transaction=True)
class TestJobs:
    def test_many_videos_are_shared_out_in_whole_requests(
        self, standin: StandIn, box: StashBox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tasks, "_PART", 2)
        for _ in range(5):
            known(standin.data, make_video())

        request_identify()
        work_off("net")

        parts = Job.objects.filter(kind="stashbox.identify_part")
        assert [part.state for part in parts] == [JobState.SUCCEEDED] * 3
        assert StashMatch.objects.filter(state=MatchState.APPLIED).count() == 5
        assert sorted(each.scenes for each in standin.asked(LOOKUP)) == [1, 2, 2]

    def test_named_videos_are_shared_out_too(
        self, standin: StandIn, box: StashBox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tasks, "_PART", 2)
        videos = [make_video() for _ in range(4)]

        request_identify(ids=[video.pk for video in videos[1:]], box_ids=[box.pk])
        work_off("net")

        assert sorted(each.scenes for each in standin.asked(LOOKUP)) == [1, 2]

    def test_a_box_that_fails_is_told_in_the_log(self, standin: StandIn, box: StashBox) -> None:
        make_video()
        StashBox.objects.create(
            name="Locked", url=box.url, position=-1, allow_private=True, sealed_key=""
        )

        job = request_identify()
        work_off("net")

        job.refresh_from_db()
        assert (job.state, job.summary["boxes_failed"]) == (JobState.SUCCEEDED, 1)
        assert JobLogLine.objects.filter(job=job, message__contains="Locked").exists()

    def test_where_no_box_answers_the_job_fails(self, standin: StandIn, box: StashBox) -> None:
        make_video()
        StashBox.objects.update(sealed_key="")

        job = request_identify()
        work_off("net")

        job.refresh_from_db()
        assert (job.state, job.error_type) == (JobState.FAILED, "boxes_failed")
        assert "API key" in job.error_message

    def test_candidates_are_accepted_from_a_score_on(self, db: None) -> None:
        sure, unsure = make_match(score=80), make_match(score=50)

        request_accept(StashMatch.objects.all(), from_score=60)
        work_off("cpu")

        sure.refresh_from_db()
        unsure.refresh_from_db()
        assert (sure.state, unsure.state) == (MatchState.ACCEPTED, MatchState.REVIEW)


@pytest.mark.django_db
class TestAskedFor:
    def test_nothing_is_asked_for_that_makes_no_sense(self, db: None) -> None:
        with pytest.raises(MediaHubError) as refused:
            request_identify()
        assert refused.value.code == "no_box"
        StashBox.objects.create(name="Box", url="https://example.com/graphql")
        with pytest.raises(MediaHubError) as refused:
            request_identify(q="ratng>1")
        assert refused.value.code == "query"
        assert not Job.objects.exists()

    def test_new_videos_are_identified_if_that_is_wanted(self, db: None) -> None:
        video = make_video()

        def scan() -> list[Any]:
            videos_scanned.send(Library, library_id=1, video_ids=[video.pk])
            jobs = Job.objects.filter(kind="stashbox.identify")
            return list(jobs.values_list("params__ids", flat=True))

        row = settings_of_all()
        StashBox.objects.create(name="Box", url="https://example.com/graphql")
        assert scan() == []
        row.on_import = True
        row.save()
        assert scan() == [[video.pk]]
        StashBox.objects.update(enabled=False)
        assert scan() == [[video.pk]]
