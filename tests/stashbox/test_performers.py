"""Performers at boxes: who is sure is linked, who isn't waits, and what a person gave stays."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.models import AuditEntry
from apps.core.undo import undo
from apps.library.models import Performer
from apps.stashbox.client import BoxError
from apps.stashbox.models import PerformerLookup, RemoteLink, StashBox
from apps.stashbox.schema import RemotePerformer
from apps.stashbox.services.performers import (
    AGAIN_AFTER,
    NoSuchPerformer,
    NotOffered,
    check_unlinked,
    compare,
    confirm,
    due,
    fill,
    link_performer,
    refresh,
    reject,
    search,
    to_review,
    unlink_performer,
)
from tests.factories import NOON, make_performer
from tests.stashbox.factories import make_box, make_link, remote_performer
from tests.stashbox.standin import StandIn

pytestmark = pytest.mark.django_db
BORN = date(1990, 2, 3)


class TestCompare:
    @pytest.mark.parametrize(
        ("ours", "theirs", "named", "sure"),
        [
            ({}, {}, True, False),
            ({"birth_date": BORN}, {"birth_date": "1990-02-03"}, True, True),
            ({"birth_date": BORN}, {"birth_date": "1990"}, True, False),
            ({"birth_date": date(1990, 1, 1)}, {"birth_date": "1990"}, True, False),
            ({"birth_date": BORN}, {"birth_date": "1990-02-04"}, True, False),
            ({"birth_date": BORN, "gender": "male"},
             {"birth_date": "1990-02-03", "gender": "FEMALE"}, True, False),
            ({"aliases": ["Evi"]}, {"aliases": ("evi",)}, True, True),
            ({"urls": ["http://www.x.example/eve/"]}, {"urls": ("https://x.example/Eve",)},
             True, True),
            ({"urls": ["http://x.example/"]}, {"urls": ("https://x.example/",)}, True, False),
            ({"country": "FR"}, {"country": "FR"}, True, False),
            ({"country": "FR", "height_cm": 170}, {"country": "FR", "height_cm": 170}, True, True),
            ({"height_cm": 171}, {"height_cm": 170}, True, False),
            ({"disambiguation": "the first"}, {"disambiguation": "The First"}, True, True),
            ({"birth_date": BORN}, {"name": "Eva", "birth_date": "1990-02-03"}, False, False),
            ({"birth_date": BORN}, {"name": "Eva", "aliases": ("EVE",), "birth_date": "1990-02-03"},
             True, True),
        ],
    )  # fmt: skip
    def test_takes_a_name_and_a_fact_that_tells_people_apart(
        self, *, ours: dict[str, Any], theirs: dict[str, Any], named: bool, sure: bool
    ) -> None:
        likeness = compare(
            Performer(**{"name": "Eve", **ours}),
            RemotePerformer(**{"id": "1", "name": "Eve", **theirs}),
        )

        assert (likeness.named, likeness.sure) == (named, sure)


class TestFill:
    def test_fills_what_is_empty_and_adds_to_lists(self) -> None:
        box = make_box()
        eve = make_performer("Eve", aliases=["Evi"], eye_color="Blue", version=4)
        remote = remote_performer(
            "Eva", aliases=("EVI", "Eve", "E."), birth_date="1990-02-03", eye_color="GREEN",
            height_cm=170, urls=("https://x.example/eve",),
        )  # fmt: skip

        fill(box, {eve.pk: remote})

        eve.refresh_from_db()
        assert (eve.name, eve.aliases) == ("Eve", ["Evi", "Eva", "E."])
        assert (eve.birth_date, eve.eye_color, eve.height_cm) == (BORN, "Blue", 170)
        assert eve.urls == ["https://x.example/eve"]
        assert eve.version == 5
        assert eve.provenance["birth_date"]["source"] == "stashbox"
        assert eve.provenance["birth_date"]["box"] == box.pk
        assert "eye_color" not in eve.provenance

    def test_what_the_box_gave_follows_it(self) -> None:
        box, other = make_box(), make_box()
        eve = make_performer("Eve")
        fill(box, {eve.pk: remote_performer("Eve", height_cm=170)})

        fill(other, {eve.pk: remote_performer("Eve", height_cm=180)})
        fill(box, {eve.pk: remote_performer("Eve", height_cm=171)})

        eve.refresh_from_db()
        assert eve.height_cm == 171
        assert fill(box, {eve.pk: remote_performer("Eve", height_cm=171)}) == []

    def test_what_a_person_gave_or_locked_stays(self) -> None:
        mark = {"source": "person", "by": 1, "at": NOON.isoformat()}
        eve = make_performer(
            "Eve", aliases=["Evi"], locked_fields=["country"],
            provenance={"aliases": mark, "height_cm": mark},
        )  # fmt: skip
        before = Performer.objects.values().get(pk=eve.pk)

        entries = fill(
            make_box(),
            {eve.pk: remote_performer("Eve", aliases=("E.",), height_cm=170, country="FR")},
        )

        assert entries == []
        assert Performer.objects.values().get(pk=eve.pk) == before

    def test_can_be_undone_to_the_byte(self) -> None:
        eve = make_performer("Eve", aliases=["Evi"], height_cm=160)
        before = Performer.objects.values().get(pk=eve.pk)

        (entry,) = fill(
            make_box(), {eve.pk: remote_performer("Eve", aliases=("E.",), birth_date="1990-02-03")}
        )
        undo(AuditEntry.objects.get(pk=entry.pk))

        after = Performer.objects.values().get(pk=eve.pk)
        moving = {"version", "updated_at"}
        assert {k: v for k, v in after.items() if k not in moving} == {
            k: v for k, v in before.items() if k not in moving
        }

    def test_the_statements_do_not_grow(self) -> None:
        box, counts = make_box(), []
        for number in (2, 9):
            remotes = {make_performer().pk: remote_performer(height_cm=170) for _ in range(number)}
            with CaptureQueriesContext(connection) as caught:
                fill(box, remotes)
            counts.append(len(caught))

        assert counts[0] == counts[1]


class TestLink:
    def test_links_and_fills(self, box: StashBox, standin: StandIn) -> None:
        there = standin.data.add_performer("Eve", birth_date="1990-02-03")
        eve = make_performer("Eve")

        link_performer(eve, box, there)

        eve.refresh_from_db()
        assert eve.birth_date == BORN
        assert RemoteLink.objects.get().remote_id == there
        assert unlink_performer(eve, box) == 1
        assert AuditEntry.objects.about(eve)[0].changes["stash_box"][1] is None
        assert not RemoteLink.objects.exists()

    def test_who_was_merged_is_followed(self, box: StashBox, standin: StandIn) -> None:
        old, new = (standin.data.add_performer("Eve", height=height) for height in (160, 170))
        standin.data.merge(standin.data.performers, old, into=new)
        eve = make_performer("Eve")

        link_performer(eve, box, old)

        eve.refresh_from_db()
        assert (RemoteLink.objects.get().remote_id, eve.height_cm) == (new, 170)

    @pytest.mark.parametrize("is_known", [True, False])
    def test_who_is_gone_is_nobody(
        self, box: StashBox, standin: StandIn, *, is_known: bool
    ) -> None:
        there = standin.data.add_performer("Eve", deleted=True)
        wanted = there if is_known else "00000000-0000-4000-8000-000000000009"

        with pytest.raises(NoSuchPerformer):
            link_performer(make_performer("Eve"), box, wanted)

    def test_search_tells_the_likest_first(self, box: StashBox, standin: StandIn) -> None:
        ids = [
            standin.data.add_performer("Eve Other"),
            standin.data.add_performer("Eve"),
            standin.data.add_performer("Eve", birth_date="1990-02-03"),
        ]

        hits = search(make_performer("Eve", birth_date=BORN), box)

        assert [hit.remote.id for hit in hits] == ids[::-1]
        assert hits[0].likeness.equal == ("birth date",)


class TestRefresh:
    def test_forty_go_with_a_request(self, box: StashBox, standin: StandIn) -> None:
        for number in range(45):
            there = standin.data.add_performer(f"Eve {number}", height=150 + number)
            make_link(box, make_performer(f"Eve {number}"), there)

        outcome = refresh(box)

        assert (outcome.asked, outcome.changed, outcome.gone) == (45, 45, 0)
        assert len(standin.requests) == 2
        assert Performer.objects.get(name="Eve 44").height_cm == 194
        assert refresh(box, before=NOON - timedelta(days=9_999)).asked == 0

    def test_merged_ids_are_followed_and_deleted_ones_stay(
        self, box: StashBox, standin: StandIn
    ) -> None:
        old, new = (standin.data.add_performer("Eve") for _ in range(2))
        gone = standin.data.add_performer("Ida", height=170)
        standin.data.merge(standin.data.performers, old, into=new)
        standin.data.performers[gone]["deleted"] = True
        ida = make_performer("Ida")
        make_link(box, make_performer("Eve"), old)
        make_link(box, ida, gone)

        outcome = refresh(box)

        assert (outcome.followed, outcome.gone) == (1, 1)
        assert set(RemoteLink.objects.values_list("remote_id", flat=True)) == {new, gone}
        ida.refresh_from_db()
        assert ida.height_cm is None


class TestCheck:
    def test_who_is_sure_is_linked_and_filled(self, box: StashBox, standin: StandIn) -> None:
        there = standin.data.add_performer("Eve", birth_date="1990-02-03", country="FR")
        standin.data.add_performer("Eve")
        eve = make_performer("Eve", birth_date=BORN)

        outcome = check_unlinked(box, now=NOON)

        eve.refresh_from_db()
        assert (outcome.asked, outcome.linked, outcome.review) == (1, 1, 0)
        assert (RemoteLink.objects.get().remote_id, eve.country) == (there, "FR")
        assert list(to_review()) == []

    def test_a_name_alone_waits_for_a_person(self, box: StashBox, standin: StandIn) -> None:
        there = standin.data.add_performer("Eve", country="FR")
        standin.data.add_performer("Eve Adams")
        eve = make_performer("Eve")

        outcome = check_unlinked(box, now=NOON)

        (lookup,) = to_review(box)
        assert (outcome.linked, outcome.review, lookup.performer) == (0, 1, eve)
        assert [one["performer"]["id"] for one in lookup.candidates] == [there]
        confirm(lookup, there)
        eve.refresh_from_db()
        assert (RemoteLink.objects.get().performer, eve.country) == (eve, "FR")
        assert list(to_review()) == []

    def test_two_who_are_sure_wait_for_a_person(self, box: StashBox, standin: StandIn) -> None:
        for _ in range(2):
            standin.data.add_performer("Eve", birth_date="1990-02-03")
        make_performer("Eve", birth_date=BORN)

        assert check_unlinked(box, now=NOON).linked == 0
        assert len(to_review().get().candidates) == 2

    def test_who_is_somebody_elses_already_is_not_offered(
        self, box: StashBox, standin: StandIn
    ) -> None:
        there = standin.data.add_performer("Eve", birth_date="1990-02-03")
        make_link(box, make_performer("Eve", disambiguation="other"), there)
        make_performer("Eve", birth_date=BORN)

        outcome = check_unlinked(box, now=NOON)

        assert (outcome.asked, outcome.linked, outcome.review) == (1, 0, 0)

    def test_who_was_rejected_is_never_offered_again(self, box: StashBox, standin: StandIn) -> None:
        there = standin.data.add_performer("Eve")
        make_performer("Eve")
        check_unlinked(box, now=NOON)
        lookup = PerformerLookup.objects.get()

        reject(lookup, there)
        again = check_unlinked(box, now=NOON + AGAIN_AFTER)

        assert (again.asked, again.review) == (1, 0)
        lookup.refresh_from_db()
        with pytest.raises(NotOffered):
            confirm(lookup, there)

    def test_asks_again_only_after_a_while_and_new_ones_first(
        self, box: StashBox, standin: StandIn
    ) -> None:
        first = make_performer("Eve")
        check_unlinked(box, now=NOON)
        second = make_performer("Ida")

        assert list(due(box, now=NOON + timedelta(days=1))) == [second]
        assert list(due(box, now=NOON + AGAIN_AFTER)) == [second, first]
        assert check_unlinked(box, now=NOON + AGAIN_AFTER, most=1).asked == 1
        assert [each.variables["term"] for each in standin.requests] == ["Eve", "Ida"]

    def test_a_failure_leaves_who_is_due(self, box: StashBox, standin: StandIn) -> None:
        make_performer("Eve")
        standin.settings.keys.clear()

        with pytest.raises(BoxError):
            check_unlinked(box, now=NOON)

        assert due(box, now=NOON).count() == 1
