"""``playlists/``."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.choices import Role
from apps.playlists.models import Playlist
from tests.client import Api
from tests.factories import make_file, make_tag, make_user, make_video
from tests.playlists.making import ids_of, make_playlist, make_smart

pytestmark = pytest.mark.django_db


def user_of(api: Api) -> Any:
    return api.user


def names(api: Api, path: str) -> list[str]:
    return [row["title"] for row in api.results(path)]


class TestRows:
    def test_are_made_changed_and_deleted_by_their_owner(self, api: Api) -> None:
        made = api.post("playlists/", {"name": "Later", "description": "d"})
        address = made.headers["Location"]
        changed = api.patch(address, {"name": "Soon", "shared": True})
        stale = api.patch(address, {"name": "x"}, If_Unmodified_Since_Version="1")
        gone = api.delete(address)

        assert (made.status_code, made.json()["kind"]) == (201, "manual")
        assert (changed.json()["name"], changed.json()["version"]) == ("Soon", 2)
        assert (stale.status_code, gone.status_code) == (412, 204)

    def test_are_listed_if_own_or_shared(self, api: Api) -> None:
        make_playlist(user_of(api), name="mine")
        make_playlist(name="ours", shared=True)
        make_playlist(name="secret")

        found = [(row["name"], row["mine"]) for row in api.results("playlists/")]

        assert found == [("mine", True), ("ours", False)]

    def test_of_others_cannot_be_changed_nor_secret_ones_seen(self, api: Api) -> None:
        ours, secret = make_playlist(videos=2, shared=True), make_playlist(videos=2)
        video = ids_of(ours)[0]
        deeds = [
            ("PATCH", "", {"name": "x"}), ("DELETE", "", None), ("POST", "add/", {"ids": [video]}),
            ("POST", "remove/", {"ids": [video]}),
            ("POST", "move/", {"video": video, "after": None}),
        ]  # fmt: skip

        for method, path, body in deeds:
            refused = api.send(method, f"playlists/{ours.pk}/{path}", body, {})
            hidden = api.send(method, f"playlists/{secret.pk}/{path}", body, {})
            assert (refused.status_code, hidden.status_code) == (403, 404), path
        for path in ("", "videos/", "export.m3u8"):
            assert api.get(f"playlists/{ours.pk}/{path}").status_code == 200
            assert api.get(f"playlists/{secret.pk}/{path}").status_code == 404

    def test_two_of_a_name_are_refused(self, api: Api) -> None:
        api.post("playlists/", {"name": "Later"})

        assert api.post("playlists/", {"name": "LATER"}).status_code == 409

    def test_smart_ones_need_a_query_that_can_be_asked(self, api: Api) -> None:
        body = {"name": "s", "kind": "smart", "query": "rating>"}
        refused = api.post("playlists/", body)
        order = api.post("playlists/", {**body, "query": "", "ordering": "luck"})
        manual = api.post("playlists/", {"name": "m", "query": "rating>5"})

        assert (refused.status_code, list(refused.json()["errors"])) == (400, ["q"])
        assert (order.status_code, manual.status_code) == (400, 400)
        assert not Playlist.objects.exists()

    def test_many_cost_the_queries_of_few(self, api: Api) -> None:
        counts = []
        for _ in range(2):
            with CaptureQueriesContext(connection) as queries:
                api.results("playlists/")
            counts.append(len(queries))
            for _ in range(6):
                make_playlist(user_of(api), videos=1)

        assert counts[0] == counts[1]


class TestVideos:
    def test_come_in_order_page_by_page(self, api: Api) -> None:
        playlist = make_playlist(user_of(api), videos=7)
        order, seen, url = (
            ids_of(playlist)[::-1],
            [],
            f"playlists/{playlist.pk}/videos/?page_size=3",
        )
        for number, pk in enumerate(order):
            body = {"video": pk, "after": order[number - 1] if number else None}
            assert api.post(f"playlists/{playlist.pk}/move/", body).status_code == 204

        while url:
            page = api.get(url).json()
            seen += [row["id"] for row in page["results"]]
            url = page["next"]

        assert seen == order

    def test_of_smart_ones_come_by_cursor_up_to_the_limit(self, api: Api) -> None:
        for ms in (5_000, 4_000, 3_000, 2_000, 1_000):
            make_video(f"{ms}", duration_ms=ms)
        playlist = make_smart(user_of(api), ordering="duration", limit=3)

        first = api.get(f"playlists/{playlist.pk}/videos/", page_size=2).json()
        second = api.get(first["next"]).json()

        titles = [row["title"] for row in [*first["results"], *second["results"]]]
        assert titles == ["1000", "2000", "3000"]
        assert second["next"] is None

    def test_order_cannot_be_chosen(self, api: Api) -> None:
        playlist = make_playlist(user_of(api))

        assert api.get(f"playlists/{playlist.pk}/videos/?ordering=id").status_code == 400

    @pytest.mark.parametrize("smart", [True, False])
    def test_many_cost_the_queries_of_few(self, api: Api, smart: bool) -> None:
        tags = [make_tag(), make_tag()]
        ids = [make_video(tags=tags).pk for _ in range(8)]
        owner = user_of(api)
        playlist = make_smart(owner, "has:tags") if smart else make_playlist(owner, ids)
        counts = []
        for size in (2, 7):
            with CaptureQueriesContext(connection) as queries:
                api.results(f"playlists/{playlist.pk}/videos/", page_size=size)
            counts.append(len(queries))

        assert counts[0] == counts[1]


class TestFilling:
    def test_by_query_in_an_order_without_some(self, api: Api) -> None:
        videos = [make_video(duration_ms=ms, rating=9) for ms in (3_000, 1_000, 2_000, 4_000)]
        make_video()
        playlist = make_playlist(user_of(api))
        body = {"q": "rating:9", "but": [videos[3].pk], "ordering": "duration", "count": 3}

        answer = api.post(f"playlists/{playlist.pk}/add/", body)

        assert answer.json() == {"added": 3, "video_count": 3}
        assert ids_of(playlist) == [videos[1].pk, videos[2].pk, videos[0].pk]

    def test_refuses_another_count_than_was_shown(self, api: Api) -> None:
        make_video()
        playlist = make_playlist(user_of(api))

        answer = api.post(f"playlists/{playlist.pk}/add/", {"q": "", "count": 2})

        assert (answer.status_code, ids_of(playlist)) == (409, [])

    def test_removes_by_query(self, api: Api) -> None:
        keep, go = make_video(rating=1), make_video(rating=9)
        playlist = make_playlist(user_of(api), [keep.pk, go.pk])

        answer = api.post(f"playlists/{playlist.pk}/remove/", {"q": "rating>5"})

        assert answer.json() == {"removed": 1, "video_count": 1}
        assert ids_of(playlist) == [keep.pk]

    @pytest.mark.parametrize(
        "body",
        [{}, {"ids": [1], "q": "x"}, {"ids": [0]}, {"ids": ["x"]}, {"q": "colour:red"},
         {"ids": [999_999_999]}, {"ids": [], "but": [1]}, {"q": "", "ordering": "luck"}],
    )  # fmt: skip
    def test_refuses_nonsense(self, api: Api, body: dict[str, Any]) -> None:
        playlist = make_playlist(user_of(api))

        assert api.post(f"playlists/{playlist.pk}/add/", body).status_code == 400

    def test_a_copy_is_ones_own(self, api: Api) -> None:
        shared = make_playlist(videos=3, shared=True, name="Ours")

        made = api.post(f"playlists/{shared.pk}/duplicate/")

        copy = Playlist.objects.get(pk=made.json()["id"])
        assert (made.status_code, copy.owner, copy.name) == (201, user_of(api), "Ours")
        assert ids_of(copy) == ids_of(shared)


class TestExport:
    def read(self, api: Api, playlist: Playlist, **parameters: str) -> list[str]:
        answer = api.get(f"playlists/{playlist.pk}/export.m3u8", **parameters)
        assert answer.headers["Content-Type"].startswith("application/vnd.apple.mpegurl")
        return b"".join(answer.streaming_content).decode().splitlines()

    def test_names_files_in_order(self, api: Api) -> None:
        video = make_video("Film", file=make_file(b"a b/c.mp4"), duration_ms=61_500)
        gone = make_video(missing_since="2026-01-01T00:00Z")
        playlist = make_playlist(user_of(api), [video.pk, gone.pk], name="P")

        root = video.library.root
        assert self.read(api, playlist) == [
            "#EXTM3U", "#PLAYLIST:P", "#EXTINF:62,Film", f"{root}/a b/c.mp4",
        ]  # fmt: skip
        assert self.read(api, playlist, paths="relative")[3] == "a b/c.mp4"

    def test_no_name_breaks_out_of_its_line(self, api: Api) -> None:
        names = [b"a\n#EXTM3U.mp4", b"\xff\xfe.mp4", b"#b.mp4", "\u2028.mp4".encode()]
        ids = [make_video("t\r\n/etc/passwd", file=make_file(name)).pk for name in names]
        playlist = make_playlist(user_of(api), ids, name="P\n/etc/passwd")

        lines = self.read(api, playlist, paths="relative")

        paths = [line.partition("/srv")[0] for line in lines if not line.startswith("#")]
        assert len(lines) == 2 + 2 * len(names)
        assert paths == ["file://", "file://", "./#b.mp4", "file://"]
        assert lines[3].endswith("/a%0A%23EXTM3U.mp4")
        assert lines[5].endswith("/%FF%FE.mp4")

    def test_refuses_unknown_paths(self, api: Api) -> None:
        playlist = make_playlist(user_of(api))

        assert api.get(f"playlists/{playlist.pk}/export.m3u8?paths=odd").status_code == 400


def test_nobody_without_the_permission_comes_near(db: None) -> None:
    nobody = Api(make_user())
    playlist = make_playlist(make_user(Role.VIEWER), shared=True)

    assert nobody.get(f"playlists/{playlist.pk}/").status_code == 403
