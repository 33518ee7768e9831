"""The admin as people use it: a few paths through real pages."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from apps.jobs.choices import JobState
from apps.jobs.models import Job
from apps.library.models import Library, Video
from tests.factories import PASSWORD, make_job, make_library, make_tag, make_video

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]

# Fields, pictures and buttons that somebody who doesn't see the page could not use.
UNNAMED = """() => [...document.querySelectorAll(
    'input:not([type=hidden]), select, textarea, button, a[href], img')]
  .filter(element => element.checkVisibility())
  .filter(element => !(
    element.matches('img[alt]') || element.labels?.length || element.title ||
    element.getAttribute('aria-label') || element.getAttribute('aria-labelledby') ||
    element.getAttribute('placeholder') || element.innerText?.trim() ||
    element.querySelector('img[alt], [title]')))
  .map(element => element.outerHTML.slice(0, 120))"""


def test_who_logs_in_adds_the_first_library_on_the_first_page(
    open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page("/admin/")
    page.context.clear_cookies()
    page.reload()
    page.fill("[name=username]", "boss")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")

    page.get_by_label("Folder on this machine").fill(str(tmp_path / "nowhere"))
    page.get_by_label("What you call it").fill("Films")
    page.get_by_role("button", name="Add and scan").click()
    expect(page.get_by_text("is its disk or share mounted?")).to_be_visible()
    page.locator("[name=root]").fill(str(tmp_path))
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_role("heading", name="Films")).to_be_visible()
    expect(page.get_by_text("waiting for a worker")).to_be_visible()
    assert Library.objects.get().root == str(tmp_path)


def test_edit_a_rating(open_page: OpenPage) -> None:
    video = make_video("Film")
    page = open_page(f"/admin/library/video/{video.pk}/change/")

    page.get_by_role("spinbutton", name="Rating").fill("80")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("Film was saved.")).to_be_visible()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    assert Video.objects.get(pk=video.pk).rating == 80


def test_progress_moves_by_itself_until_the_end(open_page: OpenPage) -> None:
    library = make_library()
    job = make_job(
        JobState.RUNNING, target_type="library.library", target_id=library.pk, done=1, total=4
    )
    page = open_page(f"/admin/library/library/{library.pk}/")
    bar = page.get_by_role("progressbar", name="Scan")
    expect(bar).to_have_attribute("aria-valuenow", "25")
    cancel = page.get_by_role("button", name="Cancel")
    cancel.focus()

    Job.objects.filter(pk=job.pk).update(done=2)
    expect(bar).to_have_attribute("aria-valuenow", "50")
    expect(cancel).to_be_focused()

    Job.objects.filter(pk=job.pk).update(
        state=JobState.SUCCEEDED, lease_until=None, finished_at=job.created_at
    )
    expect(bar).to_have_count(0)
    expect(page.locator("[data-active]")).to_have_count(0)


def test_pages_fit_a_phone_and_name_their_parts(open_page: OpenPage) -> None:
    video = make_video("A_very_long_name_without_any_space_" * 4, tags=[make_tag()])
    job = make_job(JobState.RUNNING, target_type="library.library", target_id=video.library_id)
    page = open_page("/admin/", width=360, dark=True)

    for path in (
        "", "library/video/browse/", "library/video/", f"library/video/{video.pk}/change/",
        "library/library/", f"library/library/{video.library_id}/", "library/library/add/",
        "jobs/job/", f"jobs/job/{job.pk}/change/", "library/tag/", "library/file/",
    ):  # fmt: skip
        page.goto(f"/admin/{path}")
        assert wider_than_the_window(page) <= 0, path
        assert page.evaluate(UNNAMED) == [], path
        expect(page.get_by_role("main")).to_have_count(1)
        expect(page.locator("h1")).to_have_count(1)


def wider_than_the_window(page: Page) -> int:
    """By how many pixels one would have to scroll sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def test_hostile_names_do_nothing(open_page: OpenPage) -> None:
    name = "\"><img src=x onerror=\"alert('no')\"><script>alert('no')</script>"
    video = make_video(name, tags=[make_tag(name)])
    page = open_page("/admin/")

    for path in (
        "/admin/", "/admin/library/video/browse/", "/admin/library/video/", "/admin/library/tag/",
        f"/admin/library/video/{video.pk}/change/",
    ):  # fmt: skip
        page.goto(path)
        expect(page.get_by_text(re.compile("onerror")).first).to_be_attached()
