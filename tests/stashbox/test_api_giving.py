"""Giving back by the API: nothing is sent by a dry run, and nothing to boxes that aren't marked."""

from typing import Any

import pytest

from apps.jobs.models import Job
from apps.stashbox.api import giving
from apps.stashbox.choices import MatchState
from apps.stashbox.models import StashBox, Submission
from tests.client import Api
from tests.factories import make_performer, make_video
from tests.stashbox.factories import make_box, make_match

pytestmark = pytest.mark.django_db


@pytest.fixture
def marked() -> StashBox:
    return make_box(may_submit=True)


class TestFingerprints:
    def test_are_foreseen_to_the_letter(self, api: Api, marked: StashBox) -> None:
        match = make_match(box=marked, state=MatchState.ACCEPTED)
        make_match(box=marked, state=MatchState.REVIEW)
        assert match.video.primary_file

        told = api.post(f"stash-boxes/{marked.pk}/submit/")

        assert told.status_code == 200, told.content
        sent = {
            "scene_id": match.remote_id, "hash": match.video.primary_file.oshash,
            "algorithm": "OSHASH", "duration": 60,
        }  # fmt: skip
        assert told.json() == {
            "fingerprints": 1, "videos": 1, "scenes": 1, "counted_all": True, "would_send": [sent],
        }  # fmt: skip
        assert not Job.objects.exists()
        assert not Submission.objects.exists()

    def test_of_many_the_first_are_told(
        self, api: Api, marked: StashBox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(giving, "_MOST_SHOWN", 1)
        monkeypatch.setattr(giving, "_MOST_COUNTED", 2)

        def told(number: int) -> tuple[int, bool, int]:
            for _ in range(number):
                make_match(box=marked, state=MatchState.ACCEPTED)
            body = api.post(f"stash-boxes/{marked.pk}/submit/").json()
            return body["fingerprints"], body["counted_all"], len(body["would_send"])

        assert told(0) == (0, True, 0)
        assert told(2) == (2, True, 1)
        assert told(1) == (2, False, 1)

    def test_are_given_by_one_job(self, api: Api, marked: StashBox) -> None:
        address = f"stash-boxes/{marked.pk}/submit/"

        first = api.post(address, {"dry_run": False})
        second = api.post(address, {"dry_run": False})

        assert (first.status_code, second.status_code) == (202, 202), second.content
        job = Job.objects.get(kind="stashbox.submit")
        assert job.params == {"box_id": marked.pk, "q": ""}
        assert first.headers["Location"].endswith(f"jobs/{job.pk}/")

    def test_are_those_of_the_videos_that_a_query_finds(self, api: Api, marked: StashBox) -> None:
        for title in ("beach", "lake"):
            make_match(make_video(title), box=marked, state=MatchState.ACCEPTED)
        address = f"stash-boxes/{marked.pk}/submit/"

        assert api.post(address, {"q": "beach"}).json()["fingerprints"] == 1
        assert api.post(address, {"q": "duration>"}).status_code == 400
        assert api.post(address, {"q": "beach", "dry_run": False}).status_code == 202
        assert api.post(address, {"q": "lake", "dry_run": False}).status_code == 202

        params = [job.params["q"] for job in Job.objects.order_by("pk")]
        assert params == ["beach", "lake"]


class TestDrafts:
    def test_of_a_video_is_foreseen(self, api: Api, marked: StashBox) -> None:
        video = make_video("A <b>day</b>", performers=[make_performer("Eve")])

        told = api.post(f"stash-boxes/{marked.pk}/drafts/", {"video": video.pk})

        assert told.status_code == 200, told.content
        assert told.json()["image_bytes"] == 0
        fields = told.json()["would_send"]
        assert (fields["title"], fields["performers"]) == ("A <b>day</b>", [{"name": "Eve"}])
        assert [one["algorithm"] for one in fields["fingerprints"]] == ["OSHASH"]
        assert not Job.objects.exists()

    def test_of_a_performer_is_foreseen(self, api: Api, marked: StashBox) -> None:
        eve = make_performer("Eve", aliases=["E"])

        told = api.post(f"stash-boxes/{marked.pk}/drafts/", {"performer": eve.pk})

        assert told.json() == {"would_send": {"name": "Eve", "aliases": "E"}, "image_bytes": 0}

    @pytest.mark.parametrize("again", [False, True])
    def test_is_given_by_a_job(self, api: Api, marked: StashBox, *, again: bool) -> None:
        eve = make_performer()
        asked = {"performer": eve.pk, "dry_run": False, "again": again}

        told = api.post(f"stash-boxes/{marked.pk}/drafts/", asked)

        assert told.status_code == 202, told.content
        params = {"box_id": marked.pk, "performer_id": eve.pk, "again": again}
        assert Job.objects.get(kind="stashbox.draft").params == params

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({}, 400), ({"video": 1, "performer": 1}, 400), ({"video": "x"}, 400),
            ({"video": 0}, 400), ({"video": 2**63 - 1}, 404), ({"video": 2**63}, 400),
            ({"performer": 2**63 - 1, "dry_run": False}, 404),
        ],
    )  # fmt: skip
    def test_of_nothing_is_refused(
        self, api: Api, marked: StashBox, body: dict[str, Any], status: int
    ) -> None:
        assert api.post(f"stash-boxes/{marked.pk}/drafts/", body).status_code == status
        assert not Job.objects.exists()


@pytest.mark.parametrize("values", [{"may_submit": False}, {"may_submit": True, "enabled": False}])
@pytest.mark.parametrize("dry_run", [True, False])
def test_a_box_that_is_not_marked_is_refused(
    api: Api, *, values: dict[str, Any], dry_run: bool
) -> None:
    box, video = make_box(**values), make_video()

    for deed, body in (("submit", {}), ("drafts", {"video": video.pk})):
        told = api.post(f"stash-boxes/{box.pk}/{deed}/", {**body, "dry_run": dry_run})
        assert (told.status_code, _code(told)) == (400, "giving_refused")
        assert box.name in told.json()["detail"]
    assert not Job.objects.exists()


def _code(answer: Any) -> str:
    return str(answer.json()["type"]).rpartition(":")[2]
