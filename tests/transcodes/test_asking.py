"""Asking for transcodes: of one video, of many, by rules; what comes to a job and what doesn't."""

from typing import Any

import pytest
from django.core.management import call_command

from apps.jobs.choices import JobState
from apps.jobs.models import Job
from apps.jobs.worker import run_next
from apps.library.models import Library
from apps.transcodes.choices import Outcome
from apps.transcodes.models import Transcode, TranscodeRule
from apps.transcodes.services.rules import RuleRefused, create_rule
from apps.transcodes.tasks.asking import request_nightly, request_on_import, request_rules
from tests.client import Api
from tests.factories import NOON
from tests.transcodes.conftest import Profile, video_of

pytestmark = pytest.mark.django_db


def _work() -> None:
    while run_next("cpu"):
        pass


@pytest.fixture
def unguarded(settings: Any) -> None:
    """Whatever else this machine does meanwhile."""
    settings.MEDIAHUB_GUARDS = False


@pytest.mark.usefixtures("unguarded", "transactional_db")
class TestJobs:
    def test_those_that_do_not_comply_are_transcoded_and_not_again(
        self, api: Api, library: Library, profile: Profile
    ) -> None:
        made = profile(place="add")

        answer = api.post(f"encoding-profiles/{made.pk}/transcode/", {"q": ""})
        _work()

        job = Job.objects.get(pk=answer.json()["id"])
        assert job.summary["asked"] == 2  # h264.mp4 complies
        done = Transcode.objects.with_state().order_by("pk")
        assert [one.state for one in done] == ["done", "done"]
        assert {one.job.parent_id for one in done} == {job.pk}
        api.post(f"encoding-profiles/{made.pk}/transcode/", {"q": ""})
        _work()
        assert Transcode.objects.count() == 2

    def test_one_and_its_restoring(self, api: Api, library: Library, profile: Profile) -> None:
        made, video = profile(), video_of("xvid.avi")
        asked = {"video": video.pk, "profile": made.pk}

        job = api.post("transcodes/", asked).json()
        again = api.post("transcodes/", asked).json()
        _work()

        assert "already" in again["detail"]
        (row,) = api.results("transcodes/?state=done")
        assert row["job"] == job["id"]
        assert row["target_path"] == "a folder/xvid.mp4"
        assert row["in_trash"]
        api.post(f"transcodes/{row['id']}/restore/")
        while run_next("disk"):
            pass
        assert api.get(f"transcodes/{row['id']}/").json()["state"] == Outcome.RESTORED
        video.refresh_from_db()
        assert video.path == "a folder/xvid.avi"

    def test_rules_take_what_comes(self, library: Library, profile: Profile) -> None:
        first = TranscodeRule(name="a", query="codec:hevc", profile=profile(place="add"))
        first.on_import = True
        create_rule(first, now=NOON)
        other = TranscodeRule(name="b", profile=profile(place="add", suffix=".b"), position=1)
        create_rule(other, now=NOON)
        new = [video_of("hevc.mp4").pk, video_of("xvid.avi").pk]

        assert request_on_import(new) is not None
        _work()
        assert [one.rule_id for one in Transcode.objects.all()] == [first.pk]
        request_rules()
        _work()

        # the first that finds a video has it
        by_rule = Transcode.objects.order_by("pk").values_list("rule", "video")
        assert set(by_rule) == {(first.pk, new[0]), (other.pk, new[1])}
        assert not Job.objects.filter(state=JobState.FAILED).exists()


def test_what_it_would_come_to(api: Api, library: Library, profile: Profile) -> None:
    made = profile()

    told = api.post(f"encoding-profiles/{made.pk}/transcode/", {"q": "", "dry_run": True}).json()

    assert told["videos"] == 3
    assert told["by_deed"]["skip"] == 1
    assert told["foreseen_bytes"] > 0
    assert not Transcode.objects.exists()


def test_the_exact_command(api: Api, library: Library, profile: Profile) -> None:
    made = profile()
    url = f"encoding-profiles/{made.pk}/command/"

    told = api.get(f"{url}?video={video_of('hevc.mp4').pk}").json()

    assert told["deed"] == "video"
    assert [way["encoder"] for way in told["ways"]] == ["libx264"]
    assert " libx264 " in told["ways"][0]["command"]
    skipped = api.get(f"{url}?video={video_of('h264.mp4').pk}").json()
    assert (skipped["deed"], skipped["ways"]) == ("skip", [])
    assert all(one["ok"] for one in skipped["criteria"])
    api.get(f"{url}?video=x")
    api.get(f"{url}?video={video_of('hevc.mp4').pk}&encoder=h264_nvenc")


def test_rules_that_make_no_sense(profile: Profile) -> None:
    for values in ({"starts_at": "22:00"}, {"weekdays": [9]}):
        with pytest.raises(RuleRefused):
            create_rule(TranscodeRule(name="x", profile=profile(), **values), now=NOON)


def test_nightly_rules_run_once_a_night_and_not_whenever_it_starts(profile: Profile) -> None:
    create_rule(TranscodeRule(name="x", profile=profile(), nightly=True), now=NOON)

    assert request_nightly(now=NOON) is None
    assert request_nightly(now=NOON.replace(hour=2)) is not None


def test_the_command(library: Library, profile: Profile, capsys: Any) -> None:
    made = profile()

    call_command("transcode", made.name, "--q", "codec:hevc")

    out = capsys.readouterr().out
    assert "a folder/hevc.mp4" in out
    assert "1 videos: 1 video" in out
