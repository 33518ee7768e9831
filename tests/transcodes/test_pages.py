"""The pages of transcodes, profiles and rules in the admin."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.forms import model_to_dict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.accounts.choices import Role
from apps.jobs.choices import JobState
from apps.jobs.models import Job
from apps.transcodes.choices import Outcome, Place
from apps.transcodes.fields import RateField
from apps.transcodes.models import Transcode
from apps.transcodes.services.profiles import edit_profile
from tests.factories import NOON, make_job, make_user, make_video
from tests.transcodes.factories import make_profile, make_rule, make_transcode

pytestmark = pytest.mark.django_db

LIST = "admin:transcodes_transcode_changelist"
PLAN = {
    "deed": "both", "reason": "Picture and sound are encoded anew.", "notes": ["It is long."],
    "dropped": ["a <b>track</b>"],
    "criteria": [
        {"name": "video_codec", "wanted": "H.264", "found": "HEVC", "ok": False, "stream": 0},
        {"name": "audio_codec", "wanted": "aac or mp3", "found": "ac3", "ok": False, "stream": 1},
        {"name": "max_sample_rate", "wanted": "at most 48000", "found": "44100", "ok": True,
         "stream": 1},
        {"name": "image_subtitles", "wanted": "none", "found": "0 of 0 to be kept", "ok": True,
         "stream": None},
    ],
}  # fmt: skip


@pytest.fixture
def boss(client: Client) -> Client:
    client.force_login(make_user(superuser=True, username="boss"))
    return client


def text_of(client: Client, view: str, *args: Any, **query: Any) -> str:
    answer = client.get(reverse(view, args=args, query=query or None))
    assert answer.status_code == 200
    return answer.content.decode()


def make_open(state: JobState, **job: Any) -> Transcode:
    transcode = make_transcode(video=make_video())
    transcode.job = make_job(
        state, kind="transcodes.encode", unit="s of film", target_type="transcodes.transcode",
        target_id=transcode.pk, **job,
    )  # fmt: skip
    transcode.save()
    return transcode


class TestList:
    def test_the_running_say_how_far_they_are_and_the_waiting_why(self, boss: Client) -> None:
        now = timezone.now()
        make_open(JobState.RUNNING, done=30, total=120, rate_per_s=2.0)
        later = now + timedelta(seconds=50)
        make_open(JobState.QUEUED, run_at=later, wait_reason="a card is too hot")

        page = text_of(boss, LIST)

        assert "<b>25 %</b>" in page
        assert "45 s left" in page
        assert "a card is too hot" in page

    def test_many_cost_what_few_do(self, boss: Client) -> None:
        counts = []
        text_of(boss, LIST)
        for _ in range(2):
            for state in (JobState.RUNNING, JobState.QUEUED):
                make_open(state)
            done = {"outcome": Outcome.DONE, "finished_at": NOON, "target_bytes": 10, "took_s": 1.0}
            make_transcode(video=make_video(), **done)
            with CaptureQueriesContext(connection) as queries:
                text_of(boss, LIST)
            counts.append(len(queries))
            for _ in range(3):
                make_open(JobState.QUEUED)

        assert counts[0] == counts[1]

    def test_its_cells_come_alone(self, boss: Client) -> None:
        one, other = make_open(JobState.QUEUED), make_transcode(video=make_video())

        page = text_of(boss, "admin:transcodes_live", id=[one.pk, "x", 2**80])

        assert f'id="transcode-{one.pk}-state"' in page
        assert f"transcode-{other.pk}-" not in page

    def test_names_are_harmless(self, boss: Client) -> None:
        make_transcode(video=make_video(), source=b"<i>a\xff/<b>film.mkv")

        page = text_of(boss, LIST)

        assert "&lt;b&gt;film.mkv" in page
        assert "<i>a" not in page


class TestOne:
    def test_says_what_was_planned_in_words(self, boss: Client) -> None:
        transcode = make_transcode(plan=PLAN)

        page = text_of(boss, "admin:transcodes_transcode_change", transcode.pk)

        for words in ("Sample rate", "44100 Hz", "AC-3", "AAC or MP3", "a &lt;b&gt;track"):
            assert words in page
        assert "max_sample_rate" not in page

    def test_what_waits_in_the_trash_can_be_brought_back(self, boss: Client) -> None:
        done = {"outcome": Outcome.DONE, "finished_at": NOON, "target_bytes": 400_000}
        transcode = make_transcode(trash=b".mediahub-trash/film.mkv", **done)

        assert "Bring the source back" in text_of(
            boss, "admin:transcodes_transcode_change", transcode.pk
        )
        answer = boss.post(reverse("admin:transcodes_transcode_change", args=[transcode.pk]))
        page = text_of(boss, "admin:transcodes_transcode_change", transcode.pk, fragment="live")

        assert answer.status_code == 302
        job = Job.objects.get(kind="transcodes.restore")
        assert f'data-job="{job.pk}"' in page

    def test_a_failed_one_says_why(self, boss: Client) -> None:
        failed = {"outcome": Outcome.FAILED, "finished_at": NOON, "error_message": "It is <torn>."}
        transcode = make_transcode(**failed)

        page = text_of(boss, "admin:transcodes_transcode_change", transcode.pk)

        assert "It is &lt;torn&gt;." in page
        assert "The source is whole" in page


class TestProfiles:
    def test_versions_tell_changes_in_words(self, boss: Client) -> None:
        profile = make_profile()
        edit_profile(profile, {"max_bitrate": 12_000_000, "audio_languages": ["eng"]})

        page = text_of(boss, "admin:transcodes_encodingprofile_versions", profile.pk)

        assert "Peak bit rate" in page
        assert "none → 12 Mbit/s" in " ".join(page.split())

    def test_rates_are_typed_as_people_write_them(self, boss: Client) -> None:
        profile = make_profile()
        values = {name: value for name, value in model_to_dict(profile).items()
                  if value is not None and value is not False}  # fmt: skip
        values |= {"max_bitrate": "8 Mbit/s", "audio_bitrate": "128k", "copy_audio": "aac mp3"}

        answer = boss.post(
            reverse("admin:transcodes_encodingprofile_change", args=[profile.pk]), values
        )

        assert answer.status_code == 302, answer.context["adminform"].form.errors
        profile.refresh_from_db()
        assert (profile.max_bitrate, profile.audio_bitrate) == (8_000_000, 128_000)
        assert profile.copy_audio == ["aac", "mp3"]

    @pytest.mark.parametrize("bits", [1, 160_000, 2_500_000, 12_345_678, 40_000_000])
    def test_a_rate_survives_being_shown(self, bits: int) -> None:
        field = RateField()

        assert field.to_python(field.prepare_value(bits)) == bits

    def test_offers_videos_by_words(self, boss: Client) -> None:
        profile = make_profile()
        found, other = make_video("Harbour"), make_video("Mountain")

        page = text_of(boss, "admin:transcodes_encodingprofile_try", profile.pk, video="harbour")
        nonsense = text_of(boss, "admin:transcodes_encodingprofile_try", profile.pk, video="a:(")

        assert f"?video={found.pk}" in page
        assert f"?video={other.pk}" not in page
        assert 'role="alert"' in nonsense

    def test_all_lists_lead_to_one_another(self, boss: Client) -> None:
        make_rule()
        lists = [
            reverse(f"admin:transcodes_{name}")
            for name in ("transcode_changelist", "encodingprofile_changelist",
                         "transcoderule_changelist", "ask")
        ]  # fmt: skip

        for address in lists:
            page = boss.get(address).content.decode()
            assert all(f'href="{other}"' in page for other in lists)


class TestDoors:
    def test_chosen_videos_lead_to_asking(self, boss: Client) -> None:
        videos = [make_video(), make_video()]
        chosen = {"action": "transcode_chosen", "_selected_action": [one.pk for one in videos]}

        answer = boss.post(reverse("admin:library_video_changelist"), chosen, follow=True)

        assert "2 chosen videos" in answer.content.decode()

    def test_a_video_shows_its_transcodes(self, boss: Client) -> None:
        transcode = make_transcode(place=Place.ADD)
        video: Any = transcode.video

        page = text_of(boss, "admin:library_video_change", video.pk)

        assert reverse("admin:transcodes_transcode_change", args=[transcode.pk]) in page
        assert f"{reverse('admin:transcodes_ask')}?id={video.pk}" in page

    def test_home_says_how_they_stand(self, boss: Client) -> None:
        make_open(JobState.QUEUED)
        make_open(JobState.RUNNING)

        page = " ".join(text_of(boss, "admin:index").split())

        assert "1 running, 1 waiting" in page

    def test_an_editor_sees_and_asks_for_nothing(self, client: Client) -> None:
        client.force_login(make_user(Role.EDITOR))
        transcode = make_transcode(trash=b"x", outcome=Outcome.DONE, finished_at=NOON)
        profile = transcode.profile.profile_id

        page = text_of(client, "admin:transcodes_transcode_change", transcode.pk)
        form = text_of(client, "admin:transcodes_encodingprofile_change", profile)
        refused = client.get(reverse("admin:transcodes_ask"))

        assert "Bring the source back" not in page
        assert "Video codec" in form
        assert refused.status_code == 403
