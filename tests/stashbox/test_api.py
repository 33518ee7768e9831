"""Stash-boxes, candidates and the settings by the API."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.models import AuditEntry
from apps.core.sealing import unseal
from apps.jobs.models import Job, Schedule
from apps.library.models import Performer, Video
from apps.stashbox.choices import MatchState, Source
from apps.stashbox.models import RemoteLink, StashBox, StashMatch
from apps.stashbox.services.boxes import settings_of_all
from tests.client import Api
from tests.factories import make_performer, make_studio, make_tag, make_video
from tests.stashbox.factories import make_box, make_match, scene
from tests.stashbox.standin import NOBODY, StandIn

pytestmark = pytest.mark.django_db

_SECRET = "eyJhbGciOi.a-very-secret-key"
_URL = "https://stashdb.example/graphql"


def _rows() -> Iterator[StashMatch]:
    while True:
        video = make_video(tags=[make_tag()], performers=[make_performer()], studio=make_studio())
        yield make_match(video, score=70)


class TestBoxes:
    def test_the_key_is_never_told(self, api: Api) -> None:
        made = api.post("stash-boxes/", {"name": "StashDB", "url": _URL, "api_key": _SECRET})

        assert made.status_code == 201, made.content
        box = StashBox.objects.get()
        assert made.json()["has_key"] is True
        assert unseal(box.sealed_key) == _SECRET
        told = [
            made, api.get("stash-boxes/"), api.get(f"stash-boxes/{box.pk}/"),
            api.patch(f"stash-boxes/{box.pk}/", {"enabled": False}), api.get("audit/"),
        ]  # fmt: skip
        for answer in told:
            assert answer.status_code in (200, 201)
            assert _SECRET not in answer.content.decode()
            assert "api_key" not in answer.json()
            assert box.sealed_key not in answer.content.decode()

    def test_a_key_stays_is_replaced_and_forgotten(self, api: Api) -> None:
        address = api.post(
            "stash-boxes/", {"name": "StashDB", "url": _URL, "api_key": _SECRET}
        ).headers["Location"]

        assert api.patch(address, {"position": 3}).json()["has_key"] is True
        assert api.patch(address, {"api_key": "another"}).json()["has_key"] is True
        assert unseal(StashBox.objects.get().sealed_key) == "another"
        assert api.patch(address, {"api_key": ""}).json()["has_key"] is False

    def test_another_server_gets_no_key(self, api: Api) -> None:
        address = api.post(
            "stash-boxes/", {"name": "StashDB", "url": _URL, "api_key": _SECRET}
        ).headers["Location"]

        told = api.patch(address, {"url": "https://elsewhere.example/graphql"})

        assert told.json()["has_key"] is False

    def test_a_stale_change_is_refused(self, api: Api) -> None:
        box = make_box()

        first = api.patch(f"stash-boxes/{box.pk}/", {"position": 1}, **_version(box.version))
        second = api.patch(f"stash-boxes/{box.pk}/", {"position": 2}, **_version(box.version))

        assert (first.status_code, second.status_code) == (200, 412)
        assert api.delete(f"stash-boxes/{box.pk}/", **_version(box.version)).status_code == 412
        assert api.delete(f"stash-boxes/{box.pk}/").status_code == 204

    @pytest.mark.parametrize(
        "body",
        [
            {"url": "ftp://x.example/graphql"},
            {"url": "nonsense"},
            {"url": "http://stashdb.example/graphql"},
            {"requests_per_minute": 0},
            {"name": ""},
            {"api_key": "with blanks in it"},
            {"sealed_key": "x"},
            {"has_key": True},
        ],
    )
    def test_what_makes_no_sense_is_refused(self, api: Api, body: dict[str, Any]) -> None:
        answer = api.post("stash-boxes/", {"name": "x", "url": _URL, **body})

        assert answer.status_code == 400, answer.content
        assert not StashBox.objects.exists()

    def test_a_name_is_one_box_s(self, api: Api) -> None:
        make_box("StashDB")

        answer = api.post("stash-boxes/", {"name": "StashDB", "url": _URL})

        assert answer.status_code == 409

    def test_each_failure_is_told(self, api: Api, box: StashBox, standin: StandIn) -> None:
        def reason() -> tuple[bool, str]:
            told = api.post(f"stash-boxes/{box.pk}/test/")
            assert told.status_code == 200, told.content
            return told.json()["ok"], told.json()["reason"]

        assert reason() == (True, "")
        api.patch(f"stash-boxes/{box.pk}/", {"api_key": "unknown"})
        assert reason() == (False, "unauthorised")
        api.patch(f"stash-boxes/{box.pk}/", {"api_key": NOBODY})
        assert reason() == (False, "not_authorised")
        api.patch(f"stash-boxes/{box.pk}/", {"url": standin.url.replace("/graphql", "/nowhere")})
        assert reason() == (False, "not_a_stash_box")

    def test_identification_is_started(self, api: Api) -> None:
        box, video = make_box(), make_video()

        one = api.post(f"stash-boxes/{box.pk}/identify/", {"ids": [video.pk], "again": True})
        every = api.post("stash-boxes/identify/", {"q": "rating:none"})

        assert (one.status_code, every.status_code) == (202, 202), every.content
        jobs = Job.objects.filter(kind="stashbox.identify").order_by("pk")
        assert one.headers["Location"].endswith(f"jobs/{jobs[0].pk}/")
        assert jobs[0].params["box_ids"] == [box.pk]

    @pytest.mark.parametrize("body", [{"q": "ratng>1"}, {"ids": [1], "q": "x"}, {"ids": ["x"]}])
    def test_of_no_videos_nothing_is_started(self, api: Api, body: dict[str, Any]) -> None:
        assert api.post(f"stash-boxes/{make_box().pk}/identify/", body).status_code == 400
        assert not Job.objects.exists()


class TestSettings:
    def test_policies_are_changed_one_by_one(self, api: Api) -> None:
        before = api.get("stash-boxes/settings/").json()
        assert before["policies"]["title"] == "replace"

        told = api.patch(
            "stash-boxes/settings/", {"apply_from": 95, "policies": {"title": "ignore"}}
        )
        api.patch("stash-boxes/settings/", {"policies": {"date": "replace"}})

        assert told.status_code == 200, told.content
        assert told.json()["policies"]["title"] == "ignore"
        row = settings_of_all()
        assert (row.apply_from, row.policy("title"), row.policy("date")) == (
            95, "ignore", "replace",
        )  # fmt: skip

    @pytest.mark.parametrize(
        "body",
        [
            {"apply_from": 101},
            {"apply_from": 10, "review_from": 50},
            {"policies": {"title": "nonsense"}},
            {"policies": {"path": "fill"}},
            {"policies": []},
            {"unknown_tags": "x"},
        ],
    )
    def test_what_makes_no_sense_is_refused(self, api: Api, body: dict[str, Any]) -> None:
        assert api.patch("stash-boxes/settings/", body).status_code == 400

    def test_every_night_is_a_schedule(self, api: Api) -> None:
        assert api.get("stash-boxes/settings/").json()["nightly"] is False

        for wanted in (True, True, False, True):
            told = api.patch("stash-boxes/settings/", {"nightly": wanted})
            assert (told.status_code, told.json()["nightly"]) == (200, wanted)
            schedule = Schedule.objects.get()
            assert (schedule.kind, schedule.enabled) == ("stashbox.identify", wanted)
            assert (schedule.next_at is not None) is wanted

    def test_a_stale_change_is_refused(self, api: Api) -> None:
        version = api.get("stash-boxes/settings/").json()["version"]
        api.patch("stash-boxes/settings/", {"lead": 20}, **_version(version))

        answer = api.patch("stash-boxes/settings/", {"lead": 30}, **_version(version))

        assert answer.status_code == 412


class TestMatches:
    def test_twelve_cost_the_statements_of_two(self, api: Api) -> None:
        rows = _rows()

        def statements(number: int) -> int:
            for _ in range(number):
                next(rows)
            with CaptureQueriesContext(connection) as caught:
                assert api.get("stash-boxes/matches/").status_code == 200
            return len(caught)

        statements(1)
        assert statements(1) == statements(10)

    def test_filters(self, api: Api) -> None:
        box = make_box()
        wanted = make_match(box=box, score=80)
        video, studio = wanted.video_id, wanted.payload["studio"]["name"]
        make_match(score=50, state=MatchState.REJECTED, source=Source.TEXT)

        for narrow in (
            {"box": box.pk}, {"video": video}, {"state": "review"}, {"source": "fingerprint"},
            {"score_min": 80}, {"score_min": 60, "score_max": 80}, {"studio": studio.upper()},
        ):  # fmt: skip
            found = [one["id"] for one in api.results("stash-boxes/matches/", **narrow)]
            assert found == [wanted.pk], narrow
        by_score = api.results("stash-boxes/matches/", ordering="score")
        assert [one["score"] for one in by_score] == [50, 80]

    @pytest.mark.parametrize(
        "asked", [{"state": "x"}, {"source": "x"}, {"box": "x"}, {"score_min": "x"}, {"x": 1}]
    )
    def test_unknown_filters_are_refused(self, api: Api, asked: dict[str, Any]) -> None:
        assert api.get("stash-boxes/matches/", **asked).status_code == 400

    def test_one_tells_what_it_would_change(self, api: Api) -> None:
        match = make_match(make_video("Raw name"), of=scene("<b>Real</b>"))

        told = api.get(f"stash-boxes/matches/{match.pk}/").json()

        assert told["title"] == "<b>Real</b>"
        assert told["scene"]["title"] == "<b>Real</b>"
        changes = {one["field"]: one for one in told["differences"]}
        assert changes["title"]["outcome"] == "set"
        assert (changes["title"]["old"], changes["title"]["new"]) == ("Raw name", "<b>Real</b>")
        assert changes["studio"]["new"] == match.payload["studio"]["name"]

    def test_one_is_accepted(self, api: Api) -> None:
        match = make_match(make_video("Raw name"), of=scene("Real"))

        told = api.post(f"stash-boxes/matches/{match.pk}/accept/", {"fields": ["title"]})

        assert told.status_code == 200, told.content
        video = Video.objects.get()
        assert (video.title, video.studio, told.json()["state"]) == ("Real", None, "accepted")
        entry = AuditEntry.objects.get(pk=told.json()["entry"])
        assert set(entry.changes) >= {"title"}

    def test_unknown_fields_are_refused(self, api: Api) -> None:
        match = make_match()

        for fields in (["path"], [], "title"):
            answer = api.post(f"stash-boxes/matches/{match.pk}/accept/", {"fields": fields})
            assert answer.status_code == 400

    def test_one_is_rejected(self, api: Api) -> None:
        match = make_match()

        told = api.post(f"stash-boxes/matches/{match.pk}/reject/")

        assert (told.status_code, told.json()["state"]) == (200, "rejected")

    def test_what_was_decided_is_opened_again(self, api: Api) -> None:
        video = make_video("clip")
        accepted = make_match(video)
        rejected = make_match(video, state=MatchState.REJECTED)
        api.post(f"stash-boxes/matches/{accepted.pk}/accept/")

        told = api.post(f"stash-boxes/matches/{accepted.pk}/reopen/")
        others = api.post("stash-boxes/matches/reopen/", {"video": video.pk})

        video.refresh_from_db()
        assert (told.status_code, told.json()["state"], video.title) == (200, "review", "clip")
        assert [(one["id"], one["state"]) for one in others.json()] == [(rejected.pk, "review")]
        assert api.post("stash-boxes/matches/reopen/", {"video": 0}).status_code == 400

    def test_many_are_foreseen_and_accepted_by_a_job(self, api: Api) -> None:
        make_match(score=80), make_match(score=60)
        asked = {"from_score": 75}

        told = api.post("stash-boxes/matches/accept/", asked)
        assert told.status_code == 200, told.content
        assert not StashMatch.objects.exclude(state=MatchState.REVIEW).exists()
        started = api.post("stash-boxes/matches/accept/", {**asked, "dry_run": False})

        assert started.status_code == 202, started.content
        assert Job.objects.filter(kind="stashbox.accept").count() == 1

    def test_somebody_is_made_or_linked(self, api: Api) -> None:
        match, known = make_match(), make_performer("Known")
        there = match.payload["performers"][0]["performer"]["id"]

        told = api.post(
            f"stash-boxes/matches/{match.pk}/link-performer/",
            {"remote_id": there, "performer": known.pk},
        )

        assert told.status_code == 200, told.content
        assert RemoteLink.objects.get(remote_id=there).performer == known
        assert Performer.objects.count() == 1

    def test_a_search_and_an_address_make_candidates(
        self, api: Api, box: StashBox, standin: StandIn
    ) -> None:
        found = standin.data.add_scene(title="Golden hour at the lake")
        other = standin.data.add_scene(title="Another")
        video = make_video()
        asked = {"video": video.pk, "box": box.pk, "text": "golden hour"}

        searched = api.post("stash-boxes/matches/search/", asked)
        pasted = api.post("stash-boxes/matches/paste/", {"video": video.pk, "text": other})

        assert searched.status_code == 200, searched.content
        assert [one["remote_id"] for one in searched.json()] == [found]
        assert searched.json()[0]["state"] == "review"
        assert pasted.status_code == 200, pasted.content
        assert pasted.json()["remote_id"] == other

    def test_a_video_is_skipped(self, api: Api) -> None:
        match = make_match()

        assert api.post("stash-boxes/matches/skip/", {"video": match.video_id}).status_code == 204
        match.refresh_from_db()
        assert match.state == MatchState.PASSED


def _version(number: int) -> dict[str, str]:
    return {"If_Unmodified_Since_Version": str(number)}
