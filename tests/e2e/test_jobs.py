"""The pages of jobs as people use them, with a mouse, a keyboard and a phone."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps.jobs.choices import JobState, LogLevel, Queue
from apps.jobs.models import Hold, Job, JobLogLine, QueueMinute, Schedule
from apps.jobs.services.schedules import create
from tests.e2e.test_admin import UNNAMED, wider_than_the_window
from tests.factories import make_job, make_library

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
BOARD = "/admin/jobs/job/board/"


def fill() -> Job:
    """Jobs of every sort; returns the one whose log is long."""
    library = make_library(name="A_very_long_name_without_any_space_" * 3)
    about = {"target_type": "library.library", "target_id": library.pk}
    running = make_job(JobState.RUNNING, done=1, total=4, worker="nas:7", **about)
    JobLogLine.objects.bulk_create(
        JobLogLine(job=running, level=level, message=f"{number} {level} " + "word" * 60)
        for number in range(60)
        for level in LogLevel
    )
    batch = make_job(JobState.RUNNING, is_batch=True, **about)
    make_job(JobState.FAILED, parent=batch, item="a_long_name_" * 9, error_type="damaged")
    make_job(JobState.FAILED, quarantined=True, error_message="It died.", evidence={"signal": "9"})
    make_job(JobState.SUCCEEDED, summary={"added": 3}, **about)
    make_job(**about)
    create(Schedule(name="Nightly", kind="artifacts.generate", cron="0 3 * * *"))
    QueueMinute.objects.create(
        queue=Queue.DISK, minute=timezone.now() - timedelta(minutes=30), succeeded=3, waiting=9
    )
    return running


def test_pages_fit_a_phone_and_name_their_parts(open_page: OpenPage) -> None:
    running = fill()
    batch = Job.objects.get(is_batch=True)
    page = open_page(BOARD, width=360)

    for path in (
        "job/board/", "job/", f"job/{running.pk}/change/", f"job/{batch.pk}/change/", "job/own/",
        "schedule/", "schedule/add/",
    ):  # fmt: skip
        page.goto(f"/admin/jobs/{path}")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert wider_than_the_window(page) <= 0, (path, scheme)
            assert page.evaluate(UNNAMED) == [], (path, scheme)
        expect(page.get_by_role("main")).to_have_count(1)
        expect(page.get_by_role("banner")).to_have_count(1)
        expect(page.get_by_role("region", name="scrollable content")).to_have_count(0)
        expect(page.locator("h1")).to_have_count(1)


def test_the_board_shows_what_happens_without_being_asked(open_page: OpenPage) -> None:
    job = make_job(JobState.RUNNING, done=1, total=4)
    page = open_page(BOARD)
    bar = page.get_by_role("progressbar", name="Scan")
    expect(bar).to_have_attribute("aria-valuenow", "25")

    Job.objects.filter(pk=job.pk).update(done=3)
    expect(bar).to_have_attribute("aria-valuenow", "75")

    Job.objects.filter(pk=job.pk).update(
        state=JobState.FAILED, lease_until=None, finished_at=timezone.now(),
        error_message="The disk is away.",
    )  # fmt: skip
    expect(page.locator("#board-running")).to_contain_text("Nothing is running.")
    expect(page.locator("#board-failed")).to_contain_text("The disk is away.")


def test_a_job_is_cancelled_and_a_queue_paused_by_keyboard(open_page: OpenPage) -> None:
    job = make_job()
    page = open_page(BOARD)

    cancel = page.get_by_role("button", name=f"Cancel Scan {job.pk}")
    cancel.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#board-finished")).to_contain_text("cancelled")
    assert Job.objects.get(pk=job.pk).state == JobState.CANCELLED

    make_job()
    page.reload()
    page.get_by_role("button", name="Pause the queue Disk").click()
    expect(page.locator("#board-waiting")).to_contain_text("the queue disk is paused")
    page.get_by_role("button", name="Resume the queue Disk").click()
    expect(page.locator("#board-waiting")).not_to_contain_text("is paused")
    assert not Hold.objects.exists()


def test_the_log_is_one_click_away_and_ends_where_it_goes_on(open_page: OpenPage) -> None:
    job = fill()
    page = open_page(BOARD)

    page.locator(f"#running-{job.pk}").get_by_role("link", name="Log").click()
    log = page.get_by_label("Log of the job")
    expect(log.locator("li").last).to_be_in_viewport()
    to_end = page.get_by_role("button", name="To the end")
    expect(to_end).to_be_hidden()

    log.evaluate("log => log.scrollTop = 0")
    expect(to_end).to_be_visible()
    to_end.click()
    expect(log.locator("li").last).to_be_in_viewport()

    JobLogLine.objects.create(job=job, message="and on it goes")
    expect(log.locator("li").last).to_contain_text("and on it goes")

    page.get_by_role("link", name="Errors", exact=True).click()
    expect(log.locator("li")).to_have_count(60)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == f"job-{job.pk}.log"


def test_all_that_match_are_paused(open_page: OpenPage) -> None:
    for _ in range(30):
        make_job()
    page = open_page("/admin/jobs/job/?state=queued")

    page.locator("#action-toggle").check()
    page.get_by_role("link", name="Select all 30 jobs").click()
    page.locator("select[name=action]").select_option("pause_jobs")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("heading", name="Pause 30 jobs?", level=1)).to_be_visible()
    page.get_by_role("button", name="Pause").click()

    expect(page.get_by_text("30 jobs paused.")).to_be_visible()
    assert Job.objects.filter(state=JobState.PAUSED).count() == 30


def test_a_schedule_says_what_its_times_mean(open_page: OpenPage) -> None:
    page = open_page("/admin/jobs/schedule/add/")
    told = page.locator("[data-cron-told]")

    page.get_by_role("button", name="Daily").click()
    expect(told).to_contain_text("At 03:00 every day")
    page.get_by_label("Times").fill("99 * * * *")
    expect(told).to_contain_text("minute can't be read")
    page.get_by_label("Kind").select_option("artifacts.generate")
    expect(page.get_by_text("Artifacts takes library_id (optional), kinds")).to_be_visible()
    expect(page.get_by_text("Scan takes")).to_be_hidden()

    page.get_by_label("Times").fill("15 * * * *")
    page.get_by_label("Name").fill("Covers")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("button", name="Run Covers now")).to_be_visible()
    assert Schedule.objects.get().next_at is not None
