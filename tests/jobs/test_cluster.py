"""Jobs on real django-q2 clusters in processes of their own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from apps.jobs.models import Job
from apps.library.models import File, Library, Video
from apps.library.services.libraries import add_library
from apps.library.tasks import request_scan
from tests.jobs.tasks import cut_off_others
from tests.sounds import write_wav

FILES = 300
ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.django_db(transaction=True)

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts ``manage.py …`` in a session of its own; all that is left is killed at the end."""
    started: list[subprocess.Popen[bytes]] = []

    def manage(*arguments: str) -> "subprocess.Popen[bytes]":
        env = {**os.environ, "MEDIAHUB_JOB_LEASE_SECONDS": "6"}
        process = subprocess.Popen(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=env, start_new_session=True
        )
        started.append(process)
        return process

    yield manage
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def library(tmp_path: Path) -> Library:
    for number in range(FILES):
        write_wav(tmp_path / f"{number % 7}" / f"{number}.wav", seconds=(number + 100) / 8_000)
    library = add_library(tmp_path)
    Library.objects.update(files_per_second=150)  # so slowly that it can be interrupted
    return library


def wait_for(condition: Callable[[], bool], *, limit_s: float = 60) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def is_finished(job: Job) -> bool:
    job.refresh_from_db()
    return job.finished_at is not None


def test_scans_and_ends_on_sigterm(start: Start, library: Library) -> None:
    worker = start("worker", "disk")
    job = request_scan(library)

    wait_for(lambda: is_finished(job))
    worker.send_signal(signal.SIGTERM)

    assert worker.wait(timeout=30) == 0
    assert (job.state, job.summary["added"]) == ("succeeded", FILES)
    assert Video.objects.count() == FILES


def test_goes_on_after_its_worker_was_killed(start: Start, library: Library) -> None:
    first = start("worker", "disk")
    job = request_scan(library)
    wait_for(File.objects.exists)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    left = File.objects.count()

    start("scheduler")
    start("worker", "disk")
    wait_for(lambda: is_finished(job))

    assert (job.state, job.attempt) == ("succeeded", 2)
    assert File.objects.count() == Video.objects.count() == FILES
    assert job.summary["added"] == FILES - left


def test_goes_on_after_the_database_restarted(start: Start, library: Library) -> None:
    start("scheduler")
    start("worker", "disk")
    job = request_scan(library)
    wait_for(File.objects.exists)
    cut_off_others()

    wait_for(lambda: is_finished(job))

    assert (job.state, job.attempt) == ("succeeded", 2)
    assert File.objects.count() == Video.objects.count() == FILES


def test_dies_with_its_main_process(start: Start) -> None:
    worker = start("worker", "disk")
    wait_for(lambda: len(_session(worker.pid)) > 4)

    worker.kill()
    worker.wait()

    wait_for(lambda: not _session(worker.pid), limit_s=10)


def _session(leader: int) -> list[int]:
    """The living processes of a session."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == leader and fields[0] not in "ZX":
            found.append(int(stat.parent.name))
    return found
