"""Performers at stash-boxes in the admin: searched, linked, decided about, and their pictures."""

from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from apps.accounts.choices import Role
from apps.core.sealing import seal
from apps.library.models import Performer, PerformerImage
from apps.stashbox import schema
from apps.stashbox.models import PerformerLookup, RemoteLink, StashBox
from tests.factories import NOON, make_performer, make_user
from tests.stashbox.factories import make_box, make_link, remote_performer
from tests.stashbox.standin import StandIn

pytestmark = pytest.mark.django_db
BORN = date(1990, 2, 3)


def _address(performer: Performer) -> str:
    return reverse("admin:stashbox_performer", args=[performer.pk])


def _shown(browser: Client, performer: Performer) -> str:
    answer = browser.get(_address(performer))
    assert answer.status_code == 200
    return answer.content.decode()


def _do(browser: Client, performer: Performer, deed: str, **sent: Any) -> str:
    answer = browser.post(_address(performer), {"deed": deed, **sent}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def _waiting(performer: Performer, box: StashBox, remote: schema.RemotePerformer) -> int:
    one = {"performer": schema.as_json(remote), "equal": ["country"], "other": ["gender"]}
    lookup = PerformerLookup.objects.create(
        performer=performer, box=box, asked_at=NOON, candidates=[one]
    )
    return lookup.pk


def _picture(performer: Performer, position: int) -> PerformerImage:
    row = PerformerImage(performer=performer, position=position)
    row.image.save(f"{position}.png", ContentFile(b"picture"))
    return row


class TestSearch:
    def test_tells_who_is_there_and_why(
        self, browser: Client, box: StashBox, standin: StandIn
    ) -> None:
        there = standin.data.add_performer("Eve", birth_date="1990-02-03", height=170)
        eve = make_performer("Eve", birth_date=BORN)

        page = _do(browser, eve, "search", box=box.pk, text="")

        for shown in (there, "born 1990-02-03", "170 cm", "The same: birth date."):
            assert shown in page

    def test_tells_that_nobody_is(self, browser: Client, box: StashBox) -> None:
        page = _do(browser, make_performer("Eve"), "search", box=box.pk, text="Nobody")

        assert "knows nobody by that name" in page

    def test_tells_who_has_the_link_already(
        self, browser: Client, box: StashBox, standin: StandIn
    ) -> None:
        there = standin.data.add_performer("Eve")
        make_link(box, make_performer("Her Twin"), there)

        page = _do(browser, make_performer("Eve"), "search", box=box.pk, text="Eve")

        assert "Her Twin" in page

    def test_what_a_box_says_is_shown_as_text(
        self, browser: Client, box: StashBox, standin: StandIn
    ) -> None:
        standin.data.add_performer("Eve <script>", disambiguation="<i>first</i>")

        page = _do(browser, make_performer("Eve"), "search", box=box.pk, text="Eve")

        assert "Eve &lt;script&gt; (&lt;i&gt;first" in page

    @pytest.mark.parametrize("deed", ["search", "link", "refresh"])
    def test_what_fails_is_told_by_its_reason(
        self, browser: Client, box: StashBox, deed: str
    ) -> None:
        StashBox.objects.update(sealed_key=seal("unknown"))
        eve = make_performer("Eve")
        make_link(box, eve)

        page = _do(browser, eve, deed, box=box.pk, remote="x")

        assert "It doesn&#x27;t know the key" in page
        assert "Copy the key anew" in page


class TestLinks:
    def test_are_made_kept_up_to_date_and_taken_away(
        self, browser: Client, box: StashBox, standin: StandIn
    ) -> None:
        there = standin.data.add_performer("Eve", height=170)
        eve = make_performer("Eve")

        assert "Eve is Eve at Stand-in." in _do(browser, eve, "link", box=box.pk, remote=there)
        standin.data.performers[there]["country"] = "FR"
        assert "brought up to date" in _do(browser, eve, "refresh", box=box.pk)

        eve.refresh_from_db()
        assert (eve.height_cm, eve.country) == (170, "FR")
        assert f"/performers/{there}" in _shown(browser, eve)
        _do(browser, eve, "unlink", box=box.pk)
        assert not RemoteLink.objects.exists()

    def test_of_a_box_that_is_switched_off_can_be_taken_away(self, browser: Client) -> None:
        off, eve = make_box("Off", enabled=False), make_performer("Eve")
        assert "Off" not in _shown(browser, eve)
        make_link(off, eve)

        assert "Bring up to date" not in _shown(browser, eve)
        _do(browser, eve, "unlink", box=off.pk)

        assert not RemoteLink.objects.exists()


class TestWaiting:
    def test_a_person_confirms(self, browser: Client) -> None:
        box, eve = make_box(), make_performer("Eve")
        remote = remote_performer("Eve", birth_date="1990-02-03")
        lookup = _waiting(eve, box, remote)

        page = _shown(browser, eve)
        assert "The same: country." in page
        assert "Another: gender." in page
        assert "is linked" in _do(browser, eve, "confirm", lookup=lookup, remote=remote.id)

        eve.refresh_from_db()
        assert (RemoteLink.objects.get().remote_id, eve.birth_date) == (remote.id, BORN)
        assert "Another: gender." not in _shown(browser, eve)

    def test_a_person_rejects_once(self, browser: Client) -> None:
        eve, remote = make_performer("Eve"), remote_performer("Eve")
        lookup = _waiting(eve, make_box(), remote)

        assert "offered again" in _do(browser, eve, "reject", lookup=lookup, remote=remote.id)
        again = _do(browser, eve, "reject", lookup=lookup, remote=remote.id)

        assert "somebody has decided" in again
        assert PerformerLookup.objects.get().rejected == [remote.id]

    def test_somebody_elses_are_not_decided_here(self, browser: Client) -> None:
        remote = remote_performer("Eve")
        lookup = _waiting(make_performer("Eve"), make_box(), remote)

        answer = browser.post(
            _address(make_performer("Ida")),
            {"deed": "confirm", "lookup": lookup, "remote": remote.id},
        )

        assert answer.status_code == 404


class TestPictures:
    def test_one_is_chosen(self, browser: Client) -> None:
        eve = make_performer("Eve")
        first, second = _picture(eve, 0), _picture(eve, 1)

        _do(browser, eve, "choose", picture=second.pk)

        assert list(eve.images.order_by("position")) == [second, first]

    def test_what_cannot_be_had_is_told(
        self, browser: Client, box: StashBox, standin: StandIn
    ) -> None:
        eve = make_performer("Eve")
        make_link(box, eve, standin.data.add_performer("Eve"))

        assert "No new pictures." in _do(browser, eve, "pictures")


def test_to_ask_boxes_takes_its_own_permission(box: StashBox, standin: StandIn) -> None:
    client, eve = Client(), make_performer("Eve")
    user = make_user(Role.VIEWER)
    user.user_permissions.add(Permission.objects.get(codename="change_performer"))
    client.force_login(user)

    assert "Search" not in _shown(client, eve).split("<main")[-1].split("Not linked.")[1]
    for deed in ("search", "link", "refresh", "pictures"):
        sent = {"deed": deed, "box": box.pk}
        assert client.post(_address(eve), sent).status_code == 403
    assert client.post(_address(eve), {"deed": "other"}).status_code == 404
    assert standin.requests == []


def test_a_performers_form_leads_there(browser: Client) -> None:
    eve = make_performer("Eve")

    page = browser.get(reverse("admin:library_performer_change", args=[eve.pk]))

    assert _address(eve) in page.content.decode()
