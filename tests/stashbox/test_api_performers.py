"""Performers at boxes by the API."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.jobs.models import Job
from apps.library.models import Performer, PerformerImage
from apps.stashbox import schema
from apps.stashbox.models import PerformerLookup, RemoteLink, StashBox
from tests.client import Api
from tests.factories import NOON, make_performer
from tests.stashbox.factories import make_box, make_link, remote_performer
from tests.stashbox.standin import StandIn

pytestmark = pytest.mark.django_db
_HERE = "stash-boxes/performers"


def _waiting(box: StashBox | None = None, *, performer: Performer | None = None) -> PerformerLookup:
    """Two of the name."""
    offered = [schema.as_json(remote_performer("Eve")) for _ in range(2)]
    return PerformerLookup.objects.create(
        performer=performer or make_performer(), box=box or make_box(), asked_at=NOON,
        candidates=[{"performer": one, "equal": ["country"], "other": []} for one in offered],
    )  # fmt: skip


def _rows() -> Iterator[PerformerLookup]:
    while True:
        yield _waiting()


class TestAtABox:
    def test_are_searched_with_facts_and_why(
        self, api: Api, box: StashBox, standin: StandIn
    ) -> None:
        there = standin.data.add_performer("Eve", country="FR")
        eve = make_performer("Eve", country="FR")

        told = api.post(f"{_HERE}/search/", {"performer": eve.pk, "box": box.pk})

        assert told.status_code == 200, told.content
        (hit,) = told.json()
        assert (hit["performer"]["id"], hit["performer"]["country"]) == (there, "FR")
        assert (hit["named"], hit["sure"], hit["equal"], hit["other"]) == (
            True, False, ["country"], [],
        )  # fmt: skip
        other = {"performer": eve.pk, "box": box.pk, "text": "nobody of this name"}
        assert api.post(f"{_HERE}/search/", other).json() == []

    def test_are_linked_and_unlinked(self, api: Api, box: StashBox, standin: StandIn) -> None:
        there = standin.data.add_performer("Eve", country="FR")
        eve = make_performer("Eve")
        asked = {"performer": eve.pk, "box": box.pk}

        told = api.post(f"{_HERE}/link/", {**asked, "remote_id": there})

        assert told.status_code == 200, told.content
        assert told.json() == {**asked, "remote_id": there, "name": "Eve"}
        eve.refresh_from_db()
        assert (eve.country, RemoteLink.objects.get().performer) == ("FR", eve)
        assert api.post(f"{_HERE}/unlink/", asked).json() == {"removed": 1}
        assert api.post(f"{_HERE}/unlink/", asked).json() == {"removed": 0}

    def test_nobody_is_linked_to_whom_the_box_does_not_know(
        self, api: Api, box: StashBox, standin: StandIn
    ) -> None:
        asked = {
            "performer": make_performer().pk, "box": box.pk,
            "remote_id": "00000000-0000-4000-8000-000000000009",
        }  # fmt: skip

        told = api.post(f"{_HERE}/link/", asked)

        assert (told.status_code, _code(told)) == (404, "no_such_performer")
        assert not RemoteLink.objects.exists()

    def test_a_box_that_is_switched_off_is_not_asked(self, api: Api) -> None:
        asked = {"performer": make_performer().pk, "box": make_box(enabled=False).pk}

        assert api.post(f"{_HERE}/search/", asked).status_code == 404
        assert api.post(f"{_HERE}/link/", {**asked, "remote_id": "x"}).status_code == 404

    @pytest.mark.parametrize("deed", ["search", "link", "unlink", "pictures", "pictures/choose"])
    @pytest.mark.parametrize("body", [{}, {"performer": "x", "image": "x"}, {"nonsense": 1}])
    def test_what_makes_no_sense_is_refused(
        self, api: Api, deed: str, body: dict[str, Any]
    ) -> None:
        assert api.post(f"{_HERE}/{deed}/", body).status_code == 400


class TestRefresh:
    def test_some_are_brought_up_to_date(self, api: Api, box: StashBox, standin: StandIn) -> None:
        eve, ida = make_performer("Eve"), make_performer("Ida")
        make_link(box, eve, standin.data.add_performer("Eve", country="FR"))
        make_link(box, ida, standin.data.add_performer("Ida", country="FR"))

        told = api.post(f"{_HERE}/refresh/", {"box": box.pk, "ids": [eve.pk]})

        assert told.status_code == 200, told.content
        assert told.json() == {"asked": 1, "changed": 1, "followed": 0, "gone": 0, "told": []}
        assert Performer.objects.get(country="FR") == eve

    def test_all_are_looked_up_by_a_job(self, api: Api) -> None:
        box = make_box()

        every, one = api.post(f"{_HERE}/refresh/"), api.post(f"{_HERE}/refresh/", {"box": box.pk})

        assert (every.status_code, one.status_code) == (202, 202), one.content
        jobs = Job.objects.filter(kind="stashbox.performers").order_by("pk")
        assert [job.params["box_ids"] for job in jobs] == [None, [box.pk]]

    @pytest.mark.parametrize(
        "body", [{"ids": [1]}, {"ids": [], "box": 1}, {"ids": list(range(1, 42)), "box": 1}]
    )
    def test_of_no_box_or_too_many_is_refused(self, api: Api, body: dict[str, Any]) -> None:
        assert api.post(f"{_HERE}/refresh/", body).status_code == 400


class TestWaiting:
    def test_those_who_wait_are_listed_with_why(self, api: Api) -> None:
        lookup, other = _waiting(), _waiting()
        PerformerLookup.objects.create(
            performer=make_performer(), box=make_box(), asked_at=NOON, candidates=[]
        )

        listed = api.results(f"{_HERE}/waiting/", ordering="id")
        narrowed = [
            api.results(f"{_HERE}/waiting/", box=lookup.box_id),
            api.results(f"{_HERE}/waiting/", performer=lookup.performer_id),
        ]

        assert [one["id"] for one in listed] == [lookup.pk, other.pk]
        assert narrowed == [[listed[0]], [listed[0]]]
        assert listed[0]["performer"]["id"] == lookup.performer_id
        assert listed[0]["candidates"] == lookup.candidates

    def test_twelve_cost_the_statements_of_two(self, api: Api) -> None:
        rows = _rows()

        def statements(number: int) -> int:
            for _ in range(number):
                next(rows)
            with CaptureQueriesContext(connection) as caught:
                assert api.get(f"{_HERE}/waiting/").status_code == 200
            return len(caught)

        statements(1)
        assert statements(1) == statements(10)

    def test_one_is_confirmed(self, api: Api) -> None:
        lookup = _waiting()
        wanted = lookup.candidates[1]["performer"]["id"]

        told = api.post(f"{_HERE}/waiting/{lookup.pk}/confirm/", {"remote_id": wanted})

        assert told.status_code == 204, told.content
        assert RemoteLink.objects.get(remote_id=wanted).performer_id == lookup.performer_id
        assert api.results(f"{_HERE}/waiting/") == []

    def test_one_is_rejected_and_the_other_waits_on(self, api: Api) -> None:
        lookup = _waiting()
        address, ids = (
            f"{_HERE}/waiting/{lookup.pk}/", [one["performer"]["id"] for one in lookup.candidates],
        )  # fmt: skip

        first = api.post(f"{address}reject/", {"remote_id": ids[0]})
        again = api.post(f"{address}reject/", {"remote_id": ids[0]})

        assert first.status_code == 204, first.content
        assert (again.status_code, _code(again)) == (409, "not_offered")
        left = api.get(address).json()["candidates"]
        assert [one["performer"]["id"] for one in left] == [ids[1]]
        assert not RemoteLink.objects.exists()


class TestPictures:
    def test_what_could_not_be_had_is_told(self, api: Api, box: StashBox, standin: StandIn) -> None:
        shown = {"id": "00000000-0000-4000-8000-000000000001", "url": "http://127.0.0.1:9/a",
                 "width": 60, "height": 80}  # fmt: skip
        eve = make_performer("Eve")
        make_link(box, eve, standin.data.add_performer("Eve", images=[shown]))

        told = api.post(f"{_HERE}/pictures/", {"performer": eve.pk})

        assert told.status_code == 200, told.content
        assert told.json()["kept"] == []
        assert [one["url"] for one in told.json()["failed"]] == ["http://127.0.0.1:9/a"]
        assert told.json()["failed"][0]["reason"]

    def test_one_is_chosen(self, api: Api) -> None:
        eve = make_performer()
        first, second = (
            PerformerImage.objects.create(performer=eve, image=f"{at}.jpg", position=at)
            for at in range(2)
        )

        told = api.post(f"{_HERE}/pictures/choose/", {"image": second.pk})

        assert told.status_code == 200, told.content
        assert told.json() == {"id": second.pk, "performer": eve.pk, "position": 0}
        assert list(eve.images.order_by("position")) == [second, first]
        assert api.post(f"{_HERE}/pictures/choose/", {"image": 2**62}).status_code == 404


def _code(answer: Any) -> str:
    return str(answer.json()["type"]).rpartition(":")[2]
