"""A real server and a real browser."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.factories import make_user
from tests.jobs.listening import session_of

_AT_WORK = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
"""
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    # Playwright's loop runs in this thread, where the tests use the database, too.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        path = os.environ.get("MEDIAHUB_CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def open_page(chromium: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """``open_page("/admin/")``: a page seen by a superuser; errors in its scripts fail the test."""
    contexts, errors = [], []

    def open_page(path: str, *, width: int = 1280, dark: bool = False) -> Page:
        scheme: Any = "dark" if dark else "light"
        context = chromium.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, base_url=live_server.url
        )
        contexts.append(context)
        log_in(context, live_server.url)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.on("dialog", lambda dialog: (errors.append(dialog.message), dialog.dismiss()))
        page.goto(path)
        return page

    make_user(superuser=True, username="boss")
    yield open_page
    leave(contexts)
    assert errors == []


def leave(contexts: Iterable[BrowserContext]) -> None:
    """Close pages, and wait until the server has answered what they said last: the database is
    emptied next, which would meet it."""
    for context in list(contexts):
        for page in context.pages:
            page.goto("about:blank")  # pages tell, while they go, where they were left
        context.close()
    quiet = 0
    with connection.cursor() as cursor:
        while quiet < 3:
            cursor.execute(_AT_WORK)
            quiet = 0 if cursor.fetchone()[0] else quiet + 1
            time.sleep(0.1)


def log_in(context: BrowserContext, address: str) -> None:
    """By a session: each page that a browser loads costs half a second. ``test_admin`` uses the
    form."""
    name, value = session_of(User.objects.get(username="boss"))
    context.add_cookies([{"name": name, "value": value, "url": address}])
