"""Pages that are told what happens: a real server with streams, a real browser."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, Request, expect

from apps.jobs.choices import JobState
from apps.jobs.models import Job, JobLogLine
from apps.jobs.services.lifecycle import retry
from tests.e2e.conftest import leave
from tests.factories import make_job, make_library, make_user
from tests.jobs.listening import Web, remember_place, served, session_of

pytestmark = pytest.mark.browser

_SHOW = """(hidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
_EVENTS = re.compile(r"/jobs/events/\?")
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def running_web(django_db_setup: None) -> Iterator[Web]:
    with served(settings="test") as server:
        yield server


@pytest.fixture
def web(running_web: Web, transactional_db: None) -> Web:
    remember_place()
    return running_web


@pytest.fixture
def open_live(chromium: Browser, web: Web) -> Iterator[Open]:
    """``open_live("/admin/")``: a page of a superuser, once its stream stands."""
    name, value = session_of(make_user(superuser=True))
    context = chromium.new_context(base_url=f"http://127.0.0.1:{web.port}")
    context.add_cookies([{"name": name, "value": value, "url": f"http://127.0.0.1:{web.port}"}])

    def open_live(path: str, *, streams: bool = True) -> Page:
        page = context.new_page()
        page.set_default_timeout(10_000)
        if streams:
            with page.expect_response(_EVENTS):
                page.goto(path)
            page.wait_for_timeout(1_000)  # the first refreshment
        else:
            page.route(_EVENTS, lambda route: route.abort())
            page.goto(path)
        return page

    yield open_live
    leave([context])


def asked(page: Page) -> list[str]:
    """The regions that the page asks for from now on."""
    found: list[str] = []

    def note(request: Request) -> None:
        if "fragment=live" in request.url:
            found.append(request.url)

    page.on("request", note)
    return found


def running() -> Job:
    library = make_library()
    return make_job(
        JobState.RUNNING, target_type="library.library", target_id=library.pk, done=1, total=4
    )


def move(job: Job, done: int) -> None:
    Job.objects.filter(pk=job.pk).update(done=done)


def test_a_new_job_appears_by_itself(open_live: Open) -> None:
    make_library()
    page = open_live("/admin/")
    expect(page.get_by_role("progressbar")).to_have_count(0)

    make_job(JobState.RUNNING, done=1, total=4)

    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "25")


def test_nothing_is_asked_for_while_nothing_happens(open_live: Open) -> None:
    job = running()
    page = open_live(f"/admin/jobs/job/{job.pk}/change/")
    requests = asked(page)
    page.wait_for_timeout(2_500)
    idle = len(requests)

    move(job, 2)
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "50")

    assert (idle, len(requests)) == (0, 1)


def test_what_concerns_others_is_not_asked_for(open_live: Open) -> None:
    shown, other = running(), running()
    page = open_live(f"/admin/jobs/job/{shown.pk}/change/")
    requests = asked(page)

    move(other, 3)
    page.wait_for_timeout(1_000)

    assert requests == []


def test_what_has_ended_shows_that_somebody_else_retried_it(open_live: Open) -> None:
    job = make_job(JobState.FAILED)
    page = open_live("/admin/jobs/job/")
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.wait_for_timeout(1_500)
    assert requests == []

    retry(job)

    expect(page.locator(f"#job-{job.pk}-state")).to_contain_text("waiting")


def test_a_burst_costs_two_refreshments_a_second(open_live: Open) -> None:
    job = make_job(JobState.RUNNING, done=0, total=100)
    page = open_live(f"/admin/jobs/job/{job.pk}/change/")
    requests = asked(page)

    for done in range(1, 41):
        move(job, done)
        page.wait_for_timeout(50)
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "40")

    assert 2 <= len(requests) <= 8


def test_a_page_that_nobody_sees_is_quiet_and_catches_up(open_live: Open) -> None:
    job = running()
    page = open_live(f"/admin/jobs/job/{job.pk}/change/")
    requests = asked(page)

    page.evaluate(_SHOW, True)
    move(job, 2)
    page.wait_for_timeout(1_500)
    quiet = list(requests)
    page.evaluate(_SHOW, False)

    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "50")
    assert quiet == []


def test_goes_on_after_the_server_was_restarted(open_live: Open, web: Web) -> None:
    job = running()
    page = open_live(f"/admin/jobs/job/{job.pk}/change/")

    assert web.stop() < 4  # five seconds are what streams could hold it up for
    move(job, 2)
    web.start()
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "50")
    move(job, 3)

    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "75")


def test_asks_by_itself_where_no_events_pass(open_live: Open) -> None:
    job = running()
    page = open_live(f"/admin/jobs/job/{job.pk}/change/", streams=False)

    move(job, 2)
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "50")
    move(job, 3)

    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "75")


def test_a_log_is_followed_without_any_progress(open_live: Open) -> None:
    job = running()
    page = open_live(f"/admin/jobs/job/{job.pk}/change/")

    for number in range(3):
        at = timezone.now() + timedelta(seconds=number)
        JobLogLine.objects.create(job=job, message=f"line {number}", at=at)
        expect(page.get_by_text(f"line {number}")).to_have_count(1)

    expect(page.locator("[data-line]")).to_have_count(3)
