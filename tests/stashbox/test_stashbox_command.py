"""``manage.py stashbox``, and the jobs that do the same."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.core.errors import MediaHubError
from apps.jobs.choices import JobState
from apps.jobs.context import JobContext
from apps.jobs.models import Job
from apps.jobs.registry import find_task
from apps.library.models import Video
from apps.stashbox import tasks
from apps.stashbox.choices import MatchState
from apps.stashbox.models import RemoteLink, StashBox, StashMatch, Submission
from apps.stashbox.services.submit import GivingRefused
from tests.factories import make_file, make_library, make_performer, make_video
from tests.stashbox.factories import make_box, make_match, scene
from tests.stashbox.standin import StandIn

pytestmark = pytest.mark.django_db


def _run(*arguments: str) -> str:
    out = StringIO()
    call_command("stashbox", *arguments, stdout=out)
    return out.getvalue()


def _said(*arguments: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(_run(*arguments, "--json"))
    return said


def _match(box: StashBox, standin: StandIn) -> StashMatch:
    known = scene(id=standin.data.add_scene(title="There"))
    return make_match(box=box, of=known, state=MatchState.ACCEPTED)


def _beside(folder: Path) -> Video:
    library = make_library(root=str(folder))
    (folder / "clip.nfo").write_text("<movie><title>A day</title></movie>")
    (folder / "other.nfo").write_text("<movie>")
    make_video(file=make_file(b"other.mp4", library=library))
    return make_video(file=make_file(b"clip.mp4", library=library))


class TestCommand:
    def test_tests_boxes(self, box: StashBox, standin: StandIn) -> None:
        (said,) = _said("test")["boxes"]

        assert (said["user"], said["version"]) == (standin.settings.user, standin.settings.version)

    def test_says_which_box_failed_and_asks_the_others(self, box: StashBox) -> None:
        make_box("Away", position=-1)
        out = StringIO()

        with pytest.raises(CommandError, match="Away"):
            call_command("stashbox", "test", stdout=out)

        first, second = out.getvalue().splitlines()
        assert first.startswith("Away: ")
        assert second.startswith("Stand-in: ")

    def test_a_dry_run_shows_what_is_then_sent(self, box: StashBox, standin: StandIn) -> None:
        _match(box, standin)

        shown = [json.loads(line) for line in _run("submit", "--dry-run").splitlines()[:-1]]

        assert not standin.requests
        assert not Submission.objects.exists()
        assert "sent 1" in _run("submit")
        assert standin.submissions == shown

    def test_gives_only_to_boxes_that_are_marked(self, box: StashBox, standin: StandIn) -> None:
        StashBox.objects.update(may_submit=False)

        assert _said("submit")["boxes"] == []
        with pytest.raises(CommandError, match="Stand-in"):
            _run("submit", "--box", "stand-in")
        assert not standin.requests

    def test_gives_drafts(self, box: StashBox, standin: StandIn) -> None:
        video, eve = make_video("A day"), make_performer("Eve")

        (shown,) = _said("draft", "--video", str(video.pk), "--dry-run")["boxes"]
        assert not standin.drafts
        _run("draft", "--video", str(video.pk))
        _run("draft", "--performer", str(eve.pk))

        assert [draft.fields for draft in standin.drafts] == [*shown["would_send"], {"name": "Eve"}]
        with pytest.raises(CommandError):
            _run("draft", "--video", "0")

    def test_looks_performers_up(self, box: StashBox, standin: StandIn) -> None:
        standin.data.add_performer("Eve", aliases=["Evi"])
        make_performer("Eve", aliases=["Evi"])

        (said,) = _said("performers", "--box", "Stand-in")["boxes"]

        assert (said["asked"], said["linked"]) == (1, 1)

    def test_reads_files_beside_videos(self, tmp_path: Path) -> None:
        _beside(tmp_path)

        told = _run("scrape").splitlines()

        assert told[0].startswith("other.mp4: other.nfo: ")
        assert told[1] == "1 candidates beside 2 videos; 1 could not be read."

    def test_an_unknown_box_is_an_error(self) -> None:
        with pytest.raises(CommandError, match="No stash-box is called X"):
            _run("test", "--box", "X")


def _under_way(job: Job) -> dict[str, Any]:
    """The job's summary, as if a worker had taken it."""
    lease = timezone.now() + timedelta(minutes=1)
    Job.objects.filter(pk=job.pk).update(
        state=JobState.RUNNING, fence=1, lease_until=lease, started_at=timezone.now()
    )
    job.refresh_from_db()
    return find_task(job.kind).work(JobContext(job), **job.params)


class TestJobs:
    def test_give_back_what_is_sure(self, box: StashBox, standin: StandIn) -> None:
        _match(box, standin)
        make_match(box=box, state=MatchState.ACCEPTED)

        job = tasks.request_submit(box)

        assert tasks.request_submit(box) == job
        assert _under_way(job) == {"sent": 2, "requests": 1, "refused": 1}

    def test_are_refused_where_nothing_may_be_given(self) -> None:
        box = make_box()

        with pytest.raises(GivingRefused):
            tasks.request_submit(box)
        with pytest.raises(GivingRefused):
            tasks.request_draft(make_video(), box)

    def test_give_drafts(self, box: StashBox, standin: StandIn) -> None:
        for one in (make_video(), make_performer()):
            _under_way(tasks.request_draft(one, box))

        assert [draft.kind for draft in standin.drafts] == ["scene", "performer"]

    def test_look_performers_up_though_a_box_is_away(self, box: StashBox, standin: StandIn) -> None:
        make_box(position=-1, url="http://127.0.0.1:1/graphql", allow_private=False)
        there = standin.data.add_performer("Eve", aliases=["Evi"])
        make_performer("Eve", aliases=["Evi"])

        summary = _under_way(tasks.request_performers())

        assert (summary["linked"], summary["failed"]) == (1, 1)
        assert RemoteLink.objects.get().remote_id == there

    def test_read_files_beside_videos(self, tmp_path: Path) -> None:
        video = _beside(tmp_path)

        summary = _under_way(tasks.request_scrape(q="clip"))

        assert summary == {"videos": 1, "found": 1, "refused": 0}
        assert StashMatch.objects.get().video == video

    def test_a_query_that_makes_no_sense_is_told_of_at_once(self) -> None:
        with pytest.raises(MediaHubError):
            tasks.request_scrape(q="tag:(")
