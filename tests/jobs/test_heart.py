"""One heart for many short jobs."""

import threading
import time

import pytest

from apps.jobs import heart
from apps.jobs.heart import Heart


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heart, "_BEAT_S", 0.2)


def test_beats_for_the_long_job_only() -> None:
    short, long = threading.Event(), threading.Event()
    with Heart() as shared:
        for _ in range(5):
            with shared.beating(short.set):
                pass
        with shared.beating(long.set):
            began = time.monotonic()
            assert long.wait(10)
            assert time.monotonic() - began >= 0.15

    assert not short.is_set()


def test_a_job_that_begins_late_has_its_first_beat_in_time() -> None:
    beaten = threading.Event()
    with Heart() as shared:
        time.sleep(0.1)
        with shared.beating(beaten.set):
            time.sleep(0.1)
            assert not beaten.is_set()
            assert beaten.wait(10)


def test_no_beat_is_under_way_when_the_work_is_over() -> None:
    begun, over = threading.Event(), threading.Event()

    def beat() -> None:
        begun.set()
        time.sleep(0.2)
        over.set()

    with Heart() as shared:
        with shared.beating(beat):
            assert begun.wait(10)
        assert over.is_set()


def test_a_beat_that_fails_is_not_the_last(caplog: pytest.LogCaptureFixture) -> None:
    beats = threading.Semaphore(0)

    def fail() -> None:
        beats.release()
        raise ZeroDivisionError

    with Heart() as shared, shared.beating(fail):
        assert beats.acquire(timeout=10)
        assert beats.acquire(timeout=10)

    assert "a heartbeat failed" in caplog.text
