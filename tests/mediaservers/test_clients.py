"""The true requests to each kind of server, and how each failure is told apart."""

import json

import pytest

from apps.core.sealing import seal
from apps.mediaservers.choices import ChangeKind, ServerKind
from apps.mediaservers.clients import Place, ServerError, Update, Wanted, connect
from apps.mediaservers.models import MediaServer
from tests.factories import NOON
from tests.mediaservers.conftest import server_of
from tests.mediaservers.standin import TOKEN, USER_TOKEN, Answer, StandIn, serve

pytestmark = pytest.mark.django_db

FILM = "/media/films/Film (2020).mkv"
UPDATES = [
    Update(FILM, ChangeKind.CREATED), Update("/media/films/b/c.mp4", ChangeKind.MODIFIED),
    Update("/media/films/b/old.avi", ChangeKind.DELETED),
]  # fmt: skip


def reason_of(server: MediaServer) -> str:
    with pytest.raises(ServerError) as caught:
        _ask(server)
    assert TOKEN not in str(caught.value)
    return caught.value.reason


def _ask(server: MediaServer) -> None:
    with connect(server, timeout_s=5) as client:
        client.who()
        client.places()


class TestJellyfin:
    def test_the_request_is_the_true_one(self, jellyfin: StandIn) -> None:
        with connect(server_of(jellyfin)) as client:
            client.tell(UPDATES, [])

        (asked,) = jellyfin.requests
        assert str(asked) == "POST /Library/Media/Updated"
        assert asked.headers["authorization"] == f'MediaBrowser Token="{TOKEN}"'
        assert asked.headers["content-type"] == "application/json"
        assert "x-emby-token" not in asked.headers
        assert not asked.query
        assert json.loads(asked.body) == {
            "Updates": [
                {"Path": FILM, "UpdateType": "Created"},
                {"Path": "/media/films/b/c.mp4", "UpdateType": "Modified"},
                {"Path": "/media/films/b/old.avi", "UpdateType": "Deleted"},
            ]
        }

    def test_one_that_refuses_the_old_header_takes_ours(self, jellyfin: StandIn) -> None:
        """What Jellyfin 12 does to those who still send X-Emby-Token."""
        as_emby = server_of(jellyfin, kind=ServerKind.EMBY, name="old way")
        with pytest.raises(ServerError) as caught, connect(as_emby) as client:
            client.tell(UPDATES, [])
        assert caught.value.reason == "unauthorised"

        with connect(server_of(jellyfin)) as client:
            client.tell(UPDATES, [])
        assert len(jellyfin.told) == 3

    def test_who_it_is_and_what_it_shows(self, jellyfin: StandIn) -> None:
        with connect(server_of(jellyfin)) as client:
            who, places = client.who(), client.places()

        assert (who.product, who.name, who.version) == ("Jellyfin Server", "Living room", "12.0.1")
        assert places == [Place("id-Films", "Films", "/media/films", "movies")]

    def test_who_is_no_administrator_may_tell_but_not_ask_for_folders(
        self, jellyfin: StandIn
    ) -> None:
        with connect(server_of(jellyfin, sealed_token=seal(USER_TOKEN))) as client:
            assert client.places() is None
            client.tell(UPDATES, [])

    def test_files_are_found_by_what_was_saved_lately_and_else_by_their_words(
        self, jellyfin: StandIn
    ) -> None:
        old = "/media/films/Some old thing (1999) 1080p.mkv"
        jellyfin.items = {FILM: 7, old: 8, "/media/films/other.mkv": 9}
        absent = "/media/films/Absent.mkv"

        with connect(server_of(jellyfin)) as client:
            found = client.find([Wanted(path, NOON) for path in (FILM, old, absent)], [])

        assert {path: known.size_bytes for path, known in found.known.items()} == {FILM: 7, old: 8}
        assert found.sought == {FILM, old, absent}
        queries = [each.query for each in jellyfin.asked("/Items")]
        assert [each.get("searchTerm") for each in queries] == [None, "Some old thing", "Absent"]
        assert queries[0]["minDateLastSaved"] == "2026-11-21T11:45:00Z"
        assert queries[0]["fields"] == "Path,MediaSources"

    @pytest.mark.parametrize("body", [[], {"Items": 5}, {"Items": None}])
    def test_a_list_that_is_none(self, jellyfin: StandIn, body: object) -> None:
        jellyfin.trouble = [Answer(body=body)]
        with pytest.raises(ServerError) as caught, connect(server_of(jellyfin)) as client:
            client.find([Wanted(FILM, NOON)], [])
        assert caught.value.reason == "broken_answer"

    def test_oddities_in_a_list_are_passed_over(self, jellyfin: StandIn) -> None:
        odd = [
            5,
            {"Path": 3},
            {"MediaSources": "x"},
            {"Path": FILM, "MediaSources": [{"Size": -1}]},
        ]
        jellyfin.trouble = [Answer(body={"Items": odd})]
        with connect(server_of(jellyfin)) as client:
            found = client.find([Wanted(FILM, NOON)], [])
        assert found.known[FILM].size_bytes is None


class TestEmby:
    def test_the_request_is_the_true_one(self, emby: StandIn) -> None:
        with connect(server_of(emby)) as client:
            client.tell(UPDATES[:1], [])

        (asked,) = emby.requests
        assert str(asked) == "POST /Library/Media/Updated"
        assert asked.headers["x-emby-token"] == TOKEN
        assert "authorization" not in asked.headers
        assert json.loads(asked.body) == {"Updates": [{"Path": FILM, "UpdateType": "Created"}]}

    def test_it_is_asked_for_paths(self, emby: StandIn) -> None:
        old = "/media/films/old.mkv"
        emby.items = {old: 8}
        with connect(server_of(emby)) as client:
            found = client.find([Wanted(old, NOON)], [])

        assert found.known[old].size_bytes == 8
        assert emby.requests[-1].query["Path"] == old


class TestPlex:
    PLACES = [Place("1", "Films", "/media/films", "movie"), Place("2", "Photos", "/p", "photo")]

    def test_the_requests_are_the_true_ones_one_for_each_folder(self, plex: StandIn) -> None:
        with connect(server_of(plex)) as client:
            places = client.places()
            assert places
            client.tell(UPDATES, places)

        first, *rest = plex.requests
        assert str(first) == "GET /library/sections"
        assert first.headers["x-plex-token"] == TOKEN
        assert [(str(each), each.query) for each in rest] == [
            ("GET /library/sections/1/refresh", {"path": "/media/films"}),
            ("GET /library/sections/1/refresh", {"path": "/media/films/b"}),
        ]
        assert {each.headers["x-plex-token"] for each in rest} == {TOKEN}

    def test_a_section_that_is_unknown(self, plex: StandIn) -> None:
        unknown = [Place("9", "Gone", "/media/films", "movie")]
        with pytest.raises(ServerError) as caught, connect(server_of(plex)) as client:
            client.tell(UPDATES, unknown)
        assert caught.value.reason == "not_found"

    def test_files_are_found_among_what_was_touched_last(self, plex: StandIn) -> None:
        plex.items = {FILM: 5}
        photo = "/p/a.mkv"
        absent = "/media/films/Absent (2001).mkv"
        with connect(server_of(plex)) as client:
            found = client.find([Wanted(each, NOON) for each in (FILM, photo, absent)], self.PLACES)

        assert found.known[FILM].size_bytes == 5
        assert (found.sought, found.blind) == ({FILM, absent}, {photo})
        assert plex.requests[0].query == {
            "type": "1", "sort": "updatedAt:desc", "X-Plex-Container-Start": "0",
            "X-Plex-Container-Size": "200",
        }  # fmt: skip
        assert plex.requests[1].query["title"] == "Absent"


class TestWhatGoesWrong:
    @pytest.mark.parametrize("kind", ServerKind)
    def test_a_wrong_token_is_told_from_all_else(self, kind: ServerKind) -> None:
        with serve(kind) as standin:
            assert reason_of(server_of(standin, sealed_token=seal("wrong"))) == "unauthorised"
            unset = server_of(standin, sealed_token="", name="without")
            assert reason_of(unset) == "no_token"
            assert len(standin.requests) == 3

    @pytest.mark.parametrize(
        ("status", "reason"),
        [
            (401, "unauthorised"), (403, "not_allowed"), (404, "not_found"), (405, "not_found"),
            (418, "refused"), (429, "rate_limited"), (500, "busy"), (503, "busy"),
        ],
    )  # fmt: skip
    def test_each_status(self, jellyfin: StandIn, status: int, reason: str) -> None:
        jellyfin.trouble = [Answer(status, f"secret {TOKEN}")]
        assert reason_of(server_of(jellyfin)) == reason

    def test_another_kind_is_recognised(
        self, jellyfin: StandIn, emby: StandIn, plex: StandIn
    ) -> None:
        pairs = [
            (jellyfin, ServerKind.EMBY), (emby, ServerKind.JELLYFIN), (plex, ServerKind.JELLYFIN),
            (jellyfin, ServerKind.PLEX),
        ]  # fmt: skip
        found = [
            reason_of(server_of(standin, kind=kind, name=f"{standin.kind} as {kind}"))
            for standin, kind in pairs
        ]
        assert found == ["wrong_kind", "wrong_kind", "not_found", "not_found"]

    @pytest.mark.parametrize(
        "body", ["<html>hello</html>", "[" * 100_000, [], {}, {"Version": 1}, None]
    )
    def test_a_website_is_no_server(self, jellyfin: StandIn, plex: StandIn, body: object) -> None:
        for standin in (jellyfin, plex):
            standin.trouble = [Answer(body=body)]
            assert reason_of(server_of(standin)) == "wrong_kind"

    def test_one_that_sends_us_on_names_where(self, jellyfin: StandIn) -> None:
        where = ("Location", f"https://jelly.example/web/?token={TOKEN}")
        jellyfin.trouble = [Answer(302, headers=(where,))]
        with pytest.raises(ServerError, match=r"on to https://jelly\.example/web/") as caught:
            _ask(server_of(jellyfin))
        assert caught.value.reason == "redirect"
        assert len(jellyfin.requests) == 1
        assert TOKEN not in str(caught.value)

    def test_nobody_there_and_no_such_name(self) -> None:
        with serve(ServerKind.PLEX) as standin:
            server = server_of(standin)
        assert reason_of(server) == "unreachable"
        server.url = "http://no-such-server.invalid:8096"
        assert reason_of(server) == "dns"

    def test_private_addresses_only_if_they_are_allowed(self, jellyfin: StandIn) -> None:
        assert reason_of(server_of(jellyfin, allow_private=False)) == "private"
        assert not jellyfin.requests

    def test_a_token_of_another_installation(self, jellyfin: StandIn) -> None:
        assert reason_of(server_of(jellyfin, sealed_token="gAAAA")) == "no_token"
