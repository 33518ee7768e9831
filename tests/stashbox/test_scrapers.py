"""What stands in files beside videos and on pages is read, however hostile it is."""

import json
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from apps.core import outgoing
from apps.core.outgoing import AddressRefused, Fetched, WrongType
from apps.library.models import Video
from apps.stashbox import scrapers
from apps.stashbox.choices import MatchState, Source
from apps.stashbox.models import StashMatch
from apps.stashbox.schema import RemoteScene, as_json, read_scene
from apps.stashbox.scrapers import ScrapeRefused, values
from apps.stashbox.scrapers.markup import read_page
from apps.stashbox.scrapers.page import scenes_in
from apps.stashbox.scrapers.sidecar import names_beside, scene_in
from apps.stashbox.services.scrape import scrape_files, scrape_url
from tests.factories import make_file, make_library, make_video

PAGE = "https://example.com/watch/7"
NFO = b"""<?xml version="1.0" encoding="UTF-8"?>
<movie>
  <title>A  day &amp; a night</title>
  <plot>First.\nThen.</plot>
  <premiered>2021-03-04</premiered>
  <studio>North</studio>
  <director>Ann Lee</director>
  <genre>Outdoor</genre><tag>outdoor</tag><tag>Sea</tag>
  <actor><name>Eve</name><role>Herself</role></actor>
  <actor><name>Ida</name></actor>
  <thumb aspect="poster">https://example.com/cover.jpg</thumb>
  <fileinfo><streamdetails><video><durationinseconds>61</durationinseconds></video>
  </streamdetails></fileinfo>
</movie>
https://example.com/after-the-end"""
DOWNLOAD: dict[str, Any] = {
    "id": "x7", "title": "A day", "description": "First.", "upload_date": "20210304",
    "duration": 61.4, "webpage_url": PAGE, "channel": "North", "cast": ["Eve", "Ida"],
    "tags": ["sea"], "categories": ["Outdoor"], "thumbnail": "https://example.com/1.jpg",
    "thumbnails": [{"url": "https://example.com/2.jpg"}, {"url": "ftp://x"}, 5],
}  # fmt: skip


def _names(scene: RemoteScene | None) -> tuple[list[str], list[str]]:
    assert scene is not None
    return [one.performer.name for one in scene.performers], [tag.name for tag in scene.tags]


class TestNfo:
    def test_is_read_as_media_centres_write_it(self) -> None:
        scene = scene_in(b"clip.nfo", NFO)

        assert scene is not None
        assert (scene.id, scene.title, scene.date) == ("clip.nfo", "A day & a night", "2021-03-04")
        assert scene.studio is not None
        assert (scene.studio.name, scene.director, scene.duration_s) == ("North", "Ann Lee", 61)
        assert _names(scene) == (["Eve", "Ida"], ["outdoor", "Sea"])
        assert [image.url for image in scene.images] == ["https://example.com/cover.jpg"]

    @pytest.mark.parametrize(
        "content", [b"", b"  drawn for people\n", b"<html><body>no</body></html>", b"\xef\xbb\xbf"]
    )
    def test_what_is_about_something_else_says_nothing(self, content: bytes) -> None:
        assert scene_in(b"clip.nfo", content) is None

    @pytest.mark.parametrize(
        "content",
        [
            b'<!DOCTYPE m [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><movie>&b;</movie>',
            b'<!DOCTYPE m [<!ENTITY a SYSTEM "file:///etc/passwd">]><movie>&a;</movie>',
            b'<!DOCTYPE m SYSTEM "http://example.com/m.dtd"><movie/>',
            b"<movie><title>never closed",
            b'<?xml version="1.0" encoding="no-such"?><movie/>',
            b"<movie>" + b"x" * 1_000_001 + b"</movie>",
            b"<a>" * 50_000,
        ],
    )
    def test_what_is_hostile_or_broken_is_refused_by_name(self, content: bytes) -> None:
        with pytest.raises(ScrapeRefused, match=r"clip\.nfo: "):
            scene_in(b"clip.nfo", content)

    def test_depth_alone_does_no_harm(self) -> None:
        content = b"<movie><title>A</title>" + b"<a>" * 50_000 + b"</a>" * 50_000 + b"</movie>"

        scene = scene_in(b"clip.nfo", content)

        assert scene is not None
        assert scene.title == "A"


class TestDownload:
    def test_is_read_as_yt_dlp_writes_it(self) -> None:
        scene = scene_in(b"clip.info.json", json.dumps(DOWNLOAD).encode())

        assert scene is not None
        assert (scene.title, scene.date, scene.duration_s) == ("A day", "2021-03-04", 61)
        assert (scene.studio and scene.studio.name, scene.urls) == ("North", (PAGE,))
        assert _names(scene) == (["Eve", "Ida"], ["sea", "Outdoor"])
        pictures = [f"https://example.com/{number}.jpg" for number in (1, 2)]
        assert [image.url for image in scene.images] == pictures

    @pytest.mark.parametrize("said", [[], 3, {}, {"title": "A"}, {**DOWNLOAD, "_type": "playlist"}])
    def test_other_programs_files_say_nothing(self, said: Any) -> None:
        assert scene_in(b"clip.json", json.dumps(said).encode()) is None

    @pytest.mark.parametrize(
        "content", [b"{", b"[" * 500_000, b'{"a":' * 100_000, b"\xff", b"1" * 5_000]
    )
    def test_what_is_hostile_or_broken_is_refused_by_name(self, content: bytes) -> None:
        with pytest.raises(ScrapeRefused, match=r"clip\.json: "):
            scene_in(b"clip.json", content)

    def test_huge_texts_are_cut_and_what_no_database_holds_is_left_out(self) -> None:
        said = {
            **DOWNLOAD,
            "title": "a\0b\ud800" + "x" * 1_000_000,
            "tags": ["\0", *map(str, range(9_999))],
        }

        scene = scene_in(b"clip.json", json.dumps(said).encode())

        assert scene is not None
        assert scene.title.startswith("abxx")
        assert len(scene.title) == 500
        assert len(scene.tags) <= 500


def test_names_beside_a_video() -> None:
    names = [b"a.b.nfo", b"a.b.info.json", b"a.b.json", b"a.b.mp4.json"]

    assert names_beside(b"films/a.b.mp4") == names
    assert names_beside(b"bare")[0] == b"bare.nfo"


_KEYS = [*DOWNLOAD, "@type", "@graph", "name", "actor", "genre", "author", "url", "keywords"]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([*DOWNLOAD, "@type", "name", "url", "actor"]), inner, max_size=5
        )
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*DOWNLOAD, "_type", "release_year"]), _JSON, max_size=8))
def test_no_download_breaks_the_reader(said: dict[str, Any]) -> None:
    content = json.dumps({"title": "A", "extractor": "x", **said}).encode()
    try:
        scene = scene_in(b"clip.json", content)
    except ScrapeRefused:  # not a number in it
        return
    assert scene is None or read_scene(as_json(scene)) == scene


@given(st.dictionaries(st.sampled_from(_KEYS), _JSON, max_size=6))
def test_no_json_ld_breaks_the_reader(said: dict[str, Any]) -> None:
    text = json.dumps({"@type": "VideoObject", **said}).replace("</", "<\\/")
    try:
        found = scenes_in(
            f"<script type=application/ld+json>{text}</script>".encode(), address=PAGE
        )
    except ScrapeRefused:
        return
    assert all(read_scene(as_json(scene)) == scene for scene in found)


_PIECES = st.sampled_from(
    [
        "<", ">", "<meta ", "<META\n", "property=", "name='", "og:title", '"', "'", "content=",
        "<!--", "-->", "<script>", "<script type=application/ld+json>", "</script>", "<title>",
        "{", "}", "&#0;", "é", "\0", "=",
    ]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=60))
def test_no_page_breaks_the_reader(pieces: list[str]) -> None:
    with suppress(ScrapeRefused):
        scenes_in("".join(pieces).encode(), address=PAGE)


@given(st.binary(max_size=200))
def test_no_file_breaks_the_reader(content: bytes) -> None:
    for name in (b"a.nfo", b"a.json"):
        with suppress(ScrapeRefused):
            scene_in(name, content)


@pytest.mark.parametrize(
    "unit", ["<!--", "<meta ", "<meta a='", "<a ", "<script>", "<meta " + "= " * 5_000]
)
def test_unfinished_markup_of_megabytes_is_read_at_once(unit: str) -> None:
    page = read_page((unit * (5_000_000 // len(unit))).encode())

    assert page.data == []


@pytest.mark.parametrize(
    ("written", "length_s"),
    [
        ("PT1H2M3S", 3_723), ("PT90S", 90), ("P1DT1S", 86_401), ("pt5m", 300), ("61.4", 61),
        ("T", None), ("P", None), (7, 7), ("-5", None), ("nan", None), (True, None), ("1e99", None),
    ],
)  # fmt: skip
def test_periods(written: Any, length_s: int | None) -> None:
    assert values.period(written) == length_s


class TestPage:
    def test_json_ld_is_read_and_open_graph_fills_it(self) -> None:
        said = {"@context": "https://schema.org", "@graph": [{"@type": "WebPage"}, {
            "@type": ["VideoObject"], "name": "A day", "uploadDate": "2021-03-04T10:00:00Z",
            "duration": "PT1M1S", "actor": [{"@type": "Person", "name": "Eve"}, "Ida"],
            "keywords": "sea, sun", "thumbnailUrl": ["/1.jpg", "javascript:x()"],
            "productionCompany": {"name": "North"},
        }]}  # fmt: skip
        html = f"""<html><head><!-- <meta property="og:title" content="not this"> -->
            <META property='og:description' content='First &amp; "then" > now'>
            <script type="application/ld+json">{{broken</script>
            <script>var a = "<meta property='og:description' content='nor this'>"</script>
            <script type='application/ld+json'>{json.dumps(said)}</script>"""

        (scene,) = scenes_in(html.encode(), address=PAGE)

        assert (scene.id, scene.title, scene.date) == (PAGE, "A day", "2021-03-04")
        assert (scene.details, scene.duration_s) == ('First & "then" > now', 61)
        assert scene.studio is not None
        assert (scene.studio.name, scene.urls) == ("North", (PAGE,))
        assert _names(scene) == (["Eve", "Ida"], ["sea", "sun"])
        assert [image.url for image in scene.images] == ["https://example.com/1.jpg"]

    def test_open_graph_alone_is_enough(self) -> None:
        html = """<meta charset="iso-8859-1"><meta property="og:title" content="Caf\xe9">
            <meta property="og:site_name" content="North"><meta property="video:tag" content="sea">
            <meta property="video:duration" content="61">
            <meta property="video:actor" content="https://example.com/eve">"""

        (scene,) = scenes_in(html.encode("latin-1"), address=PAGE)

        assert (scene.title, scene.studio and scene.studio.name) == ("Café", "North")
        assert (scene.duration_s, scene.performers) == (61, ())

    def test_several_videos_are_told_apart(self) -> None:
        said = [{"@type": "VideoObject", "name": name} for name in ("A", "B")]

        found = scenes_in(_ld(said), address=PAGE)

        assert [(scene.id, scene.title) for scene in found] == [(PAGE, "A"), (f"{PAGE}#2", "B")]

    @pytest.mark.parametrize("content", [b"", b"<title>A</title>", b"\xff" * 99])
    def test_a_page_that_says_nothing_is_refused(self, content: bytes) -> None:
        with pytest.raises(ScrapeRefused, match="says nothing"):
            scenes_in(content, address=PAGE)


def _ld(said: Any) -> bytes:
    return f"<script type=application/ld+json>{json.dumps(said)}</script>".encode()


class _Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        kind = "video/mp4" if self.path == "/film" else "text/html; charset=utf-8"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(_ld({"@type": "VideoObject", "name": "Storm at sea", "actor": "Eve"}))

    def log_message(self, *_arguments: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def site() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Site) as server:
        thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.01))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def _fetch(url: str, *, types: Sequence[str] | None = None) -> Fetched:
    return outgoing.fetch(url, most_bytes=100_000, types=types, allow_private=True)


@pytest.mark.django_db
class TestScrapeUrl:
    def test_a_page_becomes_a_candidate_with_evidence(self, site: str) -> None:
        video = make_video("Storm at sea")

        (match,) = scrape_url(video, f"{site}/watch#there", fetch=_fetch)

        assert (match.source, match.state, match.box) == (Source.PAGE, MatchState.REVIEW, None)
        assert (match.remote_id, match.payload["title"]) == (f"{site}/watch", "Storm at sea")
        reasons = match.evidence["reasons"]
        assert sum(reason["points"] for reason in reasons) == match.score
        assert "A person named the page." in {reason["text"] for reason in reasons}

    def test_asked_again_there_is_still_one(self, site: str) -> None:
        video = make_video()

        for _ in range(2):
            scrape_url(video, site, fetch=_fetch)

        assert StashMatch.objects.count() == 1

    def test_only_pages_are_read(self, site: str) -> None:
        with pytest.raises(WrongType):
            scrape_url(make_video(), f"{site}/film", fetch=_fetch)

    def test_nothing_inside_is_asked(self, site: str) -> None:
        with pytest.raises(AddressRefused):
            scrape_url(make_video(), site)

    @pytest.mark.parametrize("url", ["file:///etc/passwd", "nonsense", "javascript:x", ""])
    def test_only_addresses_of_the_web_are_read(self, url: str) -> None:
        with pytest.raises(ScrapeRefused, match="http"):
            scrape_url(make_video(), url)


def _video_at(root: Path, name: str) -> Video:
    library = make_library(root=str(root))
    file = make_file(os.fsencode(name), library=library)
    return make_video(file=file)


@pytest.mark.django_db
class TestScrapeFiles:
    def test_what_stands_beside_a_video_becomes_candidates(self, tmp_path: Path) -> None:
        video = _video_at(tmp_path, "films/clip.mp4")
        (tmp_path / "films").mkdir()
        (tmp_path / "films/clip.nfo").write_bytes(NFO)
        (tmp_path / "films/clip.info.json").write_text(json.dumps(DOWNLOAD))
        (tmp_path / "films/other.nfo").write_bytes(NFO)

        outcome = scrape_files(Video.objects.all())

        assert (outcome.videos, outcome.found, outcome.told) == (1, 2, [])
        matches = StashMatch.objects.order_by("remote_id")
        assert [match.remote_id for match in matches] == ["clip.info.json", "clip.nfo"]
        assert {(match.video, match.source, match.state) for match in matches} == {
            (video, Source.SIDECAR, MatchState.REVIEW)
        }

    def test_a_file_that_is_refused_keeps_no_other_from_being_read(self, tmp_path: Path) -> None:
        (tmp_path / "a.nfo").write_bytes(b"<movie>")
        (tmp_path / "b.nfo").symlink_to("c.nfo")
        (tmp_path / "c.nfo").write_bytes(NFO)
        (tmp_path / "d.json").write_bytes(b" " * 5_000_001)
        library = make_library(root=str(tmp_path))
        for name in "abcd":
            make_video(file=make_file(f"{name}.mp4".encode(), library=library))

        outcome = scrape_files(Video.objects.all())

        assert (outcome.videos, outcome.found, outcome.refused) == (4, 1, 2)
        assert [told.split(":")[0] for told in outcome.told] == ["a.mp4", "d.mp4"]

    def test_the_statements_do_not_grow_with_the_videos(self, tmp_path: Path) -> None:
        library, ids = make_library(root=str(tmp_path)), []
        for number in range(8):
            (tmp_path / f"{number}.nfo").write_bytes(NFO)
            ids.append(make_video(file=make_file(f"{number}.mp4".encode(), library=library)).pk)

        few, many = (_statements(some) for some in (ids[:2], ids[2:]))

        assert few == many


def _statements(ids: list[int]) -> int:
    with CaptureQueriesContext(connection) as caught:
        scrape_files(Video.objects.filter(pk__in=ids))
    return len(caught)


class _Archive:
    """As a plug-in's."""

    name = "archive"
    source = Source.PAGE

    def takes(self, url: str) -> bool:
        return "archive.example" in url

    def of_url(self, url: str, *, fetch: Any) -> list[RemoteScene]:
        return [RemoteScene(id=url, title="From\0 the archive", urls=("javascript:x",))]

    def of_path(self, path: bytes, *, read: Any) -> list[RemoteScene]:
        read([b"../outside"])
        return []


@pytest.mark.django_db
class TestPlugin:
    @pytest.fixture(autouse=True)
    def _registered(self) -> Iterator[None]:
        scrapers.register(_Archive())
        yield
        scrapers.forget("archive")

    def test_its_scraper_is_asked_first_and_trusted_no_more(self) -> None:
        (match,) = scrape_url(make_video(), "https://archive.example/1")

        assert match.payload["title"] == "From the archive"
        assert match.payload["urls"] == []

    def test_it_reads_nothing_but_the_videos_folder(self, tmp_path: Path) -> None:
        _video_at(tmp_path, "clip.mp4")

        outcome = scrape_files(Video.objects.all())

        assert outcome.told == ["clip.mp4: Only files in the video's own folder are read."]
