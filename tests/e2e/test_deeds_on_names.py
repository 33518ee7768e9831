"""The pages of chips, merges, renaming and rules: as people with and without eyes meet them."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from apps.library.models import Library, Tag, Video
from apps.library.services.libraries import add_library
from apps.library.services.scan import scan_library
from apps.rules.models import Rule
from tests.e2e.accessibility import violations
from tests.factories import NOON, make_performer, make_studio, make_tag
from tests.rigs.media import write_sound

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]
_SHOTS = os.environ.get("MEDIAHUB_SHOTS", "")


@pytest.fixture
def library(transactional_db: None, tmp_path: Path) -> Library:
    names = ("Beach house/Ann Smith - Summer", "Beach house/b", "Mountain/The long way up by Acme")
    for number, name in enumerate(names):
        write_sound(tmp_path / f"{name}.wav", number)
    library = add_library(tmp_path)
    scan_library(library, now=NOON)
    for name in ("Beach", "Beach house", "Mountain"):
        make_tag(name, color="#2b7bb9")
    make_performer("Ann Smith")
    make_studio("Acme")
    video = Video.objects.get(title="b")
    video.tags.set(Tag.objects.all())
    return library


def _look(page: Page, name: str, *, within: str = "") -> None:
    if _SHOTS:
        page.wait_for_timeout(400)
        page.screenshot(path=f"{_SHOTS}/{name}.png", full_page=True)
    assert violations(page, within) == []


_LOOKS = pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])


@_LOOKS
def test_renaming(open_page: OpenPage, library: Library, width: int, dark: bool) -> None:
    Video.objects.filter(title="b").update(title="...")
    page = open_page("/admin/library/video/rename/", width=width, dark=dark)

    page.get_by_role("button", name="{title}", exact=True).click()
    expect(page.get_by_label("New names")).to_have_value("{title}")
    page.get_by_label("New names").fill("{folder}/{id|pad 4} {title}")
    page.get_by_text("What can stand there").click()
    _look(page, f"rename-{width}")
    page.get_by_role("button", name="Show what would come of it").click()
    expect(page.get_by_role("button", name="Rename 3 files")).to_be_visible()
    _look(page, f"batch-{width}")


@_LOOKS
def test_merging(open_page: OpenPage, library: Library, width: int, dark: bool) -> None:
    ids = "&".join(f"id={tag.pk}" for tag in Tag.objects.all())
    page = open_page(f"/admin/library/tag/merge/?{ids}", width=width, dark=dark)

    page.get_by_role("combobox", name="Another one").fill("bea")
    page.get_by_role("option", name="Beach house").click()
    expect(page.get_by_role("radio", name="Another one")).to_be_checked()
    page.get_by_role("combobox", name="Another one").press("Escape")
    _look(page, f"merge-{width}")


@_LOOKS
def test_rules(open_page: OpenPage, library: Library, width: int, dark: bool) -> None:
    rule = Rule.objects.create(
        name="Beaches are favorites", query="tag:beach", changes={"favorite": True}
    )
    page = open_page("/admin/rules/rule/names/?q=", width=width, dark=dark)
    expect(page.get_by_text("Found most often")).to_be_visible()
    _look(page, f"names-{width}")

    page.goto(f"/admin/rules/rule/{rule.pk}/try/")
    _look(page, f"try-{width}")
    page.goto(f"/admin/rules/rule/{rule.pk}/change/")
    _look(page, f"rule-{width}", within=".mh-labels")
    page.goto("/admin/rules/rule/")
    _look(page, f"rules-{width}", within="#result_list")


@_LOOKS
def test_chips(open_page: OpenPage, library: Library, width: int, dark: bool) -> None:
    video = Video.objects.get(title="b")
    page = open_page(f"/admin/library/video/{video.pk}/change/", width=width, dark=dark)

    page.get_by_role("combobox", name="Performers").fill("an")
    expect(page.get_by_role("option", name="Ann Smith")).to_be_visible()
    expect(page.get_by_role("option", name="Create")).to_be_visible()
    _look(page, f"chips-{width}", within=".field-performers")
    page.get_by_role("combobox", name="Performers").press("Escape")
