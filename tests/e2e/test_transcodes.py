"""Transcodes as a person asks for them, watches them, and takes them back."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.jobs.models import Job
from apps.jobs.worker import run_next
from apps.library.models import Library
from apps.library.services.libraries import add_library
from apps.library.services.scan import scan_library
from apps.transcodes.choices import Outcome
from apps.transcodes.models import Transcode, TranscodeRule
from tests.e2e.accessibility import violations
from tests.e2e.test_admin import wider_than_the_window
from tests.factories import NOON
from tests.media import media
from tests.transcodes.conftest import Profile, _examined, profile, video_of, warm
from tests.transcodes.factories import make_transcode

__all__ = ["_examined", "profile", "warm"]  # fixtures

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]
_SHOTS = os.environ.get("MEDIAHUB_SHOTS", "")


@pytest.fixture
def library(transactional_db: None, warm: None, tmp_path: Path) -> Library:
    shutil.copy(media("xvid.avi"), tmp_path / "xvid.avi")
    library = add_library(tmp_path)
    scan_library(library, now=NOON)
    Job.objects.all().delete()  # the pictures that it asks for
    return library


def test_try_transcode_and_bring_back(
    open_page: OpenPage, library: Library, profile: Profile, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIAHUB_GUARDS = False  # whatever else this machine does meanwhile
    made = profile(place="replace")
    page = open_page(f"/admin/transcodes/encodingprofile/{made.pk}/try/")
    page.get_by_label("Which video").fill("xvid")
    page.get_by_role("button", name="Show what would be done").click()
    page.get_by_role("link", name="xvid", exact=True).click()
    expect(page.get_by_text("What doesn't hold yet")).to_be_visible()
    assert violations(page) == []

    page.get_by_role("button", name="Transcode it").click()
    head = page.locator("#transcode-head")
    expect(head).to_contain_text("waiting")
    run_next("cpu")
    expect(head).to_contain_text("done")  # by itself
    expect(page.get_by_text("What was proven of the new file")).to_be_visible()
    assert violations(page) == []

    head.get_by_role("button", name="Bring the source back").click()
    expect(head.get_by_role("progressbar").or_(head.get_by_text("waiting for"))).to_be_visible()
    run_next("disk")
    expect(head).to_contain_text("source is back")
    assert Transcode.objects.get().outcome == Outcome.RESTORED
    assert (tmp_path / "xvid.avi").exists()


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_pages_can_be_read_by_all(
    open_page: OpenPage, library: Library, profile: Profile, width: int, dark: bool
) -> None:
    made = profile()
    video = video_of("xvid.avi")
    failed = {"outcome": Outcome.FAILED, "finished_at": NOON, "error_message": "It is damaged."}
    make_transcode(video=video, **failed)
    rule = TranscodeRule.objects.create(name="All", profile=made)
    page = open_page("/admin/transcodes/transcode/", width=width, dark=dark)

    for path in (
        "transcode/", f"transcode/ask/?id={video.pk}", f"encodingprofile/{made.pk}/change/",
        f"encodingprofile/{made.pk}/versions/", f"transcoderule/{rule.pk}/try/",
    ):  # fmt: skip
        page.goto(f"/admin/transcodes/{path}")
        if _SHOTS:
            name = path.strip("/").replace("/", "-").partition("?")[0]
            page.screenshot(path=f"{_SHOTS}/transcodes-{name}-{width}.png", full_page=True)
        assert violations(page, "[role=main]") == [], path
        assert wider_than_the_window(page) <= 0, path
