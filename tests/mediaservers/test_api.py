"""Media servers and notices by the API."""

import pytest

from apps.core.sealing import unseal
from apps.mediaservers.choices import NoticeState
from apps.mediaservers.models import MediaServer, Notice
from tests.client import Api
from tests.factories import make_library
from tests.mediaservers.conftest import server_of
from tests.mediaservers.factories import make_notice, make_server
from tests.mediaservers.standin import StandIn

pytestmark = pytest.mark.django_db

_SECRET = "a-very-secret-token"
_BODY = {"name": "Living room", "kind": "plex", "url": "http://plex:32400", "token": _SECRET}


class TestServers:
    def test_the_token_is_never_told(self, api: Api) -> None:
        made = api.post("media-servers/", _BODY)

        assert made.status_code == 201, made.content
        server = MediaServer.objects.get()
        assert (made.json()["has_token"], unseal(server.sealed_token)) == (True, _SECRET)
        address = f"media-servers/{server.pk}/"
        told = [
            made, api.get("media-servers/"), api.get(address), api.get("audit/"),
            api.patch(address, {"enabled": False}),
        ]  # fmt: skip
        for answer in told:
            assert answer.status_code in (200, 201)
            assert _SECRET not in answer.content.decode()
            assert '"token"' not in answer.content.decode()
            assert server.sealed_token not in answer.content.decode()

    def test_a_token_stays_is_replaced_and_forgotten(self, api: Api) -> None:
        address = api.post("media-servers/", _BODY).headers["Location"]

        assert api.patch(address, {"confirm": False}).json()["has_token"] is True
        assert api.patch(address, {"token": "another"}).json()["has_token"] is True
        assert unseal(MediaServer.objects.get().sealed_token) == "another"
        assert api.patch(address, {"url": "http://other:32400"}).json()["has_token"] is False

    def test_libraries_and_the_path_map(self, api: Api) -> None:
        library = make_library()
        rules = [{"here": "/srv/films", "there": "/media/films"}]
        body = {**_BODY, "libraries": [library.pk], "path_map": rules}

        made = api.post("media-servers/", body).json()

        assert (made["libraries"], made["path_map"], made["waiting"]) == ([library.pk], rules, 0)
        address = f"media-servers/{made['id']}/"
        assert api.patch(address, {"libraries": []}).json()["libraries"] == []
        refused = api.patch(address, {"path_map": [{"here": "x", "there": "/y"}]})
        assert (refused.status_code, "path_map" in refused.content.decode()) == (400, True)

    def test_refusals(self, api: Api) -> None:
        assert api.post("media-servers/", {**_BODY, "url": "ftp://x"}).status_code == 400
        assert api.post("media-servers/", {**_BODY, "kind": "kodi"}).status_code == 400
        assert api.post("media-servers/", {**_BODY, "outcome": "x"}).status_code == 400
        assert api.post("media-servers/", _BODY).status_code == 201
        assert api.post("media-servers/", _BODY).status_code == 409
        server = MediaServer.objects.get()
        stale = {"If-Unmodified-Since-Version": "9"}
        assert (
            api.patch(f"media-servers/{server.pk}/", {"enabled": False}, **stale).status_code == 412
        )

    def test_one_is_tested_and_paths_are_previewed(self, api: Api, plex: StandIn) -> None:
        make_library(name="Films", root="/srv/films")
        server = server_of(plex)

        state = api.post(f"media-servers/{server.pk}/test/").json()
        found = api.post(f"media-servers/{server.pk}/preview/", {"path": "/srv/films/a b.mkv"})

        assert (state["ok"], state["reason"], state["version"]) == (True, "", "1.43.0")
        assert state["libraries"] == [
            {
                "library": "Films", "here": "/srv/films", "there": "/media/films",
                "inside": "Films", "reason": "",
            }
        ]  # fmt: skip
        assert found.json() == {
            "there": "/media/films/a b.mkv", "back": "/srv/films/a b.mkv", "whole": True,
            "reason": "", "rule": {"here": "/srv/films", "there": "/media/films"},
        }  # fmt: skip


class TestNotices:
    def test_what_became_of_each_file(self, api: Api) -> None:
        notice = make_notice(
            path=b"/srv/films/\xff.mkv", state=NoticeState.FAILED, reason="unseen", outcome="No.",
            job_id=9, size_bytes=5,
        )  # fmt: skip
        make_notice()

        found = api.results("media-servers/notices/", server=notice.server_id)

        assert len(found) == 1
        row = api.get(f"media-servers/notices/{notice.pk}/").json()
        assert found == [row]
        assert (row["path"], row["state"], row["reason"], row["outcome"], row["job"]) == (
            "/srv/films/\\xff.mkv", "failed", "unseen", "No.", 9,
        )  # fmt: skip

    def test_they_are_found_by_state_openness_and_path(self, api: Api) -> None:
        failed = make_notice(path=b"/srv/a.mkv", state=NoticeState.FAILED)
        waiting = make_notice(path=b"/srv/b.mkv", library=make_library())

        def ids(**filters: object) -> list[int]:
            return [row["id"] for row in api.results("media-servers/notices/", **filters)]

        assert ids(state="failed") == [failed.pk]
        assert ids(open="true") == [waiting.pk]
        assert ids(open="false") == [failed.pk]
        assert ids(path="/srv/b.mkv") == [waiting.pk]
        assert ids(library=waiting.library_id) == [waiting.pk]
        assert api.get("media-servers/notices/", state="lost").status_code == 400

    def test_what_is_over_is_told_again(self, api: Api) -> None:
        failed, waiting = make_notice(state=NoticeState.FAILED), make_notice(make_server())

        said = api.post("media-servers/notices/again/", {"ids": [failed.pk, waiting.pk]})

        assert said.json() == {"told": 1}
        assert Notice.objects.get(pk=failed.pk).state == NoticeState.WAITING
        assert api.post("media-servers/notices/again/", {"ids": []}).status_code == 400
