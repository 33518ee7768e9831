"""Asking on Browse in a real browser: completion, chips, filters, views, keys."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from apps.browse.models import BrowseSettings, SavedView
from tests.e2e.accessibility import violations
from tests.factories import make_library, make_performer, make_studio, make_tag, make_video

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OpenPage = Callable[..., Page]
BROWSE = "/admin/library/video/browse/"


@pytest.fixture
def library(transactional_db: None) -> None:
    """Five videos: two with dogs, one of them long; one with a cat."""
    dog, cat = make_tag("Dog"), make_tag("Big cat")
    library = make_library(name="Films")
    make_video("Dog walk", library=library, tags=[dog], duration_ms=60_000)
    make_video("Dog show", library=library, tags=[dog], duration_ms=7_200_000, video_codec="av1")
    make_video("Cat nap", library=library, tags=[cat], performers=[make_performer("Ada")])
    make_video("Party", library=library, studio=make_studio("North"), favorite=True)
    make_video("Waves", library=library, rating=80)


def query(page: Page) -> str:
    value: str = page.evaluate("new URLSearchParams(location.search).get('q')")
    return value


def titles(page: Page) -> list[str]:
    return sorted(page.locator(".mh-card-title").all_inner_texts())


def shows(page: Page, *wanted: str) -> None:
    expect(page.locator("[data-count]")).to_have_text(
        f"{len(wanted)} video{'s' if len(wanted) != 1 else ''}"
    )
    expect(page.locator("[data-browse]")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator(".mh-card-title")).to_have_count(len(wanted))
    assert titles(page) == sorted(wanted)


def chips(page: Page) -> list[str]:
    return page.locator("[data-edit]").all_inner_texts()


@pytest.mark.usefixtures("library")
class TestBox:
    def test_completes_fields_and_values_by_the_keyboard(self, open_page: OpenPage) -> None:
        page = open_page(BROWSE)
        box, options = page.locator("#browse-q"), page.locator("#browse-options [role=option]")

        page.keyboard.press("/")
        expect(box).to_be_focused()
        page.keyboard.type("tag:bi")
        expect(options).to_have_count(1)
        expect(box).to_have_attribute("aria-expanded", "true")
        page.keyboard.press("ArrowDown")
        expect(box).to_have_attribute("aria-activedescendant", "browse-option-0")
        page.keyboard.press("Enter")
        expect(box).to_have_value('tag:"Big cat" ')
        page.keyboard.press("Escape")
        expect(box).to_have_attribute("aria-expanded", "false")
        page.keyboard.press("Enter")

        shows(page, "Cat nap")
        assert query(page) == 'tag:"Big cat"'
        expect(page.locator("#browse-status")).to_have_text("1 video")

    def test_remembers_what_was_asked(self, open_page: OpenPage) -> None:
        page = open_page(BROWSE)
        page.fill("#browse-q", "party")
        page.press("#browse-q", "Enter")
        shows(page, "Party")

        page.click("[data-clear]")

        expect(page.locator("#browse-options [role=option]")).to_have_text(re.compile("party"))

    def test_shows_a_mistake_and_mends_it_by_one_click(self, open_page: OpenPage) -> None:
        page = open_page(BROWSE)

        page.fill("#browse-q", "duratin>1h")
        page.press("#browse-q", "Enter")

        expect(page.locator(".br-fault mark")).to_have_text("duratin")
        expect(page.locator("#browse-q")).to_have_attribute("aria-invalid", "true")
        assert titles(page) == []
        page.click("#fault-mend")
        shows(page, "Dog show")
        expect(page.locator("#browse-q")).to_have_value("duration>1h")

    def test_opens_another_tab(self, open_page: OpenPage) -> None:
        page = open_page(BROWSE)
        page.fill("#browse-q", "party")

        with page.context.expect_page() as opened:
            page.press("#browse-q", "Control+Enter")

        opened.value.wait_for_load_state()
        shows(opened.value, "Party")
        assert "q=" not in page.url

    def test_explains_the_language(self, open_page: OpenPage) -> None:
        page = open_page(BROWSE)
        page.click("[data-language]")

        page.fill("#language-find", "how long")
        row = page.locator(".br-fields tbody tr")
        expect(row).to_have_count(1)
        assert violations(page, "#language-dialog") == []
        row.get_by_role("button").first.click()

        expect(page.locator("#browse-q")).to_have_value("duration<10m")
        expect(page.locator("#language-dialog")).to_be_hidden()


@pytest.mark.usefixtures("library")
class TestChips:
    def test_come_off_and_turn_round_by_mouse_and_keys(self, open_page: OpenPage) -> None:
        page = open_page(f"{BROWSE}?q=tag:dog duration>1h")
        shows(page, "Dog show")

        page.click("#chip-1-turn")
        shows(page, "Dog walk")
        assert chips(page) == ["Tag: dog", "not Length > 1h"]
        page.focus("#chip-0")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        expect(page.locator("#chip-1-turn")).to_be_focused()
        page.keyboard.press("Delete")
        shows(page, "Dog walk", "Dog show")
        expect(page.locator("#chip-0")).to_be_focused()
        page.click("#chip-0-off")
        expect(page.locator(".br-chips")).to_have_count(0)

    def test_are_edited_in_the_box(self, open_page: OpenPage) -> None:
        page = open_page(f"{BROWSE}?q=tag:dog duration>1h")

        page.click("#chip-1")
        expect(page.locator("#browse-q")).to_be_focused()
        page.keyboard.type("walk")
        page.keyboard.press("Escape")
        page.keyboard.press("Enter")

        shows(page, "Dog walk")

    def test_the_way_back_restores_everything(self, open_page: OpenPage) -> None:
        page = open_page(BROWSE)
        page.fill("#browse-q", "tag:dog")
        page.press("#browse-q", "Enter")
        shows(page, "Dog walk", "Dog show")
        page.click("#zoom-l")
        expect(page.locator("#zoom-l")).to_have_attribute("aria-current", "true")
        page.click("#sort-menu summary")
        page.click("#sort-title-alone")
        expect(page.locator("#sort-title-turn")).to_be_visible()
        page.click("#chip-0-off")
        expect(page.locator(".br-chips")).to_have_count(0)

        page.go_back()
        shows(page, "Dog walk", "Dog show")
        expect(page.locator("#browse-q")).to_have_value("tag:dog")
        expect(page.locator("#zoom-l")).to_have_attribute("aria-current", "true")
        expect(page.locator("#sort-title-turn")).to_have_count(1)
        page.go_back()
        expect(page.locator("#sort-added_at-turn")).to_have_count(1)
        page.go_forward()
        expect(page.locator("#sort-title-turn")).to_have_count(1)


@pytest.mark.usefixtures("library")
class TestFilters:
    def test_are_counted_and_chosen_by_the_keyboard(self, open_page: OpenPage) -> None:
        page = open_page(BROWSE)

        page.focus("#section-tag summary")
        page.keyboard.press("Enter")
        row = page.locator("#section-tag li", has_text="Dog")
        expect(row.locator(".br-value-count")).to_have_text("2")
        row.locator("input").focus()
        page.keyboard.press("Space")

        shows(page, "Dog walk", "Dog show")
        assert query(page) == "tag:Dog"
        expect(page.locator("#section-tag [data-text=Dog] input")).to_be_focused()
        # its own condition is left aside: the others can still be chosen
        cats = page.locator("#section-tag li", has_text="Big cat")
        expect(cats.locator(".br-value-count")).to_have_text("1")
        cats.locator("[data-exclude]").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**Big+cat**")  # the same two are shown before and after
        shows(page, "Dog walk", "Dog show")
        assert query(page) == 'tag:Dog -tag:"Big cat"'

    def test_compare_amounts_and_state(self, open_page: OpenPage) -> None:
        page = open_page(BROWSE)
        page.click("#section-duration summary")
        expect(page.locator("#high-duration")).to_be_hidden()
        page.select_option("#operator-duration", "..")
        expect(page.locator("#high-duration")).to_be_visible()
        page.fill("#low-duration", "1h")
        page.fill("#high-duration", "3h")
        page.press("#high-duration", "Enter")
        shows(page, "Dog show")
        assert query(page) == "duration:1h..3h"
        page.click("#section-duration-clear")
        page.click("#section-is summary")
        page.check("#flag-is-favorite-yes", force=True)
        shows(page, "Party")
        expect(page.locator("#flag-is-favorite-yes")).to_be_focused()

    def test_stay_open_as_they_were_left(self, open_page: OpenPage) -> None:
        page = open_page(BROWSE)
        with page.expect_response("**/browse-settings/"):
            page.click("#section-codec summary")
        page.reload()

        expect(page.locator("#section-codec")).to_have_attribute("open", "")
        expect(page.locator("#section-codec li", has_text="av1")).to_have_count(1)
        assert BrowseSettings.objects.get().open_panels == ["codec"]
        with page.expect_response("**/browse-settings/"):
            page.click("#browse-filters")
        page.reload()
        expect(page.locator("#browse-panel")).to_be_hidden()

    def test_are_a_sheet_on_a_phone(self, open_page: OpenPage) -> None:
        page = open_page(BROWSE, width=390)
        expect(page.locator("#browse-panel")).to_be_hidden()

        page.click("#browse-filters")
        page.click("#section-is summary")
        page.check("#flag-is-favorite-yes", force=True)
        shows(page, "Party")
        expect(page.locator("#browse-panel")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#browse-panel")).to_be_hidden()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    def test_an_empty_page_leads_out(self, open_page: OpenPage) -> None:
        page = open_page(f"{BROWSE}?q=tag:dog rating>50")

        expect(page.locator(".br-relaxed a")).to_have_text(
            ["without Tag: dog: 1 video", "without Rating > 50: 2 videos"]
        )
        page.click("#relaxed-1")
        shows(page, "Waves")


@pytest.mark.usefixtures("library")
class TestOrder:
    def test_several_keys(self, open_page: OpenPage) -> None:
        page = open_page(BROWSE)

        page.click("#sort-menu summary")
        page.click("#sort-title-alone")
        expect(page.locator("#sort-title-turn")).to_be_visible()  # the menu stays open
        page.click("#sort-rating-add")
        page.click("#sort-rating-earlier")
        expect(page.locator(".mh-card-title").first).to_have_text("Waves")
        assert "ordering=-rating%2Ctitle" in page.url
        page.keyboard.press("Escape")
        expect(page.locator("#sort-menu summary")).to_be_focused()


@pytest.mark.usefixtures("library")
class TestViews:
    def test_are_saved_changed_pinned_and_dropped(self, open_page: OpenPage) -> None:
        page = open_page(f"{BROWSE}?q=tag:dog")

        page.click("#views-menu summary")
        page.click("[data-view-save-as]")
        expect(page.locator("#view-name")).to_be_focused()
        assert violations(page, "#view-dialog") == []
        page.fill("#view-name", "Dogs <b>")
        page.check("#view-dialog [value=pets]", force=True)
        page.check("#view-dialog [name=in_sidebar]")
        page.click("#view-dialog [type=submit]")
        pinned = page.locator("#nav-sidebar-apps a", has_text="Dogs <b>")
        expect(pinned.locator("span").last).to_have_text("2")
        view = SavedView.objects.get()
        assert (view.name, view.icon, view.query) == ("Dogs <b>", "pets", "tag:dog")
        assert f"view={view.pk}" in page.url
        expect(page.locator(".br-dot")).to_have_count(0)

        page.click("#layout-table")
        expect(page.locator("#views-menu .br-dot")).to_have_count(1)
        page.click("#views-menu summary")
        page.click("#view-revert")
        expect(page.locator(".br-dot")).to_have_count(0)
        page.click("#layout-wall")
        expect(page.locator(".br-dot")).to_have_count(1)
        page.click("#views-menu summary")
        page.click("[data-view-save]")
        expect(page.locator(".br-dot")).to_have_count(0)
        view.refresh_from_db()
        assert view.layout == "wall"

        page.click("#views-menu summary")
        page.click("[data-view-edit]")
        page.click("[data-view-delete]")
        assert SavedView.objects.count() == 1  # it asks first
        page.click("[data-view-delete]")
        expect(pinned).to_have_count(0)
        assert not SavedView.objects.exists()


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(("dark", "width"), [(False, 1440), (True, 390)])
def test_nothing_is_in_anybodys_way(open_page: OpenPage, dark: bool, width: int) -> None:
    SavedView.objects.create(
        owner_id=_boss(), name="Dogs", query="tag:dog", in_sidebar=True, shared=True
    )
    page = open_page(f"{BROWSE}?q=tag:dog -is:favorite&view=1", width=width, dark=dark)
    if width < 1024:
        page.click("#browse-filters")
    for name in ("tag", "duration", "is", "path", "added"):
        page.click(f"#section-{name} summary")
    expect(page.locator("#section-tag .br-value-count").first).to_be_visible()
    if width < 1024:
        assert violations(page, "#browse-panel") == []
        page.keyboard.press("Escape")
    assert violations(page, "[data-browse]") == []
    page.click("#views-menu summary")
    assert violations(page, "#browse-head") == []
    page.click("#sort-menu summary")
    assert violations(page, "#browse-head") == []

    page.goto(f"{BROWSE}?q=tag:nonsense&zoom=xxl")
    assert violations(page, "[data-browse]") == []
    page.goto(f"{BROWSE}?q=tag:dog rating>50")
    assert violations(page, "[data-browse]") == []
    page.focus("#browse-q")
    page.keyboard.type(" tag:d")
    expect(page.locator("#browse-options [role=option]").first).to_be_visible()
    assert violations(page, "[data-browse]") == []


def _boss() -> int:
    from django.contrib.auth.models import User

    return User.objects.get(username="boss").pk
