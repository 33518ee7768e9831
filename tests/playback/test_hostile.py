"""Names that look like options or addresses, and playlists that call themselves videos."""

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.library.models import Video
from apps.playback.services.hls import watching
from apps.playback.services.hls.place import places
from apps.playback.services.hls.session import end_all
from tests.client import Api
from tests.media import media
from tests.playback.serving import add_video

_NAMES = {
    "option": b"-i.mp4",
    "concat": b"concat:a|b",
    "address": b"http:x.mp4",
    "newline": b"a\nb\r\nX-Injected: 1.mp4",
    "quotes": b"\"quo'ted\\; .mp4",
    "percent": b"%d%s%20?#.mp4",
    "longest": b"n" * 251 + b".mp4",
    "not UTF-8": b"\xff\xfe-\xe9.mp4",
    "wide": "日本語-ü.mp4".encode(),
}


@pytest.fixture
def small_idle(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.MEDIAHUB_HLS_IDLE_SECONDS = 5
    settings.MEDIAHUB_DATA_DIR = tmp_path / "data"
    yield
    end_all()
    assert places(tmp_path / "data" / "tmp" / "hls") == []


@pytest.mark.parametrize("name", _NAMES.values(), ids=_NAMES)
def test_any_name_is_streamed_and_converted(
    api: Api, tmp_path: Path, small_idle: None, name: bytes
) -> None:
    video = add_video(tmp_path / "library", media("h264.mp4"), name=name)

    whole = api.get(f"videos/{video.pk}/stream/")
    part = api.get(f"videos/{video.pk}/hls/360p/0.m4s", s="player-1")

    assert b"".join(whole.streaming_content) == media("h264.mp4").read_bytes()
    assert "X-Injected" not in whole.headers
    disposition = whole["Content-Disposition"]
    assert disposition.isascii()
    assert disposition.startswith("inline; ")
    assert "\n" not in disposition
    assert part.status_code == 200, part.content
    assert b"moof" in part.content[:100]


@pytest.fixture
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """A server that notes whoever connects."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        stop = threading.Event()

        def listen() -> None:
            while not stop.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                heard.append(b"connected")
                connection.close()

        thread = threading.Thread(target=listen)
        thread.start()
        yield server.getsockname()[1], heard
        stop.set()
        thread.join()


def _playlists(secret: Path, port: int) -> dict[str, bytes]:
    other, url = bytes(secret), f"http://127.0.0.1:{port}/x.ts".encode()
    head = b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n"
    return {
        "hls of a file": head + other + b"\n#EXT-X-ENDLIST\n",
        "hls of an address": head + url + b"\n#EXT-X-ENDLIST\n",
        "concat": b"ffconcat version 1.0\nfile '" + other + b"'\n",
        "concat of an address": b"ffconcat version 1.0\nfile " + url + b"\n",
        "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
        b"m=video %d RTP/AVP 96\na=rtpmap:96 H264/90000\n" % port,
        "dash": b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011">'
        b"<Period><AdaptationSet><Representation><BaseURL>"
        + url
        + b"</BaseURL></Representation></AdaptationSet></Period></MPD>",
    }


@pytest.mark.parametrize("kind", _playlists(Path(), 1))
def test_playlists_lead_nowhere(
    api: Api, tmp_path: Path, small_idle: None, listener: tuple[int, list[bytes]], kind: str
) -> None:
    """The catalogue believes that they are videos: the file was swapped after its scan."""
    port, heard = listener
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(media("h264.mp4").read_bytes())
    video = add_video(tmp_path / "library", media("h264.mp4"), name=b"film.mp4")
    content = _playlists(secret, port)[kind]
    _put(video, content)

    whole = api.get(f"videos/{video.pk}/stream/")
    parts = [
        api.get(f"videos/{video.pk}/hls/{variant}/0.m4s", s=f"player-{variant}")
        for variant in ("360p", "copy")
    ]

    assert b"".join(whole.streaming_content) == content
    assert {part.status_code for part in parts} <= {404, 500}
    assert all(part["Content-Type"] == "application/problem+json" for part in parts)
    assert heard == []


def _put(video: Video, content: bytes) -> None:
    assert video.primary_file
    path = video.primary_file.location
    assert watching.offered(video.primary_file)  # its key frames are known from before
    with open(path, "wb") as file:
        file.write(content)
    os.utime(path, ns=(0, video.primary_file.mtime_ns))
