"""The audit's pages of a bulk edit, as people with any screen or with a keyboard alone use them."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from apps.editing.services.bulk import Changes, Selection, apply
from apps.library.models import Video
from apps.library.services.videos import edit_video
from tests.e2e.accessibility import violations
from tests.factories import make_studio, make_tag, make_video

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_conflict_is_shown_and_kept(open_page: Callable[..., Page], width: int, dark: bool) -> None:
    videos = [make_video(f"Holiday at the sea, part {n}", rating=n + 1) for n in range(12)]
    beach, sea = make_tag("beach"), make_tag("sea <b>")
    changes = {
        "tags": {"add": [beach.pk, sea.pk]}, "rating": 90, "studio": make_studio("Acme").pk,
        "title": {"find": "holiday", "replace": "Vacation"},
    }  # fmt: skip
    entry = apply(Selection(Video.objects.all()), Changes.read(changes)).entry
    assert entry
    edit_video(videos[3], {"rating": 10})

    page = open_page(
        reverse("admin:core_auditentry_change", args=[entry.pk]), width=width, dark=dark
    )
    expect(page.locator("#rows-heading")).to_be_visible()
    assert violations(page) == []
    _picture(page, f"entry-{width}")
    page.get_by_role("link", name="Undo…").click()
    expect(page.get_by_text("changed again since").first).to_be_visible()
    assert violations(page) == []
    _picture(page, f"undo-{width}")
    page.get_by_role("button", name="Undo").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("this is written down here")).to_be_visible()

    ratings = list(Video.objects.order_by("pk").values_list("rating", flat=True))
    assert ratings == [1, 2, 3, 10, *range(5, 13)]


def _picture(page: Page, name: str) -> None:
    """For who wants to look: ``MEDIAHUB_PICTURES=<folder>``."""
    if folder := os.environ.get("MEDIAHUB_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
