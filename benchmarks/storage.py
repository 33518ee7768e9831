"""Shares that stop answering: what it does to pages, to other scans and to the workers."""

import http.cookiejar
import os
import shutil
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks import place, tree
from benchmarks.report import Report
from benchmarks.running import Running, wait_for
from tests.rigs.mounts import Mounts, Share, own_mounts

_FILES = 400
_SHARES = 3  # more than there are workers
_ROUNDS = 12
_MOST_MS, _MOST_S = 300.0, 60.0
_PASSWORD = "benchmark"
_PAGES = (
    "/admin/", "/admin/library/video/", "/admin/library/library/", "/admin/library/file/",
    "/admin/jobs/job/", "/api/v1/videos/", "/api/v1/libraries/", "/api/v1/files/", "/api/v1/jobs/",
    "/api/v1/libraries/{share}/status/", "/admin/library/library/{share}/change/", "/readyz",
)  # fmt: skip


def run(report: Report) -> None:
    """Needs root, for mounts of its own, and /dev/fuse; else it says so and does nothing."""
    try:
        with own_mounts() as mounts:
            _run(report, mounts)
    except pytest.skip.Exception as reason:
        report.say("not done", str(reason))


def _run(report: Report, mounts: Mounts) -> None:
    place_of_all = place.BUILD / "storage"
    shutil.rmtree(place_of_all, ignore_errors=True)
    shares = []
    for number in range(_SHARES):
        source = place_of_all / f"source {number}"
        shutil.copytree(tree.make_tree(_FILES), source)
        shares.append(mounts.share(source, place_of_all / f"share {number}"))
    calm = place_of_all / "calm"
    shutil.copytree(tree.make_tree(_FILES), calm)
    with Running(
        "storage", MEDIAHUB_ADMIN_USER="admin", MEDIAHUB_ADMIN_PASSWORD=_PASSWORD,
        MEDIAHUB_CPU_WORKERS="1", MEDIAHUB_DISK_WORKERS="2",
    ) as running:  # fmt: skip
        libraries = [running.add_library(share.target, share.target.name) for share in shares]
        local = running.add_library(calm, "calm")
        for library in (*libraries, local):
            _finish(running, running.scan(library))
        _Trial(report, running, shares, libraries, local, calm).run()
    shutil.rmtree(place_of_all, ignore_errors=True)


class _Trial:
    """All shares stop answering, once for each way of doing so."""

    def __init__(
        self,
        report: Report,
        running: Running,
        shares: list[Share],
        libraries: list[int],
        local: int,
        calm: Path,
    ) -> None:
        self.report, self.running, self.shares = report, running, shares
        self.libraries, self.local, self.calm = libraries, local, calm
        self.browser = _log_in(running)
        self.number = 0

    def run(self) -> None:
        before = self._pages()
        self.report.add("pages, all is well: 95 of 100 within", before, "ms", most=_MOST_MS)
        self._hang("shares hang before the scan", "hang", after=0)
        self._hang("disks die before the scan", "stuck", after=0)
        self._hang("shares hang in the middle of the scan", "hang", after=60)
        self._hang("disks die in the middle of the scan", "stuck", after=60)

    def _hang(self, what: str, mode: str, *, after: int) -> None:
        """Scan them all and the local library, too; look at pages meanwhile."""
        running, known = self.running, self._catalogue()
        for library in self.libraries:  # so that each folder is compared and read
            running.sql("UPDATE library_folder SET digest = NULL WHERE library_id = %s", (library,))
        for share in self.shares:
            share.fail(mode, after=after)
        self._add_files()
        began = time.monotonic()
        jobs = [running.scan(library) for library in self.libraries]
        other = running.scan(self.local)
        slowest = self._pages()
        self.report.add(f"{what}: pages, 95 of 100 within", slowest, "ms", most=_MOST_MS,
                        note=f"measured for {time.monotonic() - began:.0f} s")  # fmt: skip
        self._time(f"{what}: until the state shows", self._all_offline, began)
        for job in jobs:
            wait_for(lambda job=job: running.has_ended(job))  # type: ignore[misc]
        longest = max(self._took(job) for job in jobs)
        self.report.add(f"{what}: a scan holds its worker for", longest, "s", most=_MOST_S)
        self._time(f"{what}: another library's scan, behind {_SHARES} of them on 2 workers",
                   lambda: running.job(other) == "succeeded", began)  # fmt: skip
        self.report.check(f"{what}: nothing is lost or marked", holds=known <= self._catalogue())
        for share in self.shares:
            share.heal()
        for library in self.libraries:
            _finish(running, running.scan(library))
        self.report.check(f"{what}: healed, all is as before", holds=known <= self._catalogue())

    def _time(self, what: str, condition: Callable[[], bool], began: float) -> None:
        wait_for(condition)
        self.report.add(what, time.monotonic() - began, "s", most=_MOST_S)

    def _all_offline(self) -> bool:
        ids = list(self.libraries)
        found = self.running.sql("SELECT state FROM library_library WHERE id = ANY(%s)", (ids,))
        return all(state == "offline" for (state,) in found)

    def _took(self, job: int) -> float:
        ((seconds,),) = self.running.sql(
            "SELECT extract(epoch FROM finished_at - started_at)::float FROM jobs_job "
            "WHERE id = %s", (job,),
        )  # fmt: skip
        return float(seconds)

    def _catalogue(self) -> set[tuple[Any, ...]]:
        return set(self.running.sql(
            "SELECT id, video_id, path, content FROM library_file WHERE missing_since IS NULL"
        ))  # fmt: skip

    def _add_files(self) -> None:
        self.number += 1
        for number in range(50):
            sound = tree.sound(5_000_000 + 100 * self.number + number)
            (self.calm / f"new {self.number} {number}.wav").write_bytes(sound)

    def _pages(self) -> float:
        """Milliseconds within which 95 of 100 requests were answered."""
        took = []
        for _ in range(_ROUNDS):
            for page in _PAGES:
                path = page.format(share=self.libraries[0])
                began = time.perf_counter()
                with self.browser.open(f"http://{self.running.bind}{path}", timeout=60) as answer:
                    answer.read()
                took.append(1_000 * (time.perf_counter() - began))
        return sorted(took)[int(len(took) * 0.95)]


def _finish(running: Running, job: int) -> None:
    wait_for(lambda: running.has_ended(job))


def _log_in(running: Running) -> urllib.request.OpenerDirector:
    cookies = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))
    url = f"http://{running.bind}/admin/login/"
    browser.open(url).read()
    token = next(cookie.value for cookie in cookies if cookie.name == "csrftoken")
    form = {"username": "admin", "password": _PASSWORD, "csrfmiddlewaretoken": token}
    body = urllib.parse.urlencode(form).encode()
    browser.open(urllib.request.Request(url, body, headers={"Referer": url})).read()
    assert os.fsdecode(browser.open(f"http://{running.bind}/admin/").read()).find("logout") > 0
    return browser
