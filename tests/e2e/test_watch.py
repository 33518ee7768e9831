"""Videos as people watch them: real media, a real server, a real browser."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.artifacts.services.making import make_artifacts
from apps.library.models import Library, Marker, Play, Video, Viewing
from apps.library.services.libraries import add_library
from apps.library.services.scan import scan_library
from apps.playback.models import PlayerSettings
from tests.e2e.conftest import leave
from tests.e2e.test_admin import UNNAMED
from tests.factories import NOON, make_marker, make_tag, make_user
from tests.jobs.listening import Web, served, session_of
from tests.playback.serving import clip

pytestmark = pytest.mark.browser

_PICTURE = "-f lavfi -i testsrc2=s=320x180:r=25 -f lavfi -i sine=f=440:r=44100 -t 20"
DIRECT = f"{_PICTURE} -c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 25 -c:a aac"
CONVERTED = f"{_PICTURE} -c:v mpeg4 -q:v 8 -c:a libmp3lame"
OpenPage = Callable[..., Page]


@pytest.fixture
def library(transactional_db: None, tmp_path: Path) -> Library:
    """A film that browsers play and one that they don't."""
    for name, arguments, suffix in (("Film", DIRECT, ".mp4"), ("Old film", CONVERTED, ".avi")):
        (tmp_path / f"{name}{suffix}").write_bytes(clip(arguments, suffix).read_bytes())
    library = add_library(tmp_path)
    scan_library(library, now=NOON)
    return library


@pytest.fixture(scope="module")
def web(django_db_setup: None) -> Iterator[Web]:
    with served(settings="test") as server:
        yield server


@pytest.fixture
def open_watch(chromium: Browser, web: Web, library: Library) -> Iterator[OpenPage]:
    """``open_watch("Film")``: its page; errors in scripts and on the console fail the test."""
    errors: list[str] = []
    address = f"http://127.0.0.1:{web.port}"
    name, value = session_of(make_user(superuser=True, username="boss"))

    def open_watch(title: str, query: str = "", *, width: int = 1280, go: bool = True) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": 800}, base_url=address)
        context.add_cookies([{"name": name, "value": value, "url": address}])
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.goto(f"/admin/library/video/{Video.objects.get(title=title).pk}/watch/{query}")
        page.wait_for_function("() => document.querySelector('video').readyState >= 2")
        if go and state(page)["paused"]:
            page.keyboard.press("k")
        return page

    yield open_watch
    leave(chromium.contexts)
    assert [text for text in errors if "412" not in text] == []  # the edit that came too late


def state(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(
        """() => { const media = document.querySelector("video"); return {
             at: media.currentTime, paused: media.paused, rate: media.playbackRate,
             muted: media.muted, source: media.currentSrc }; }"""
    )
    return found


def until(page: Page, condition: str, *, value: Any = None) -> None:
    page.wait_for_function(
        f"(value) => {{ const media = document.querySelector('video'); return {condition}; }}",
        arg=value,
    )


def seek(page: Page, part: float) -> None:
    """As by a click on the seek bar; waits until it plays there."""
    page.evaluate(
        """(part) => { const media = document.querySelector("video");
                      media.currentTime = media.duration * part; }""",
        part,
    )
    until(page, "!media.seeking && media.currentTime > media.duration * value + 0.2", value=part)


def shown(page: Page) -> Any:
    """The subtitles in the picture."""
    return page.evaluate(
        """() => [...document.querySelector("video").textTracks]
                   .filter((track) => track.mode === "showing" && track.kind === "subtitles")
                   .flatMap((track) => [...(track.activeCues || [])].map((cue) => cue.text))"""
    )


def test_plays_the_file_itself_and_goes_on_where_it_stopped(
    open_watch: OpenPage, library: Library
) -> None:
    film = Video.objects.get(title="Film")
    make_artifacts(film.pk, kinds=["sprite", "heatmap", "cover"])
    page = open_watch("Film")

    until(page, "media.currentTime > 0.5")
    assert state(page)["source"].endswith("/stream/")
    seek(page, 0.85)
    seek(page, 0.1)
    expect(page.locator(".mh-strip .mh-curve-filled")).to_have_count(1)
    expect(page.locator("[data-curves-told]")).to_have_text(re.compile("Loudest at"))
    bar = page.locator("media-time-range").bounding_box()
    assert bar
    page.mouse.move(bar["x"] + bar["width"] * 0.75, bar["y"] + bar["height"] / 2)
    thumbnail = page.locator("media-preview-thumbnail").first
    expect(thumbnail).to_have_attribute("mediapreviewimage", re.compile(r"size=sheet.*#xywh="))
    seek(page, 0.5)
    with page.expect_response("**/played/"):
        page.keyboard.press("k")
    stopped = state(page)["at"]
    page.goto("/admin/library/video/history/")
    expect(page.get_by_role("link", name="Film", exact=True)).to_be_visible()

    viewing = Viewing.objects.get(video=film)
    assert abs(viewing.position_ms / 1_000 - stopped) < 0.3
    assert Play.objects.get().played_ms >= 800
    page.go_back()
    until(page, "Math.abs(media.currentTime - value) < 2 && media.currentTime > 9", value=stopped)


def test_converts_what_the_browser_cannot_play(open_watch: OpenPage) -> None:
    page = open_watch("Old film")

    until(page, "media.currentTime > 0.5")
    assert state(page)["source"].startswith("blob:")
    seek(page, 0.9)
    seek(page, 0.05)
    expect(page.locator("[data-failure]")).to_be_hidden()

    page.goto(f"/admin/library/video/{Video.objects.get(title='Film').pk}/watch/")
    page.evaluate("document.querySelector('video').src = '/healthz'")  # the file breaks off
    until(page, "media.currentSrc.startsWith('blob:') && media.readyState >= 2")
    page.route("**/hls/**", lambda route: route.fulfill(status=200, body="no playlist"))
    page.reload()
    page.evaluate("document.querySelector('video').src = '/healthz'")
    expect(page.get_by_role("alert")).to_contain_text("can't be decoded")
    page.unroute("**/hls/**")
    page.get_by_role("button", name="Try again").click()
    until(page, "media.readyState >= 2")
    expect(page.locator("[data-failure]")).to_be_hidden()


def test_markers_are_made_moved_renamed_and_taken_back(open_watch: OpenPage) -> None:
    make_tag("Chorus")
    page = open_watch("Film")
    until(page, "media.currentTime > 0.3")
    page.keyboard.press("k")
    rows = page.locator("[data-markers] > li")

    page.keyboard.press("3")
    until(page, "Math.abs(media.currentTime - media.duration * 0.3) < 0.1 && !media.seeking")
    page.keyboard.press("n")
    expect(rows).to_have_count(1)
    page.keyboard.press("r")
    page.keyboard.press("l")
    until(page, "media.currentTime > 15 && !media.seeking")
    page.keyboard.press("r")
    expect(rows).to_have_count(2)
    point, stretch = Marker.objects.order_by("pk")
    assert abs(point.start_ms - 6_000) < 100
    assert stretch.end_ms
    assert abs(stretch.end_ms - stretch.start_ms - 10_000) < 200

    mark = page.locator(f"[data-mark='{point.pk}']").bounding_box()
    strip = page.locator("[data-strip]").bounding_box()
    assert mark
    assert strip
    page.mouse.move(mark["x"] + 5, mark["y"] + 5)
    page.mouse.down()
    page.mouse.move(mark["x"] + 5 - strip["width"] / 10, mark["y"] + 5, steps=4)
    page.mouse.up()
    expect(page.locator("[data-said]")).to_contain_text("moved")
    point.refresh_from_db()
    assert abs(point.start_ms - 4_000) < 300

    rows.first.get_by_role("button", name="Edit").click()
    form = page.locator(".mh-marker-form")
    form.get_by_label("Title").fill("news")  # n, e, w, s: none is a shortcut here
    form.get_by_label("From").fill("1:02.5")
    form.get_by_label("Tag").fill("chorus")
    form.get_by_label("From").fill("00:00:02.500")
    form.get_by_label("Title").press("Enter")
    expect(rows.first).to_contain_text("news")
    expect(rows.first).to_contain_text("Chorus")
    point.refresh_from_db()
    assert (point.title, point.start_ms, point.version) == ("news", 2_500, 3)

    Marker.objects.filter(pk=point.pk).update(title="Theirs", version=9)
    rows.first.get_by_role("button", name="Edit").click()
    form.get_by_label("Title").fill("mine")
    form.get_by_label("Title").press("Enter")
    expect(page.locator("[data-said]")).to_contain_text("Somebody else")
    expect(rows.first).to_contain_text("Theirs")

    rows.first.get_by_role("button", name="Delete").click()
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(rows).to_have_count(2)
    page.keyboard.press("0")
    page.keyboard.press("]")
    until(page, "Math.abs(media.currentTime - 2.5) < 0.1")

    vtt = b"WEBVTT\n\n00:00:10.000 --> 00:00:12.000\nFrom a file\n"
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Import").click()
    chooser.value.set_files({"name": "m.vtt", "mimeType": "text/vtt", "buffer": vtt})
    expect(page.locator("[data-said]")).to_contain_text("Markers added: 1")
    expect(rows).to_have_count(3)
    assert Marker.objects.get(title="Theirs").tag


def test_goes_from_one_to_the_next_by_list_and_by_chance(open_watch: OpenPage) -> None:
    page = open_watch("Film", "?list=q%3D%26ordering%3Dtitle")

    expect(page.get_by_role("button", name="Previous video")).to_have_attribute(
        "aria-disabled", "true"
    )
    seek(page, 0.97)
    expect(page.locator("[data-countdown]")).to_contain_text("Next in")
    page.get_by_role("button", name="Play now").click()
    expect(page).to_have_title(re.compile("Old film"))
    assert "list=q%3D%26ordering%3Dtitle" in page.url
    page.locator("[data-go=previous]").last.click()
    expect(page).to_have_title(re.compile("^Film"))

    page.keyboard.press("Shift+r")
    expect(page.get_by_label("Random")).to_be_checked()
    page.keyboard.press("Shift+n")
    expect(page).to_have_title(re.compile("Old film"))
    page.keyboard.press("Shift+n")
    expect(page).to_have_title(re.compile("^Film"))
    page.keyboard.press("Shift+p")
    expect(page).to_have_title(re.compile("Old film"))
    page.keyboard.press("Shift+n")  # forward on the way that was gone
    expect(page).to_have_title(re.compile("^Film"))


def test_keys_are_ones_own_and_subtitles_are_shown(
    open_watch: OpenPage, library: Library, tmp_path: Path
) -> None:
    film = Video.objects.get(title="Film")
    (tmp_path / "Film.en.srt").write_text("1\n00:00:00,000 --> 00:00:19,000\nHello there\n")
    make_artifacts(film.pk, kinds=["subtitles"])
    page = open_watch("Film")
    page.goto("/admin/library/video/player/")
    mute = page.get_by_label("Sound on or off", exact=True)
    mute.fill("f")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("f would do two things")
    mute.fill("")
    page.get_by_role("button", name="Press a key: Sound on or off").click()
    page.keyboard.press("x")
    expect(mute).to_have_value("x")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your player was changed.")).to_be_visible()
    assert PlayerSettings.objects.get().shortcuts == {"mute": ["x"]}

    page.goto(f"/admin/library/video/{film.pk}/watch/")
    until(page, "media.readyState >= 2")
    page.keyboard.press("m")
    assert not state(page)["muted"]
    page.keyboard.press("x")
    assert state(page)["muted"]
    page.keyboard.press(">")
    assert state(page)["rate"] == 1.25
    page.keyboard.press("c")
    expect(page.locator("[data-said]")).to_have_text("Subtitles: en")
    if state(page)["paused"]:
        page.keyboard.press("k")
    until(page, "media.currentTime > value", value=state(page)["at"] + 0.3)
    assert shown(page) == ["Hello there"]
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Play or pause")
    page.keyboard.press("x")  # not while they are listed
    assert state(page)["muted"]
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")  # a remote control's OK
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Previous video")).to_be_focused()


def test_fits_a_phone(open_watch: OpenPage) -> None:
    make_marker(Video.objects.get(title="Film"), title="A_very_long_name_" * 10, end_ms=9_000)
    page = open_watch("Film", width=360)

    assert page.evaluate(UNNAMED) == []
    expect(page.get_by_role("main")).to_have_count(1)
    expect(page.locator("h1")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_label("Speed")).to_be_visible()
    page.get_by_role("button", name="Edit").click()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_the_grid_shows_a_clip_and_leads_here(open_watch: OpenPage, library: Library) -> None:
    film = Video.objects.get(title="Film")
    make_artifacts(film.pk, kinds=["preview"])
    page = open_watch("Film", go=False)
    page.goto("/admin/library/video/browse/?ordering=title")
    clip = page.locator(".mh-card video")

    page.locator(".mh-card").last.hover()
    page.locator(".mh-card").first.hover()
    expect(clip).to_have_count(1)
    assert clip.evaluate("(video) => video.muted && video.currentTime >= 0")
    page.get_by_role("heading", name="Browse").hover()
    expect(clip).to_have_count(0)
    page.locator(".mh-card").first.hover()
    page.get_by_role("link", name="Watch Film").click()
    expect(page).to_have_title(re.compile("^Film"))
    assert page.url.endswith("?list=q%3D%26ordering%3Dtitle")
