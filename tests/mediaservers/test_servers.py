"""Setting up media servers, and whether they can be told."""

from typing import Any

import pytest

from apps.core.audit import StaleEdit
from apps.core.models import AuditEntry
from apps.core.sealing import seal, unseal
from apps.mediaservers.choices import ServerKind
from apps.mediaservers.mapping import MapRefused
from apps.mediaservers.models import MediaServer, Notice
from apps.mediaservers.services import testing
from apps.mediaservers.services.servers import (
    MediaServerRefused,
    create_server,
    delete_server,
    edit_server,
)
from tests.factories import NOON, make_library
from tests.mediaservers.conftest import server_of
from tests.mediaservers.factories import make_notice, make_server
from tests.mediaservers.standin import USER_TOKEN, Answer, StandIn

pytestmark = pytest.mark.django_db

URL = "http://jellyfin:8096"
SECRET = "a-secret-of-theirs"


@pytest.fixture
def made() -> MediaServer:
    return create_server(MediaServer(name="Living room", url=URL), token=SECRET)


def token_of(server: MediaServer) -> str:
    return unseal(MediaServer.objects.get(pk=server.pk).sealed_token)


class TestSettingUp:
    def test_the_token_is_sealed_and_in_no_audit(self, made: MediaServer) -> None:
        edited = edit_server(made, {"name": "Other"}, token="another-secret")
        delete_server(edited)

        entries = AuditEntry.objects.filter(object_type="mediaservers.mediaserver").order_by("pk")
        assert [entry.action for entry in entries] == ["created", "changed", "changed", "deleted"]
        assert entries[2].changes == {"token": [True, "given"]}
        for entry in entries:
            assert "secret" not in str(entry.changes)
            assert made.sealed_token not in str(entry.changes)
            assert not entry.changes.get("sealed_token", [""])[0]

    def test_the_token_stays_unless_another_is_given(self, made: MediaServer) -> None:
        edited = edit_server(made, {"tell_scans": True, "sealed_token": "", "outcome": "x"})
        assert (token_of(made), edited.tell_scans, edited.outcome) == (SECRET, True, "")

        edited = edit_server(edited, {}, token=" another ", expected_version=2)
        assert (token_of(made), edited.version) == ("another", 3)
        with pytest.raises(StaleEdit):
            edit_server(edited, {"name": "x"}, expected_version=2)
        assert not token_of(edit_server(edited, {}, token=""))

    def test_the_token_is_not_sent_to_whoever_the_server_is_pointed_at(
        self, made: MediaServer
    ) -> None:
        assert token_of(edit_server(made, {"url": URL + "/jellyfin"})) == SECRET
        assert not token_of(edit_server(made, {"url": "http://evil:8096/jellyfin"}))

    def test_libraries_and_paths_are_audited_and_can_be_read_there(self, made: MediaServer) -> None:
        library = make_library()
        rules = [{"here": "/srv/films/", "there": "/media/films"}]

        edited = edit_server(made, {"path_map": rules}, related={"libraries": [library]})

        assert edited.path_map == [{"here": "/srv/films", "there": "/media/films"}]
        changes = AuditEntry.objects.latest("pk").changes
        assert changes == {
            "path_map": [[], [{"here": "/srv/films", "there": "/media/films"}]],
            "libraries": [[], [library.pk]],
        }

    def test_whoever_mends_a_server_needs_not_wait(self) -> None:
        server = make_server(not_before=NOON, path_map=[])
        edit_server(server, {"name": "mended"})
        server.refresh_from_db()
        assert server.not_before is None

    def test_what_it_was_told_goes_with_it(self) -> None:
        notice = make_notice()
        delete_server(notice.server)
        assert not Notice.objects.exists()

    @pytest.mark.parametrize(
        "values",
        [
            {"name": ""}, {"url": ""}, {"url": "ftp://a/"}, {"url": "jellyfin:8096"},
            {"url": "https://me:pass@a"}, {"url": URL + "?x=1"}, {"url": URL + "#x"},
            {"url": "https://[1/"}, {"url": f" {URL}"}, {"url": "http://a\\b"},
            {"url": "http://a:99999"}, {"kind": "kodi"}, {"allow_private": False},
        ],
    )  # fmt: skip
    def test_what_cannot_be_asked_cannot_be_saved(
        self, made: MediaServer, values: dict[str, Any]
    ) -> None:
        with pytest.raises(MediaServerRefused):
            create_server(MediaServer(**{"name": "new", "url": URL, **values}))
        with pytest.raises(MediaServerRefused):
            edit_server(made, values)
        made.refresh_from_db()
        assert (made.name, made.url, made.version) == ("Living room", URL, 1)

    def test_a_map_that_is_none_cannot_be_saved(self, made: MediaServer) -> None:
        with pytest.raises(MapRefused):
            edit_server(made, {"path_map": [{"here": "films", "there": "/f"}]})

    @pytest.mark.parametrize("token", ["a b", "a\nX-Other: b", "schlüssel", 'a"b', "x" * 1_001])
    def test_what_is_no_token(self, made: MediaServer, token: str) -> None:
        with pytest.raises(MediaServerRefused):
            edit_server(made, {}, token=token)
        assert token_of(made) == SECRET


class TestWhetherItCanBeTold:
    def test_one_that_has_all(self, jellyfin: StandIn) -> None:
        make_library(name="Films", root="/srv/films")
        make_library(name="Parts", root="/srv")
        server = server_of(
            jellyfin, failing_since=NOON, failures=3, not_before=NOON,
            path_map=[{"here": "/srv", "there": "/media"}],
        )  # fmt: skip

        state = testing.test_server(server, now=NOON)

        assert (state.ok, state.version, state.name) == (True, "12.0.1", "Living room")
        assert [(each.there, each.inside, each.reason) for each in state.libraries] == [
            ("/media/films", "Films", ""), ("/media", "", ""),
        ]  # fmt: skip
        server.refresh_from_db()
        assert (server.failing_since, server.not_before, server.answered_at) == (None, None, NOON)

    def test_one_that_lacks_a_library_is_told_which(self, plex: StandIn) -> None:
        make_library(name="Films", root="/srv/films")
        make_library(name="Series", root="/srv/series")
        server = server_of(plex, path_map=[{"here": "/srv", "there": "/media"}])

        state = testing.test_server(server, now=NOON)

        assert (state.ok, state.reason) == (False, "outside")
        assert state.message.endswith("can't be told of: Series.")
        server.libraries.add(state_library := make_library(name="Only", root="/srv/films/only"))
        assert testing.test_server(server, now=NOON).libraries[0].library == state_library.name

    def test_a_library_for_which_there_is_no_rule(self, emby: StandIn) -> None:
        make_library(root="/mnt/x")
        assert testing.test_server(server_of(emby), now=NOON).reason == "unmapped"

    def test_whoever_may_not_see_folders_is_told_so(self, jellyfin: StandIn) -> None:
        make_library(root="/srv/films")
        state = testing.test_server(server_of(jellyfin, sealed_token=seal(USER_TOKEN)), now=NOON)
        assert (state.ok, "no administrator" in state.message) == (True, True)

    def test_failures_have_their_reason_and_nothing_is_written(self, emby: StandIn) -> None:
        server = server_of(emby, kind=ServerKind.JELLYFIN)
        state = testing.test_server(server, now=NOON)
        assert (state.ok, state.reason) == (False, "wrong_kind")
        assert "no Jellyfin" in state.message

        emby.trouble = [Answer(503)]
        assert testing.test_server(server, now=NOON).reason == "busy"
        server.refresh_from_db()
        assert server.asked_at is None


class TestPreview:
    def test_both_directions(self) -> None:
        server = make_server(
            path_map=[
                {"here": "/mnt/a", "there": "/media"},
                {"here": "/mnt/b", "there": "/media/b"},
            ]
        )
        found = testing.preview(server, "/mnt/b/c.mkv")
        assert (found.there, found.back, found.reason) == ("/media/b/c.mkv", "/mnt/b/c.mkv", "")
        assert found.rule
        assert found.rule.here == "/mnt/b"
        hidden = testing.preview(server, "/mnt/a/b/c.mkv")
        assert (hidden.reason, hidden.back) == ("shadowed", "/mnt/b/c.mkv")
        assert testing.preview(server, "/x").reason == "unmapped"

    @pytest.mark.parametrize("path", ["films", "", "/a\0", "/a/../b"])
    def test_only_of_whole_paths(self, path: str) -> None:
        with pytest.raises(MapRefused):
            testing.preview(make_server(), path)
