"""What Browse found, in a real browser: choosing, keys, scrolling, the table."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Locator, Page, expect

from apps.artifacts.services.making import make_artifacts
from apps.browse.models import BrowseSettings
from apps.core.models import AuditEntry
from apps.library.models import Video
from apps.library.services.libraries import add_library
from apps.library.services.scan import scan_library
from apps.playback.models import PlayerSettings
from tests.e2e.accessibility import violations
from tests.e2e.conftest import leave, log_in
from tests.factories import NOON, make_custom_field, make_tag, make_user, make_video
from tests.playback.serving import clip

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
_PASTE = """(text) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
  document.activeElement.dispatchEvent(paste); }"""
OpenPage = Callable[..., Page]
BROWSE = "/admin/library/video/browse/"


@pytest.fixture
def open_refused(chromium: Browser, live_server: Any) -> Iterator[OpenPage]:
    """As ``open_page``, where the server refuses something, which the console tells of."""
    context = chromium.new_context(
        base_url=live_server.url, viewport={"width": 1900, "height": 800}
    )
    make_user(superuser=True, username="boss")
    log_in(context, live_server.url)

    def open_refused(path: str) -> Page:
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.goto(path)
        return page

    yield open_refused
    leave([context])


def videos(number: int, **values: Any) -> list[Video]:
    """The last one comes first on the page."""
    return [make_video(f"Video {at:03}", **values) for at in range(number)]


def ready(page: Page) -> Page:
    expect(page.locator("mh-results[data-ready]")).to_have_count(1)
    return page


def chosen(page: Page) -> list[str]:
    return sorted(page.locator(".is-selected .mh-card-title").all_inner_texts())


def card(page: Page, title: str) -> Locator:
    return page.locator(".mh-card").filter(has=page.locator(f'[title="{title}"]'))


def place(page: Page, title: str) -> float:
    """Where a card stands in the window."""
    box = card(page, title).bounding_box()
    assert box
    return box["y"]


def cell(page: Page, video: Video, name: str) -> Locator:
    return page.locator(f'tr[data-video="{video.pk}"] [data-name="{name}"]')


class TestChoosing:
    def test_a_box_begins_and_shift_reaches_also_over_pages_that_came_since(
        self, open_page: OpenPage
    ) -> None:
        videos(60)
        page = ready(open_page(f"{BROWSE}?page_size=25&ordering=title", width=1000))
        bar = page.get_by_role("region", name="Selection")
        expect(bar).to_be_hidden()

        page.get_by_label("Select Video 003").click(force=True)
        expect(bar).to_contain_text("1 selected")
        page.keyboard.press("Control+End")
        expect(page.locator(".mh-card")).to_have_count(50)
        page.keyboard.press("Control+End")
        expect(page.locator(".mh-card")).to_have_count(60)
        card(page, "Video 040").locator(".mh-card-link").click(modifiers=["Shift"])

        expect(bar).to_contain_text("38 selected")
        card(page, "Video 010").locator(".mh-card-link").click(modifiers=["Control"])
        expect(bar).to_contain_text("37 selected")
        expect(page).to_have_url(re.compile(r"browse/"))
        page.keyboard.press("Escape")
        expect(bar).to_be_hidden()

    def test_a_rubber_band_takes_what_it_touches(self, open_page: OpenPage) -> None:
        videos(8)
        page = ready(open_page(f"{BROWSE}?ordering=title", width=1400))
        first = card(page, "Video 000").bounding_box()
        third = card(page, "Video 002").bounding_box()
        assert first
        assert third

        page.mouse.move(first["x"] + 30, first["y"] + 60)
        page.mouse.down()
        page.mouse.move(third["x"] + 20, third["y"] + 90, steps=5)
        expect(page.locator(".mh-band")).to_have_count(1)
        page.mouse.up()

        expect(page.locator(".mh-band")).to_have_count(0)
        assert chosen(page) == ["Video 000", "Video 001", "Video 002"]
        expect(page).to_have_url(re.compile(r"/browse/"))

    def test_all_that_match_are_the_query_from_which_some_can_be_taken(
        self, open_page: OpenPage
    ) -> None:
        videos(40)
        page = ready(open_page(f"{BROWSE}?q=Video&page_size=25&ordering=title"))
        page.evaluate("document.querySelector('mh-results').scroll.isEndless = false")

        page.get_by_role("button", name="Select page").click()
        bar = page.get_by_role("region", name="Selection")
        bar.get_by_role("button", name="Select all 40 that match").click()
        expect(bar).to_contain_text("All 40 that match selected")
        page.get_by_label("Select Video 001").click(force=True)

        expect(bar).to_contain_text("All 40 but 1 selected")
        body = page.evaluate("document.querySelector('mh-results').selection.body")
        assert body == {"q": "Video", "but": [Video.objects.get(title="Video 001").pk]}


class TestKeys:
    def test_lead_through_the_covers_which_are_one_stop_of_tab(self, open_page: OpenPage) -> None:
        made = videos(9)
        page = ready(open_page(f"{BROWSE}?ordering=title&zoom=l", width=1280))
        page.locator("[data-stop]").first.focus()
        assert page.locator("[data-items] [tabindex='0']").count() == 1
        focused = "document.activeElement.closest('.mh-item')?.dataset.video"
        columns = page.evaluate(
            """() => {
              const tops = [...document.querySelectorAll(".mh-card")].map((card) => card.offsetTop);
              return tops.filter((top) => top === tops[0]).length; }"""
        )

        for key, at in (("ArrowRight", 1), ("ArrowDown", 1 + columns), ("ArrowLeft", columns),
                        ("End", 8), ("Home", 0)):  # fmt: skip
            page.keyboard.press(key)
            assert page.evaluate(focused) == str(made[at].pk), key
        page.keyboard.press("x")
        assert chosen(page) == ["Video 000"]
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys")).to_contain_text("chooses the video")
        page.keyboard.press("Escape")
        assert page.evaluate(focused) == str(made[0].pk)
        page.route("**/watch/**", lambda route: route.fulfill(body="there"))  # there is no file
        page.keyboard.press("w")
        page.wait_for_url(f"**/{made[0].pk}/watch/**")

    def test_of_one_letter_are_off_where_they_are_off(self, open_page: OpenPage) -> None:
        videos(2)
        page = ready(open_page(BROWSE))
        PlayerSettings.objects.create(user=User.objects.get(username="boss"), shortcuts_on=False)
        page.reload()
        ready(page).locator("[data-stop]").first.focus()

        page.keyboard.press("x")
        page.keyboard.press("?")
        assert chosen(page) == []
        expect(page.get_by_role("dialog", name="Keys")).to_have_count(0)
        page.keyboard.press("Shift+ ")
        assert len(chosen(page)) == 1


def test_back_finds_the_place_the_focus_and_what_was_chosen(open_page: OpenPage) -> None:
    videos(120)
    page = ready(open_page(f"{BROWSE}?page_size=25&ordering=title", width=1000))
    for count in (50, 75, 100):
        page.locator("[data-more]").scroll_into_view_if_needed()
        page.wait_for_function(f"document.querySelectorAll('.mh-card').length >= {count}")
    page.get_by_label("Select Video 070").click(force=True)
    link = card(page, "Video 072").locator(".mh-card-link")
    link.scroll_into_view_if_needed()
    top = page.evaluate("document.querySelector('mh-results').scroll.scroller.scrollTop")
    assert top > 1_000
    link.focus()
    before = place(page, "Video 072")
    page.keyboard.press("Enter")
    page.wait_for_url("**/change/")

    page.go_back()

    page.wait_for_function("document.querySelector('mh-results').dataset.restored === ''")
    assert abs(place(page, "Video 072") - before) < 5
    assert chosen(page) == ["Video 070"]
    expect(card(page, "Video 072").locator(".mh-card-link")).to_be_focused()


class TestTable:
    def test_cells_are_edited_in_place(self, open_page: OpenPage) -> None:
        one, two = videos(2)
        page = ready(open_page(f"{BROWSE}?layout=table&ordering=title", width=1900))
        cell(page, one, "rating").dblclick()
        with page.expect_response(f"**/videos/{one.pk}/"):
            page.keyboard.type("87")
            page.keyboard.press("Enter")
        expect(cell(page, two, "rating")).to_be_focused()
        page.keyboard.press("F2")
        page.keyboard.type("12")
        page.keyboard.press("Escape")
        expect(cell(page, two, "rating")).to_have_text("")
        cell(page, one, "title").focus()
        page.keyboard.press("Enter")
        with page.expect_response(f"**/videos/{one.pk}/"):
            page.keyboard.type("New name")
            page.keyboard.press("Tab")
        expect(cell(page, one, "rating")).to_be_focused()

        one.refresh_from_db()
        assert (one.title, one.rating, one.version) == ("New name", 87, 3)
        two.refresh_from_db()
        assert two.rating is None

    def test_an_edit_that_came_too_late_shows_what_is_there_now(
        self, open_refused: OpenPage
    ) -> None:
        (one,) = videos(1)
        page = ready(open_refused(f"{BROWSE}?layout=table"))
        Video.objects.filter(pk=one.pk).update(rating=50, version=9)
        cell(page, one, "rating").dblclick()
        page.keyboard.type("87")
        page.keyboard.press("Enter")

        ask = page.get_by_role("alertdialog")
        expect(ask).to_contain_text("is now: 50")
        one.refresh_from_db()
        assert one.rating == 50
        with page.expect_response(lambda r: r.request.method == "PATCH" and r.ok):
            ask.get_by_role("button", name="Write mine").click()
        one.refresh_from_db()
        assert one.rating == 87

    def test_tags_are_chips(self, open_page: OpenPage) -> None:
        (one,) = videos(1)
        make_tag("Holiday")
        page = ready(open_page(f"{BROWSE}?layout=table", width=1900))
        cell(page, one, "tags").dblclick()
        with page.expect_response(f"**/videos/{one.pk}/"):
            page.keyboard.type("Holi")
            expect(page.get_by_role("option", name=re.compile("Holiday"))).to_be_visible()
            page.keyboard.press("Enter")
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")

        expect(cell(page, one, "tags")).to_have_text("Holiday")
        assert [tag.name for tag in one.tags.all()] == ["Holiday"]
        expect(cell(page, one, "tags")).to_be_focused()

    def test_lines_are_pasted_down_a_column_after_a_look(self, open_page: OpenPage) -> None:
        made = videos(4)
        page = ready(open_page(f"{BROWSE}?layout=table&ordering=title", width=1900))
        cell(page, made[1], "rating").focus()
        page.evaluate(_PASTE, "10\nlots\n30\n40\n")
        look = page.get_by_role("dialog", name="Paste into Rating")
        expect(look).to_contain_text("2 of 3 cells will change")
        expect(look).to_contain_text("“lots” is no rating from 1 to 100")
        expect(look).to_contain_text("1 more line than rows")
        look.get_by_role("button", name="Paste").click()
        expect(page.get_by_text("2 of 2 cells written.")).to_be_visible()

        ratings = Video.objects.order_by("pk").values_list("rating", flat=True)
        assert list(ratings) == [None, 10, None, 30]
        page.get_by_role("button", name="Undo").click()
        page.wait_for_function("!document.querySelector('.is-saving')")
        expect(cell(page, made[3], "rating")).to_have_text("")

    def test_columns_are_chosen_moved_and_widened(self, open_page: OpenPage) -> None:
        videos(2)
        page = ready(open_page(f"{BROWSE}?layout=table", width=1900))
        page.get_by_role("button", name="Columns").click()
        dialog = page.get_by_role("dialog", name="Columns")
        dialog.get_by_role("checkbox", name="Path").check()
        dialog.get_by_role("checkbox", name="Studio").uncheck()
        dialog.get_by_role("button", name="Move Rating up").click()
        with page.expect_response("**fragment=results"):
            dialog.get_by_role("button", name="Show these").click()
        expect(page.locator('th[data-column="path"]')).to_be_visible()
        ready(page)
        heads = [
            head.get_attribute("data-column") for head in page.locator("th[data-column]").all()
        ]
        assert heads[:2] == ["rating", "title"]
        assert "studio" not in heads

        edge = page.get_by_role("separator", name="Width of Title")
        edge.focus()
        with page.expect_response("**/browse-settings/"):
            for _ in range(3):
                page.keyboard.press("ArrowRight")
        kept = BrowseSettings.objects.get().columns
        assert {"name": "title", "width": 368} in kept
        page.reload()
        expect(page.get_by_role("separator", name="Width of Title")).to_have_attribute(
            "aria-valuenow", "368"
        )

    def test_heads_sort_and_shift_adds_a_level(self, open_page: OpenPage) -> None:
        videos(3)
        page = ready(open_page(f"{BROWSE}?layout=table", width=1900))
        page.locator('th[data-column="title"] a').click()
        page.wait_for_url("**ordering=**")
        ready(page)
        page.locator('th[data-column="size"] a').click(modifiers=["Shift"])
        page.wait_for_url(re.compile("ordering=-?title(%2C|,)-?size"))
        expect(page.locator(".mh-sheet-level")).to_have_count(2)


class TestBulk:
    def test_shows_what_will_change_changes_it_and_takes_it_back(self, open_page: OpenPage) -> None:
        made = videos(5)
        holiday = make_tag("Holiday")
        made[0].tags.add(holiday)
        page = ready(open_page(f"{BROWSE}?ordering=title"))
        page.get_by_role("button", name="Select page").click()
        page.get_by_role("button", name="Add tag…").click()
        dialog = page.get_by_role("dialog", name="Edit 5 videos")
        expect(dialog.get_by_role("combobox", name="Tags", exact=True)).to_be_focused()
        page.keyboard.type("Holi")
        expect(page.get_by_role("option", name=re.compile("Holiday"))).to_be_visible()
        page.keyboard.press("Enter")
        expect(dialog.get_by_role("button", name=re.compile("Holiday"))).to_be_visible()
        dialog.get_by_role("button", name="Preview").click()
        expect(dialog).to_contain_text("Will change 4 of 5, 1 already so.")
        dialog.get_by_role("button", name="Apply").click()

        expect(page.get_by_text("4 videos changed.")).to_be_visible()
        expect(dialog).to_be_hidden()
        assert holiday.videos.count() == 5
        assert AuditEntry.objects.latest("pk").row_count == 4
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_text("Undone.")).to_be_visible()
        assert holiday.videos.count() == 1

    def test_a_wrong_pattern_is_said_in_the_dialog(self, open_refused: OpenPage) -> None:
        videos(2)
        page = ready(open_refused(BROWSE))
        page.locator("[data-stop]").first.focus()
        page.keyboard.press("e")
        dialog = page.get_by_role("dialog", name=re.compile("Edit 1 video"))
        dialog.get_by_label("Title: what to do").select_option("replace")
        dialog.get_by_label("Find in titles").fill("(")
        dialog.get_by_label("regular expression").check()
        dialog.get_by_role("button", name="Preview").click()

        expect(dialog.get_by_role("alert").first).not_to_be_empty()


class TestPreview:
    @pytest.fixture
    def film(self, transactional_db: None, tmp_path: Path) -> Video:
        """A video of twenty seconds with cover, preview and sprite."""
        made = clip(
            "-f lavfi -i testsrc2=s=320x180:r=25 -t 20 -c:v libx264 -preset ultrafast"
            " -pix_fmt yuv420p -g 25",
            ".mp4",
        )
        (tmp_path / "Film.mp4").write_bytes(made.read_bytes())
        scan_library(add_library(tmp_path), now=NOON)
        film = Video.objects.get()
        make_artifacts(film.pk, kinds=["cover", "sprite", "preview"])
        return film

    def test_plays_one_clip_scrubs_below_it_and_watches_from_the_frame(
        self, open_page: OpenPage, film: Video
    ) -> None:
        page = ready(open_page(BROWSE))
        box = page.locator(".mh-cover").bounding_box()
        assert box
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))

        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 4)
        page.wait_for_function("document.querySelector('.mh-cover video')?.currentTime > 0.1")
        assert page.evaluate("document.querySelector('.mh-cover video').muted")
        page.mouse.move(box["x"] + box["width"] * 0.52, box["y"] + box["height"] * 0.9)
        expect(page.locator(".mh-frame-time")).to_have_text(re.compile("0:(09|10)"))
        page.mouse.move(box["x"] + box["width"] * 0.76, box["y"] + box["height"] * 0.9)
        expect(page.locator(".mh-frame-time")).to_have_text(re.compile("0:1[45]"))
        assert sum("size=vtt" in url for url in asked) == 1
        assert sum("size=sheet" in url for url in asked) == 1
        page.mouse.move(5, 5)
        expect(page.locator(".mh-cover video, .mh-frame")).to_have_count(0)
        page.mouse.move(box["x"] + box["width"] * 0.76, box["y"] + box["height"] * 0.9)
        expect(page.locator(".mh-frame-time")).to_have_text(re.compile("0:1[45]"))
        page.mouse.down()
        page.mouse.up()

        page.wait_for_url(re.compile(rf"/{film.pk}/watch/.*&t=1[45]\.\d+"))
        page.wait_for_function("document.querySelector('video')?.currentTime >= 14")

    def test_by_the_keyboard(self, open_page: OpenPage, film: Video) -> None:
        page = ready(open_page(BROWSE))
        page.locator("[data-stop]").focus()

        page.keyboard.press("Space")
        expect(page.locator(".mh-cover video")).to_have_count(1)
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        expect(page.locator(".mh-frame-time")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator(".mh-cover video, .mh-frame")).to_have_count(0)
        page.keyboard.press(".")
        expect(page.locator(".mh-frame-time")).to_have_text("0:00")

    def test_nothing_moves_for_those_who_want_that(self, open_page: OpenPage, film: Video) -> None:
        page = open_page(BROWSE)
        page.emulate_media(reduced_motion="reduce")
        page.reload()
        ready(page).locator(".mh-cover").hover()

        page.wait_for_timeout(600)
        expect(page.locator(".mh-cover video")).to_have_count(0)
        expect(page.locator(".mh-frame")).to_have_count(1)  # pictures that the pointer moves


@pytest.mark.parametrize("dark", [False, True])
def test_nothing_is_in_anybodys_way(open_page: OpenPage, dark: bool) -> None:
    tag = make_tag("Holiday")
    make_custom_field("mood")
    videos(4, rating=70, favorite=True, tags=[tag])
    make_video("Gone", missing_since=NOON)
    found: dict[str, list[str]] = {}
    page = open_page(BROWSE, dark=dark)
    for layout in ("grid", "wall", "table"):
        page.goto(f"{BROWSE}?layout={layout}")
        ready(page).get_by_role("button", name="Select page").click()
        found[layout] = violations(page)
    page.get_by_role("button", name="Edit…").click()
    page.get_by_label("Tags: what to do").select_option("add")
    page.get_by_label("Rating: what to do").select_option("set")
    page.get_by_label("Title: what to do").select_option("replace")
    found["bulk"] = violations(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Columns").click()
    found["columns"] = violations(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Keys").click()
    found["keys"] = violations(page)
    page.keyboard.press("Escape")
    page.locator("[data-name=rating]").first.dblclick()
    found["cell"] = violations(page)

    assert {where: faults for where, faults in found.items() if faults} == {}


@pytest.mark.parametrize("layout", ["grid", "wall", "table"])
def test_fits_a_phone(open_page: OpenPage, layout: str) -> None:
    videos(6)
    page = ready(open_page(f"{BROWSE}?layout={layout}", width=360))
    page.get_by_role("button", name="Select page").click()

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
