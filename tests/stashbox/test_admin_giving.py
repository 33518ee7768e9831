"""Giving back in the admin: what is shown before, and what is kept of it."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.choices import Role
from apps.jobs.models import Job
from apps.stashbox.choices import MatchState
from apps.stashbox.models import StashBox, StashMatch
from apps.stashbox.services.drafts import give_draft
from apps.stashbox.services.submit import submit_fingerprints
from tests.factories import make_performer, make_user, make_video
from tests.stashbox.factories import make_box, make_match, scene
from tests.stashbox.standin import StandIn

pytestmark = pytest.mark.django_db


def _address(box: StashBox) -> str:
    return reverse("admin:stashbox_stashbox_give", args=[box.pk])


def _look(browser: Client, box: StashBox) -> str:
    answer = browser.get(_address(box), {"look": "1"})
    assert answer.status_code == 200
    return answer.content.decode()


def _sure(box: StashBox, standin: StandIn, **values: Any) -> StashMatch:
    known = scene("<b>There</b>", id=standin.data.add_scene(title="There"))
    return make_match(make_video("Here"), box=box, of=known, state=MatchState.ACCEPTED, **values)


def test_a_dry_run_shows_what_would_be_sent(
    browser: Client, box: StashBox, standin: StandIn
) -> None:
    match = _sure(box, standin)
    assert match.video.primary_file is not None
    oshash = match.video.primary_file.oshash

    page = _look(browser, box)

    for shown in ("Here", oshash, "1:00", "&lt;b&gt;There", f"/scenes/{match.remote_id}"):
        assert shown in page
    assert oshash not in browser.get(_address(box)).content.decode()
    assert standin.requests == []


def test_the_button_starts_one_job(browser: Client, box: StashBox) -> None:
    for _ in range(2):
        answer = browser.post(_address(box), follow=True)
        assert "being given back" in answer.content.decode()

    assert Job.objects.get(kind="stashbox.submit").params == {"box_id": box.pk, "q": ""}


def test_what_was_given_and_refused_is_shown_with_its_words(
    browser: Client, box: StashBox, standin: StandIn
) -> None:
    taken = _sure(box, standin)
    refused = make_match(make_video("Refused here"), box=box, state=MatchState.ACCEPTED)
    submit_fingerprints(box)
    give_draft(make_performer("Eve"), box)

    page = _look(browser, box)

    assert "nothing new to give" in page
    for shown in ("scene not found", "Refused here", refused.remote_id, taken.remote_id, "Eve"):
        assert shown in page


def test_a_query_says_of_which_videos(browser: Client, box: StashBox, standin: StandIn) -> None:
    for title in ("beach", "lake"):
        make_match(make_video(title), box=box, state=MatchState.ACCEPTED)

    asked = browser.get(_address(box), {"look": "1", "q": "beach"})
    wrong = browser.get(_address(box), {"look": "1", "q": "duration>"})
    browser.post(_address(box), {"q": "beach"})

    assert [str(row.video) for row in asked.context["foreseen"].rows] == ["beach"]
    assert (wrong.status_code, bool(wrong.context["wrong"])) == (200, True)
    assert Job.objects.get(kind="stashbox.submit").params["q"] == "beach"


class TestDraft:
    def test_is_shown_to_the_letter_and_given_by_a_job(
        self, browser: Client, box: StashBox, standin: StandIn
    ) -> None:
        other, eve = make_box("Other", may_submit=True), make_performer("Eve <b>", aliases=["E"])
        page = reverse("admin:stashbox_stashbox_draft") + f"?performer={eve.pk}"

        shown = browser.get(page).content.decode()
        browser.post(page, {"box": box.pk})

        assert "What would be given to Stand-in" in shown
        assert "Eve &lt;b&gt;" in shown
        assert f"&amp;box={other.pk}" in shown
        assert standin.requests == []
        params = {"box_id": box.pk, "performer_id": eve.pk, "again": False}
        assert Job.objects.get(kind="stashbox.draft").params == params

    def test_says_that_the_very_same_was_given(self, browser: Client, box: StashBox) -> None:
        eve = make_performer("Eve")
        give_draft(eve, box)
        page = reverse("admin:stashbox_stashbox_draft") + f"?performer={eve.pk}"

        assert "The very same draft was given before" in browser.get(page).content.decode()
        browser.post(page, {"box": box.pk, "again": "on"})

        assert Job.objects.get(kind="stashbox.draft").params["again"] is True

    def test_needs_a_box_that_is_marked(self, browser: Client) -> None:
        video, box = make_video("Here"), make_box()
        page = reverse("admin:stashbox_stashbox_draft") + f"?video={video.pk}"

        assert "No stash-box to give to" in browser.get(page).content.decode()
        assert (
            "not to be given" in browser.post(page, {"box": box.pk}, follow=True).content.decode()
        )
        assert browser.get(page.replace(str(video.pk), "x")).status_code == 404

    def test_the_forms_lead_there_for_those_who_may(self) -> None:
        rows = ((make_video(), "video"), (make_performer(), "performer"))
        page = reverse("admin:stashbox_stashbox_draft")
        for role, leads in ((Role.EDITOR, False), (Role.OPERATOR, True)):
            client = Client()
            client.force_login(make_user(role))
            for row, name in rows:
                form = client.get(reverse(f"admin:library_{name}_change", args=[row.pk]))
                assert (f"{page}?{name}={row.pk}" in form.content.decode()) is leads
            assert client.get(page, {"video": rows[0][0].pk}).status_code == (200 if leads else 403)


def test_a_box_that_is_not_marked_gets_nothing(browser: Client) -> None:
    box = make_box("Closed")

    assert "Closed is not to be given anything" in _look(browser, box)
    answer = browser.post(_address(box), follow=True)

    assert "Closed is not to be given anything" in answer.content.decode()
    assert not Job.objects.exists()


def test_the_list_leads_there_for_those_who_may() -> None:
    marked, other = make_box(may_submit=True), make_box()
    address = reverse("admin:stashbox_stashbox_changelist")

    for role, shown in ((Role.EDITOR, False), (Role.OPERATOR, True)):
        client = Client()
        client.force_login(make_user(role))
        page = client.get(address).content.decode()
        assert (_address(marked) in page) is shown
        assert _address(other) not in page


def test_many_cost_the_statements_of_few(browser: Client, box: StashBox, standin: StandIn) -> None:
    _look(browser, box)
    counts = []
    for number in (1, 5):
        for _ in range(number):
            _sure(box, standin)
        with CaptureQueriesContext(connection) as caught:
            _look(browser, box)
        counts.append(len(caught))

    assert counts[0] == counts[1]
