"""``manage.py up``: once for real, and its preparations one by one."""

import http.cookiejar
import io
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate, get_user_model

from apps.jobs.models import Job
from apps.library.models import Library
from mediahub import first_run
from mediahub.management.commands.up import AddressUnusable, free_address
from mediahub.postgres.locks import lock_within

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 180
_installed: list[str] = []  # data folders in which MediaHub ran: its second start is the quick one


@pytest.fixture
def environment(tmp_path: Path, free_port: int) -> dict[str, str]:
    """That of a user who starts for the first time, with an embedded database."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "DJANGO_SETTINGS_MODULE"}
    }
    return inherited | {
        "MEDIAHUB_DATA_DIR": str(tmp_path / "data"),
        "MEDIAHUB_BIND": f"127.0.0.1:{free_port}",
        "MEDIAHUB_DEMO": "0",
    }


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def once_more(environment: dict[str, str]) -> None:
    """Where another test has left an installation behind, this one takes it over."""
    if _installed:
        environment["MEDIAHUB_DATA_DIR"] = _installed.pop()


@pytest.fixture
def started(environment: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up"], cwd=ROOT, env=environment, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    deadline = threading.Timer(PATIENCE_S, process.kill)
    deadline.start()
    with process:
        yield process
        deadline.cancel()
        process.kill()


def read_until(process: "subprocess.Popen[str]", pattern: str) -> str:
    assert process.stdout
    heard = []
    for line in process.stdout:
        heard.append(line)
        if found := re.search(pattern, line):
            return found[found.lastindex or 0]
    pytest.fail(f"never said {pattern}: {''.join(heard)}")


def log_in(page: str, *, password: str) -> str:
    """Open the first page, log in as the browser would, return the page after that."""
    cookies = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))
    login = browser.open(page)
    login.read()
    token = next(cookie.value for cookie in cookies if cookie.name == "csrftoken")
    form = {"username": "admin", "password": password, "csrfmiddlewaretoken": token}
    address = urllib.request.Request(
        login.url, urllib.parse.urlencode(form).encode(), headers={"Referer": login.url}
    )
    return str(browser.open(address).read().decode())


def test_up_leads_to_a_page_and_leaves_nothing_behind(
    started: "subprocess.Popen[str]", environment: dict[str, str]
) -> None:
    password = read_until(started, r"Log in as admin with the password (\S+)")
    address = read_until(started, r"Ready: (\S+)")

    page = log_in(address, password=password)
    started.send_signal(signal.SIGINT)
    read_until(started, "MediaHub has stopped")

    assert "MediaHub" in page
    assert "Log out" in page or "logout" in page
    assert started.wait(PATIENCE_S) == 0
    _installed.append(environment["MEDIAHUB_DATA_DIR"])
    for lock in ("lease", "server", "janitor"):
        descriptor = lock_within(
            Path(environment["MEDIAHUB_DATA_DIR"], "postgres", f"{lock}.lock"), seconds=0
        )
        assert descriptor is not None, lock
        os.close(descriptor)


def test_killed_up_takes_everything_along(
    once_more: None, started: "subprocess.Popen[str]", environment: dict[str, str]
) -> None:
    read_until(started, "Ready")

    started.kill()

    server = Path(environment["MEDIAHUB_DATA_DIR"], "postgres", "server.lock")
    descriptor = lock_within(server, seconds=PATIENCE_S)
    assert descriptor is not None
    os.close(descriptor)


def test_taken_port_is_said_before_anything_is_started(environment: dict[str, str]) -> None:
    host, port = environment["MEDIAHUB_BIND"].split(":")
    with socket.create_server((host, int(port))):
        done = subprocess.run(
            [sys.executable, "manage.py", "up"],
            cwd=ROOT, env=environment, capture_output=True, text=True,
        )  # fmt: skip

    assert done.returncode == 1
    assert "MEDIAHUB_BIND" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not Path(environment["MEDIAHUB_DATA_DIR"], "postgres").exists()


@pytest.mark.parametrize("bind", ["8000", ":8000", "127.0.0.1:", "127.0.0.1:web", "[::1]:70000"])
def test_address_that_is_none_is_refused(bind: str) -> None:
    with pytest.raises(AddressUnusable):
        free_address(bind)


@pytest.mark.django_db
class TestFirstAdmin:
    def test_gets_a_random_password_that_is_told_once(self, settings: Any) -> None:
        settings.MEDIAHUB_ADMIN_USER = settings.MEDIAHUB_ADMIN_PASSWORD = ""

        told = first_run.create_first_admin()
        again = first_run.create_first_admin()

        password = re.search(r"password (\S+)", told)
        assert password
        assert authenticate(username="admin", password=password[1])
        assert "password" not in again
        assert get_user_model().objects.count() == 1

    def test_is_as_the_settings_say_and_the_password_stays_unsaid(self, settings: Any) -> None:
        settings.MEDIAHUB_ADMIN_USER, settings.MEDIAHUB_ADMIN_PASSWORD = "ada", "difference-engine"

        told = first_run.create_first_admin()

        assert authenticate(username="ada", password="difference-engine")
        assert "ada" in told
        assert "difference-engine" not in told


@pytest.mark.django_db
class TestAddMedia:
    def test_registers_and_scans_once_however_often_it_is_given(self, tmp_path: Path) -> None:
        first_run.add_media(tmp_path, say=print)
        first_run.add_media(tmp_path, say=print)

        assert list(Library.objects.values_list("root", flat=True)) == [str(tmp_path)]
        assert Job.objects.filter(kind="library.scan").count() == 1

    def test_says_how_to_add_one_if_the_demonstration_is_not_wanted(self, settings: Any) -> None:
        settings.MEDIAHUB_DEMO = False

        said: list[str] = []

        first_run.add_media(None, say=said.append)

        assert "MEDIA=" in said[0]
        assert not Library.objects.exists()

    def test_makes_the_demonstration_when_there_is_nothing_else(
        self, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.MEDIAHUB_DEMO, settings.MEDIAHUB_DATA_DIR = True, tmp_path
        monkeypatch.setattr("sys.stdin", io.StringIO())

        first_run.add_media(None, say=print)

        assert Library.objects.get().root == str(tmp_path / "demo")
        assert Job.objects.get().kind == "library.demo"


def test_static_files_are_gathered_only_when_they_changed(tmp_path: Path, settings: Any) -> None:
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STATICFILES_DIRS = [tmp_path / "ours"]
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "page.css").write_text("a {}")
    first_run.collect_static()
    (settings.STATIC_ROOT / "untouched").touch()

    first_run.collect_static()
    kept = (settings.STATIC_ROOT / "untouched").exists()
    (tmp_path / "ours" / "page.css").write_text("a { color: red }")
    first_run.collect_static()

    assert kept
    assert (settings.STATIC_ROOT / "page.css").read_text() == "a { color: red }"
