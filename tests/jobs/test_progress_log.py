"""Lines of ``key=value`` about jobs."""

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.jobs import progress_log
from apps.jobs.models import Job
from apps.jobs.progress_log import ProgressLog, progress_values, summary_line
from tests.factories import NOON

KEYS = [
    "time", "job", "kind", "state", "attempt", "processed", "total", "updated", "missing", "failed",
    "rate", "eta",
]  # fmt: skip


class Clock:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress_log, "time", clock)
    return clock


@pytest.fixture
def path(tmp_path: Path, settings: Any) -> Path:
    settings.MEDIAHUB_DATA_DIR = tmp_path
    return tmp_path / "logs/jobs/12/progress.log"


def a_job(**values: Any) -> Job:
    return Job(**{"pk": 12, "kind": "library.scan", "state": "running", "attempt": 1, **values})


def parsed(line: str) -> dict[str, str]:
    pairs = [part.split("=", 1) for part in line.split(" ")]
    assert len(dict(pairs)) == len(pairs)  # type: ignore[arg-type]
    return {
        unquote(k, errors="surrogatepass"): unquote(v, errors="surrogatepass") for k, v in pairs
    }


def test_line_says_all_keys_in_their_order() -> None:
    facts = {"added": 3, "changed": 2, "moved": 1, "missing": 4, "failed": 5, "unchanged": 90}
    job = a_job(done=100, total=200, facts=facts, rate_per_s=12.345)

    line = progress_values(job, state="running", now=NOON)

    assert list(line) == KEYS
    assert " ".join(f"{k}={v}" for k, v in line.items()) == (
        "time=2026-11-21T12:00:00Z job=12 kind=library.scan state=running attempt=1 processed=100 "
        "total=200 updated=6 missing=4 failed=5 rate=12.3 eta=8.1"
    )


def test_unknown_is_a_dash() -> None:
    line = progress_values(a_job(), state="running", now=NOON)

    assert [key for key, value in line.items() if value == "-"] == [
        "total", "updated", "missing", "failed", "rate", "eta",
    ]  # fmt: skip


def test_short_work_leaves_no_file(path: Path, clock: Clock) -> None:
    log = ProgressLog(a_job())
    log.write(state="running")
    clock.now += 0.9
    log.close(state="succeeded")

    assert not path.parent.exists()


def test_writes_what_is_new_once_a_second_and_the_end(path: Path, clock: Clock) -> None:
    job = a_job()
    log = ProgressLog(job)
    for _ in range(10):  # five seconds
        clock.now += 0.5
        job.done += 1
        log.write(state="running")
    for _ in range(5):  # nothing new
        clock.now += 1
        log.write(state="running")
    log.close(state="cancelled")

    lines = [parsed(line) for line in path.read_text().splitlines()]
    assert [line["processed"] for line in lines] == ["2", "4", "6", "8", "10", "10"]
    assert [line["state"] for line in lines] == ["running"] * 5 + ["cancelled"]
    assert path.parent.stat().st_mode & 0o077 == 0


def test_next_attempt_goes_on_in_the_same_file(path: Path, clock: Clock) -> None:
    for attempt in (1, 2):
        log = ProgressLog(a_job(attempt=attempt))
        clock.now += 2
        log.close(state="queued" if attempt == 1 else "succeeded")

    assert [parsed(line)["attempt"] for line in path.read_text().splitlines()] == ["1", "2"]


def test_is_bounded(path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_log, "_LARGEST_BYTES", 1_000)
    job = a_job()
    log = ProgressLog(job)
    for _ in range(50):
        clock.now += 1
        job.done += 1
        log.write(state="running")

    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["progress.log", "progress.log.1"]
    assert all(file.stat().st_size <= 1_000 for file in files)
    assert parsed(path.read_text().splitlines()[-1])["processed"] == "50"


def test_folder_that_cannot_be_written_costs_one_warning(
    path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.parent.parent.mkdir()
    path.parent.parent.write_text("a file where the folder should be")
    job = a_job()
    log = ProgressLog(job)
    for _ in range(3):
        clock.now += 1
        job.done += 1
        log.write(state="running")
    log.close(state="succeeded")

    warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert warnings == ["job 12: no progress.log: Not a directory"]


def test_full_disk_costs_one_warning(
    path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir(parents=True)
    path.symlink_to("/dev/full")
    log = ProgressLog(a_job())
    clock.now += 1
    log.write(state="running")
    log.close(state="succeeded")

    assert [record.getMessage() for record in caplog.records] == [
        "job 12: no progress.log: No space left on device"
    ]


def test_goes_with_the_history(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("x")

    progress_log.forget([12, 13])

    assert path.parent.parent.exists()
    assert not path.parent.exists()


class TestSummaryLine:
    def test_has_the_numbers_of_the_summary(self) -> None:
        summary = {"missing": 0, "added": 5, "failed_by": {"broken": 2}, "paths": ["x"], "ok": True}
        job = a_job(
            state="succeeded", done=10, total=10, summary=summary, started_at=NOON,
            finished_at=NOON + timedelta(seconds=12.34),
        )  # fmt: skip

        assert summary_line(job) == (
            "state=succeeded took_s=12.3 processed=10 total=10 attempt=1 added=5 "
            "failed_by.broken=2 missing=0"
        )

    def test_of_what_never_started_names_the_error(self) -> None:
        job = a_job(state="failed", error_type="unknown_task", finished_at=NOON)

        assert summary_line(job) == (
            "state=failed took_s=- processed=0 total=- attempt=1 error=unknown_task"
        )


@given(
    kind=st.text(max_size=60),
    error=st.text(max_size=100),
    summary=st.dictionaries(
        st.text(max_size=300), st.integers() | st.dictionaries(st.text(), st.integers(), max_size=3)
    ),
)
def test_nothing_breaks_a_line(kind: str, error: str, summary: dict[str, Any]) -> None:
    job = a_job(kind=kind, state="failed", error_type=error, summary=summary)

    line, values = summary_line(job), progress_values(job, state="failed", now=NOON)

    assert line.isascii()
    assert line.isprintable()
    told = parsed(line)
    assert told["state"] == "failed"
    assert told.get("error", "") == (error if error != "-" else "-")
    read = parsed(" ".join(f"{key}={value}" for key, value in values.items()))
    assert list(read) == KEYS
    assert read["kind"] == (kind or "-")
