"""The tagger, as people decide with a keyboard alone, on any screen."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.library.models import Performer, Video
from apps.stashbox.choices import MatchState
from apps.stashbox.models import StashMatch
from apps.stashbox.schema import RemoteImage
from tests.e2e.accessibility import violations
from tests.factories import make_performer, make_video
from tests.stashbox.factories import make_box, make_match, remote_performer, scene
from tests.stashbox.standin import Data, serve

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

_ADDRESS = "/admin/stashbox/stashmatch/tagger/"
_SHOTS = os.environ.get("MEDIAHUB_SHOTS", "")
OpenPage = Callable[..., Page]
_EVIDENCE: dict[str, Any] = {
    "prints": [],
    "duration": {},
    "words": [{"what": "studio", "text": "Acme"}],
    "reasons": [
        {"text": "The file is known there by its oshash, sent by 12 people.", "points": 60},
        {"text": "The picture differs in 4 of 64 bits.", "points": 15},
        {"text": "It is 3 seconds longer than there.", "points": -4},
    ],
}


def _queue(count: int, *, picture: str = "") -> list[Video]:
    """Videos, each with a candidate that is likely and one that is less so."""
    images = (RemoteImage(url=picture),) if picture else ()
    box = make_box("StashDB", url=picture or "https://stashdb.example.org/graphql")
    ann = make_performer("Ann Smith")
    videos = []
    for number in range(count):
        video = make_video(f"file {number:02}", details="Mine.", locked_fields=["details"])
        cast = [remote_performer("Ann Smith"), remote_performer("Berta Stone")]
        wanted = scene(f"Right {number:02}", performers=cast, images=images)
        make_match(video, box=box, of=wanted, score=88 - number, evidence=_EVIDENCE)
        make_match(video, box=box, of=scene(f"Wrong {number:02}"), score=45)
        videos.append(video)
    assert ann.pk
    return videos


def _at(page: Page, title: str) -> None:
    expect(page.locator("#tagger-title")).to_have_text(title)


def test_ten_videos_are_decided_by_keyboard_alone(open_page: OpenPage) -> None:
    videos = _queue(11)
    page = open_page(_ADDRESS)
    press = page.keyboard.press

    _at(page, "file 00")
    press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    press("?")
    for number in range(5):  # the first candidate, as it is
        _at(page, f"file {number:02}")
        press("Enter")
    _at(page, "file 05")
    press("2")
    expect(page.locator("[data-said]")).to_contain_text("Candidate 2 of 2: Wrong 05, score 45")
    expect(page.locator("[data-candidate][open] > summary")).to_contain_text("Wrong 05")
    press("Enter")
    _at(page, "file 06")
    press("f")
    press("Space")  # not the title
    press("Escape")
    press("Enter")
    _at(page, "file 07")
    press("x")
    expect(page.locator("[data-candidate]")).to_have_count(1)
    press("x")
    _at(page, "file 08")
    press("s")
    _at(page, "file 09")
    press("k")
    _at(page, "file 08")
    press("j")
    _at(page, "file 09")
    press("Enter")
    _at(page, "file 10")
    press("Enter")
    expect(page.get_by_role("heading", name="That was the last one")).to_be_visible()
    press("z")  # the last one is to be decided again
    _at(page, "file 10")
    expect(page.locator("[data-rows] [data-done]")).to_have_count(10)

    rows = {
        v.pk: list(v.matches.order_by("-score").values_list("state", flat=True)) for v in videos
    }
    first = [rows[video.pk][0] for video in videos]
    assert first[:5] == [MatchState.ACCEPTED] * 5
    assert rows[videos[5].pk][1] == first[6] == first[9] == MatchState.ACCEPTED
    assert rows[videos[7].pk] == [MatchState.REJECTED] * 2
    assert first[10] == MatchState.REVIEW
    titles = list(Video.objects.order_by("pk").values_list("title", flat=True))
    assert titles[4:8] == ["Right 04", "Wrong 05", "file 06", "file 07"]
    assert titles[10] == "file 10"


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_the_page_is_for_everybody(
    open_page: OpenPage, box_pictures: str, width: int, dark: bool
) -> None:
    _queue(3, picture=box_pictures)
    page = open_page(_ADDRESS, width=width, dark=dark)
    _at(page, "file 00")
    picture = page.get_by_alt_text("What it looks like there")
    picture.scroll_into_view_if_needed()
    page.wait_for_function("one => one.naturalWidth > 0", arg=picture.element_handle())
    _look(page, f"tagger-{width}-{dark}")

    page.get_by_text("Link or create…").nth(1).click()
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_text("That is Berta Stone.")).to_be_visible()
    assert Performer.objects.filter(name="Berta Stone").exists()
    page.get_by_role("button", name="Accept many…").click()
    page.get_by_role("spinbutton", name="Score from").last.fill("87")
    page.get_by_role("button", name="Show what would change").click()
    expect(page.get_by_role("button", name="Accept them")).to_be_enabled()
    _look(page, f"tagger-bulk-{width}-{dark}", full=False)
    page.keyboard.press("Escape")

    page.goto(f"{_ADDRESS}?score=99")
    expect(page.get_by_role("heading", name="Nothing matches the filters")).to_be_visible()
    assert StashMatch.objects.filter(state=MatchState.REVIEW).count() == 6
    _look(page, f"tagger-empty-{width}-{dark}")


def test_what_was_rejected_is_opened_again_by_a_key(open_page: OpenPage) -> None:
    for video in _queue(2):
        video.matches.update(state=MatchState.REJECTED)
    page = open_page(f"{_ADDRESS}?state=rejected")

    _at(page, "file 00")
    page.keyboard.press("r")
    expect(page.locator("[data-candidate]")).to_have_count(1)
    page.keyboard.press("r")
    _at(page, "file 01")
    page.get_by_role("button", name="Review them all again").click()
    expect(page.locator("[data-candidate] .mh-state").first).to_have_text("to review")

    assert set(StashMatch.objects.values_list("state", flat=True)) == {MatchState.REVIEW}


@pytest.fixture
def box_pictures() -> Iterator[str]:
    """Where a box has a picture."""
    with serve(Data()) as running:
        running.data.add_scene(images=[{"id": "one", "width": 1280, "height": 720}])
        yield running.url.replace("/graphql", "/images/one")


def _look(page: Page, name: str, *, full: bool = True) -> None:
    if _SHOTS:
        page.wait_for_timeout(400)
        page.screenshot(path=f"{_SHOTS}/{name}.png", full_page=full)
    assert violations(page) == []
