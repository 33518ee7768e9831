"""Chips for tags, performers and the studio, by keyboard and by mouse."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from apps.library.models import Performer, Studio, Tag, Video
from tests.e2e.conftest import leave, log_in
from tests.factories import make_performer, make_studio, make_tag, make_user, make_video

pytestmark = pytest.mark.browser

# A video's chips that save by themselves, as cells of a table have them.
_CELL = """
    async ([kind, video, version, labels]) => {
        const { labelChips } = await import("/static/mediahub/label-chips.js");
        const cell = document.createElement("div");
        cell.id = "cell";
        document.querySelector("#content").prepend(cell);
        window.chips = labelChips(cell, { kind, video, version, labels, name: "Cell" });
    }
"""


@pytest.fixture
def video(transactional_db: None) -> Video:
    for name in ("Beach", "Beach house", "Mountain"):
        make_tag(name)
    return make_video("Film", tags=[Tag.objects.get(name="Mountain")])


@pytest.fixture
def open_failing(chromium: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """As ``open_page``, but requests may fail, of which browsers write on their console."""
    contexts: list[BrowserContext] = []

    def open_failing(path: str, **_options: object) -> Page:
        contexts.append(chromium.new_context(base_url=live_server.url))
        log_in(contexts[0], live_server.url)
        page = contexts[0].new_page()
        page.goto(path)
        return page

    make_user(superuser=True, username="boss")
    yield open_failing
    leave(contexts)


def _form(open_page: Callable[..., Page], video: Video, **options: object) -> Page:
    return open_page(f"/admin/library/video/{video.pk}/change/", **options)


def _cell(open_page: Callable[..., Page], video: Video, kind: str = "tags") -> Page:
    page = _form(open_page, video)
    mountain = Tag.objects.get(name="Mountain")
    labels = [{"id": mountain.pk, "name": mountain.name}] if kind == "tags" else []
    page.evaluate(_CELL, [kind, video.pk, video.version, labels])
    return page


def _names(video: Video) -> set[str]:
    return set(video.tags.values_list("name", flat=True))


def test_a_tag_is_found_chosen_and_saved_by_keyboard(
    open_page: Callable[..., Page], video: Video
) -> None:
    page = _form(open_page, video)
    box = page.get_by_role("combobox", name="Tags")

    box.fill("beach")
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    box.press("ArrowDown")
    expect(page.get_by_role("option", name="Beach house")).to_have_attribute(
        "aria-selected", "true"
    )
    box.press("Enter")
    expect(page.get_by_role("button", name="Remove Beach house")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was saved")).to_be_visible()

    assert _names(video) == {"Mountain", "Beach house"}


def test_a_tag_of_that_very_name_comes_first_and_is_not_created_anew(
    open_page: Callable[..., Page], video: Video
) -> None:
    page = _cell(open_page, video)
    box = page.get_by_role("combobox", name="Cell")

    box.fill("BEACH")
    expect(page.get_by_role("option").first).to_contain_text("Beach")
    expect(page.get_by_role("option", name="Create")).to_have_count(0)
    box.press("Enter")
    expect(page.locator("#cell").get_by_role("button", name="Remove Beach")).to_be_visible()
    expect(page.locator("#cell .mh-labels")).not_to_have_attribute("aria-busy", "true")

    assert _names(video) == {"Mountain", "Beach"}
    assert Tag.objects.count() == 3


def test_enter_right_after_typing_creates_what_is_not_there(
    open_page: Callable[..., Page], video: Video
) -> None:
    page = _cell(open_page, video)
    box = page.get_by_role("combobox", name="Cell")

    box.press_sequentially("<b>Sunset")
    box.press("Enter")
    expect(page.locator("#cell").get_by_role("button", name="Remove <b>Sunset")).to_be_visible()
    expect(page.locator("#cell .mh-labels")).not_to_have_attribute("aria-busy", "true")

    assert _names(video) == {"Mountain", "<b>Sunset"}


def test_backspace_takes_the_last_one_off_and_escape_closes(
    open_page: Callable[..., Page], video: Video
) -> None:
    page = _cell(open_page, video)
    box = page.get_by_role("combobox", name="Cell")

    box.fill("bea")
    expect(box).to_have_attribute("aria-expanded", "true")
    box.press("Escape")
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(box).to_have_value("")
    box.press("Backspace")
    expect(page.locator("#cell .mh-labels-chip")).to_have_count(0)
    expect(page.locator("#cell .mh-labels")).not_to_have_attribute("aria-busy", "true")

    assert _names(video) == set()


def test_what_somebody_else_added_meanwhile_stays(
    open_failing: Callable[..., Page], video: Video
) -> None:
    page = _cell(open_failing, video)
    video.tags.add(Tag.objects.get(name="Beach house"))
    Video.objects.filter(pk=video.pk).update(version=video.version + 1)

    page.get_by_role("combobox", name="Cell").fill("beach")
    page.get_by_role("option", name="Beach 0 videos").click()
    expect(page.locator("#cell .mh-labels-chip")).to_have_count(3)

    assert _names(video) == {"Mountain", "Beach", "Beach house"}


def test_what_cannot_be_saved_is_said_and_taken_back(
    open_failing: Callable[..., Page], video: Video
) -> None:
    page = _cell(open_failing, video)
    page.route("**/api/v1/videos/*/", lambda route: route.abort())

    page.get_by_role("combobox", name="Cell").press("Backspace")

    expect(page.locator("#cell [role=alert]")).to_have_text("MediaHub can't be reached.")
    expect(page.locator("#cell .mh-labels-chip")).to_have_count(1)
    assert _names(video) == {"Mountain"}


def test_a_studio_is_one_at_most(open_page: Callable[..., Page], video: Video) -> None:
    for name in ("Alpha", "Omega"):
        make_studio(name)
    page = _form(open_page, video)
    box = page.get_by_role("combobox", name="Studio")

    for name in ("Alpha", "Omega"):
        box.fill(name[:3])
        page.get_by_role("option", name=name).click()
    expect(page.get_by_role("button", name="Remove Omega")).to_be_visible()
    expect(page.get_by_role("button", name="Remove Alpha")).to_have_count(0)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was saved")).to_be_visible()

    video.refresh_from_db()
    assert video.studio == Studio.objects.get(name="Omega")


def test_namesakes_are_told_apart(open_page: Callable[..., Page], video: Video) -> None:
    make_performer("Ann", disambiguation="actor")
    make_performer("Ann", disambiguation="singer")
    page = _cell(open_page, video, "performers")

    page.get_by_role("combobox", name="Cell").fill("ann")
    expect(page.get_by_role("option")).to_have_count(2)
    page.get_by_role("option", name="singer").click()
    expect(page.locator("#cell").get_by_role("button", name="Remove Ann (singer)")).to_be_visible()
    expect(page.locator("#cell .mh-labels")).not_to_have_attribute("aria-busy", "true")

    assert video.performers.get() == Performer.objects.get(disambiguation="singer")
