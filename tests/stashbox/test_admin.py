"""Stash-boxes, candidates and the settings in the admin."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core.sealing import seal, unseal
from apps.jobs.models import Job
from apps.library.models import Video
from apps.stashbox.choices import MatchState
from apps.stashbox.models import StashBox, StashMatch
from apps.stashbox.services.boxes import settings_of_all
from tests.factories import make_performer, make_studio, make_tag, make_video
from tests.stashbox.factories import make_box, make_match, scene
from tests.stashbox.standin import StandIn
from tests.stashbox.standin.settings import broken_json, website

pytestmark = pytest.mark.django_db

_SECRET = "eyJhbGciOi.a-very-secret-key"
_SENT: dict[str, Any] = {
    "name": "StashDB", "url": "https://stashdb.example/graphql", "requests_per_minute": 240,
    "enabled": "on", "position": 0,
}  # fmt: skip
_CANDIDATES = "admin:stashbox_stashmatch_changelist"


def _page(name: str, *args: Any) -> str:
    return reverse(f"admin:stashbox_{name}", args=args)


def _act(browser: Client, action: str, *matches: StashMatch) -> str:
    sent = {"action": action, "_selected_action": [one.pk for one in matches]}
    answer = browser.post(reverse(_CANDIDATES), sent, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


class TestBoxes:
    def test_the_key_is_typed_and_never_shown(self, browser: Client) -> None:
        browser.post(_page("stashbox_add"), {**_SENT, "api_key": _SECRET})

        box = StashBox.objects.get()
        assert unseal(box.sealed_key) == _SECRET
        shown = browser.get(_page("stashbox_change", box.pk)).content.decode()
        assert "There is a key." in shown
        for page in (shown, browser.get(_page("stashbox_changelist")).content.decode()):
            assert _SECRET not in page
            assert box.sealed_key not in page

    def test_the_key_stays_until_another_is_typed(self, browser: Client) -> None:
        box = make_box(sealed_key=seal(_SECRET))
        address = _page("stashbox_change", box.pk)
        kept = {**_SENT, "url": box.url, "allow_private": "on"}

        browser.post(address, {**kept, "name": "Other", "version": box.version})
        box.refresh_from_db()
        assert (box.name, unseal(box.sealed_key)) == ("Other", _SECRET)
        browser.post(address, {**kept, "api_key": "another", "version": box.version})
        box.refresh_from_db()
        assert unseal(box.sealed_key) == "another"
        browser.post(address, {**kept, "forget_key": "on", "version": box.version})
        box.refresh_from_db()
        assert not box.sealed_key

    @pytest.mark.parametrize(
        "mistake",
        [
            {"url": "ftp://x.example"},
            {"url": "http://stashdb.example/graphql"},
            {"api_key": "x y"},
            {"requests_per_minute": "0"},
        ],
    )
    def test_mistakes_are_told(self, browser: Client, mistake: dict[str, Any]) -> None:
        answer = browser.post(_page("stashbox_add"), {**_SENT, **mistake}, follow=True)

        assert answer.status_code == 200
        assert "error" in answer.content.decode()
        assert not StashBox.objects.exists()

    def test_a_test_says_that_it_answers(self, browser: Client, box: StashBox) -> None:
        page = _page("stashbox_test", box.pk)

        assert "It answers." not in browser.get(page).content.decode()
        told = browser.post(page).content.decode()

        assert "It answers." in told
        assert "tester" in told

    def test_a_test_tells_each_failure_apart(
        self, browser: Client, box: StashBox, standin: StandIn
    ) -> None:
        page = _page("stashbox_test", box.pk)

        standin.settings.always = website()
        assert 'data-reason="not_a_stash_box"' in browser.post(page).content.decode()
        standin.settings.always = broken_json()
        assert 'data-reason="broken_answer"' in browser.post(page).content.decode()
        standin.settings.always = None
        StashBox.objects.update(sealed_key=seal("unknown"))
        assert 'data-reason="unauthorised"' in browser.post(page).content.decode()
        StashBox.objects.update(allow_private=False)
        assert 'data-reason="private"' in browser.post(page).content.decode()

    def test_deletion_says_what_goes(self, browser: Client) -> None:
        box = make_box()
        make_match(box=box)
        page = _page("stashbox_delete", box.pk)

        assert "candidates and links go" in browser.get(page).content.decode()
        browser.post(page, {"post": "yes"})

        assert not StashBox.objects.exists()
        assert not StashMatch.objects.exists()


class TestCandidates:
    def test_twelve_cost_the_statements_of_two(self, browser: Client) -> None:
        def statements(number: int) -> int:
            for _ in range(number):
                make_match(
                    make_video(
                        tags=[make_tag()], performers=[make_performer()], studio=make_studio()
                    )
                )
            with CaptureQueriesContext(connection) as caught:
                assert browser.get(reverse(_CANDIDATES)).status_code == 200
            return len(caught)

        statements(1)
        assert statements(1) == statements(10)

    def test_filters(self, browser: Client) -> None:
        box = make_box()
        match = make_match(of=scene("Wanted scene"), box=box, score=80)
        make_match(of=scene("Other scene"), score=50, state=MatchState.PASSED)
        studio = match.payload["studio"]["name"]

        for narrow in (
            {"box__id__exact": box.pk}, {"state__exact": "review"}, {"score_from": 60},
            {"studio": studio}, {"q": match.video.title},
        ):  # fmt: skip
            page = browser.get(reverse(_CANDIDATES), narrow).content.decode()
            assert "Wanted scene" in page, narrow
            assert "Other scene" not in page, narrow

    def test_one_shows_why_and_what_it_would_change(self, browser: Client) -> None:
        evidence = {"reasons": [{"text": "The file is the same.", "points": 80}]}
        match = make_match(
            make_video("Raw name"), of=scene("<b>Real</b>"), evidence=evidence
        )  # fmt: skip

        page = browser.get(_page("stashmatch_change", match.pk)).content.decode()

        assert "The file is the same." in page
        assert "Raw name" in page
        assert "&lt;b&gt;Real&lt;/b&gt;" in page
        assert "<b>Real</b>" not in page

    def test_chosen_ones_are_accepted(self, browser: Client) -> None:
        match = make_match(make_video("Raw name"), of=scene("Real"))

        assert "1 candidate accepted." in _act(browser, "accept_chosen", match)

        assert Video.objects.get().title == "Real"
        match.refresh_from_db()
        assert match.state == MatchState.ACCEPTED
        page = browser.get(reverse(_CANDIDATES)).content.decode()
        assert reverse("admin:core_auditentry_change", args=[match.entry]) in page

    def test_chosen_ones_are_rejected(self, browser: Client) -> None:
        matches = make_match(), make_match()

        assert "2 candidates rejected." in _act(browser, "reject_chosen", *matches)

        assert set(StashMatch.objects.values_list("state", flat=True)) == {MatchState.REJECTED}

    def test_their_videos_are_identified_again(self, browser: Client) -> None:
        match = make_match()

        _act(browser, "identify_again", match)

        params = Job.objects.get(kind="stashbox.identify").params
        assert (params["ids"], params["again"]) == ([match.video_id], True)

    def test_videos_of_the_list_are_identified(self, browser: Client) -> None:
        make_box()
        video = make_video()
        sent = {"action": "identify_chosen", "_selected_action": [video.pk]}

        browser.post(reverse("admin:library_video_changelist"), sent)

        assert Job.objects.get(kind="stashbox.identify").params["ids"] == [video.pk]

    def test_without_a_box_it_says_so(self, browser: Client) -> None:
        sent = {"action": "identify_chosen", "_selected_action": [make_video().pk]}

        answer = browser.post(reverse("admin:library_video_changelist"), sent, follow=True)

        assert not Job.objects.exists()
        assert "stash-box" in answer.content.decode()


def test_the_menu_leads_there(browser: Client) -> None:
    page = browser.get(_page("settings")).content.decode()

    for name in ("tagger", "stashbox_changelist", "settings"):
        assert f'href="{_page(name)}"' in page


class TestSettings:
    def _sent(self, **changed: Any) -> dict[str, Any]:
        sent: dict[str, Any] = {
            "apply_from": 90, "review_from": 40, "lead": 10, "search_text": "on",
            "unknown_performers": "create", "unknown_studios": "create", "unknown_tags": "create",
        }  # fmt: skip
        policies = {f"policy_{k}": v.value for k, v in settings_of_all().DEFAULT_POLICIES.items()}
        return {**sent, **policies, "version": settings_of_all().version, **changed}

    def test_policies_are_chosen_field_by_field(self, browser: Client) -> None:
        sent = self._sent(policy_title="ignore", unknown_tags="skip", apply_from=95)

        answer = browser.post(_page("settings"), sent, follow=True)

        assert "Saved." in answer.content.decode()
        row = settings_of_all()
        assert (row.policy("title"), row.policy("tags")) == ("ignore", "merge")
        assert (row.unknown_tags, row.apply_from) == ("skip", 95)

    def test_nothing_changed_changes_nothing(self, browser: Client) -> None:
        version = settings_of_all().version

        browser.post(_page("settings"), self._sent())

        assert settings_of_all().version == version

    @pytest.mark.parametrize(
        "mistake", [{"apply_from": 30}, {"policy_title": "merge"}, {"lead": 101}, {"version": 99}]
    )
    def test_mistakes_are_told(self, browser: Client, mistake: dict[str, Any]) -> None:
        answer = browser.post(_page("settings"), self._sent(**mistake))

        assert answer.status_code == 200
        assert "mh-error" in answer.content.decode()
        assert settings_of_all().policy("title") == "replace"
