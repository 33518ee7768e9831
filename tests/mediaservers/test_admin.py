"""Media servers and notices in the admin."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.core.sealing import unseal
from apps.mediaservers.choices import NoticeState
from apps.mediaservers.models import MediaServer, Notice
from tests.factories import NOON, make_library
from tests.mediaservers.conftest import server_of
from tests.mediaservers.factories import make_notice, make_server
from tests.mediaservers.standin import TOKEN, Answer, StandIn

pytestmark = pytest.mark.django_db

_SECRET = "a-very-secret-token"
_SENT: dict[str, Any] = {
    "name": "Living room", "kind": "jellyfin", "url": "http://jellyfin:8096", "enabled": "on",
    "confirm": "on", "allow_private": "on", "path_map": "/srv/films => /media/films\n\n",
}  # fmt: skip


def _page(name: str, *args: Any) -> str:
    return reverse(f"admin:mediaservers_{name}", args=args)


def _text(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode())


class TestServers:
    def test_one_is_set_up_and_its_token_never_shown(self, browser: Client) -> None:
        library = make_library()
        sent = {**_SENT, "token": _SECRET, "libraries": [library.pk]}

        browser.post(_page("mediaserver_add"), sent)

        server = MediaServer.objects.get()
        assert unseal(server.sealed_token) == _SECRET
        assert server.path_map == [{"here": "/srv/films", "there": "/media/films"}]
        assert list(server.libraries.all()) == [library]
        shown = _text(browser.get(_page("mediaserver_change", server.pk)))
        assert "There is a token." in shown
        assert "/srv/films =&gt; /media/films" in shown
        for page in (shown, _text(browser.get(_page("mediaserver_changelist")))):
            assert _SECRET not in page
            assert server.sealed_token not in page

    def test_the_token_stays_until_another_is_typed(self, browser: Client) -> None:
        browser.post(_page("mediaserver_add"), {**_SENT, "token": _SECRET})
        server = MediaServer.objects.get()
        address = _page("mediaserver_change", server.pk)

        def save(**sent: Any) -> MediaServer:
            server.refresh_from_db()
            browser.post(address, {**_SENT, "version": server.version, **sent})
            server.refresh_from_db()
            return server

        assert unseal(save(name="Other").sealed_token) == _SECRET
        assert unseal(save(name="Other", token="another").sealed_token) == "another"
        assert not save(name="Other", forget_token="on").sealed_token
        assert save(path_map="").path_map == []

    @pytest.mark.parametrize(
        ("mistake", "told"),
        [
            ({"url": "ftp://x"}, "must be an address"),
            ({"url": "http://x", "allow_private": ""}, "Give an address of https."),
            ({"token": "x y"}, "This is no token"),
            ({"path_map": "/srv/films"}, "Rule 1 of the path map has no folder at the server"),
            ({"path_map": "/a => /b\n/a => /c"}, "both name /a here"),
        ],
    )
    def test_mistakes_are_told_where_they_were_made(
        self, browser: Client, mistake: dict[str, Any], told: str
    ) -> None:
        page = _text(browser.post(_page("mediaserver_add"), {**_SENT, **mistake}))

        assert told in page
        assert "Living room" in page
        assert not MediaServer.objects.exists()

    def test_the_list_says_how_each_fares(self, browser: Client) -> None:
        failing = make_server(failing_since=NOON, asked_at=NOON, outcome="<b>It is down.</b>")
        make_server(enabled=False)
        make_server(answered_at=NOON, asked_at=NOON)
        make_server()
        make_notice(failing)
        make_notice(failing, state=NoticeState.FAILED)

        page = _text(browser.get(_page("mediaserver_changelist")))

        for said in ("fails", "off", "answers", "not asked yet", "&lt;b&gt;It is down."):
            assert said in page
        assert f"server__id__exact={failing.pk}&amp;open=yes" in page
        assert f"server__id__exact={failing.pk}&amp;state__exact=failed" in page
        assert "It is down" in _text(browser.get(_page("mediaserver_change", failing.pk)))

    def test_one_is_deleted_with_what_it_was_told(self, browser: Client) -> None:
        server = make_notice().server
        browser.post(_page("mediaserver_delete", server.pk), {"post": "yes"})
        assert not MediaServer.objects.exists()


class TestTesting:
    def test_it_says_what_is_there(self, browser: Client, jellyfin: StandIn) -> None:
        make_library(name="Films", root="/srv/films")
        server = server_of(jellyfin)
        address = _page("mediaserver_test", server.pk)
        assert "Nothing is told." in _text(browser.get(address))
        assert not jellyfin.requests

        page = _text(browser.post(address))

        assert "It answers." in page
        assert "Jellyfin Server 12.0.1 (Living room)" in page
        assert "/media/films" in page
        assert TOKEN not in page

    def test_it_says_what_is_wrong_and_what_to_do(self, browser: Client, plex: StandIn) -> None:
        make_library(name="Other", root="/srv/other")
        server = server_of(plex)
        address = _page("mediaserver_test", server.pk)
        plex.trouble = [Answer(200, "<html>"), Answer(401)]

        wrong, unknown, outside = (_text(browser.post(address)) for _ in range(3))

        assert 'data-reason="wrong_kind"' in wrong
        assert 'data-reason="unauthorised"' in unknown
        assert "Copy the token anew" in unknown
        assert 'data-reason="unmapped"' in outside
        assert "no rule is for it" in outside

    def test_where_a_path_leads(self, browser: Client) -> None:
        server = make_server(path_map=[{"here": "/srv/films", "there": "D:\\Films"}])
        address = _page("mediaserver_test", server.pk)

        assert "D:\\Films\\a.mkv" in _text(browser.get(address, {"path": "/srv/films/a.mkv"}))
        assert 'data-reason="unmapped"' in _text(browser.get(address, {"path": "/x"}))
        assert "Give a whole path" in _text(browser.get(address, {"path": "<script>"}))


class TestNotices:
    def test_they_are_listed_filtered_and_told_again(self, browser: Client) -> None:
        failed = make_notice(state=NoticeState.FAILED, outcome="<i>no</i>", reason="unseen")
        waiting = make_notice()
        address = _page("notice_changelist")

        assert "&lt;i&gt;no&lt;/i&gt;" in _text(browser.get(address))
        some = _text(browser.get(address, {"open": "yes"}))
        assert waiting.shown.rpartition("/")[2] in some
        assert failed.shown.rpartition("/")[2] not in some
        found = _text(browser.get(address, {"q": failed.shown}))
        assert failed.shown.rpartition("/")[2] in found

        chosen = {"action": "tell_chosen_again", "_selected_action": [failed.pk, waiting.pk]}
        assert "1 will be told again" in _text(browser.post(address, chosen, follow=True))
        assert Notice.objects.get(pk=failed.pk).state == NoticeState.WAITING
        assert "it is told by itself" in _text(browser.post(address, chosen, follow=True))

    def test_one_shows_all_that_is_known(self, browser: Client) -> None:
        notice = make_notice(there="/media/films/x.mkv", job_id=5, outcome="Told.")
        page = _text(browser.get(_page("notice_change", notice.pk)))
        assert "/media/films/x.mkv" in page
        assert "/admin/jobs/job/5/change/" in page
