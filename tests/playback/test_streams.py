"""``videos/{id}/stream/``: the bytes of files, through the test client and a real server."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.utils.timezone import now

from apps.accounts.choices import Role
from apps.library.choices import LibraryState
from apps.library.models import File, Library, Video
from tests.client import Api
from tests.factories import make_token, make_user, make_video
from tests.jobs.listening import Web, served
from tests.media import media
from tests.playback.serving import add_video, ask


@pytest.fixture
def video(db: None, tmp_path: Path) -> Video:
    return add_video(tmp_path / "library", media("h264.mp4"), probed=False)


@pytest.fixture
def content(video: Video) -> bytes:
    return media("h264.mp4").read_bytes()


def stream(api: Api, video: Video, query: str = "", **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return api.http.get(f"/api/v1/videos/{video.pk}/stream/{query}", headers=named)


def body(response: Any) -> bytes:
    read = b"".join(response.streaming_content) if response.streaming else response.content
    return bytes(read)


class TestWhole:
    def test_is_the_file(self, api: Api, video: Video, content: bytes) -> None:
        response = stream(api, video)

        assert (response.status_code, body(response)) == (200, content)
        assert response["Content-Length"] == str(len(content))
        assert response["Content-Type"] == "video/mp4"
        assert response["Accept-Ranges"] == "bytes"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Cache-Control"].startswith("private")
        assert response["Content-Disposition"].startswith('inline; filename="h264.mp4"')

    def test_head_has_no_body(self, api: Api, video: Video, content: bytes) -> None:
        response = api.http.head(f"/api/v1/videos/{video.pk}/stream/")

        assert (response.status_code, response.content) == (200, b"")
        assert response["Content-Length"] == str(len(content))

    def test_is_not_sent_to_who_has_it(self, api: Api, video: Video) -> None:
        first = stream(api, video)
        body(first)

        assert stream(api, video, If_None_Match=first["ETag"]).status_code == 304

    def test_another_file_of_the_video(self, api: Api, video: Video, tmp_path: Path) -> None:
        other = add_video(
            tmp_path / "library", media("vp9.webm"), library=video.library, probed=False
        )
        assert other.primary_file
        File.objects.filter(pk=other.primary_file.pk).update(video=video)

        response = stream(api, video, f"?file={other.primary_file.pk}")

        assert body(response) == media("vp9.webm").read_bytes()
        assert response["Content-Type"] == "video/webm"

    def test_takes_another_file_if_the_primary_is_missing(
        self, api: Api, video: Video, tmp_path: Path
    ) -> None:
        other = add_video(
            tmp_path / "library", media("vp9.webm"), library=video.library, probed=False
        )
        assert other.primary_file
        File.objects.filter(pk=other.primary_file.pk).update(video=video)
        File.objects.filter(pk=video.primary_file_id).update(missing_since=now())

        assert body(stream(api, video)) == media("vp9.webm").read_bytes()


class TestRanges:
    @pytest.mark.parametrize(
        ("asked", "start", "end"),
        [("0-9", 0, 10), ("-7", -7, None), ("100-", 100, None), ("5-6,10-20", 5, 7)],
    )
    def test_part(
        self, api: Api, video: Video, content: bytes, asked: str, start: int, end: int | None
    ) -> None:
        response = stream(api, video, Range=f"bytes={asked}")

        assert (response.status_code, body(response)) == (206, content[start:end])
        first = start % len(content)
        last = first + len(content[start:end]) - 1
        assert response["Content-Range"] == f"bytes {first}-{last}/{len(content)}"
        assert response["Content-Length"] == str(last - first + 1)

    def test_behind_the_end(self, api: Api, video: Video, content: bytes) -> None:
        response = stream(api, video, Range=f"bytes={len(content)}-")

        assert response.status_code == 416
        assert response["Content-Range"] == f"bytes */{len(content)}"
        assert response.json()["type"].endswith("range_not_satisfiable")

    def test_if_range(self, api: Api, video: Video, content: bytes) -> None:
        etag = stream(api, video, Range="bytes=0-0")["ETag"]

        same = stream(api, video, Range="bytes=1-2", If_Range=etag)
        other = stream(api, video, Range="bytes=1-2", If_Range='"other"')

        assert (same.status_code, body(same)) == (206, content[1:3])
        assert (other.status_code, body(other)) == (200, content)

    def test_etag_changes_with_the_content(self, api: Api, video: Video) -> None:
        assert video.primary_file
        before = stream(api, video)
        os.utime(video.primary_file.location, ns=(1, 1))

        after = stream(api, video)

        assert before["ETag"] != after["ETag"]
        body(before)
        body(after)

    def test_beyond_four_gigabytes(self, api: Api, video: Video) -> None:
        assert video.primary_file
        size = 6 * 1024**3
        with open(video.primary_file.location, "r+b") as file:
            file.truncate(size)
            file.seek(size - 3)
            file.write(b"end")

        response = stream(api, video, Range=f"bytes={size - 3}-")

        assert (response.status_code, body(response)) == (206, b"end")


class TestAway:
    def test_missing(self, api: Api, video: Video) -> None:
        File.objects.filter(pk=video.primary_file_id).update(missing_since=now())

        response = stream(api, video)

        assert response.status_code == 404
        assert response.json()["type"].endswith("file_away")

    def test_gone_since_the_scan(self, api: Api, video: Video) -> None:
        assert video.primary_file
        os.unlink(video.primary_file.location)

        assert stream(api, video).status_code == 404

    def test_library_offline(self, api: Api, video: Video) -> None:
        assert video.primary_file
        os.unlink(video.primary_file.location)
        Library.objects.update(state=LibraryState.OFFLINE, state_detail="Nothing is mounted.")

        response = stream(api, video)

        assert (response.status_code, "Nothing is mounted." in response.json()["detail"]) == (
            503, True,
        )  # fmt: skip

    @pytest.mark.parametrize("kind", ["fifo", "folder"])
    def test_only_regular_files_are_opened(self, api: Api, video: Video, kind: str) -> None:
        assert video.primary_file
        path = video.primary_file.location
        os.unlink(path)
        os.mkfifo(path) if kind == "fifo" else os.mkdir(path)

        assert stream(api, video).status_code == 404

    def test_unknown(self, api: Api, db: None) -> None:
        assert api.get("videos/999999/stream/").status_code == 404
        assert api.get(f"videos/{10**17}/stream/").status_code == 404
        video = make_video()
        for query in ("?file=999999", "?file=x", "?other=1"):
            assert stream(api, video, query).status_code in (400, 404)


def test_who_may_not_see_the_video_gets_nothing(video: Video) -> None:
    reader = make_user()

    assert Api().get(f"videos/{video.pk}/stream/").status_code == 401
    assert Api(reader).get(f"videos/{video.pk}/stream/").status_code == 403
    assert Api(token=make_token(reader)[1]).get(f"videos/{video.pk}/stream/").status_code == 403


def test_nginx_sends_the_file(api: Api, video: Video, settings: Any) -> None:
    settings.MEDIAHUB_ACCEL_REDIRECT = "/protected/"

    response = stream(api, video, Range="bytes=0-1")

    assert (response.status_code, response.content) == (200, b"")
    assert response["X-Accel-Redirect"].startswith("/protected/")
    assert response["X-Accel-Redirect"].endswith("/library/h264.mp4")
    assert response["Content-Type"] == "video/mp4"


@pytest.fixture(scope="module")
def web(django_db_setup: None) -> Iterator[Web]:
    with served() as server:
        yield server


@pytest.mark.django_db(transaction=True)
class TestServer:
    def test_many_at_once(self, web: Web, video: Video, content: bytes) -> None:
        token = make_token(make_user(Role.VIEWER))[1]
        ranges = [(n * 97 % len(content), 5_000) for n in range(40)]

        def part(span: tuple[int, int]) -> bytes:
            asked = f"bytes={span[0]}-{span[0] + span[1] - 1}"
            path = f"videos/{video.pk}/stream/"
            return ask(web.port, path, Authorization=f"Bearer {token}", Range=asked).body

        with ThreadPoolExecutor(16) as pool:
            got = list(pool.map(part, ranges))

        assert got == [content[at : at + size] for at, size in ranges]

    def test_leaves_no_file_open(self, web: Web, video: Video) -> None:
        assert video.primary_file
        assert web.process
        with open(video.primary_file.location, "r+b") as file:
            file.truncate(2 * 1024**3)
        token = make_token(make_user(Role.VIEWER))[1]
        path = f"videos/{video.pk}/stream/"
        for method in ("HEAD", "GET"):
            head = {"Range": "bytes=0-9"} if method == "GET" else {}
            ask(web.port, path, method=method, Authorization=f"Bearer {token}", **head)
        _leave_early(web.port, f"/api/v1/{path}", token)

        assert _closes(web.process.pid, os.fsdecode(video.primary_file.location))


def _leave_early(port: int, path: str, token: str) -> None:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
    connection.getresponse().read(100_000)
    connection.close()


def _closes(pid: int, path: str) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        links = list(Path(f"/proc/{pid}/fd").iterdir())
        if path not in [str(link.readlink()) for link in links if link.is_symlink()]:
            return True
        time.sleep(0.05)
    return False
