"""What Browse found, as covers, as a wall and as a table."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.accounts.choices import Role
from apps.artifacts.choices import ArtifactKind, ArtifactState
from apps.browse.models import BrowseSettings
from apps.browse.services.table import USUAL
from apps.browse.tasks import request_pictures
from apps.core import counting
from apps.core.counting import Expected
from apps.jobs.models import Job
from apps.jobs.worker import run_next
from apps.library.choices import ProbeState
from apps.library.models import File, Video, Viewing
from apps.playback.models import PlayerSettings
from tests.client import Api
from tests.factories import (
    NOON,
    make_artifact,
    make_custom_field,
    make_marker,
    make_performer,
    make_studio,
    make_tag,
    make_user,
    make_video,
)

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script> \"'> onerror=alert(2)"


def browse(client: Client, **parameters: object) -> str:
    response = client.get(reverse("admin:library_video_browse"), parameters)
    assert response.status_code == 200
    return str(response.content.decode())


def shown(page: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'data-video="(\d+)"', page)]


def following(page: str) -> str:
    found = re.search(r'data-next="([^"]*)"', page)
    return found.group(1).replace("&amp;", "&") if found else ""


def fill(number: int) -> None:
    """Videos with everything that a card or a line may show."""
    tag, performer, studio = make_tag(), make_performer(), make_studio()
    for at in range(number):
        video = make_video(tags=[tag], performers=[performer], studio=studio, rating=at % 99 + 1)
        make_artifact(video)
        make_marker(video)


def asked(client: Client, **parameters: object) -> int:
    browse(client, **parameters)  # what is read once
    with CaptureQueriesContext(connection) as captured:
        browse(client, **parameters)
    return len(captured)


@pytest.mark.parametrize("layout", ["grid", "wall", "table"])
def test_many_videos_cost_the_queries_of_few(boss: Client, layout: str) -> None:
    make_custom_field("mood")
    fill(5)
    few = asked(boss, layout=layout, page_size=500)
    fill(195)

    assert asked(boss, layout=layout, page_size=500) == few


def test_many_columns_cost_the_queries_of_one(boss: Client) -> None:
    make_custom_field("mood")
    fill(3)
    settings = BrowseSettings.objects.create(
        user_id=boss.session["_auth_user_id"], columns=[{"name": "title"}]
    )
    one = asked(boss, layout="table")
    every = re.findall(r'\["([a-z._]+)", "', browse(boss, layout="table"))
    settings.columns = [{"name": name} for name in every]
    settings.save()

    assert len(every) > 20
    assert asked(boss, layout="table") == one


class TestPages:
    @pytest.mark.parametrize("layout", ["grid", "table"])
    def test_go_on_where_the_last_one_ended(self, boss: Client, layout: str) -> None:
        made = [make_video().pk for _ in range(60)]
        page, seen = browse(boss, layout=layout, page_size=25), []
        for _ in range(3):
            seen += shown(page)
            if address := following(page):
                page = boss.get(
                    reverse("admin:library_video_browse") + address + "&fragment=results"
                ).content.decode()
                assert "<html" not in page

        assert seen == made[::-1]
        assert following(page) == ""
        assert "data-total" not in page  # was said on the first page

    def test_a_cursor_whose_videos_are_gone_shows_the_first_page(self, boss: Client) -> None:
        for _ in range(30):
            make_video()
        address = following(browse(boss, page_size=25))
        Video.objects.filter(pk__in=Video.objects.order_by("pk").values("pk")[:5]).delete()

        page = boss.get(reverse("admin:library_video_browse") + address).content.decode()

        assert len(shown(page)) == 25

    def test_nothing_found_says_so_and_leads_back(self, boss: Client) -> None:
        make_video("Known")

        page = browse(boss, q="unheard-of-thing-xyz")

        assert "Nothing matches" in page
        assert shown(page) == []

    def test_a_query_that_is_wrong_shows_no_videos(self, boss: Client) -> None:
        make_video()

        assert shown(browse(boss, q="rating:>>")) == []


class TestCards:
    def test_say_what_is_known_of_the_video(self, boss: Client) -> None:
        video = make_video("One", rating=87, favorite=True, width=3840, height=2160)
        File.objects.filter(video=video).update(
            streams=[{"kind": "audio"}, {"kind": "video", "hdr": "dolby_vision"}]
        )
        make_marker(video)
        make_marker(video, start_ms=9_000)
        Viewing.objects.create(
            user_id=boss.session["_auth_user_id"], video=video, position_ms=15_000
        )

        page = browse(boss)

        for words in ("4K", "Dolby Vision", "H.264", "1:00", ">87<", "★", "25 % watched"):
            assert words in page, words
        assert '2<span class="mh-spoken"> markers' in page

    def test_show_what_another_watched_to_nobody(self, boss: Client) -> None:
        video = make_video()
        Viewing.objects.create(user=make_user(), video=video, position_ms=15_000)

        assert "% watched" not in browse(boss)

    def test_name_preview_and_frames_where_there_are_any(self, boss: Client) -> None:
        video = make_video()
        make_artifact(video)
        make_artifact(video, kind=ArtifactKind.PREVIEW)
        make_artifact(video, kind=ArtifactKind.SPRITE)

        page = browse(boss)

        assert re.search(r'data-preview="[^"]*size=clip', page)
        assert re.search(r'data-sprite="[^"]*size=vtt', page)

    def test_a_cover_that_failed_says_why(self, boss: Client) -> None:
        make_artifact(make_video(), state=ArtifactState.FAILED, error="no_frames", size_bytes=0)
        broken = make_video()
        File.objects.filter(video=broken).update(
            probe_state=ProbeState.FAILED, probe_error="moov_missing"
        )

        page = browse(boss)

        assert "no cover: no frames" in page
        assert "broken: moov missing" in page

    @pytest.mark.parametrize("layout", ["grid", "wall", "table"])
    def test_hostile_titles_are_only_text(self, boss: Client, layout: str) -> None:
        make_video(HOSTILE, tags=[make_tag(HOSTILE)])

        page = browse(boss, layout=layout)

        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page

    def test_a_missing_video_offers_nothing_to_watch(self, boss: Client) -> None:
        make_video(missing_since=NOON)

        page = browse(boss)

        assert "mh-badge-warning" in page
        assert "mh-card-watch" not in page


class TestTable:
    def test_shows_the_usual_columns_to_who_chose_none(self, boss: Client) -> None:
        make_video()

        assert columns(browse(boss, layout="table")) == list(USUAL)

    def test_shows_what_the_person_chose_as_wide_as_they_like(self, boss: Client) -> None:
        make_custom_field("mood")
        make_video(custom={"mood": "calm"})
        api = Api()
        api.http = boss
        wanted = [{"name": "custom.mood"}, {"name": "title", "width": 444}]

        boss.patch("/api/v1/browse-settings/", {"columns": wanted}, content_type="application/json")

        page = browse(boss, layout="table")
        assert columns(page) == ["custom.mood", "title"]
        assert "444px" in page
        assert ">calm<" in page

    def test_leaves_out_a_column_whose_field_was_deleted(self, boss: Client) -> None:
        field = make_custom_field("mood")
        make_video()
        BrowseSettings.objects.create(
            user_id=boss.session["_auth_user_id"],
            columns=[{"name": "custom.mood"}, {"name": "title"}],
        )
        field.delete()

        assert columns(browse(boss, layout="table")) == ["title"]

    def test_heads_say_how_it_is_sorted_and_sort(self, boss: Client) -> None:
        make_video()

        page = browse(boss, layout="table", ordering="-rating,title")

        assert re.search(r'data-column="rating"\s+aria-sort="descending"', page)
        assert re.search(r'data-column="title"\s+aria-sort="ascending"', page)
        assert "ordering=-title" in page  # the way back
        assert re.findall(r'mh-sheet-level">(\d)', page) == ["2", "1"]

    def test_every_column_can_be_shown(self, boss: Client) -> None:
        make_video("Bare", duration_ms=None, width=None, height=None, frame_rate=None, bitrate=None)
        make_video("Full", rating=5, favorite=True, organized=True, date=NOON.date(),
                   studio=make_studio("Acme"), tags=[make_tag("Dog"), make_tag("Cat")])  # fmt: skip
        every = re.findall(r'\["([a-z._]+)", "', browse(boss, layout="table"))
        BrowseSettings.objects.create(
            user_id=boss.session["_auth_user_id"], columns=[{"name": name} for name in every]
        )

        page = browse(boss, layout="table")

        assert columns(page) == every
        for words in ("Acme", "Cat, Dog", "2026-11-21", "8 Mbit/s", "1080p"):
            assert words in page, words


def columns(page: str) -> list[str]:
    return re.findall(r'data-column="([^"]+)"', page)


class TestWhoMayWhat:
    def test_viewers_are_offered_no_edits(self, as_role: Any) -> None:
        make_video()

        page = browse(as_role(Role.VIEWER), layout="table")

        assert "data-may-change" not in page
        assert "data-bulk" not in page

    def test_keys_are_off_where_the_players_are(self, boss: Client) -> None:
        make_video()
        assert "data-keys" in browse(boss)

        PlayerSettings.objects.create(user_id=boss.session["_auth_user_id"], shortcuts_on=False)

        assert "data-keys" not in browse(boss)


class TestSettings:
    def test_are_each_persons_own(self) -> None:
        ann, bob = Api(make_user(Role.VIEWER)), Api(make_user(Role.VIEWER))

        changed = ann.patch("browse-settings/", {"paging": "pages", "page_size": 100})

        assert changed.status_code == 200
        assert ann.get("browse-settings/").json()["paging"] == "pages"
        assert bob.get("browse-settings/").json()["paging"] == "scroll"

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"columns": [{"name": "nonsense"}]}, "columns"),
            ({"columns": [{"name": "title"}, {"name": "title"}]}, "columns"),
            ({"columns": [{"name": "title", "width": 5}]}, "columns"),
            ({"columns": "title"}, "columns"),
            ({"page_size": 7}, "page_size"),
            ({"layout": "heap"}, "layout"),
            ({"nonsense": 1}, "nonsense"),
        ],
    )
    def test_that_make_no_sense_are_refused_by_name(self, body: Any, field: str) -> None:
        ann = Api(make_user(Role.VIEWER))

        refused = ann.patch("browse-settings/", body)

        assert refused.status_code == 400
        assert field in refused.json()["errors"] or refused.json()["type"].endswith(
            "column_unknown"
        )
        assert not BrowseSettings.objects.exists()


def test_the_watch_page_begins_where_the_address_says(boss: Client) -> None:
    video = make_video()
    address = reverse("admin:playback_watch", args=[video.pk])

    assert '"resume": 12.5' in boss.get(address, {"t": "12.5"}).content.decode()
    assert '"resume": 0' in boss.get(address, {"t": "soon"}).content.decode()


class TestMake:
    @pytest.mark.django_db(transaction=True)
    def test_is_a_job_for_each_video_that_is_there(self) -> None:
        one, two = make_video(), make_video()
        make_video(missing_since=NOON)
        editor = Api(make_user(Role.ADMINISTRATOR))

        job = editor.post("videos/make/", {"q": "", "but": [two.pk]})
        assert job.status_code == 202
        run_next("cpu")

        children = Job.objects.filter(kind="artifacts.make")
        assert [child.params["video_id"] for child in children] == [one.pk]

    @pytest.mark.django_db
    def test_today_is_the_day_here(self) -> None:
        with timezone.override("Pacific/Kiritimati"):
            job = request_pictures(user_id=None, q="added:today")

        assert job.params["asked_at"].endswith("+14:00")

    @pytest.mark.parametrize(
        ("body", "field"),
        [({}, "ids"), ({"ids": [1], "q": ""}, "ids"), ({"ids": [1], "but": [1]}, "but"),
         ({"q": "rating:>>"}, "q")],
    )  # fmt: skip
    def test_refuses_what_names_no_videos(self, body: Any, field: str) -> None:
        refused = Api(make_user(Role.ADMINISTRATOR)).post("videos/make/", body)

        assert refused.status_code == 400
        assert field in refused.json()["errors"]
        assert not Job.objects.exists()


def test_no_fewer_are_counted_than_are_shown(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(30)
    monkeypatch.setattr(counting, "expected", lambda _rows: Expected(1, 1e9))

    assert "≈ 26 videos" in browse(browser, q="rating>0", page_size="25")
    assert "30 videos" in browse(browser, q="rating>0", page_size="50")
